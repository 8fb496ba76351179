//! Raw camera and file pictures to I420 in BT.709 limited range.
#![deny(clippy::indexing_slicing)]

use std::borrow::Cow;

use yuv::{
    BufferStoreMut, YuvBiPlanarImage, YuvConversionMode, YuvError, YuvGrayImage, YuvPackedImage, YuvPlanarImage,
    YuvPlanarImageMut, YuvRange, YuvStandardMatrix,
};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::media::{Picture, Size};

/// How the pixels of a raw picture lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PixelFormat {
    /// 4:2:2 packed: Y0 U Y1 V.
    Yuyv,
    /// 4:2:2 packed: U Y0 V Y1.
    Uyvy,
    /// 4:2:0: a Y plane, then U and V interleaved.
    Nv12,
    /// 4:2:0: a Y plane, then V and U interleaved.
    Nv21,
    /// 4:2:0: Y, U and V planes.
    I420,
    /// 4:2:0: Y, V and U planes.
    Yv12,
    /// 3 bytes a pixel: R, G, B.
    Rgb24,
    /// 3 bytes a pixel: B, G, R.
    Bgr24,
    /// 4 bytes a pixel: R, G, B, alpha (ignored).
    Rgba,
    /// 4 bytes a pixel: B, G, R, alpha (ignored).
    Bgra,
    /// Luma only.
    Grey,
    /// One JPEG picture; full range BT.601 as JFIF says, whatever `matrix` and `range` say.
    Mjpeg,
}

/// Which primaries' weights made luma and chroma.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColorMatrix {
    /// ITU-R BT.601: standard definition and most cameras.
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
}

/// Which values luma and chroma use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColorRange {
    /// 16..=235 (chroma 16..=240).
    Limited,
    /// 0..=255.
    Full,
}

/// A picture as a device or a file gives it.
#[derive(Clone, Copy, Debug)]
pub struct RawPicture<'a> {
    /// Layout of the pixels.
    pub format: PixelFormat,
    /// Size in pixels.
    pub size: Size,
    /// Bytes from row to row of the first plane; 0 for rows without padding. Chroma planes follow at once, with
    /// the same stride where chroma is interleaved and half of it (rounded up) where it is planar.
    pub stride: usize,
    /// The bytes.
    pub data: &'a [u8],
    /// Matrix; does not matter for RGB, grey and JPEG.
    pub matrix: ColorMatrix,
    /// Range; does not matter for RGB and JPEG.
    pub range: ColorRange,
}

/// Why a raw picture could not be converted. The next one may be fine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConvertError {
    /// Fewer bytes than the size needs.
    #[error("a picture of {got} bytes where {needed} are needed")]
    Short {
        /// Bytes needed.
        needed: usize,
        /// Bytes there.
        got: usize,
    },
    /// The stride is smaller than a row.
    #[error("a stride of {stride} bytes where a row needs {needed}")]
    Stride {
        /// Bytes a row needs.
        needed: usize,
        /// The stride given.
        stride: usize,
    },
    /// The picture to be written has another size.
    #[error("a picture of {got} where {wanted} was expected")]
    Size {
        /// The size of the picture to be written.
        wanted: Size,
        /// The size of the raw picture.
        got: Size,
    },
    /// The JPEG is damaged.
    #[error("a damaged JPEG: {0}")]
    Jpeg(String),
    /// The conversion itself failed.
    #[error("the picture cannot be converted: {0}")]
    Failed(String),
}

