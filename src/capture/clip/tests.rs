//! Clips from end to end: files made by ffmpeg, played in a loop.

mod foreign;

use std::f64::consts::TAU;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::test_clips::{NUMBERED_SIZE, ffmpeg_clip, numbered_clip, numbered_pictures};
use super::{open_audio_file, open_video_file};
use crate::capture::test_signal::find_beep_onsets;
use crate::capture::{AudioSource, SourceError, VideoSource};
use crate::media::{FrameRate, Picture, PicturePool, PixelAspect, Size, Timestamp};
use crate::video::{Composer, flash_is_on, read_block_time};

const X264: [&str; 6] = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "18"];

fn x264<'a>(more: &[&'a str]) -> Vec<&'a str> {
    X264.iter().chain(more).copied().collect()
}

fn number(picture: &Picture) -> i64 {
    i64::from(read_block_time(picture).expect("a numbered picture"))
}

/// The numbers of the pictures that a program at `fps` shows in ticks `ticks`.
fn play(source: &mut dyn VideoSource, fps: &str, ticks: std::ops::Range<i64>) -> Vec<i64> {
    let rate: FrameRate = fps.parse().unwrap();
    ticks
        .map(|tick| {
            let now = rate.frame_time(tick);
            let captured = source.picture_at(now).unwrap();
            assert_eq!(captured.captured_at, now);
            source.prepare(rate.frame_time(tick + 1));
            number(&captured.picture)
        })
        .collect()
}

fn plain() -> PathBuf {
    numbered_clip("plain-30.mp4", "30", 75, &x264(&["-bf", "0"]))
}

fn b_frames() -> PathBuf {
    numbered_clip("b-frames-30.mp4", "30", 75, &x264(&["-bf", "2", "-g", "25"]))
}

fn fragments() -> PathBuf {
    let coding = x264(&["-bf", "2", "-g", "25", "-movflags", "frag_keyframe+empty_moov+default_base_moof"]);
    numbered_clip("fragments-30.mp4", "30", 75, &coding)
}

#[test]
fn a_clip_of_the_programs_rate_shows_every_picture_once_a_round() {
    let coded = |name, coding| numbered_clip(name, "30", 75, &x264(coding));
    for clip in [
        plain(),
        b_frames(),
        fragments(),
        coded("pyramid-30.mp4", &["-bf", "4", "-x264-params", "b-pyramid=normal:open-gop=1:keyint=24"]),
        coded("old-fragments-30.mp4", &["-bf", "2", "-g", "25", "-movflags", "frag_keyframe+empty_moov"]),
        coded("no-edits-30.mp4", &["-bf", "2", "-use_editlist", "0"]),
        coded("fast-start-30.mp4", &["-bf", "2", "-movflags", "+faststart"]),
    ] {
        let name = clip.display();
        let mut source = open_video_file(&clip).unwrap();
        assert_eq!(source.info().size, Some(NUMBERED_SIZE), "{name}");
        assert_eq!(source.info().frame_rate, Some(FrameRate::DEFAULT), "{name}");
        let shown = play(&mut *source, "30", 0..3 * 75 + 10);
        let expected: Vec<i64> = (0..3 * 75 + 10).map(|tick| tick % 75).collect();
        assert_eq!(shown, expected, "{name}");
        assert_eq!(source.poll_event(), None);
    }
}

#[test]
fn a_clip_of_a_phone_that_was_held_upright_stands_upright() {
    let clip = plain();
    let picture = |path: &Path| {
        let mut source = open_video_file(path).unwrap();
        (source.info().size.unwrap(), source.picture_at(Timestamp::ZERO).unwrap().picture)
    };
    let mut bytes = std::fs::read(&clip).unwrap();
    // ISO/IEC 14496-12, 8.3.2: the matrix of the first track, in 16.16.
    let matrix = bytes.windows(4).position(|word| word == b"tkhd").unwrap() + 44;
    let quarter: Vec<u8> = [0, 0x10000, 0, -0x10000, 0, 0].iter().flat_map(|n: &i32| n.to_be_bytes()).collect();
    bytes[matrix..matrix + quarter.len()].copy_from_slice(&quarter);
    let dir = tempfile::tempdir().unwrap();
    let upright = dir.path().join("upright.mp4");
    std::fs::write(&upright, bytes).unwrap();
    let ((lying_size, lying), (size, standing)) = (picture(&clip), picture(&upright));
    assert_eq!((size.width, size.height), (lying_size.height, lying_size.width));
    assert_eq!(standing.size(), size);
    let (w, h) = (lying_size.width as usize, lying_size.height as usize);
    for (x, y) in [(0, 0), (w - 1, 0), (w / 3, h / 4), (w - 1, h - 1)] {
        assert_eq!(standing.planes()[0][x * h + h - 1 - y], lying.planes()[0][y * w + x], "{x}, {y}");
    }
}

