//! Cameras of Linux through V4L2: any format, fractional rates, waits that end, ids that stay.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use v4l::buffer::{Flags, Type};
use v4l::frameinterval::FrameIntervalEnum;
use v4l::framesize::FrameSizeEnum;
use v4l::io::mmap::Stream;
use v4l::io::traits::CaptureStream as _;
use v4l::video::Capture as _;
use v4l::video::capture::Parameters;
use v4l::{Device, FourCC, Fraction};

use super::format::{Offered, choose, in_words, slug};
use super::running::{Backend, Fault, Running};
use super::v4l2_calls::{Capability, PixelLayout, capability, pixel_formats, set_format};
use crate::capture::{CameraRequest, DeviceInfo, DeviceKind, SourceError};
use crate::clock::Clock;
use crate::media::{FrameRate, Size, Timestamp};
use crate::video::{ColorMatrix, ColorRange, PixelFormat, RawPicture};

/// Mapped buffers: one in use, the others for the driver.
const BUFFERS: u32 = 4;
/// A stamp older than this is of another clock.
const STAMP_AGE_MAX: Duration = Duration::from_secs(2);

/// Sizes offered for drivers that take any size in steps.
const USUAL_SIZES: [(u32, u32); 7] =
    [(320, 240), (640, 360), (640, 480), (960, 540), (1280, 720), (1920, 1080), (3840, 2160)];
/// Rates offered for drivers that take any rate.
const USUAL_RATES: [u32; 7] = [5, 10, 15, 24, 25, 30, 60];

/// What gives permission to open cameras.
const GIVE_PERMISSION: &str =
    "add yourself to the group video (sudo usermod -aG video $USER), then log out and in again";

/// A video node that can or could be a camera.
struct Node {
    path: PathBuf,
    opened: io::Result<(Device, Capability)>,
    /// Without `camera:`.
    id: String,
}

/// Opens `id` (without its prefix) at the format nearest to `wanted`.
pub(super) fn open(id: Option<&str>, wanted: CameraRequest, clock: &Clock) -> Result<Running, SourceError> {
    let mut nodes = nodes();
    let Some(index) = find(&nodes, id) else { return Err(missing(&nodes, id)) };
    let node = nodes.swap_remove(index);
    let what = format!("camera:{} ({})", node.id, node.path.display());
    drop(nodes);
    let (device, capability) = node.opened.map_err(|error| source_error(&what, &error))?;
    let offers = offers(&device, Some(wanted));
    let chosen = choose(&offers, wanted).ok_or_else(|| SourceError::Device {
        what: what.clone(),
        reason: "it offers no format that is understood".to_owned(),
    })?;
    let streaming = Streaming::start(&device, chosen, wanted.frame_rate, clock).map_err(|e| source_error(&what, &e))?;
    let format = streaming.format;
    Ok(Running { backend: Box::new(streaming), id: format!("camera:{}", node.id), name: capability.card, format })
}

/// What there is, the default first.
pub(super) fn list() -> Vec<DeviceInfo> {
    let mut first = true;
    nodes()
        .into_iter()
        .map(|node| {
            let default = std::mem::take(&mut first);
            let id = format!("camera:{}", node.id);
            let path = node.path.display();
            match node.opened {
                Ok((device, capability)) => DeviceInfo {
                    id,
                    name: capability.card,
                    kind: DeviceKind::Camera,
                    formats: in_words(&offers(&device, None)),
                    default,
                    detail: path.to_string(),
                },
                Err(error) => DeviceInfo {
                    id,
                    name: node.id,
                    kind: DeviceKind::Camera,
                    formats: Vec::new(),
                    default,
                    detail: detail_of_unopened(&path.to_string(), &error),
                },
            }
        })
        .collect()
}

/// Where a node is that cannot be opened, why, and what to do.
fn detail_of_unopened(path: &str, error: &io::Error) -> String {
    match source_error("it", error) {
        error @ SourceError::Permission { .. } => format!("{path}, {error}: {GIVE_PERMISSION}"),
        error => format!("{path}, {error}"),
    }
}

/// The number of the node that `id` names.
pub(super) fn node_index(id: Option<&str>) -> Option<u32> {
    let nodes = nodes();
    number(&nodes.get(find(&nodes, id)?)?.path)
}

