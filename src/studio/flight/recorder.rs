//! Writes a show's seconds and events as they come, on a thread of its own: a disk that stalls holds up nobody, and what a
//! crash finds in the file stays readable.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::FlightSecond;
use super::read::FIRST_LINE;
use crate::flow::Errand;
use crate::media::Timestamp;
use crate::studio::Stats;

/// Lines that wait for the disk; more are left out.
const LINES_MAX: usize = 256;
/// Shows that are kept; the oldest go.
const SHOWS_MAX: usize = 100;
/// The ending of a show's file.
pub const FLIGHT_ENDING: &str = "tallyshow";

/// Writes one show.
#[derive(Debug)]
pub(in crate::studio) struct FlightRecorder {
    started: Timestamp,
    before: Option<Stats>,
    lines: Option<SyncSender<String>>,
    /// Once the disk has made it.
    path: Arc<OnceLock<PathBuf>>,
    errand: Errand,
}

impl FlightRecorder {
    /// Begins `name` in `folder` with what the show is, as pairs. The folder and the file too are made by a thread of its
    /// own, so that a disk that sleeps delays no show.
    ///
    /// # Errors
    /// The system gives no thread.
    pub(in crate::studio) fn start(
        folder: &Path,
        name: &str,
        started: Timestamp,
        head: &[(&str, String)],
    ) -> std::io::Result<Self> {
        let (lines, waiting) = sync_channel::<String>(LINES_MAX);
        let mut text = format!("{FIRST_LINE}\n");
        for (key, value) in head {
            text += &format!("H\t{key}\t{}\n", on_one_line(value));
        }
        let path = Arc::new(OnceLock::new());
        let (folder, name, made) = (folder.to_owned(), name.to_owned(), Arc::clone(&path));
        let errand = Errand::start("flight", move |_stop| {
            if let Err(error) = write(&folder, &name, &made, &text, &waiting) {
                tracing::warn!(%error, folder = %folder.display(), "the flight recorder cannot write");
            }
        })?;
        Ok(Self { started, before: None, lines: Some(lines), path, errand })
    }

    /// The figures of a second.
    pub(in crate::studio) fn take(&mut self, now: Timestamp, stats: &Stats) {
        let at = u32::try_from(now.since(self.started).as_secs()).unwrap_or(u32::MAX);
        let second = FlightSecond::between(at, self.before.as_ref(), stats);
        self.before = Some(stats.clone());
        self.write(format!("S\t{}\n", second.to_line()));
    }

    /// Something that happened: a stable word, and a sentence without a secret.
    pub(in crate::studio) fn tell(&self, now: Timestamp, word: &str, sentence: &str) {
        let at = now.since(self.started).as_secs_f64();
        self.write(format!("E\t{at:.1}\t{word}\t{}\n", on_one_line(sentence)));
    }

    /// So many pictures are missing in the recording, `from` a moment `to` another: earlier seconds have counted them when the
    /// queue was full.
    pub(in crate::studio) fn tell_hole(&self, from: Timestamp, to: Timestamp, frames: u64) {
        let [from, to] = [from, to].map(|at| at.since(self.started).as_secs_f64());
        self.write(format!("G\t{from:.1}\t{to:.1}\t{frames}\n"));
    }

    fn write(&self, line: String) {
        if let Some(lines) = &self.lines {
            let _ = lines.try_send(line);
        }
    }

    /// Writes what waits; a disk that does not answer within `limit` is left to itself. Gives the file, if it was made.
    pub(in crate::studio) fn finish(mut self, limit: Duration) -> Option<PathBuf> {
        drop(self.lines.take());
        self.errand.finish(limit);
        self.path.get().cloned()
    }
}

/// Makes the file and writes `text`, then what comes, to its end. The file is held by a lock meanwhile, which tells that the
/// show still runs.
fn write(
    folder: &Path,
    name: &str,
    made: &OnceLock<PathBuf>,
    text: &str,
    waiting: &Receiver<String>,
) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    let (path, mut file) = create(folder, name)?;
    hold(&file);
    let _ = made.set(path);
    file.write_all(text.as_bytes())?;
    forget_oldest(folder);
    while let Ok(line) = waiting.recv() {
        file.write_all(line.as_bytes())?;
    }
    // Losing the last seconds to a power cut costs nobody a show.
    Ok(())
}

/// Where locks keep readers out of a file (Windows) there is none: the report could not be read while the show runs.
fn hold(file: &File) {
    if cfg!(unix) {
        // Where locks are unknown, nobody can be asked.
        let _ = file.try_lock();
    }
}

/// A new file: of several shows that begin in the same second each has its own.
fn create(folder: &Path, name: &str) -> std::io::Result<(PathBuf, File)> {
    let mut number = 1;
    loop {
        let path = match number {
            1 => folder.join(format!("{name}.{FLIGHT_ENDING}")),
            number => folder.join(format!("{name}-{number}.{FLIGHT_ENDING}")),
        };
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => return Ok((path, file)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && number < SHOWS_MAX => number += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Whether the show of this file still runs.
fn is_held(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Names begin with the date, so that their order is that of the shows. One that still runs stays.
fn forget_oldest(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut shows: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == FLIGHT_ENDING))
        .collect();
    shows.sort();
    let too_many = shows.len().saturating_sub(SHOWS_MAX);
    for path in shows.into_iter().take(too_many).filter(|path| !is_held(path)) {
        let _ = fs::remove_file(path);
    }
}

fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn of_more_than_a_hundred_shows_the_oldest_go_but_for_those_that_run() {
        let folder = tempfile::tempdir().unwrap();
        let path = |day: usize| folder.path().join(format!("2026-01-01 {day:03}.{FLIGHT_ENDING}"));
        (0..SHOWS_MAX + 3).for_each(|day| fs::write(path(day), FIRST_LINE).unwrap());
        let running = File::open(path(1)).unwrap();
        hold(&running);
        forget_oldest(folder.path());
        assert_eq!([0, 1, 2, 3].map(|day| path(day).exists()), [false, true, false, true]);
        drop(running);
        forget_oldest(folder.path());
        assert!(!path(1).exists() && path(3).exists());
    }
}
