//! What a recording holds: an FLV reader of the tests' own, checks of timeline and rate, and FFmpeg's judgement.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::process::Process;

/// One encoded picture or one packet of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Milliseconds.
    pub(crate) dts: i64,
    /// Milliseconds.
    pub(crate) pts: i64,
    /// An IDR picture.
    pub(crate) keyframe: bool,
    /// Payload without the FLV header.
    pub(crate) bytes: usize,
}

/// The content of an FLV file.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// Pictures in file order.
    pub(crate) video: Vec<Unit>,
    /// Sound in file order.
    pub(crate) audio: Vec<Unit>,
    /// Decode times of both in file order.
    pub(crate) order: Vec<i64>,
    /// AVC sequence headers.
    pub(crate) video_headers: usize,
    /// AAC sequence headers.
    pub(crate) audio_headers: usize,
    /// Script data tags.
    pub(crate) scripts: usize,
}

impl Recording {
    /// Reads an FLV file (FLV 10.1, annex E). A tag cut off at the end is not counted.
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Self {
        assert_eq!(bytes.get(..3), Some(&b"FLV"[..]), "not an FLV file");
        let mut found = Self::default();
        let mut rest = &bytes[13..];
        while rest.len() >= 11 {
            let length = usize::try_from(u32::from_be_bytes([0, rest[1], rest[2], rest[3]])).unwrap();
            let dts = i64::from(u32::from_be_bytes([rest[7], rest[4], rest[5], rest[6]]));
            let Some(body) = rest.get(11..11 + length) else { break };
            found.take(rest[0], dts, body);
            rest = rest.get(11 + length + 4..).unwrap_or_default();
        }
        found
    }

    fn take(&mut self, kind: u8, dts: i64, body: &[u8]) {
        match (kind, body) {
            (18, _) => self.scripts += 1,
            (9, &[first, packet, a, b, c, ..]) => {
                assert_eq!(first & 0x0f, 7, "video codec of {first:#x}");
                match packet {
                    0 => self.video_headers += 1,
                    1 => {
                        let composition = i64::from(i32::from_be_bytes([a, b, c, 0]) >> 8);
                        let keyframe = first >> 4 == 1;
                        self.video.push(Unit { dts, pts: dts + composition, keyframe, bytes: body.len() - 5 });
                        self.order.push(dts);
                    }
                    _ => {}
                }
            }
            (8, &[first, packet, ..]) => {
                assert_eq!(first >> 4, 10, "audio codec of {first:#x}");
                if packet == 0 {
                    self.audio_headers += 1;
                } else {
                    self.audio.push(Unit { dts, pts: dts, keyframe: true, bytes: body.len() - 2 });
                    self.order.push(dts);
                }
            }
            _ => {}
        }
    }

    /// Panics unless timestamps strictly increase within each kind.
    pub(crate) fn check_timeline(&self) {
        for (name, units) in [("video", &self.video), ("audio", &self.audio)] {
            for pair in units.windows(2) {
                assert!(pair[1].dts > pair[0].dts, "{name}: {} then {}", pair[0].dts, pair[1].dts);
                assert!(pair[1].pts > pair[0].pts, "{name}: pts {} then {}", pair[0].pts, pair[1].pts);
            }
        }
    }

    /// Panics unless sound and picture lie within `ms` of each other in the order of their arrival. Sound leaves later by
    /// the length of its packets and the coder's delay, which the picture does not wait for.
    pub(crate) fn check_interleaving(&self, ms: i64) {
        let mut latest = 0;
        for &time in &self.order {
            latest = latest.max(time);
            assert!(time + ms >= latest, "across sound and picture: {latest} then {time}");
        }
    }

    /// Panics unless keyframes come first and then exactly every `seconds`, to a millisecond's rounding.
    pub(crate) fn check_keyframes(&self, seconds: f64) {
        assert!(self.video.first().is_some_and(|unit| unit.keyframe), "the first picture is no keyframe");
        let times: Vec<_> = self.video.iter().filter(|unit| unit.keyframe).map(|unit| unit.pts).collect();
        assert!(times.len() >= 2, "keyframes at {times:?}");
        for pair in times.windows(2) {
            let gap = (pair[1] - pair[0]) as f64;
            assert!((gap - seconds * 1000.0).abs() <= 1.0, "keyframes at {times:?}");
        }
    }

    /// Panics if sound is missing anywhere: packets of 1024 samples at `rate` must follow each other without a hole.
    pub(crate) fn check_sound_is_whole(&self, rate: u32) {
        let step = 1024.0 * 1000.0 / f64::from(rate);
        for pair in self.audio.windows(2) {
            let gap = (pair[1].dts - pair[0].dts) as f64;
            assert!((gap - step).abs() <= 1.01, "sound: {} ms then {} ms", pair[0].dts, pair[1].dts);
        }
    }

    /// Pictures missing between the first and the last at `fps`.
    pub(crate) fn holes(&self, fps: f64) -> usize {
        let (Some(first), Some(last)) = (self.video.first(), self.video.last()) else { return 0 };
        let expected = ((last.pts - first.pts) as f64 * fps / 1000.0).round() as usize + 1;
        expected.saturating_sub(self.video.len())
    }

    /// Milliseconds from the first picture to the end of the last.
    pub(crate) fn video_ms(&self) -> f64 {
        span_ms(&self.video)
    }

    /// Milliseconds from the first packet of sound to the end of the last.
    pub(crate) fn audio_ms(&self) -> f64 {
        span_ms(&self.audio)
    }

