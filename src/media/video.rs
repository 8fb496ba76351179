//! Pictures: I420 planes in one shared buffer, a pool that reuses them, and what describes a video stream.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;

use super::{Bitrate, FrameRate, Timestamp};

/// Width and height in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// Pixels across.
    pub width: u32,
    /// Pixels down.
    pub height: u32,
}

impl Size {
    /// `width` × `height`.
    pub const fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Width and height of a 4:2:0 chroma plane (rounded up for odd sizes).
    pub const fn chroma(self) -> Self {
        Self { width: self.width.div_ceil(2), height: self.height.div_ceil(2) }
    }

    /// Pixels.
    pub const fn area(self) -> usize {
        self.width as usize * self.height as usize
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

impl fmt::Debug for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How wide a pixel is shown beside its height (the sample aspect ratio of ITU-T H.264, E.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelAspect {
    width: u32,
    height: u32,
}

impl PixelAspect {
    /// As wide as high.
    pub const SQUARE: Self = Self { width: 1, height: 1 };

    /// `width` to `height`; square where that is not told (0) or cannot be meant (more than 4 to 1).
    pub const fn new(width: u32, height: u32) -> Self {
        let believed =
            width > 0 && height > 0 && width <= height.saturating_mul(4) && height <= width.saturating_mul(4);
        if believed && width != height { Self { width, height } } else { Self::SQUARE }
    }

    /// That of a picture turned by a quarter.
    pub const fn turned(self) -> Self {
        Self { width: self.height, height: self.width }
    }

    /// Width and height of a picture of `size` to each other, as it is shown.
    pub fn shape_of(self, size: Size) -> (u64, u64) {
        let side = |pixels: u32, aspect: u32| u64::from(pixels.max(1)) * u64::from(aspect);
        (side(size.width, self.width), side(size.height, self.height))
    }
}

/// A size that could not be read, with what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a size: write it like 1280x720")]
pub struct ParseSizeError(String);

impl FromStr for Size {
    type Err = ParseSizeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ParseSizeError(text.to_owned());
        let (width, height) = text.trim().split_once(['x', 'X', '×']).ok_or_else(wrong)?;
        let (Ok(width), Ok(height)) = (width.parse(), height.parse()) else { return Err(wrong()) };
        if width == 0 || height == 0 || width > 16_384 || height > 16_384 {
            return Err(wrong());
        }
        Ok(Self { width, height })
    }
}

/// One I420 picture, BT.709 limited range, rows without padding: `width × height` luma bytes, then
/// the U and the V plane of `Size::chroma` each.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    size: Size,
    data: Vec<u8>,
}

impl Picture {
    /// A black picture.
    pub fn black(size: Size) -> Self {
        let chroma = size.chroma().area();
        let mut data = vec![16; size.area() + 2 * chroma];
        data[size.area()..].fill(128);
        Self { size, data }
    }

    /// Its size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The three planes, one behind the other without padding.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Y, U and V planes.
    pub fn planes(&self) -> [&[u8]; 3] {
        let (y, chroma) = self.data.split_at(self.size.area());
        let (u, v) = chroma.split_at(self.size.chroma().area());
        [y, u, v]
    }

    /// Y, U and V planes, to be written.
    pub fn planes_mut(&mut self) -> [&mut [u8]; 3] {
        let (y, chroma) = self.data.split_at_mut(self.size.area());
        let (u, v) = chroma.split_at_mut(self.size.chroma().area());
        [y, u, v]
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({})", self.size)
    }
}

/// Reuses the buffers of pictures nobody holds any more, so that a steady program allocates nothing.
#[derive(Debug)]
pub struct PicturePool {
    size: Size,
    pictures: Vec<Arc<Picture>>,
}

impl PicturePool {
    /// More pictures than this in flight are allocated and not kept.
    const KEPT_MAX: usize = 12;

    /// A pool of pictures of `size`.
    pub fn new(size: Size) -> Self {
        Self { size, pictures: Vec::new() }
    }

    /// The size of its pictures.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Makes a picture: `draw` gets a free buffer with arbitrary old content and must write all of it.
    pub fn make(&mut self, draw: impl FnOnce(&mut Picture)) -> Arc<Picture> {
        for picture in &mut self.pictures {
            if let Some(free) = Arc::get_mut(picture) {
                draw(free);
                return Arc::clone(picture);
            }
        }
        let mut fresh = Picture::black(self.size);
        draw(&mut fresh);
        let fresh = Arc::new(fresh);
        if self.pictures.len() < Self::KEPT_MAX {
            self.pictures.push(Arc::clone(&fresh));
        }
        fresh
    }
}

/// A picture at its place on the program timeline.
#[derive(Clone, Debug)]
pub struct VideoFrame {
    /// The picture.
    pub picture: Arc<Picture>,
    /// When it is shown.
    pub pts: Timestamp,
    /// When it was captured: what latency is measured from.
    pub captured_at: Timestamp,
}

/// What a decoder and a server must know of an H.264 stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoConfig {
    /// Coded size.
    pub size: Size,
    /// Frames a second.
    pub frame_rate: FrameRate,
    /// Intended rate.
    pub bitrate: Bitrate,
    /// The encoder's own sequence parameter set, one NAL unit without start code.
    pub sps: Bytes,
    /// The encoder's own picture parameter set, one NAL unit without start code.
    pub pps: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_have_whole_chroma_planes() {
        for (w, h) in [(1, 1), (853, 480), (2, 3), (4096, 2160)] {
            let size = Size::new(w, h);
            let mut picture = Picture::black(size);
            let [y, u, v] = picture.planes_mut();
            assert_eq!(y.len(), size.area());
            assert_eq!(u.len(), size.chroma().area());
            assert_eq!(u.len(), v.len());
            assert!(u.len() * 4 >= y.len());
        }
    }

    #[test]
    fn the_pool_reuses_what_is_free_and_never_what_is_held() {
        let mut pool = PicturePool::new(Size::new(4, 4));
        let held = pool.make(|p| p.planes_mut()[0].fill(1));
        let other = pool.make(|p| p.planes_mut()[0].fill(2));
        assert!(!Arc::ptr_eq(&held, &other));
        let place = Arc::as_ptr(&other);
        drop(other);
        let again = pool.make(|p| p.planes_mut()[0].fill(3));
        assert_eq!(Arc::as_ptr(&again), place);
        assert_eq!(held.planes()[0][0], 1);
    }

    #[test]
    fn sizes_read_and_refuse() {
        assert_eq!("1280x720".parse(), Ok(Size::new(1280, 720)));
        for text in ["", "x", "0x0", "1280", "99999x2", "-1x5"] {
            assert!(text.parse::<Size>().is_err(), "{text}");
        }
    }
}
