//! Pictures of a file, decoded by a thread of their own: the one of the next tick, and now and then some more at once. A
//! processor that wakes for each picture finds its caches cold, which costs a tenth of the decoding.

use std::time::Duration;

use super::{Answers, Asker};
use crate::capture::work::WorkMeter;
use crate::capture::{Captured, SourceEvent, SourceInfo, VideoSource, Work};
use crate::clock::Clock;
use crate::media::{FrameRate, Timestamp};

/// A picture is waited for so long once: a busy moment costs latency and no picture, as long as the tick is still served.
const PATIENCE: Duration = Duration::from_millis(300);

/// So many pictures are decoded at once beyond the one that is needed. More cost memory, and gain little.
const MORE: u32 = 2;

/// `source` behind a thread that asks it.
///
/// # Errors
/// The thread does not start.
pub(super) fn aside(source: Box<dyn VideoSource>, clock: &Clock) -> std::io::Result<Box<dyn VideoSource>> {
    let (info, work) = (source.info(), WorkMeter::default());
    let reader = Reader::new(source, clock, &work);
    let asker = Asker::start("clip-video", info.name.clone(), reader)?;
    Ok(Box::new(Aside { info, asker, last: None, work }))
}

/// Reads the file.
struct Reader {
    source: Box<dyn VideoSource>,
    clock: Clock,
    meter: WorkMeter,
    /// Between two of its pictures.
    interval: Duration,
    /// Up to here its pictures are decoded, and so many more are to be.
    ahead: Timestamp,
    more: u32,
    /// The newest question's time, until everything is done for it.
    asked: Option<Timestamp>,
}

impl Reader {
    fn new(source: Box<dyn VideoSource>, clock: &Clock, meter: &WorkMeter) -> Self {
        let frame_rate = source.info().frame_rate.unwrap_or(FrameRate::DEFAULT);
        let interval = Duration::from_secs_f64(1.0 / frame_rate.as_f64());
        let (clock, meter) = (clock.clone(), meter.clone());
        Self { source, clock, meter, interval, ahead: Timestamp::ZERO, more: 0, asked: None }
    }

    /// Does `work` and counts it.
    fn count<T>(&mut self, pictures: u64, work: impl FnOnce(&mut dyn VideoSource) -> T) -> T {
        let begun = self.clock.now();
        let done = work(&mut *self.source);
        self.meter.add(Work { pictures, capture: self.clock.now().since(begun), convert: Duration::ZERO });
        done
    }
}

impl Answers<Timestamp, Answer> for Reader {
    fn answer(&mut self, at: Timestamp) -> (Answer, Option<SourceEvent>) {
        let captured = self.count(1, |source| source.picture_at(at));
        let told = std::iter::from_fn(|| self.source.poll_event()).last();
        let is_damaged = self.source.is_damaged();
        if at > self.ahead + self.interval / 4 || at + self.interval * MORE < self.ahead {
            // What was decoded at once is shown, or lies elsewhere.
            (self.ahead, self.more) = (at, MORE);
        }
        self.asked = Some(at);
        (Answer { at, captured, is_damaged }, told)
    }

    fn go_on(&mut self) -> bool {
        let at = if self.more > 0 {
            self.more -= 1;
            self.ahead = self.ahead + self.interval;
            self.ahead
        } else if let Some(at) = self.asked.take() {
            at
        } else {
            return false;
        };
        self.count(0, |source| source.prepare(at));
        true
    }
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
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::media::{Picture, PixelAspect, Size};

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

    /// Notes what it is asked for.
    #[derive(Clone, Default)]
    struct Noting(Arc<Mutex<Vec<(&'static str, i64)>>>);

    impl VideoSource for Noting {
        fn info(&self) -> SourceInfo {
            hanging(0).0.info()
        }

        fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
            self.0.lock().unwrap().push(("show", FrameRate::DEFAULT.frame_index(now)));
            None
        }

        fn prepare(&mut self, next: Timestamp) {
            self.0.lock().unwrap().push(("prepare", FrameRate::DEFAULT.frame_index(next + Duration::from_millis(1))));
        }
    }

    #[test]
    fn some_pictures_are_decoded_at_once_and_then_none_until_they_are_shown() {
        let noted = Noting::default();
        let mut reader = Reader::new(Box::new(noted.clone()), &Clock::system(), &WorkMeter::default());
        let mut done = |tick| {
            reader.answer(FrameRate::DEFAULT.frame_time(tick));
            while reader.go_on() {}
            let done: Vec<_> = noted.0.lock().unwrap().drain(..).collect();
            assert_eq!(done.first(), Some(&("show", tick)));
            done.into_iter().skip(1).map(|(_, tick)| tick).collect::<Vec<_>>()
        };
        // The last one lets a decoder that reorders fill up.
        for first in [1, 4, 7, 300, 303] {
            assert_eq!(done(first), [first + 1, first + 2, first]);
            assert_eq!((done(first + 1), done(first + 2)), (vec![first + 1], vec![first + 2]));
        }
        // The time was set back: it is another place.
        assert_eq!((done(5), done(6)), (vec![6, 7, 5], vec![6]));
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
