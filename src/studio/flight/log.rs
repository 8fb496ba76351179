//! The flight recorder of the show that runs: begins with it, hears what it tells, ends with it.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use super::FlightRecorder;
use crate::clock::{Clock, local_date_and_time};
use crate::flow::Hole;
use crate::output::HolePlace;
use crate::settings::{Destination, ShowSettings};
use crate::studio::{StudioEvent, wording};

/// How long the end of a show waits for the recorder's disk.
const PATIENCE: Duration = Duration::from_millis(200);

/// Where the shows of this program are kept.
static FOLDER: OnceLock<PathBuf> = OnceLock::new();

/// From now on each show of this program keeps its figures in `folder`. What is set first counts.
pub fn keep_flights_in(folder: PathBuf) {
    let _ = FOLDER.set(folder);
}

/// What one show keeps; nothing where no folder was set or the system gives no thread.
#[derive(Debug)]
pub(in crate::studio) struct FlightLog {
    clock: Clock,
    recorder: RefCell<Option<FlightRecorder>>,
    /// What the destinations are called, where there are several.
    names: Vec<String>,
    rehearses: bool,
}

impl FlightLog {
    pub(in crate::studio) fn begin(settings: &ShowSettings, destinations: &[&str], clock: &Clock) -> Self {
        let recorder = FOLDER.get().and_then(|folder| Self::open(folder, settings, destinations, clock));
        let several = !settings.rehearse && settings.destinations.len() > 1;
        let names = if several { Destination::names(&settings.destinations) } else { Vec::new() };
        let (clock, rehearses) = (clock.clone(), settings.rehearse);
        Self { clock, recorder: RefCell::new(recorder), names, rehearses }
    }

    fn open(folder: &Path, settings: &ShowSettings, destinations: &[&str], clock: &Clock) -> Option<FlightRecorder> {
        let (date, time) = local_date_and_time();
        let encoding = &settings.encoding;
        let mut head = vec![
            ("started", format!("{date} {}", time.replace('-', ":"))),
            ("tally", env!("CARGO_PKG_VERSION").to_owned()),
            ("picture", format!("{} at {} a second, {}", encoding.size, encoding.frame_rate, encoding.video_bitrate)),
            ("sound", format!("{} Hz, {}", encoding.sample_rate, encoding.audio_bitrate)),
            ("keyframes", format!("every {} s", encoding.keyframe_seconds)),
            ("video", settings.video.to_string()),
            ("audio", settings.audio.to_string()),
        ];
        head.extend(destinations.iter().map(|about| ("destination", (*about).to_owned())));
        if settings.rehearse {
            head.push(("destination", "a rehearsal on this computer".to_owned()));
        }
        let started = FlightRecorder::start(folder, &format!("{date} {time}"), clock.now(), &head);
        started.inspect_err(|error| tracing::warn!(%error, folder = %folder.display(), "no flight recorder")).ok()
    }

    /// Something was told.
    pub(in crate::studio) fn hear(&self, event: &StudioEvent) {
        let mut recorder = self.recorder.borrow_mut();
        let Some(recorder) = recorder.as_mut() else { return };
        let now = self.clock.now();
        match event {
            StudioEvent::Stats(stats) => recorder.take(now, stats),
            StudioEvent::State { place, destination, state } => {
                // Two of one server are told apart, and the port of a rehearsal says nothing.
                let name = match self.names.get(*place) {
                    Some(name) => format!("{name} ({destination})"),
                    None if self.rehearses => "the rehearsal".to_owned(),
                    None => destination.clone(),
                };
                recorder.tell(now, "state", &format!("{name} is {}", state.word()));
            }
            StudioEvent::Problem(problem) => {
                let said = problem.server_said.as_ref().map_or(String::new(), |said| format!(" It said: {said}"));
                recorder.tell(now, problem.kind.word(), &format!("{}{said}", wording::what(problem)));
            }
            StudioEvent::Recording { path, on } => {
                let word = if *on { "begins" } else { "ends" };
                recorder.tell(now, "recording", &format!("the recording {} {word}", path.display()));
            }
            StudioEvent::Marked { number, at } => {
                recorder.tell(now, "mark", &format!("mark {number} at {:.1} s of the show", at.as_secs_f64()));
            }
            StudioEvent::ReplaySaved(path) => recorder.tell(now, "replay", &path.display().to_string()),
            StudioEvent::Step(_)
            | StudioEvent::Source { .. }
            | StudioEvent::Devices { .. }
            | StudioEvent::SourceKept { .. }
            | StudioEvent::DiskRoom(_)
            | StudioEvent::RehearsalShared(_)
            | StudioEvent::Rehearsal(_)
            | StudioEvent::Check(_)
            | StudioEvent::Ended(_) => {}
        }
    }

    /// The recording has a hole, which is known only when the disk goes on.
    pub(in crate::studio) fn hear_hole(&self, hole: Hole, place: Option<HolePlace>) {
        if let (Some(recorder), Some(place)) = (self.recorder.borrow().as_ref(), place) {
            recorder.tell_hole(place.from, place.to.unwrap_or_else(|| self.clock.now()), hole.frames);
        }
    }

    /// The show is over. Gives the file, if the disk has made it.
    pub(in crate::studio) fn end(&self) -> Option<PathBuf> {
        let recorder = self.recorder.borrow_mut().take()?;
        recorder.tell(self.clock.now(), "end", "the show is over");
        recorder.finish(PATIENCE)
    }
}
