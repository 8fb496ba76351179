//! The codecs end to end: what goes in comes out, looks and sounds the same, and at its own time.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use bytes::Bytes;
use tally::bitstream::{AudioSpecificConfig, is_keyframe, read_avcc_record, read_sps};
use tally::decode::{self, DecodeError};
use tally::encode::{self, AudioEncoderSettings, H264Encoder, H264Tuning, VideoEncoder, VideoEncoderSettings};
use tally::media::{
    AudioChunk, AudioConfig, Bitrate, CHUNK_SAMPLES, FrameRate, Packet, Picture, Size, Timestamp, VideoConfig,
};

fn settings(size: Size, kbps: u32) -> VideoEncoderSettings {
    VideoEncoderSettings {
        size,
        frame_rate: FrameRate::DEFAULT,
        bitrate: Bitrate::from_kbps(kbps),
        keyframe_seconds: 0.5,
    }
}

/// A smooth scene that pans, with a bright square that moves across it.
fn scene(size: Size, index: u32) -> Picture {
    let mut picture = Picture::black(size);
    let (width, chroma_width) = (size.width as usize, size.chroma().width as usize);
    let [luma, u, v] = picture.planes_mut();
    for (at, sample) in luma.iter_mut().enumerate() {
        let (x, y) = ((at % width) as u32, (at / width) as u32);
        let wave = (((x + 2 * index) as f32 / 9.0).sin() + (y as f32 / 7.0).cos()) * 40.0;
        let inside = x.wrapping_sub(index * 3 % size.width) < 20 && y.wrapping_sub(12) < 20;
        *sample = if inside { 225 } else { (110.0 + wave) as u8 };
    }
    for (at, (u, v)) in u.iter_mut().zip(v).enumerate() {
        *u = 90 + (at % chroma_width / 2) as u8 % 60;
        *v = 150 - (at / chroma_width) as u8 % 40;
    }
    picture
}

/// Mean structural similarity of one plane over 8x8 windows.
fn ssim(a: &[u8], b: &[u8], width: usize) -> f64 {
    const WINDOW: usize = 8;
    let height = a.len() / width;
    let (mut total, mut windows) = (0.0, 0.0);
    for top in (0..=height - WINDOW).step_by(WINDOW) {
        for left in (0..=width - WINDOW).step_by(WINDOW) {
            let pairs = (0..WINDOW * WINDOW).map(|i| {
                let at = (top + i / WINDOW) * width + left + i % WINDOW;
                (f64::from(a[at]), f64::from(b[at]))
            });
            let sums =
                pairs.fold([0.0; 5], |[x, y, xx, yy, xy], (p, q)| [x + p, y + q, xx + p * p, yy + q * q, xy + p * q]);
            let [ma, mb, aa, bb, ab] = sums.map(|sum| sum / (WINDOW * WINDOW) as f64);
            let (va, vb, vab) = (aa - ma * ma, bb - mb * mb, ab - ma * mb);
            total +=
                (2.0 * ma * mb + 6.5025) * (2.0 * vab + 58.5225) / ((ma * ma + mb * mb + 6.5025) * (va + vb + 58.5225));
            windows += 1.0;
        }
    }
    total / windows
}

fn encode_scenes(encoder: &mut H264Encoder, size: Size, count: u32) -> Vec<Packet> {
    (0..count)
        .map(|index| {
            let pts = FrameRate::DEFAULT.frame_time(index.into());
            encoder.encode(&scene(size, index), pts, pts, false).unwrap()
        })
        .collect()
}

#[test]
fn pictures_come_back_alike_one_for_one_and_at_their_times() {
    for (size, slices) in [(Size::new(320, 192), 1), (Size::new(98, 54), 1), (Size::new(322, 182), 2)] {
        let settings = settings(size, 600);
        let tuning = H264Tuning { slices, ..H264Tuning::for_settings(&settings, 1) };
        let mut encoder = H264Encoder::open(&settings, tuning).unwrap();
        let packets = encode_scenes(&mut encoder, size, 30);
        let mut decoder = decode::open_h264(&encoder.config()).unwrap();
        for (index, packet) in (0..).zip(&packets) {
            // The encoder says that nothing is reordered, so that no picture waits.
            let decoded = decoder.decode(&packet.data, packet.pts).unwrap();
            assert_eq!(decoded.len(), 1, "{size} {index}");
            assert_eq!(decoded[0].pts, packet.pts);
            assert_eq!(decoded[0].picture.size(), size);
            let original = scene(size, index);
            let widths = [size.width, size.chroma().width, size.chroma().width];
            for (plane, width) in widths.into_iter().enumerate() {
                let alike = ssim(original.planes()[plane], decoded[0].picture.planes()[plane], width as usize);
                assert!(alike > 0.95, "{size} picture {index} plane {plane}: {alike}");
            }
        }
        assert!(decoder.flush().is_empty());
    }
}

