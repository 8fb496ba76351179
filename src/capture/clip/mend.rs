//! Sound files whose first bytes are not what the reader of formats expects, though everybody plays them: tags as large as
//! pictures before the sound, and WAV files whose writer never knew how long they would get. Nothing is written.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

/// The header of an ID3v2 tag, and of its end.
const TAG_HEADER: u64 = 10;
/// Tags one behind another.
const TAGS_MAX: usize = 8;
/// Chunks of a WAV file before its samples.
const CHUNKS_MAX: usize = 64;

/// A file from its beginning, with some bytes of its header in the place of those that it has.
#[derive(Debug)]
pub(super) struct Mended {
    file: File,
    length: u64,
    at: u64,
    /// Behind tags places are not those that the reader of formats counts.
    is_tagged: bool,
    patches: Vec<(u64, [u8; 4])>,
}

/// `file` from where its sound begins.
pub(super) fn beginning(mut file: File) -> Result<Mended> {
    let length = file.metadata()?.len();
    let at = behind_tags(&mut file)?;
    let patches = if at == 0 { wave_lengths(&mut file, length)? } else { Vec::new() };
    file.seek(SeekFrom::Start(at))?;
    Ok(Mended { file, length, at, is_tagged: at > 0, patches })
}

/// Where ID3v2 tags end (id3.org, ID3v2.4 3.1); 0 where there are none.
fn behind_tags(file: &mut File) -> Result<u64> {
    let mut at = 0;
    for _ in 0..TAGS_MAX {
        let Some([b'I', b'D', b'3', _, _, flags, size @ ..]) = read_at::<10>(file, at)? else { break };
        let size = size.iter().fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
        let footer = if flags & 0x10 != 0 { TAG_HEADER } else { 0 };
        at += TAG_HEADER + size + footer;
    }
    Ok(at)
}

/// The lengths of a WAV file of `length` bytes that say nothing: 0, or more than there is. Whoever writes into a pipe, or is cut
/// off, leaves such.
fn wave_lengths(file: &mut File, length: u64) -> Result<Vec<(u64, [u8; 4])>> {
    let Some([b'R', b'I', b'F', b'F', riff @ .., b'W', b'A', b'V', b'E']) = read_at::<12>(file, 0)? else {
        return Ok(Vec::new());
    };
    let mut patches = Vec::new();
    let told = |size: [u8; 4]| u64::from(u32::from_le_bytes(size));
    let known = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let mut at = 12;
    for _ in 0..CHUNKS_MAX {
        let Some([a, b, c, d, size @ ..]) = read_at::<8>(file, at)? else { break };
        let begin = at + 8;
        if [a, b, c, d] == *b"data" {
            let there = length.saturating_sub(begin);
            if told(size) == 0 || told(size) > there {
                patches.push((at + 4, known(there)));
            }
            break;
        }
        at = begin + told(size).next_multiple_of(2);
    }
    let there = length.saturating_sub(8);
    if told(riff) > there || (told(riff) == 0 && length > 12) || (!patches.is_empty() && told(riff) < there) {
        patches.push((4, known(there)));
    }
    Ok(patches)
}

/// `N` bytes at a place; `None` where the file is shorter.
fn read_at<const N: usize>(file: &mut File, at: u64) -> Result<Option<[u8; N]>> {
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::with_capacity(N);
    file.take(N as u64).read_to_end(&mut bytes)?;
    Ok(bytes.try_into().ok())
}

impl Read for Mended {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let count = self.file.read(buffer)?;
        for (place, bytes) in &self.patches {
            for (place, byte) in (*place..).zip(bytes) {
                let index = place.checked_sub(self.at).and_then(|index| usize::try_from(index).ok());
                if let Some(there) = index.filter(|index| *index < count).and_then(|index| buffer.get_mut(index)) {
                    *there = *byte;
                }
            }
        }
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Mended {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

impl MediaSource for Mended {
    fn is_seekable(&self) -> bool {
        !self.is_tagged
    }

    fn byte_len(&self) -> Option<u64> {
        (!self.is_tagged).then_some(self.length)
    }
}
