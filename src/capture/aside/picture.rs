//! Pictures of a file, decoded by a thread of their own one tick ahead.

use std::time::Duration;

use super::Asker;
use crate::capture::work::WorkMeter;
use crate::capture::{Captured, SourceEvent, SourceInfo, VideoSource, Work};
use crate::clock::Clock;
use crate::media::Timestamp;

/// A picture is waited for so long once: a busy moment costs latency and no picture, as long as the tick is still served.
const PATIENCE: Duration = Duration::from_millis(300);

/// `source` behind a thread that asks it.
///
/// # Errors
/// The thread does not start.
pub(super) fn aside(source: Box<dyn VideoSource>, clock: &Clock) -> std::io::Result<Box<dyn VideoSource>> {
    let (info, meter, clock) = (source.info(), WorkMeter::default(), clock.clone());
    let (work, mut source) = (meter.clone(), source);
    let asker = Asker::start("clip-video", info.name.clone(), move |at| {
        let begun = clock.now();
        let captured = source.picture_at(at);
        let told = std::iter::from_fn(|| source.poll_event()).last();
        let is_damaged = source.is_damaged();
        source.prepare(at);
        meter.add(Work { pictures: 1, capture: clock.now().since(begun), convert: Duration::ZERO });
        (Answer { at, captured, is_damaged }, told)
    })?;
    Ok(Box::new(Aside { info, asker, last: None, work }))
}

/// What the file shows at a time.
struct Answer {
    at: Timestamp,
    captured: Option<Captured>,
    is_damaged: bool,
}

struct Aside {
    info: SourceInfo,
    asker: Asker<Timestamp, Answer>,
    last: Option<Answer>,
    work: WorkMeter,
}

impl Aside {
    /// Takes the answer to the question that was asked, if it comes; gives its time.
    fn hear(&mut self) -> Option<Timestamp> {
        let answer = self.asker.hear(PATIENCE)?;
        Some(self.last.insert(answer).at)
    }
}

impl VideoSource for Aside {
    fn info(&self) -> SourceInfo {
        self.info.clone()
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        self.asker.ask(|| now);
        let mut heard = self.hear();
        // What was decoded ahead is not what is wanted: a tick was left out, or the file has just come back.
        if heard.is_some_and(|at| at != now) {
            self.asker.ask(|| now);
            heard = self.hear();
        }
        if heard.is_none() {
            self.asker.stay_silent(now);
        }
        let captured = self.last.as_ref()?.captured.clone()?;
        Some(Captured { captured_at: now, ..captured })
    }

    fn prepare(&mut self, next: Timestamp) {
        self.asker.ask(|| next);
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.asker.event.take()
    }

    fn is_damaged(&self) -> bool {
        self.asker.silent_since.is_none() && self.last.as_ref().is_some_and(|last| last.is_damaged)
    }

    fn work(&self) -> Option<Work> {
        Some(self.work.total())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;
    use crate::media::{FrameRate, Picture, PixelAspect, Size};

    /// A file whose disk hangs from a picture on until it is let go.
    struct Hanging {
        from: i64,
        hold: Receiver<()>,
    }

    impl VideoSource for Hanging {
        fn info(&self) -> SourceInfo {
            SourceInfo {
                id: "file".to_owned(),
                name: "clip.mp4".to_owned(),
                format: String::new(),
                size: None,
                frame_rate: Some(FrameRate::DEFAULT),
                address: None,
            }
        }

        fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
            if now >= FrameRate::DEFAULT.frame_time(self.from) {
                _ = self.hold.recv();
            }
            let picture = Arc::new(Picture::black(Size::new(32, 32)));
            Some(Captured { picture, pixel_aspect: PixelAspect::SQUARE, captured_at: now })
        }
    }

    fn hanging(from: i64) -> (Box<dyn VideoSource>, SyncSender<()>) {
        let (release, hold) = sync_channel(0);
        (aside(Box::new(Hanging { from, hold }), &Clock::system()).unwrap(), release)
    }

    #[test]
    fn each_tick_has_its_own_picture_also_where_some_are_left_out() {
        let (mut source, _release) = hanging(i64::MAX / 1_000_000_000);
        let mut shown: Vec<Arc<Picture>> = Vec::new();
        for tick in [0, 1, 2, 5, 6, 3] {
            let now = FrameRate::DEFAULT.frame_time(tick);
            let captured = source.picture_at(now).unwrap();
            assert_eq!(captured.captured_at, now);
            assert!(shown.iter().all(|before| !Arc::ptr_eq(before, &captured.picture)), "{tick}");
            shown.push(captured.picture);
            source.prepare(FrameRate::DEFAULT.frame_time(tick + 1));
        }
        assert!(source.poll_event().is_none() && source.work().unwrap().pictures >= 6);
    }

    #[test]
    fn a_disk_that_hangs_keeps_the_last_picture_and_is_told_until_it_is_back() {
        let (mut source, release) = hanging(10);
        let at = |tick| FrameRate::DEFAULT.frame_time(tick);
        let mut last = None;
        let mut told = Vec::new();
        for tick in 0..60 {
            let picture = source.picture_at(at(tick)).unwrap().picture;
            assert!(tick < 11 || last.is_some_and(|last| Arc::ptr_eq(&last, &picture)), "{tick}");
            last = Some(picture);
            source.prepare(at(tick + 1));
            told.extend(source.poll_event().map(|event| (tick, event)));
        }
        assert!(
            matches!(&told[..], [(40, SourceEvent::FileFailed { reason })] if reason.contains("clip.mp4")),
            "{told:?}"
        );
        // Nothing hangs any more: whoever waits for it is let go at once.
        drop(release);
        let back = (60..100_000).find(|tick| {
            std::thread::yield_now();
            let picture = source.picture_at(at(*tick)).unwrap().picture;
            last.as_ref().is_some_and(|last| !Arc::ptr_eq(last, &picture))
        });
        assert!(back.is_some() && source.poll_event() == Some(SourceEvent::Restored));
    }

    #[test]
    fn one_that_hangs_can_be_dropped() {
        let (mut source, release) = hanging(0);
        assert!(source.picture_at(Timestamp::ZERO).is_none());
        drop(source);
        drop(release);
    }
}