impl From<YuvError> for ConvertError {
    fn from(error: YuvError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A JPEG or a raw picture has at most this many pixels across or down.
const SIDE_MAX: u32 = 16_384;

/// Rows converted at a time where a conversion goes through RGB: small enough to stay in the cache.
const STRIPE_ROWS: usize = 16;

/// Converts `raw` into `picture`, which must have the same size.
///
/// # Errors
/// Short data, a stride smaller than a row, a size that differs, a damaged JPEG. The picture's content is then
/// undefined.
pub fn to_picture(raw: &RawPicture<'_>, picture: &mut Picture) -> Result<(), ConvertError> {
    if raw.format == PixelFormat::Mjpeg {
        return jpeg_to_picture(raw.data, picture);
    }
    if raw.size != picture.size() || raw.size.area() == 0 {
        return Err(ConvertError::Size { wanted: picture.size(), got: raw.size });
    }
    let planes = Planes::of(raw)?;
    let ready = raw.matrix == ColorMatrix::Bt709 && raw.range == ColorRange::Limited;
    match raw.format {
        PixelFormat::I420 | PixelFormat::Yv12 if ready => copy_planes(&planes, raw.size, picture),
        PixelFormat::Nv12 | PixelFormat::Nv21 if ready => split_chroma(&planes, raw, picture),
        PixelFormat::Grey if raw.range == ColorRange::Limited => copy_luma(&planes, raw.size, picture),
        PixelFormat::Yuyv | PixelFormat::Uyvy if ready => {
            let packed = planes.packed(raw.size);
            let mut planar = planar_mut(picture);
            if raw.format == PixelFormat::Yuyv {
                yuv::yuyv422_to_yuv420(&mut planar, &packed)?;
            } else {
                yuv::uyvy422_to_yuv420(&mut planar, &packed)?;
            }
            Ok(())
        }
        PixelFormat::Rgb24 | PixelFormat::Bgr24 | PixelFormat::Rgba | PixelFormat::Bgra => {
            let mut planar = planar_mut(picture);
            let (from, stride) = (planes.first(), as_u32(planes.stride));
            let write = match raw.format {
                PixelFormat::Rgb24 => yuv::rgb_to_yuv420,
                PixelFormat::Bgr24 => yuv::bgr_to_yuv420,
                PixelFormat::Rgba => yuv::rgba_to_yuv420,
                _ => yuv::bgra_to_yuv420,
            };
            write(&mut planar, from, stride, YuvRange::Limited, YuvStandardMatrix::Bt709, YuvConversionMode::Balanced)?;
            Ok(())
        }
        _ => through_rgb(&planes, raw, picture),
    }
}

/// The size of a JPEG picture, read from its header; `None` if it is none or larger than 16384 pixels a side.
pub fn jpeg_size(data: &[u8]) -> Option<Size> {
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), jpeg_options());
    decoder.decode_headers().ok()?;
    let info = decoder.info()?;
    Some(Size::new(u32::from(info.width), u32::from(info.height)))
}

/// Whether a JPEG has its end (ITU-T T.81, B.1.1.3: EOI); one that was cut off has none, and is grey below when decoded.
pub fn jpeg_has_end(data: &[u8]) -> bool {
    jpeg_end(data).is_some()
}

/// Where a JPEG's end mark is.
fn jpeg_end(data: &[u8]) -> Option<usize> {
    const SOI: [u8; 2] = [0xff, 0xd8];
    const EOI: [u8; 2] = [0xff, 0xd9];
    const SOS: u8 = 0xda;
    // Segments say how long they are; one of them may hold a small picture with an end of its own.
    let mut rest = data.strip_prefix(&SOI)?;
    while let [0xff, filled_up @ ..] = rest {
        let [marker, after @ ..] = filled_up else { return None };
        rest = match (marker, after) {
            (&SOS, _) => {
                let place = after.windows(2).rposition(|pair| pair == EOI)?;
                return Some(data.len() - after.len() + place);
            }
            // Markers may be filled up, and some have no segment.
            (0xff, _) => filled_up,
            (0x01 | 0xd0..=0xd7, _) => after,
            (_, [high, low, ..]) => {
                after.get(usize::from(u16::from_be_bytes([*high, *low])).max(2)..).unwrap_or_default()
            }
            _ => return None,
        };
    }
    None
}

fn jpeg_options() -> DecoderOptions {
    DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(SIDE_MAX as usize)
        .set_max_height(SIDE_MAX as usize)
}

/// The JPEG `data` as `to_picture` has it, but refused where something is missing in its midst, which would be grey or
/// garbled. A few bytes may be missing unnoticed: what follows them is decoded as something else, and may be as long.
///
/// # Errors
/// It is damaged or has no end, or is not of the picture's size.
pub fn whole_jpeg_to_picture(data: &[u8], picture: &mut Picture) -> Result<(), ConvertError> {
    /// What the decoder reads ahead of what it needs.
    const AHEAD: usize = 8;
    let end = jpeg_end(data).ok_or_else(|| ConvertError::Jpeg("it is cut off".to_owned()))?;
    // Behind the end mark the decoder makes up what is missing; behind the end of the data it does not.
    let mut scan = Vec::with_capacity(end + AHEAD);
    scan.extend_from_slice(data.get(..end).unwrap_or(data));
    scan.resize(end + AHEAD, 0);
    decode_jpeg(&scan, jpeg_options().set_strict_mode(true), picture)
}

