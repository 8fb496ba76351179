//! What a show keeps: its recording, marks in it, and replays of its last seconds. A show without a destination is a
//! recording alone.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::event::{Command, StudioEvent};
use super::health::DiskFigures;
use super::mail::Message;
use super::supervisor::{Phase, Running, Supervisor};
use super::{Problem, ProblemKind};
use crate::clock::local_date_and_time;
use crate::flow::{PacketQueue, ReplayBuffer};
use crate::media::{RecordSplit, StreamConfig, Timestamp};
use crate::output::publisher::PublisherState;
use crate::output::{Recorder, RecorderConfig, RecorderError, RecorderEvent, ReplaySave, replay_path};
use crate::settings::{default_recording, recording_path, recordings_state_dir};

/// Media time the recorder's queue may hold: a disk that stalls for so long is broken.
const RECORDER_QUEUE_LIMIT: Duration = Duration::from_secs(20);
/// How long after the program's end the recorder may write.
const RECORDING_DEADLINE: Duration = Duration::from_millis(1750);
/// What the recorder has in any case.
const RECORDING_PATIENCE_MIN: Duration = Duration::from_millis(150);
/// What it has once the user insists: a disk that works needs no more to bring the rest to safety.
const HURRIED_PATIENCE: Duration = Duration::from_millis(300);
/// What a replay shows.
const REPLAY_LENGTH: Duration = Duration::from_secs(30);
/// Whoever marks twice within this means one moment.
const MARKS_APART: Duration = Duration::from_millis(500);
/// Replays that are written at once; another one waits for nobody and is refused.
const REPLAYS_MAX: usize = 4;
/// What a recording without a destination is called where destinations are.
const ALONE: &str = "recording";

/// One of a show's recordings.
struct Recording {
    recorder: Recorder,
    /// It has not failed, and is not being closed.
    runs: bool,
    /// It was begun, or begun anew, while the show ran.
    on_demand: bool,
}

/// What is kept of a show.
pub(super) struct Kept {
    /// In the order in which they were begun; at most the last one runs.
    recordings: Vec<Recording>,
    /// The show was live, and the recording that was wanted for it was started, whatever has become of it.
    was_begun: bool,
    stream: StreamConfig,
    replay: ReplayBuffer,
    /// Whether the program's packets are kept: that takes memory.
    pub(super) keeps_replay: bool,
    saves: Vec<ReplaySave>,
    unrecorded: Unrecorded,
    /// The newest mark.
    mark: Option<Marked>,
}

/// Pictures that came while the recording that was wanted had failed.
#[derive(Clone, Copy, Debug, Default)]
struct Unrecorded {
    /// How many were encoded when it failed, while there is no other.
    since: Option<u64>,
    /// Those of earlier times.
    before: u64,
}

impl Unrecorded {
    fn begin(&mut self, encoded: u64) {
        self.since.get_or_insert(encoded);
    }

    fn end(&mut self, encoded: u64) {
        self.before = self.count(encoded);
        self.since = None;
    }

    fn count(&self, encoded: u64) -> u64 {
        self.before + self.since.map_or(0, |since| encoded.saturating_sub(since))
    }
}

/// A moment that was marked.
#[derive(Clone, Copy, Debug)]
struct Marked {
    /// Counted from 1 through the show.
    number: u32,
    at: Timestamp,
    /// The recording's place among the show's.
    recording: usize,
}

impl Kept {
    pub(super) fn new(stream: StreamConfig) -> Self {
        let replay = ReplayBuffer::new(REPLAY_LENGTH, stream.video.is_some());
        Self {
            recordings: Vec::new(),
            was_begun: false,
            stream,
            replay,
            keeps_replay: false,
            saves: Vec::new(),
            unrecorded: Unrecorded::default(),
            mark: None,
        }
    }

    /// Where the program's packets are kept for replays.
    pub(super) fn replay(&self) -> ReplayBuffer {
        self.replay.clone()
    }

    /// How the disk keeps up, when `encoded` pictures were; the slowest write is taken out.
    pub(super) fn disk(&self, now: Timestamp, encoded: u64) -> DiskFigures {
        let recorders = || self.recordings.iter().map(|recording| &recording.recorder);
        let unrecorded = self.unrecorded.count(encoded);
        DiskFigures {
            dropped: recorders().map(Recorder::frames_missing).sum::<u64>() + unrecorded,
            unrecorded,
            slowest: recorders().map(|recorder| recorder.take_slowest_write(now)).max(),
        }
    }

    /// What is recorded into now.
    fn running(&self) -> Option<&Recorder> {
        let last = self.recordings.last().filter(|last| last.runs);
        last.map(|last| &last.recorder)
    }
}

impl Supervisor {
    /// Begins the recording that the settings want; once.
    pub(super) fn start_recorder(&self, running: &mut Running) {
        if std::mem::replace(&mut running.kept.was_begun, true) {
            return;
        }
        if let Some(pattern) = &self.settings.record {
            self.record(running, pattern, self.settings.record_split, false);
        }
    }

