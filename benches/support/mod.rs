//! What the benchmarks share: clips and how they are taken apart.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use tally::bitstream::{AudioSpecificConfig, read_avcc_record, read_sps};
use tally::media::{AudioConfig, Bitrate, FrameRate, Timestamp, VideoConfig};

/// A result of a benchmark.
pub(crate) type Done<T> = Result<T, Box<dyn Error>>;

/// The clip that `CLIP` names, or the reference clip, made with FFmpeg where it is missing: 24 seconds of a
/// mandelbrot zoom with noise, 1280x720 at 30 frames a second, 2500 kb/s, with a beep.
pub(crate) fn clip() -> Done<PathBuf> {
    if let Some(path) = std::env::var_os("CLIP") {
        return Ok(path.into());
    }
    let path = std::env::temp_dir().join("clip.mp4");
    if !path.exists() {
        let part = path.with_extension("part.mp4");
        let picture = "mandelbrot=size=1280x720:rate=30,gblur=sigma=1.2,noise=alls=4:allf=t,format=yuv420p";
        let sound = "sine=frequency=440:sample_rate=48000:beep_factor=4";
        let made = Command::new("ffmpeg")
            .args(["-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-t", "24"])
            .args(["-c:v", "libx264", "-preset", "veryfast", "-b:v", "2500k", "-maxrate", "2500k"])
            .args(["-bufsize", "2500k", "-g", "60", "-c:a", "aac", "-b:a", "160k", "-ac", "2"])
            .arg(&part)
            .status()?;
        if !made.success() {
            return Err("ffmpeg could not make the clip".into());
        }
        std::fs::rename(&part, &path)?;
    }
    Ok(path)
}

/// One encoded unit of a clip.
pub(crate) struct Unit {
    pub(crate) video: bool,
    pub(crate) pts: Timestamp,
    pub(crate) data: Bytes,
}

/// A clip in memory: its streams, and their units by time.
pub(crate) struct Clip {
    pub(crate) video: VideoConfig,
    pub(crate) audio: Option<AudioConfig>,
    pub(crate) units: Vec<Unit>,
}

/// Takes an MP4 file of H.264 and AAC-LC apart.
pub(crate) fn read_clip(path: &Path) -> Done<Clip> {
    let (mp4, bytes) = re_mp4::Mp4::read_file(path)?;
    let bytes = Bytes::from(bytes);
    let (mut video, mut audio, mut units) = (None, None, Vec::new());
    for track in mp4.tracks().values() {
        let is_video = track.kind == Some(re_mp4::TrackKind::Video);
        match &track.trak(&mp4).mdia.minf.stbl.stsd.contents {
            re_mp4::StsdBoxContent::Avc1(avc1) => {
                let record = read_avcc_record(&avc1.avcc.raw)?;
                let (sps, pps) = (record.sps[0].clone(), record.pps[0].clone());
                let info = read_sps(&sps)?;
                let frame_rate = info.frame_rate.unwrap_or(FrameRate::DEFAULT);
                video = Some(VideoConfig { size: info.size, frame_rate, bitrate: Bitrate::from_kbps(2500), sps, pps });
            }
            re_mp4::StsdBoxContent::Mp4a(mp4a) => {
                let esds = mp4a.esds.as_ref().ok_or("the clip's sound has no description")?;
                let specific = &esds.es_desc.dec_config.dec_specific;
                let asc = [
                    specific.profile << 3 | specific.freq_index >> 1,
                    specific.freq_index << 7 | specific.chan_conf << 3,
                ];
                let read = AudioSpecificConfig::read(&asc)?;
                audio = Some(AudioConfig {
                    sample_rate: read.sample_rate,
                    channels: read.channels,
                    bitrate: Bitrate::from_kbps(160),
                    audio_specific_config: Bytes::copy_from_slice(&asc),
                });
            }
            _ => continue,
        }
        units.extend(track.samples.iter().map(|sample| {
            let scale = u32::try_from(track.timescale).unwrap_or(1);
            let decode_time = Timestamp::from_samples(sample.decode_timestamp, scale);
            let pts = Timestamp::from_samples(sample.composition_timestamp, scale);
            (decode_time, Unit { video: is_video, pts, data: bytes.slice(sample.byte_range()) })
        }));
    }
    units.sort_by_key(|(decode_time, unit)| (*decode_time, unit.video));
    let units = units.into_iter().map(|(_, unit)| unit).collect();
    Ok(Clip { video: video.ok_or("the clip has no H.264")?, audio, units })
}
