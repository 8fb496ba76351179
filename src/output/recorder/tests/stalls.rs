//! Disks that stall, and one that never returns.

use super::*;

/// A disk in memory whose files are made as a test wants it.
struct Odd<M> {
    memory: Memory,
    make: M,
}

impl<D: Disk, M: FnMut(&mut Memory, &Path) -> io::Result<(PathBuf, D)>> Storage for Odd<M> {
    type File = D;

    fn create(&mut self, base: &Path, _number: u32) -> io::Result<(PathBuf, D)> {
        (self.make)(&mut self.memory, base)
    }

    fn note(&mut self, _file: &Path) -> io::Result<()> {
        Ok(())
    }

    fn room(&self, _file: &Path) -> Option<Room> {
        None
    }

    fn claim(&mut self, _path: &Path) -> io::Result<()> {
        Ok(())
    }

    fn write_beside(&mut self, _path: &Path, _text: &str) -> io::Result<()> {
        Ok(())
    }

    fn mend(&mut self, _file: &Path) -> bool {
        true
    }

    fn remove(&mut self, _path: &Path) {}

    fn closed(&mut self) {
        self.memory.closed();
    }
}

/// A file with which the show goes on while a write with frames in it waits.
struct StallingFile<F>(MemoryFile, F);

impl<F: FnMut()> Write for StallingFile<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.1)();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<F: FnMut()> Cut for StallingFile<F> {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.cut(length)
    }
}

impl<F: FnMut()> Disk for StallingFile<F> {
    fn sync(&mut self, all: bool) -> io::Result<()> {
        self.0.sync(all)
    }

    fn place(&self, path: &Path) -> Place {
        self.0.place(path)
    }

    fn length(&self) -> Option<u64> {
        self.0.length()
    }
}

/// Records 4 s, then a stall of `stalled` frames, then `after` more; gives the file, what was told and what is missing.
fn record_with_stall(name: &str, stalled: i64, after: i64) -> (Vec<u8>, Vec<Hole>, u64) {
    let memory = Memory::default();
    let (told, missing) = record_with_stall_onto(&memory, name, 3, stalled, after);
    (memory.files()[0].1.clone(), told, missing)
}

/// The same onto `memory`, which stalls at its write of this number; gives what was told and what is missing.
pub(super) fn record_with_stall_onto(
    memory: &Memory,
    name: &str,
    number: usize,
    stalled: i64,
    after: i64,
) -> (Vec<Hole>, u64) {
    let fanout = Fanout::new();
    let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
    output.activate();
    let begin = 4 * FRAMES_A_SECOND;
    push_frames(&fanout, 0..begin);
    let stalls = std::rc::Rc::new(std::cell::Cell::new(0));
    let (held, stalling) = (output.clone(), std::rc::Rc::clone(&stalls));
    let stall = move || {
        stalling.set(stalling.get() + 1);
        // The first write is what a player needs first.
        if stalling.get() == number {
            push_frames(&fanout, begin..begin + stalled);
        }
        if stalling.get() == number + 2 {
            push_frames(&fanout, begin + stalled..begin + stalled + after);
            held.queue().close();
        }
    };
    let shared = Shared::default();
    let config = config(name, None);
    let make = move |memory: &mut Memory, base: &Path| {
        memory.create(base, 1).map(|(path, file)| (path, StallingFile(file, stall.clone())))
    };
    let storage = Odd { memory: memory.clone(), make };
    let told = RefCell::new(Vec::new());
    record(storage, &config, &output, &Clock::manual(), &shared, &|event| match event {
        RecorderEvent::Hole { hole, place, .. } => {
            let place = place.unwrap();
            assert_eq!(place.base, Timestamp::ZERO);
            // The picture before it and the one behind it.
            let between = place.to.map(|to| (to.since(place.from).as_millis() / 40) as u64 - 1);
            assert!(between.is_none_or(|frames| frames == hole.frames), "{place:?} {hole:?}");
            told.borrow_mut().push(hole);
        }
        RecorderEvent::Begun | RecorderEvent::FileFull { .. } => {}
        other => panic!("{other:?}"),
    });
    (told.into_inner(), output.queue().gauge().lost.frames)
}

