//! Eyes and ears: finds the test signal's flashes and beeps in a recording, as a viewer would see and hear them.

use std::path::Path;
use std::process::{Command, Stdio};

use tally::media::{Picture, Size};
use tally::video::{flash_is_on, read_block_time};

use super::media::{Recording, probe_size};
use super::mp4::Played;

/// The rate sound is decoded to.
const RATE: u32 = 48_000;
/// Samples of a packet.
const PACKET: usize = 1024;

/// What was seen and heard.
#[derive(Debug)]
pub(crate) struct Signal {
    /// Milliseconds at which the patch turned white.
    pub(crate) flashes: Vec<f64>,
    /// Milliseconds at which the tone rose.
    pub(crate) beeps: Vec<f64>,
    /// Per picture in the order shown: its pts in milliseconds and, if the blocks were readable, the wall clock in them
    /// (milliseconds since 1970, modulo 2^28).
    pub(crate) clocks: Vec<(i64, Option<u32>)>,
}

impl Signal {
    /// Decodes a recording.
    pub(crate) fn read(path: &Path) -> Self {
        let (mut pictures, sound) = if path.extension().is_some_and(|ending| ending == "mp4") {
            let played = Played::read(path);
            let pictures: Vec<_> = played.pictures.iter().map(|picture| picture.0 * 1000.0).collect();
            (pictures, played.sound.iter().map(|time| time * 1000.0).collect::<Vec<_>>())
        } else {
            let recording = Recording::read(path);
            let pictures = recording.video.iter().map(|unit| unit.pts as f64).collect();
            (pictures, recording.audio.iter().map(|unit| unit.pts as f64).collect())
        };
        pictures.sort_unstable_by(f64::total_cmp);
        let (flashes, clocks) = see(path, &pictures);
        Self { flashes, beeps: if sound.is_empty() { Vec::new() } else { hear(path, &sound) }, clocks }
    }

    /// For each flash, how much later its beep came, in milliseconds. Panics if there are fewer than `least` pairs.
    pub(crate) fn av_offsets_ms(&self, least: usize) -> Vec<f64> {
        let offsets: Vec<_> = self
            .flashes
            .iter()
            .filter_map(|flash| self.beeps.iter().map(|beep| beep - flash).min_by(|a, b| a.abs().total_cmp(&b.abs())))
            .filter(|offset| offset.abs() < 450.0)
            .collect();
        assert!(offsets.len() >= least, "flashes {:?}, beeps {:?}", self.flashes, self.beeps);
        offsets
    }

    /// Panics unless every beep comes within `limit_ms` of its flash.
    pub(crate) fn check_av_offset(&self, limit_ms: f64, least: usize) {
        let offsets = self.av_offsets_ms(least);
        assert!(offsets.iter().all(|offset| offset.abs() < limit_ms), "sound − picture: {offsets:.1?} ms");
    }

    /// How many of the pictures show a time of their own: a picture shown twice counts once.
    pub(crate) fn distinct_pictures(&self) -> usize {
        let mut clocks: Vec<_> = self.clocks.iter().filter_map(|(_, clock)| *clock).collect();
        clocks.dedup();
        clocks.len()
    }
}

/// `times` are those of the pictures in milliseconds.
fn see(path: &Path, times: &[f64]) -> (Vec<f64>, Vec<(i64, Option<u32>)>) {
    let size: Size = probe_size(path).parse().unwrap();
    let bytes = decode(path, &["-map", "0:v:0", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p"]);
    let mut picture = Picture::black(size);
    let length: usize = picture.planes().iter().map(|plane| plane.len()).sum();
    let (mut flashes, mut clocks, mut was_on) = (Vec::new(), Vec::new(), None);
    for (raw, &pts) in bytes.chunks_exact(length).zip(times) {
        let mut rest = raw;
        for plane in picture.planes_mut() {
            let (now, later) = rest.split_at(plane.len());
            plane.copy_from_slice(now);
            rest = later;
        }
        let is_on = flash_is_on(&picture);
        if is_on == Some(true) && was_on == Some(false) {
            flashes.push(pts);
        }
        was_on = is_on.or(was_on);
        clocks.push((pts.round() as i64, read_block_time(&picture)));
    }
    (flashes, clocks)
}

/// `times` are those of the packets of sound in milliseconds; a hole between two of them is one in what is heard. The beep is five times as loud as the tone below it and starts without a fade: half of the loudest sample after a
/// tenth of a second without one is its start.
fn hear(path: &Path, times: &[f64]) -> Vec<f64> {
    let bytes = decode(path, &["-map", "0:a:0", "-f", "f32le", "-ac", "1", "-ar", &RATE.to_string()]);
    let samples: Vec<f32> = bytes.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect();
    let loudest = samples.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
    let quiet = i64::from(RATE / 10);
    let mut last_loud = 0;
    let mut onsets = Vec::new();
    for (index, sample) in (0i64..).zip(&samples) {
        if loudest > 0.05 && sample.abs() > loudest / 2.0 {
            if index - last_loud > quiet {
                let holes: f64 = times.windows(2).take(index as usize / PACKET).map(hole).sum();
                onsets.push(times[0] + index as f64 * 1000.0 / f64::from(RATE) + holes);
            }
            last_loud = index;
        }
    }
    onsets
}

/// Milliseconds missing between two packets; stamps are rounded.
fn hole(pair: &[f64]) -> f64 {
    let missing = pair[1] - pair[0] - PACKET as f64 * 1000.0 / f64::from(RATE);
    if missing > 5.0 { missing } else { 0.0 }
}

fn decode(path: &Path, output: &[&str]) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-v", "error", "-i"]).arg(path).args(output).arg("pipe:1");
    let made = command.stdin(Stdio::null()).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}

#[cfg(test)]
mod tests {
    use super::super::process::Process;
    use super::*;
    use std::time::Duration;

    fn offset_of_sound_delayed_by(seconds: &str) -> Vec<f64> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("signal.flv");
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error", "-nostdin", "-f", "lavfi", "-i"]);
        command.arg("color=black:size=320x180:rate=30:duration=4,drawbox=t=fill:color=white:enable='lt(mod(t,1),0.1)'");
        command.args(["-itsoffset", seconds, "-f", "lavfi", "-i"]);
        command.arg("aevalsrc='(0.1+0.5*lt(mod(t,1),0.1))*sin(2*PI*1000*t)':sample_rate=48000:duration=4");
        command
            .args(["-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", "-b:a", "128k", "-f", "flv"])
            .arg(&path);
        Process::start(&mut command).succeed(Duration::from_secs(30));
        Signal::read(&path).av_offsets_ms(2)
    }

    #[test]
    fn the_offset_of_sound_to_picture_is_measured_to_a_few_milliseconds() {
        for (delay, expected) in [("0", 0.0), ("0.1", 100.0), ("0.25", 250.0)] {
            let offsets = offset_of_sound_delayed_by(delay);
            assert!(offsets.iter().all(|offset| (offset - expected).abs() < 3.0), "{delay}: {offsets:?}");
        }
    }
}
