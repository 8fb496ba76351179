//! How long the disk has room: from what is written, second by second.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::flow::within;
use crate::media::{Timestamp, try_folder};

/// Told once each when so many minutes are left.
const WARN_MINUTES: [u64; 3] = [30, 10, 2];
/// What is always left free: a full disk harms more than the recording.
const RESERVE_BYTES: u64 = 64 << 20;
/// What is left free at least, as media.
const RESERVE_TIME: Duration = Duration::from_secs(20);
/// Of a small disk no more than this part is left free.
const RESERVE_PART: u64 = 10;
/// The rate is that of the last minute, and known after a while.
const LOOKS_MAX: usize = 60;
const RATE_AFTER: Duration = Duration::from_secs(5);

/// Room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Free for this user.
    pub free: u64,
    /// All there is.
    pub total: u64,
}

impl Room {
    /// Of the disk that holds `folder`; `None` if the system does not tell.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        let stats = fs4::statvfs(folder).ok()?;
        Some(Self { free: stats.available_space(), total: stats.total_space() })
    }

    /// Whether a file of `bytes` can be written beside a recording that goes on for at least as much again.
    pub(super) fn spares(&self, bytes: u64) -> bool {
        self.free >= self.reserve(0).saturating_add(bytes.saturating_mul(2))
    }

    /// What is left free at least: `media` bytes, or more, but of a small disk only a part.
    fn reserve(&self, media: u64) -> u64 {
        RESERVE_BYTES.max(media).min(self.total / RESERVE_PART)
    }
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// So many minutes are left.
    Low(u64),
    /// The recording must end now.
    Full {
        /// What is left, in bytes.
        free: u64,
    },
}

/// Looks at the disk of one recording.
#[derive(Debug, Default)]
pub struct RoomWatch {
    looks: VecDeque<(Timestamp, u64)>,
    /// The fewest minutes that were told.
    told: Option<u64>,
}

impl RoomWatch {
    /// The disk has `room`, and `written` bytes were written so far, once there is something to write.
    pub fn look(&mut self, now: Timestamp, room: Room, written: Option<u64>) -> Option<Told> {
        self.looks.extend(written.map(|written| (now, written)));
        if self.looks.len() > LOOKS_MAX {
            self.looks.pop_front();
        }
        let rate = self.bytes_per_second();
        let media = rate.map_or(0, |rate| (rate * RESERVE_TIME.as_secs_f64()) as u64);
        let reserve = room.reserve(media);
        let Some(usable) = room.free.checked_sub(reserve) else { return Some(Told::Full { free: room.free }) };
        let minutes = usable as f64 / rate? / 60.0;
        let passed = WARN_MINUTES.into_iter().filter(|limit| minutes <= *limit as f64).min()?;
        if self.told.is_some_and(|told| told <= passed) {
            return None;
        }
        self.told = Some(passed);
        Some(Told::Low(passed))
    }

    fn bytes_per_second(&self) -> Option<f64> {
        let ((first_at, first), (last_at, last)) = (self.looks.front()?, self.looks.back()?);
        let time = last_at.since(*first_at);
        let bytes = last.saturating_sub(*first) as f64;
        (time >= RATE_AFTER && bytes > 0.0).then(|| bytes / time.as_secs_f64())
    }
}

/// Whether a file can be made in `folder`. A disk that does not say so within `limit` may be asleep, and takes files when it wakes.
///
/// # Errors
/// What the system said: nothing can be recorded there.
pub fn takes_files(folder: &Path, limit: Duration) -> io::Result<()> {
    let folder = folder.to_owned();
    within("try-folder", limit, move || try_folder(&folder))?.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk of `total` that is filled at `rate` bytes a second from `free` on; gives what was told in which second.
    fn told(total: u64, free: u64, rate: u64) -> Vec<(i64, Told)> {
        let mut watch = RoomWatch::default();
        let mut told = Vec::new();
        for second in 0..100_000 {
            let written = rate * second as u64;
            let room = Room { free: free.saturating_sub(written), total };
            if let Some(news) = watch.look(Timestamp::from_millis(second * 1000), room, Some(written)) {
                told.push((second, news));
                if matches!(news, Told::Full { .. }) {
                    break;
                }
            }
        }
        told
    }

    #[test]
    fn half_an_hour_ten_and_two_minutes_are_told_once_each_and_the_end_comes_before_the_disk_is_full() {
        let (rate, reserve) = (400_000, 64 << 20);
        let hour = told(1 << 40, reserve + rate * 3600, rate);
        let [(a, Told::Low(30)), (b, Told::Low(10)), (c, Told::Low(2)), (d, Told::Full { free })] = hour[..] else {
            panic!("{hour:?}")
        };
        assert_eq!([a, b, c], [1800, 3000, 3480]);
        assert!(d == 3601 && free < reserve && free > reserve - 2 * rate, "{d} {free}");
    }

    #[test]
    fn a_disk_that_has_little_from_the_start_says_so_once() {
        let little = told(1 << 40, (64 << 20) + 400_000 * 300, 400_000);
        let words: Vec<_> = little.iter().map(|(_, told)| *told).collect();
        assert!(matches!(words[..], [Told::Low(10), Told::Low(2), Told::Full { .. }]), "{words:?}");
        assert!(matches!(told(1 << 40, 1 << 20, 400_000)[..], [(0, Told::Full { .. })]));
        // At 40 Mb/s 20 s are more than 64 MiB.
        let wide = told(1 << 40, 5_000_000 * 60, 5_000_000);
        assert!(matches!(wide[wide.len() - 1], (_, Told::Full { free }) if free > 90_000_000), "{wide:?}");
    }

    #[test]
    fn what_is_written_beside_a_recording_leaves_it_as_much_again() {
        let reserve = 64 << 20;
        let spares = |free, total, bytes| Room { free, total }.spares(bytes);
        assert!(spares(reserve + 20_000_000, 1 << 40, 10_000_000));
        assert!(!spares(reserve + 19_999_999, 1 << 40, 10_000_000));
        assert!(!spares(0, 0, 1) && !spares(u64::MAX - 1, u64::MAX, u64::MAX));
        // A stick of 20 MiB.
        assert!(spares(6 << 20, 20 << 20, 2 << 20) && !spares(6 << 20, 20 << 20, 3 << 20));
    }

    #[test]
    fn of_a_small_disk_most_is_used() {
        let stick = told(20 << 20, 18 << 20, 100_000);
        assert!(
            matches!(stick[stick.len() - 1], (second, Told::Full { free }) if second > 150 && free < 2 << 20),
            "{stick:?}"
        );
    }
}