#[test]
fn decoding_starts_at_any_keyframe_and_damage_ends_at_the_next() {
    let size = Size::new(160, 96);
    let settings = settings(size, 300);
    let mut encoder = H264Encoder::open(&settings, H264Tuning::for_settings(&settings, 1)).unwrap();
    let packets = encode_scenes(&mut encoder, size, 45);
    assert!(packets.iter().all(|packet| packet.is_keyframe() == is_keyframe(&packet.data)));

    let mut decoder = decode::open_h264(&encoder.config()).unwrap();
    let late: usize = packets[15..].iter().map(|packet| decoder.decode(&packet.data, packet.pts).unwrap().len()).sum();
    assert_eq!(late, 30);

    let mut decoder = decode::open_h264(&encoder.config()).unwrap();
    let mut seed = 1u32;
    for (index, packet) in packets.iter().enumerate() {
        let mut data = packet.data.to_vec();
        if (3..15).contains(&index) {
            for byte in data.iter_mut().skip(8).step_by(5) {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                *byte ^= (seed >> 24) as u8;
            }
        }
        let decoded = decoder.decode(&data, packet.pts);
        if index >= 15 {
            let decoded = decoded.unwrap();
            assert_eq!(decoded.iter().map(|frame| frame.pts).collect::<Vec<_>>(), [packet.pts], "{index}");
        }
    }
    assert!(matches!(decoder.decode(&[0, 0, 9, 0, 1], Timestamp::ZERO), Err(DecodeError::Damaged(_))));
    assert!(matches!(decoder.decode(&[], Timestamp::ZERO), Ok(none) if none.is_empty()));
}

/// 32 flat pictures 98x54, each 6 steps brighter than the one before, with B-frames that are references themselves.
const B_FRAMES: &[u8] = include_bytes!("data/b_frames.mp4");
/// 0.3 s of 1 kHz in the centre channel of 5.1.
const SURROUND: &[u8] = include_bytes!("data/surround.mp4");

fn only_track(bytes: &[u8]) -> (re_mp4::Mp4, Vec<(Timestamp, Bytes)>) {
    let mp4 = re_mp4::Mp4::read_bytes(bytes).unwrap();
    let track = mp4.tracks().values().next().unwrap();
    let scale = u32::try_from(track.timescale).unwrap();
    let units = track.samples.iter().map(|sample| {
        let pts = Timestamp::from_samples(sample.composition_timestamp, scale);
        (pts, Bytes::copy_from_slice(&bytes[sample.byte_range()]))
    });
    let units = units.collect();
    (mp4, units)
}

#[test]
fn reordered_pictures_come_in_order_with_their_own_times() {
    let (mp4, units) = only_track(B_FRAMES);
    let raw = mp4.tracks().values().next().unwrap().raw_codec_config(&mp4).unwrap();
    let record = read_avcc_record(&raw).unwrap();
    let info = read_sps(&record.sps[0]).unwrap();
    assert_eq!((info.size, info.reorder_frames), (Size::new(98, 54), Some(2)));
    let config = VideoConfig {
        size: info.size,
        frame_rate: info.frame_rate.unwrap(),
        bitrate: Bitrate::from_kbps(500),
        sps: record.sps[0].clone(),
        pps: record.pps[0].clone(),
    };
    assert!(units.windows(2).any(|pair| pair[1].0 < pair[0].0), "the clip must reorder");
    let mut decoder = decode::open_h264(&config).unwrap();
    // Twice through, as a clip that loops, and from the second keyframe on, as one that is wound.
    for first in [0, 0, 16] {
        let mut shown = Vec::new();
        for (pts, unit) in units.iter().skip(first) {
            shown.extend(decoder.decode(unit, *pts).unwrap());
        }
        shown.extend(decoder.flush());
        assert_eq!(shown.len(), 32 - first);
        for (index, frame) in (first as i64..).zip(&shown) {
            assert_eq!(frame.pts, Timestamp::from_millis(40 * index), "{index}");
            let luma = frame.picture.planes()[0];
            let mean = luma.iter().map(|&sample| f64::from(sample)).sum::<f64>() / luma.len() as f64;
            assert!((mean - (20 + 6 * index) as f64).abs() < 2.5, "picture {index} has luma {mean}");
        }
    }
}

