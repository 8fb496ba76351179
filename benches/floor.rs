//! The floor of the headless engine: what decoding a clip and encoding it again costs alone, on one thread, without
//! clock, queues or network. `cargo bench --bench floor`; `CLIP` names another clip, `THREADS` allows more slices.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::time::Duration;

use support::Done;
use tally::clock::{Clock, process_cpu_time};
use tally::decode;
use tally::encode::{self, AudioEncoderSettings, VideoEncoderSettings};
use tally::media::{AudioChunk, Bitrate, CHUNK_SAMPLES, Timestamp};

fn main() -> Done<()> {
    let path = support::clip()?;
    let clip = support::read_clip(&path)?;
    let threads = std::env::var("THREADS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let clock = Clock::system();
    let (start, cpu_start) = (clock.now(), process_cpu_time());
    let mut cpu = Cpu { last: cpu_start, ..Cpu::default() };

    let mut video_decoder = decode::open_h264(&clip.video)?;
    let mut audio_decoder = clip.audio.as_ref().map(decode::open_aac).transpose()?;
    let mut video_encoder = encode::open_h264(
        &VideoEncoderSettings {
            size: clip.video.size,
            frame_rate: clip.video.frame_rate,
            bitrate: Bitrate::from_kbps(2500),
            keyframe_seconds: 2.0,
        },
        threads,
    )?;
    let mut audio_encoder = None;
    let (mut frames, mut video_bytes, mut audio_bytes, mut keyframe_bytes_max) = (0u32, 0usize, 0usize, 0usize);
    let mut sound: Vec<f32> = Vec::new();
    for unit in &clip.units {
        if unit.video {
            let decoded = video_decoder.decode(&unit.data, unit.pts)?;
            cpu.lap(Part::VideoDecode);
            for frame in decoded {
                let packet = video_encoder.encode(&frame.picture, frame.pts, frame.pts, false)?;
                frames += 1;
                video_bytes += packet.data.len();
                if packet.is_keyframe() {
                    keyframe_bytes_max = keyframe_bytes_max.max(packet.data.len());
                }
            }
            cpu.lap(Part::VideoEncode);
        } else if let Some(decoder) = &mut audio_decoder {
            let chunk = decoder.decode(&unit.data, unit.pts)?;
            cpu.lap(Part::AudioDecode);
            let Some(chunk) = chunk else { continue };
            let settings = AudioEncoderSettings {
                sample_rate: chunk.sample_rate,
                channels: chunk.channels,
                bitrate: Bitrate::from_kbps(160),
            };
            let encoder = match &mut audio_encoder {
                Some(encoder) => encoder,
                empty => empty.insert(encode::open_aac(&settings)?),
            };
            sound.extend_from_slice(&chunk.samples);
            let whole = CHUNK_SAMPLES * usize::from(chunk.channels);
            while sound.len() >= whole {
                let samples = sound.drain(..whole).collect();
                let piece = AudioChunk { samples, ..chunk.clone() };
                audio_bytes += encoder.encode(&piece)?.map_or(0, |packet| packet.data.len());
            }
            cpu.lap(Part::AudioEncode);
        }
    }
    for frame in video_decoder.flush() {
        video_bytes += video_encoder.encode(&frame.picture, frame.pts, frame.pts, false)?.data.len();
        frames += 1;
    }
    cpu.lap(Part::VideoEncode);

    let seconds = f64::from(frames) / clip.video.frame_rate.as_f64();
    let per_second = |part: Duration| part.as_secs_f64() / seconds;
    println!("clip             {} ({frames} frames, {seconds:.2} s)", path.display());
    println!("wall             {:.2} s", clock.now().since(start.max(Timestamp::ZERO)).as_secs_f64());
    println!(
        "CPU per second   {:.4} s  (all that follows is in CPU seconds per media second)",
        per_second(process_cpu_time() - cpu_start)
    );
    println!("  H.264 decode   {:.4}", per_second(cpu.parts[Part::VideoDecode as usize]));
    println!("  H.264 encode   {:.4}", per_second(cpu.parts[Part::VideoEncode as usize]));
    println!("  AAC decode     {:.4}", per_second(cpu.parts[Part::AudioDecode as usize]));
    println!("  AAC encode     {:.4}", per_second(cpu.parts[Part::AudioEncode as usize]));
    let kbps = |bytes: usize| bytes as f64 * 8.0 / seconds / 1000.0;
    println!("video            {:.0} kb/s, largest keyframe {} bytes", kbps(video_bytes), keyframe_bytes_max);
    println!("audio            {:.0} kb/s", kbps(audio_bytes));
    Ok(())
}

#[derive(Clone, Copy)]
enum Part {
    VideoDecode,
    VideoEncode,
    AudioDecode,
    AudioEncode,
}

/// CPU time by part.
#[derive(Default)]
struct Cpu {
    last: Duration,
    parts: [Duration; 4],
}

impl Cpu {
    fn lap(&mut self, part: Part) {
        let now = process_cpu_time();
        self.parts[part as usize] += now.saturating_sub(self.last);
        self.last = now;
    }
}
