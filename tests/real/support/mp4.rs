//! Recordings in MP4, by FFmpeg's judgement: what plays, when, and whether it decodes.

use std::path::Path;

use super::process::run;

/// A file as players find it.
#[derive(Debug)]
pub(crate) struct Played {
    /// Presentation times of the pictures in seconds, in order, each with whether decoding can start there.
    pub(crate) pictures: Vec<(f64, bool)>,
    /// Presentation times of the packets of sound in seconds, in order.
    pub(crate) sound: Vec<f64>,
}

impl Played {
    /// Reads the packets of `path`.
    pub(crate) fn read(path: &Path) -> Self {
        let read = |stream: &str| {
            let args =
                ["-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0"];
            let path = path.to_string_lossy().into_owned();
            let (text, said) = run("ffprobe", args.into_iter().chain([path.as_str()]));
            assert!(said.trim().is_empty(), "{path}: {said}");
            let packet = |line: &str| {
                let mut fields = line.split(',');
                let time = fields.next()?.parse::<f64>().ok()?;
                Some((time, fields.next().is_some_and(|flags| flags.contains('K'))))
            };
            let mut packets: Vec<_> = text.lines().filter_map(packet).collect();
            packets.sort_by(|a, b| a.0.total_cmp(&b.0));
            packets
        };
        Self { pictures: read("v:0"), sound: read("a:0").into_iter().map(|(time, _)| time).collect() }
    }

    /// Seconds from the first picture to the last.
    pub(crate) fn seconds(&self) -> f64 {
        self.pictures.last().map_or(0.0, |last| last.0) - self.pictures.first().map_or(0.0, |first| first.0)
    }

    /// Panics unless pictures begin at 0 with a keyframe and come without a hole at `fps`, and so does the sound.
    pub(crate) fn check_whole(&self, fps: f64) {
        assert!(
            self.pictures.first().is_some_and(|first| first.0.abs() < 1e-6 && first.1),
            "{:?}",
            self.pictures.first()
        );
        for (name, times, step) in [
            ("pictures", self.pictures.iter().map(|picture| picture.0).collect(), 1.0 / fps),
            ("sound", self.sound.clone(), 1024.0 / 48_000.0),
        ] {
            let holes: Vec<_> = times.windows(2).filter(|pair| (pair[1] - pair[0] - step).abs() > 0.001).collect();
            assert!(holes.is_empty(), "{name}: {holes:?}");
        }
        let first = self.sound.first().copied().unwrap_or(f64::NAN);
        assert!((0.0..0.03).contains(&first), "sound begins at {first}");
    }
}

/// Decodes all of it; panics if FFmpeg says anything. Gives the number of pictures.
pub(crate) fn decode(path: &Path) -> usize {
    let name = path.to_string_lossy().into_owned();
    let args = ["-nostdin", "-v", "error", "-xerror", "-i", &name, "-f", "null", "-"];
    let (_, said) = run("ffmpeg", args);
    assert!(said.trim().is_empty(), "decoding {name} said:\n{said}");
    Played::read(path).pictures.len()
}