fn jpeg_to_picture(data: &[u8], picture: &mut Picture) -> Result<(), ConvertError> {
    decode_jpeg(data, jpeg_options(), picture)
}

fn decode_jpeg(data: &[u8], options: DecoderOptions, picture: &mut Picture) -> Result<(), ConvertError> {
    let damaged = |error: zune_jpeg::errors::DecodeErrors| ConvertError::Jpeg(error.to_string());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), jpeg_options());
    decoder.decode_headers().map_err(damaged)?;
    // Headers are read as they come: some cameras fill up between them.
    decoder.set_options(options);
    let Some(info) = decoder.info() else { return Err(ConvertError::Jpeg("no picture in it".to_owned())) };
    let size = Size::new(u32::from(info.width), u32::from(info.height));
    if size != picture.size() {
        return Err(ConvertError::Size { wanted: picture.size(), got: size });
    }
    // JPEG's luma and chroma are full-range BT.601; the way to BT.709 leads through RGB, both legs by SIMD.
    let rgb = decoder.decode().map_err(damaged)?;
    let needed = size.area() * 3;
    if rgb.len() < needed {
        return Err(ConvertError::Short { needed, got: rgb.len() });
    }
    let mut planar = planar_mut(picture);
    yuv::rgb_to_yuv420(
        &mut planar,
        &rgb,
        size.width * 3,
        YuvRange::Limited,
        YuvStandardMatrix::Bt709,
        YuvConversionMode::Balanced,
    )?;
    Ok(())
}

/// The planes of a raw picture, found and checked.
///
/// The conversions want every row with its padding, no more and no fewer: they skip what is left over or panic.
struct Planes<'a> {
    data: Cow<'a, [u8]>,
    stride: usize,
    first_len: usize,
    second_len: usize,
    third_len: usize,
    chroma_stride: usize,
    /// Whether V comes before U.
    swapped: bool,
}

impl<'a> Planes<'a> {
    fn of(raw: &RawPicture<'a>) -> Result<Self, ConvertError> {
        let (width, height) = (raw.size.width as usize, raw.size.height as usize);
        let chroma = raw.size.chroma();
        let (chroma_width, chroma_height) = (chroma.width as usize, chroma.height as usize);
        let row = match raw.format {
            PixelFormat::Yuyv | PixelFormat::Uyvy => chroma_width * 4,
            PixelFormat::Rgb24 | PixelFormat::Bgr24 => width * 3,
            PixelFormat::Rgba | PixelFormat::Bgra => width * 4,
            _ => width,
        };
        let stride = if raw.stride == 0 { row } else { raw.stride };
        if stride < row {
            return Err(ConvertError::Stride { needed: row, stride });
        }
        let (chroma_stride, chroma_row, planes) = match raw.format {
            PixelFormat::Nv12 | PixelFormat::Nv21 => (stride.max(chroma_width * 2), chroma_width * 2, 1),
            PixelFormat::I420 | PixelFormat::Yv12 => (stride.div_ceil(2), chroma_width, 2),
            _ => (0, 0, 0),
        };
        let (first_len, chroma_len) = (stride * height, chroma_stride * chroma_height);
        let second_len = if planes > 0 { chroma_len } else { 0 };
        let third_len = if planes > 1 { chroma_len } else { 0 };
        let whole = first_len + second_len + third_len;
        // The very last row needs no padding behind it.
        let padding = if planes > 0 { chroma_stride - chroma_row } else { stride - row };
        let needed = whole - padding;
        let got = raw.data.len();
        if got < needed {
            return Err(ConvertError::Short { needed, got });
        }
        let mut data = Cow::Borrowed(raw.data);
        if got < whole {
            data.to_mut().resize(whole, 0);
        }
        Ok(Self {
            data,
            stride,
            first_len,
            second_len,
            third_len,
            chroma_stride,
            swapped: raw.format == PixelFormat::Yv12,
        })
    }

    fn first(&self) -> &[u8] {
        self.data.get(..self.first_len).unwrap_or_default()
    }

