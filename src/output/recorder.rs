//! The recorder: the same packets, into an FLV file, on a thread of its own. An FLV file cut anywhere still plays.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use super::OutputHandle;
use super::publisher::StreamHeaders;
use super::timeline::Timeline;
use crate::clock::Clock;
use crate::flow::{Hole, Popped, Worker};
use crate::flv::{self, FlvWriter, TagKind};
use crate::media::{Packet, PacketKind};

/// How often what is written is handed to the disk.
const SYNC_INTERVAL: Duration = Duration::from_secs(1);

/// Why a recording failed. The stream is not harmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct RecorderError {
    /// The file.
    pub path: String,
    /// What the system said.
    pub reason: String,
    /// Whether the disk is full.
    pub disk_full: bool,
}

impl RecorderError {
    fn new(path: &Path, error: &io::Error) -> Self {
        let disk_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        Self { path: path.display().to_string(), reason: error.to_string(), disk_full }
    }
}

/// What a running recorder tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecorderEvent {
    /// The disk stood still for so long that the queue was full: this is missing in the file. The recording goes on
    /// at a keyframe.
    Hole {
        /// The file.
        path: String,
        /// What is missing.
        hole: Hole,
    },
    /// Writing failed: the recording has ended and what was written stays.
    Failed(RecorderError),
}

/// Where a recording is written.
trait Disk: Write {
    /// Waits until what was written is safe; with `all`, the file's length and times too.
    fn sync(&mut self, all: bool) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&mut self, all: bool) -> io::Result<()> {
        if all { self.sync_all() } else { self.sync_data() }
    }
}

/// A running recorder.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    worker: Worker,
    /// Closed when the thread has nothing more to do.
    ended: Receiver<()>,
    output: OutputHandle,
}

impl Recorder {
    /// Creates `path` (it must not exist: see `free_path`) and records from the next keyframe on. `sink` is told of each
    /// hole, when the recording goes on or ends after it, and at most once that writing failed.
    pub fn start(
        path: PathBuf,
        headers: StreamHeaders,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderEvent) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| RecorderError::new(&path, &error))?;
        Self::start_on(file, path, headers, output, clock, sink)
    }

    fn start_on(
        disk: impl Disk + Send + 'static,
        path: PathBuf,
        headers: StreamHeaders,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderEvent) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        output.activate();
        let (thread_path, thread_output) = (path.clone(), output.clone());
        let (running, ended) = sync_channel(0);
        let worker = Worker::spawn("recorder", move |_stop| {
            let _running = running;
            let path = thread_path.display().to_string();
            let tell_hole = |hole| sink(RecorderEvent::Hole { path: path.clone(), hole });
            if let Err(error) = record(disk, &headers, &thread_output, &clock, tell_hole) {
                thread_output.deactivate();
                sink(RecorderEvent::Failed(RecorderError::new(&thread_path, &error)));
            }
        })
        .map_err(|error| RecorderError::new(&path, &error))?;
        Ok(Self { path, worker, ended, output })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Frames that are missing in the file so far because the disk stood still for too long.
    pub fn frames_missing(&self) -> u64 {
        self.output.queue().gauge().lost.frames
    }

    /// Closes the queue and waits until all of it is written, but at most `limit`.
    ///
    /// # Errors
    /// The disk does not answer: what it took so far is in the file. The thread is left to itself, and should the disk
    /// come back while the program runs, it writes the rest.
    pub fn finish(self, limit: Duration) -> Result<(), RecorderError> {
        self.output.queue().close();
        if self.ended.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            self.worker.abandon();
            let reason = format!("the disk did not take the rest within {:.1} s", limit.as_secs_f64());
            return Err(RecorderError { path: self.path.display().to_string(), reason, disk_full: false });
        }
        self.worker.join();
        Ok(())
    }
}

