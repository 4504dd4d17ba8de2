//! Things to do later, and how long to wait between connects.
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::random::Random;

/// Items by due time; equal times keep the order in which they were added.
#[derive(Debug)]
pub struct Agenda<T> {
    items: BTreeMap<(Instant, u64), T>,
    added: u64,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { items: BTreeMap::new(), added: 0 }
    }
}

impl<T> Agenda<T> {
    /// Adds an item due at `at`.
    pub fn add(&mut self, at: Instant, item: T) {
        self.added += 1;
        self.items.insert((at, self.added), item);
    }

    /// Takes the earliest item when it is due.
    pub fn take_due(&mut self, now: Instant) -> Option<T> {
        let entry = self.items.first_entry()?;
        (entry.key().0 <= now).then(|| entry.remove())
    }

    /// When the earliest item is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.items.first_key_value().map(|((at, _), _)| *at)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// Exponential wait between connects, with jitter downwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    pub first: Duration,
    pub max: Duration,
    /// Share of the wait that is random.
    pub jitter_permille: u16,
    /// Reconnect also after close codes that mean "do not come back" (4001, 4002, 4003, 4009) and after 401.
    pub stubborn: bool,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(200),
            max: Duration::from_secs(10),
            jitter_permille: 500,
            stubborn: false,
        }
    }
}

impl Backoff {
    /// The wait before the next connect after `failures` failures in a row (1 = the first).
    pub fn delay(&self, failures: u32, random: &mut Random) -> Duration {
        let factor = 1_u32 << failures.saturating_sub(1).min(16);
        let full = self.first.saturating_mul(factor).min(self.max);
        let fixed = full.mul_f64(f64::from(1_000_u16.saturating_sub(self.jitter_permille)) / 1_000.0);
        random.between(fixed, full)
    }
}

/// The later of two optional times is irrelevant: the earlier one wakes.
pub fn earliest(times: impl IntoIterator<Item = Option<Instant>>) -> Option<Instant> {
    times.into_iter().flatten().max_by_key(|time| Reverse(*time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_items_come_in_time_then_insertion_order() {
        let start = Instant::now();
        let mut agenda = Agenda::default();
        agenda.add(start + Duration::from_secs(2), "late");
        agenda.add(start, "first");
        agenda.add(start, "second");
        assert_eq!(agenda.take_due(start), Some("first"));
        assert_eq!(agenda.take_due(start), Some("second"));
        assert_eq!((agenda.take_due(start), agenda.len()), (None, 1));
        assert_eq!(agenda.next_due(), Some(start + Duration::from_secs(2)));
    }

    #[test]
    fn waits_double_up_to_the_maximum_and_stay_within_the_jitter() {
        let backoff = Backoff::default();
        let mut random = Random::new(1);
        for (failures, full_ms) in [(1, 200), (2, 400), (3, 800), (6, 6_400), (7, 10_000), (60, 10_000)] {
            let delay = backoff.delay(failures, &mut random);
            let full = Duration::from_millis(full_ms);
            assert!(delay <= full && delay >= full / 2, "{failures}: {delay:?}");
        }
    }
}
