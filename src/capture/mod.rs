//! The edge to devices and files: one trait for pictures, one for sound, one file per backend.

mod aside;
pub mod camera;
pub mod clip;
mod colour;
pub mod devices;
mod file_state;
pub mod incoming;
pub mod microphone;
mod revival;
pub mod silence;
mod source;
pub mod still;
pub mod test_signal;
mod work;
pub mod y4m;

pub use aside::{play_audio_file, play_video_file, read_card_file};
pub use camera::CameraRequest;
pub use clip::{open_audio_file, open_card_file, open_video_file};
pub use devices::{DeviceInfo, DeviceKind};
pub use source::{AudioRead, AudioSource, Captured, SourceError, SourceEvent, SourceInfo, SourceRemedy, VideoSource};
pub use work::Work;
