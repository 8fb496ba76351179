//! Cameras: a capture thread each, with a watchdog; V4L2 directly on Linux, nokhwa elsewhere.

mod backend;
mod format;
mod nokhwa;
mod running;
mod still;
mod thread;
mod told;
#[cfg(target_os = "linux")]
mod v4l2;
#[cfg(target_os = "linux")]
mod v4l2_calls;

use std::time::Duration;

use super::revival::bounded;
use super::{DeviceInfo, SourceError, VideoSource};
use crate::clock::Clock;
use crate::media::{FrameRate, Size};

/// How long listing may take: a hung driver must not hang the program.
const LIST_LIMIT: Duration = Duration::from_secs(5);

/// What the program would like of a camera. The camera gives what comes nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CameraRequest {
    /// Pixels.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
}

/// Opens the camera `id` (as `list` gives it, its prefix may be left out; or its name, or its `/dev/video0`; `None`
/// is the default) at the format nearest to `wanted`. Does not wait for the first picture.
///
/// # Errors
/// `NotFound` with the ids of what is there, `Permission`, `Busy`, `Device`.
pub fn open(id: Option<&str>, wanted: CameraRequest, clock: &Clock) -> Result<Box<dyn VideoSource>, SourceError> {
    Ok(Box::new(thread::Camera::open(id, wanted, clock)?))
}

/// The cameras of this system, the default first. Opens each for a moment; takes some milliseconds.
pub fn list() -> Vec<DeviceInfo> {
    bounded("camera-list", LIST_LIMIT, backend::list).unwrap_or_default()
}