#[test]
fn ntsc_rates_stay_exact_over_many_rounds() {
    let clip = numbered_clip("ntsc.mp4", "29.97", 20, &x264(&["-bf", "2"]));
    let mut source = open_video_file(&clip).unwrap();
    assert_eq!(source.info().frame_rate, "29.97".parse().ok());
    let from = 20 * 3_000_000;
    let shown = play(&mut *source, "29.97", from..from + 45);
    assert_eq!(shown, (0..45).map(|tick| tick % 20).collect::<Vec<_>>());
}

#[test]
fn other_rates_repeat_and_drop_by_the_tick() {
    let clip = b_frames();
    let mut source = open_video_file(&clip).unwrap();
    assert_eq!(play(&mut *source, "60", 0..160), (0..160).map(|tick| tick / 2 % 75).collect::<Vec<_>>());
    let mut source = open_video_file(&clip).unwrap();
    assert_eq!(play(&mut *source, "15", 0..40), (0..40).map(|tick| tick * 2 % 75).collect::<Vec<_>>());
    let mut source = open_video_file(&clip).unwrap();
    assert_eq!(play(&mut *source, "10", 0..40), (0..40).map(|tick| tick * 3 % 75).collect::<Vec<_>>());
}

#[test]
fn any_jump_lands_on_its_picture() {
    let clip = b_frames();
    let mut source = open_video_file(&clip).unwrap();
    for tick in [0, 40, 41, 3, 74, 75, 76, 149, 300, 299, 1_000_030, 1_000_031, 20, 5, -1, -75, 0] {
        let now = FrameRate::DEFAULT.frame_time(tick);
        let shown = number(&source.picture_at(now).unwrap().picture);
        assert_eq!(shown, tick.rem_euclid(75), "tick {tick}");
        let again = number(&source.picture_at(now).unwrap().picture);
        assert_eq!(again, shown);
    }
}

#[test]
fn each_picture_is_decoded_once_a_round_and_repeats_share_it() {
    let clip = plain();
    let mut source = open_video_file(&clip).unwrap();
    let at = |millis| Timestamp::from_millis(millis);
    let first = source.picture_at(at(0)).unwrap().picture;
    let second = source.picture_at(at(20)).unwrap().picture;
    assert!(Arc::ptr_eq(&first, &second));
}

#[test]
fn edit_lists_shift_and_cut() {
    let whole = b_frames();
    let whole = whole.to_str().unwrap();
    // Copied from 1.1 s on: starts at the keyframe at 25/30 s, and an edit list hides the pictures before 1.1 s.
    let cut = ffmpeg_clip("cut-30.mp4", &["-ss", "1.1", "-i", whole, "-c", "copy"], Vec::new);
    let mut source = open_video_file(&cut).unwrap();
    assert_eq!(play(&mut *source, "30", 0..42), (33..75).collect::<Vec<_>>());
    assert_eq!(play(&mut *source, "30", 42..50), (33..41).collect::<Vec<_>>());
}