/// Why there is no `id`: what cannot be opened does not tell its name, so that it may be the one.
fn missing(nodes: &[Node], id: Option<&str>) -> SourceError {
    let unopened = nodes.iter().find_map(|node| Some((&node.path, node.opened.as_ref().err()?)));
    if let Some((path, error)) = unopened {
        return source_error(&path.display().to_string(), error);
    }
    let wanted = id.map_or_else(|| "camera".to_owned(), |id| format!("camera:{id}"));
    SourceError::NotFound { wanted, available: nodes.iter().map(|node| format!("camera:{}", node.id)).collect() }
}

fn find(nodes: &[Node], id: Option<&str>) -> Option<usize> {
    let Some(id) = id else { return (!nodes.is_empty()).then_some(0) };
    nodes.iter().position(|node| node.id == id).or_else(|| {
        nodes.iter().position(|node| {
            let card = node.opened.as_ref().map(|(_, capability)| capability.card.as_str());
            node.path == Path::new(id) || card.is_ok_and(|card| card.eq_ignore_ascii_case(id))
        })
    })
}

/// The nodes that capture, by number. Those that may not be opened are kept: the user is told why.
fn nodes() -> Vec<Node> {
    let Ok(entries) = std::fs::read_dir("/dev") else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).filter(|p| number(p).is_some()).collect();
    paths.sort_by_key(|path| number(path));
    let mut nodes: Vec<Node> = Vec::new();
    for path in paths {
        let opened = Device::with_path(&path).and_then(|device| {
            let capability = capability(&device)?;
            Ok((device, capability))
        });
        let base = match &opened {
            Ok((device, capability)) => {
                let serves = pixel_formats(device).into_iter().any(|code| pixels(code).is_some());
                if !capability.captures || !serves {
                    continue;
                }
                slug(&format!("{}-{}", capability.bus, capability.card))
            }
            Err(error) if refused(error) => slug(&path.display().to_string()),
            // Gone meanwhile, or no V4L2 device at all.
            Err(_) => continue,
        };
        // One camera may have several nodes that capture (colour and infrared).
        let twins = nodes.iter().filter(|node| node.id == base || node.id.starts_with(&format!("{base}-n"))).count();
        let id = if twins == 0 { base } else { format!("{base}-n{}", twins + 1) };
        nodes.push(Node { path, opened, id });
    }
    // One that may not be opened is the default only where there is no other.
    nodes.sort_by_key(|node| node.opened.is_err());
    nodes
}

fn number(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix("video")?.parse().ok()
}

fn refused(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EACCES | libc::EPERM | libc::EBUSY))
}

fn source_error(what: &str, error: &io::Error) -> SourceError {
    let (what, reason) = (what.to_owned(), error.to_string());
    match error.raw_os_error() {
        // What to do about it is told with it, the same for every camera.
        Some(libc::EACCES | libc::EPERM) => SourceError::Permission { what, reason: error.kind().to_string() },
        Some(libc::EBUSY) => SourceError::Busy { what, reason },
        _ => SourceError::Device { what, reason },
    }
}

/// The pixel format of a V4L2 code, if it can be converted.
fn pixels(fourcc: [u8; 4]) -> Option<PixelFormat> {
    Some(match &fourcc {
        b"YUYV" => PixelFormat::Yuyv,
        b"UYVY" => PixelFormat::Uyvy,
        b"NV12" => PixelFormat::Nv12,
        b"NV21" => PixelFormat::Nv21,
        b"YU12" => PixelFormat::I420,
        b"YV12" => PixelFormat::Yv12,
        b"RGB3" => PixelFormat::Rgb24,
        b"BGR3" => PixelFormat::Bgr24,
        b"AB24" | b"XB24" => PixelFormat::Rgba,
        b"AR24" | b"XR24" | b"BGR4" => PixelFormat::Bgra,
        b"GREY" => PixelFormat::Grey,
        b"MJPG" | b"JPEG" => PixelFormat::Mjpeg,
        _ => return None,
    })
}

