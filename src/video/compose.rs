//! The program's canvas: a source's picture scaled to fit, centred on black.

use std::sync::Arc;

use pic_scale::{ImageSize, ImageStore, ImageStoreMut, Resampling, ResamplingFunction, Scaler, ThreadingPolicy};

use crate::media::{Picture, PicturePool, PixelAspect, Size};

/// Fits pictures of any size into one canvas: aspect ratio kept, the rest black.
pub struct Composer {
    canvas: Size,
    scaling: Option<Scaling>,
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
        Self { canvas, scaling: None, last: None }
    }

    /// The size of its pictures.
    pub fn canvas(&self) -> Size {
        self.canvas
    }

    /// The canvas with `source` on it, whose pixels have the shape `aspect`. `pool` must be of the canvas' size. A source
    /// of exactly that size is passed on as it is, and the same source again gives the same picture again: neither costs
    /// anything.
    pub fn compose(&mut self, source: &Arc<Picture>, aspect: PixelAspect, pool: &mut PicturePool) -> Arc<Picture> {
        if source.size() == self.canvas && aspect == PixelAspect::SQUARE {
            self.last = None;
            return Arc::clone(source);
        }
        if let Some(last) = &self.last
            && Arc::ptr_eq(&last.source, source)
        {
            return Arc::clone(&last.result);
        }
        self.last = None;
        if self.scaling.as_ref().is_none_or(|scaling| (scaling.from, scaling.aspect) != (source.size(), aspect)) {
            self.scaling = Some(Scaling::new(source.size(), aspect, self.canvas));
        }
        let scaling = &mut self.scaling;
        let result = pool.make(|canvas| {
            if let Some(scaling) = scaling {
                scaling.draw(source, canvas);
            }
        });
        self.last = Some(Composed { source: Arc::clone(source), result: Arc::clone(&result) });
        result
    }
}

