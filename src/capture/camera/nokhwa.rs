//! Cameras through nokhwa: the way on systems without V4L2, and a second try on Linux. Only its raw buffers are
//! used. Its `frame` waits for ever on a camera that stalls, so a thread of its own does the waiting.

use std::fmt;
use std::time::Duration;

use nokhwa::utils::{ApiBackend, CameraFormat, CameraIndex, FrameFormat, RequestedFormat, RequestedFormatType};
use nokhwa::{Buffer, Camera, NokhwaError};

use super::format::{Offered, choose, slug};
use super::running::{Backend, Fault, Running};
use crate::capture::devices::plain_name;
use crate::capture::{CameraRequest, SourceError};
use crate::clock::{Clock, unix_time};
use crate::flow::{Popped, Queue, Worker};
use crate::media::{FrameRate, Size, Timestamp};
use crate::video::{ColorMatrix, ColorRange, PixelFormat, RawPicture};

/// How long opening may take.
const OPEN_LIMIT: Duration = Duration::from_secs(4);
/// How long the waiting thread may take to end before it is left to itself.
const CLOSE_LIMIT: Duration = Duration::from_millis(300);
const FORMATS: [FrameFormat; 6] = [
    FrameFormat::YUYV,
    FrameFormat::NV12,
    FrameFormat::MJPEG,
    FrameFormat::RAWRGB,
    FrameFormat::RAWBGR,
    FrameFormat::GRAY,
];

/// Opens `id` (without `camera:`: what `list` gives, an index, or a name).
pub(super) fn open(id: Option<&str>, wanted: CameraRequest, clock: &Clock) -> Result<Running, SourceError> {
    let all = nokhwa::query(ApiBackend::Auto).unwrap_or_default();
    let found = match id {
        None => all.first(),
        Some(id) => all.iter().find(|info| {
            stable_id(info) == id
                || index_text(info.index()) == id
                || plain_name(&info.human_name()).eq_ignore_ascii_case(id)
        }),
    };
    let Some(info) = found else {
        let wanted = id.map_or_else(|| "camera".to_owned(), |id| format!("camera:{id}"));
        let available = all.iter().map(|info| format!("camera:{}", stable_id(info))).collect();
        return Err(SourceError::NotFound { wanted, available });
    };
    let what = format!("camera:{}", stable_id(info));
    let (backend, format) = Waiting::spawn(info.index().clone(), wanted, clock, &what)?;
    Ok(Running { backend: Box::new(backend), id: what, name: plain_name(&info.human_name()), format })
}

/// What there is, the default first.
#[cfg(not(target_os = "linux"))]
pub(super) fn list() -> Vec<crate::capture::DeviceInfo> {
    let mut first = true;
    let all = nokhwa::query(ApiBackend::Auto).unwrap_or_default();
    all.iter()
        .map(|info| {
            let offers = any_format(info.index()).and_then(|mut camera| camera.compatible_camera_formats());
            let offers: Vec<Offered> = offers.unwrap_or_default().iter().filter_map(offered).collect();
            crate::capture::DeviceInfo {
                id: format!("camera:{}", stable_id(info)),
                name: plain_name(&info.human_name()),
                kind: crate::capture::DeviceKind::Camera,
                formats: super::format::in_words(&offers),
                default: std::mem::take(&mut first),
                detail: info.description().to_owned(),
            }
        })
        .collect()
}

fn index_text(index: &CameraIndex) -> String {
    match index {
        CameraIndex::Index(index) => index.to_string(),
        CameraIndex::String(text) => text.clone(),
    }
}

/// The system's own id of the device where it has one, else its place in the list; and its name.
fn stable_id(info: &nokhwa::utils::CameraInfo) -> String {
    let place = if info.misc().is_empty() { index_text(info.index()) } else { info.misc() };
    slug(&format!("{place}-{}", info.human_name()))
}

fn any_format(index: &CameraIndex) -> Result<Camera, NokhwaError> {
    Camera::new(index.clone(), RequestedFormat::with_formats(RequestedFormatType::None, &FORMATS))
}

fn start(index: &CameraIndex, wanted: CameraRequest) -> Result<(Camera, Offered), NokhwaError> {
    let mut camera = any_format(index)?;
    // Its own choice of the closest format fails where the exact size is not there, so ours is made.
    let formats = camera.compatible_camera_formats().unwrap_or_default();
    let offers: Vec<Offered> = formats.iter().filter_map(offered).collect();
    if let Some(chosen) = choose(&offers, wanted)
        && let Some(format) = formats.iter().find(|format| offered(format) == Some(chosen))
        && *format != camera.camera_format()
    {
        camera.set_camera_requset(RequestedFormat::with_formats(RequestedFormatType::Exact(*format), &FORMATS))?;
    }
    camera.open_stream()?;
    let set = camera.camera_format();
    let format = offered(&set).ok_or_else(|| NokhwaError::GeneralError("it says a rate of zero".to_owned()))?;
    Ok((camera, format))
}

fn offered(format: &CameraFormat) -> Option<Offered> {
    Some(Offered {
        pixels: pixels(format.format()),
        size: Size::new(format.width(), format.height()),
        frame_rate: Some(FrameRate::new(format.frame_rate(), 1)?),
    })
}

