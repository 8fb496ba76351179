//! `ring`: samples from a sound card callback to its thread, wait-free.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The callback's end: never blocks, locks or allocates.
#[derive(Debug)]
pub struct RingWriter {
    producer: rtrb::Producer<f32>,
    overrun: Arc<AtomicU64>,
}

/// The thread's end.
#[derive(Debug)]
pub struct RingReader {
    consumer: rtrb::Consumer<f32>,
    overrun: Arc<AtomicU64>,
}

/// A ring of `capacity` interleaved samples. Full policy: what does not fit is lost and counted (overrun).
pub fn ring(capacity: usize) -> (RingWriter, RingReader) {
    let (producer, consumer) = rtrb::RingBuffer::new(capacity);
    let overrun = Arc::new(AtomicU64::new(0));
    (RingWriter { producer, overrun: Arc::clone(&overrun) }, RingReader { consumer, overrun })
}

impl RingWriter {
    /// Writes as many of `samples` as fit; gives how many did.
    pub fn write(&mut self, samples: impl ExactSizeIterator<Item = f32>) -> usize {
        let offered = samples.len();
        let fits = offered.min(self.producer.slots());
        let written = match self.producer.write_chunk_uninit(fits) {
            Ok(chunk) => chunk.fill_from_iter(samples),
            Err(_full) => 0,
        };
        self.overrun.fetch_add((offered - written) as u64, Ordering::Relaxed);
        written
    }
}

impl RingReader {
    /// Samples that can be read now.
    pub fn available(&self) -> usize {
        self.consumer.slots()
    }

    /// Reads up to `out.len()` samples; gives how many.
    pub fn read(&mut self, out: &mut [f32]) -> usize {
        let count = out.len().min(self.consumer.slots());
        let Ok(chunk) = self.consumer.read_chunk(count) else { return 0 };
        let (first, second) = chunk.as_slices();
        let (head, tail) = out[..count].split_at_mut(first.len());
        head.copy_from_slice(first);
        tail.copy_from_slice(second);
        chunk.commit_all();
        count
    }

    /// Samples lost so far because the ring was full.
    pub fn overrun(&self) -> u64 {
        self.overrun.load(Ordering::Relaxed)
    }

    /// Whether the writer is gone.
    pub fn is_abandoned(&self) -> bool {
        self.consumer.is_abandoned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_holds_and_overrun_is_counted() {
        let (mut writer, mut reader) = ring(8);
        let mut next = 0.0;
        let mut expected = 0.0;
        for _ in 0..20 {
            let part: Vec<f32> = (0..5).map(|i| next + i as f32).collect();
            assert_eq!(writer.write(part.into_iter()), 5);
            next += 5.0;
            let mut out = [0.0; 5];
            assert_eq!(reader.read(&mut out), 5);
            for value in out {
                assert_eq!(value, expected);
                expected += 1.0;
            }
        }
        assert_eq!(writer.write([1.0; 11].into_iter()), 8);
        assert_eq!(reader.overrun(), 3);
        drop(writer);
        assert!(reader.is_abandoned());
    }
}
