//! Writes a show's seconds and events as they come, on a thread of its own: a disk that stalls holds up nobody, and what a
//! crash finds in the file stays readable.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use super::FlightSecond;
use super::read::FIRST_LINE;
use crate::flow::Worker;
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
    path: PathBuf,
    started: Timestamp,
    before: Option<Stats>,
    lines: Option<SyncSender<String>>,
    worker: Worker,
}

impl FlightRecorder {
    /// Begins `name` in `folder` with what the show is, as pairs.
    pub(in crate::studio) fn start(
        folder: &Path,
        name: &str,
        started: Timestamp,
        head: &[(&str, String)],
    ) -> std::io::Result<Self> {
        fs::create_dir_all(folder)?;
        let (path, mut file) = create(folder, name)?;
        let (lines, waiting) = sync_channel::<String>(LINES_MAX);
        let mut text = format!("{FIRST_LINE}\n");
        for (key, value) in head {
            text += &format!("H\t{key}\t{}\n", on_one_line(value));
        }
        let kept = folder.to_owned();
        let worker = Worker::spawn("flight", move |_stop| {
            if let Err(error) = file.write_all(text.as_bytes()) {
                tracing::warn!(%error, "the flight recorder cannot write");
                return;
            }
            forget_oldest(&kept);
            while let Ok(line) = waiting.recv() {
                if let Err(error) = file.write_all(line.as_bytes()) {
                    tracing::warn!(%error, "the flight recorder cannot write");
                    return;
                }
            }
            // Losing the last seconds to a power cut costs nobody a show.
            drop(file);
        })?;
        Ok(Self { path, started, before: None, lines: Some(lines), worker })
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

    fn write(&self, line: String) {
        if let Some(lines) = &self.lines {
            let _ = lines.try_send(line);
        }
    }

    /// Writes what waits; a disk that does not answer within `limit` is left to itself. Gives the file.
    pub(in crate::studio) fn finish(mut self, clock: &crate::clock::Clock, limit: Duration) -> PathBuf {
        drop(self.lines.take());
        let deadline = clock.now() + limit;
        while !self.worker.is_finished() && clock.now() < deadline {
            clock.sleep_until(clock.now() + NAP, NAP);
        }
        if !self.worker.is_finished() {
            self.worker.abandon();
        }
        self.path.clone()
    }
}

/// How often the end of the thread is looked for.
const NAP: Duration = Duration::from_millis(2);

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

/// Names begin with the date, so that their order is that of the shows.
fn forget_oldest(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut shows: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending == FLIGHT_ENDING))
        .collect();
    shows.sort();
    let too_many = shows.len().saturating_sub(SHOWS_MAX);
    for path in shows.into_iter().take(too_many) {
        let _ = fs::remove_file(path);
    }
}

fn on_one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
