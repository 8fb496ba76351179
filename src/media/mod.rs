//! The words every room speaks: time, pictures, sound, packets and what describes them.

mod audio;
#[cfg(test)]
mod held;
mod lasting;
mod packet;
mod pipe;
mod rate;
mod recording;
mod time;
mod video;

pub use audio::{AudioChunk, AudioConfig, CHUNK_SAMPLES, Level};
#[cfg(test)]
pub(crate) use held::held_bytes;
pub use lasting::{Lasting, Turn};
pub use packet::{Packet, PacketKind, StreamConfig};
pub use pipe::{NAMED_PIPE, is_named_pipe};
pub use rate::{Bitrate, FrameRate, ParseRateError};
pub use recording::{RecordForm, RecordSplit, Scan, is_disk_full, split_ending, try_folder};
pub use time::Timestamp;
pub use video::{ParseSizeError, Picture, PicturePool, PixelAspect, Size, VideoConfig, VideoFrame};
