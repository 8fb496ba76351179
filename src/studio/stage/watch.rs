//! What is noticed of sources that run: pictures that stand still or are black, sound that is none or too much.

use std::time::Duration;

use crate::audio::SoundWatch;
use crate::capture::{Captured, SourceEvent};
use crate::media::{CHUNK_SAMPLES, Lasting, Timestamp, Turn};
use crate::studio::ProblemKind;
use crate::video::{BlackWatch, PictureSample, StillWatch};

/// Time between looks at the picture.
const LOOK: Duration = Duration::from_millis(100);

/// Nobody has looked for so long: what was seen before says nothing of now.
const GAP: Duration = Duration::from_secs(1);

/// A part of a clip that cannot be decoded is told after so long: a picture or two nobody misses. After one that was told, and
/// after another, it is longer: a loop comes to it again and again.
const DAMAGED: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(15), Duration::from_secs(60)];
/// It is over once pictures have come for so long: in the midst of it single ones may come.
const SOUND_AGAIN: Duration = Duration::from_millis(300);

/// After so many chunks in a row that did not come whole, what was heard before says nothing of now.
const TORN_MAX: u32 = 25;

/// Looks at the pictures of a camera, an incoming stream or a file.
pub(super) struct PictureWatch {
    /// A camera's own thread looks whether it stands still: it can start it anew. A clip may stand still.
    still: Option<StillWatch>,
    black: BlackWatch,
    damaged: Lasting,
    /// Which wait of `DAMAGED` it is.
    patience: usize,
    next: Timestamp,
    is_down: bool,
}

impl PictureWatch {
    /// `None`: of a source of this id nothing is strange.
    pub(super) fn of(id: &str) -> Option<Self> {
        let (still, black) = if id.starts_with("camera:") {
            (None, BlackWatch::of_camera())
        } else if id.starts_with("ingest:") {
            (Some(StillWatch::of_stream()), BlackWatch::of_stream())
        } else if id == "file" {
            (None, BlackWatch::of_clip())
        } else {
            return None;
        };
        let damaged = Lasting::new(DAMAGED[0], SOUND_AGAIN);
        Some(Self { still, black, damaged, patience: 0, next: Timestamp::ZERO, is_down: false })
    }

    pub(super) fn handle_event(&mut self, event: &SourceEvent) {
        self.is_down = !matches!(event, SourceEvent::Restored | SourceEvent::Frozen { .. });
        if self.is_down {
            self.black.pause();
            self.damaged.pause();
            self.still.iter_mut().for_each(StillWatch::pause);
        }
    }

    /// Takes the picture at `now`. `is_damaged`: it stands for one that cannot be decoded.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        captured: &Captured,
        is_damaged: bool,
    ) -> [Option<(ProblemKind, Turn)>; 3] {
        if now < self.next || self.is_down {
            return [None; 3];
        }
        if now.since(self.next) > GAP {
            self.damaged.pause();
        }
        self.next = now + LOOK;
        let sample = PictureSample::of(&captured.picture);
        let still = self.still.as_mut().and_then(|watch| watch.look(now, &sample));
        let black = self.black.look(now, &sample);
        let damaged = self.damaged.see(now, is_damaged);
        if damaged == Some(Turn::Over) {
            self.patience = (self.patience + 1).min(DAMAGED.len() - 1);
            self.damaged.set_limit(DAMAGED[self.patience]);
        }
        [
            still.map(|turn| (ProblemKind::SourceFrozen, turn)),
            black.map(|turn| (ProblemKind::SourceBlack, turn)),
            damaged.map(|turn| (ProblemKind::SourceDamaged, turn)),
        ]
    }
}

/// What is listened to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Microphone,
    /// What an output plays, chosen though there are microphones. It is silent when nothing plays: only where nothing was
    /// ever heard of it may it be the wrong one.
    Monitor,
    /// What somebody else mixed may be silent or loud.
    Stream,
}