#[test]
fn what_the_decoder_cannot_do_is_said_in_a_sentence() {
    let settings = settings(Size::new(64, 48), 300);
    let config = H264Encoder::open(&settings, H264Tuning::for_settings(&settings, 1)).unwrap().config();
    for sps in [&b""[..], &[0x67], &config.pps, &config.sps[..4]] {
        let wrong = VideoConfig { sps: Bytes::copy_from_slice(sps), ..config.clone() };
        assert!(matches!(decode::open_h264(&wrong), Err(DecodeError::Unsupported(said)) if !said.is_empty()));
    }
    let audio = AudioConfig {
        sample_rate: 48_000,
        channels: 2,
        bitrate: Bitrate::from_kbps(128),
        audio_specific_config: Bytes::from_static(&[0xff]),
    };
    assert!(matches!(decode::open_aac(&audio), Err(DecodeError::Unsupported(said)) if !said.is_empty()));
}

#[test]
fn pictures_are_reused_once_nobody_holds_them() {
    let size = Size::new(64, 48);
    let settings = settings(size, 300);
    let mut encoder = H264Encoder::open(&settings, H264Tuning::for_settings(&settings, 1)).unwrap();
    let mut decoder = decode::open_h264(&encoder.config()).unwrap();
    let mut places: Vec<_> = encode_scenes(&mut encoder, size, 10)
        .iter()
        .map(|packet| Arc::as_ptr(&decoder.decode(&packet.data, packet.pts).unwrap()[0].picture))
        .collect();
    places.dedup();
    assert_eq!(places.len(), 1);
}

fn sine(rate: u32, channels: u16, hertz: f32, index: i64) -> AudioChunk {
    let first = index * CHUNK_SAMPLES as i64;
    let samples = (first..first + CHUNK_SAMPLES as i64).flat_map(|at| {
        let sample = 0.5 * (at as f32 * hertz * std::f32::consts::TAU / rate as f32).sin();
        std::iter::repeat_n(sample, usize::from(channels))
    });
    AudioChunk { pts: Timestamp::from_samples(first, rate), sample_rate: rate, channels, samples: samples.collect() }
}

#[test]
fn sound_comes_back_alike_and_at_its_time() {
    for (rate, channels) in [(48_000, 2), (44_100, 1)] {
        let settings = AudioEncoderSettings { sample_rate: rate, channels, bitrate: Bitrate::from_kbps(128) };
        let mut encoder = encode::open_aac(&settings).unwrap();
        let mut decoder = decode::open_aac(&encoder.config()).unwrap();
        let mut compared = 0;
        for index in 0..40 {
            let Some(packet) = encoder.encode(&sine(rate, channels, 1000.0, index)).unwrap() else { continue };
            let Some(chunk) = decoder.decode(&packet.data, packet.pts).unwrap() else { continue };
            assert_eq!((chunk.sample_rate, chunk.channels), (rate, channels));
            let first = (chunk.pts.as_nanos() as f64 * f64::from(rate) / 1e9).round() as i64;
            if first < 4096 {
                continue;
            }
            for (at, frame) in (first..).zip(chunk.samples.chunks(usize::from(channels))) {
                let expected = 0.5 * (at as f64 * 1000.0 * std::f64::consts::TAU / f64::from(rate)).sin();
                for &sample in frame {
                    assert!(
                        (f64::from(sample) - expected).abs() < 0.03,
                        "{rate}: sample {at} is {sample}, not {expected}"
                    );
                }
                compared += 1;
            }
        }
        assert!(compared > 30_000, "{compared}");
    }
}