    fn record(&self, running: &mut Running, pattern: &Path, split: Option<RecordSplit>, on_demand: bool) {
        let (date, time) = local_date_and_time();
        let config = RecorderConfig {
            path: recording_path(pattern, &date, &time),
            stream: running.kept.stream.clone(),
            split,
            notes: recordings_state_dir(),
        };
        let output = running.program.fanout().add(PacketQueue::new(RECORDER_QUEUE_LIMIT));
        let (mail, number) = (self.mail.clone(), running.kept.recordings.len());
        let sink = move |event| mail.send(Message::Recorder(number, event));
        match Recorder::start(config, output, self.clock.clone(), sink) {
            Ok(recorder) => {
                running.kept.unrecorded.end(running.program.encoded());
                running.kept.recordings.push(Recording { recorder, runs: true, on_demand });
            }
            Err(error) => {
                running.kept.unrecorded.begin(running.program.encoded());
                self.fail(running, Problem::from_recorder(&error));
            }
        }
    }

    /// Records from now on, if nothing does.
    pub(super) fn start_recording(&self, running: &mut Running, pattern: &Path, split: Option<RecordSplit>) {
        let is_on_air = running.phase == Phase::Running && running.kept.was_begun;
        if is_on_air && !self.records_alone(running) && running.kept.running().is_none() {
            self.record(running, pattern, split, true);
        }
    }

    /// Closes the recording that runs, while the show goes on. Nobody waits for its disk.
    pub(super) fn stop_recording(&self, running: &mut Running) {
        if running.phase != Phase::Running || self.records_alone(running) {
            return;
        }
        let Some(last) = running.kept.recordings.last_mut().filter(|last| last.runs) else {
            return;
        };
        last.runs = false;
        last.recorder.close();
        self.tell(StudioEvent::Recording { path: last.recorder.path(), on: false });
    }