/// `path`, or with `-2`, `-3`, … before its extension: the first that does not exist, so that nothing is overwritten.
pub fn free_path(path: &Path) -> PathBuf {
    if !path.exists() {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    (2..)
        .map(|n: u32| path.with_file_name(format!("{stem}-{n}{extension}")))
        .find(|candidate| !candidate.exists())
        .unwrap_or_else(|| path.to_owned())
}

fn record(
    disk: impl Disk,
    headers: &StreamHeaders,
    output: &OutputHandle,
    clock: &Clock,
    tell_hole: impl Fn(Hole),
) -> io::Result<()> {
    let mut writer = FlvWriter::new(BufWriter::new(disk), headers.video.is_some(), headers.audio.is_some())?;
    writer.write_tag(TagKind::Script, 0, &[&headers.metadata])?;
    if let Some(video) = &headers.video {
        writer.write_tag(TagKind::Video, 0, &[video])?;
    }
    if let Some(audio) = &headers.audio {
        writer.write_tag(TagKind::Audio, 0, &[audio])?;
    }
    let mut timeline = Timeline::new(headers.video.is_some());
    let mut synced_at = clock.now();
    loop {
        let popped = output.queue().pop(Duration::from_millis(250));
        if let Some(hole) = output.queue().take_hole() {
            tell_hole(hole);
        }
        match popped {
            Popped::Value(packet) => write_packet(&mut writer, &packet, &mut timeline)?,
            Popped::Empty => {}
            Popped::Closed => break,
        }
        if clock.now().since(synced_at) >= SYNC_INTERVAL {
            synced_at = clock.now();
            sync(&mut writer, false)?;
        }
    }
    sync(&mut writer, true)
}

fn sync(writer: &mut FlvWriter<BufWriter<impl Disk>>, all: bool) -> io::Result<()> {
    let buffer = writer.get_mut();
    buffer.flush()?;
    buffer.get_mut().sync(all)
}

fn write_packet(writer: &mut FlvWriter<impl Write>, packet: &Packet, timeline: &mut Timeline) -> io::Result<()> {
    let Some(place) = timeline.place(packet) else { return Ok(()) };
    match packet.kind {
        PacketKind::Video { keyframe } => {
            let header = flv::video_tag_header(keyframe, place.composition_ms);
            writer.write_tag(TagKind::Video, place.timestamp_ms, &[&header, &packet.data])
        }
        PacketKind::Audio => {
            writer.write_tag(TagKind::Audio, place.timestamp_ms, &[&flv::audio_tag_header(), &packet.data])
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::mpsc::SyncSender;
    use std::sync::{Arc, Mutex};

    use bytes::Bytes;

    use super::*;
    use crate::flow::PacketQueue;
    use crate::flv::{FlvReader, FlvTag};
    use crate::media::{StreamConfig, Timestamp};
    use crate::output::Fanout;

    /// Frames between keyframes, and of a second.
    const GOP: i64 = 50;
    const FRAMES_A_SECOND: i64 = 25;
    const QUEUE_LIMIT: Duration = Duration::from_secs(20);

    /// A disk on which the show goes on while the first write with a frame in it waits.
    struct Stalling<'a, F: FnMut()> {
        written: &'a RefCell<Vec<u8>>,
        stall: F,
    }

    impl<F: FnMut()> Write for Stalling<'_, F> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            (self.stall)();
            self.written.borrow_mut().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<F: FnMut()> Disk for Stalling<'_, F> {
        fn sync(&mut self, _all: bool) -> io::Result<()> {
            Ok(())
        }
    }

    fn push_frames(fanout: &Fanout, frames: std::ops::Range<i64>) {
        for index in frames {
            let at = Timestamp::from_millis(index * 1000 / FRAMES_A_SECOND);
            let packet = |kind| Packet { kind, pts: at, dts: at, captured_at: at, data: Bytes::from(vec![7; 1000]) };
            fanout.push(&packet(PacketKind::Video { keyframe: index % GOP == 0 }));
            fanout.push(&packet(PacketKind::Audio));
        }
    }

    /// Records 4 s, then a stall of `stalled` frames, then `after` more; gives the tags of the file and what was told.
    fn record_with_stall(stalled: i64, after: i64) -> (Vec<FlvTag>, Vec<Hole>, u64) {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
        output.activate();
        let begin = 4 * FRAMES_A_SECOND;
        push_frames(&fanout, 0..begin);
        let (written, told) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let mut stalls = 0;
        let stall = || {
            stalls += 1;
            if stalls == 2 {
                push_frames(&fanout, begin..begin + stalled);
            }
            if stalls == 3 {
                push_frames(&fanout, begin + stalled..begin + stalled + after);
                output.queue().close();
            }
        };
        let config = StreamConfig { video: None, audio: None };
        let mut headers = StreamHeaders::new(&config, "test");
        headers.video = Some(Bytes::from_static(b"header"));
        let disk = Stalling { written: &written, stall };
        record(disk, &headers, &output, &Clock::manual(), |hole| told.borrow_mut().push(hole)).unwrap();
        let mut reader = FlvReader::new();
        reader.push(&written.borrow());
        let tags = std::iter::from_fn(|| reader.next_tag().unwrap()).collect();
        (tags, told.into_inner(), output.queue().gauge().lost.frames)
    }

    /// Times of the pictures in milliseconds, each with whether it is a keyframe; the header is left out.
    fn pictures(tags: &[FlvTag]) -> Vec<(u32, bool)> {
        let videos = tags.iter().filter(|tag| tag.kind == TagKind::Video).skip(1);
        videos.map(|tag| (tag.timestamp_ms, tag.body.first().is_some_and(|first| first >> 4 == 1))).collect()
    }

    #[test]
    fn a_disk_that_stalls_leaves_one_hole_that_is_told_and_the_recording_goes_on_whole() {
        let (tags, told, missing) = record_with_stall(25 * FRAMES_A_SECOND, 10 * FRAMES_A_SECOND);
        let pictures = pictures(&tags);
        let holes: Vec<_> =
            pictures.windows(2).filter(|pair| pair[1].0 - pair[0].0 != 1000 / FRAMES_A_SECOND as u32).collect();
        assert_eq!(holes.len(), 1, "{holes:?}");
        assert!(holes[0][1].1, "decoding must be able to go on");
        let frames = u64::from((holes[0][1].0 - holes[0][0].0) * FRAMES_A_SECOND as u32 / 1000 - 1);
        assert_eq!(told, [Hole { frames, audio_packets: 0 }]);
        assert_eq!((missing, pictures.len() as u64 + frames), (frames, 39 * FRAMES_A_SECOND as u64));
        let sound = tags.iter().filter(|tag| tag.kind == TagKind::Audio).count() as i64;
        assert_eq!(sound, 39 * FRAMES_A_SECOND, "sound has no hole");
    }

    #[test]
    fn a_stall_within_the_queue_loses_nothing_and_one_until_the_end_is_told() {
        let (tags, told, missing) = record_with_stall(15 * FRAMES_A_SECOND, 1);
        assert_eq!((pictures(&tags).len() as i64, told.len(), missing), (19 * FRAMES_A_SECOND + 1, 0, 0));
        // The queue overflows and no keyframe follows before the end.
        let (tags, told, missing) = record_with_stall(21 * FRAMES_A_SECOND, 1);
        let kept = pictures(&tags).len() as u64;
        assert_eq!(told, [Hole { frames: missing, audio_packets: 0 }]);
        assert_eq!(kept + missing, 25 * FRAMES_A_SECOND as u64 + 1);
    }

    /// A disk that takes so many writes and then never returns from one, until the test lets go of it.
    struct Dead {
        writes: usize,
        written: Arc<Mutex<Vec<u8>>>,
        stuck: SyncSender<()>,
        hold: Receiver<()>,
    }

    impl Write for Dead {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            match self.writes.checked_sub(1) {
                Some(left) => self.writes = left,
                None => {
                    let _ = self.stuck.send(());
                    let _ = self.hold.recv();
                }
            }
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Disk for Dead {
        fn sync(&mut self, _all: bool) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_never_returns_holds_nobody_up_and_keeps_what_it_took() {
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
        let (stuck, is_stuck) = sync_channel(0);
        let (release, hold) = sync_channel(0);
        let written = Arc::new(Mutex::new(Vec::new()));
        let disk = Dead { writes: 40, written: Arc::clone(&written), stuck, hold };
        let mut headers = StreamHeaders::new(&StreamConfig { video: None, audio: None }, "test");
        headers.video = Some(Bytes::from_static(b"header"));
        let path = PathBuf::from("show.flv");
        let recorder = Recorder::start_on(disk, path, headers, output, Clock::manual(), |_| {}).unwrap();
        push_frames(&fanout, 0..10 * FRAMES_A_SECOND);
        is_stuck.recv().unwrap();
        let ended = recorder.finish(Duration::from_millis(300));
        let Err(RecorderError { path, reason, disk_full: false }) = ended else { panic!("{ended:?}") };
        assert_eq!((path.as_str(), reason.as_str()), ("show.flv", "the disk did not take the rest within 0.3 s"));
        let tags = |bytes: &[u8]| {
            let mut reader = FlvReader::new();
            reader.push(bytes);
            std::iter::from_fn(|| reader.next_tag().unwrap()).count()
        };
        let kept = written.lock().unwrap().clone();
        // Script and header, and per frame picture and sound.
        let all = 2 + 2 * 10 * FRAMES_A_SECOND as usize;
        assert!((10..all).contains(&tags(&kept)), "{}", tags(&kept));
        // The disk is back: the thread that was left to itself still writes all the rest.
        drop((release, is_stuck));
        while Arc::strong_count(&written) > 1 {
            std::thread::yield_now();
        }
        assert_eq!(tags(&written.lock().unwrap()), all);
    }

    #[test]
    fn a_disk_that_answers_has_all_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.flv");
        let fanout = Fanout::new();
        let output = fanout.add(PacketQueue::new(QUEUE_LIMIT));
        let headers = StreamHeaders::new(&StreamConfig { video: None, audio: None }, "test");
        let recorder = Recorder::start(path.clone(), headers, output, Clock::manual(), |_| {}).unwrap();
        push_frames(&fanout, 0..FRAMES_A_SECOND);
        recorder.finish(Duration::from_secs(60)).unwrap();
        let mut reader = FlvReader::new();
        reader.push(&std::fs::read(path).unwrap());
        let tags = std::iter::from_fn(|| reader.next_tag().unwrap()).count() as i64;
        assert_eq!(tags, 1 + 2 * FRAMES_A_SECOND);
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.flv");
        assert_eq!(free_path(&path), path);
        std::fs::write(&path, b"1").unwrap();
        let second = folder.path().join("show-2.flv");
        assert_eq!(free_path(&path), second);
        std::fs::write(&second, b"2").unwrap();
        assert_eq!(free_path(&path), folder.path().join("show-3.flv"));
    }
}
