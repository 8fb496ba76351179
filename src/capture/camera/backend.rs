//! Which way to a camera is taken.

use super::running::Running;
use crate::capture::{CameraRequest, DeviceInfo, SourceError};
use crate::clock::Clock;

/// Names the backend to use, for finding out what is wrong with a camera: `camera:nokhwa:0`.
const NOKHWA_PREFIX: &str = "nokhwa:";

/// Opens a camera. May block for as long as the driver likes.
pub(super) fn open(id: Option<&str>, wanted: CameraRequest, clock: &Clock) -> Result<Running, SourceError> {
    let id = id.map(|id| id.strip_prefix("camera:").unwrap_or(id));
    if let Some(index) = id.and_then(|id| id.strip_prefix(NOKHWA_PREFIX)) {
        return super::nokhwa::open(Some(index), wanted, clock);
    }
    #[cfg(target_os = "linux")]
    {
        super::v4l2::open(id, wanted, clock).or_else(|error| {
            // A camera that its own system's interface cannot start may still do with nokhwa's way of asking.
            let SourceError::Device { what, reason } = &error else { return Err(error) };
            let Some(index) = super::v4l2::node_index(id) else { return Err(error) };
            tracing::warn!(camera = what, reason, "opening failed; trying another way");
            super::nokhwa::open(Some(&index.to_string()), wanted, clock).map_err(|_second| error)
        })
    }
    #[cfg(not(target_os = "linux"))]
    {
        super::nokhwa::open(id, wanted, clock)
    }
}

/// What there is.
pub(super) fn list() -> Vec<DeviceInfo> {
    #[cfg(target_os = "linux")]
    {
        super::v4l2::list()
    }
    #[cfg(not(target_os = "linux"))]
    {
        super::nokhwa::list()
    }
}
