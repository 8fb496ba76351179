//! Clips for tests: made once by ffmpeg, kept with the build.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::media::{FrameRate, Picture, Size};
use crate::video::TestPattern;

/// Makes the file `name` with ffmpeg: `args` come before the output file, `input` is piped in. Whoever is first makes
/// it; a name stands for its content.
pub(crate) fn ffmpeg_clip(name: &str, args: &[&str], input: impl FnOnce() -> Vec<u8>) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-clips");
    let path = folder.join(name);
    if !path.exists() {
        std::fs::create_dir_all(&folder).unwrap();
        let unfinished = folder.join(format!("{}-{name}", std::process::id()));
        let mut child = Command::new("ffmpeg")
            .args(["-v", "error", "-nostdin", "-y"])
            .args(args)
            .arg(&unfinished)
            .stdin(Stdio::piped())
            .spawn()
            .expect("the tests need ffmpeg");
        child.stdin.take().unwrap().write_all(&input()).unwrap();
        assert!(child.wait().unwrap().success(), "ffmpeg {args:?}");
        std::fs::rename(&unfinished, &path).unwrap();
    }
    path
}

/// `count` test pictures as raw I420; the block pattern holds the picture's number.
pub(crate) fn numbered_pictures(size: Size, rate: FrameRate, count: i64) -> Vec<u8> {
    let mut pattern = TestPattern::new(size, rate);
    let mut picture = Picture::black(size);
    let mut out = Vec::new();
    for index in 0..count {
        pattern.draw(&mut picture, index, rate.frame_time(index), index.unsigned_abs());
        for plane in picture.planes() {
            out.extend_from_slice(plane);
        }
    }
    out
}

/// Size of the numbered clips.
pub(crate) const NUMBERED_SIZE: Size = Size::new(320, 180);

/// A clip of numbered pictures at `fps`, coded with `coding`.
pub(crate) fn numbered_clip(name: &str, fps: &str, count: i64, coding: &[&str]) -> PathBuf {
    let rate: FrameRate = fps.parse().unwrap();
    let size = NUMBERED_SIZE.to_string();
    let fps = format!("{}/{}", rate.num(), rate.den());
    let mut args = vec!["-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", &size, "-r", &fps, "-i", "-"];
    args.extend_from_slice(coding);
    ffmpeg_clip(name, &args, || numbered_pictures(NUMBERED_SIZE, rate, count))
}
