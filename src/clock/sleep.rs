//! Whether this computer has slept: what stands still meanwhile is compared with what goes on.

use std::time::Duration;

/// Less than this is the time between the reading of two clocks, or the beginning and the end of a sleep that nobody notices.
const SLEEP_MIN: Duration = Duration::from_secs(1);

/// Two clocks, read together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoClocks {
    /// The clock the program lives by: it stands still while the computer sleeps.
    pub awake: Duration,
    /// The clock that goes on.
    pub all: Duration,
}

impl TwoClocks {
    /// Both as they stand. `None` where the system has no two such clocks: wall time is none of them, for it is set.
    pub fn now() -> Option<Self> {
        #[cfg(target_os = "linux")]
        {
            let read = |clock| u64::try_from(super::clock_nanos(clock)?).ok().map(Duration::from_nanos);
            // In this order, so that a moment between the two is less sleep and not more.
            let all = read(libc::CLOCK_BOOTTIME)?;
            Some(Self { awake: read(libc::CLOCK_MONOTONIC)?, all })
        }
        #[cfg(not(target_os = "linux"))]
        {
            None
        }
    }
}

/// Notices that the computer has slept. Pure: what the clocks say is an argument.
#[derive(Clone, Debug, Default)]
pub struct SleepWatch {
    /// By how much the clock that goes on is ahead, as far as that was told.
    ahead: Option<Duration>,
}

impl SleepWatch {
    /// Takes a look at the clocks. `Some`: so long the computer slept since the last look.
    pub fn look(&mut self, clocks: TwoClocks) -> Option<Duration> {
        let ahead = clocks.all.saturating_sub(clocks.awake);
        let before = *self.ahead.get_or_insert(ahead);
        let slept = ahead.saturating_sub(before);
        // What is less stays untold until it is enough: a moment between the two readings looks like less.
        (slept > SLEEP_MIN).then(|| {
            self.ahead = Some(ahead);
            slept
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(awake: f64, all: f64) -> TwoClocks {
        TwoClocks { awake: Duration::from_secs_f64(awake), all: Duration::from_secs_f64(all) }
    }

    #[test]
    fn a_sleep_is_told_once_with_its_length() {
        let mut watch = SleepWatch::default();
        // Slept before the program began: nobody's business.
        assert_eq!(watch.look(clocks(100.0, 5000.0)), None);
        assert_eq!(watch.look(clocks(101.0, 5001.0)), None);
        assert_eq!(watch.look(clocks(102.0, 5842.0)), Some(Duration::from_secs(840)));
        assert_eq!(watch.look(clocks(103.0, 5843.0)), None);
        assert_eq!(watch.look(clocks(104.0, 5860.0)), Some(Duration::from_secs(16)), "and again");
    }

    #[test]
    fn what_is_awake_and_late_has_not_slept() {
        let mut watch = SleepWatch::default();
        for second in 0..1000 {
            // Between the two readings, anything up to a second passes now and then.
            let between = f64::from(second % 7) / 7.0;
            assert_eq!(watch.look(clocks(f64::from(second) + between, f64::from(second) + 50.0)), None, "{second}");
        }
        // A process that was stopped, or a machine that was busy: both clocks went on.
        assert_eq!(watch.look(clocks(2000.0, 2050.0)), None);
    }

    #[test]
    fn many_short_sleeps_are_told_when_they_are_one_second_together() {
        let mut watch = SleepWatch::default();
        let told: Duration = (0..100).filter_map(|n| watch.look(clocks(f64::from(n), f64::from(n) * 1.1))).sum();
        assert!((8.0..=10.0).contains(&told.as_secs_f64()), "{told:?}");
    }

    #[test]
    fn the_systems_two_clocks_go_on_together() {
        let Some(before) = TwoClocks::now() else { return };
        let after = TwoClocks::now().unwrap();
        assert!(after.awake >= before.awake && after.all >= before.all);
        let mut watch = SleepWatch::default();
        assert_eq!((watch.look(before), watch.look(after)), (None, None));
    }
}
