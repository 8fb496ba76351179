//! A state that counts once it has lasted, is told once, and told again when it is over.

use std::time::Duration;

use super::Timestamp;

/// What became of a state that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It has lasted so long.
    Begun(Duration),
    /// It is over.
    Over,
}

/// Watches one state. Time is an argument.
#[derive(Clone, Debug)]
pub struct Lasting {
    limit: Duration,
    calm: Duration,
    since: Option<Timestamp>,
    over_since: Option<Timestamp>,
    told: bool,
}

impl Lasting {
    /// Begins once the state has lasted for `limit`, and is over once it has been away for `calm`.
    pub fn new(limit: Duration, calm: Duration) -> Self {
        Self { limit, calm, since: None, over_since: None, told: false }
    }

    /// From now on it begins once the state has lasted for `limit`.
    pub fn set_limit(&mut self, limit: Duration) {
        self.limit = limit;
    }

    /// Takes how it is at `now`.
    pub fn see(&mut self, now: Timestamp, is: bool) -> Option<Turn> {
        if is {
            self.over_since = None;
            let lasted = now.since(*self.since.get_or_insert(now));
            (lasted >= self.limit && !std::mem::replace(&mut self.told, true)).then_some(Turn::Begun(lasted))
        } else {
            self.since = None;
            let away = now.since(*self.over_since.get_or_insert(now));
            (self.told && away >= self.calm).then(|| {
                self.told = false;
                Turn::Over
            })
        }
    }

    /// Nobody knows how it is for a while: what began to last begins anew.
    pub fn pause(&mut self) {
        (self.since, self.over_since) = (None, None);
    }

    /// Whether it was told and is not over.
    pub fn is_told(&self) -> bool {
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_once_when_it_has_lasted_and_once_when_it_is_over() {
        let mut state = Lasting::new(Duration::from_secs(3), Duration::from_millis(500));
        let mut turns = Vec::new();
        for millis in (0..20_000).step_by(100) {
            // On from 2 s to 4 s: too short. On from 6 s to 15 s, with a flicker at 10 s.
            let is = (2_000..4_000).contains(&millis) || ((6_000..15_000).contains(&millis) && millis != 10_000);
            if let Some(turn) = state.see(Timestamp::from_millis(millis), is) {
                turns.push((millis, turn));
            }
        }
        assert_eq!(turns, [(9_000, Turn::Begun(Duration::from_secs(3))), (15_500, Turn::Over)]);
    }

    #[test]
    fn a_pause_counts_for_nothing() {
        let mut state = Lasting::new(Duration::from_secs(3), Duration::ZERO);
        assert_eq!(state.see(Timestamp::ZERO, true), None);
        state.pause();
        assert_eq!(state.see(Timestamp::from_millis(60_000), true), None);
        assert!(state.see(Timestamp::from_millis(63_000), true).is_some() && state.is_told());
    }
}
