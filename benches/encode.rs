//! Picture quality against time of the H.264 encoder's settings: SSIM of luma, milliseconds of CPU and of wall time
//! a frame, error of the rate, largest keyframe, and how far a link of exactly the rate falls behind. `cargo bench --bench encode`; `CLIP`, `KBPS` and `FRAMES` choose.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::sync::Arc;

use support::Done;
use tally::clock::{Clock, process_cpu_time};
use tally::decode;
use tally::encode::{Complexity, H264Encoder, H264Tuning, VideoEncoder, VideoEncoderSettings};
use tally::media::{Bitrate, Packet, Picture};

fn main() -> Done<()> {
    let path = support::clip()?;
    let clip = support::read_clip(&path)?;
    let number =
        |name: &str, default: u32| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (kbps, frames) = (number("KBPS", 2500), number("FRAMES", 300) as usize);
    let mut decoder = decode::open_h264(&clip.video)?;
    let mut pictures: Vec<Arc<Picture>> = Vec::new();
    for unit in clip.units.iter().filter(|unit| unit.video) {
        if pictures.len() >= frames {
            break;
        }
        pictures.extend(decoder.decode(&unit.data, unit.pts)?.into_iter().map(|frame| frame.picture));
    }
    pictures.extend(decoder.flush().into_iter().map(|frame| frame.picture));
    pictures.truncate(frames);

    let settings = VideoEncoderSettings {
        size: clip.video.size,
        frame_rate: clip.video.frame_rate,
        bitrate: Bitrate::from_kbps(kbps),
        keyframe_seconds: 2.0,
    };
    let sound = if clip.audio.is_some() { "its sound left aside" } else { "silent" };
    println!("{} frames of {} ({sound}), {} at {kbps} kb/s", pictures.len(), path.display(), settings.size);
    println!("| settings | SSIM | worst | CPU ms | wall ms | slowest ms | rate | largest keyframe kB | behind ms |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let chosen = H264Tuning::for_settings(&settings, 1);
    let candidates = [
        ("chosen, 1 slice", H264Tuning { slices: 1, ..chosen }),
        ("chosen again", H264Tuning { slices: 1, ..chosen }),
        ("2 slices, 2 threads", H264Tuning { slices: 2, ..chosen }),
        ("4 slices, 4 threads", H264Tuning { slices: 4, ..chosen }),
        ("CAVLC", H264Tuning { cabac: false, ..chosen }),
        ("medium complexity", H264Tuning { complexity: Complexity::Medium, ..chosen }),
        ("high complexity", H264Tuning { complexity: Complexity::High, ..chosen }),
        ("background detection", H264Tuning { background_detection: true, ..chosen }),
        ("overshoot left alone", H264Tuning { fix_overshoot: false, ..chosen }),
        ("keyframes 200 %", H264Tuning { keyframe_percent: 200, ..chosen }),
        ("keyframes 400 %", H264Tuning { keyframe_percent: 400, ..chosen }),
        ("keyframes 800 %", H264Tuning { keyframe_percent: 800, ..chosen }),
    ];
    for (name, tuning) in candidates {
        println!("| {name} | {} |", measure(&settings, tuning, &pictures)?);
    }
    println!("rate changed while it runs: {}", change_rate(&settings, chosen, &pictures)?);
    Ok(())
}

/// Encodes all, decodes all, compares.
fn measure(settings: &VideoEncoderSettings, tuning: H264Tuning, pictures: &[Arc<Picture>]) -> Done<String> {
    let clock = Clock::system();
    let mut encoder = H264Encoder::open(settings, tuning)?;
    let (start, cpu_start) = (clock.now(), process_cpu_time());
    let mut packets: Vec<Packet> = Vec::new();
    let mut slowest = 0.0f64;
    for (index, picture) in pictures.iter().enumerate() {
        let before = clock.now();
        let pts = settings.frame_rate.frame_time(index as i64);
        packets.push(encoder.encode(picture, pts, pts, false)?);
        slowest = slowest.max(clock.now().since(before).as_secs_f64() * 1000.0);
    }
    let count = pictures.len() as f64;
    let cpu = (process_cpu_time() - cpu_start).as_secs_f64() * 1000.0 / count;
    let wall = clock.now().since(start).as_secs_f64() * 1000.0 / count;

    let mut decoder = decode::open_h264(&encoder.config())?;
    let (mut sum, mut worst, mut compared) = (0.0, 1.0f64, 0usize);
    for packet in &packets {
        for frame in decoder.decode(&packet.data, packet.pts)? {
            let value = ssim(&pictures[compared], &frame.picture);
            (sum, worst, compared) = (sum + value, worst.min(value), compared + 1);
        }
    }
    if compared != pictures.len() {
        return Err(format!("{compared} of {} pictures came back", pictures.len()).into());
    }
    let bytes: usize = packets.iter().map(|packet| packet.data.len()).sum();
    let rate = bytes as f64 * 8.0 * settings.frame_rate.as_f64() / count / f64::from(settings.bitrate.bps());
    let keyframe = packets.iter().filter(|packet| packet.is_keyframe()).map(|packet| packet.data.len()).max();
    let a_frame = f64::from(settings.bitrate.bps()) / settings.frame_rate.as_f64();
    let (mut queued, mut fullest) = (0.0f64, 0.0f64);
    for packet in &packets {
        queued += packet.data.len() as f64 * 8.0;
        fullest = fullest.max(queued);
        queued = (queued - a_frame).max(0.0);
    }
    let behind = fullest / f64::from(settings.bitrate.bps()) * 1000.0;
    Ok(format!(
        "{:.4} | {worst:.4} | {cpu:.2} | {wall:.2} | {slowest:.1} | {:+.1} % | {:.0} | {behind:.0}",
        sum / count,
        (rate - 1.0) * 100.0,
        keyframe.unwrap_or(0) as f64 / 1000.0
    ))
}

/// Ten seconds at the rate, ten at half of it, ten at three quarters: the error of each.
fn change_rate(settings: &VideoEncoderSettings, tuning: H264Tuning, pictures: &[Arc<Picture>]) -> Done<String> {
    let mut encoder = H264Encoder::open(settings, tuning)?;
    let frames = settings.frame_rate.frames_in(10.0);
    // Forth and back through the clip, so that it has no cut of its own where it ends.
    let mut ring = pictures.iter().chain(pictures.iter().rev()).cycle();
    let mut index = 0;
    let mut said = Vec::new();
    for quarters in [4, 2, 3] {
        let bitrate = Bitrate::from_bps(settings.bitrate.bps() / 4 * quarters);
        encoder.set_bitrate(bitrate)?;
        let mut bytes = 0;
        for picture in ring.by_ref().take(frames as usize) {
            let pts = settings.frame_rate.frame_time(index);
            bytes += encoder.encode(picture, pts, pts, false)?.data.len();
            index += 1;
        }
        let seconds = f64::from(frames) / settings.frame_rate.as_f64();
        let rate = bytes as f64 * 8.0 / seconds / f64::from(bitrate.bps());
        said.push(format!("{bitrate} {:+.2} %", (rate - 1.0) * 100.0));
    }
    Ok(said.join(", "))
}

/// Structural similarity of luma: the mean over 8x8 windows, side by side (Wang et al., 2004).
fn ssim(a: &Picture, b: &Picture) -> f64 {
    const WINDOW: usize = 8;
    const C1: f64 = 6.5025;
    const C2: f64 = 58.5225;
    let (width, height) = (a.size().width as usize, a.size().height as usize);
    let (a, b) = (a.planes()[0], b.planes()[0]);
    let (mut total, mut windows) = (0.0, 0u32);
    for top in (0..=height - WINDOW).step_by(WINDOW) {
        for left in (0..=width - WINDOW).step_by(WINDOW) {
            let [mut sa, mut sb, mut saa, mut sbb, mut sab] = [0u32; 5];
            for row in top..top + WINDOW {
                let at = row * width + left;
                for (&x, &y) in a[at..at + WINDOW].iter().zip(&b[at..at + WINDOW]) {
                    let (x, y) = (u32::from(x), u32::from(y));
                    sa += x;
                    sb += y;
                    saa += x * x;
                    sbb += y * y;
                    sab += x * y;
                }
            }
            let n = (WINDOW * WINDOW) as f64;
            let (ma, mb) = (f64::from(sa) / n, f64::from(sb) / n);
            let (va, vb) = (f64::from(saa) / n - ma * ma, f64::from(sbb) / n - mb * mb);
            let covariance = f64::from(sab) / n - ma * mb;
            total += (2.0 * ma * mb + C1) * (2.0 * covariance + C2) / ((ma * ma + mb * mb + C1) * (va + vb + C2));
            windows += 1;
        }
    }
    total / f64::from(windows)
}