/// Listens to a microphone or an incoming stream.
pub(super) struct Listener {
    watch: SoundWatch,
    what: Heard,
    /// A monitor that has been heard is the right one.
    is_trusted: bool,
    /// That a monitor is silent was told.
    is_told: bool,
    /// Chunks in a row that did not come whole.
    torn: u32,
}

impl Listener {
    /// `None`: what comes from a source of this id is as it is meant. `has_others`: there are other microphones.
    pub(super) fn of(id: &str, sample_rate: u32, channels: u16, has_others: bool) -> Option<Self> {
        let what = match id.split_once(':')? {
            ("mic", name) if !name.ends_with(".monitor") => Heard::Microphone,
            ("mic", _) if has_others => Heard::Monitor,
            ("ingest", _) => Heard::Stream,
            _ => return None,
        };
        let watch = SoundWatch::new(sample_rate, channels, CHUNK_SAMPLES);
        Some(Self { watch, what, is_trusted: false, is_told: false, torn: 0 })
    }

    /// Takes a chunk as the source gave it, or that it gave none.
    pub(super) fn listen(
        &mut self,
        now: Timestamp,
        samples: Option<&[f32]>,
        gain: f32,
        muted: bool,
    ) -> [Option<(ProblemKind, Turn)>; 3] {
        let Some(samples) = samples else {
            // A busy moment tears a chunk or two, which says nothing of the device.
            self.torn += 1;
            if self.torn > TORN_MAX {
                self.watch.pause();
            }
            return [None; 3];
        };
        self.torn = 0;
        let heard = self.watch.listen(now, samples, gain, muted);
        if self.what == Heard::Monitor {
            let silence = heard.silence.filter(|turn| {
                let was_told = std::mem::replace(&mut self.is_told, *turn != Turn::Over && !self.is_trusted);
                was_told || self.is_told
            });
            self.is_trusted |= samples.iter().any(|sample| *sample != 0.0);
            return [silence.map(|turn| (ProblemKind::SourceSilent, turn)), None, None];
        }
        let of_microphone = |turn: Option<Turn>| turn.filter(|_| self.what == Heard::Microphone);
        [
            of_microphone(heard.silence).map(|turn| (ProblemKind::SourceSilent, turn)),
            of_microphone(heard.clipping).map(|turn| (ProblemKind::SourceClipping, turn)),
            heard.muted_talk.map(|turn| (ProblemKind::MutedTalking, turn)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::media::{Picture, PixelAspect, Size};

    /// What is told in `secs` of a clip's pictures, looked at thirty times a second; and when, in ms.
    fn told_of_clip(
        secs: i64,
        luma: impl Fn(i64) -> u8,
        is_damaged: impl Fn(i64) -> bool,
    ) -> Vec<(i64, ProblemKind, bool)> {
        let mut watch = PictureWatch::of("file").unwrap();
        let mut all = Vec::new();
        for millis in (0..secs * 1000).step_by(33) {
            let mut picture = Picture::black(Size::new(64, 36));
            picture.planes_mut()[0].fill(luma(millis));
            let now = Timestamp::from_millis(millis);
            let captured = Captured { picture: picture.into(), pixel_aspect: PixelAspect::SQUARE, captured_at: now };
            let noticed = watch.look(now, &captured, is_damaged(millis)).into_iter().flatten();
            all.extend(noticed.map(|(kind, turn)| (millis, kind, turn != Turn::Over)));
        }
        all
    }

    #[test]
    fn a_damaged_part_of_a_clip_is_told_once_and_when_it_is_over() {
        // Half a second at 5 s; three seconds at 10 s, with one picture in their midst.
        let is_damaged = |at: i64| (5_000..5_500).contains(&at) || ((10_000..13_000).contains(&at) && at / 33 != 350);
        let told = told_of_clip(20, |_| 100, is_damaged);
        let [(begun, ProblemKind::SourceDamaged, true), (over, ProblemKind::SourceDamaged, false)] = told[..] else {
            panic!("{told:?}")
        };
        assert!((11_000..11_200).contains(&begun) && (13_300..13_500).contains(&over), "{told:?}");
    }

    #[test]
    fn a_loop_with_a_damaged_part_tells_it_once() {
        let told = told_of_clip(600, |_| 100, |at| (2_000..5_000).contains(&(at % 6_000)));
        assert!(
            matches!(told[..], [(_, ProblemKind::SourceDamaged, true), (_, ProblemKind::SourceDamaged, false)]),
            "{told:?}"
        );
    }

    #[test]
    fn a_clip_that_turned_black_is_told_and_one_that_stands_still_is_not() {
        let told = told_of_clip(60, |at| if at < 20_000 { 100 } else { 16 }, |_| false);
        let [(at, ProblemKind::SourceBlack, true)] = told[..] else { panic!("{told:?}") };
        assert!((30_000..30_200).contains(&at), "{told:?}");
        assert_eq!(told_of_clip(1800, |at| 100 + (at / 30_000) as u8, |_| false), [], "slides");
        assert_eq!(told_of_clip(600, |_| 16, |_| false), [], "a black still");
    }

    #[test]
    fn only_what_can_be_wrong_is_watched() {
        for id in ["test", "silence"] {
            assert!(PictureWatch::of(id).is_none(), "{id}");
        }
        for id in ["test", "file", "silence"] {
            assert!(Listener::of(id, 48_000, 2, true).is_none(), "{id}");
        }
        assert!(PictureWatch::of("camera:1").is_some_and(|watch| watch.still.is_none()));
        assert!(PictureWatch::of("ingest:phone").is_some_and(|watch| watch.still.is_some()));
        let listens = |id, has_others| Listener::of(id, 48_000, 2, has_others).is_some();
        assert!(listens("mic:desk", false) && listens("mic:out.monitor", true) && !listens("mic:out.monitor", false));
    }

    #[test]
    fn what_an_output_plays_may_be_silent_once_it_was_heard() {
        for (heard_at, told) in [(0, vec![]), (8_000, vec![true, false])] {
            let mut listener = Listener::of("mic:out.monitor", 48_000, 1, true).unwrap();
            let mut all = Vec::new();
            for millis in (0..40_000).step_by(20) {
                let level = if (heard_at..heard_at + 1000).contains(&millis) { 0.1 } else { 0.0 };
                let samples = [level; 1024];
                let noticed = listener.listen(Timestamp::from_millis(millis), Some(&samples), 1.0, false);
                all.extend(noticed.into_iter().flatten().map(|(_, turn)| turn != Turn::Over));
            }
            assert_eq!(all, told, "heard from {heard_at} ms on");
        }
    }

    #[test]
    fn of_a_monitor_that_is_trusted_nothing_is_over_that_was_not_told() {
        let mut listener = Listener::of("mic:out.monitor", 48_000, 1, true).unwrap();
        let mut all = Vec::new();
        for millis in (0..40_000).step_by(20) {
            let level = if (10_000..20_000).contains(&millis) { 0.0 } else { 0.1 };
            all.extend(listener.listen(Timestamp::from_millis(millis), Some(&[level; 64]), 1.0, false));
        }
        assert!(all.iter().all(Option::is_none), "{all:?}");
    }

    /// Takes what was noticed; whether each kind begins and ends in turns.
    fn in_turns(told: &mut Vec<ProblemKind>, noticed: impl IntoIterator<Item = Option<(ProblemKind, Turn)>>) -> bool {
        noticed.into_iter().flatten().all(|(kind, turn)| {
            let place = told.iter().position(|told| *told == kind);
            match turn {
                Turn::Begun(_) => told.push(kind),
                Turn::Over => told.retain(|told| *told != kind),
            }
            place.is_some() == (turn == Turn::Over)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Black, still, moving and damaged pictures, none, and the events of a device, in any order.
        #[test]
        fn what_is_noticed_of_a_picture_begins_and_ends_in_turns(
            spans in vec((0u8..8, 50i64..9_000), 1..60),
            id in prop_oneof![Just("camera:1"), Just("ingest:phone"), Just("file")],
        ) {
            let mut watch = PictureWatch::of(id).unwrap();
            let (mut millis, mut told) = (0, Vec::new());
            let mut picture = Picture::black(Size::new(64, 32));
            for (what, lasts) in spans {
                match what {
                    0 => watch.handle_event(&SourceEvent::Restored),
                    1 => watch.handle_event(&SourceEvent::Frozen { still_for: Duration::from_secs(5) }),
                    2 => watch.handle_event(&SourceEvent::Lost { reason: String::new() }),
                    3 => millis += lasts,
                    _ => {}
                }
                for step in 0..if what < 4 { 0 } else { lasts / 50 } {
                    millis += 50;
                    match what {
                        4 => picture.planes_mut()[0].fill(16),
                        5 => picture.planes_mut()[0].fill(90),
                        _ => picture.planes_mut()[0].fill(100 + (step % 100) as u8),
                    }
                    let (now, shape) = (Timestamp::from_millis(millis), PixelAspect::SQUARE);
                    let captured = Captured { picture: Arc::new(picture.clone()), pixel_aspect: shape, captured_at: now };
                    prop_assert!(in_turns(&mut told, watch.look(now, &captured, what == 7)), "{told:?} at {millis} ms");
                }
            }
        }

        /// Silence, talk, what is cut off, and nothing at all, muted or not, in any order.
        #[test]
        fn what_is_noticed_of_sound_begins_and_ends_in_turns(
            spans in vec((0u8..5, any::<bool>(), 20i64..20_000), 1..60),
            id in prop_oneof![Just("mic:desk"), Just("mic:out.monitor"), Just("ingest:phone")],
        ) {
            let mut listener = Listener::of(id, 48_000, 1, true).unwrap();
            let (mut millis, mut told) = (0, Vec::new());
            for (what, muted, lasts) in spans {
                for _ in 0..lasts / 20 {
                    millis += 20;
                    let is_syllable = millis % 300 < 150;
                    let samples = match what {
                        0 => None,
                        1 => Some([0.0; 8]),
                        2 => Some([1.0; 8]),
                        3 if is_syllable => Some([0.3; 8]),
                        _ => Some([0.001; 8]),
                    };
                    let now = Timestamp::from_millis(millis);
                    let noticed = listener.listen(now, samples.as_ref().map(|all| &all[..]), 1.0, muted);
                    prop_assert!(in_turns(&mut told, noticed), "{told:?} at {millis} ms");
                }
            }
        }
    }

    #[test]
    fn a_stream_may_be_silent_and_a_microphone_may_not() {
        for (id, told) in [("mic:desk", 1), ("ingest:phone", 0)] {
            let mut listener = Listener::of(id, 48_000, 1, false).unwrap();
            let mut heard = |millis| listener.listen(Timestamp::from_millis(millis), Some(&[0.0; 1024]), 1.0, false);
            let all: Vec<_> = (0..20_000).step_by(20).flat_map(&mut heard).flatten().collect();
            assert_eq!(all.len(), told, "{id}: {all:?}");
        }
    }

    #[test]
    fn a_torn_chunk_does_not_hide_a_silence_and_a_lost_device_is_not_silent() {
        let quiet = [0.0; 1024];
        for (torn_from, told) in [(2_980, true), (1_000, false)] {
            let mut listener = Listener::of("mic:desk", 48_000, 1, false).unwrap();
            let mut heard = |millis: i64| {
                let samples = (!(torn_from..3_000).contains(&millis)).then_some(&quiet[..]);
                listener.listen(Timestamp::from_millis(millis), samples, 1.0, false)
            };
            let all: Vec<_> = (0..6_000).step_by(20).flat_map(&mut heard).flatten().collect();
            assert_eq!(!all.is_empty(), told, "{all:?}");
        }
    }
}