    /// U, or both where they are interleaved.
    fn second(&self) -> &[u8] {
        if self.swapped { self.plane(self.second_len, self.third_len) } else { self.plane(0, self.second_len) }
    }

    /// V, where it is a plane of its own.
    fn third(&self) -> &[u8] {
        if self.swapped { self.plane(0, self.second_len) } else { self.plane(self.second_len, self.third_len) }
    }

    fn plane(&self, after_first: usize, length: usize) -> &[u8] {
        let start = self.first_len + after_first;
        self.data.get(start..start + length).unwrap_or_default()
    }

    fn packed(&self, size: Size) -> YuvPackedImage<'_, u8> {
        YuvPackedImage { yuy: self.first(), yuy_stride: as_u32(self.stride), width: size.width, height: size.height }
    }
}

fn as_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn planar_mut(picture: &mut Picture) -> YuvPlanarImageMut<'_, u8> {
    let size = picture.size();
    let chroma = size.chroma().width;
    let [y, u, v] = picture.planes_mut();
    YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(y),
        y_stride: size.width,
        u_plane: BufferStoreMut::Borrowed(u),
        u_stride: chroma,
        v_plane: BufferStoreMut::Borrowed(v),
        v_stride: chroma,
        width: size.width,
        height: size.height,
    }
}

fn copy_rows(from: &[u8], stride: usize, to: &mut [u8], width: usize) {
    for (to, from) in to.chunks_exact_mut(width).zip(from.chunks(stride)) {
        if let Some(from) = from.get(..width) {
            to.copy_from_slice(from);
        }
    }
}

fn copy_planes(planes: &Planes<'_>, size: Size, picture: &mut Picture) -> Result<(), ConvertError> {
    let chroma_width = size.chroma().width as usize;
    let [y, u, v] = picture.planes_mut();
    copy_rows(planes.first(), planes.stride, y, size.width as usize);
    copy_rows(planes.second(), planes.chroma_stride, u, chroma_width);
    copy_rows(planes.third(), planes.chroma_stride, v, chroma_width);
    Ok(())
}

fn copy_luma(planes: &Planes<'_>, size: Size, picture: &mut Picture) -> Result<(), ConvertError> {
    let [y, u, v] = picture.planes_mut();
    copy_rows(planes.first(), planes.stride, y, size.width as usize);
    u.fill(128);
    v.fill(128);
    Ok(())
}

fn split_chroma(planes: &Planes<'_>, raw: &RawPicture<'_>, picture: &mut Picture) -> Result<(), ConvertError> {
    let chroma_width = raw.size.chroma().width as usize;
    let [y, u, v] = picture.planes_mut();
    copy_rows(planes.first(), planes.stride, y, raw.size.width as usize);
    let (first, second) = if raw.format == PixelFormat::Nv12 { (u, v) } else { (v, u) };
    let rows = planes.second().chunks(planes.chroma_stride);
    for ((first, second), from) in
        first.chunks_exact_mut(chroma_width).zip(second.chunks_exact_mut(chroma_width)).zip(rows)
    {
        for ((first, second), pair) in first.iter_mut().zip(second).zip(from.chunks_exact(2)) {
            if let [a, b] = pair {
                (*first, *second) = (*a, *b);
            }
        }
    }
    Ok(())
}

/// Rows `top` to before `top + count` of a plane.
fn part(plane: &[u8], stride: usize, top: usize, count: usize) -> &[u8] {
    plane.get(stride * top..stride * (top + count)).unwrap_or_default()
}

