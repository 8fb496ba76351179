//! How a clip's picture is to be turned: phones film as they are held, and write down which way is up.

use std::sync::Arc;

use image::{ImageBuffer, Luma, imageops};
use re_mp4::TkhdBox;

use crate::media::{Picture, PicturePool, PixelAspect, Size};

/// A turn to the right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Turn {
    #[default]
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    /// That of a track's transformation (ISO/IEC 14496-12, 8.3.2); what is no turn, such as a mirror, is left alone.
    pub(super) fn of(track: &TkhdBox) -> Self {
        let matrix = &track.matrix;
        match [matrix.a, matrix.b, matrix.c, matrix.d].map(i32::signum) {
            [0, 1, -1, 0] => Self::Quarter,
            [-1, 0, 0, -1] => Self::Half,
            [0, -1, 1, 0] => Self::ThreeQuarters,
            _ => Self::None,
        }
    }

    /// The shape of pixels that had the shape `aspect` before the turn.
    pub(super) fn aspect_of(self, aspect: PixelAspect) -> PixelAspect {
        match self {
            Self::None | Self::Half => aspect,
            Self::Quarter | Self::ThreeQuarters => aspect.turned(),
        }
    }

    /// `picture` with its upper side up.
    pub(super) fn applied_to(self, picture: Arc<Picture>, pool: &mut Option<PicturePool>) -> Arc<Picture> {
        if self == Self::None {
            return picture;
        }
        let from = picture.size();
        let to = if self == Self::Half { from } else { Size::new(from.height, from.width) };
        if pool.as_ref().is_none_or(|pool| pool.size() != to) {
            *pool = Some(PicturePool::new(to));
        }
        let Some(pool) = pool else { return picture };
        let sizes = [(from, to), (from.chroma(), to.chroma()), (from.chroma(), to.chroma())];
        pool.make(|turned| {
            for (sizes, (from, to)) in sizes.into_iter().zip(picture.planes().into_iter().zip(turned.planes_mut())) {
                self.turn(from, to, sizes);
            }
        })
    }

    fn turn(self, from: &[u8], to: &mut [u8], sizes: (Size, Size)) {
        let from = ImageBuffer::<Luma<u8>, _>::from_raw(sizes.0.width, sizes.0.height, from);
        let to = ImageBuffer::<Luma<u8>, _>::from_raw(sizes.1.width, sizes.1.height, to);
        let (Some(from), Some(mut to)) = (from, to) else { return };
        let done = match self {
            Self::None => Ok(()),
            Self::Quarter => imageops::rotate90_in(&from, &mut to),
            Self::Half => imageops::rotate180_in(&from, &mut to),
            Self::ThreeQuarters => imageops::rotate270_in(&from, &mut to),
        };
        if let Err(error) = done {
            tracing::debug!(%error, "a picture was not turned");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_odd_sizes_are_turned_to_the_right() {
        let size = Size::new(5, 3);
        let mut picture = Picture::black(size);
        for plane in picture.planes_mut() {
            plane.iter_mut().zip(0..).for_each(|(pixel, number)| *pixel = number);
        }
        let picture = Arc::new(picture);
        let luma = |turn: Turn| {
            let turned = turn.applied_to(Arc::clone(&picture), &mut None);
            (turned.size(), turned.planes()[0].to_vec(), turned.planes()[1].to_vec())
        };
        let (tall, first) = (Size::new(3, 5), [10, 5, 0, 11, 6, 1, 12, 7, 2, 13, 8, 3, 14, 9, 4].to_vec());
        assert_eq!(luma(Turn::Quarter), (tall, first.clone(), vec![3, 0, 4, 1, 5, 2]));
        assert_eq!(luma(Turn::ThreeQuarters), (tall, first.into_iter().rev().collect(), vec![2, 5, 1, 4, 0, 3]));
        assert_eq!(luma(Turn::Half), (size, (0..15).rev().collect(), (0..6).rev().collect()));
        assert_eq!(luma(Turn::None).1, (0..15).collect::<Vec<u8>>());
    }
}
