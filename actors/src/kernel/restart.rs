//! Pure: how often something may be started again before the one above has to know.
use std::collections::VecDeque;
use std::time::Duration;

/// At most `max` restarts `within` any such stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestartLimit {
    pub max: u32,
    pub within: Duration,
}

/// What follows an unwanted end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Start again; `attempt` counts the restarts inside the window, this one included, from 1.
    Restart { attempt: u32 },
    /// The limit is used up.
    Escalate,
}

/// Restarts of the recent past, never more than the limit.
#[derive(Debug, Clone)]
pub struct RestartWindow {
    limit: RestartLimit,
    restarts_ms: VecDeque<u64>,
}

impl RestartWindow {
    /// An empty window.
    pub fn new(limit: RestartLimit) -> Self {
        Self { limit, restarts_ms: VecDeque::new() }
    }

    /// Judges an end at `now_ms` (monotonic) and, when it may start again, counts that restart.
    pub fn record(&mut self, now_ms: u64) -> Verdict {
        let within_ms = u64::try_from(self.limit.within.as_millis()).unwrap_or(u64::MAX);
        while self.restarts_ms.front().is_some_and(|at_ms| now_ms.saturating_sub(*at_ms) >= within_ms) {
            self.restarts_ms.pop_front();
        }
        let used = u32::try_from(self.restarts_ms.len()).unwrap_or(u32::MAX);
        if used >= self.limit.max {
            return Verdict::Escalate;
        }
        self.restarts_ms.push_back(now_ms);
        Verdict::Restart { attempt: used.saturating_add(1) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(max: u32, within_ms: u64) -> RestartWindow {
        RestartWindow::new(RestartLimit { max, within: Duration::from_millis(within_ms) })
    }

    #[test]
    fn table() {
        use Verdict::{Escalate, Restart};
        type Case<'a> = (u32, u64, &'a [(u64, Verdict)]);
        let cases: [Case<'_>; 4] = [
            (0, 1000, &[(0, Escalate)]),
            (2, 1000, &[(0, Restart { attempt: 1 }), (10, Restart { attempt: 2 }), (999, Escalate)]),
            (
                2,
                1000,
                &[(0, Restart { attempt: 1 }), (10, Restart { attempt: 2 }), (1000, Restart { attempt: 2 })],
            ),
            (1, 0, &[(5, Restart { attempt: 1 }), (5, Restart { attempt: 1 })]),
        ];
        for (max, within_ms, events) in cases {
            let mut window = window(max, within_ms);
            for (now_ms, verdict) in events {
                assert_eq!(window.record(*now_ms), *verdict, "max {max} within {within_ms} at {now_ms}");
            }
        }
    }

    proptest! {
        #[test]
        fn never_more_than_max_within_the_window(max in 0u32..8, gaps in proptest::collection::vec(0u64..400, 0..200)) {
            let (mut window, mut now_ms, mut restarts) = (window(max, 1000), 0u64, Vec::new());
            for gap in gaps {
                now_ms += gap;
                if let Verdict::Restart { .. } = window.record(now_ms) {
                    restarts.push(now_ms);
                }
                let recent = restarts.iter().filter(|at| now_ms - **at < 1000).count();
                prop_assert!(recent <= usize::try_from(max).unwrap());
                prop_assert!(window.restarts_ms.len() <= usize::try_from(max).unwrap());
            }
        }
    }
}