fn fourcc_of(device: &Device, wanted: PixelFormat) -> Option<[u8; 4]> {
    pixel_formats(device).into_iter().find(|code| pixels(*code) == Some(wanted))
}

/// All formats of a device; where it takes any size or rate, the usual ones and the wanted one.
fn offers(device: &Device, wanted: Option<CameraRequest>) -> Vec<Offered> {
    let mut all = Vec::new();
    for code in pixel_formats(device) {
        let Some(pixels) = pixels(code) else { continue };
        let fourcc = FourCC::new(&code);
        for size in sizes(device, fourcc, wanted) {
            let rates = rates(device, fourcc, size, wanted);
            if rates.is_empty() {
                all.push(Offered { pixels, size, frame_rate: None });
            }
            all.extend(rates.into_iter().map(|rate| Offered { pixels, size, frame_rate: Some(rate) }));
        }
    }
    all
}

fn sizes(device: &Device, fourcc: FourCC, wanted: Option<CameraRequest>) -> Vec<Size> {
    let mut sizes = Vec::new();
    for told in device.enum_framesizes(fourcc).unwrap_or_default() {
        match told.size {
            FrameSizeEnum::Discrete(size) => sizes.push(Size::new(size.width, size.height)),
            FrameSizeEnum::Stepwise(range) => {
                let usual = USUAL_SIZES.map(|(width, height)| Size::new(width, height));
                for size in usual.into_iter().chain(wanted.map(|w| w.size)) {
                    let width = in_steps(size.width, range.min_width, range.max_width, range.step_width);
                    let height = in_steps(size.height, range.min_height, range.max_height, range.step_height);
                    sizes.push(Size::new(width, height));
                }
            }
        }
    }
    sizes.retain(|size| (1..=16_384).contains(&size.width) && (1..=16_384).contains(&size.height));
    sizes.dedup();
    sizes
}

/// The value nearest to `value` that is `min` and whole steps.
fn in_steps(value: u32, min: u32, max: u32, step: u32) -> u32 {
    let value = value.clamp(min, max.max(min));
    min + (value - min) / step.max(1) * step.max(1)
}

fn rates(device: &Device, fourcc: FourCC, size: Size, wanted: Option<CameraRequest>) -> Vec<FrameRate> {
    let mut rates = Vec::new();
    for told in device.enum_frameintervals(fourcc, size.width, size.height).unwrap_or_default() {
        match told.interval {
            // A rate is the inverse of an interval.
            FrameIntervalEnum::Discrete(interval) => {
                rates.extend(FrameRate::new(interval.denominator, interval.numerator))
            }
            FrameIntervalEnum::Stepwise(range) => {
                let seconds = |f: &Fraction| f64::from(f.numerator) / f64::from(f.denominator.max(1));
                let (shortest, longest) = (seconds(&range.min), seconds(&range.max));
                let usual = USUAL_RATES.iter().filter_map(|rate| FrameRate::new(*rate, 1));
                let in_range = |rate: &FrameRate| (shortest - 1e-9..=longest + 1e-9).contains(&(1.0 / rate.as_f64()));
                rates.extend(usual.chain(wanted.map(|w| w.frame_rate)).filter(in_range));
            }
        }
    }
    rates
}

/// A camera that streams.
struct Streaming {
    /// `None` only while it is dropped.
    stream: Option<Stream<'static>>,
    clock: Clock,
    format: Offered,
    layout: PixelLayout,
    pixels: PixelFormat,
    primed: bool,
}

impl Streaming {
    fn start(device: &Device, chosen: Offered, rate: FrameRate, clock: &Clock) -> io::Result<Self> {
        let wrong = |text: &str| io::Error::new(io::ErrorKind::InvalidData, text.to_owned());
        let fourcc = fourcc_of(device, chosen.pixels).ok_or_else(|| wrong("its formats have changed"))?;
        let layout = set_format(device, chosen.size.width, chosen.size.height, fourcc)?;
        let pixels = pixels(layout.fourcc).ok_or_else(|| wrong("it insists on a format that is not understood"))?;
        let size = Size::new(layout.width, layout.height);
        if size.width == 0 || size.height == 0 || size.width > 16_384 || size.height > 16_384 {
            return Err(wrong("it says a size that cannot be"));
        }
        // Some drivers have one rate only and refuse to hear of it.
        let rate = chosen.frame_rate.unwrap_or(rate);
        let told = device.set_params(&Parameters::new(Fraction::new(rate.den(), rate.num()))).ok();
        let frame_rate = told.and_then(|p| FrameRate::new(p.interval.denominator, p.interval.numerator));
        let stream = Stream::with_buffers(device, Type::VideoCapture, BUFFERS)?;
        let format = Offered { pixels, size, frame_rate: frame_rate.or(chosen.frame_rate) };
        let mut streaming = Self { stream: Some(stream), clock: clock.clone(), format, layout, pixels, primed: false };
        streaming.prime()?;
        Ok(streaming)
    }

