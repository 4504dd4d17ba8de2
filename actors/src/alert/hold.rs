//! Pure: a condition over time: when it has held long enough, and when it is over.
//!
//! ```text
//!            true                    held long enough, cooled down
//!  quiet ───────────▶ pending ───────────────────────────────▶ firing
//!    ▲                   │ false                                  │ false
//!    └───────────────────┴──────────────── over ◀─────────────────┘
//! ```

/// What a judgement led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing to do.
    Stay,
    /// It has just begun to fire.
    Fire,
    /// It fired, and is over.
    Over,
}

/// One condition of one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hold {
    since_ms: Option<u64>,
    fired_ms: Option<u64>,
    is_firing: bool,
}

impl Hold {
    /// A condition that fired before this process was started; it is over as soon as it is judged false.
    pub fn firing(now_ms: u64) -> Self {
        Self { since_ms: Some(now_ms), fired_ms: Some(now_ms), is_firing: true }
    }

    /// Judges the condition at `now_ms`: it fires once when it was true for `for_ms` without a break and the last time it fired is
    /// `cooldown_ms` ago. When nobody can tell (`None`) nothing begins, and what fires goes on.
    pub fn judge(&mut self, is_true: Option<bool>, for_ms: u64, cooldown_ms: u64, now_ms: u64) -> Turn {
        if is_true != Some(true) {
            self.since_ms = None;
            let is_over = is_true.is_some() && std::mem::take(&mut self.is_firing);
            return if is_over { Turn::Over } else { Turn::Stay };
        }
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        let is_cool = self.fired_ms.is_none_or(|fired_ms| now_ms.saturating_sub(fired_ms) >= cooldown_ms);
        if self.is_firing || !is_cool || now_ms.saturating_sub(since_ms) < for_ms {
            return Turn::Stay;
        }
        self.is_firing = true;
        self.fired_ms = Some(now_ms);
        Turn::Fire
    }

    /// Takes a firing back that could not be told, so that it fires again.
    pub fn unfire(&mut self) {
        self.is_firing = false;
        self.fired_ms = None;
    }

    /// Whether it fires.
    pub fn is_firing(&self) -> bool {
        self.is_firing
    }

    /// Whether nothing is remembered that still counts at `now_ms`.
    pub fn is_idle(&self, cooldown_ms: u64, now_ms: u64) -> bool {
        self.since_ms.is_none()
            && !self.is_firing
            && self.fired_ms.is_none_or(|fired_ms| now_ms.saturating_sub(fired_ms) >= cooldown_ms)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fires_after_the_time_and_once() {
        let mut hold = Hold::default();
        let table = [
            (0, true, Turn::Stay),
            (4_999, true, Turn::Stay),
            (5_000, true, Turn::Fire),
            (9_000, true, Turn::Stay),
            (10_000, false, Turn::Over),
            (11_000, false, Turn::Stay),
            // Within the cooldown it stays quiet, and fires when that is over and it still holds.
            (12_000, true, Turn::Stay),
            (20_000, true, Turn::Stay),
            (25_000, true, Turn::Fire),
        ];
        for (now_ms, is_true, turn) in table {
            assert_eq!(hold.judge(Some(is_true), 5_000, 20_000, now_ms), turn, "{now_ms}");
        }
        hold.unfire();
        assert_eq!(
            hold.judge(Some(true), 5_000, 20_000, 25_001),
            Turn::Fire,
            "what was not told is told again"
        );
    }

    #[test]
    fn one_that_fired_before_a_restart_does_not_fire_again() {
        let mut hold = Hold::firing(0);
        assert_eq!(hold.judge(Some(true), 0, 0, 1), Turn::Stay);
        assert_eq!(hold.judge(None, 0, 0, 1), Turn::Stay, "nobody can tell yet");
        assert_eq!(hold.judge(Some(false), 0, 0, 2), Turn::Over);
        assert!(hold.is_idle(0, 2));
    }

    proptest! {
        #[test]
        fn never_early_never_twice_and_always_ended_in_between(
            steps in prop::collection::vec((0_u64..3_000, any::<Option<bool>>()), 1..80),
            for_ms in 0_u64..5_000,
            cooldown_ms in 0_u64..8_000,
        ) {
            let mut hold = Hold::default();
            let (mut now_ms, mut true_since, mut fired_at, mut is_open) = (0, None, None::<u64>, false);
            for (step, is_true) in steps {
                now_ms += step;
                if is_true == Some(true) { true_since.get_or_insert(now_ms); } else { true_since = None; }
                match hold.judge(is_true, for_ms, cooldown_ms, now_ms) {
                    Turn::Fire => {
                        prop_assert!(!is_open);
                        prop_assert!(true_since.is_some_and(|since| now_ms - since >= for_ms));
                        prop_assert!(fired_at.is_none_or(|fired| now_ms - fired >= cooldown_ms));
                        (is_open, fired_at) = (true, Some(now_ms));
                    }
                    Turn::Over => {
                        prop_assert!(is_open && is_true == Some(false));
                        is_open = false;
                    }
                    Turn::Stay => prop_assert_eq!(hold.is_firing(), is_open),
                }
            }
        }
    }
}
