//! Draws the test picture: colour bars, a ramp, a sweeping box, a turning wheel, a frame counter, the wall clock, a
//! flash each second and the wall time as blocks for machines.

use std::f64::consts::TAU;

use super::font::{GLYPH_HEIGHT, GLYPH_WIDTH, glyph};
use super::layout::{
    BARS_TOP, BLOCK_COLUMNS, BLOCK_ROWS, BLOCK_TIME_MASK, RAMP_TOP, Rect, TEXT_TOP, TRACK_TOP, block, checksum, column,
    flash, row,
};
use crate::media::{FrameRate, Picture, Size, Timestamp};

const BLACK: u8 = 16;
const WHITE: u8 = 235;
const NEUTRAL: u8 = 128;
const DARK: u8 = 28;

/// 75 % bars in BT.709 limited range (SMPTE RP 219): grey, yellow, cyan, green, magenta, red, blue.
const BARS: [[u8; 3]; 7] =
    [[180, 128, 128], [168, 44, 136], [145, 147, 44], [133, 63, 52], [63, 193, 204], [51, 109, 212], [28, 212, 120]];

/// How long the wheel needs for a turn and the box for its track.
const TURN_SECONDS: f64 = 2.0;
/// The flash is on this long, from each full second on.
const FLASH_NANOS: i64 = 100_000_000;
const SECOND_NANOS: i64 = 1_000_000_000;

/// Draws test pictures of one size. What stands still is drawn once.
#[derive(Clone, Debug)]
pub struct TestPattern {
    frame_rate: FrameRate,
    background: Picture,
    wheel: Option<Wheel>,
}

/// The disc in the middle of the bars.
#[derive(Clone, Copy, Debug)]
struct Wheel {
    x: f64,
    y: f64,
    radius: f64,
}

impl TestPattern {
    /// Test pictures of `size`; what fits is shown from 16 × 16 on.
    pub fn new(size: Size, frame_rate: FrameRate) -> Self {
        let radius = (f64::from(size.height) * 3.6 / 18.0).min(f64::from(size.width) / 5.0).floor();
        let middle = f64::from(size.height) * f64::from(BARS_TOP + RAMP_TOP) / 36.0;
        let wheel =
            (radius >= 3.0).then_some(Wheel { x: (f64::from(size.width) / 2.0).floor(), y: middle.floor(), radius });
        let mut background = Picture::black(size);
        draw_background(&mut background, wheel, frame_rate);
        Self { frame_rate, background, wheel }
    }

    /// The size of its pictures.
    pub fn size(&self) -> Size {
        self.background.size()
    }

    /// Draws the picture of frame `frame_index`, shown at `time` on the program timeline; `unix_millis` is the wall
    /// time to be shown, in milliseconds since 1970 UTC. `picture` may hold anything; one of another size is left as
    /// it is.
    pub fn draw(&mut self, picture: &mut Picture, frame_index: i64, time: Timestamp, unix_millis: u64) {
        if picture.size() != self.size() {
            return;
        }
        for (to, from) in picture.planes_mut().into_iter().zip(self.background.planes()) {
            to.copy_from_slice(from);
        }
        let size = picture.size();
        let [luma, ..] = picture.planes_mut();
        let mut luma = Luma { plane: luma, stride: size.width as usize };
        draw_blocks(&mut luma, size, unix_millis);
        draw_box(&mut luma, size, frame_index, self.frame_rate);
        if let Some(wheel) = self.wheel {
            draw_hands(&mut luma, wheel, time);
        }
        let frame = frame_index.rem_euclid(10_000_000);
        draw_line(&mut luma, size, 0, &format!("FRAME {frame:07}"));
        draw_line(&mut luma, size, 1, &clock_text(unix_millis));
        if time.as_nanos().rem_euclid(SECOND_NANOS) < FLASH_NANOS {
            luma.fill(flash(size), WHITE);
        }
    }
}

