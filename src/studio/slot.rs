//! One of the two sources on stage: what was chosen, which device of ours is open for it, and when it may be opened again.

use std::time::Duration;

use super::Problem;
use super::event::KeptChoice;
use crate::capture::{DeviceInfo, SourceError, SourceInfo};
use crate::clock::Clock;
use crate::flow::Stop;
use crate::media::Timestamp;
use crate::settings::{AudioChoice, VideoChoice};

/// How long a device that was let go may still be held: its thread ends, and then its driver closes it.
const RELEASE_LIMIT: Duration = Duration::from_secs(2);
/// Time between attempts to open it meanwhile.
const RELEASE_LOOK: Duration = Duration::from_millis(100);

/// A choice that may be a device.
pub(super) trait Choice: Clone + PartialEq {
    /// The device's id or name, `None` within for the default one; `None`: it is no device.
    fn device(&self) -> Option<Option<&str>>;
}

impl Choice for VideoChoice {
    fn device(&self) -> Option<Option<&str>> {
        match self {
            Self::Auto => Some(None),
            Self::Camera(id) => Some(id.as_deref()),
            Self::Incoming(_) | Self::Test | Self::File(_) | Self::None => None,
        }
    }
}

impl Choice for AudioChoice {
    fn device(&self) -> Option<Option<&str>> {
        match self {
            Self::Auto => Some(None),
            Self::Microphone(id) => Some(id.as_deref()),
            Self::Incoming(_) | Self::Test | Self::File(_) | Self::Silence => None,
        }
    }
}

/// One of the two sources.
pub(super) struct Slot<C> {
    pub(super) choice: C,
    pub(super) failure: Option<Problem>,
    pub(super) seen: Vec<DeviceInfo>,
    /// Counts the openings: the result of an older one is of no use any more.
    generation: u64,
    /// Tells the opening that runs that another has begun.
    overtaken: Stop,
    /// A device is being opened.
    opens_device: bool,
    /// What was chosen for what is on stage now; `None`: nothing is.
    on_stage: Option<C>,
    /// That is on air, and stays there if what is being opened cannot be.
    stays: bool,
    /// The device on stage.
    device: Option<SourceInfo>,
    /// It gives what it should.
    is_up: bool,
    /// When a device was let go last.
    let_go: Option<Timestamp>,
}

/// What an opening must know.
pub(super) struct Opening {
    pub(super) generation: u64,
    pub(super) patience: Patience,
    /// The device on stage may be the one that is opened: it must go first.
    pub(super) clears_stage: bool,
    /// What is on stage is on air until it is open.
    pub(super) stays: bool,
}

impl<C: Choice> Slot<C> {
    pub(super) fn new(choice: C) -> Self {
        let (generation, overtaken, let_go) = (0, Stop::new(), None);
        let (failure, seen, device) = (None, Vec::new(), None);
        let (opens_device, on_stage, stays, is_up) = (false, None, false, false);
        Self { choice, failure, seen, generation, overtaken, opens_device, on_stage, stays, device, is_up, let_go }
    }

    /// Nothing is on stage any more.
    pub(super) fn clear_stage(&mut self) {
        self.on_stage = None;
    }

    /// What was chosen is opened from now on, and nothing else. `on_air`: a show is on.
    pub(super) fn begin_opening(&mut self, now: Timestamp, on_air: bool) -> Opening {
        self.generation += 1;
        self.failure = None;
        std::mem::take(&mut self.overtaken).request();
        let device = self.choice.device();
        let clears_stage = device.is_some_and(|wanted| self.may_be_on_stage(wanted));
        if clears_stage {
            (self.device, self.on_stage) = (None, None);
        }
        self.stays = on_air && self.on_stage.is_some();
        // One that was being opened is closed as soon as it is open.
        if clears_stage || self.opens_device {
            self.let_go = Some(now);
        }
        self.opens_device = device.is_some();
        let until = self.let_go.filter(|_| self.opens_device).map(|let_go| let_go + RELEASE_LIMIT);
        let patience = Patience { until, overtaken: self.overtaken.clone() };
        Opening { generation: self.generation, patience, clears_stage, stays: self.stays }
    }

    pub(super) fn is_newest(&self, generation: u64) -> bool {
        generation == self.generation
    }

    /// The newest opening has failed: what is on air stays, and is chosen again. `None`: nothing is.
    pub(super) fn fall_back(&mut self) -> Option<KeptChoice<C>> {
        let stays = self.on_stage.clone().filter(|_| self.stays)?;
        self.opens_device = false;
        let refused = std::mem::replace(&mut self.choice, stays.clone());
        Some(KeptChoice { refused, stays })
    }

