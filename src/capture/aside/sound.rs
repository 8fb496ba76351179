//! The sound of a file, decoded by a thread of its own a block ahead.

use std::time::Duration;

use super::{Answers, Asker};
use crate::capture::{AudioRead, AudioSource, SourceEvent, SourceInfo};
use crate::media::{CHUNK_SAMPLES, Timestamp};

/// Samples (per channel) of a block: some, so that the thread is seldom woken.
const BLOCK: usize = 16 * CHUNK_SAMPLES;
/// A block is waited for so long once: a busy moment costs latency and no sound.
const PATIENCE: Duration = Duration::from_millis(500);

/// `source` behind a thread that asks it.
///
/// # Errors
/// The thread does not start.
pub(super) fn aside(
    source: Box<dyn AudioSource>,
    sample_rate: u32,
    channels: u16,
) -> std::io::Result<Box<dyn AudioSource>> {
    let (info, channels) = (source.info(), usize::from(channels));
    let asker = Asker::start("clip-audio", info.name.clone(), Reader { source, channels })?;
    let (block, spare) = (Block::default(), Vec::new());
    Ok(Box::new(Aside { info, sample_rate, channels, asker, block, spare }))
}

/// Reads the file.
struct Reader {
    source: Box<dyn AudioSource>,
    channels: usize,
}

impl Answers<Block, Block> for Reader {
    fn answer(&mut self, mut block: Block) -> (Block, Option<SourceEvent>) {
        block.samples.resize(BLOCK * self.channels, 0.0);
        block.missing = self.source.read(block.start, &mut block.samples).missing;
        (block, std::iter::from_fn(|| self.source.poll_event()).last())
    }
}

/// Samples in a row.
#[derive(Default)]
struct Block {
    /// The index (per channel) of the first one.
    start: i64,
    samples: Vec<f32>,
    /// So many (per channel) are silence in place of what is not there, and were not told yet.
    missing: usize,
}

struct Aside {
    info: SourceInfo,
    sample_rate: u32,
    channels: usize,
    asker: Asker<Block, Block>,
    block: Block,
    /// Memory for the next block.
    spare: Vec<f32>,
}

impl Aside {
    fn ask(&mut self, start: i64) {
        self.asker.ask(|| Block { start, samples: std::mem::take(&mut self.spare), missing: 0 });
    }

    /// Takes the block that was asked for, if it comes.
    fn hear(&mut self) -> bool {
        let Some(block) = self.asker.hear(PATIENCE) else { return false };
        self.spare = std::mem::replace(&mut self.block, block).samples;
        true
    }

    /// What of the block is from sample `at` on.
    fn ready(&self, at: i64) -> &[f32] {
        let from = at.checked_sub(self.block.start).and_then(|from| usize::try_from(from).ok());
        let from = from.and_then(|from| from.checked_mul(self.channels));
        from.and_then(|from| self.block.samples.get(from..)).unwrap_or_default()
    }

    fn block_end(&self) -> i64 {
        self.block.start.saturating_add(frames(self.block.samples.len(), self.channels))
    }

    /// Sees to it that the sample at `at` is there; whether it is.
    fn bring(&mut self, at: i64) -> bool {
        // The block that is on its way may be another: the place has changed, or the file has just come back.
        for _ in 0..2 {
            if !self.ready(at).is_empty() {
                return true;
            }
            self.ask(at);
            if !self.hear() {
                return false;
            }
        }
        !self.ready(at).is_empty()
    }
}

fn frames(samples: usize, channels: usize) -> i64 {
    i64::try_from(samples / channels.max(1)).unwrap_or(i64::MAX)
}

impl AudioSource for Aside {
    fn info(&self) -> SourceInfo {
        self.info.clone()
    }

    fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
        let (mut at, mut rest, mut missing) = (start, out, 0);
        while !rest.is_empty() {
            if !self.bring(at) {
                rest.fill(0.0);
                self.asker.stay_silent(Timestamp::from_samples(at, self.sample_rate));
                return AudioRead { missing: missing + rest.len() / self.channels };
            }
            let ready = self.ready(at);
            let (now, later) = rest.split_at_mut(ready.len().min(rest.len()));
            now.copy_from_slice(&ready[..now.len()]);
            at = at.saturating_add(frames(now.len(), self.channels));
            // Which ones they are nobody asks.
            let told = self.block.missing.min(now.len() / self.channels);
            (self.block.missing, missing) = (self.block.missing - told, missing + told);
            rest = later;
            self.ask(self.block_end());
        }
        AudioRead { missing }
    }

    fn poll_event(&mut self) -> Option<SourceEvent> {
        self.asker.event.take()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    const RATE: u32 = 48_000;

    /// A file whose samples are their numbers, and whose disk hangs from one on until it is let go.
    struct Hanging {
        from: i64,
        hold: Receiver<()>,
    }

    impl AudioSource for Hanging {
        fn info(&self) -> SourceInfo {
            SourceInfo {
                id: "file".to_owned(),
                name: "talk.wav".to_owned(),
                format: String::new(),
                size: None,
                frame_rate: None,
                address: None,
            }
        }

        fn read(&mut self, start: i64, out: &mut [f32]) -> AudioRead {
            if start >= self.from {
                _ = self.hold.recv();
            }
            for (index, sample) in (0i64..).zip(out) {
                *sample = number(start + index / 2, index % 2);
            }
            AudioRead::default()
        }
    }

    /// Exact in 32 bits up to some minutes.
    fn number(index: i64, channel: i64) -> f32 {
        (index * 2 + channel) as f32
    }

    fn hanging(from: i64) -> (Box<dyn AudioSource>, SyncSender<()>) {
        let (release, hold) = sync_channel(0);
        (aside(Box::new(Hanging { from, hold }), RATE, 2).unwrap(), release)
    }

    fn is_sound(start: i64, chunk: &[f32]) -> bool {
        (0i64..).zip(chunk).all(|(index, sample)| *sample == number(start + index / 2, index % 2))
    }

    #[test]
    fn samples_are_where_they_belong_through_blocks_and_jumps() {
        let (mut source, _release) = hanging(i64::MAX);
        for (start, chunks) in [(0, 40), (1_000_000, 20), (5, 3), (100_000, 17)] {
            for index in 0..chunks {
                let (at, mut out) = (start + index * 1024, [0.0; 2048]);
                assert_eq!(source.read(at, &mut out), AudioRead::default());
                assert!(is_sound(at, &out), "{at}");
            }
        }
        let mut long = vec![0.0; 5 * BLOCK * 2];
        source.read(7, &mut long);
        assert!(is_sound(7, &long) && source.poll_event().is_none());
    }

    #[test]
    fn a_disk_that_hangs_is_silence_and_is_told_until_it_is_back() {
        let block = BLOCK as i64;
        let (mut source, release) = hanging(block);
        let (mut told, mut out) = (Vec::new(), [0.0; 2048]);
        for index in 0..100 {
            let at = index * 1024;
            let missing = source.read(at, &mut out).missing;
            assert_eq!(missing, if at < block { 0 } else { 1024 }, "{at}");
            assert!(if at < block { is_sound(at, &out) } else { out.iter().all(|sample| *sample == 0.0) });
            told.extend(source.poll_event().map(|event| (at - block, event)));
        }
        assert!(matches!(&told[..], [(48_128, SourceEvent::FileFailed { .. })]), "{told:?}");
        drop(release);
        let back = (100..16_000).find(|index| {
            std::thread::yield_now();
            source.read(index * 1024, &mut out).missing == 0 && is_sound(index * 1024, &out)
        });
        assert!(back.is_some() && source.poll_event() == Some(SourceEvent::Restored));
    }
}
