//! The recorder: the same packets, into an FLV file, on a thread of its own. An FLV file cut anywhere still plays.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::OutputHandle;
use super::publisher::StreamHeaders;
use super::timeline::Timeline;
use crate::clock::Clock;
use crate::flow::{Popped, Worker};
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

/// A running recorder. Dropping it closes the file.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    worker: Worker,
    output: OutputHandle,
}

impl Recorder {
    /// Creates `path` (it must not exist: see `free_path`) and records from the next keyframe on. `sink` is told, once,
    /// when writing fails; the recording ends there and what was written stays.
    pub fn start(
        path: PathBuf,
        headers: StreamHeaders,
        output: OutputHandle,
        clock: Clock,
        sink: impl Fn(RecorderError) + Send + 'static,
    ) -> Result<Self, RecorderError> {
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| RecorderError::new(&path, &error))?;
        output.activate();
        let (thread_path, thread_output) = (path.clone(), output.clone());
        let worker = Worker::spawn("recorder", move |_stop| {
            if let Err(error) = record(file, &headers, &thread_output, &clock) {
                thread_output.deactivate();
                sink(RecorderError::new(&thread_path, &error));
            }
        })
        .map_err(|error| RecorderError::new(&path, &error))?;
        Ok(Self { path, worker, output })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Waits until everything queued is written; close the queue first.
    pub fn finish(self) -> PathBuf {
        self.output.queue().close();
        self.worker.join();
        self.path
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

fn record(file: File, headers: &StreamHeaders, output: &OutputHandle, clock: &Clock) -> io::Result<()> {
    let sync_handle = file.try_clone()?;
    let mut writer = FlvWriter::new(BufWriter::new(file), headers.video.is_some(), headers.audio.is_some())?;
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
        match output.queue().pop(Duration::from_millis(250)) {
            Popped::Value(packet) => write_packet(&mut writer, &packet, &mut timeline)?,
            Popped::Empty => {}
            Popped::Closed => break,
        }
        if clock.now().since(synced_at) >= SYNC_INTERVAL {
            synced_at = clock.now();
            writer.get_mut().flush()?;
            sync_handle.sync_data()?;
        }
    }
    writer.get_mut().flush()?;
    sync_handle.sync_all()
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
    use super::*;

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
