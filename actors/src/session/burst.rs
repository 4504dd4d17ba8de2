//! Pure: which messages of one sender become one turn.
//!
//! ```text
//! a ─1 s─ b ─1 s─ c ─────2 s of quiet─────▶ one turn: a b c
//! a ─1 s─ b ─1 s─ … every second …  6 s ──▶ one turn: what came in 6 s
//! a ─1 s─ ! ──────────────────────────────▶ a turn: a, and another one at once: !
//! ```
//! Decided from the times of arrival alone, so a restart in the middle of a burst gathers the same messages.
use chrono::TimeDelta;
use workbot_schema::fields::Ts;

/// Messages of one turn; the next ones are another.
pub const MESSAGES_MAX: usize = 20;

/// How long a burst is gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BurstRule {
    /// A burst is over after so much quiet; zero = each message is a turn of its own.
    pub quiet: TimeDelta,
    /// … and so long after its first message at the latest.
    pub max: TimeDelta,
}

/// A message that waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When it came.
    pub at: Ts,
    /// It may be an alert: it is not gathered.
    pub is_urgent: bool,
}

/// What becomes of the messages that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Burst {
    /// None waits.
    Empty,
    /// More may come until then.
    Wait(Ts),
    /// The first so many are one turn.
    Take(usize),
}

/// Decides about the messages that wait, oldest first.
pub fn decide(rule: BurstRule, mut waiting: impl Iterator<Item = Arrival>, now: Ts) -> Burst {
    let Some(first) = waiting.next() else { return Burst::Empty };
    if first.is_urgent || rule.quiet <= TimeDelta::zero() {
        return Burst::Take(1);
    }
    let end = first.at.plus(rule.max.max(rule.quiet));
    let (mut count, mut until) = (1, first.at.plus(rule.quiet).min(end));
    for arrival in waiting {
        if count == MESSAGES_MAX || arrival.is_urgent || arrival.at > until {
            return Burst::Take(count);
        }
        count += 1;
        // A clock that was set does not shorten a burst.
        until = until.max(arrival.at.plus(rule.quiet).min(end));
    }
    if count == MESSAGES_MAX || now >= until { Burst::Take(count) } else { Burst::Wait(until) }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    fn at(ms: i64) -> Ts {
        Ts::new(DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap())
    }

    fn rule(quiet: i64, max: i64) -> BurstRule {
        BurstRule { quiet: TimeDelta::milliseconds(quiet), max: TimeDelta::milliseconds(max) }
    }

    fn calm(times: &[i64]) -> Vec<Arrival> {
        times.iter().map(|ms| Arrival { at: at(*ms), is_urgent: false }).collect()
    }

    #[test]
    fn table() {
        let usual = rule(2_000, 6_000);
        for (name, rule, times, now, expected) in [
            ("none", usual, &[][..], 0, Burst::Empty),
            ("the first waits", usual, &[0], 0, Burst::Wait(at(2_000))),
            ("quiet is over", usual, &[0], 2_000, Burst::Take(1)),
            ("a second one", usual, &[0, 1_500], 2_000, Burst::Wait(at(3_500))),
            ("both", usual, &[0, 1_500], 3_500, Burst::Take(2)),
            ("never longer than the most", usual, &[0, 1_900, 3_800, 5_700], 5_999, Burst::Wait(at(6_000))),
            ("the most", usual, &[0, 1_900, 3_800, 5_700], 6_000, Burst::Take(4)),
            (
                "what comes after the most is another one",
                usual,
                &[0, 1_900, 3_800, 5_700, 6_100],
                6_100,
                Burst::Take(4),
            ),
            ("a gap parts them", usual, &[0, 2_001], 2_001, Burst::Take(1)),
            ("old ones after a restart", usual, &[0, 500, 9_000], 60_000, Burst::Take(2)),
            ("switched off", rule(0, 0), &[0, 0, 0], 0, Burst::Take(1)),
            ("switched off, most set", rule(0, 6_000), &[0, 1], 1, Burst::Take(1)),
            ("the most below the quiet", rule(2_000, 0), &[0], 1_999, Burst::Wait(at(2_000))),
            ("a clock set back", usual, &[0, -50_000], 1, Burst::Wait(at(2_000))),
        ] {
            assert_eq!(decide(rule, calm(times).into_iter(), at(now)), expected, "{name}");
        }
    }

    #[test]
    fn an_alert_is_not_gathered() {
        let mut arrivals = calm(&[0, 100, 200]);
        arrivals[1].is_urgent = true;
        let usual = rule(2_000, 6_000);
        assert_eq!(decide(usual, arrivals.clone().into_iter(), at(200)), Burst::Take(1));
        assert_eq!(decide(usual, arrivals[1..].iter().copied(), at(200)), Burst::Take(1));
        assert_eq!(decide(usual, arrivals[2..].iter().copied(), at(200)), Burst::Wait(at(2_200)));
    }

    proptest! {
        #[test]
        fn every_message_is_taken_once_and_in_time(
            gaps in proptest::collection::vec(0_i64..4_000, 1..60),
            quiet in 0_i64..3_000,
            max in 0_i64..9_000,
        ) {
            let times: Vec<i64> = gaps.iter().scan(0, |sum, gap| { *sum += gap; Some(*sum) }).collect();
            let (rule, arrivals) = (rule(quiet, max), calm(&times));
            let now = at(times.last().copied().unwrap() + 60_000);
            let mut rest = &arrivals[..];
            while !rest.is_empty() {
                let Burst::Take(count) = decide(rule, rest.iter().copied(), now) else {
                    return Err(TestCaseError::fail("an old message waits"));
                };
                prop_assert!((1..=MESSAGES_MAX).contains(&count) && count <= rest.len());
                let span = rest[count - 1].at.utc() - rest[0].at.utc();
                prop_assert!(span <= rule.max.max(rule.quiet));
                rest = &rest[count..];
            }
        }

        #[test]
        fn a_wait_ends(times in proptest::collection::vec(0_i64..20_000, 1..30), now in 0_i64..20_000) {
            let mut times = times;
            times.sort_unstable();
            let usual = rule(2_000, 6_000);
            if let Burst::Wait(until) = decide(usual, calm(&times).into_iter(), at(now)) {
                prop_assert!(until > at(now));
                prop_assert!(matches!(decide(usual, calm(&times).into_iter(), until), Burst::Take(_)));
            }
        }
    }
}
