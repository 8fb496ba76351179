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

/// A part of a clip that cannot be decoded is told after so long: a picture or two nobody misses.
const DAMAGED: Duration = Duration::from_secs(1);
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
        let damaged = Lasting::new(DAMAGED, SOUND_AGAIN);
        Some(Self { still, black, damaged, next: Timestamp::ZERO, is_down: false })
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
        Some(Self { watch, what, is_trusted: false, torn: 0 })
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
            let silence = heard.silence.filter(|turn| !self.is_trusted || *turn == Turn::Over);
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
