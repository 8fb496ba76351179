//! The engine: commands in, events out; the supervisor owns every thread and joins it at the end.

mod card;
pub mod check;
mod control_room;
mod desk;
mod destination;
mod disk;
mod encode_thread;
mod event;
mod face;
pub mod flight;
mod health;
mod incoming;
mod leftovers;
mod levels;
mod lines;
mod mail;
mod prepare;
mod preview;
mod problem;
mod process;
mod program;
mod rate;
mod recording;
pub mod rehearsal;
mod rehearse;
mod sending;
mod show;
mod slot;
mod sources;
mod stage;
mod supervisor;
mod viewer_feed;
pub mod wording;

pub use crate::capture::{DeviceInfo, DeviceKind, SourceInfo, SourceRemedy};
pub use crate::flow::Stop;
pub use crate::ingest::fresh_key;
pub use crate::output::{RepairError, Repaired, repair, takes_files};
pub use card::card_fault;
pub use desk::Studio;
pub use event::{
    Command, DestinationState, KeptChoice, KeptSource, LatencyMillis, SourceState, Stats, StepReport, StudioCommand,
    StudioEvent, Summary, WorstSecond,
};
pub use face::NextEvent;
pub(crate) use face::{FaceThread, REST_PATIENCE, Told, Weight};
pub use incoming::KEY_IN_FILE;
pub use levels::Levels;
pub use preview::{Preview, PreviewRate};
pub use problem::{Notice, OtherInputs, Problem, ProblemKind, Remedy, TlsPeer};
pub use show::Show;
pub use viewer_feed::{ViewerFeed, ViewerNow};
