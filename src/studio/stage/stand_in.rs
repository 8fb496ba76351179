//! What goes out in place of a picture that does not come: a card, until the picture is back.

use std::sync::Arc;
use std::time::Duration;

use crate::capture::{Captured, SourceEvent};
use crate::media::{Picture, Size, Timestamp};
use crate::video::draw_card;

/// The program does without its picture for so long.
const PATIENCE: Duration = Duration::from_secs(1);

/// What to show.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::studio) enum Card {
    /// The last picture stays.
    Off,
    /// A card that says this.
    Words(&'static str),
    /// The user's own.
    Image(Arc<Picture>),
}

/// Knows since when there is no new picture.
pub(super) struct StandIn {
    card: Card,
    /// The card of words, once it was needed.
    drawn: Option<Arc<Picture>>,
    /// A camera gives another picture each time; of others it is told when they give none.
    is_camera: bool,
    is_down: bool,
    /// Its picture is known to stand still: it stays while the device is started anew.
    is_frozen: bool,
    last: Option<Captured>,
    since: Option<Timestamp>,
    is_shown: bool,
}

impl StandIn {
    pub(super) fn new() -> Self {
        let (card, drawn, last, since) = (Card::Off, None, None, None);
        Self { card, drawn, is_camera: false, is_down: false, is_frozen: false, last, since, is_shown: false }
    }

    pub(super) fn set_card(&mut self, card: Card) {
        (self.card, self.drawn) = (card, None);
    }

    /// Another source, of this id.
    pub(super) fn set_source(&mut self, id: Option<&str>) {
        self.is_camera = id.is_some_and(|id| id.starts_with("camera:"));
        (self.is_down, self.is_frozen) = (false, false);
    }

    /// Something happened to the source.
    pub(super) fn handle_event(&mut self, event: &SourceEvent) {
        (self.is_down, self.is_frozen) = match event {
            SourceEvent::Awaited
            | SourceEvent::Misnamed { .. }
            | SourceEvent::Stalled { .. }
            | SourceEvent::Lost { .. }
            | SourceEvent::Ended { .. }
            | SourceEvent::FileFailed { .. }
            | SourceEvent::Refused { .. } => (true, false),
            SourceEvent::Frozen { .. } => (false, true),
            SourceEvent::Restored => (false, false),
        };
    }

    /// Takes what the source shows at `now`.
    pub(super) fn see(&mut self, now: Timestamp, captured: Option<&Captured>) {
        let last = self.last.as_ref().map(|last| &last.picture);
        let is_new = captured.is_some_and(|new| last.is_none_or(|last| !Arc::ptr_eq(last, &new.picture)));
        if is_new || self.since.is_none() {
            self.since = Some(now);
        }
        if is_new {
            self.last = captured.cloned();
        }
        let waits = (self.is_camera && !self.is_frozen) || self.is_down || captured.is_none();
        let lasts = self.since.is_some_and(|since| now.since(since) > PATIENCE);
        let shown = waits && lasts && self.card != Card::Off;
        if shown != self.is_shown {
            tracing::info!(shown, "card");
            self.is_shown = shown;
        }
    }

    /// The last picture there was, for as long as another source is opened.
    pub(super) fn last(&self) -> Option<&Captured> {
        self.last.as_ref()
    }

    /// The card, if it is to be shown now.
    pub(super) fn card(&mut self, size: Size) -> Option<Arc<Picture>> {
        if !self.is_shown {
            return None;
        }
        match &self.card {
            Card::Off => None,
            Card::Words(words) => Some(Arc::clone(self.drawn.get_or_insert_with(|| Arc::new(draw_card(size, words))))),
            Card::Image(picture) => Some(Arc::clone(picture)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::PixelAspect;

    const SIZE: Size = Size { width: 320, height: 180 };

    fn picture() -> Arc<Picture> {
        Arc::new(Picture::black(SIZE))
    }

    /// At which times, of ten a second, the card is shown.
    fn shown(stand_in: &mut StandIn, mut source: impl FnMut(i64) -> Option<Arc<Picture>>) -> Vec<i64> {
        let times = (0..100).map(|tick| tick * 100);
        let mut is_shown = |millis| {
            let now = Timestamp::from_millis(millis);
            let here = |picture| Captured { picture, pixel_aspect: PixelAspect::SQUARE, captured_at: now };
            stand_in.see(now, source(millis).map(here).as_ref());
            stand_in.card(SIZE).is_some()
        };
        times.filter(|millis| is_shown(*millis)).collect()
    }

    #[test]
    fn a_camera_that_stops_is_replaced_after_a_second_and_comes_back_at_once() {
        let mut stand_in = StandIn::new();
        stand_in.set_card(Card::Words("ONE MOMENT PLEASE"));
        stand_in.set_source(Some("camera:1"));
        let last = picture();
        let seen = shown(&mut stand_in, |at| Some(if (3000..6000).contains(&at) { last.clone() } else { picture() }));
        assert_eq!((seen.first(), seen.last(), seen.len()), (Some(&4100), Some(&5900), 19));
        // The same card all the time: composing it costs nothing.
        let mut card = || {
            stand_in.is_shown = true;
            stand_in.card(SIZE).unwrap()
        };
        assert!(Arc::ptr_eq(&card(), &card()));
    }

    #[test]
    fn a_picture_that_stood_still_stays_while_its_camera_is_restarted_and_no_longer() {
        let mut stand_in = StandIn::new();
        stand_in.set_card(Card::Words("ONE MOMENT PLEASE"));
        stand_in.set_source(Some("camera:1"));
        let still = picture();
        let second = Duration::from_secs(1);
        stand_in.handle_event(&SourceEvent::Frozen { still_for: 5 * second });
        assert!(shown(&mut stand_in, |_| Some(still.clone())).is_empty());
        // The restart brings nothing.
        stand_in.handle_event(&SourceEvent::Stalled { silent_for: second });
        assert_eq!(shown(&mut stand_in, |_| Some(still.clone())).first(), Some(&1100));
        stand_in.handle_event(&SourceEvent::Restored);
        assert!(shown(&mut stand_in, |_| Some(picture())).is_empty());
    }

    #[test]
    fn what_may_stand_still_is_replaced_only_when_it_was_told_to_be_down() {
        let mut stand_in = StandIn::new();
        stand_in.set_card(Card::Image(picture()));
        stand_in.set_source(Some("ingest:phone"));
        let still = picture();
        assert!(shown(&mut stand_in, |_| Some(still.clone())).is_empty());
        for down in [SourceEvent::Lost { reason: String::new() }, SourceEvent::Awaited] {
            stand_in.handle_event(&down);
            (stand_in.since, stand_in.last) = (None, None);
            assert_eq!(shown(&mut stand_in, |_| Some(still.clone())).first(), Some(&1100));
            stand_in.handle_event(&SourceEvent::Restored);
            assert!(shown(&mut stand_in, |_| Some(still.clone())).is_empty());
        }
    }

    #[test]
    fn no_picture_at_all_is_replaced_too_unless_no_card_is_wanted() {
        let mut stand_in = StandIn::new();
        assert!(shown(&mut stand_in, |_| None).is_empty());
        stand_in = StandIn::new();
        stand_in.set_card(Card::Words("ONE MOMENT PLEASE"));
        assert_eq!(shown(&mut stand_in, |_| None).first(), Some(&1100));
    }
}
