//! Y4M clips: pictures without compression, found by their number.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::colour::unsaid_matrix;
use super::file_state::FileState;
use super::{Captured, SourceEvent, SourceInfo, VideoSource};
use crate::media::{FrameRate, Picture, PicturePool, PixelAspect, Size, Timestamp};
use crate::video::{ColorRange, PixelFormat, RawPicture, to_picture};

/// A header or the line before a picture is at most this long.
const LINE_MAX: u64 = 4096;
/// A picture has at most this many pixels across or down.
const SIDE_MAX: usize = 16_384;

/// Opens a Y4M clip (4:2:0 or luma only, 8 bits), which loops. Its colours are taken as BT.709, as the format does not
/// tell; its range is limited unless the header says otherwise.
///
/// # Errors
/// A sentence that says why the file cannot be read, or which other format it has.
pub(super) fn open(path: &Path) -> Result<Box<dyn VideoSource>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    Y4m::open(file, name).map(|clip| Box::new(clip) as Box<dyn VideoSource>)
}

struct Y4m {
    name: String,
    file: File,
    size: Size,
    frame_rate: FrameRate,
    pixel_aspect: PixelAspect,
    format: PixelFormat,
    range: ColorRange,
    /// Where the first picture's line starts, how long that line is, and the picture after it.
    first: u64,
    line: u64,
    bytes: u64,
    /// How many pictures there are.
    count: i64,
    buffer: Vec<u8>,
    pool: PicturePool,
    shown: Option<(i64, Arc<Picture>)>,
    state: FileState,
    /// The picture that could not be read last.
    unread: Option<i64>,
}

impl Y4m {
    fn open(file: File, name: String) -> Result<Self, String> {
        let text = |error: std::io::Error| error.to_string();
        let length = file.metadata().map_err(text)?.len();
        let mut reader = BufReader::new(&file);
        let mut header = Vec::new();
        (&mut reader).take(LINE_MAX).read_until(b'\n', &mut header).map_err(text)?;
        let mut line = Vec::new();
        (&mut reader).take(LINE_MAX).read_until(b'\n', &mut line).map_err(text)?;
        drop(reader);
        let decoder = y4m::decode(header.as_slice()).map_err(|error| match error {
            y4m::Error::UnknownColorspace => "its pixel format is unknown; Tally plays 8-bit 4:2:0".to_owned(),
            error => format!("its Y4M header is damaged ({error})"),
        })?;
        let (width, height) = (decoder.get_width(), decoder.get_height());
        if width > SIDE_MAX || height > SIDE_MAX {
            return Err(format!("its pictures of {width}x{height} are too large"));
        }
        let size = Size::new(width as u32, height as u32);
        let (format, bytes) = match decoder.get_colorspace() {
            y4m::Colorspace::Cmono => (PixelFormat::Grey, size.area()),
            y4m::Colorspace::C420
            | y4m::Colorspace::C420jpeg
            | y4m::Colorspace::C420paldv
            | y4m::Colorspace::C420mpeg2 => (PixelFormat::I420, size.area() + 2 * size.chroma().area()),
            other => return Err(format!("its pixel format is {other:?}; Tally plays 8-bit 4:2:0")),
        };
        let is_full = decoder.get_raw_params().windows(10).any(|part| part == b"RANGE=FULL");
        let rate = decoder.get_framerate();
        let parts = u32::try_from(rate.num).ok().zip(u32::try_from(rate.den).ok());
        let frame_rate = parts.and_then(|(num, den)| FrameRate::new(num, den)).unwrap_or(FrameRate::DEFAULT);
        if line.is_empty() {
            return Err("it holds no picture".to_owned());
        }
        if !line.starts_with(b"FRAME") || !line.ends_with(b"\n") {
            return Err("its first picture is damaged".to_owned());
        }
        let (first, line) = (header.len() as u64, line.len() as u64);
        let count = (length - first.min(length)) / (line + bytes as u64);
        if count == 0 {
            return Err("it is cut off within its first picture".to_owned());
        }
        let mut clip = Self {
            name,
            file,
            size,
            frame_rate,
            pixel_aspect: pixel_aspect(decoder.get_raw_params()),
            format,
            range: if is_full { ColorRange::Full } else { ColorRange::Limited },
            first,
            line,
            bytes: bytes as u64,
            count: i64::try_from(count).unwrap_or(i64::MAX),
            buffer: Vec::new(),
            pool: PicturePool::new(size),
            shown: None,
            state: FileState::default(),
            unread: None,
        };
        // Pictures are found by their number, which needs lines of one length.
        clip.load(clip.count - 1).map_err(|_error| "its pictures have headers of different lengths".to_owned())?;
        Ok(clip)
    }

    fn load(&mut self, index: i64) -> std::io::Result<Arc<Picture>> {
        let index_in_file = u64::try_from(index).unwrap_or(0);
        self.file.seek(SeekFrom::Start(self.first + index_in_file * (self.line + self.bytes)))?;
        self.buffer.clear();
        (&self.file).take(self.line + self.bytes).read_to_end(&mut self.buffer)?;
        let damaged = || std::io::Error::from(std::io::ErrorKind::InvalidData);
        let (line, data) = self.buffer.split_at_checked(self.line as usize).ok_or_else(damaged)?;
        if !line.starts_with(b"FRAME") || !line.ends_with(b"\n") {
            return Err(damaged());
        }
        let raw = RawPicture {
            format: self.format,
            size: self.size,
            stride: 0,
            data,
            matrix: unsaid_matrix(self.size),
            range: self.range,
        };
        let mut done = Ok(());
        let picture = self.pool.make(|picture| done = to_picture(&raw, picture));
        done.map_err(std::io::Error::other)?;
        Ok(picture)
    }
}

/// That of the header's parameter `A`, such as `A4:3`; square where it is missing.
fn pixel_aspect(params: &[u8]) -> PixelAspect {
    let aspect = params.split(|&byte| byte == b' ').find_map(|param| param.strip_prefix(b"A"));
    let sides = aspect.and_then(|aspect| std::str::from_utf8(aspect).ok()?.trim_end().split_once(':'));
    let number = |text: &str| text.parse().unwrap_or(0);
    sides.map_or(PixelAspect::SQUARE, |(width, height)| PixelAspect::new(number(width), number(height)))
}

impl VideoSource for Y4m {
    fn info(&self) -> SourceInfo {
        let (size, rate) = (self.size, self.frame_rate);
        SourceInfo {
            address: None,
            id: "file".to_owned(),
            name: self.name.clone(),
            format: format!("{size} Y4M at {rate} fps, {} pictures in a loop", self.count),
            size: Some(size),
            frame_rate: Some(rate),
        }
    }

    fn picture_at(&mut self, now: Timestamp) -> Option<Captured> {
        let index = self.frame_rate.frame_index(now).rem_euclid(self.count);
        if self.shown.as_ref().is_none_or(|(shown, _)| *shown != index) {
            let loaded = self.load(index);
            let error = loaded.as_ref().err().map(|error| error as &dyn std::fmt::Display);
            // What else of a broken file can be read does not make it whole.
            if error.is_some() || self.unread.is_none_or(|unread| self.load(unread).is_ok()) {
                self.state.see(&self.name, error);
                self.unread = error.map(|_| index);
            }
            // While the file cannot be read, the last picture stays.
            if let Ok(picture) = loaded {
                self.shown = Some((index, picture));
            }
        }
        let (_, picture) = self.shown.as_ref()?;
        Some(Captured { picture: Arc::clone(picture), pixel_aspect: self.pixel_aspect, captured_at: now })
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.state.poll_event()
    }
}
