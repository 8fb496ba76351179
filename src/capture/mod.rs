//! The edge to devices and files: one trait for pictures, one for sound, one file per backend.

mod source;

pub use source::{AudioRead, AudioSource, Captured, SourceError, SourceEvent, SourceInfo, VideoSource};
