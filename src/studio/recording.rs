//! What a show keeps: its recording, marks in it, and replays of its last seconds. A show without a destination is a
//! recording alone.

use std::path::PathBuf;
use std::time::Duration;

use super::event::StudioEvent;
use super::health::DiskFigures;
use super::supervisor::{Message, Phase, Running, Supervisor};
use super::{Problem, ProblemKind};
use crate::clock::local_date_and_time;
use crate::flow::{PacketQueue, ReplayBuffer};
use crate::media::{StreamConfig, Timestamp};
use crate::output::publisher::PublisherState;
use crate::output::{Recorder, RecorderConfig, RecorderError, RecorderEvent, ReplaySave, replay_path};
use crate::settings::{default_recording, recording_path, recordings_state_dir};

/// Media time the recorder's queue may hold: a disk that stalls for so long is broken.
const RECORDER_QUEUE_LIMIT: Duration = Duration::from_secs(20);
/// How long after the program's end the recorder may write.
const RECORDING_DEADLINE: Duration = Duration::from_millis(1750);
/// What the recorder has in any case.
const RECORDING_PATIENCE_MIN: Duration = Duration::from_millis(150);
/// What a replay shows.
const REPLAY_LENGTH: Duration = Duration::from_secs(30);
/// Replays that are written at once; another one waits for nobody and is refused.
const REPLAYS_MAX: usize = 4;
/// What a recording without a destination is called where destinations are.
const ALONE: &str = "recording";

/// What is kept of a show.
pub(super) struct Kept {
    pub(super) recorder: Option<Recorder>,
    /// The recorder was started, whatever has become of it.
    recorder_started: bool,
    stream: StreamConfig,
    replay: ReplayBuffer,
    /// Whether the program's packets are kept: that takes memory.
    pub(super) keeps_replay: bool,
    saves: Vec<ReplaySave>,
    marks: u32,
}

impl Kept {
    pub(super) fn new(stream: StreamConfig) -> Self {
        let replay = ReplayBuffer::new(REPLAY_LENGTH, stream.video.is_some());
        Self {
            recorder: None,
            recorder_started: false,
            stream,
            replay,
            keeps_replay: false,
            saves: Vec::new(),
            marks: 0,
        }
    }

    /// Where the program's packets are kept for replays.
    pub(super) fn replay(&self) -> ReplayBuffer {
        self.replay.clone()
    }

    /// How the disk keeps up; the slowest write is taken out.
    pub(super) fn disk(&self, now: Timestamp) -> DiskFigures {
        let recorder = self.recorder.as_ref();
        DiskFigures {
            dropped: recorder.map_or(0, Recorder::frames_missing),
            slowest: recorder.map(|recorder| recorder.take_slowest_write(now)),
        }
    }
}

impl Supervisor {
    pub(super) fn start_recorder(&self, running: &mut Running) {
        if std::mem::replace(&mut running.kept.recorder_started, true) {
            return;
        }
        let Some(pattern) = &self.settings.record else { return };
        let (date, time) = local_date_and_time();
        let config = RecorderConfig {
            path: recording_path(pattern, &date, &time),
            stream: running.kept.stream.clone(),
            split: self.settings.record_split,
            notes: recordings_state_dir(),
        };
        let output = running.program.fanout().add(PacketQueue::new(RECORDER_QUEUE_LIMIT));
        let mail = self.mail.clone();
        let sink = move |event| mail.send(Message::Recorder(event));
        match Recorder::start(config, output, self.clock.clone(), sink) {
            Ok(recorder) => running.kept.recorder = Some(recorder),
            Err(error) => self.fail(running, Problem::from_recorder(&error)),
        }
    }

    pub(super) fn handle_recorder(&self, running: &mut Running, event: &RecorderEvent) {
        match event {
            // Without a destination the show is live once it is recorded.
            RecorderEvent::Begun if self.records_alone(running) && running.phase == Phase::Running => {
                self.publisher_state(running, 0, PublisherState::Live);
            }
            RecorderEvent::Begun => {}
            RecorderEvent::Hole { path, hole } => self.tell(StudioEvent::Problem(Problem::from_hole(path, *hole))),
            RecorderEvent::Low { path, minutes } => {
                self.tell(StudioEvent::Problem(Problem::new(ProblemKind::DiskLow, path, minutes.to_string())));
            }
            RecorderEvent::Failed(error) => {
                self.fail(running, Problem::from_recorder(error));
                if self.records_alone(running) {
                    self.end(running);
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
        if running.kept.recorder.is_none() {
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

    /// Marks this moment in the recording; nothing where nobody records.
    pub(super) fn mark(&self, running: &mut Running) {
        let now = self.clock.now();
        let (Some(recorder), Some(first)) = (&running.kept.recorder, running.program.first()) else { return };
        recorder.mark(now);
        running.kept.marks += 1;
        self.tell(StudioEvent::Marked { number: running.kept.marks, at: now.since(first) });
    }

    /// Writes the last seconds to a file beside the recording.
    pub(super) fn save_replay(&self, running: &mut Running) {
        let kept = &mut running.kept;
        kept.saves.retain(|save| !save.is_finished());
        let (date, time) = local_date_and_time();
        let pattern = self.settings.record.clone().or_else(default_recording).unwrap_or_default();
        let recording = match &kept.recorder {
            Some(recorder) => recorder.path(),
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
                true => "there is nothing to be seen again yet",
                false => "the last seconds are kept only while a show is recorded",
            });
        }
        if kept.saves.len() >= REPLAYS_MAX {
            return refused("others are still being written");
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
            let left = (running.program.end() + RECORDING_DEADLINE).since(self.clock.now());
            left.max(RECORDING_PATIENCE_MIN)
        };
        let (left, mut files) = (patience(running), Vec::new());
        if let Some(recorder) = running.kept.recorder.take() {
            let shared = recorder.files_later();
            if let Err(error) = recorder.finish(left) {
                self.fail(running, Problem::from_recorder(&error));
            }
            files = shared.files();
        }
        for save in std::mem::take(&mut running.kept.saves) {
            if !save.finish(patience(running)) {
                let problem = Problem::new(ProblemKind::ReplayFailed, "replay", "the disk does not answer");
                self.tell(StudioEvent::Problem(problem));
            }
        }
        // What they told while they wrote the rest.
        for message in self.inbox.try_iter() {
            match message {
                Message::Recorder(event) => self.handle_recorder(running, &event),
                Message::Replay(saved) => self.handle_replay(saved),
                _ => {}
            }
        }
        files
    }
}