    /// Average rate of the pictures.
    pub(crate) fn video_kbps(&self) -> f64 {
        let bytes: usize = self.video.iter().map(|unit| unit.bytes).sum();
        bytes as f64 * 8.0 / self.video_ms().max(1.0)
    }

    /// How much later the last picture is than the last sound, in milliseconds: near 0 when nothing was lost at the end.
    pub(crate) fn end_offset_ms(&self) -> i64 {
        let last = |units: &[Unit]| units.last().map_or(0, |unit| unit.dts);
        last(&self.video) - last(&self.audio)
    }
}

fn span_ms(units: &[Unit]) -> f64 {
    let (Some(first), Some(last)) = (units.first(), units.last()) else { return 0.0 };
    let count = units.len().max(2) as f64 - 1.0;
    let span = (last.pts - first.pts) as f64;
    span + span / count
}

/// Decodes everything with Debian's FFmpeg, panics if it has anything to say, and returns the count of pictures.
pub(crate) fn decode_without_a_warning(path: &Path) -> usize {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-v", "warning", "-xerror", "-i"]).arg(path);
    // Some publishers add a stream of script data, which has no decoder.
    command.args([
        "-map",
        "0:v?",
        "-map",
        "0:a?",
        "-fps_mode",
        "passthrough",
        // In the file's own time: rounded to frames, half a picture's offset and a millisecond make two of one time.
        "-enc_time_base:v",
        "-1",
        "-f",
        "null",
        "-progress",
        "pipe:1",
        "-",
    ]);
    let mut process = Process::start(&mut command);
    process.succeed(Duration::from_secs(60));
    let said = process.stderr.text();
    assert!(said.trim().is_empty(), "decoding {} said:\n{said}", path.display());
    let progress = process.stdout.text();
    let frames = progress.lines().filter_map(|line| line.strip_prefix("frame=")).next_back();
    frames.and_then(|text| text.trim().parse().ok()).unwrap_or_else(|| panic!("no count in\n{progress}"))
}

/// The same with another FFmpeg, for its opinion alone.
pub(crate) fn probe_size(path: &Path) -> String {
    let args = ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height", "-of", "csv=p=0"];
    let path = path.to_string_lossy().into_owned();
    let (text, _) = super::process::run("ffprobe", args.into_iter().chain([path.as_str()]));
    text.trim().trim_end_matches(',').replace(',', "x")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made_by_ffmpeg(dir: &Path) -> std::path::PathBuf {
        let path = dir.join("made.flv");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=4"]);
        command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4"]);
        command.args([
            "-c:v",
            "libx264",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-g",
            "60",
            "-keyint_min",
            "60",
        ]);
        command.args(["-sc_threshold", "0", "-c:a", "aac", "-f", "flv"]).arg(&path);
        Process::start(&mut command).succeed(Duration::from_secs(30));
        path
    }

    /// A live source may begin anywhere between two ticks of its rate; that is no fault of the recording.
    #[test]
    fn half_a_pictures_offset_is_no_warning() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("offset.flv");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=1"]);
        command.args(["-vf", "settb=1/1000,setpts='if(eq(N,0),0,trunc((N-0.5)*100/3)+mod(N,2))'", "-copyts"]);
        command.args(["-enc_time_base", "1/1000", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"]);
        Process::start(command.args(["-f", "flv"]).arg(&path)).succeed(Duration::from_secs(30));
        Recording::read(&path).check_timeline();
        assert_eq!(decode_without_a_warning(&path), 30);
    }

    #[test]
    fn the_reader_agrees_with_ffmpeg() {
        let dir = tempfile::tempdir().unwrap();
        let path = made_by_ffmpeg(dir.path());
        let recording = Recording::read(&path);
        assert_eq!(recording.video.len(), 120);
        assert_eq!(decode_without_a_warning(&path), 120);
        assert_eq!((recording.video_headers, recording.audio_headers), (1, 1));
        assert_eq!(probe_size(&path), "320x180");
        recording.check_timeline();
        recording.check_keyframes(2.0);
        recording.check_sound_is_whole(48_000);
        assert_eq!(recording.holes(30.0), 0);
        assert!((recording.video_ms() - 4000.0).abs() < 40.0);
    }

    #[test]
    fn faults_are_seen() {
        let unit = |dts, keyframe| Unit { dts, pts: dts, keyframe, bytes: 1 };
        let backwards = Recording { video: vec![unit(33, true), unit(33, false)], ..Recording::default() };
        assert!(std::panic::catch_unwind(|| backwards.check_timeline()).is_err());
        let irregular = Recording { video: vec![unit(0, true), unit(1900, true)], ..Recording::default() };
        assert!(std::panic::catch_unwind(|| irregular.check_keyframes(2.0)).is_err());
        let holey = Recording { audio: vec![unit(0, true), unit(43, true)], ..Recording::default() };
        assert!(std::panic::catch_unwind(|| holey.check_sound_is_whole(48_000)).is_err());
        let skipping =
            Recording { video: vec![unit(0, true), unit(33, false), unit(100, false)], ..Recording::default() };
        assert_eq!(skipping.holes(30.0), 1);
    }

    #[test]
    fn damage_is_heard_of() {
        let dir = tempfile::tempdir().unwrap();
        let path = made_by_ffmpeg(dir.path());
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..middle + 3000].fill(0x5a);
        std::fs::write(&path, bytes).unwrap();
        assert!(std::panic::catch_unwind(|| decode_without_a_warning(&path)).is_err());
    }
}