#[test]
fn colours_survive_and_are_told_apart() {
    // The same bars, coded as BT.709, BT.601 and full range, look the same.
    let size = NUMBERED_SIZE;
    let original = numbered_pictures(size, FrameRate::DEFAULT, 1);
    let middle = |picture: &Picture| {
        let [y, u, v] = picture.planes();
        let (x, row) = (20usize, 50usize);
        [y[row * 320 + x], u[row / 2 * 160 + x / 2], v[row / 2 * 160 + x / 2]]
    };
    for (name, filter, tags) in [
        ("bars-709.mp4", "null", ["bt709", "tv"]),
        ("bars-601.mp4", "scale=in_color_matrix=bt709:out_color_matrix=bt601", ["smpte170m", "tv"]),
        // Nothing is said of it, and it is small.
        ("bars-unsaid.mp4", "scale=in_color_matrix=bt709:out_color_matrix=bt601", ["unknown", "tv"]),
        ("bars-full.mp4", "scale=in_range=tv:out_range=pc,format=yuvj420p", ["bt709", "pc"]),
    ] {
        let clip = numbered_clip(
            name,
            "30",
            15,
            &x264(&["-vf", filter, "-colorspace", tags[0], "-color_range", tags[1], "-bf", "0"]),
        );
        let mut source = open_video_file(&clip).unwrap();
        let picture = source.picture_at(Timestamp::ZERO).unwrap().picture;
        let expected = [180u8, 128, 128];
        assert_eq!(original[50 * 320 + 20], expected[0]);
        for (got, wanted) in middle(&picture).into_iter().zip(expected) {
            assert!(got.abs_diff(wanted) <= 2, "{name}: {:?}", middle(&picture));
        }
        // And a strong colour: the red bar, the sixth of seven.
        let [y, u, v] = picture.planes();
        let (x, row) = (320 * 11 / 14, 50);
        let red = [y[row * 320 + x], u[row / 2 * 160 + x / 2], v[row / 2 * 160 + x / 2]];
        for (got, wanted) in red.into_iter().zip([51u8, 109, 212]) {
            assert!(got.abs_diff(wanted) <= 3, "{name}: {red:?}");
        }
    }
}

#[test]
fn a_clip_equals_what_ffmpeg_decodes() {
    let coding = x264(&["-bf", "4", "-b_strategy", "0", "-colorspace", "bt709"]);
    let clip = numbered_clip("reordered-709-30.mp4", "30", 75, &coding);
    let raw = ffmpeg_clip(
        "reordered-709-30.raw",
        &["-i", clip.to_str().unwrap(), "-pix_fmt", "yuv420p", "-f", "rawvideo"],
        Vec::new,
    );
    let raw = std::fs::read(raw).unwrap();
    let mut source = open_video_file(&clip).unwrap();
    for (index, expected) in raw.chunks_exact(320 * 180 * 3 / 2).enumerate() {
        let now = FrameRate::DEFAULT.frame_time(index as i64);
        let picture = source.picture_at(now).unwrap().picture;
        let differences =
            picture.planes().concat().iter().zip(expected).map(|(a, b)| a.abs_diff(*b)).collect::<Vec<_>>();
        // Two-sided prediction may round differently here and there.
        assert!(differences.iter().all(|&d| d <= 2), "picture {index} differs");
        assert!(differences.iter().filter(|&&d| d > 0).count() < 100, "picture {index} differs");
    }
}

fn tone_wav(name: &str, rate: u32, frames: u32, hertz: f64, channels: usize) -> PathBuf {
    // The tone as ffmpeg reads it from raw samples: exact.
    let samples = (0..frames).flat_map(|index| {
        let value = 0.5 * (TAU * hertz * f64::from(index) / f64::from(rate)).sin();
        std::iter::repeat_n(value as f32, channels)
    });
    let bytes = || samples.flat_map(f32::to_le_bytes).collect();
    let (rate, channels) = (rate.to_string(), channels.to_string());
    let mut args = vec!["-f", "f32le", "-ar", &rate, "-ac", &channels, "-i", "-"];
    if name.ends_with(".mp4") {
        args.extend_from_slice(&["-c:a", "aac", "-b:a", "192k"]);
    }
    ffmpeg_clip(name, &args, bytes)
}

fn read_all(source: &mut dyn AudioSource, channels: usize, start: i64, frames: usize) -> Vec<f32> {
    let mut out = Vec::new();
    while out.len() < frames * channels {
        let mut chunk = vec![9.0; 1024 * channels];
        source.read(start + (out.len() / channels) as i64, &mut chunk);
        out.extend_from_slice(&chunk);
    }
    out.truncate(frames * channels);
    out
}

/// How far `samples` (mono) are from a steady 0.5 tone at `hertz` whose phase is 0 at sample 0, at most.
fn worst_error(samples: &[f32], start: i64, rate: f64, hertz: f64) -> f64 {
    let error = |(index, &sample): (usize, &f32)| {
        (f64::from(sample) - 0.5 * (TAU * hertz * (start + index as i64) as f64 / rate).sin()).abs()
    };
    samples.iter().enumerate().map(error).fold(0.0, f64::max)
}

