//! The test picture as a source.

use std::sync::Arc;

use crate::capture::{Captured, SourceInfo, VideoSource};
use crate::clock;
use crate::media::{FrameRate, Picture, PicturePool, Size, Timestamp};
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
        Some(Captured { picture, captured_at: now })
    }
}
