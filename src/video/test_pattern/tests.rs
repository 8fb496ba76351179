//! The test picture, made and read back.

use std::sync::Arc;

use super::{TestPattern, flash_is_on, read_block_time};
use crate::media::{FrameRate, Picture, PicturePool, PixelAspect, Size, Timestamp};
use crate::video::Composer;

const UNIX_MILLIS: u64 = 1_795_423_987_654;

fn draw(size: Size, index: i64) -> Picture {
    let rate = FrameRate::DEFAULT;
    let mut picture = Picture::black(size);
    let millis = UNIX_MILLIS + 33 * index.unsigned_abs();
    TestPattern::new(size, rate).draw(&mut picture, index, rate.frame_time(index), millis);
    picture
}

#[test]
fn the_wall_time_is_read_back_at_every_size() {
    for (w, h) in [(160, 90), (320, 180), (640, 480), (854, 480), (1280, 720), (1921, 1081), (360, 640), (64, 64)] {
        let size = Size::new(w, h);
        for index in 0..4 {
            let picture = draw(size, index);
            let wanted = (UNIX_MILLIS + 33 * index.unsigned_abs()) & 0x0fff_ffff;
            assert_eq!(read_block_time(&picture).map(u64::from), Some(wanted), "{size}");
        }
    }
}

#[test]
fn the_blocks_are_where_other_readers_look_for_them() {
    // 1280 × 80 at the top, 16 × 2 blocks, most significant bit first, white for 1, checksum in the last four.
    let picture = draw(Size::new(1280, 720), 0);
    let mut word = 0u64;
    for row in 0..2 {
        for column in 0..16 {
            let y = picture.planes()[0][(row * 40 + 20) * 1280 + column * 80 + 40];
            assert!(y == 16 || y == 235);
            word = word << 1 | u64::from(y == 235);
        }
    }
    let time = UNIX_MILLIS & 0x0fff_ffff;
    let sum: u64 = (0..28).step_by(4).map(|shift| time >> shift & 15).sum();
    assert_eq!(word, time << 4 | sum & 15);
    assert!(picture.planes()[1][..80 / 2 * 640].iter().all(|&u| u == 128));
}

#[test]
fn time_and_flash_survive_scaling() {
    for (from, to) in [((1280, 720), (320, 180)), ((640, 360), (1920, 1080)), ((1920, 1080), (1280, 720))] {
        let (mut composer, mut pool) = (Composer::new(Size::new(to.0, to.1)), PicturePool::new(Size::new(to.0, to.1)));
        for index in [0, 7, 30] {
            let source = Arc::new(draw(Size::new(from.0, from.1), index));
            let scaled = composer.compose(&source, PixelAspect::SQUARE, &mut pool);
            assert_eq!(read_block_time(&scaled), read_block_time(&source));
            assert!(read_block_time(&scaled).is_some());
            assert_eq!(flash_is_on(&scaled), Some(index % 30 < 3));
        }
    }
}

#[test]
fn the_flash_starts_with_the_first_picture_of_each_second() {
    for text in ["30", "29.97", "25", "60", "23.976", "10"] {
        let rate: FrameRate = text.parse().unwrap();
        let size = Size::new(160, 90);
        let (mut pattern, mut picture) = (TestPattern::new(size, rate), Picture::black(size));
        let mut was_on = false;
        let mut onsets = Vec::new();
        for index in 0..rate.frames_in(3.5).into() {
            let time = rate.frame_time(index);
            pattern.draw(&mut picture, index, time, 0);
            let on = flash_is_on(&picture).unwrap();
            assert_eq!(on, time.as_nanos() % 1_000_000_000 < 100_000_000, "{text} {index}");
            if on && !was_on {
                onsets.push(index);
            }
            was_on = on;
        }
        let first_of = |second: i64| (0..).find(|&i| rate.frame_time(i) >= Timestamp::from_millis(1000 * second));
        assert_eq!(onsets, (0..4).map(|second| first_of(second).unwrap()).collect::<Vec<i64>>(), "{text}");
    }
}

#[test]
fn every_picture_differs_from_the_one_before_also_without_its_clock() {
    for (w, h) in [(16, 16), (160, 90), (640, 360)] {
        let size = Size::new(w, h);
        let rate = FrameRate::DEFAULT;
        let (mut pattern, mut last) = (TestPattern::new(size, rate), Picture::black(size));
        for index in 0..120 {
            let mut picture = Picture::black(size);
            pattern.draw(&mut picture, index, rate.frame_time(index), UNIX_MILLIS);
            // A picture of 16 pixels has not 60 places for the box.
            if w > 100 {
                let below_blocks = (w * h / 9) as usize;
                let differing = picture.planes()[0][below_blocks..]
                    .iter()
                    .zip(&last.planes()[0][below_blocks..])
                    .filter(|(a, b)| a != b)
                    .count();
                assert!(differing > below_blocks / 50, "{size} {index}: {differing}");
            }
            last = picture;
        }
    }
}

#[test]
fn bars_have_their_standard_colours() {
    let picture = draw(Size::new(1280, 720), 5);
    let [y, u, v] = picture.planes();
    let at = |x: usize, row: usize| [y[row * 1280 + x], u[row / 2 * 640 + x / 2], v[row / 2 * 640 + x / 2]];
    // Computed from 75 % RGB by BT.709's weights.
    for (bar, [r, g, b]) in
        [[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1]].into_iter().enumerate()
    {
        let [r, g, b] = [r, g, b].map(|on| 0.75 * f64::from(on));
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        let wanted = [16.0 + 219.0 * luma, 128.0 + 224.0 * (b - luma) / 1.8556, 128.0 + 224.0 * (r - luma) / 1.5748];
        for (got, wanted) in at(91 + bar * 183, 100).into_iter().zip(wanted) {
            assert!((f64::from(got) - wanted).abs() <= 1.0, "bar {bar}: {got} {wanted}");
        }
    }
    assert!(picture.planes()[0].iter().all(|y| (16..=235).contains(y)));
}

#[test]
fn tiny_and_odd_sizes_draw_and_other_pictures_are_not_test_pictures() {
    for w in 1..40 {
        for h in [1, 2, 3, 17, 18, 31] {
            let picture = draw(Size::new(w, h), 3);
            let _ = (read_block_time(&picture), flash_is_on(&picture));
        }
    }
    // All black reads as time 0, whose checksum is 0: the flash patch says no more. Grey is no pattern.
    let mut grey = Picture::black(Size::new(320, 180));
    grey.planes_mut()[0].fill(120);
    assert_eq!(flash_is_on(&grey), None);
    let mut ramp = Picture::black(Size::new(320, 180));
    for (index, y) in ramp.planes_mut()[0].iter_mut().enumerate() {
        *y = (index % 251) as u8;
    }
    assert_eq!(read_block_time(&ramp), None);
}