#[test]
fn surround_is_mixed_down_to_stereo() {
    let (_mp4, units) = only_track(SURROUND);
    let asc = AudioSpecificConfig::lc(48_000, 6).write();
    let config =
        AudioConfig { sample_rate: 48_000, channels: 6, bitrate: Bitrate::from_kbps(192), audio_specific_config: asc };
    let mut decoder = decode::open_aac(&config).unwrap();
    let mut power = [0.0f64; 2];
    let mut count = 0usize;
    for (index, (pts, unit)) in units.iter().skip(1).take(11).enumerate() {
        let chunk = decoder.decode(unit, *pts).unwrap().unwrap();
        assert_eq!((chunk.channels, chunk.samples.len()), (2, 2 * CHUNK_SAMPLES));
        // The decoder comes to its full sound within its first frames.
        let steady = if index < 3 { &[][..] } else { &chunk.samples };
        for pair in steady.chunks(2) {
            power[0] += f64::from(pair[0]).powi(2);
            power[1] += f64::from(pair[1]).powi(2);
            count += 1;
        }
    }
    let [left, right] = power.map(|power| (power / count as f64).sqrt());
    // A tone in the centre at -21.36 dB RMS: half its power on each side, and room for all other channels beside it.
    let expected = 10f64.powf(-21.36 / 20.0) * 0.5f64.sqrt() / (1.0 + 2.0 * 0.5f64.sqrt());
    assert!((left / expected - 1.0).abs() < 0.05, "{left}, not {expected}");
    assert!((left - right).abs() < 0.001, "{left} {right}");
}

#[test]
fn high_efficiency_aac_gives_long_chunks_at_their_times() {
    use fdk_aac::enc::{AudioObjectType, BitRate, ChannelMode, Encoder, EncoderParams, Transport};
    let encoder = Encoder::new(EncoderParams {
        bit_rate: BitRate::Cbr(48_000),
        sample_rate: 48_000,
        transport: Transport::Raw,
        channels: ChannelMode::Stereo,
        audio_object_type: AudioObjectType::Mpeg4HeAac,
    })
    .unwrap();
    let info = encoder.info().unwrap();
    let config = AudioConfig {
        sample_rate: 48_000,
        channels: 2,
        bitrate: Bitrate::from_kbps(48),
        audio_specific_config: Bytes::copy_from_slice(&info.confBuf[..info.confSize as usize]),
    };
    let mut decoder = decode::open_aac(&config).unwrap();
    let mut output = vec![0; 4096];
    let mut last: Option<Timestamp> = None;
    for index in 0..12i64 {
        let input: Vec<i16> = (0..4096).map(|at| ((at % 96) * 200) as i16).collect();
        let done = encoder.encode(&input, &mut output).unwrap();
        if done.output_size == 0 {
            continue;
        }
        let pts = Timestamp::from_samples(index * 2048, 48_000);
        let chunk = decoder.decode(&output[..done.output_size], pts).unwrap().unwrap();
        assert_eq!((chunk.sample_rate, chunk.channels, chunk.samples.len()), (48_000, 2, 4096));
        if let Some(last) = last {
            assert!((chunk.pts.nanos_since(last) - 42_666_667).abs() <= 1);
        }
        last = Some(chunk.pts);
    }
    assert!(last.is_some());
}

#[test]
fn damaged_sound_is_an_error_or_a_chunk_and_heals() {
    let settings = AudioEncoderSettings { sample_rate: 48_000, channels: 2, bitrate: Bitrate::from_kbps(128) };
    let mut encoder = encode::open_aac(&settings).unwrap();
    let mut decoder = decode::open_aac(&encoder.config()).unwrap();
    let mut seed = 3u32;
    let mut healed = false;
    for index in 0..60 {
        let Some(packet) = encoder.encode(&sine(48_000, 2, 440.0, index)).unwrap() else { continue };
        let mut data = packet.data.to_vec();
        let broken = (10..40).contains(&index);
        if broken {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            data.truncate((seed >> 16) as usize % data.len());
            data.iter_mut().for_each(|byte| *byte = byte.wrapping_add((seed >> 24) as u8));
        }
        let decoded = decoder.decode(&data, packet.pts);
        if index > 45 {
            healed = decoded.unwrap().is_some();
        }
    }
    assert!(healed);
}
