//! Pure: when a database that was away counts as back. One that answers now and fails again a moment later (a disk with room for
//! little things only) must answer longer each time, so that `/readyz` does not flicker.

/// Failing again so soon after it came back is a relapse, milliseconds.
const RELAPSE_MS: u64 = 30_000;
/// At most 2 to the power of this answers in a row are asked for.
const RELAPSES_MAX: u32 = 2;

/// What is known of a database's failures.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recovery {
    relapses: u32,
    answers: u32,
    back_ms: Option<u64>,
}

impl Recovery {
    /// It failed.
    pub fn failed(&mut self, now_ms: u64) {
        self.answers = 0;
        if let Some(back_ms) = self.back_ms.take() {
            let is_relapse = now_ms.saturating_sub(back_ms) < RELAPSE_MS;
            self.relapses = if is_relapse { self.relapses.saturating_add(1).min(RELAPSES_MAX) } else { 0 };
        }
    }

    /// It answered a probe; whether that is enough.
    pub fn answered(&mut self, now_ms: u64) -> bool {
        self.answers = self.answers.saturating_add(1);
        let is_back = self.answers >= 1 << self.relapses;
        if is_back {
            self.back_ms = Some(now_ms);
        }
        is_back
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Probes until it is back; how many that took.
    fn probes(recovery: &mut Recovery, now_ms: u64) -> u32 {
        (1..).find(|_probe| recovery.answered(now_ms)).unwrap()
    }

    #[test]
    fn a_first_failure_is_over_with_the_first_answer() {
        let mut recovery = Recovery::default();
        recovery.failed(0);
        recovery.failed(500);
        assert_eq!(probes(&mut recovery, 1_000), 1);
    }

    #[test]
    fn relapses_ask_for_more_answers_in_a_row_until_it_was_well_for_a_while() {
        let mut recovery = Recovery::default();
        recovery.failed(0);
        let took = [1, 2, 3, 4, 5].map(|_time| {
            let took = probes(&mut recovery, 1_000);
            recovery.failed(1_000 + RELAPSE_MS - 1);
            took
        });
        assert_eq!(took, [1, 2, 4, 4, 4]);
        recovery.answered(2_000);
        recovery.failed(2_500);
        assert_eq!(probes(&mut recovery, 3_000), 4, "in a row");
        recovery.failed(3_000 + RELAPSE_MS);
        assert_eq!(probes(&mut recovery, 50_000), 1);
    }
}
