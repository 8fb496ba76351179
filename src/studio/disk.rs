//! Room on the disk of the recording: a thread of its own looks, for a disk may take its time.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::flow::{Errand, Latest, Stop};

/// Time between looks.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);
/// How soon another path is looked at.
const NAP: Duration = Duration::from_millis(100);

/// Looks at the disk of one recording at a time. One that hangs holds up nobody who drops this.
pub(super) struct DiskWatch {
    wanted: Latest<Option<PathBuf>>,
    _errand: Errand,
}

impl DiskWatch {
    /// Starts the thread. `tell` is called on it with the free bytes, or `None` where nobody records or the system does
    /// not tell: at first and whenever that has changed.
    pub(super) fn start(clock: Clock, tell: impl Fn(Option<u64>) + Send + 'static) -> std::io::Result<Self> {
        Self::start_with(free_bytes, clock, tell)
    }

    fn start_with(
        look: impl Fn(&Path) -> Option<u64> + Send + 'static,
        clock: Clock,
        tell: impl Fn(Option<u64>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let wanted = Latest::<Option<PathBuf>>::new();
        let asked = wanted.clone();
        let errand = Errand::start("disk", move |stop: &Stop| {
            let (mut recording, mut told, mut next) = (None, None, clock.now());
            while !stop.requested() {
                if let Some(other) = asked.take() {
                    recording = other;
                    next = clock.now();
                }
                if clock.now() >= next {
                    next = clock.now() + LOOK_INTERVAL;
                    let free = recording.as_deref().and_then(&look);
                    if told != Some(free) {
                        told = Some(free);
                        tell(free);
                    }
                }
                clock.sleep_until(clock.now() + NAP, NAP);
            }
        })?;
        Ok(Self { wanted, _errand: errand })
    }

    /// Looks from now on at the disk that `recording` would be on.
    pub(super) fn watch(&self, recording: Option<PathBuf>) {
        self.wanted.put(recording);
    }
}

/// Free bytes for this user where `recording` would be: its folder, or the nearest one above it that is there.
fn free_bytes(recording: &Path) -> Option<u64> {
    let whole = std::path::absolute(recording).ok()?;
    let folder = whole.ancestors().skip(1).find(|folder| folder.is_dir())?;
    fs4::available_space(folder).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn the_nearest_folder_that_is_there_tells_the_room() {
        let folder = tempfile::tempdir().unwrap();
        let here = free_bytes(&folder.path().join("a.flv"));
        assert!(here.is_some_and(|free| free > 0));
        assert!(free_bytes(&folder.path().join("not/yet/there/a.flv")).is_some());
    }

    #[test]
    fn a_disk_that_never_answers_holds_nobody_up() {
        let ((release, hold), (asked, is_asked)) = (sync_channel::<()>(0), sync_channel(0));
        let look = move |_: &Path| {
            asked.send(()).unwrap();
            hold.recv().ok().map(|()| 0)
        };
        let watch = DiskWatch::start_with(look, Clock::system(), |_| {}).unwrap();
        watch.watch(Some("show.mp4".into()));
        is_asked.recv().unwrap();
        let (done, dropped) = sync_channel(1);
        let worker = crate::flow::Worker::spawn("test-drop", move |_| {
            drop(watch);
            done.send(()).unwrap();
        });
        assert_eq!(dropped.recv_timeout(Duration::from_secs(10)), Ok(()));
        drop((release, worker));
    }

    #[test]
    fn it_is_told_at_first_and_when_another_recording_is_watched() {
        let (sender, told) = sync_channel(16);
        let watch = DiskWatch::start(Clock::system(), move |free| _ = sender.send(free)).unwrap();
        let patience = Duration::from_secs(20);
        assert_eq!(told.recv_timeout(patience), Ok(None));
        watch.watch(Some(std::env::temp_dir().join("a.flv")));
        assert!(told.recv_timeout(patience).unwrap().is_some());
        watch.watch(None);
        // The free room may have moved meanwhile.
        assert!((0..3).any(|_| told.recv_timeout(patience) == Ok(None)));
    }
}
