//! Reads the machine-readable parts of the test picture back, after coding and scaling.

use super::layout::{BLOCK_COLUMNS, BLOCK_ROWS, Rect, block, checksum, flash};
use crate::media::Picture;

/// The wall time in the block pattern, in milliseconds of Unix time modulo 2^28; `None` if a block is neither
/// black nor white or the checksum is wrong, as in nearly every picture that is no test picture.
pub fn read_block_time(picture: &Picture) -> Option<u32> {
    let mut word = 0u32;
    for index in 0..BLOCK_COLUMNS * BLOCK_ROWS {
        let mean = mean_luma(picture, block(picture.size(), index))?;
        let bit = match mean {
            0..=95 => 0,
            155..=255 => 1,
            _ => return None,
        };
        word = word << 1 | bit;
    }
    let time = word >> 4;
    (checksum(time) == word & 15).then_some(time)
}

/// Whether the flash patch is white; `None` where it is neither white nor black.
pub fn flash_is_on(picture: &Picture) -> Option<bool> {
    match mean_luma(picture, flash(picture.size()))? {
        0..=80 => Some(false),
        150..=255 => Some(true),
        _ => None,
    }
}

fn mean_luma(picture: &Picture, rect: Rect) -> Option<u32> {
    let core = rect.core()?;
    let width = picture.size().width as usize;
    let [luma, ..] = picture.planes();
    let (mut sum, mut count) = (0u32, 0u32);
    for row in luma.chunks_exact(width).take(core.bottom).skip(core.top) {
        let row = row.get(core.left..core.right)?;
        sum += row.iter().map(|&y| u32::from(y)).sum::<u32>();
        count += u32::try_from(row.len()).ok()?;
    }
    sum.checked_div(count)
}
