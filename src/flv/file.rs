//! The file: a header, then tags, each followed by its size (E.2, E.3).
#![deny(clippy::indexing_slicing)]

use std::io::{self, Write};

use bytes::{Buf, Bytes, BytesMut};

use super::FlvError;

/// A tag's body in a reader. The length field could say 16 MiB; so may ours.
const TAG_BYTES_MAX: usize = 0xFF_FFFF;

/// What a tag holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
    /// AMF0 data such as onMetaData.
    Script,
}

impl TagKind {
    const fn number(self) -> u8 {
        match self {
            Self::Audio => 8,
            Self::Video => 9,
            Self::Script => 18,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            8 => Some(Self::Audio),
            9 => Some(Self::Video),
            18 => Some(Self::Script),
            _ => None,
        }
    }
}

/// Writes an FLV file, forward only.
#[derive(Debug)]
pub struct FlvWriter<W: Write> {
    out: W,
}

impl<W: Write> FlvWriter<W> {
    /// Writes the header. `has_video` and `has_audio` are hints to players.
    pub fn new(mut out: W, has_video: bool, has_audio: bool) -> io::Result<Self> {
        let flags = u8::from(has_video) | u8::from(has_audio) << 2;
        out.write_all(&[b'F', b'L', b'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0])?;
        Ok(Self { out })
    }

    /// Writes one tag; its body is `parts` one after the other. Times wrap at 2^32 ms. A body of more than
    /// 2^24 − 1 bytes is an error of kind `InvalidInput` and nothing is written.
    pub fn write_tag(&mut self, kind: TagKind, timestamp_ms: u32, parts: &[&[u8]]) -> io::Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        let Some(length) = u32::try_from(length).ok().filter(|length| *length <= 0xFF_FFFF) else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, FlvError::TooLarge));
        };
        let [_, l2, l1, l0] = length.to_be_bytes();
        let [t3, t2, t1, t0] = timestamp_ms.to_be_bytes();
        self.out.write_all(&[kind.number(), l2, l1, l0, t2, t1, t0, t3, 0, 0, 0])?;
        for part in parts {
            self.out.write_all(part)?;
        }
        self.out.write_all(&(length + 11).to_be_bytes())
    }

    /// Hands out what the file is written to.
    pub fn get_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Ends writing.
    pub fn into_inner(self) -> W {
        self.out
    }
}

/// One tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlvTag {
    /// What it holds.
    pub kind: TagKind,
    /// Its time in milliseconds, modulo 2^32.
    pub timestamp_ms: u32,
    /// The tag body.
    pub body: Bytes,
}

/// Reads an FLV file as its bytes come.
#[derive(Debug, Default)]
pub struct FlvReader {
    buffer: BytesMut,
    past_header: bool,
    /// Bytes to pass over: the rest of a long file header.
    skip: usize,
}

impl FlvReader {
    /// A reader at the start of a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole tag, or `None` until more bytes come.
    pub fn next_tag(&mut self) -> Result<Option<FlvTag>, FlvError> {
        if !self.past_header {
            let Some(&[f, l, v, version, _, o3, o2, o1, o0]) = self.buffer.first_chunk::<9>() else {
                return Ok(None);
            };
            let offset = usize::try_from(u32::from_be_bytes([o3, o2, o1, o0])).unwrap_or(usize::MAX);
            if [f, l, v, version] != [b'F', b'L', b'V', 1] || !(9..=4096).contains(&offset) {
                return Err(FlvError::NotFlv);
            }
            self.past_header = true;
            self.skip = offset + 4;
        }
        if self.skip > 0 {
            let now = self.skip.min(self.buffer.len());
            self.buffer.advance(now);
            self.skip -= now;
            if self.skip > 0 {
                return Ok(None);
            }
        }
        let Some(&[kind, l2, l1, l0, t2, t1, t0, t3]) = self.buffer.first_chunk::<8>() else { return Ok(None) };
        let kind = TagKind::from_number(kind).ok_or(FlvError::UnknownTag(kind))?;
        let length = usize::try_from(u32::from_be_bytes([0, l2, l1, l0])).unwrap_or(TAG_BYTES_MAX);
        if self.buffer.len() < 11 + length + 4 {
            return Ok(None);
        }
        self.buffer.advance(11);
        let body = self.buffer.split_to(length).freeze();
        self.buffer.advance(4);
        Ok(Some(FlvTag { kind, timestamp_ms: u32::from_be_bytes([t3, t2, t1, t0]), body }))
    }
}

