//! The engine: commands in, events out; the supervisor owns every thread and joins it at the end.

mod adaptive;
mod audio_thread;
mod destination;
mod encode_thread;
mod event;
mod health;
mod prepare;
mod problem;
mod process;
mod program;
pub mod rehearsal;
mod rehearse;
mod show;
mod sources;
mod supervisor;
mod video_thread;
pub mod wording;

pub use event::{Command, DestinationState, LatencyMillis, Stats, StepReport, StudioEvent, Summary, WorstSecond};
pub use problem::{Problem, ProblemKind};
pub use show::{NextEvent, Show};
