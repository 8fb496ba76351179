//! From the sound card's callback to the audio thread: a ring of samples and a stamp of when they were captured.
//! The callback's side neither blocks, locks, allocates nor logs. Incoming streams feed their sound the same way.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
use std::time::Duration;

use cpal::{FromSample, Sample};

use crate::audio::mapped_sample;
use crate::clock::Clock;
use crate::flow::{RingReader, RingWriter, ring};
use crate::media::Timestamp;

/// Seconds of sound the ring holds: more than any hiccup of the audio thread.
const RING_SECS: u32 = 2;
/// An age of samples beyond this is a broken driver's word.
const AGE_MAX: Duration = Duration::from_secs(1);

/// What the newest callback said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Frames put into the ring so far.
    pub frames: u64,
    /// When the last of them was captured.
    pub captured_at: Timestamp,
    /// The longest so far from the capture of a callback's first frame to the end of the callback.
    pub age_max: Duration,
    /// Callbacks so far.
    pub callbacks: u64,
}

/// One writer, any readers; a reader never blocks the writer (a sequence lock of atomics).
#[derive(Debug, Default)]
struct StampCell {
    sequence: AtomicU64,
    frames: AtomicU64,
    captured_nanos: AtomicI64,
    age_max_nanos: AtomicU64,
    callbacks: AtomicU64,
}

impl StampCell {
    fn store(&self, stamp: Stamp) {
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        self.frames.store(stamp.frames, Ordering::Relaxed);
        self.captured_nanos.store(stamp.captured_at.as_nanos(), Ordering::Relaxed);
        self.age_max_nanos.store(u64::try_from(stamp.age_max.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.callbacks.store(stamp.callbacks, Ordering::Relaxed);
        self.sequence.store(sequence + 2, Ordering::Release);
    }

    /// `None` while it is being written: the reader asks again next time.
    fn load(&self) -> Option<Stamp> {
        let before = self.sequence.load(Ordering::Acquire);
        let stamp = Stamp {
            frames: self.frames.load(Ordering::Relaxed),
            captured_at: Timestamp::from_nanos(self.captured_nanos.load(Ordering::Relaxed)),
            age_max: Duration::from_nanos(self.age_max_nanos.load(Ordering::Relaxed)),
            callbacks: self.callbacks.load(Ordering::Relaxed),
        };
        fence(Ordering::Acquire);
        (before.is_multiple_of(2) && self.sequence.load(Ordering::Relaxed) == before).then_some(stamp)
    }
}

/// The audio thread's end of an opened device.
#[derive(Debug)]
pub(in crate::capture) struct Feed {
    pub ring: RingReader,
    /// Frames a second the device claims.
    pub rate: u32,
    pulse: Pulse,
}

/// Shows whether the callbacks still come.
#[derive(Clone, Debug)]
pub(in crate::capture) struct Pulse(Arc<StampCell>);

impl Pulse {
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.0.load()
    }
}

impl Feed {
    /// What the newest callback said; `None` before the first.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        self.pulse.stamp().filter(|stamp| stamp.callbacks > 0)
    }
}

/// The callback's end.
#[derive(Debug)]
pub(in crate::capture) struct CallbackEnd {
    ring: RingWriter,
    pulse: Pulse,
    clock: Clock,
    rate: u32,
    device_channels: usize,
    channels: u16,
    stamp: Stamp,
}

/// A feed of a device of `rate` and `device_channels` that carries `channels` (1 or 2).
pub(in crate::capture) fn feed(
    rate: u32,
    device_channels: u16,
    channels: u16,
    clock: &Clock,
) -> (CallbackEnd, Feed, Pulse) {
    let (writer, reader) = ring((rate * RING_SECS) as usize * usize::from(channels));
    let pulse = Pulse(Arc::new(StampCell::default()));
    let end = CallbackEnd {
        ring: writer,
        pulse: pulse.clone(),
        clock: clock.clone(),
        rate: rate.max(1),
        device_channels: usize::from(device_channels.max(1)),
        channels,
        stamp: Stamp::default(),
    };
    (end, Feed { ring: reader, rate, pulse: pulse.clone() }, pulse)
}

