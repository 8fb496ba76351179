//! What a picture is like, from a few of its rows: whether it is the same as another, and how dark it is.

use crate::media::Picture;

/// Rows that are looked at, spread over the height: each bit of noise in them makes another picture.
const ROWS: usize = 16;

/// A dark picture has a mean luma of at most this, in the limited range whose black is 16.
const DARK_MEAN: u32 = 26;
/// And this is its brightest pixel: the noise of a covered lens, and no lamp anywhere.
const DARK_MAX: u8 = 52;

/// A picture in a few numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PictureSample {
    /// The same for pictures that are the same, bit by bit.
    pub hash: u64,
    /// The mean luma of its rows.
    pub mean: u32,
    /// The brightest luma of its rows.
    pub max: u8,
}

impl PictureSample {
    /// Looks at 16 rows of `picture`: some microseconds.
    pub fn of(picture: &Picture) -> Self {
        let size = picture.size();
        let (width, height) = (size.width as usize, size.height as usize);
        let [luma, ..] = picture.planes();
        let (mut hash, mut sum, mut max, mut count) = (0xcbf2_9ce4_8422_2325u64, 0u64, 0u8, 0u64);
        for index in 0..ROWS.min(height) {
            let row = (2 * index + 1) * height / (2 * ROWS.min(height));
            let Some(row) = luma.get(row * width..(row + 1) * width) else { continue };
            for part in row.chunks(8) {
                let mut word = [0; 8];
                word[..part.len()].copy_from_slice(part);
                hash = (hash.rotate_left(5) ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3_0001);
            }
            sum += row.iter().map(|&luma| u64::from(luma)).sum::<u64>();
            max = row.iter().fold(max, |max, &luma| max.max(luma));
            count += row.len() as u64;
        }
        let mean = u32::try_from(sum / count.max(1)).unwrap_or(u32::MAX);
        Self { hash, mean, max }
    }

    /// Whether there is nothing to be seen on it.
    pub fn is_dark(&self) -> bool {
        self.mean <= DARK_MEAN && self.max <= DARK_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Size;

    #[test]
    fn one_bit_of_noise_makes_another_picture_and_a_copy_does_not() {
        let mut picture = Picture::black(Size::new(322, 180));
        let black = PictureSample::of(&picture);
        assert_eq!((black.mean, black.max, black.is_dark()), (16, 16, true));
        assert_eq!(black, PictureSample::of(&picture.clone()));
        // A row that is looked at: the middle of the first sixteenth.
        picture.planes_mut()[0][5 * 322 + 321] ^= 1;
        assert_ne!(black.hash, PictureSample::of(&picture).hash);
    }

    #[test]
    fn a_lamp_in_the_dark_is_no_black_picture_and_noise_is_one() {
        let mut picture = Picture::black(Size::new(320, 180));
        for (index, luma) in picture.planes_mut()[0].iter_mut().enumerate() {
            *luma = 16 + (index * 7919 % 23) as u8;
        }
        assert!(PictureSample::of(&picture).is_dark());
        let [luma, ..] = picture.planes_mut();
        for row in luma.chunks_exact_mut(320).skip(80).take(20) {
            row[150..170].fill(200);
        }
        assert!(!PictureSample::of(&picture).is_dark());
    }
}