/// `HH:MM:SS.mmm` UTC.
fn clock_text(unix_millis: u64) -> String {
    let (seconds, millis) = (unix_millis / 1000 % 86_400, unix_millis % 1000);
    format!("{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The luma plane, drawn on by rows.
struct Luma<'a> {
    plane: &'a mut [u8],
    stride: usize,
}

impl Luma<'_> {
    /// Fills from `left` to before `right` in row `y`, as far as it lies in the picture.
    fn span(&mut self, y: usize, left: usize, right: usize, value: u8) {
        let right = right.min(self.stride);
        let start = y * self.stride;
        if left < right
            && let Some(pixels) = self.plane.get_mut(start + left..start + right)
        {
            pixels.fill(value);
        }
    }

    fn fill(&mut self, rect: Rect, value: u8) {
        for y in rect.top..rect.bottom {
            self.span(y, rect.left, rect.right, value);
        }
    }

    /// Copies the pixels from `left` to before `right` of row `y` into the rows below it, up to before `bottom`.
    fn repeat_row(&mut self, y: usize, left: usize, right: usize, bottom: usize) {
        let from = y * self.stride + left..y * self.stride + right;
        for below in y + 1..bottom {
            let to = below * self.stride + left;
            if from.end <= self.plane.len() && to + from.len() <= self.plane.len() {
                self.plane.copy_within(from.clone(), to);
            }
        }
    }
}

fn draw_blocks(luma: &mut Luma<'_>, size: Size, unix_millis: u64) {
    let time = (unix_millis & u64::from(BLOCK_TIME_MASK)) as u32;
    let word = time << 4 | checksum(time);
    for index in 0..BLOCK_COLUMNS * BLOCK_ROWS {
        let is_set = word >> (31 - index) & 1 == 1;
        luma.fill(block(size, index), if is_set { WHITE } else { BLACK });
    }
}

/// A white box that crosses its track in `TURN_SECONDS`.
fn draw_box(luma: &mut Luma<'_>, size: Size, frame_index: i64, frame_rate: FrameRate) {
    let (width, box_width) = (size.width as usize, (size.width as usize / 16).max(2));
    let period = i64::from(frame_rate.frames_in(TURN_SECONDS));
    let step = usize::try_from(frame_index.rem_euclid(period)).unwrap_or(0);
    let left = (width - box_width.min(width)) * step / usize::try_from(period).unwrap_or(1).max(1);
    let rect = Rect { left, top: row(size, TRACK_TOP), right: left + box_width, bottom: row(size, TEXT_TOP) };
    luma.fill(rect, WHITE);
}

/// Two crossed bars that turn with the program's time.
fn draw_hands(luma: &mut Luma<'_>, wheel: Wheel, time: Timestamp) {
    let turn_nanos = (TURN_SECONDS * SECOND_NANOS as f64) as i64;
    let angle = time.as_nanos().rem_euclid(turn_nanos) as f64 / turn_nanos as f64 * TAU;
    let (length, half) = (wheel.radius * 0.92, (wheel.radius / 10.0).max(0.8));
    for (angle, value) in [(angle + TAU / 4.0, 120), (angle, WHITE)] {
        let (along_y, along_x) = angle.sin_cos();
        let corner = |along: f64, across: f64| {
            (wheel.x + along_x * along - along_y * across, wheel.y + along_y * along + along_x * across)
        };
        // The hand reaches further on one side, so that half a turn looks different.
        let back = -length * 0.45;
        draw_convex(
            luma,
            &[corner(length, -half), corner(length, half), corner(back, half), corner(back, -half)],
            value,
        );
    }
}

/// Fills a convex polygon, row by row between its outermost edges.
fn draw_convex(luma: &mut Luma<'_>, corners: &[(f64, f64)], value: u8) {
    let top = corners.iter().map(|c| c.1).fold(f64::INFINITY, f64::min).max(0.0).floor();
    let bottom = corners.iter().map(|c| c.1).fold(0.0, f64::max).ceil();
    for y in top as usize..bottom as usize {
        let centre = y as f64 + 0.5;
        let (mut left, mut right) = (f64::INFINITY, f64::NEG_INFINITY);
        for (index, &(x0, y0)) in corners.iter().enumerate() {
            let (x1, y1) = corners[(index + 1) % corners.len()];
            if (y0 <= centre) != (y1 <= centre) {
                let x = x0 + (x1 - x0) * (centre - y0) / (y1 - y0);
                (left, right) = (left.min(x), right.max(x));
            }
        }
        if left < right {
            luma.span(y, left.max(0.0).round() as usize, right.max(0.0).round() as usize, value);
        }
    }
}

/// Writes one of the two lines of the text field.
fn draw_line(luma: &mut Luma<'_>, size: Size, line: usize, text: &str) {
    let (top, bottom) = (row(size, TEXT_TOP), size.height as usize);
    let line_height = (bottom - top) / 2;
    let room = column(size, 14);
    let columns = text.len() * (GLYPH_WIDTH + 1);
    let scale = (line_height / (GLYPH_HEIGHT + 2)).min(room / (columns + 2));
    if scale == 0 {
        return;
    }
    let top = top + line * line_height + (line_height - GLYPH_HEIGHT * scale) / 2;
    draw_text(luma, text, scale, (room - columns * scale) / 2, top);
}