impl CallbackEnd {
    /// Takes what a callback brings: interleaved frames of the device, the first of which was captured `age` ago by
    /// the driver's word (zero where it says nothing).
    pub(super) fn take<T>(&mut self, data: &[T], age: Duration)
    where
        T: Sample,
        f32: FromSample<T>,
    {
        self.take_with(data.len(), age, |index| data.get(index).map_or(0.0, |sample| f32::from_sample(*sample)));
    }

    /// The same for `count` samples that `sample` gives by their index.
    pub(super) fn take_with(&mut self, count: usize, age: Duration, sample: impl Fn(usize) -> f32) {
        let now = self.clock.now();
        let (frames, written) = self.write(count, sample);
        let length = Duration::from_nanos(frames as u64 * 1_000_000_000 / u64::from(self.rate));
        // A driver that knows nothing says zero; sound cannot be younger than it is long.
        let age = if age < length || age > AGE_MAX { length } else { age };
        self.stamp = Stamp {
            frames: self.stamp.frames + written,
            captured_at: now - (age - length),
            age_max: self.stamp.age_max.max(age),
            callbacks: self.stamp.callbacks + 1,
        };
        self.pulse.0.store(self.stamp);
    }

    /// Takes frames whose last one belongs at `ends_at`, which may lie ahead: an incoming stream's, which come as the
    /// network brings them.
    pub(in crate::capture) fn put(&mut self, data: &[f32], ends_at: Timestamp) {
        let (_, written) = self.write(data.len(), |index| data.get(index).copied().unwrap_or(0.0));
        let Stamp { frames, callbacks, age_max, .. } = self.stamp;
        self.stamp = Stamp { frames: frames + written, captured_at: ends_at, age_max, callbacks: callbacks + 1 };
        self.pulse.0.store(self.stamp);
    }

    /// Puts `count` of the device's samples into the ring; gives the frames there were and those that fitted.
    fn write(&mut self, count: usize, sample: impl Fn(usize) -> f32) -> (usize, u64) {
        let (inputs, outputs) = (self.device_channels, self.channels);
        let frames = count / inputs;
        let samples = (0..frames * usize::from(outputs)).map(|index| {
            let first = index / usize::from(outputs) * inputs;
            let two = [sample(first), if inputs > 1 { sample(first + 1) } else { 0.0 }];
            mapped_sample(&two[..inputs.min(2)], outputs, (index % usize::from(outputs)) as u16)
        });
        let written = self.ring.write(samples) / usize::from(outputs);
        (frames, written as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_converted_mapped_and_stamped() {
        let clock = Clock::manual();
        clock.advance_to(Timestamp::from_millis(100));
        let (mut end, mut feed, pulse) = feed(48_000, 4, 2, &clock);
        assert_eq!(feed.stamp(), None);
        let data: Vec<i16> = (0..480).flat_map(|_| [16_384i16, -8_192, 1, 2]).collect();
        end.take(&data, Duration::from_millis(14));
        let stamp = feed.stamp().unwrap();
        assert_eq!((stamp.frames, stamp.callbacks), (480, 1));
        assert_eq!(stamp.captured_at, Timestamp::from_millis(96));
        assert_eq!(stamp.age_max, Duration::from_millis(14));
        let mut out = [0.0; 960];
        assert_eq!(feed.ring.read(&mut out), 960);
        assert!(out.chunks_exact(2).all(|frame| frame == [0.5, -0.25]));
        assert_eq!(pulse.stamp(), Some(stamp));
    }

    #[test]
    fn a_driver_that_knows_no_age_counts_as_just_in_time() {
        let clock = Clock::manual();
        clock.advance_to(Timestamp::from_millis(50));
        let (mut end, feed, _) = feed(48_000, 1, 1, &clock);
        for age in [Duration::ZERO, Duration::from_secs(9)] {
            end.take(&[0.0f32; 480], age);
            assert_eq!(feed.stamp().unwrap().captured_at, Timestamp::from_millis(50));
        }
    }

    #[test]
    fn what_does_not_fit_is_not_stamped() {
        let (mut end, feed, _) = feed(8_000, 1, 2, &Clock::manual());
        end.take(&vec![0.25f32; 10_000], Duration::ZERO);
        end.take(&vec![0.25f32; 10_000], Duration::ZERO);
        assert_eq!(feed.stamp().unwrap().frames, 16_000);
        assert_eq!(feed.ring.overrun(), 8_000);
    }
}
