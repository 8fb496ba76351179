//! A replay: the last seconds of the show, from memory into a file of their own.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::RecorderError;
use super::media_file::MediaFile;
use super::storage::{Folder, Storage};
use crate::flow::{Errand, Stop};
use crate::media::{Packet, RecordForm, StreamConfig, split_ending};

/// A replay that is being written, on a thread of its own.
#[derive(Debug)]
pub struct ReplaySave(Errand);

impl ReplaySave {
    /// Writes `packets`, which begin with a keyframe, to `path` or the first free name beside it. `sink` is told the file,
    /// or why there is none.
    pub fn start(
        packets: Vec<Packet>,
        stream: StreamConfig,
        path: PathBuf,
        sink: impl FnOnce(Result<PathBuf, RecorderError>) + Send + 'static,
    ) -> io::Result<Self> {
        let work =
            move |_: &Stop| sink(save(&packets, &stream, &path).map_err(|error| RecorderError::new(&path, &error)));
        Errand::start("replay", work).map(Self)
    }

    /// Whether it is written.
    pub fn is_finished(&self) -> bool {
        self.0.is_finished()
    }

    /// Waits for its end, `limit` at most; then it is left to itself.
    pub fn finish(mut self, limit: Duration) -> bool {
        self.0.finish(limit)
    }
}

/// The file of a replay that is saved at `time`, beside the recording of this path.
pub fn replay_path(recording: &Path, time: &str) -> PathBuf {
    let (stem, _ending) = split_ending(recording);
    recording.with_file_name(format!("{} replay {time}.{}", stem.to_string_lossy(), RecordForm::Mp4.ending()))
}

fn save(packets: &[Packet], stream: &StreamConfig, path: &Path) -> io::Result<PathBuf> {
    let mut storage = Folder::default();
    let bytes = packets.iter().map(|packet| packet.data.len() as u64).sum();
    if storage.room(path).is_some_and(|room| !room.spares(bytes)) {
        return Err(io::Error::new(io::ErrorKind::StorageFull, RecorderError::ROOM_NEEDED));
    }
    let (path, disk) = storage.create(path, 1)?;
    let written = write(packets, stream, disk);
    if written.is_err() {
        // Half a replay is of no use, and it is still in memory.
        let _ = std::fs::remove_file(&path);
    }
    written.map(|()| path)
}

fn write(packets: &[Packet], stream: &StreamConfig, disk: std::fs::File) -> io::Result<()> {
    let mut file = MediaFile::begin(disk, RecordForm::Mp4, stream)?;
    for packet in packets {
        file.take(packet)?;
    }
    file.finish()
}
