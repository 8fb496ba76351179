//! Fragmented MP4 (ISO/IEC 14496-12, 8.8) as CMAF (ISO/IEC 23000-19) has it: what a player needs first, and the pieces that
//! follow. Forward only, and thin: `mp4-atom` knows the boxes.

mod codec;
mod fragment;
mod init;
mod length;
mod scan;
#[cfg(test)]
mod tests;
mod writer;

pub use codec::Mp4Codec;
pub use fragment::{Sample, TrackRun, fragment_head};
pub use init::{Track, init_segment};
pub use length::length;
pub use scan::scan;
pub use writer::Mp4Writer;

/// Why bytes cannot become an MP4.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mp4Error {
    /// MP4 can hold the codec, and Tally does not put it there.
    #[error("{0} is not put into MP4")]
    Codec(String),
    /// A sequence header that is none.
    #[error("the sequence header cannot be read: {0}")]
    Header(String),
    /// A box that cannot be written, such as one beyond 4 GiB.
    #[error("the box cannot be written: {0}")]
    Box(String),
}

impl From<mp4_atom::Error> for Mp4Error {
    fn from(error: mp4_atom::Error) -> Self {
        Self::Box(error.to_string())
    }
}