#[test]
fn a_tone_of_exact_length_loops_without_a_seam() {
    // 1.5 s of 440 Hz are 660 whole waves. Compressed and resampled files may differ a little everywhere, but at the
    // seams no more than elsewhere.
    for (name, rate, allowed) in [
        ("tone-48.wav", 48_000, 1e-4),
        ("tone-44.wav", 44_100, 1e-4),
        ("tone-44.flac", 44_100, 1e-4),
        ("tone-48.aiff", 48_000, 1e-4),
        ("tone-96.wav", 96_000, 1e-4),
        ("tone-8.wav", 8_000, 1e-4),
        ("tone-32.mp3", 32_000, 0.06),
        ("tone-48.mp3", 48_000, 0.06),
        ("tone-48.mp4", 48_000, 0.06),
        ("tone-44.mp4", 44_100, 0.06),
    ] {
        let clip = tone_wav(name, rate, rate * 3 / 2, 440.0, 1);
        let mut source = open_audio_file(&clip, 48_000, 1).unwrap();
        let start = 72_000 - 5_000;
        let samples = read_all(&mut *source, 1, start, 72_000 + 10_000);
        let worst = worst_error(&samples, start, 48_000.0, 440.0);
        assert!(worst < allowed, "{name}: {worst}");
        // The same again from anywhere, and over the start of the program.
        let samples = read_all(&mut *source, 1, -3_000, 6_000);
        let worst = worst_error(&samples, -3_000, 48_000.0, 440.0);
        assert!(worst < allowed, "{name} anew: {worst}");
    }
}

#[test]
fn an_mp3_of_variable_rate_that_does_not_tell_its_length_is_heard_whole() {
    // Half of it takes many bits and half takes few: the rate of either says nothing of the whole.
    for (name, loud) in [("loud-quiet.mp3", "lt"), ("quiet-loud.mp3", "gte")] {
        let expression = format!("aevalsrc='if({loud}(t,10),0.7*(random(0)*2-1),0.01*sin(880*PI*t))':d=20:s=44100");
        let coding = ["-f", "lavfi", "-i", &expression, "-c:a", "libmp3lame", "-q:a", "2", "-write_xing", "0"];
        let clip = ffmpeg_clip(name, &coding, Vec::new);
        let mut source = open_audio_file(&clip, 44_100, 1).unwrap();
        let format = source.info().format;
        let seconds: f64 = format.split(", ").last().unwrap().split(' ').next().unwrap().parse().unwrap();
        // Nothing tells how much of the encoder's padding is to be cut off.
        assert!((20.0..20.1).contains(&seconds), "{name}: {format}");
        let end = read_all(&mut *source, 1, 19 * 44_100, 20_000);
        assert!(end.iter().any(|sample| sample.abs() > 0.005), "{name}: its end is silent");
    }
}

#[test]
fn channels_are_mapped() {
    let mono = tone_wav("tone-48.wav", 48_000, 72_000, 440.0, 1);
    let stereo = tone_wav("tone-48-stereo.wav", 48_000, 72_000, 440.0, 2);
    for (clip, channels) in [(&mono, 2), (&stereo, 2), (&stereo, 1), (&mono, 1)] {
        let mut source = open_audio_file(clip, 48_000, channels).unwrap();
        let samples = read_all(&mut *source, usize::from(channels), 0, 2048);
        for frame in samples.chunks_exact(usize::from(channels)) {
            assert_eq!(frame.first(), frame.last());
        }
        let left: Vec<f32> = samples.iter().step_by(usize::from(channels)).copied().collect();
        assert!(worst_error(&left, 0, 48_000.0, 440.0) < 1e-4);
    }
    const SURROUND: f32 = std::f32::consts::FRAC_1_SQRT_2;
    for (name, sound, [left, right]) in [
        ("surround.wav", "0.5|0.25|0|0.5|0|0:c=5.1", [0.5, 0.25].map(|front| front / (1.0 + 2.0 * SURROUND))),
        ("sides.wav", "0|0|0|0|0.5|0.25:c=5.1(side)", [0.5, 0.25].map(|side| side * SURROUND / (1.0 + 2.0 * SURROUND))),
        ("quad.wav", "0|0|0.5|0.25:c=quad", [0.5, 0.25].map(|back| back * SURROUND / (1.0 + SURROUND))),
        ("6.1.flac", "0|0|0|0|0|0.5|0.25:c=6.1", [0.5, 0.25].map(|side| side * SURROUND / (1.5 + 2.0 * SURROUND))),
        ("6.1-back.flac", "0|0|0|0|0.5|0|0:c=6.1", [0.25 / (1.5 + 2.0 * SURROUND); 2]),
        ("7.1.wav", "0|0|0|0|0.2|0.2|0.3|0.3:c=7.1", [0.5 * SURROUND / (1.0 + 3.0 * SURROUND); 2]),
    ] {
        let codec = if name.ends_with(".wav") { "pcm_f32le" } else { "flac" };
        let sound = format!("aevalsrc={sound}:d=0.5:s=48000");
        let clip = ffmpeg_clip(name, &["-f", "lavfi", "-i", &sound, "-c:a", codec], Vec::new);
        let mut source = open_audio_file(&clip, 48_000, 2).unwrap();
        let heard = read_all(&mut *source, 2, 0, 1024);
        assert!(
            (heard[1000] - left).abs() < 1e-3 && (heard[1001] - right).abs() < 1e-3,
            "{name}: {:?}",
            &heard[1000..1002]
        );
    }
}

