//! What every way to a camera offers to its capture thread, and which way is taken.

use std::time::Duration;

use super::format::Offered;
use crate::capture::{CameraRequest, DeviceInfo, SourceError};
use crate::clock::Clock;
use crate::media::Timestamp;
use crate::video::RawPicture;

/// Why an open camera gives no more pictures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What the system said.
    pub reason: String,
}

/// A camera that streams.
pub(super) trait Backend: Send {
    /// Waits at most `limit` for the next picture and hands it to `take` with the time of its capture. `Ok(false)`
    /// if none came. Never blocks longer, whatever the camera does.
    fn next(&mut self, limit: Duration, take: &mut dyn FnMut(&RawPicture<'_>, Timestamp)) -> Result<bool, Fault>;
}

/// An opened camera.
pub(super) struct Running {
    pub backend: Box<dyn Backend>,
    /// `camera:…`, stable.
    pub id: String,
    pub name: String,
    /// What it delivers.
    pub format: Offered,
}

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
