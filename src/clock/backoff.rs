//! How long to wait before something is tried again: 0.5, 1, 2, 4 s and so on up to a cap.

use std::time::Duration;

/// The waits between attempts. Pure: the jitter comes from a seed.
#[derive(Clone, Debug)]
pub struct Backoff {
    cap: Duration,
    first: Duration,
    next: Duration,
    /// The state of the jitter, where there is any.
    random: Option<u64>,
}

impl Backoff {
    const SHORTEST: Duration = Duration::from_millis(500);

    /// Waits that double from half a second up to `cap`.
    pub fn new(cap: Duration) -> Self {
        Self { cap, first: Self::SHORTEST, next: Self::SHORTEST, random: None }
    }

    /// The same with no wait before the first attempt, and each wait ±20 % so that a server that comes back is not met
    /// by all its clients at once.
    pub fn of_many(cap: Duration, seed: u64) -> Self {
        Self { cap, first: Duration::ZERO, next: Duration::ZERO, random: Some(seed | 1) }
    }

    /// The next wait.
    pub fn next_wait(&mut self) -> Duration {
        let wait = self.next.min(self.cap);
        self.next = wait.saturating_mul(2).max(Self::SHORTEST);
        self.spread(wait)
    }

    /// `wait` with the jitter of the others, of which it uses up none.
    pub fn spread(&mut self, wait: Duration) -> Duration {
        let Some(random) = &mut self.random else { return wait };
        // xorshift64: spread, not security.
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        wait.mul_f64(0.8 + 0.4 * (*random % 1000) as f64 / 1000.0)
    }

    /// It worked: the waits begin again.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_become_rarer_up_to_the_cap() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        let waits: Vec<u128> = (0..7).map(|_| backoff.next_wait().as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000, 5000, 5000, 5000]);
        backoff.reset();
        assert_eq!(backoff.next_wait().as_millis(), 500);
    }

    #[test]
    fn waits_of_many_grow_to_the_cap_within_their_jitter() {
        for seed in 1..200 {
            let mut backoff = Backoff::of_many(Duration::from_secs(15), seed);
            assert_eq!(backoff.next_wait(), Duration::ZERO);
            for whole in [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0] {
                let wait = backoff.next_wait().as_secs_f64();
                assert!((whole * 0.8..=whole * 1.2).contains(&wait), "{wait} is not near {whole}");
            }
            backoff.reset();
            assert_eq!(backoff.next_wait(), Duration::ZERO);
        }
    }
}
