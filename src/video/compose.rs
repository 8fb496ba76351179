//! The program's canvas: a source's picture scaled to fit, centred on black.

use std::sync::Arc;

use fast_image_resize::images::{TypedCroppedImageMut, TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use crate::media::{Picture, PicturePool, Size};

/// Fits pictures of any size into one canvas: aspect ratio kept, the rest black.
pub struct Composer {
    canvas: Size,
    resizer: Resizer,
    last: Option<Composed>,
}

struct Composed {
    source: Arc<Picture>,
    result: Arc<Picture>,
}

impl std::fmt::Debug for Composer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Composer({})", self.canvas)
    }
}

/// Where a source lies on the canvas, in canvas pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    x: u32,
    y: u32,
    size: Size,
}

impl Composer {
    /// A composer of pictures of size `canvas`.
    pub fn new(canvas: Size) -> Self {
        Self { canvas, resizer: Resizer::new(), last: None }
    }

    /// The size of its pictures.
    pub fn canvas(&self) -> Size {
        self.canvas
    }

    /// The canvas with `source` on it. `pool` must be of the canvas' size. A source of exactly that size is
    /// passed on as it is, and the same source again gives the same picture again: neither costs anything.
    pub fn compose(&mut self, source: &Arc<Picture>, pool: &mut PicturePool) -> Arc<Picture> {
        if source.size() == self.canvas {
            self.last = None;
            return Arc::clone(source);
        }
        if let Some(last) = &self.last
            && Arc::ptr_eq(&last.source, source)
        {
            return Arc::clone(&last.result);
        }
        self.last = None;
        let place = fit(source.size(), self.canvas);
        let resizer = &mut self.resizer;
        let result = pool.make(|canvas| draw(resizer, source, place, canvas));
        self.last = Some(Composed { source: Arc::clone(source), result: Arc::clone(&result) });
        result
    }
}

/// The largest place on `canvas` with the aspect ratio of `source`. Its corner is even and so is its size where it
/// does not reach the canvas' edge, so that no chroma sample lies half on black.
fn fit(source: Size, canvas: Size) -> Place {
    let (sw, sh) = (u64::from(source.width.max(1)), u64::from(source.height.max(1)));
    let (cw, ch) = (u64::from(canvas.width), u64::from(canvas.height));
    let (width, height) = if sw * ch >= sh * cw { (cw, side(sh * cw, sw, ch)) } else { (side(sw * ch, sh, cw), ch) };
    let size = Size::new(u32::try_from(width).unwrap_or(canvas.width), u32::try_from(height).unwrap_or(canvas.height));
    Place { x: (canvas.width - size.width) / 4 * 2, y: (canvas.height - size.height) / 4 * 2, size }
}

/// `numerator / denominator` to the nearest even number, at least 2; `limit` where that is less than 2 away.
fn side(numerator: u64, denominator: u64, limit: u64) -> u64 {
    let even = ((numerator + denominator) / (2 * denominator) * 2).max(2);
    if even + 2 > limit { limit } else { even }
}

fn draw(resizer: &mut Resizer, source: &Picture, place: Place, canvas: &mut Picture) {
    let (from_size, to_size) = (source.size(), canvas.size());
    let shrinks = place.size.width < from_size.width;
    // Lanczos keeps most detail when much of it must go; its ringing shows when pictures grow.
    let filter = if shrinks { FilterType::Lanczos3 } else { FilterType::CatmullRom };
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(filter));
    for (plane, (from, to)) in source.planes().into_iter().zip(canvas.planes_mut()).enumerate() {
        let is_luma = plane == 0;
        let half = |n: u32| if is_luma { n } else { n.div_ceil(2) };
        let (from_w, from_h) = (half(from_size.width), half(from_size.height));
        let (to_w, to_h) = (half(to_size.width), half(to_size.height));
        // The corner is even, so its half is exact.
        let (x, y) = if is_luma { (place.x, place.y) } else { (place.x / 2, place.y / 2) };
        let (w, h) = (half(place.size.width).min(to_w - x), half(place.size.height).min(to_h - y));
        surround(to, to_w as usize, [x as usize, y as usize, w as usize, h as usize], if is_luma { 16 } else { 128 });
        if (from_w, from_h) == (w, h) && (is_luma || from_size == place.size) {
            copy_into(from, to, to_w as usize, [x as usize, y as usize, w as usize]);
            continue;
        }
        // A chroma plane of an odd size covers half a pixel more than the picture: leave that out.
        let (cover_w, cover_h) = if is_luma {
            (f64::from(from_w), f64::from(from_h))
        } else {
            (f64::from(from_size.width) / 2.0, f64::from(from_size.height) / 2.0)
        };
        let options = options.crop(0.0, 0.0, cover_w, cover_h);
        let scaled = scale(resizer, (from, from_w, from_h), (to, to_w, to_h), [x, y, w, h], &options);
        debug_assert!(scaled.is_some(), "{from_size} at {place:?}");
    }
}

fn scale(
    resizer: &mut Resizer,
    (from, from_w, from_h): (&[u8], u32, u32),
    (to, to_w, to_h): (&mut [u8], u32, u32),
    [x, y, w, h]: [u32; 4],
    options: &ResizeOptions,
) -> Option<()> {
    let from = TypedImageRef::<U8>::from_buffer(from_w, from_h, from).ok()?;
    let to = TypedImage::<U8>::from_buffer(to_w, to_h, to).ok()?;
    let mut to = TypedCroppedImageMut::new(to, x, y, w, h).ok()?;
    resizer.resize_typed(&from, &mut to, options).ok()
}

/// Fills the plane with `value` all around the place.
fn surround(plane: &mut [u8], stride: usize, [x, y, w, h]: [usize; 4], value: u8) {
    for (index, row) in plane.chunks_exact_mut(stride).enumerate() {
        if index < y || index >= y + h {
            row.fill(value);
        } else {
            row[..x].fill(value);
            row[x + w..].fill(value);
        }
    }
}

fn copy_into(from: &[u8], to: &mut [u8], stride: usize, [x, y, w]: [usize; 3]) {
    for (to, from) in to.chunks_exact_mut(stride).skip(y).zip(from.chunks_exact(w)) {
        to[x..x + w].copy_from_slice(from);
    }
}
