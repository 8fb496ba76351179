//! The edge to devices and files: one trait for pictures, one for sound, one file per backend.

pub mod camera;
pub mod devices;
pub mod microphone;
mod source;

pub use camera::CameraRequest;
pub use devices::{DeviceInfo, DeviceKind};
pub use source::{AudioRead, AudioSource, Captured, SourceError, SourceEvent, SourceInfo, VideoSource};