fn pixels(format: FrameFormat) -> PixelFormat {
    match format {
        FrameFormat::YUYV => PixelFormat::Yuyv,
        FrameFormat::NV12 => PixelFormat::Nv12,
        FrameFormat::MJPEG => PixelFormat::Mjpeg,
        FrameFormat::RAWRGB => PixelFormat::Rgb24,
        FrameFormat::RAWBGR => PixelFormat::Bgr24,
        FrameFormat::GRAY => PixelFormat::Grey,
    }
}

/// nokhwa tells the system's error only as a part of its text.
fn source_error(what: &str, error: &NokhwaError) -> SourceError {
    let (what, reason) = (what.to_owned(), error.to_string());
    let lower = reason.to_lowercase();
    if lower.contains("permission") || lower.contains("denied") {
        SourceError::Permission { what, reason }
    } else if lower.contains("busy") || lower.contains("in use") {
        SourceError::Busy { what, reason }
    } else {
        SourceError::Device { what, reason }
    }
}

/// The capture thread's end of the thread that waits.
struct Waiting {
    frames: Queue<Result<(Buffer, Timestamp), String>>,
    worker: Option<Worker>,
    size: Size,
}

impl Waiting {
    /// Opens the camera on the thread that will wait for it: it may not change its thread.
    fn spawn(
        index: CameraIndex,
        wanted: CameraRequest,
        clock: &Clock,
        what: &str,
    ) -> Result<(Self, Offered), SourceError> {
        let (frames, opened) = (Queue::new(2), Queue::new(1));
        let (out, told, clock) = (frames.clone(), opened.clone(), clock.clone());
        let device_error = |reason: String| SourceError::Device { what: what.to_owned(), reason };
        let worker = Worker::spawn("camera-wait", move |stop| {
            let mut camera = match start(&index, wanted) {
                Ok((camera, format)) => {
                    drop(told.push(Ok(format)));
                    camera
                }
                Err(error) => {
                    drop(told.push(Err(error)));
                    return;
                }
            };
            while !stop.requested() {
                let frame = camera.frame().map_err(|error| error.to_string()).map(|buffer| {
                    let stamp = captured_at(&buffer, &clock);
                    (buffer, stamp)
                });
                let failed = frame.is_err();
                // Full: the capture thread is behind, and the next picture is newer.
                drop(out.push(frame));
                if failed {
                    return;
                }
            }
        })
        .map_err(|e| device_error(e.to_string()))?;
        let waiting = |size| Self { frames, worker: Some(worker), size };
        match opened.pop(OPEN_LIMIT) {
            Popped::Value(Ok(format)) => Ok((waiting(format.size), format)),
            Popped::Value(Err(error)) => Err(source_error(what, &error)),
            Popped::Empty | Popped::Closed => {
                drop(waiting(wanted.size));
                Err(device_error("its driver does not answer".to_owned()))
            }
        }
    }
}

/// nokhwa stamps by the wall clock, where it stamps at all.
fn captured_at(buffer: &Buffer, clock: &Clock) -> Timestamp {
    let age = buffer.capture_timestamp().and_then(|stamp| unix_time().checked_sub(stamp)).unwrap_or_default();
    clock.now() - if age < Duration::from_secs(1) { age } else { Duration::ZERO }
}

impl Backend for Waiting {
    fn next(&mut self, limit: Duration, take: &mut dyn FnMut(&RawPicture<'_>, Timestamp)) -> Result<bool, Fault> {
        match self.frames.pop(limit) {
            Popped::Empty | Popped::Closed => Ok(false),
            Popped::Value(Err(reason)) => Err(Fault { reason }),
            Popped::Value(Ok((buffer, stamp))) => {
                let resolution = buffer.resolution();
                let told = Size::new(resolution.width(), resolution.height());
                let raw = RawPicture {
                    format: pixels(buffer.source_frame_format()),
                    size: if told.area() == 0 { self.size } else { told },
                    stride: 0,
                    data: buffer.buffer(),
                    matrix: ColorMatrix::Bt601,
                    range: ColorRange::Limited,
                };
                take(&raw, stamp);
                Ok(true)
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        worker.request_stop();
        // Joining is done elsewhere: the thread may hang in a camera that stalls, and is then left to itself.
        let joined = crate::capture::revival::bounded("camera-close", CLOSE_LIMIT, move || worker.join());
        if joined.is_none() {
            tracing::warn!("a stalled camera is left to its driver");
        }
    }
}

impl fmt::Debug for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("size", &self.size).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_can_be_done() {
        let of = |text: &str| source_error("camera:x", &NokhwaError::OpenDeviceError("0".to_owned(), text.to_owned()));
        assert!(matches!(of("V4L2 Error: Permission denied (os error 13)"), SourceError::Permission { .. }));
        assert!(matches!(of("Device or resource busy (os error 16)"), SourceError::Busy { .. }));
        assert!(matches!(of("Input/output error (os error 5)"), SourceError::Device { .. }));
    }

    #[test]
    fn a_rate_of_zero_is_no_offer() {
        let format = |rate| CameraFormat::new_from(1280, 720, FrameFormat::NV12, rate);
        assert_eq!(offered(&format(0)), None);
        assert_eq!(offered(&format(30)).unwrap().to_string(), "1280x720 NV12 at 30 fps");
    }
}