    /// The newest opening has come to its end: this is on stage now, or nothing. `failure`: why.
    pub(super) fn opened(&mut self, now: Timestamp, source: Option<SourceInfo>, failure: Option<Problem>) {
        self.on_stage = failure.is_none().then(|| self.choice.clone());
        self.failure = failure;
        let opened = source.filter(|_| self.opens_device);
        if std::mem::replace(&mut self.device, opened).is_some() {
            self.let_go = Some(now);
        }
        (self.opens_device, self.is_up) = (false, true);
    }

    /// The source on stage was lost, or is back.
    pub(super) fn set_up(&mut self, is_up: bool) {
        self.is_up = is_up;
    }

    /// The device on stage, where `choice` means it and it does what it should: nothing is to be opened.
    pub(super) fn has_already(&self, choice: &C) -> Option<&SourceInfo> {
        let device = self.device.as_ref().filter(|_| self.is_up && !self.opens_device && self.failure.is_none())?;
        choice.device().flatten().is_some_and(|wanted| bare(wanted) == bare(&device.id)).then_some(device)
    }

    /// Notes which devices there are; whether a source that failed may open now.
    pub(super) fn see(&mut self, found: &[DeviceInfo]) -> bool {
        let changed = self.seen != found;
        self.seen = found.to_vec();
        changed && self.failure.is_some()
    }

    /// Only one that is listed under another id is surely another: there are names and paths, and the default may be any.
    fn may_be_on_stage(&self, wanted: Option<&str>) -> bool {
        let wanted = wanted.map(bare);
        let is_listed = |id: &str| self.seen.iter().any(|seen| bare(&seen.id) == id);
        let is_another = |on_stage: &str| wanted.is_some_and(|wanted| wanted != on_stage && is_listed(wanted));
        self.device.as_ref().is_some_and(|device| !is_another(bare(&device.id)))
    }
}

/// An id without its kind, which may be left out of a choice.
fn bare(id: &str) -> &str {
    id.strip_prefix("camera:").or_else(|| id.strip_prefix("mic:")).unwrap_or(id)
}

/// How long a device that cannot be opened may be one that this studio itself still holds.
pub(super) struct Patience {
    until: Option<Timestamp>,
    overtaken: Stop,
}