#[test]
fn a_disk_that_stalls_leaves_one_hole_that_is_told_and_the_recording_goes_on_in_time() {
    let (bytes, told, missing) = record_with_stall("show.mp4", 25 * FRAMES_A_SECOND, 10 * FRAMES_A_SECOND);
    let ([pictures, sound], _) = read_mp4(&bytes);
    let holes: Vec<_> = pictures.windows(2).filter(|pair| pair[1].start - pair[0].start != 3600).collect();
    let [[before, after]] = holes[..] else { panic!("{holes:?}") };
    assert!(
        after.sync && before.duration == 3600,
        "decoding must be able to go on, and the hole stays a hole: {holes:?}"
    );
    assert_eq!(after.start % (3600 * GOP as u64), 0, "at its place in time");
    let frames = (after.start - before.start) / 3600 - 1;
    assert_eq!((told, missing), (vec![Hole { frames, audio_packets: 0 }], frames));
    assert_eq!(pictures.len() as u64 + frames, 39 * FRAMES_A_SECOND as u64);
    assert_eq!(sound.len() as i64, 39 * FRAMES_A_SECOND, "sound has no hole");
}

#[test]
fn an_flv_has_the_same_hole() {
    let (bytes, told, missing) = record_with_stall("show.flv", 25 * FRAMES_A_SECOND, 10 * FRAMES_A_SECOND);
    let videos: Vec<_> = tags(&bytes).into_iter().filter(|tag| tag.kind == TagKind::Video).skip(1).collect();
    let holes: Vec<_> = videos.windows(2).filter(|pair| pair[1].timestamp_ms - pair[0].timestamp_ms != 40).collect();
    let [[before, after]] = holes[..] else { panic!("{} holes", holes.len()) };
    assert_eq!(after.body[0] >> 4, 1);
    let frames = u64::from((after.timestamp_ms - before.timestamp_ms) / 40 - 1);
    assert_eq!((told, missing), (vec![Hole { frames, audio_packets: 0 }], frames));
}

#[test]
fn a_stall_within_the_queue_loses_nothing_and_one_until_the_end_is_told() {
    let (bytes, told, missing) = record_with_stall("show.mp4", 15 * FRAMES_A_SECOND, 1);
    assert_eq!((read_mp4(&bytes).0[0].len() as i64, told.len(), missing), (19 * FRAMES_A_SECOND + 1, 0, 0));
    // The queue overflows and no keyframe follows before the end.
    let (bytes, told, missing) = record_with_stall("show.mp4", 21 * FRAMES_A_SECOND, 1);
    let kept = read_mp4(&bytes).0[0].len() as u64;
    assert_eq!(told, [Hole { frames: missing, audio_packets: 0 }]);
    assert_eq!(kept + missing, 25 * FRAMES_A_SECOND as u64 + 1);
}

/// A disk that takes so many writes and then never returns from one, until the test lets go of it.
#[derive(Clone)]
struct Dead {
    writes: Arc<Mutex<usize>>,
    stuck: SyncSender<()>,
    hold: Arc<Mutex<Receiver<()>>>,
}

impl Dead {
    fn wait(&self) {
        let mut writes = self.writes.lock().unwrap();
        match writes.checked_sub(1) {
            Some(left) => *writes = left,
            None => {
                drop(writes);
                let _ = self.stuck.send(());
                let _ = self.hold.lock().unwrap().recv();
            }
        }
    }
}

struct DeadFile(MemoryFile, Dead);

impl Write for DeadFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.1.wait();
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Cut for DeadFile {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.0.cut(length)
    }
}

impl Disk for DeadFile {
    fn sync(&mut self, all: bool) -> io::Result<()> {
        self.0.sync(all)
    }

    fn place(&self, path: &Path) -> Place {
        self.0.place(path)
    }

    fn length(&self) -> Option<u64> {
        self.0.length()
    }
}

#[test]
fn a_disk_that_never_returns_holds_nobody_up_and_keeps_what_it_took() {
    let fanout = Fanout::new();
    let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
    let (stuck, is_stuck) = sync_channel(0);
    let (release, hold) = sync_channel(0);
    let memory = Memory::default();
    let dead = Dead { writes: Arc::new(Mutex::new(40)), stuck, hold: Arc::new(Mutex::new(hold)) };
    let make = move |memory: &mut Memory, base: &Path| {
        memory.create(base, 1).map(|(path, file)| (path, DeadFile(file, dead.clone())))
    };
    let disk = Odd { memory: memory.clone(), make };
    let recorder = Recorder::start_on(disk, config("show.flv", None), output, Clock::manual(), |_| {}).unwrap();
    push_frames(&fanout, 0..10 * FRAMES_A_SECOND);
    is_stuck.recv().unwrap();
    let ended = recorder.finish(Duration::from_millis(300));
    let Err(RecorderError { path, reason, disk_full: false }) = ended else { panic!("{ended:?}") };
    let expected = "the disk did not take the rest within 0.3 s; what it took is kept, and closed at the next start";
    assert_eq!((path.as_str(), reason.as_str()), ("show.flv", expected));
    let kept = tags(&memory.files()[0].1).len();
    // Script and headers, and per frame picture and sound.
    let all = 3 + 2 * 10 * FRAMES_A_SECOND as usize;
    assert!((10..all).contains(&kept), "{kept}");
    // The disk is back: the thread that was left to itself still writes all the rest.
    drop((release, is_stuck));
    while memory.0.lock().unwrap().closed == 0 {
        std::thread::yield_now();
    }
    assert_eq!(tags(&memory.files()[0].1).len(), all);
}