    pub(super) fn handle_recorder(&self, running: &mut Running, number: usize, event: &RecorderEvent) {
        match event {
            // Without a destination the show is live once it is recorded.
            RecorderEvent::Begun if self.records_alone(running) && running.phase == Phase::Running => {
                self.publisher_state(running, 0, PublisherState::Live);
            }
            RecorderEvent::Begun => {
                let runs = |recording: &&Recording| recording.on_demand && recording.runs;
                if let Some(recording) = running.kept.recordings.get(number).filter(runs) {
                    self.tell(StudioEvent::Recording { path: recording.recorder.path(), on: true });
                }
            }
            RecorderEvent::Hole { path, hole, place } => {
                self.flight.hear_hole(*hole, *place);
                self.tell(StudioEvent::Problem(Problem::from_hole(path, *hole, *place)));
            }
            RecorderEvent::FileFull { path, next } => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::RecordingFileFull, path, next)));
            }
            RecorderEvent::Unsplit { path, reason } => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::RecordingNotSplit, path, reason)));
            }
            RecorderEvent::Unnoted { path, reason } => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::RecordingNotNoted, path, reason)));
            }
            RecorderEvent::MarksLost { path, reason } => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::MarksLost, path, reason)));
            }
            RecorderEvent::Low { path, minutes } => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::DiskLow, path, minutes.to_string())));
            }
            RecorderEvent::Failed(error) => {
                if let Some(recording) = running.kept.recordings.get_mut(number)
                    && std::mem::take(&mut recording.runs)
                {
                    running.kept.unrecorded.begin(running.program.encoded());
                }
                self.fail(running, Problem::from_recorder(error));
                if self.records_alone(running) {
                    self.end(running);
                } else if let Some(recorder) = running.kept.running() {
                    // One that was being closed has failed: another one goes on.
                    self.tell(StudioEvent::Recording { path: recorder.path(), on: true });
                }
            }
        }
    }

    /// Whether the show goes nowhere but into its recording.
    fn records_alone(&self, running: &Running) -> bool {
        self.targets.is_empty() && running.rehearse.is_none()
    }

    /// Without a destination nothing is waited for but the disk.
    pub(super) fn begin_alone(&self, running: &mut Running) {
        if !self.records_alone(running) {
            return;
        }
        running.lines.stand_for_recording(ALONE);
        self.publisher_state(running, 0, PublisherState::Connecting);
        self.start_recorder(running);
        if running.kept.recordings.is_empty() {
            self.publisher_state(running, 0, PublisherState::Ended);
        }
    }

    /// The program is over: without a destination nothing else is waited for.
    pub(super) fn end_alone(&self, running: &mut Running) {
        if self.records_alone(running) && !running.lines.have_ended() {
            self.publisher_state(running, 0, PublisherState::Ending);
            self.publisher_state(running, 0, PublisherState::Ended);
        }
    }

    /// Marks this moment in the recording.
    pub(super) fn mark(&self, running: &mut Running) {
        let (now, kept) = (self.clock.now(), &running.kept);
        let (Some(recorder), Some(first)) = (kept.running(), running.program.first()) else {
            let why = match kept.unrecorded.since {
                Some(_) => Problem::RECORDED_NO_MORE,
                None => Problem::NOT_RECORDED,
            };
            let problem = Problem::new(ProblemKind::MarkFailed, "mark", why);
            return self.tell(StudioEvent::Problem(problem));
        };
        let recording = kept.recordings.len();
        let is_same = |last: &Marked| last.recording == recording && now.since(last.at) < MARKS_APART;
        let mark = kept.mark.filter(is_same).unwrap_or_else(|| {
            let number = kept.mark.map_or(1, |last| last.number + 1);
            recorder.mark(number, now);
            Marked { number, at: now, recording }
        });
        running.kept.mark = Some(mark);
        self.tell(StudioEvent::Marked { number: mark.number, at: mark.at.since(first) });
    }

    /// Writes the last seconds to a file beside the recording.
    pub(super) fn save_replay(&self, running: &mut Running) {
        let kept = &mut running.kept;
        kept.saves.retain(|save| !save.is_finished());
        let (date, time) = local_date_and_time();
        let pattern = self.settings.record.clone().or_else(default_recording).unwrap_or_default();
        let recording = match kept.recordings.last() {
            Some(last) => last.recorder.path(),
            None => recording_path(&pattern, &date, &time),
        };
        let path = replay_path(&recording, &time);
        let refused = |why: &str| {
            let problem = Problem::new(ProblemKind::ReplayFailed, path.display().to_string(), why);
            self.tell(StudioEvent::Problem(problem));
        };
        let packets = kept.replay.packets();
        if packets.is_empty() {
            return refused(match kept.keeps_replay {
                true => Problem::NOTHING_YET,
                false => Problem::NOTHING_KEPT,
            });
        }
        if kept.saves.len() >= REPLAYS_MAX {
            return refused(Problem::OTHERS_WRITTEN);
        }
        let mail = self.mail.clone();
        let sink = move |saved| mail.send(Message::Replay(saved));
        match ReplaySave::start(packets, kept.stream.clone(), path.clone(), sink) {
            Ok(save) => kept.saves.push(save),
            Err(error) => refused(&error.to_string()),
        }
    }

    pub(super) fn handle_replay(&self, saved: Result<PathBuf, RecorderError>) {
        self.tell(match saved {
            Ok(path) => StudioEvent::ReplaySaved(path),
            Err(error) => StudioEvent::Problem(Problem::new(ProblemKind::ReplayFailed, error.path, error.reason)),
        });
    }

    /// Closes the recording and what else is written; gives its files.
    pub(super) fn finish_recording(&self, running: &mut Running) -> Vec<PathBuf> {
        let patience = |running: &Running| {
            if running.aborted {
                return HURRIED_PATIENCE;
            }
            let left = (running.program.end() + RECORDING_DEADLINE).since(self.clock.now());
            left.max(RECORDING_PATIENCE_MIN)
        };
        let mut files = Vec::new();
        let recordings = std::mem::take(&mut running.kept.recordings);
        recordings.iter().for_each(|recording| recording.recorder.close());
        for Recording { recorder, .. } in recordings {
            let shared = recorder.files_later();
            let mut limit = patience(running);
            let finished = recorder.finish_while(|waited| {
                if self.hear_insistence(running) {
                    limit = limit.min(waited + HURRIED_PATIENCE);
                }
                waited < limit
            });
            // A disk that does not answer is not asked.
            files.extend(shared.files().into_iter().filter(|file| finished.is_err() || is_there(file)));
            if let Err(error) = finished {
                self.fail(running, Problem::from_recorder(&error));
            }
        }
        for save in std::mem::take(&mut running.kept.saves) {
            if !save.finish(patience(running)) {
                let problem = Problem::new(ProblemKind::ReplayFailed, "replay", "the disk does not answer");
                self.tell(StudioEvent::Problem(problem));
            }
        }
        // What they told while they wrote the rest.
        self.hear_insistence(running);
        files
    }

    /// Hears what recordings tell while they are closed; `true`: the user insists from now on.
    fn hear_insistence(&self, running: &mut Running) -> bool {
        let insisted_before = running.aborted;
        for message in self.inbox.try_iter() {
            match message {
                Message::Recorder(number, event) => self.handle_recorder(running, number, &event),
                Message::Replay(saved) => self.handle_replay(saved),
                Message::Command(Command::Abort) => running.aborted = true,
                _ => {}
            }
        }
        running.aborted && !insisted_before
    }
}

/// Whether a file has neither been deleted nor renamed.
fn is_there(file: &Path) -> bool {
    !matches!(file.try_exists(), Ok(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_deleted_is_none_of_the_recordings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("show.mp4");
        assert!(!is_there(&path));
        std::fs::write(&path, b"1").unwrap();
        assert!(is_there(&path));
    }

    #[test]
    fn pictures_without_the_recording_that_was_wanted_are_counted_until_there_is_another() {
        let mut unrecorded = Unrecorded::default();
        assert_eq!(unrecorded.count(300), 0);
        unrecorded.begin(300);
        // Another one that cannot be begun changes nothing.
        unrecorded.begin(330);
        assert_eq!(unrecorded.count(360), 60);
        unrecorded.end(390);
        assert_eq!([390, 500].map(|encoded| unrecorded.count(encoded)), [90, 90]);
        unrecorded.begin(600);
        assert_eq!(unrecorded.count(610), 100);
    }
}
