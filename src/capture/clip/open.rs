//! Opens a file by what is in it, and says what is wrong with one that cannot be played.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::mp4::{Codec, Mp4};
use super::sound::Pcm;
use super::timeline::LoopLength;
use super::{aac, picture, sound, wave};
use crate::capture::{AudioSource, SourceError, SourceInfo, SourceRemedy, VideoSource, still, y4m};

/// Opens the picture of a file by its content: MP4 (H.264), Y4M, PNG or JPEG. Moving pictures loop.
///
/// # Errors
/// `SourceError::Unreadable` (or `FilePermission`) with what is wrong and what would help.
pub fn open_video_file(path: &Path) -> Result<Box<dyn VideoSource>, SourceError> {
    let other = SourceRemedy::OtherPicture;
    let (file, kind) = look_into(path, other)?;
    let opened = match kind {
        Kind::Mp4 => open_mp4_video(file, path),
        Kind::Y4m => y4m::open(path),
        Kind::Picture => still::open(path),
        Kind::Sound => Err("it is a sound file, without a picture".to_owned()),
        Kind::Other(what) => Err(what),
    };
    opened.map_err(|reason| unreadable(path, reason, other))
}

/// Opens a PNG or JPEG picture for the card.
///
/// # Errors
/// `SourceError::Unreadable` (or `FilePermission`) with what is wrong and what would help.
pub fn open_card_file(path: &Path) -> Result<Box<dyn VideoSource>, SourceError> {
    let other = SourceRemedy::OtherCard;
    let opened = match look_into(path, other)?.1 {
        Kind::Picture => still::open(path),
        Kind::Mp4 | Kind::Y4m => Err("it is a clip, and no still picture".to_owned()),
        Kind::Sound => Err("it is a sound file, without a picture".to_owned()),
        Kind::Other(what) => Err(what),
    };
    opened.map_err(|reason| unreadable(path, reason, other))
}

/// Opens the sound of a file by its content: MP4 (AAC), WAV, AIFF, FLAC or MP3, at the program's `sample_rate` and
/// `channels` (1 or 2). It loops; the rounds of an MP4's sound and picture are equally long.
///
/// # Errors
/// `SourceError::Unreadable` (or `FilePermission`) with what is wrong and what would help.
pub fn open_audio_file(path: &Path, sample_rate: u32, channels: u16) -> Result<Box<dyn AudioSource>, SourceError> {
    let other = SourceRemedy::OtherSound;
    let (file, kind) = look_into(path, other)?;
    let opened = match kind {
        Kind::Mp4 => open_mp4_audio(file, path, sample_rate, channels),
        Kind::Sound => open_sound_file(file, path, sample_rate, channels),
        Kind::Y4m | Kind::Picture => Err("it is a picture, without sound".to_owned()),
        Kind::Other(what) => Err(what),
    };
    opened.map_err(|reason| unreadable(path, reason, other))
}

fn unreadable(path: &Path, reason: String, remedy: SourceRemedy) -> SourceError {
    SourceError::Unreadable { path: path.display().to_string(), reason, remedy }
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

fn open_mp4_video(file: File, path: &Path) -> Result<Box<dyn VideoSource>, String> {
    let mp4 = read_mp4(&file)?;
    if let Some(reason) = mp4.video.as_ref().and_then(|track| emptiness(&track.codec, track.samples.len(), "picture")) {
        return Err(reason);
    }
    picture::open(mp4, file, name_of(path))
}

fn open_mp4_audio(file: File, path: &Path, sample_rate: u32, channels: u16) -> Result<Box<dyn AudioSource>, String> {
    let mp4 = read_mp4(&file)?;
    let length = mp4.loop_length();
    let Some(track) = mp4.audio else { return Err("it holds a picture but no sound".to_owned()) };
    if let Some(reason) = emptiness(&track.codec, track.samples.len(), "sound") {
        return Err(reason);
    }
    let is_empty = track.end <= 0;
    // What it is comes first: of what does not play no length is known.
    let pcm = aac::open(track, file)?;
    let length = length.filter(|_| !is_empty).ok_or("its sound track is empty")?;
    open_pcm(Box::new(pcm), Some(length), "AAC", path, sample_rate, channels)
}

fn read_mp4(file: &File) -> Result<Mp4, String> {
    match Mp4::read(file)? {
        Mp4 { video: None, audio: None } => Err("it holds neither a picture nor sound".to_owned()),
        mp4 => Ok(mp4),
    }
}

fn emptiness(codec: &Codec, samples: usize, what: &str) -> Option<String> {
    (samples == 0 && !matches!(codec, Codec::Other(_))).then(|| format!("its {what} track is empty"))
}

fn open_sound_file(file: File, path: &Path, sample_rate: u32, channels: u16) -> Result<Box<dyn AudioSource>, String> {
    open_pcm(Box::new(wave::open(file)?), None, "sound file", path, sample_rate, channels)
}

fn open_pcm(
    pcm: Box<dyn Pcm>,
    length: Option<LoopLength>,
    kind: &str,
    path: &Path,
    sample_rate: u32,
    channels: u16,
) -> Result<Box<dyn AudioSource>, String> {
    let own_length = LoopLength::new(pcm.length(), pcm.sample_rate());
    let length = length.or(own_length).ok_or("it holds no sound")?;
    let info = SourceInfo {
        address: None,
        id: "file".to_owned(),
        name: name_of(path),
        format: format!(
            "{kind}, {} Hz, {} channel(s), {:.2} s in a loop",
            pcm.sample_rate(),
            pcm.gains().len(),
            length.seconds()
        ),
        size: None,
        frame_rate: None,
    };
    sound::open(pcm, length, sample_rate, channels, info)
}

/// What a file is, by its first bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Mp4,
    Y4m,
    Picture,
    Sound,
    /// Not played; a sentence that says what it is.
    Other(String),
}

