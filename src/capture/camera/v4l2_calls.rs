//! The three V4L2 calls that the `v4l` crate answers with a panic where a driver says what the crate does not know
//! (a colour space of its own, a name that is no UTF-8): here nothing a driver says can panic.
#![expect(unsafe_code, reason = "ioctl takes a pointer")]

use std::io;

use v4l::Device;
use v4l::v4l_sys::{v4l2_capability, v4l2_fmtdesc, v4l2_format, v4l2_pix_format};
use v4l::v4l2::{self, vidioc};

use crate::capture::devices::plain_name;

const BUF_TYPE_VIDEO_CAPTURE: u32 = 1;
const CAP_VIDEO_CAPTURE: u32 = 0x0000_0001;
const CAP_STREAMING: u32 = 0x0400_0000;
const CAP_DEVICE_CAPS: u32 = 0x8000_0000;
/// More formats than any driver lists: a driver that never ends its list must not hang us.
const FORMATS_MAX: u32 = 256;

/// VIDIOC_QUERYCAP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Capability {
    pub card: String,
    pub bus: String,
    /// Whether this node gives pictures through mapped buffers (and not metadata, say).
    pub captures: bool,
}

pub(super) fn capability(device: &Device) -> io::Result<Capability> {
    // SAFETY: the struct is plain integers, for which zero is valid.
    let mut raw: v4l2_capability = unsafe { std::mem::zeroed() };
    // SAFETY: the request fits the struct, which outlives the call.
    unsafe { v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_QUERYCAP, (&raw mut raw).cast()) }?;
    // Old drivers tell the whole device's abilities only.
    let caps = if raw.capabilities & CAP_DEVICE_CAPS != 0 { raw.device_caps } else { raw.capabilities };
    let needed = CAP_VIDEO_CAPTURE | CAP_STREAMING;
    Ok(Capability { card: text(&raw.card), bus: text(&raw.bus_info), captures: caps & needed == needed })
}

/// VIDIOC_ENUM_FMT: the pixel formats as four characters each.
pub(super) fn pixel_formats(device: &Device) -> Vec<[u8; 4]> {
    let mut all = Vec::new();
    for index in 0..FORMATS_MAX {
        // SAFETY: the struct is plain integers, for which zero is valid.
        let mut raw: v4l2_fmtdesc = unsafe { std::mem::zeroed() };
        raw.index = index;
        raw.type_ = BUF_TYPE_VIDEO_CAPTURE;
        // SAFETY: the request fits the struct, which outlives the call.
        let told = unsafe { v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_ENUM_FMT, (&raw mut raw).cast()) };
        if told.is_err() {
            break;
        }
        all.push(raw.pixelformat.to_le_bytes());
    }
    all
}

/// What the driver has set: VIDIOC_S_FMT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PixelLayout {
    pub width: u32,
    pub height: u32,
    pub fourcc: [u8; 4],
    /// Bytes a row; 0 where it has no meaning.
    pub stride: u32,
    pub colorspace: u32,
    pub ycbcr_encoding: u32,
    pub quantization: u32,
}

/// Asks for a format; the driver sets and tells the nearest it has.
pub(super) fn set_format(device: &Device, width: u32, height: u32, fourcc: [u8; 4]) -> io::Result<PixelLayout> {
    // SAFETY: the struct is plain integers and a union of such, for which zero is valid.
    let mut raw: v4l2_format = unsafe { std::mem::zeroed() };
    raw.type_ = BUF_TYPE_VIDEO_CAPTURE;
    // SAFETY: as above.
    let mut wanted: v4l2_pix_format = unsafe { std::mem::zeroed() };
    wanted.width = width;
    wanted.height = height;
    wanted.pixelformat = u32::from_le_bytes(fourcc);
    raw.fmt.pix = wanted;
    // SAFETY: the request fits the struct, which outlives the call.
    unsafe { v4l2::ioctl(device.handle().fd(), vidioc::VIDIOC_S_FMT, (&raw mut raw).cast()) }?;
    // SAFETY: for this buffer type the driver writes `pix`; any bits are valid integers.
    let (pix, ycbcr_encoding) = unsafe { (raw.fmt.pix, raw.fmt.pix.__bindgen_anon_1.ycbcr_enc) };
    Ok(PixelLayout {
        width: pix.width,
        height: pix.height,
        fourcc: pix.pixelformat.to_le_bytes(),
        stride: pix.bytesperline,
        colorspace: pix.colorspace,
        ycbcr_encoding,
        quantization: pix.quantization,
    })
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    plain_name(&String::from_utf8_lossy(&bytes[..end]))
}