/// For every matrix or range but our own: to RGBA and back, a stripe of rows at a time.
fn through_rgb(planes: &Planes<'_>, raw: &RawPicture<'_>, picture: &mut Picture) -> Result<(), ConvertError> {
    let (width, height) = (raw.size.width, raw.size.height as usize);
    let chroma_width = raw.size.chroma().width as usize;
    let matrix = match raw.matrix {
        ColorMatrix::Bt601 => YuvStandardMatrix::Bt601,
        ColorMatrix::Bt709 => YuvStandardMatrix::Bt709,
    };
    let range = match raw.range {
        ColorRange::Limited => YuvRange::Limited,
        ColorRange::Full => YuvRange::Full,
    };
    let mut rgba = vec![0; width as usize * 4 * STRIPE_ROWS.min(height)];
    let rgba_stride = width * 4;
    let [y, u, v] = picture.planes_mut();
    let mut to_rows = y
        .chunks_mut(width as usize * STRIPE_ROWS)
        .zip(u.chunks_mut(chroma_width * STRIPE_ROWS / 2).zip(v.chunks_mut(chroma_width * STRIPE_ROWS / 2)));
    for top in (0..height).step_by(STRIPE_ROWS) {
        let rows = STRIPE_ROWS.min(height - top);
        let first = part(planes.first(), planes.stride, top, rows);
        let second = part(planes.second(), planes.chroma_stride, top / 2, rows.div_ceil(2));
        let third = part(planes.third(), planes.chroma_stride, top / 2, rows.div_ceil(2));
        let rgba = rgba.get_mut(..rgba_stride as usize * rows).unwrap_or_default();
        let stripe = Size::new(width, as_u32(rows));
        let (y_stride, chroma_stride) = (as_u32(planes.stride), as_u32(planes.chroma_stride));
        let (width, height) = (stripe.width, stripe.height);
        match raw.format {
            PixelFormat::Yuyv | PixelFormat::Uyvy => {
                let packed = YuvPackedImage { yuy: first, yuy_stride: y_stride, width, height };
                let read = if raw.format == PixelFormat::Yuyv { yuv::yuyv422_to_rgba } else { yuv::uyvy422_to_rgba };
                read(&packed, rgba, rgba_stride, range, matrix)?;
            }
            PixelFormat::Nv12 | PixelFormat::Nv21 => {
                let image = YuvBiPlanarImage {
                    y_plane: first,
                    y_stride,
                    uv_plane: second,
                    uv_stride: chroma_stride,
                    width,
                    height,
                };
                let read = if raw.format == PixelFormat::Nv12 { yuv::yuv_nv12_to_rgba } else { yuv::yuv_nv21_to_rgba };
                read(&image, rgba, rgba_stride, range, matrix, YuvConversionMode::Balanced)?;
            }
            PixelFormat::Grey => {
                let image = YuvGrayImage { y_plane: first, y_stride, width, height };
                yuv::yuv400_to_rgba(&image, rgba, rgba_stride, range, matrix)?;
            }
            _ => {
                let image = YuvPlanarImage {
                    y_plane: first,
                    y_stride,
                    u_plane: second,
                    u_stride: chroma_stride,
                    v_plane: third,
                    v_stride: chroma_stride,
                    width,
                    height,
                };
                yuv::yuv420_to_rgba(&image, rgba, rgba_stride, range, matrix)?;
            }
        }
        let Some((y, (u, v))) = to_rows.next() else { break };
        let mut planar = YuvPlanarImageMut {
            y_plane: BufferStoreMut::Borrowed(y),
            y_stride: width,
            u_plane: BufferStoreMut::Borrowed(u),
            u_stride: as_u32(chroma_width),
            v_plane: BufferStoreMut::Borrowed(v),
            v_stride: as_u32(chroma_width),
            width,
            height,
        };
        yuv::rgba_to_yuv420(
            &mut planar,
            rgba,
            rgba_stride,
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        )?;
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "a test that indexes wrongly fails, as it should")]
mod tests {
    use super::*;

    const RGB_FORMATS: [PixelFormat; 4] =
        [PixelFormat::Rgb24, PixelFormat::Bgr24, PixelFormat::Rgba, PixelFormat::Bgra];
    const YUV_FORMATS: [PixelFormat; 6] = [
        PixelFormat::Yuyv,
        PixelFormat::Uyvy,
        PixelFormat::Nv12,
        PixelFormat::Nv21,
        PixelFormat::I420,
        PixelFormat::Yv12,
    ];