/// The file at `path` and what it is; `other` would help where it is not one that can be read.
fn look_into(path: &Path, other: SourceRemedy) -> Result<(File, Kind), SourceError> {
    let system_error = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => unreadable(path, "there is no such file".to_owned(), SourceRemedy::Name),
        ErrorKind::PermissionDenied => {
            SourceError::FilePermission { path: path.display().to_string(), reason: error.to_string() }
        }
        _ => unreadable(path, error.to_string(), other),
    };
    let metadata = std::fs::metadata(path).map_err(system_error)?;
    if metadata.is_dir() {
        return Err(unreadable(path, "it is a folder; name a file in it".to_owned(), SourceRemedy::Name));
    }
    if !metadata.is_file() {
        // Opening a pipe could wait for ever.
        return Err(unreadable(path, "it is not a regular file".to_owned(), other));
    }
    let mut file = File::open(path).map_err(system_error)?;
    let mut head = Vec::new();
    (&mut file).take(512).read_to_end(&mut head).map_err(system_error)?;
    if head.is_empty() {
        return Err(unreadable(path, "it is empty".to_owned(), other));
    }
    Ok((file, kind_of(&head)))
}

/// HEIC, AVIF and what they are built on (ISO/IEC 23008-12, 10): pictures in the boxes of an MP4.
const PICTURE_BRANDS: [&[u8; 4]; 12] =
    [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1", b"miaf", b"avif", b"avis"];
/// Of a kind that is none of ours.
const PICTURE: &str = "a picture of another kind";

fn kind_of(head: &[u8]) -> Kind {
    let at = |offset: usize, magic: &[u8]| head.get(offset..).is_some_and(|rest| rest.starts_with(magic));
    let other = |what: &str| Kind::Other(format!("it is {what}"));
    let is_picture = at(4, b"ftyp") && PICTURE_BRANDS.iter().any(|brand| at(8, *brand));
    let is_mp4 = [&b"ftyp"[..], b"moov", b"mdat", b"free", b"skip", b"wide", b"styp"].iter().any(|kind| at(4, kind));
    if is_picture {
        other(PICTURE)
    } else if is_mp4 {
        Kind::Mp4
    } else if at(0, b"YUV4MPEG2") {
        Kind::Y4m
    } else if at(0, b"\x89PNG\r\n\x1a\n") || at(0, &[0xff, 0xd8, 0xff]) {
        Kind::Picture
    } else if (at(0, b"RF64") || at(0, b"BW64")) && at(8, b"WAVE") {
        other("an RF64, which is a WAV for more than 4 GB; Tally plays plain WAV")
    } else if at(0, b"RIFF") && at(8, b"WAVE")
        || at(0, b"FORM") && (at(8, b"AIFF") || at(8, b"AIFC"))
        || at(0, b"fLaC")
        || at(0, b"ID3")
        || is_mp3_frame(head)
    {
        Kind::Sound
    } else if at(0, &[0x1a, 0x45, 0xdf, 0xa3]) {
        other("Matroska or WebM")
    } else if at(0, b"FLV") {
        other("FLV")
    } else if at(0, b"RIFF") && at(8, b"AVI ") {
        other("AVI")
    } else if at(0, b"OggS") {
        other("Ogg")
    } else if at(0, b"RIFF") && at(8, b"WEBP") || at(0, b"GIF8") || at(0, b"BM") {
        other(PICTURE)
    } else if head.first() == Some(&0x47) && head.get(188) == Some(&0x47) {
        other("an MPEG transport stream")
    } else if std::str::from_utf8(head).is_ok() || head.is_ascii() {
        other("a text file")
    } else {
        other("of an unknown kind")
    }
}

/// Whether an MPEG audio layer 3 frame starts here (ISO/IEC 11172-3, 2.4.1.3).
fn is_mp3_frame(head: &[u8]) -> bool {
    let [0xff, second, third, ..] = *head else { return false };
    second & 0xe6 == 0xe2 && third >> 4 != 15 && third >> 2 & 3 != 3
}