    /// Starts the stream without waiting for a picture: the crate's `next` would wait with no way out, and after a
    /// wait that timed out it would queue a buffer twice.
    fn prime(&mut self) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.set_timeout(Duration::ZERO);
        match stream.next() {
            Ok(_) => self.primed = true,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Backend for Streaming {
    fn next(&mut self, limit: Duration, take: &mut dyn FnMut(&RawPicture<'_>, Timestamp)) -> Result<bool, Fault> {
        let Some(stream) = &mut self.stream else { return Ok(false) };
        let limit_millis = i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
        match stream.handle().poll(libc::POLLIN, limit_millis) {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(false),
            Err(error) => return Err(fault(&error)),
        }
        if !self.primed {
            // The crate shows a picture only to `next`, which first gives back the one before: there is none yet, so
            // the very first picture is spent.
            self.primed = true;
            return match stream.dequeue() {
                Ok(_) => Ok(false),
                Err(error) => waited_for_nothing(&error),
            };
        }
        let (data, meta) = match stream.next() {
            Ok(picture) => picture,
            Err(error) => {
                // The buffer was given back all the same, and must not be given back twice.
                self.primed = false;
                return waited_for_nothing(&error);
            }
        };
        if meta.flags.contains(Flags::ERROR) {
            return Ok(false);
        }
        let now = self.clock.now();
        let monotonic = meta.flags & Flags::TIMESTAMP_MASK == Flags::TIMESTAMP_MONOTONIC;
        let stamp = self.clock.from_monotonic_nanos(meta.timestamp.sec * 1_000_000_000 + meta.timestamp.usec * 1000);
        let trusted = monotonic && stamp <= now && now.since(stamp) < STAMP_AGE_MAX;
        let used = usize::try_from(meta.bytesused).unwrap_or(usize::MAX);
        let data = if used == 0 { data } else { &data[..used.min(data.len())] };
        let raw = RawPicture {
            format: self.pixels,
            size: self.format.size,
            stride: if self.pixels == PixelFormat::Mjpeg { 0 } else { self.layout.stride as usize },
            data,
            matrix: matrix(&self.layout),
            range: range(&self.layout),
        };
        take(&raw, if trusted { stamp } else { now });
        Ok(true)
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        let stream = self.stream.take();
        // The crate panics in its drop if the driver of an unplugged camera answers anything but ENODEV. There is
        // nothing left to save then, and the capture thread must live on to look for the camera.
        let dropped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || drop(stream)));
        if dropped.is_err() {
            tracing::warn!("the camera's driver refused to stop");
        }
    }
}

fn fault(error: &io::Error) -> Fault {
    let reason =
        if error.raw_os_error() == Some(libc::ENODEV) { "it was unplugged".to_owned() } else { error.to_string() };
    Fault { reason }
}

/// Errors that only say that there is no picture yet.
fn waited_for_nothing(error: &io::Error) -> Result<bool, Fault> {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(false),
        _ => Err(fault(error)),
    }
}

/// By the defaults of the V4L2 documentation ("Colorspaces", V4L2_MAP_YCBCR_ENC_DEFAULT).
fn matrix(layout: &PixelLayout) -> ColorMatrix {
    const COLORSPACE_REC709: u32 = 3;
    const COLORSPACE_DCI_P3: u32 = 12;
    const YCBCR_ENC_709: u32 = 2;
    const YCBCR_ENC_XV709: u32 = 4;
    match (layout.ycbcr_encoding, layout.colorspace) {
        (YCBCR_ENC_709 | YCBCR_ENC_XV709, _) | (0, COLORSPACE_REC709 | COLORSPACE_DCI_P3) => ColorMatrix::Bt709,
        _ => ColorMatrix::Bt601,
    }
}

