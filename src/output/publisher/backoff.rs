//! How long to wait before the next attempt: at once, then 0.5, 1, 2, 4, 8 s, cap 15 s, with jitter.

use std::time::Duration;

/// The waits between attempts. Pure: the jitter comes from a seed.
#[derive(Clone, Debug)]
pub struct Backoff {
    attempts: u32,
    random: u64,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(500);
    const CAP: Duration = Duration::from_secs(15);

    /// A fresh series.
    pub fn new(seed: u64) -> Self {
        Self { attempts: 0, random: seed | 1 }
    }

    /// The next wait: zero at first, then growing, each ±20 % so that a server that comes back is not met by
    /// all its clients at once.
    pub fn next_wait(&mut self) -> Duration {
        let attempt = self.attempts;
        self.attempts = self.attempts.saturating_add(1);
        if attempt == 0 {
            return Duration::ZERO;
        }
        let whole = Self::FIRST.saturating_mul(1 << (attempt - 1).min(10)).min(Self::CAP);
        // xorshift64: spread, not security.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        whole.mul_f64(0.8 + 0.4 * (self.random % 1000) as f64 / 1000.0)
    }

    /// Begins again, after a connection that worked.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_within_their_jitter() {
        for seed in 1..200 {
            let mut backoff = Backoff::new(seed);
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