#[test]
fn how_long_the_disk_takes_is_told_while_it_takes_it_and_once_after() {
    let (clock, shared) = (Clock::manual(), Shared::default());
    let millis = Timestamp::from_millis;
    clock.advance_to(millis(1000));
    shared.ask_disk(&clock, || {
        clock.advance_to(millis(1700));
        assert_eq!(shared.take_slowest(clock.now()), Duration::from_millis(700));
        clock.advance_to(millis(3100));
    });
    shared.ask_disk(&clock, || clock.advance_to(millis(3110)));
    assert_eq!(shared.take_slowest(clock.now()), Duration::from_millis(2100));
    assert_eq!(shared.take_slowest(clock.now()), Duration::ZERO);
}

/// Starts a recorder on a disk that sleeps when it is asked for a file, and then may refuse, and shows it four seconds; gives
/// it, what it will tell, and what wakes the disk.
fn record_asleep(memory: &Memory, refuses: bool) -> (Recorder, Receiver<RecorderEvent>, SyncSender<()>) {
    let fanout = Fanout::new();
    let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
    let ((wake, hold), (tell, told)) = (sync_channel(0), sync_channel(8));
    let make = move |memory: &mut Memory, base: &Path| {
        let _ = hold.recv();
        if refuses { Err(io::ErrorKind::NotFound.into()) } else { memory.create(base, 1) }
    };
    let disk = Odd { memory: memory.clone(), make };
    let (done, started) = sync_channel(1);
    // On a thread of its own: the test, too, must not wait for the disk.
    let worker = crate::flow::Worker::spawn("test-start", move |_| {
        let sink = move |event| tell.send(event).unwrap();
        done.send(Recorder::start_on(disk, config("show.flv", None), output, Clock::manual(), sink).unwrap()).unwrap();
    });
    let recorder = started.recv_timeout(Duration::from_secs(10)).expect("whoever starts it waits for nobody's disk");
    assert!(worker.unwrap().join());
    push_frames(&fanout, 0..4 * FRAMES_A_SECOND);
    (recorder, told, wake)
}

#[test]
fn a_disk_that_has_to_wake_up_first_gets_the_first_seconds_too() {
    let memory = Memory::default();
    let (recorder, told, wake) = record_asleep(&memory, false);
    let files = recorder.files_later();
    assert!(files.files().is_empty());
    wake.send(()).unwrap();
    recorder.finish(Duration::from_secs(60)).unwrap();
    assert_eq!(files.files(), [Path::new("show.flv")]);
    assert_eq!(tags(&memory.files()[0].1).len(), 3 + 2 * 4 * FRAMES_A_SECOND as usize);
    assert_eq!(told.iter().collect::<Vec<_>>(), [RecorderEvent::Begun]);
}

#[test]
fn a_disk_that_refuses_the_file_is_told_as_one_that_fails_later() {
    let (recorder, told, wake) = record_asleep(&Memory::default(), true);
    wake.send(()).unwrap();
    let event = told.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(matches!(&event, RecorderEvent::Failed(error) if error.path == "show.flv"), "{event:?}");
    recorder.finish(Duration::from_secs(60)).unwrap();
    assert_eq!(told.iter().count(), 0);
}

#[test]
fn a_disk_that_never_wakes_up_holds_nobody_up() {
    let memory = Memory::default();
    let (recorder, _told, wake) = record_asleep(&memory, false);
    let ended = recorder.finish(Duration::from_millis(100)).unwrap_err();
    assert_eq!(ended.reason, "the disk did not make the file within 0.1 s");
    drop(wake);
    // Nor does one whose recorder is dropped, as when the show dies of a bug.
    let (recorder, _told, wake) = record_asleep(&memory, false);
    drop(recorder);
    drop(wake);
    // Where the disk answers, what was taken is written.
    while memory.0.lock().unwrap().closed < 2 {
        std::thread::yield_now();
    }
}