/// By the defaults of the V4L2 documentation (V4L2_MAP_QUANTIZATION_DEFAULT).
fn range(layout: &PixelLayout) -> ColorRange {
    const COLORSPACE_JPEG: u32 = 7;
    const QUANTIZATION_FULL: u32 = 1;
    match (layout.quantization, layout.colorspace) {
        (QUANTIZATION_FULL, _) | (0, COLORSPACE_JPEG) => ColorRange::Full,
        _ => ColorRange::Limited,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_can_be_done() {
        let of = |code| source_error("camera:x", &io::Error::from_raw_os_error(code));
        let SourceError::Permission { reason, .. } = of(libc::EACCES) else { panic!("{:?}", of(libc::EACCES)) };
        assert_eq!(reason, "permission denied");
        let detail = detail_of_unopened("/dev/video0", &io::Error::from_raw_os_error(libc::EACCES));
        assert!(
            detail.starts_with("/dev/video0, no permission to open it: permission denied: add yourself"),
            "{detail}"
        );
        assert!(matches!(of(libc::EBUSY), SourceError::Busy { .. }));
        assert!(matches!(of(libc::EIO), SourceError::Device { .. }));
        assert_eq!(fault(&io::Error::from_raw_os_error(libc::ENODEV)).reason, "it was unplugged");
    }

    #[test]
    fn where_a_camera_may_not_be_opened_the_one_that_is_missing_may_be_it() {
        let closed = |code| Node {
            path: PathBuf::from("/dev/video0"),
            opened: Err(io::Error::from_raw_os_error(code)),
            id: "dev-video0".to_owned(),
        };
        let of = |nodes: &[Node]| missing(nodes, Some("usb-1-Webcam"));
        assert!(matches!(of(&[closed(libc::EACCES)]), SourceError::Permission { what, .. } if what == "/dev/video0"));
        assert!(matches!(of(&[closed(libc::EBUSY)]), SourceError::Busy { .. }));
        assert!(matches!(of(&[]), SourceError::NotFound { wanted, .. } if wanted == "camera:usb-1-Webcam"));
    }

    #[test]
    fn only_numbered_nodes_are_looked_at() {
        assert_eq!(number(Path::new("/dev/video12")), Some(12));
        for path in ["/dev/video", "/dev/videodev", "/dev/v4l", "/dev/video1a"] {
            assert_eq!(number(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn a_size_fits_the_steps() {
        assert_eq!(in_steps(1280, 16, 1920, 16), 1280);
        assert_eq!(in_steps(1279, 16, 1920, 16), 1264);
        assert_eq!(in_steps(4000, 32, 1920, 8), 1920);
        assert_eq!(in_steps(10, 32, 1920, 0), 32);
    }

    #[test]
    fn colours_follow_the_documentation() {
        let layout = |colorspace, ycbcr_encoding, quantization| PixelLayout {
            width: 2,
            height: 2,
            fourcc: *b"YUYV",
            stride: 4,
            colorspace,
            ycbcr_encoding,
            quantization,
        };
        for (layout, expected) in [
            (layout(8, 0, 0), (ColorMatrix::Bt601, ColorRange::Limited)),
            (layout(3, 0, 0), (ColorMatrix::Bt709, ColorRange::Limited)),
            (layout(3, 1, 1), (ColorMatrix::Bt601, ColorRange::Full)),
            (layout(7, 0, 0), (ColorMatrix::Bt601, ColorRange::Full)),
            (layout(7, 0, 2), (ColorMatrix::Bt601, ColorRange::Limited)),
            (layout(8, 2, 2), (ColorMatrix::Bt709, ColorRange::Limited)),
            (layout(999, 77, 9), (ColorMatrix::Bt601, ColorRange::Limited)),
        ] {
            assert_eq!((matrix(&layout), range(&layout)), expected, "{layout:?}");
        }
    }
}
