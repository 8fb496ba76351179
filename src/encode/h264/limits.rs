//! What H.264 and the encoder allow: sizes, rates, bitrates, and the level of a stream (ITU-T H.264, table A-1).

use crate::encode::{EncodeError, VideoEncoderSettings};
use crate::media::{Bitrate, FrameRate, Size};

/// Smaller sides the encoder refuses.
pub(super) const SIDE_MIN: u32 = 16;
/// The largest frame of level 5.2 (MaxFS), in macroblocks: 4096x2304.
const FRAME_MACROBLOCKS_MAX: u32 = 36_864;
/// No side may exceed √(8 × MaxFS) macroblocks (A.3.1, f and g); the encoder itself is tested up to 4096.
const SIDE_MAX: u32 = 4096;
/// A rate below this leaves no picture at any size.
const BITRATE_FLOOR: Bitrate = Bitrate::from_kbps(50);
/// Above this, ingest servers and the encoder's 32-bit sums end.
const BITRATE_CEILING: Bitrate = Bitrate::from_kbps(100_000);

/// Checks settings and says in a sentence what to use instead.
pub(super) fn check(settings: &VideoEncoderSettings) -> Result<(), EncodeError> {
    check_size(settings.size)?;
    check_bitrate(settings.bitrate, settings.size)?;
    if !(0.1..=60.0).contains(&settings.keyframe_seconds) {
        return Err(unsupported(format!(
            "a keyframe every {} seconds is not possible: use 0.1 to 60, such as 2",
            settings.keyframe_seconds
        )));
    }
    Ok(())
}

fn check_size(size: Size) -> Result<(), EncodeError> {
    let Size { width, height } = size;
    if width < SIDE_MIN || height < SIDE_MIN {
        return Err(unsupported(format!("{size} is too small to encode: use {SIDE_MIN}x{SIDE_MIN} or more")));
    }
    if width > SIDE_MAX || height > SIDE_MAX || macroblocks(size) > FRAME_MACROBLOCKS_MAX {
        return Err(unsupported(format!("{size} is too large for H.264: use 4096x2304 or less, such as 1920x1080")));
    }
    if width % 2 == 1 || height % 2 == 1 {
        let down = Size::new(width & !1, height & !1);
        let up = Size::new(width.next_multiple_of(2), height.next_multiple_of(2));
        return Err(unsupported(format!("{size} is odd, and H.264 needs even sides: use {down} or {up}")));
    }
    Ok(())
}

/// Checks a rate against what is sensible for a size.
pub(super) fn check_bitrate(bitrate: Bitrate, size: Size) -> Result<(), EncodeError> {
    if bitrate < BITRATE_FLOOR || bitrate > BITRATE_CEILING {
        // Two to twelve bits a second and pixel, in round numbers.
        let low = (size.area() as u64 * 2 / 1000).clamp(100, 8000) / 100 * 100;
        let high = (size.area() as u64 * 12 / 1000).clamp(500, 50_000) / 100 * 100;
        return Err(unsupported(format!(
            "{} b/s is no video bitrate for {size}: use {low}k to {high}k, at least {BITRATE_FLOOR} and at most {BITRATE_CEILING}",
            bitrate.bps()
        )));
    }
    Ok(())
}

fn unsupported(sentence: String) -> EncodeError {
    EncodeError::Unsupported(sentence)
}

fn macroblocks(size: Size) -> u32 {
    size.width.div_ceil(16) * size.height.div_ceil(16)
}

/// Table A-1: `level_idc`, macroblocks a second, macroblocks a frame, kilobits a second (times 1250 bits in High
/// profile, table A-2).
const LEVELS: [(u8, u32, u32, u32); 16] = [
    (10, 1_485, 99, 64),
    (11, 3_000, 396, 192),
    (12, 6_000, 396, 384),
    (13, 11_880, 396, 768),
    (20, 11_880, 396, 2_000),
    (21, 19_800, 792, 4_000),
    (22, 20_250, 1_620, 4_000),
    (30, 40_500, 1_620, 10_000),
    (31, 108_000, 3_600, 14_000),
    (32, 216_000, 5_120, 20_000),
    (40, 245_760, 8_192, 20_000),
    (41, 245_760, 8_192, 50_000),
    (42, 522_240, 8_704, 50_000),
    (50, 589_824, 22_080, 135_000),
    (51, 983_040, 36_864, 240_000),
    (52, 2_073_600, 36_864, 240_000),
];

/// The lowest level that allows this stream in High profile, as `level_idc` (31 is level 3.1).
pub(super) fn level(size: Size, frame_rate: FrameRate, bitrate: Bitrate) -> u8 {
    let frame = macroblocks(size);
    let second = u64::from(frame) * u64::from(frame_rate.num());
    let side_max = size.width.div_ceil(16).max(size.height.div_ceil(16));
    LEVELS
        .iter()
        .find(|(_, second_max, frame_max, kbps_max)| {
            second <= u64::from(*second_max) * u64::from(frame_rate.den())
                && frame <= *frame_max
                && side_max * side_max <= 8 * frame_max
                && u64::from(bitrate.bps()) <= u64::from(*kbps_max) * 1250
        })
        .map_or(52, |found| found.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(size: &str, bitrate: &str) -> VideoEncoderSettings {
        VideoEncoderSettings {
            size: size.parse().unwrap(),
            frame_rate: FrameRate::DEFAULT,
            bitrate: bitrate.parse().unwrap(),
            keyframe_seconds: 2.0,
        }
    }

    #[test]
    fn levels_of_table_a_1() {
        for (size, rate, bitrate, expected) in [
            ("176x144", "15", "64k", 10),
            ("640x360", "30", "800k", 30),
            ("854x480", "30", "1200k", 31),
            ("1280x720", "30", "2500k", 31),
            ("1280x720", "60", "4500k", 32),
            ("1920x1080", "30", "6000k", 40),
            ("1920x1080", "30", "30M", 41),
            ("1920x1080", "60", "6000k", 42),
            ("2560x1440", "60", "12M", 51),
            ("3840x2160", "30", "20M", 51),
            ("3840x2160", "60", "20M", 52),
        ] {
            let level = level(size.parse().unwrap(), rate.parse().unwrap(), bitrate.parse().unwrap());
            assert_eq!(level, expected, "{size} {rate} {bitrate}");
        }
    }

    #[test]
    fn refusals_say_what_to_use() {
        for (size, bitrate, words) in [
            ("853x480", "1M", "852x480 or 854x480"),
            ("854x479", "1M", "854x478 or 854x480"),
            ("8x8", "1M", "16x16 or more"),
            ("8192x4320", "1M", "4096x2304 or less"),
            ("2304x4096", "1M", ""),
            ("1280x720", "0", "1800k to 11000k"),
            ("1280x720", "200M", "at most 100000k"),
        ] {
            match check(&settings(size, bitrate)) {
                Err(EncodeError::Unsupported(said)) => assert!(!words.is_empty() && said.contains(words), "{said}"),
                other => assert_eq!((other, words), (Ok(()), ""), "{size}"),
            }
        }
        let mut never = settings("1280x720", "1M");
        never.keyframe_seconds = f64::NAN;
        assert!(check(&never).unwrap_err().to_string().contains("0.1 to 60"));
    }
}