/// The largest place on `canvas` with the shape of a picture of size `source` and pixels of shape `aspect`. Its corner is
/// even and so is its size where it does not reach the canvas' edge, so that no chroma sample lies half on black.
fn fit(source: Size, aspect: PixelAspect, canvas: Size) -> Place {
    let (sw, sh) = aspect.shape_of(source);
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

/// What scaling pictures of one size needs, made once.
struct Scaling {
    from: Size,
    aspect: PixelAspect,
    place: Place,
    luma: Option<Plan>,
    chroma: Option<Plan>,
}

impl Scaling {
    fn new(from: Size, aspect: PixelAspect, canvas: Size) -> Self {
        let place = fit(from, aspect, canvas);
        let to = place.size;
        Self { from, aspect, place, luma: Plan::new(from, to), chroma: Plan::new(from.chroma(), to.chroma()) }
    }

    fn draw(&mut self, source: &Picture, canvas: &mut Picture) {
        let size = canvas.size();
        for (plane, (from, to)) in source.planes().into_iter().zip(canvas.planes_mut()).enumerate() {
            // The corner is even, so its half is exact.
            let (width, place, plan, black) = if plane == 0 {
                (size.width, self.place, &mut self.luma, 16)
            } else {
                let Place { x, y, size: part } = self.place;
                let place = Place { x: x / 2, y: y / 2, size: part.chroma() };
                (size.chroma().width, place, &mut self.chroma, 128)
            };
            let [x, y, w, h] = [place.x, place.y, place.size.width, place.size.height].map(|n| n as usize);
            let stride = width as usize;
            surround(to, stride, [x, y, w, h], black);
            match plan {
                None => copy_into(from, to, stride, [x, y, w]),
                // Whole rows are scaled where they belong.
                Some(plan) if w == stride => plan.scale(from, &mut to[y * stride..(y + h) * stride]),
                Some(plan) => {
                    let mut part = std::mem::take(&mut plan.part);
                    part.resize(w * h, 0);
                    plan.scale(from, &mut part);
                    copy_into(&part, to, stride, [x, y, w]);
                    plan.part = part;
                }
            }
        }
    }
}

/// Scales planes from one size to another.
struct Plan {
    from: Size,
    to: Size,
    plan: Arc<Resampling<u8, 1>>,
    scratch: Vec<u8>,
    /// A scaled plane on its way to the middle of the canvas.
    part: Vec<u8>,
}

impl Plan {
    /// `None` where both sizes are the same.
    fn new(from: Size, to: Size) -> Option<Self> {
        if from == to {
            return None;
        }
        // Lanczos keeps most detail when much of it must go; its ringing shows when pictures grow.
        let shrinks = to.area() < from.area();
        let filter = if shrinks { ResamplingFunction::Lanczos3 } else { ResamplingFunction::CatmullRom };
        let mut scaler = Scaler::new(filter);
        scaler = scaler.set_threading_policy(ThreadingPolicy::Single);
        let [source, target] = [from, to].map(|size| ImageSize::new(size.width as usize, size.height as usize));
        let plan = scaler.plan_planar_resampling(source, target).ok()?;
        let scratch = plan.alloc_scratch();
        Some(Self { from, to, plan, scratch, part: Vec::new() })
    }

    fn scale(&mut self, from: &[u8], to: &mut [u8]) {
        let source = ImageStore::<u8, 1>::from_slice(from, self.from.width as usize, self.from.height as usize);
        let target = ImageStoreMut::<u8, 1>::from_slice(to, self.to.width as usize, self.to.height as usize);
        if let (Ok(source), Ok(mut target)) = (source, target) {
            let done = self.plan.resample_with_scratch(&source, &mut target, &mut self.scratch);
            debug_assert!(done.is_ok(), "{} to {}: {done:?}", self.from, self.to);
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(size: Size, colour: [u8; 3]) -> Arc<Picture> {
        let mut picture = Picture::black(size);
        for (plane, value) in picture.planes_mut().into_iter().zip(colour) {
            plane.fill(value);
        }
        Arc::new(picture)
    }

    fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
        let (width, chroma) = (picture.size().width as usize, picture.size().chroma().width as usize);
        let [luma, u, v] = picture.planes();
        let (x, y) = (x as usize, y as usize);
        let c = y / 2 * chroma + x / 2;
        [luma[y * width + x], u[c], v[c]]
    }

    const ORANGE: [u8; 3] = [140, 60, 190];
    const BLACK: [u8; 3] = [16, 128, 128];

    #[test]
    fn places_keep_the_aspect_ratio_and_even_corners() {
        let canvas = Size::new(1280, 720);
        let place = |w, h| fit(Size::new(w, h), PixelAspect::SQUARE, canvas);
        assert_eq!(place(640, 480), Place { x: 160, y: 0, size: Size::new(960, 720) });
        assert_eq!(place(1920, 1080), Place { x: 0, y: 0, size: canvas });
        assert_eq!(place(854, 480).size, canvas);
        assert_eq!(place(1280, 544), Place { x: 0, y: 88, size: Size::new(1280, 544) });
        assert_eq!(place(1, 4000), Place { x: 638, y: 0, size: Size::new(2, 720) });
        assert_eq!(place(4000, 1), Place { x: 0, y: 358, size: Size::new(1280, 2) });
        for w in 1..200 {
            for h in [1, 2, 77, 480, 2160] {
                let Place { x, y, size } = place(w, h);
                assert!(x % 2 == 0 && y % 2 == 0 && x + size.width <= 1280 && y + size.height <= 720, "{w} {h}");
                assert!(size.width == 1280 || size.height == 720);
            }
        }
    }

    #[test]
    fn pixels_that_are_not_square_are_shown_in_their_shape() {
        let canvas = Size::new(1280, 720);
        let place = |w, h, aspect: (u32, u32)| fit(Size::new(w, h), PixelAspect::new(aspect.0, aspect.1), canvas);
        assert_eq!(place(1440, 1080, (4, 3)), Place { x: 0, y: 0, size: canvas });
        assert_eq!(place(720, 480, (8, 9)).size, Size::new(960, 720));
        assert_eq!(place(720, 576, (64, 45)).size, canvas);
        // What nobody can mean is taken for square.
        assert_eq!(place(640, 480, (0, 1)), place(640, 480, (1, 1)));
        assert_eq!(place(640, 480, (5, 1)), place(640, 480, (1, 1)));
        // A canvas of the right size is no reason to leave it as it is, and the shape may change alone.
        let (mut composer, mut pool) = (Composer::new(canvas), PicturePool::new(canvas));
        let source = flat(canvas, ORANGE);
        let tall = composer.compose(&source, PixelAspect::new(1, 2), &mut pool);
        assert_eq!([pixel(&tall, 300, 360), pixel(&tall, 640, 360)], [BLACK, ORANGE]);
        let flat = composer.compose(&flat(canvas, ORANGE), PixelAspect::new(2, 1), &mut pool);
        assert_eq!([pixel(&flat, 300, 360), pixel(&flat, 640, 100)], [ORANGE, BLACK]);
    }

    #[test]
    fn the_right_size_costs_nothing_and_the_same_source_gives_the_same_picture() {
        let canvas = Size::new(64, 36);
        let (mut composer, mut pool) = (Composer::new(canvas), PicturePool::new(canvas));
        let right = flat(canvas, ORANGE);
        assert!(Arc::ptr_eq(&composer.compose(&right, PixelAspect::SQUARE, &mut pool), &right));
        let other = flat(Size::new(32, 32), ORANGE);
        let first = composer.compose(&other, PixelAspect::SQUARE, &mut pool);
        assert!(Arc::ptr_eq(&composer.compose(&other, PixelAspect::SQUARE, &mut pool), &first));
        let same_look = flat(Size::new(32, 32), ORANGE);
        let second = composer.compose(&same_look, PixelAspect::SQUARE, &mut pool);
        assert!(!Arc::ptr_eq(&second, &first) && *second == *first);
    }

    #[test]
    fn every_size_fills_its_place_and_leaves_the_rest_black() {
        let canvas = Size::new(128, 72);
        for (w, h) in [(1, 1), (2, 2), (3, 5), (853, 480), (127, 71), (129, 73), (640, 480), (4096, 2160), (72, 128)] {
            let (mut composer, mut pool) = (Composer::new(canvas), PicturePool::new(canvas));
            // What an old picture left must be gone.
            drop(pool.make(|old| old.planes_mut().into_iter().for_each(|plane| plane.fill(77))));
            let source = flat(Size::new(w, h), ORANGE);
            let picture = composer.compose(&source, PixelAspect::SQUARE, &mut pool);
            let Place { x, y, size } = fit(source.size(), PixelAspect::SQUARE, canvas);
            for py in 0..canvas.height {
                for px in 0..canvas.width {
                    let inside = (x..x + size.width).contains(&px) && (y..y + size.height).contains(&py);
                    let wanted = if inside { ORANGE } else { BLACK };
                    let got = pixel(&picture, px, py);
                    let near = got.iter().zip(wanted).all(|(&got, wanted)| got.abs_diff(wanted) <= 1);
                    assert!(near, "{w}x{h} at {px},{py}: {got:?}");
                }
            }
        }
    }

    #[test]
    fn scaling_moves_nothing() {
        // A picture that is dark on the left and bright on the right changes in the middle, at every size.
        for (from, canvas) in [((200, 100), (100, 50)), ((100, 50), (200, 100)), ((90, 60), (60, 40))] {
            let size = Size::new(from.0, from.1);
            let mut picture = Picture::black(size);
            for row in picture.planes_mut()[0].chunks_exact_mut(from.0 as usize) {
                row[from.0 as usize / 2..].fill(235);
            }
            let canvas = Size::new(canvas.0, canvas.1);
            let (mut composer, mut pool) = (Composer::new(canvas), PicturePool::new(canvas));
            let scaled = composer.compose(&Arc::new(picture), PixelAspect::SQUARE, &mut pool);
            let middle = canvas.width / 2;
            let row: Vec<u8> = (0..canvas.width).map(|x| pixel(&scaled, x, canvas.height / 2)[0]).collect();
            let (dark, bright) = row.split_at(middle as usize);
            assert!(dark[..dark.len() - 3].iter().all(|&y| y < 40), "{row:?}");
            assert!(bright[3..].iter().all(|&y| y > 210), "{row:?}");
            let edge = i32::from(dark[dark.len() - 1]) + i32::from(bright[0]);
            assert!((edge - 251).abs() <= 6, "the edge is not in the middle: {row:?}");
        }
    }
}