fn draw_text(luma: &mut Luma<'_>, text: &str, scale: usize, left: usize, top: usize) {
    let right = left + text.len() * (GLYPH_WIDTH + 1) * scale;
    for glyph_row in 0..GLYPH_HEIGHT {
        let y = top + glyph_row * scale;
        for (index, character) in text.chars().enumerate() {
            let bits = glyph(character)[glyph_row];
            for bit in 0..GLYPH_WIDTH {
                if bits >> (GLYPH_WIDTH - 1 - bit) & 1 == 1 {
                    let x = left + (index * (GLYPH_WIDTH + 1) + bit) * scale;
                    luma.span(y, x, x + scale, WHITE);
                }
            }
        }
        luma.repeat_row(y, left, right, y + scale);
    }
}

fn draw_background(picture: &mut Picture, wheel: Option<Wheel>, frame_rate: FrameRate) {
    let size = picture.size();
    let (bars_top, ramp_top) = (row(size, BARS_TOP), row(size, RAMP_TOP));
    let (track_top, text_top) = (row(size, TRACK_TOP), row(size, TEXT_TOP));
    for (plane, pixels) in picture.planes_mut().into_iter().enumerate() {
        let shift = usize::from(plane != 0);
        let stride = if plane == 0 { size.width as usize } else { size.chroma().width as usize };
        // Odd edges round up, so that a chroma sample on the border is not the bars'.
        let (bars_top, bars_bottom) = ((bars_top + shift) >> shift, ramp_top >> shift);
        for (y, pixels) in pixels.chunks_exact_mut(stride).enumerate() {
            let (upper, in_bars) = (y << shift, (bars_top..bars_bottom).contains(&y));
            for (x, pixel) in pixels.iter_mut().enumerate() {
                if in_bars {
                    *pixel = BARS[(x * 7 / stride).min(6)][plane];
                } else if plane != 0 {
                    *pixel = NEUTRAL;
                } else if (ramp_top..track_top).contains(&upper) {
                    *pixel = BLACK + (x * usize::from(WHITE - BLACK) / (stride - 1).max(1)) as u8;
                } else if (track_top..text_top).contains(&upper) {
                    *pixel = DARK;
                } else {
                    *pixel = BLACK;
                }
            }
            if let Some(wheel) = wheel {
                draw_disc_row(pixels, plane, y, wheel);
            }
        }
    }
    let [luma, ..] = picture.planes_mut();
    let mut luma = Luma { plane: luma, stride: size.width as usize };
    if let Some(wheel) = wheel {
        draw_ticks(&mut luma, wheel);
    }
    let text = format!("TALLY TEST {}X{} {frame_rate} FPS", size.width, size.height);
    let scale = ((text_top - track_top) / (GLYPH_HEIGHT + 4)).min(size.width as usize / (text.len() * 6 + 2));
    if scale > 0 {
        let left = (size.width as usize - text.len() * 6 * scale) / 2;
        draw_text(&mut luma, &text, scale, left, track_top + (text_top - track_top - GLYPH_HEIGHT * scale) / 2);
    }
}

fn draw_disc_row(pixels: &mut [u8], plane: usize, y: usize, wheel: Wheel) {
    let scale = if plane == 0 { 1.0 } else { 2.0 };
    let distance = ((y as f64 + 0.5) * scale - wheel.y).abs();
    if distance < wheel.radius {
        let half = (wheel.radius * wheel.radius - distance * distance).sqrt();
        let (left, right) = (((wheel.x - half) / scale).round() as usize, ((wheel.x + half) / scale).round() as usize);
        let right = right.min(pixels.len());
        if left < right {
            pixels[left..right].fill(if plane == 0 { DARK } else { NEUTRAL });
        }
    }
}

/// Twelve marks on the disc's rim.
fn draw_ticks(luma: &mut Luma<'_>, wheel: Wheel) {
    if wheel.radius < 12.0 {
        return;
    }
    let half = (wheel.radius / 40.0).max(0.5);
    for tick in 0..12 {
        let (along_y, along_x) = (f64::from(tick) / 12.0 * TAU).sin_cos();
        let corner = |along: f64, across: f64| {
            (wheel.x + along_x * along - along_y * across, wheel.y + along_y * along + along_x * across)
        };
        let (near, far) = (wheel.radius * 0.86, wheel.radius * 0.97);
        draw_convex(luma, &[corner(far, -half), corner(far, half), corner(near, half), corner(near, -half)], 180);
    }
}
