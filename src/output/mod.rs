//! Where packets go: publishers to RTMP servers, the recorder, and the fan-out that feeds them all.

mod changes;
mod error;
mod fanout;
mod far_end;
mod link;
mod link_view;
mod network;
pub mod publisher;
mod recorder;
mod shuts;
mod stats;
mod timeline;

pub use error::{Misdirection, PublishError, PublishStep, Recovery, TlsFault};
pub use fanout::{Fanout, OutputHandle};
pub use link::{Link, STAY_CURRENT};
pub use link_view::{LinkSample, LinkView, Passed, Segments, Window};
pub use network::Network;
pub use recorder::{
    Cut, CutWriter, HolePlace, Leftover, Place, Recorder, RecorderConfig, RecorderError, RecorderEvent, RepairError,
    Repaired, ReplaySave, Room, RoomWatch, Told, leftovers, mend, remove_empty, repair, replay_path, takes_files,
};
pub use stats::{OutputCounters, OutputStats};
