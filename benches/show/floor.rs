//! The floor: decoding the clip and encoding it again, alone, on one thread, in a process of its own (this program
//! started again). `benches/floor.rs` takes it apart.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tally::clock::Clock;
use tally::decode;
use tally::encode::{self, AudioEncoder, AudioEncoderSettings, VideoEncoderSettings};
use tally::media::{AudioChunk, Bitrate, CHUNK_SAMPLES};

use crate::clip::path;
use crate::measure::run;
use crate::parts::read_clip;

/// The first argument of that process.
pub(crate) const CHILD: &str = "--floor";

/// When a picture's turn comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// When the one before is done.
    AtOnce,
    /// When a show would send it: what waiting costs (cold caches, a clock that steps down) is in it.
    Show,
}

/// CPU seconds for each of the clip's first `seconds`.
pub(crate) fn cpu_per_second(pace: Pace, seconds: u32) -> f64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(CHILD).arg(path()).arg(seconds.to_string()).arg(format!("{pace:?}"));
    run(&mut command).cpu_seconds / f64::from(seconds)
}

/// Does the work of `seconds`, at the rates of the show. `pace` is a `Pace` by its name.
pub(crate) fn child(path: &Path, seconds: u32, pace: &str) {
    let clip = read_clip(path).unwrap();
    let settings = VideoEncoderSettings {
        size: clip.video.size,
        frame_rate: clip.video.frame_rate,
        bitrate: Bitrate::from_kbps(2500),
        keyframe_seconds: 2.0,
    };
    let clock = Clock::system();
    let paced = pace == format!("{:?}", Pace::Show);
    let mut decoder = decode::open_h264(&clip.video).unwrap();
    let mut encoder = encode::open_h264(&settings, 1).unwrap();
    let mut sound_decoder = clip.audio.as_ref().map(|audio| decode::open_aac(audio).unwrap());
    let mut sound_encoder = None;
    let mut samples: Vec<f32> = Vec::new();
    let (mut index, frames) = (0, i64::from(settings.frame_rate.frames_in(f64::from(seconds))));
    while index < frames {
        for unit in &clip.units {
            if !unit.video {
                let decoded = sound_decoder.as_mut().and_then(|decoder| decoder.decode(&unit.data, unit.pts).unwrap());
                if let Some(chunk) = decoded {
                    encode_sound(&mut sound_encoder, &mut samples, chunk);
                }
                continue;
            }
            for frame in decoder.decode(&unit.data, unit.pts).unwrap() {
                let due = settings.frame_rate.frame_time(index);
                if paced {
                    clock.sleep_until(due, Duration::MAX);
                }
                encoder.encode(&frame.picture, due, due, false).unwrap();
                index += 1;
            }
            if index >= frames {
                return;
            }
        }
        for frame in decoder.flush() {
            let due = settings.frame_rate.frame_time(index);
            encoder.encode(&frame.picture, due, due, false).unwrap();
            index += 1;
        }
    }
}

/// Encodes the whole chunks that there are with `chunk`.
fn encode_sound(encoder: &mut Option<Box<dyn AudioEncoder>>, samples: &mut Vec<f32>, chunk: AudioChunk) {
    let (sample_rate, channels) = (chunk.sample_rate, chunk.channels);
    let encoder = encoder.get_or_insert_with(|| {
        let bitrate = Bitrate::from_kbps(160);
        encode::open_aac(&AudioEncoderSettings { sample_rate, channels, bitrate }).unwrap()
    });
    samples.extend_from_slice(&chunk.samples);
    let whole = CHUNK_SAMPLES * usize::from(channels);
    while samples.len() >= whole {
        let samples = samples.drain(..whole).collect();
        encoder.encode(&AudioChunk { samples, ..chunk.clone() }).unwrap();
    }
}