/// Beeps at 0.5 s of each second; 2.5 s of picture, 2.2 s of sound: the sound pads with silence.
fn in_step() -> PathBuf {
    let expression = "aevalsrc='if(gte(mod(t,1),0.5)*lt(mod(t,1),0.6),0.5*sin(2*PI*1000*t),0)':d=2.2:s=44100";
    let picture = plain();
    let args = ["-i", picture.to_str().unwrap(), "-f", "lavfi", "-i", expression, "-c:v", "copy", "-c:a", "aac"];
    ffmpeg_clip("in-step.mp4", &args, Vec::new)
}

#[test]
fn sound_and_picture_of_a_file_are_in_step_in_every_round() {
    let clip = in_step();
    let mut source = open_audio_file(&clip, 48_000, 1).unwrap();
    let samples = read_all(&mut *source, 1, 0, 48_000 * 6);
    let onsets = find_beep_onsets(&samples, 48_000, 0);
    let expected: Vec<i64> = [0.5, 1.5, 3.0, 4.0, 5.5].iter().map(|t| (t * 48_000.0) as i64).collect();
    assert_eq!(onsets.len(), expected.len(), "{onsets:?}");
    for (onset, expected) in onsets.iter().zip(&expected) {
        assert!((onset - expected).abs() <= 96, "{onsets:?}");
    }
    // From 2.2 s to the end of the round there is nothing.
    assert!(samples[48_000 * 225 / 100..48_000 * 5 / 2].iter().all(|s| s.abs() < 0.01));
    let mut source = open_video_file(&clip).unwrap();
    assert_eq!(play(&mut *source, "30", 74..78), [74, 0, 1, 2]);
}

#[test]
fn a_longer_sound_holds_the_last_picture() {
    let picture = plain();
    let clip = ffmpeg_clip(
        "longer-sound.mp4",
        &["-i", picture.to_str().unwrap(), "-f", "lavfi", "-i", "sine=440:d=3", "-c:v", "copy", "-c:a", "aac"],
        Vec::new,
    );
    let mut source = open_video_file(&clip).unwrap();
    let shown = play(&mut *source, "30", 70..95);
    let expected: Vec<i64> = (70..75).chain([74; 15]).chain(0..5).collect();
    assert_eq!(shown, expected);
}