    /// A raw picture of one colour with rows of `stride` bytes (of the first plane).
    fn flat(format: PixelFormat, size: Size, padding: usize, colour: [u8; 3]) -> (usize, Vec<u8>) {
        let (w, h) = (size.width as usize, size.height as usize);
        let (cw, ch) = (w.div_ceil(2), h.div_ceil(2));
        let [a, b, c] = colour;
        let rows = |pixel: &[u8], count: usize, rows: usize, stride: usize| -> Vec<u8> {
            let mut row = pixel.repeat(count);
            row.resize(stride, 0xee);
            row.repeat(rows)
        };
        let pixel: Vec<u8> = match format {
            PixelFormat::Yuyv => vec![a, b, a, c],
            PixelFormat::Uyvy => vec![b, a, c, a],
            PixelFormat::Rgb24 => vec![a, b, c],
            PixelFormat::Bgr24 => vec![c, b, a],
            PixelFormat::Rgba => vec![a, b, c, 7],
            PixelFormat::Bgra => vec![c, b, a, 7],
            _ => vec![a],
        };
        let count = if matches!(format, PixelFormat::Yuyv | PixelFormat::Uyvy) { cw } else { w };
        let stride = pixel.len() * count + padding;
        let mut data = rows(&pixel, count, h, stride);
        let half = stride.div_ceil(2);
        match format {
            PixelFormat::Nv12 => data.extend(rows(&[b, c], cw, ch, stride.max(2 * cw))),
            PixelFormat::Nv21 => data.extend(rows(&[c, b], cw, ch, stride.max(2 * cw))),
            PixelFormat::I420 => data.extend([rows(&[b], cw, ch, half), rows(&[c], cw, ch, half)].concat()),
            PixelFormat::Yv12 => data.extend([rows(&[c], cw, ch, half), rows(&[b], cw, ch, half)].concat()),
            _ => {}
        }
        (stride, data)
    }

    fn assert_colour(picture: &Picture, wanted: [u8; 3], allowed: u8, what: &str) {
        for (plane, wanted) in picture.planes().into_iter().zip(wanted) {
            for &value in plane {
                assert!(value.abs_diff(wanted) <= allowed, "{what}: {value} instead of {wanted}");
            }
        }
    }

    /// Red of 75 % and what each standard makes of it (ITU-R BT.601 and BT.709).
    const RED_RGB: [u8; 3] = [191, 0, 0];
    const RED: [(ColorMatrix, ColorRange, [u8; 3]); 4] = [
        (ColorMatrix::Bt709, ColorRange::Limited, [51, 109, 212]),
        (ColorMatrix::Bt601, ColorRange::Limited, [65, 100, 212]),
        (ColorMatrix::Bt709, ColorRange::Full, [41, 106, 223]),
        (ColorMatrix::Bt601, ColorRange::Full, [57, 96, 223]),
    ];

