//! The floor: decoding the clip and encoding it again, alone, on one thread, in a process of its own (this program
//! started again). `benches/floor.rs` takes it apart.

use std::path::Path;
use std::process::Command;

use tally::decode;
use tally::encode::{self, AudioEncoderSettings, VideoEncoderSettings};
use tally::media::{AudioChunk, Bitrate, CHUNK_SAMPLES};

use crate::clip::{CLIP_SECONDS, path};
use crate::measure::run;
use crate::parts::read_clip;

/// The first argument of that process.
pub(crate) const CHILD: &str = "--floor";

/// CPU seconds for each second of the clip.
pub(crate) fn cpu_per_second() -> f64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    run(command.arg(CHILD).arg(path())).cpu_seconds / CLIP_SECONDS
}

/// Does the work, at the rates of the show.
pub(crate) fn child(path: &Path) {
    let clip = read_clip(path).unwrap();
    let settings = VideoEncoderSettings {
        size: clip.video.size,
        frame_rate: clip.video.frame_rate,
        bitrate: Bitrate::from_kbps(2500),
        keyframe_seconds: 2.0,
    };
    let mut decoder = decode::open_h264(&clip.video).unwrap();
    let mut encoder = encode::open_h264(&settings, 1).unwrap();
    let mut sound_decoder = clip.audio.as_ref().map(|audio| decode::open_aac(audio).unwrap());
    let mut sound_encoder = None;
    let mut samples: Vec<f32> = Vec::new();
    for unit in &clip.units {
        if unit.video {
            for frame in decoder.decode(&unit.data, unit.pts).unwrap() {
                encoder.encode(&frame.picture, frame.pts, frame.pts, false).unwrap();
            }
            continue;
        }
        let Some(chunk) = sound_decoder.as_mut().and_then(|decoder| decoder.decode(&unit.data, unit.pts).unwrap())
        else {
            continue;
        };
        let (sample_rate, channels) = (chunk.sample_rate, chunk.channels);
        let sound_encoder = sound_encoder.get_or_insert_with(|| {
            let bitrate = Bitrate::from_kbps(160);
            encode::open_aac(&AudioEncoderSettings { sample_rate, channels, bitrate }).unwrap()
        });
        samples.extend_from_slice(&chunk.samples);
        let whole = CHUNK_SAMPLES * usize::from(channels);
        while samples.len() >= whole {
            let samples = samples.drain(..whole).collect();
            sound_encoder.encode(&AudioChunk { samples, ..chunk.clone() }).unwrap();
        }
    }
    for frame in decoder.flush() {
        encoder.encode(&frame.picture, frame.pts, frame.pts, false).unwrap();
    }
}
