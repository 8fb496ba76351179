//! Where everything lies in the test picture, in fractions of its size, so that it survives scaling.

use crate::media::Size;

/// Blocks in a row of the block pattern.
pub(super) const BLOCK_COLUMNS: u32 = 16;
/// Rows of the block pattern; together they are a ninth of the height.
pub(super) const BLOCK_ROWS: u32 = 2;
/// The bits of the wall clock in the block pattern, milliseconds modulo 2^28; a checksum of 4 bits follows.
pub(super) const BLOCK_TIME_MASK: u32 = 0x0fff_ffff;

/// Eighteenths of the height: where the parts of the picture start, from the top.
pub(super) const BARS_TOP: u32 = 2;
pub(super) const RAMP_TOP: u32 = 12;
pub(super) const TRACK_TOP: u32 = 13;
pub(super) const TEXT_TOP: u32 = 14;

/// A rectangle in pixels; `right` and `bottom` lie outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rect {
    pub(super) left: usize,
    pub(super) top: usize,
    pub(super) right: usize,
    pub(super) bottom: usize,
}

impl Rect {
    /// The middle half of each side, which scaling and coding leave alone; `None` if nothing is left.
    pub(super) fn core(self) -> Option<Self> {
        let (quarter_w, quarter_h) = ((self.right - self.left) / 4, (self.bottom - self.top) / 4);
        let core = Self {
            left: self.left + quarter_w,
            top: self.top + quarter_h,
            right: self.right - quarter_w,
            bottom: self.bottom - quarter_h,
        };
        (core.left < core.right && core.top < core.bottom).then_some(core)
    }
}

/// The row where eighteenth `n` starts.
pub(super) fn row(size: Size, n: u32) -> usize {
    size.height as usize * n as usize / 18
}

/// The column where sixteenth `n` starts.
pub(super) fn column(size: Size, n: u32) -> usize {
    size.width as usize * n as usize / 16
}

/// Block `index` of the block pattern, counted from the top left.
pub(super) fn block(size: Size, index: u32) -> Rect {
    let (across, down) = (index % BLOCK_COLUMNS, index / BLOCK_COLUMNS);
    Rect {
        left: column(size, across),
        top: row(size, down),
        right: column(size, across + 1),
        bottom: row(size, down + 1),
    }
}

/// The patch that turns white for a tenth of a second each second.
pub(super) fn flash(size: Size) -> Rect {
    Rect { left: column(size, 14), top: row(size, TEXT_TOP), right: size.width as usize, bottom: size.height as usize }
}

/// The checksum of a time: the sum of its seven nibbles, 4 bits of it.
pub(super) fn checksum(time: u32) -> u32 {
    (0..7).map(|nibble| time >> (4 * nibble) & 15).sum::<u32>() & 15
}