    #[test]
    fn every_format_matrix_and_range_gives_the_same_red() {
        for size in [Size::new(64, 48), Size::new(37, 21), Size::new(2, 2), Size::new(1, 1), Size::new(16, 33)] {
            for padding in [0, 6] {
                let mut picture = Picture::black(size);
                for format in RGB_FORMATS {
                    let (stride, data) = flat(format, size, padding, RED_RGB);
                    let raw = RawPicture { format, size, stride, data: &data, matrix: RED[0].0, range: RED[0].1 };
                    to_picture(&raw, &mut picture).unwrap();
                    assert_colour(&picture, RED[0].2, 1, &format!("{format:?} {size}"));
                }
                for format in YUV_FORMATS {
                    for (matrix, range, colour) in RED {
                        let (stride, data) = flat(format, size, padding, colour);
                        let raw = RawPicture { format, size, stride, data: &data, matrix, range };
                        to_picture(&raw, &mut picture).unwrap();
                        assert_colour(
                            &picture,
                            RED[0].2,
                            2,
                            &format!("{format:?} {matrix:?} {range:?} {size} {padding}"),
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn grey_keeps_or_gains_its_range() {
        let size = Size::new(33, 17);
        let mut picture = Picture::black(size);
        for (range, value, wanted) in
            [(ColorRange::Limited, 120, 120), (ColorRange::Full, 255, 235), (ColorRange::Full, 0, 16)]
        {
            let (stride, data) = flat(PixelFormat::Grey, size, 3, [value; 3]);
            let raw =
                RawPicture { format: PixelFormat::Grey, size, stride, data: &data, matrix: ColorMatrix::Bt601, range };
            to_picture(&raw, &mut picture).unwrap();
            assert_colour(&picture, [wanted, 128, 128], 1, "grey");
        }
    }

    #[test]
    fn pictures_keep_their_place_in_every_stripe() {
        // A ramp, through RGB and back, is still that ramp: no stripe is swapped or shifted.
        let size = Size::new(40, 70);
        let mut data = vec![128; 40 * 70 + 2 * 20 * 35];
        for (y, row) in data[..40 * 70].chunks_exact_mut(40).enumerate() {
            for (x, value) in row.iter_mut().enumerate() {
                *value = (40 + x + 2 * y) as u8;
            }
        }
        for matrix in [ColorMatrix::Bt601, ColorMatrix::Bt709] {
            let raw = RawPicture {
                format: PixelFormat::I420,
                size,
                stride: 0,
                data: &data,
                matrix,
                range: ColorRange::Limited,
            };
            let mut picture = Picture::black(size);
            to_picture(&raw, &mut picture).unwrap();
            for (got, wanted) in picture.planes()[0].iter().zip(&data) {
                assert!(got.abs_diff(*wanted) <= 1, "{matrix:?} {got} {wanted}");
            }
        }
    }

    #[test]
    fn short_data_and_wrong_sizes_are_errors_at_every_length() {
        let size = Size::new(13, 9);
        let mut picture = Picture::black(size);
        for format in RGB_FORMATS.into_iter().chain(YUV_FORMATS).chain([PixelFormat::Grey]) {
            for (matrix, range) in [(ColorMatrix::Bt601, ColorRange::Full), (ColorMatrix::Bt709, ColorRange::Limited)] {
                let (stride, data) = flat(format, size, 2, [90; 3]);
                let convert = |stride: usize, data: &[u8], picture: &mut Picture| {
                    to_picture(&RawPicture { format, size, stride, data, matrix, range }, picture)
                };
                convert(stride, &data, &mut picture).unwrap();
                // The padding of the last row may be missing, the picture may not.
                for length in 0..data.len() - stride {
                    let short = convert(stride, &data[..length], &mut picture);
                    assert!(matches!(short, Err(ConvertError::Short { .. })), "{format:?} {length}");
                }
                assert!(matches!(convert(stride / 2, &data, &mut picture), Err(ConvertError::Stride { .. })));
                let mut other = Picture::black(Size::new(12, 9));
                assert!(matches!(convert(stride, &data, &mut other), Err(ConvertError::Size { .. })));
            }
        }
    }

    fn jpeg(size: Size, colour: [u8; 3]) -> Vec<u8> {
        let mut out = Vec::new();
        let pixels = colour.repeat(size.area());
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 95)
            .encode(&pixels, size.width, size.height, image::ExtendedColorType::Rgb8)
            .unwrap();
        out
    }

    #[test]
    fn jpeg_colours_become_ours() {
        for size in [Size::new(64, 48), Size::new(35, 17), Size::new(1, 1)] {
            let data = jpeg(size, RED_RGB);
            assert_eq!(jpeg_size(&data), Some(size));
            let raw = |data| RawPicture {
                format: PixelFormat::Mjpeg,
                size,
                stride: 0,
                data,
                matrix: ColorMatrix::Bt709,
                range: ColorRange::Limited,
            };
            let mut picture = Picture::black(size);
            to_picture(&raw(&data), &mut picture).unwrap();
            assert_colour(&picture, RED[0].2, 2, "jpeg");
            let mut other = Picture::black(Size::new(70, 70));
            assert!(matches!(to_picture(&raw(&data), &mut other), Err(ConvertError::Size { .. })));
            for length in [0, 1, 10, data.len() / 4] {
                assert!(to_picture(&raw(&data[..length]), &mut picture).is_err(), "{length}");
            }
        }
        assert_eq!(jpeg_size(b"no picture"), None);
    }

    #[test]
    fn a_jpeg_that_is_cut_off_is_known() {
        let small = jpeg(Size::new(16, 8), RED_RGB);
        let plain = jpeg(Size::new(64, 48), RED_RGB);
        // A small picture in it, as cameras write one, has an end of its own.
        let segment = [&[0xff, 0xe1][..], &(small.len() as u16 + 2).to_be_bytes(), &small].concat();
        let nested = [&plain[..2], &segment, &plain[2..]].concat();
        for whole in [&plain, &nested] {
            assert!(jpeg_has_end(whole));
            assert!(jpeg_has_end(&[whole, &[0; 4096][..]].concat()), "cameras fill up");
            for cut in [0, 1, 2, 3, 20, whole.len() / 4, whole.len() - 40, whole.len() - 1] {
                assert!(!jpeg_has_end(&whole[..cut]), "{cut}");
            }
        }
    }
}
