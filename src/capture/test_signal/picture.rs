//! The test picture as a source.

use std::sync::Arc;

use crate::capture::{Captured, SourceInfo, VideoSource};
use crate::clock;
use crate::media::{FrameRate, Picture, PicturePool, PixelAspect, Size, Timestamp};
use crate::video::TestPattern;

/// The test picture at the program's own size and rate.
pub fn open_video(size: Size, frame_rate: FrameRate) -> Box<dyn VideoSource> {
    Box::new(TestVideo {
        frame_rate,
        pattern: TestPattern::new(size, frame_rate),
        pool: PicturePool::new(size),
        last: None,
    })
}

struct TestVideo {
    frame_rate: FrameRate,
    pattern: TestPattern,
    pool: PicturePool,
    last: Option<(i64, Arc<Picture>)>,
}

impl VideoSource for TestVideo {
    fn info(&self) -> SourceInfo {
        let (size, rate) = (self.pattern.size(), self.frame_rate);
        SourceInfo {
            address: None,
            id: "test".to_owned(),
            name: "Test picture".to_owned(),
            format: format!("{size} at {rate} fps"),
            size: Some(size),
            frame_rate: Some(rate),
        }
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        let index = self.frame_rate.frame_index(now);
        let picture = match &self.last {
            Some((last, picture)) if *last == index => Arc::clone(picture),
            _ => {
                let unix_millis = u64::try_from(clock::unix_time().as_millis()).unwrap_or(0);
                let time = self.frame_rate.frame_time(index);
                let pattern = &mut self.pattern;
                let picture = self.pool.make(|picture| pattern.draw(picture, index, time, unix_millis));
                self.last = Some((index, Arc::clone(&picture)));
                picture
            }
        };
        Some(Captured { picture, pixel_aspect: PixelAspect::SQUARE, captured_at: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::video::{flash_is_on, read_block_time};

    #[test]
    fn each_tick_has_its_picture_and_the_same_tick_the_same() {
        let rate = FrameRate::DEFAULT;
        let mut source = open_video(Size::new(320, 180), rate);
        let mut last: Option<Arc<Picture>> = None;
        for index in 0..60 {
            let now = rate.frame_time(index);
            let captured = source.picture_at(now).unwrap();
            assert_eq!(captured.captured_at, now);
            assert_eq!(flash_is_on(&captured.picture), Some(index % 30 < 3));
            assert!(read_block_time(&captured.picture).is_some());
            let again = source.picture_at(now + std::time::Duration::from_millis(1)).unwrap();
            assert!(Arc::ptr_eq(&captured.picture, &again.picture));
            assert!(last.is_none_or(|last| *last != *captured.picture), "picture {index} is not new");
            last = Some(captured.picture);
        }
    }

    #[test]
    fn the_clock_in_the_picture_is_the_wall_clock() {
        let mut source = open_video(Size::new(640, 360), FrameRate::DEFAULT);
        let before = clock::unix_time().as_millis();
        let picture = source.picture_at(Timestamp::ZERO).unwrap().picture;
        let after = clock::unix_time().as_millis();
        let shown = u128::from(read_block_time(&picture).unwrap());
        let (before, after) = (before & 0x0fff_ffff, after & 0x0fff_ffff);
        assert!(before > after || (before..=after).contains(&shown), "{before} {shown} {after}");
    }
}