#[cfg(test)]
#[expect(clippy::indexing_slicing, reason = "the tests know the bytes they wrote")]
mod tests {
    use super::*;

    fn sample() -> (Vec<u8>, Vec<FlvTag>) {
        let mut writer = FlvWriter::new(Vec::new(), true, true).unwrap();
        let mut tags = Vec::new();
        for (kind, timestamp_ms, body) in [
            (TagKind::Script, 0, &b"meta"[..]),
            (TagKind::Video, 0xFF_FFFF, b"picture"),
            (TagKind::Audio, 0x0100_0000, b""),
            (TagKind::Video, 0xFFFF_FFFF, &[7; 70_000]),
        ] {
            let (head, tail) = body.split_at(body.len() / 2);
            writer.write_tag(kind, timestamp_ms, &[head, tail]).unwrap();
            tags.push(FlvTag { kind, timestamp_ms, body: Bytes::copy_from_slice(body) });
        }
        (writer.into_inner(), tags)
    }

    #[test]
    fn tags_are_read_as_written_at_any_split() {
        let (file, tags) = sample();
        for piece in [1, 2, 3, 13, 1000, usize::MAX] {
            let mut reader = FlvReader::new();
            let mut read = Vec::new();
            for bytes in file.chunks(piece.min(file.len())) {
                reader.push(bytes);
                while let Some(tag) = reader.next_tag().unwrap() {
                    read.push(tag);
                }
            }
            assert_eq!(read, tags);
        }
    }

    #[test]
    fn the_header_and_the_extended_byte_are_where_they_belong() {
        let (file, _) = sample();
        assert_eq!(file[..13], *b"FLV\x01\x05\0\0\0\x09\0\0\0\0");
        assert_eq!(file[13..24], [18, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0]);
        let third = 13 + 15 + 4 + 18 + 4;
        assert_eq!(file[third..third + 11], [8, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(file[third + 11..third + 15], 11u32.to_be_bytes());
    }

    #[test]
    fn what_is_no_flv_is_refused() {
        let mut reader = FlvReader::new();
        reader.push(b"MP4 file!!");
        assert_eq!(reader.next_tag(), Err(FlvError::NotFlv));
        let mut reader = FlvReader::new();
        reader.push(b"FLV\x01\x05\0\0\0\x09\0\0\0\0\x55\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(reader.next_tag(), Err(FlvError::UnknownTag(0x55)));
    }

    #[test]
    fn a_body_too_large_is_refused_and_nothing_is_written() {
        let mut writer = FlvWriter::new(Vec::new(), true, false).unwrap();
        let body = vec![0; 1 << 24];
        assert_eq!(writer.write_tag(TagKind::Video, 0, &[&body]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(writer.get_mut().len(), 13);
    }

    #[test]
    fn damaged_files_end_cleanly() {
        let (mut file, _) = sample();
        file.truncate(200);
        for at in 0..file.len() {
            for value in [0, 1, 0x17, 0x7F, 0x80, 0xAF, 0xFF] {
                let mut damaged = file.clone();
                damaged[at] = value;
                for bytes in [&damaged[..], &damaged[..at]] {
                    let mut reader = FlvReader::new();
                    reader.push(bytes);
                    let mut tags = 0;
                    while let Ok(Some(tag)) = reader.next_tag() {
                        let _ = crate::flv::read_video_body(&tag.body);
                        let _ = crate::flv::read_audio_body(&tag.body);
                        tags += 1;
                    }
                    assert!(tags <= 20, "{tags}");
                }
            }
        }
    }
}
