//! A file that is written through a buffer and can be cut where something in it ended: what waits in the buffer goes as well.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// What can be cut.
pub trait Cut: Write {
    /// What is behind the first `length` bytes goes, and what is written next follows them.
    fn cut(&mut self, length: u64) -> io::Result<()>;
}

impl Cut for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// Writes to what can be cut, through a buffer.
pub struct CutWriter<D: Cut> {
    buffer: BufWriter<Counted<D>>,
}

/// Counts what is written.
struct Counted<D> {
    disk: D,
    bytes: u64,
    /// What comes does not go to the disk.
    discards: bool,
}

impl<D: Write> Write for Counted<D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.discards {
            return Ok(bytes.len());
        }
        let taken = self.disk.write(bytes)?;
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.disk.flush()
    }
}

impl<D: Cut> CutWriter<D> {
    /// One that is empty, with a buffer of `buffer_bytes`.
    pub fn new(buffer_bytes: usize, disk: D) -> Self {
        Self { buffer: BufWriter::with_capacity(buffer_bytes, Counted { disk, bytes: 0, discards: false }) }
    }

    /// Bytes that the disk has.
    pub fn bytes(&self) -> u64 {
        self.buffer.get_ref().bytes
    }

    /// Bytes that wait in the buffer.
    pub fn waiting_bytes(&self) -> usize {
        self.buffer.buffer().len()
    }

    /// What it writes to.
    pub fn disk(&self) -> &D {
        &self.buffer.get_ref().disk
    }

    /// The same, to be asked for more than writing.
    pub fn disk_mut(&mut self) -> &mut D {
        &mut self.buffer.get_mut().disk
    }

    /// What is behind the first `length` bytes of the file goes, and so does what waits.
    pub fn cut(&mut self, length: u64) -> io::Result<()> {
        // Nothing else empties it.
        self.buffer.get_mut().discards = true;
        let emptied = self.buffer.flush();
        let counted = self.buffer.get_mut();
        (counted.discards, counted.bytes) = (false, length);
        emptied.and(counted.disk.cut(length))
    }
}

impl<D: Cut> Write for CutWriter<D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_is_gone_with_what_waits_and_what_follows_comes_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut writer = CutWriter::new(8, File::create_new(&path).unwrap());
        writer.write_all(b"whole, ").unwrap();
        writer.flush().unwrap();
        writer.write_all(b"half a pie").unwrap();
        writer.write_all(b"ce").unwrap();
        assert_eq!((writer.bytes(), writer.waiting_bytes()), (17, 2));
        writer.cut(7).unwrap();
        assert_eq!((writer.bytes(), writer.waiting_bytes()), (7, 0));
        writer.write_all(b"more").unwrap();
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), b"whole, more");
    }
}
