//! Pictures for a screen that the processor draws.

use yuv::{YuvPlanarImage, YuvRange, YuvStandardMatrix};

use super::ConvertError;
use crate::media::Picture;

/// `picture` (BT.709, limited range) into `bgra`: blue, green, red and an opaque alpha of 8 bits for each pixel,
/// rows without padding. What `bgra` held is gone.
///
/// # Errors
/// A picture of no size.
pub fn to_bgra(picture: &Picture, bgra: &mut Vec<u8>) -> Result<(), ConvertError> {
    let size = picture.size();
    let [y_plane, u_plane, v_plane] = picture.planes();
    let chroma_stride = size.chroma().width;
    let (width, height) = (size.width, size.height);
    let planes = YuvPlanarImage {
        y_plane,
        y_stride: width,
        u_plane,
        u_stride: chroma_stride,
        v_plane,
        v_stride: chroma_stride,
        width,
        height,
    };
    bgra.resize(size.area() * 4, 0);
    yuv::yuv420_to_bgra(&planes, bgra, width * 4, YuvRange::Limited, YuvStandardMatrix::Bt709)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::Size;

    #[test]
    fn grey_stays_grey_and_the_ends_of_the_range_are_black_and_white() {
        for (luma, grey) in [(16, 0_u8), (126, 128), (235, 255)] {
            // Odd sizes have a last chroma sample of their own.
            let mut picture = Picture::black(Size::new(5, 3));
            picture.planes_mut()[0].fill(luma);
            let mut bgra = vec![7; 1000];
            to_bgra(&picture, &mut bgra).unwrap();
            assert_eq!(bgra.len(), 5 * 3 * 4);
            for pixel in bgra.chunks_exact(4) {
                assert!(pixel[..3].iter().all(|value| value.abs_diff(grey) <= 1), "{pixel:?} for {luma}");
                assert_eq!(pixel[3], 255);
            }
        }
    }
}