fn reason(result: Result<impl Sized, SourceError>) -> String {
    match result {
        Ok(_) => panic!("it opened"),
        Err(error @ (SourceError::Unreadable { .. } | SourceError::FilePermission { .. })) => error.to_string(),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_played_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let clip = plain();
    let whole = std::fs::read(&clip).unwrap();
    let sound = tone_wav("tone-48.mp4", 48_000, 72_000, 440.0, 1);
    let hevc = ffmpeg_clip(
        "hevc.mp4",
        &["-f", "lavfi", "-i", "testsrc=d=0.5:s=128x72", "-c:v", "libx265", "-x265-params", "log-level=error"],
        Vec::new,
    );
    let prores = ["-f", "lavfi", "-i", "testsrc=d=0.2:s=128x72", "-c:v", "prores"];
    let prores = ffmpeg_clip("prores.mov", &prores, Vec::new);
    let rf64 = ["-f", "lavfi", "-i", "sine=d=0.5", "-rf64", "always"];
    let rf64 = ffmpeg_clip("rf64.wav", &rf64, Vec::new);
    let coded_tone = |name: &str, codec: &str| {
        let rate = if codec == "libgsm_ms" { "8000" } else { "44100" };
        ffmpeg_clip(name, &["-f", "lavfi", "-i", "sine=d=2", "-ar", rate, "-c:a", codec], Vec::new)
    };
    let cases: Vec<(PathBuf, &str)> = vec![
        (folder.path().join("missing.mp4"), "no such file"),
        (folder.path().to_owned(), "folder"),
        (write("empty.mp4", b""), "empty"),
        (write("text.mp4", b"hello there, this is text\n"), "text file"),
        (write("cut.mp4", &whole[..whole.len() / 2]), "cut off"),
        (write("noise.mp4", &[0x80; 4096]), "unknown kind"),
        (write("clip.mkv", &[0x1a, 0x45, 0xdf, 0xa3, 0, 0]), "Matroska"),
        (write("photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x10meta"), "picture of another kind"),
        (write("photo.avif", b"\0\0\0\x18ftypavif\0\0\0\0mif1avif\0\0\0\x10meta"), "picture of another kind"),
        (sound, "no picture"),
        (hevc, "HEVC (H.265); Tally plays H.264"),
        (prores, "Apple ProRes; Tally plays H.264"),
        (tone_wav("tone-48.wav", 48_000, 72_000, 440.0, 1), "sound file"),
        (write("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "damaged or cut off"),
        (write("cut.y4m", b"YUV4MPEG2 W64 H64 F30:1\nFRAME\nxx"), "cut off"),
        (write("deep.y4m", b"YUV4MPEG2 W64 H64 F30:1 C420p10\nFRAME\nxx"), "8-bit 4:2:0"),
    ];
    for (path, expected) in cases {
        let reason = reason(open_video_file(&path));
        assert!(reason.contains(expected) && reason.contains(&*path.to_string_lossy()), "{reason}");
    }
    let cases: Vec<(PathBuf, &str)> = vec![
        (folder.path().join("missing.wav"), "no such file"),
        (clip, "no sound"),
        (write("header.wav", b"RIFF\0\0\0\0WAVE"), "damaged"),
        (write("text.wav", b"hello"), "text file"),
        (coded_tone("tone.m4a", "alac"), "its sound is Apple Lossless (ALAC); Tally plays AAC"),
        (coded_tone("tone-mp3.mp4", "libmp3lame"), "its sound is MP3; Tally plays AAC"),
        (coded_tone("tone-mp3.mov", "libmp3lame"), "its sound is MP3; Tally plays AAC"),
        (coded_tone("tone-ms.wav", "adpcm_ms"), "its sound is ADPCM; Tally plays uncompressed WAV (PCM)"),
        (coded_tone("tone-ima.wav", "adpcm_ima_wav"), "its sound is ADPCM; Tally plays uncompressed WAV (PCM)"),
        (coded_tone("tone-gsm.wav", "libgsm_ms"), "its sound is of a kind that Tally does not play"),
        (rf64, "it is an RF64, which is a WAV for more than 4 GB; Tally plays plain WAV"),
    ];
    for (path, expected) in cases {
        let reason = reason(open_audio_file(&path, 48_000, 2));
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn damaged_files_never_panic() {
    let clip = fragments();
    let whole = std::fs::read(clip).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.mp4");
    let mut random = 1u64;
    let mut next = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize
    };
    for round in 0..60 {
        let mut bytes = whole.clone();
        // The header is in the first kilobytes, where it hurts most.
        let reach = if round % 2 == 0 { 1500 } else { bytes.len() };
        for _ in 0..1 + round % 7 {
            bytes[next() % reach] = next() as u8;
        }
        bytes.truncate(bytes.len() - next() % bytes.len() / 2);
        std::fs::write(&path, bytes).unwrap();
        if let Ok(mut source) = open_video_file(&path) {
            for tick in [0, 1, 2, 30, 70, 80] {
                source.picture_at(FrameRate::DEFAULT.frame_time(tick));
            }
        }
        let _ = open_audio_file(&path, 48_000, 2);
    }
}

#[test]
fn a_fragmented_recording_that_was_cut_plays_to_its_cut() {
    let clip = fragments();
    let whole = std::fs::read(clip).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut.mp4");
    std::fs::write(&path, &whole[..whole.len() * 6 / 10]).unwrap();
    let mut source = open_video_file(&path).unwrap();
    assert_eq!(play(&mut *source, "30", 0..25), (0..25).collect::<Vec<_>>());
}

#[test]
fn y4m_clips_loop_exactly() {
    let clip = numbered_clip("numbered.y4m", "30", 12, &["-f", "yuv4mpegpipe"]);
    let mut source = open_video_file(&clip).unwrap();
    assert_eq!(source.info().frame_rate, Some(FrameRate::DEFAULT));
    assert_eq!(play(&mut *source, "30", 0..30), (0..30).map(|tick| tick % 12).collect::<Vec<_>>());
    assert_eq!(play(&mut *source, "60", 0..30), (0..30).map(|tick| tick / 2 % 12).collect::<Vec<_>>());
    // Nothing is said of its colours: those of high definition stay as they are.
    let size = Size::new(1280, 720);
    let coding =
        ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1280x720", "-r", "30", "-i", "-", "-f", "yuv4mpegpipe"];
    let clip = ffmpeg_clip("hd.y4m", &coding, || numbered_pictures(size, FrameRate::DEFAULT, 1));
    let first = open_video_file(&clip).unwrap().picture_at(Timestamp::ZERO).unwrap().picture;
    assert!(first.data() == numbered_pictures(size, FrameRate::DEFAULT, 1));
    let grey = numbered_clip("grey.y4m", "25", 3, &["-pix_fmt", "gray", "-f", "yuv4mpegpipe"]);
    let mut source = open_video_file(&grey).unwrap();
    let first = source.picture_at(Timestamp::ZERO).unwrap().picture;
    assert!(first.planes()[1].iter().all(|&u| u == 128));
    assert_eq!(number(&first), 0);
}

#[test]
fn the_shape_of_pixels_is_read_from_the_picture_the_container_and_the_header() {
    let shape = |path: &Path| open_video_file(path).unwrap().picture_at(Timestamp::ZERO).unwrap().pixel_aspect;
    assert_eq!(shape(&plain()), PixelAspect::SQUARE);
    let x264 = ["-c:v", "libx264", "-preset", "ultrafast"];
    // Told by the picture and the container.
    let narrow = numbered_clip("narrow.mp4", "30", 3, &[&["-vf", "setsar=8/9"][..], &x264].concat());
    assert_eq!(shape(&narrow), PixelAspect::new(8889, 10_000));
    // Set afterwards, in the container alone.
    let plain = plain();
    let plain = plain.to_str().unwrap();
    let wide = ffmpeg_clip("wide.mp4", &["-i", plain, "-c", "copy", "-aspect", "64:27"], Vec::new);
    assert_eq!(shape(&wide), PixelAspect::new(13_333, 10_000));
    let y4m = numbered_clip("narrow.y4m", "30", 2, &["-vf", "setsar=8/9", "-f", "yuv4mpegpipe"]);
    assert_eq!(shape(&y4m), PixelAspect::new(8, 9));
}

#[test]
fn file_names_are_shown_without_their_folder() {
    let clip = plain();
    let info = open_video_file(&clip).unwrap().info();
    assert_eq!(info.name, "plain-30.mp4");
    assert!(info.format.contains("H.264") && info.format.contains("2.50 s"), "{}", info.format);
    assert!(Path::new(&info.name).is_relative());
}

#[test]
fn the_test_picture_survives_coding_at_2500_kb_a_second_and_scaling() {
    let size = Size::new(1280, 720);
    let coding = ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1280x720", "-r", "30", "-i", "-", "-c:v", "libx264"];
    let rate =
        ["-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k"];
    let pictures = || numbered_pictures(size, FrameRate::DEFAULT, 40);
    let clip = ffmpeg_clip("test-picture-2500k.mp4", &[&coding[..], &rate].concat(), pictures);
    let mut source = open_video_file(&clip).unwrap();
    let small = Size::new(426, 240);
    let (mut composer, mut pool) = (Composer::new(small), PicturePool::new(small));
    for tick in 0..40 {
        let picture = source.picture_at(FrameRate::DEFAULT.frame_time(tick)).unwrap().picture;
        let scaled = composer.compose(&picture, PixelAspect::SQUARE, &mut pool);
        for picture in [&picture, &scaled] {
            assert_eq!(number(picture), tick);
            assert_eq!(flash_is_on(picture), Some(tick % 30 < 3), "{tick}");
        }
    }
}