impl Patience {
    /// Opens it; one that is busy, or not listed as some are while they are in use, is tried again for a while. `None`:
    /// nobody wants it any more.
    pub(super) fn open<T>(
        &self,
        clock: &Clock,
        stop: &Stop,
        mut open: impl FnMut() -> Result<T, SourceError>,
    ) -> Option<Result<T, SourceError>> {
        while !stop.requested() && !self.overtaken.requested() {
            let result = open();
            let may_be_held = matches!(result, Err(SourceError::Busy { .. } | SourceError::NotFound { .. }));
            if !may_be_held || self.until.is_none_or(|until| clock.now() >= until) {
                return Some(result);
            }
            clock.sleep_until(clock.now() + RELEASE_LOOK, RELEASE_LOOK);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::DeviceKind;

    const START: Timestamp = Timestamp::from_millis(1000);

    fn device(id: &str) -> DeviceInfo {
        DeviceInfo {
            id: id.to_owned(),
            name: id.to_owned(),
            kind: DeviceKind::Camera,
            formats: Vec::new(),
            default: false,
            detail: String::new(),
        }
    }

    fn info(id: &str) -> SourceInfo {
        SourceInfo {
            id: id.to_owned(),
            name: id.to_owned(),
            format: String::new(),
            size: None,
            frame_rate: None,
            address: None,
        }
    }

    fn camera(id: &str) -> VideoChoice {
        VideoChoice::Camera(Some(id.to_owned()))
    }

    /// A slot with `camera:1` on stage, beside which there is `camera:2`.
    fn with_camera() -> Slot<VideoChoice> {
        let mut slot = Slot::new(VideoChoice::Auto);
        slot.see(&[device("camera:1"), device("camera:2")]);
        let first = slot.begin_opening(START, false);
        assert!(!first.clears_stage && first.patience.until.is_none(), "nothing is held yet");
        slot.opened(START, Some(info("camera:1")), None);
        slot
    }

    #[test]
    fn the_device_on_stage_goes_first_where_it_may_be_the_one_that_is_opened() {
        for (choice, may_be_the_same) in [
            (VideoChoice::Auto, true),
            (camera("camera:1"), true),
            (camera("1"), true),
            (camera("/dev/video0"), true),
            (camera("camera:2"), false),
            (camera("2"), false),
            (VideoChoice::Test, false),
        ] {
            let mut slot = with_camera();
            slot.choice = choice;
            let opening = slot.begin_opening(START, false);
            assert_eq!(opening.clears_stage, may_be_the_same, "{:?}", slot.choice);
            assert_eq!(opening.patience.until.is_some(), may_be_the_same, "{:?}", slot.choice);
        }
    }

    #[test]
    fn what_is_on_stage_stays_where_it_is_chosen_by_its_id_and_does_what_it_should() {
        let mut slot = with_camera();
        for same in [camera("camera:1"), camera("1")] {
            assert_eq!(slot.has_already(&same), Some(&info("camera:1")));
        }
        for other in [camera("camera:2"), VideoChoice::Auto, VideoChoice::Test] {
            assert_eq!(slot.has_already(&other), None);
        }
        slot.set_up(false);
        assert_eq!(slot.has_already(&camera("camera:1")), None);
        slot.set_up(true);
        slot.begin_opening(START, false);
        assert_eq!(slot.has_already(&camera("camera:1")), None);
    }

    #[test]
    fn a_device_that_was_replaced_or_overtaken_is_waited_for_too() {
        let mut slot = with_camera();
        slot.choice = VideoChoice::Test;
        slot.begin_opening(START, false);
        slot.opened(START, Some(info("test")), None);
        slot.choice = camera("camera:1");
        let opening = slot.begin_opening(START + Duration::from_millis(100), false);
        assert!(!opening.clears_stage, "the test picture may stay until then");
        assert_eq!(opening.patience.until, Some(START + RELEASE_LIMIT));
        let later = START + Duration::from_millis(300);
        let next = slot.begin_opening(later, false);
        assert!(opening.patience.overtaken.requested() && !next.patience.overtaken.requested());
        assert_eq!(next.patience.until, Some(later + RELEASE_LIMIT));
        assert!(slot.is_newest(next.generation) && !slot.is_newest(opening.generation));
    }

    #[test]
    fn what_is_on_air_stays_where_what_was_chosen_since_cannot_be_opened() {
        let clip = VideoChoice::File("/nope.mp4".into());
        let choose = |choice: &VideoChoice, on_air| {
            let mut slot = with_camera();
            slot.choice = choice.clone();
            let opening = slot.begin_opening(START, on_air);
            (opening.stays, slot)
        };
        let (stays, mut slot) = choose(&clip, true);
        assert!(stays);
        let kept = KeptChoice { refused: clip.clone(), stays: VideoChoice::Auto };
        assert_eq!((slot.fall_back(), &slot.choice), (Some(kept), &VideoChoice::Auto));
        assert_eq!(slot.has_already(&camera("camera:1")), Some(&info("camera:1")), "it is on stage as before");
        // Nothing is on air, or it had to go first.
        for (choice, on_air) in [(&clip, false), (&camera("camera:1"), true)] {
            let (stays, mut slot) = choose(choice, on_air);
            assert!(!stays && slot.fall_back().is_none() && slot.choice == *choice, "{choice:?}");
        }
        let (_, mut slot) = choose(&clip, false);
        slot.opened(START, None, Some(Problem::new(crate::studio::ProblemKind::SourceNotFound, "clip", "")));
        slot.choice = VideoChoice::Test;
        assert!(!slot.begin_opening(START, true).stays, "nothing was there before");
    }

    /// Opens a device that fails `failures` times, in half a second each; gives how often it was tried and what came of it.
    fn open(
        failures: usize,
        error: &SourceError,
        until: Option<Timestamp>,
    ) -> (usize, Option<Result<(), SourceError>>) {
        let (clock, mut tries) = (Clock::manual(), 0);
        let patience = Patience { until, overtaken: Stop::new() };
        let opened = patience.open(&clock, &Stop::new(), || {
            tries += 1;
            clock.advance_to(clock.now() + Duration::from_millis(500));
            if tries > failures { Ok(()) } else { Err(error.clone()) }
        });
        (tries, opened)
    }

    #[test]
    fn a_device_that_is_still_held_is_tried_again_for_two_seconds() {
        let busy = SourceError::Busy { what: "camera:1".to_owned(), reason: "EBUSY".to_owned() };
        let gone = SourceError::NotFound { wanted: "mic:1".to_owned(), available: Vec::new() };
        let denied = SourceError::Permission { what: "camera:1".to_owned(), reason: "EACCES".to_owned() };
        let until = Some(Timestamp::ZERO + RELEASE_LIMIT);
        for error in [&busy, &gone] {
            assert_eq!(open(2, error, until), (3, Some(Ok(()))));
            assert_eq!(open(1000, error, until), (4, Some(Err(error.clone()))));
            assert_eq!(open(1000, error, None), (1, Some(Err(error.clone()))), "nothing of ours can hold it");
        }
        assert_eq!(open(2, &denied, until), (1, Some(Err(denied.clone()))));
    }

    #[test]
    fn an_opening_that_nobody_wants_any_more_ends() {
        let busy = SourceError::Busy { what: "camera:1".to_owned(), reason: "EBUSY".to_owned() };
        let (clock, overtaken) = (Clock::manual(), Stop::new());
        let patience = Patience { until: Some(Timestamp::ZERO + RELEASE_LIMIT), overtaken: overtaken.clone() };
        let opened = patience.open(&clock, &Stop::new(), || {
            overtaken.request();
            Err::<(), _>(busy.clone())
        });
        assert_eq!(opened, None);
    }
}
