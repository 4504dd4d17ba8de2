//! Pure: what happened within the last seconds, in bounded memory: shares of failures, and times.
use std::collections::VecDeque;

/// A window is remembered in so many parts; it is forgotten part by part.
const PARTS: u64 = 30;
/// Times remembered of a window; the oldest give way.
const SAMPLES_MAX: usize = 1_000;
/// With fewer events a window says nothing: one failure of one call is no rate.
pub const EVENTS_MIN: u64 = 3;

/// Good and bad events of a window of fixed length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    part_ms: u64,
    parts: VecDeque<Part>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    number: u64,
    good: u64,
    bad: u64,
}

/// What a window counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Events.
    pub total: u64,
    /// Bad ones of them.
    pub bad: u64,
}

impl Count {
    /// Bad events in percent of all; none when there are too few to tell.
    pub fn percent(self) -> Option<f64> {
        // Counts of a window are far below 2^32, so the conversion is exact.
        let exact = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        (self.total >= EVENTS_MIN).then(|| exact(self.bad) * 100.0 / exact(self.total))
    }
}

impl Shares {
    /// An empty window of `window_ms`.
    pub fn new(window_ms: u64) -> Self {
        Self { part_ms: (window_ms / PARTS).max(1), parts: VecDeque::new() }
    }

    /// Counts an event.
    pub fn add(&mut self, is_bad: bool, now_ms: u64) {
        let number = now_ms / self.part_ms;
        self.forget(number);
        let (good, bad) = (u64::from(!is_bad), u64::from(is_bad));
        match self.parts.back_mut() {
            Some(part) if part.number == number => {
                part.good += good;
                part.bad += bad;
            }
            _ => self.parts.push_back(Part { number, good, bad }),
        }
    }

    /// What is left at `now_ms`.
    pub fn count(&mut self, now_ms: u64) -> Count {
        self.forget(now_ms / self.part_ms);
        self.parts.iter().fold(Count::default(), |sum, part| Count {
            total: sum.total + part.good + part.bad,
            bad: sum.bad + part.bad,
        })
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    fn forget(&mut self, present: u64) {
        let is_over = |part: &Part| part.number + PARTS < present;
        while self.parts.front().is_some_and(is_over) {
            self.parts.pop_front();
        }
    }
}

/// Times of a window of fixed length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    window_ms: u64,
    samples: VecDeque<(u64, u64)>,
}

impl Samples {
    /// An empty window of `window_ms`.
    pub fn new(window_ms: u64) -> Self {
        Self { window_ms, samples: VecDeque::new() }
    }

    /// Notes a time.
    pub fn add(&mut self, value: u64, now_ms: u64) {
        if self.samples.len() >= SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back((now_ms, value));
    }

    /// The time that 95 % of the events kept, and how many events there are; none when there are too few to tell.
    pub fn p95(&mut self, now_ms: u64) -> Option<(u64, u64)> {
        let window_ms = self.window_ms;
        while self.samples.front().is_some_and(|(at_ms, _value)| now_ms.saturating_sub(*at_ms) > window_ms) {
            self.samples.pop_front();
        }
        let total = u64::try_from(self.samples.len()).unwrap_or(u64::MAX);
        if total < EVENTS_MIN {
            return None;
        }
        let mut values: Vec<u64> = self.samples.iter().map(|(_at_ms, value)| *value).collect();
        values.sort_unstable();
        let rank = (values.len() * 95).div_ceil(100).saturating_sub(1);
        values.get(rank).map(|value| (*value, total))
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_rate_needs_events_and_forgets() {
        let mut shares = Shares::new(60_000);
        for second in 0..2 {
            shares.add(true, second * 1_000);
        }
        assert_eq!(shares.count(2_000).percent(), None, "two calls are no rate");
        shares.add(false, 2_000);
        shares.add(false, 3_000);
        assert_eq!(shares.count(3_000).percent(), Some(50.0));
        assert_eq!(shares.count(70_000), Count::default());
    }

    #[test]
    fn p95_is_a_value_that_was_seen() {
        let mut samples = Samples::new(10_000);
        assert_eq!(samples.p95(0), None);
        for value in 1..=100 {
            samples.add(value, 0);
        }
        assert_eq!(samples.p95(0), Some((95, 100)));
        samples.add(9, 20_000);
        assert_eq!(samples.p95(20_000), None);
        assert!(!samples.is_empty());
    }

    proptest! {
        #[test]
        fn memory_is_bounded_and_recent_events_are_all_counted(
            events in prop::collection::vec((0_u64..5_000, any::<bool>()), 0..400),
            window_ms in 1_000_u64..600_000,
        ) {
            let mut shares = Shares::new(window_ms);
            let mut seen = Vec::new();
            let mut now_ms = 0;
            for (step, is_bad) in events {
                now_ms += step;
                shares.add(is_bad, now_ms);
                seen.push((now_ms, is_bad));
            }
            let count = shares.count(now_ms);
            let within = |reach_ms: u64| {
                let seen = seen.iter().filter(|(at, _is_bad)| now_ms - at <= reach_ms).count();
                u64::try_from(seen).unwrap()
            };
            // A part more or less: parts are forgotten as a whole.
            prop_assert!(count.total >= within(window_ms - window_ms / PARTS));
            prop_assert!(count.total <= within(window_ms + 2 * (window_ms / PARTS).max(1)));
            prop_assert!(count.bad <= count.total);
            prop_assert!(shares.parts.len() <= usize::try_from(PARTS).unwrap() + 1);
        }

        #[test]
        fn samples_are_bounded(values in prop::collection::vec(0_u64..100_000, 0..2_000)) {
            let mut samples = Samples::new(u64::MAX);
            for value in &values {
                samples.add(*value, 1);
            }
            prop_assert!(samples.samples.len() <= SAMPLES_MAX);
            if let Some((p95, _total)) = samples.p95(1) {
                prop_assert!(values.contains(&p95));
            }
        }
    }
}
