//! Raw camera and file pictures to I420 in BT.709 limited range.
#![deny(clippy::indexing_slicing)]

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
            let (from, stride) = (planes.first, as_u32(planes.stride));
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

fn jpeg_options() -> DecoderOptions {
    DecoderOptions::default()
        .jpeg_set_out_colorspace(ColorSpace::RGB)
        .set_max_width(SIDE_MAX as usize)
        .set_max_height(SIDE_MAX as usize)
}

fn jpeg_to_picture(data: &[u8], picture: &mut Picture) -> Result<(), ConvertError> {
    let damaged = |error: zune_jpeg::errors::DecodeErrors| ConvertError::Jpeg(error.to_string());
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(data), jpeg_options());
    decoder.decode_headers().map_err(damaged)?;
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
struct Planes<'a> {
    first: &'a [u8],
    stride: usize,
    /// U and V in this order, or the interleaved plane and nothing.
    second: &'a [u8],
    third: &'a [u8],
    chroma_stride: usize,
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
        // The last row of the last plane needs no padding; those before it do.
        let (chroma_stride, second_len, third_len) = match raw.format {
            PixelFormat::Nv12 | PixelFormat::Nv21 => {
                let chroma_stride = stride.max(chroma_width * 2);
                (chroma_stride, chroma_stride * (chroma_height - 1) + chroma_width * 2, 0)
            }
            PixelFormat::I420 | PixelFormat::Yv12 => {
                let chroma_stride = stride.div_ceil(2);
                (chroma_stride, chroma_stride * chroma_height, chroma_stride * (chroma_height - 1) + chroma_width)
            }
            _ => (0, 0, 0),
        };
        let first_len = if second_len == 0 { stride * (height - 1) + row } else { stride * height };
        let needed = first_len + second_len + third_len;
        let short = ConvertError::Short { needed, got: raw.data.len() };
        let Some((first, rest)) = raw.data.split_at_checked(first_len) else { return Err(short) };
        let Some((second, rest)) = rest.split_at_checked(second_len) else { return Err(short) };
        let Some(third) = rest.get(..third_len) else { return Err(short) };
        let (second, third) = if raw.format == PixelFormat::Yv12 { (third, second) } else { (second, third) };
        Ok(Self { first, stride, second, third, chroma_stride })
    }

    fn packed(&self, size: Size) -> YuvPackedImage<'a, u8> {
        YuvPackedImage { yuy: self.first, yuy_stride: as_u32(self.stride), width: size.width, height: size.height }
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
    copy_rows(planes.first, planes.stride, y, size.width as usize);
    copy_rows(planes.second, planes.chroma_stride, u, chroma_width);
    copy_rows(planes.third, planes.chroma_stride, v, chroma_width);
    Ok(())
}

fn copy_luma(planes: &Planes<'_>, size: Size, picture: &mut Picture) -> Result<(), ConvertError> {
    let [y, u, v] = picture.planes_mut();
    copy_rows(planes.first, planes.stride, y, size.width as usize);
    u.fill(128);
    v.fill(128);
    Ok(())
}

fn split_chroma(planes: &Planes<'_>, raw: &RawPicture<'_>, picture: &mut Picture) -> Result<(), ConvertError> {
    let chroma_width = raw.size.chroma().width as usize;
    let [y, u, v] = picture.planes_mut();
    copy_rows(planes.first, planes.stride, y, raw.size.width as usize);
    let (first, second) = if raw.format == PixelFormat::Nv12 { (u, v) } else { (v, u) };
    let rows = planes.second.chunks(planes.chroma_stride);
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
        let first = planes.first.get(planes.stride * top..).unwrap_or_default();
        let second = planes.second.get(planes.chroma_stride * top / 2..).unwrap_or_default();
        let third = planes.third.get(planes.chroma_stride * top / 2..).unwrap_or_default();
        let stripe = Size::new(width, as_u32(rows));
        let (y_stride, chroma_stride) = (as_u32(planes.stride), as_u32(planes.chroma_stride));
        let first = first.get(..first.len().min(planes.stride * rows)).unwrap_or_default();
        let (width, height) = (stripe.width, stripe.height);
        match raw.format {
            PixelFormat::Yuyv | PixelFormat::Uyvy => {
                let packed = YuvPackedImage { yuy: first, yuy_stride: y_stride, width, height };
                let read = if raw.format == PixelFormat::Yuyv { yuv::yuyv422_to_rgba } else { yuv::uyvy422_to_rgba };
                read(&packed, &mut rgba, rgba_stride, range, matrix)?;
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
                read(&image, &mut rgba, rgba_stride, range, matrix, YuvConversionMode::Balanced)?;
            }
            PixelFormat::Grey => {
                let image = YuvGrayImage { y_plane: first, y_stride, width, height };
                yuv::yuv400_to_rgba(&image, &mut rgba, rgba_stride, range, matrix)?;
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
                yuv::yuv420_to_rgba(&image, &mut rgba, rgba_stride, range, matrix)?;
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
            &rgba,
            rgba_stride,
            YuvRange::Limited,
            YuvStandardMatrix::Bt709,
            YuvConversionMode::Balanced,
        )?;
    }
    Ok(())
}
