//! Pure: tokens of a robot's day, and what they cost. The day is Shanghai's.
use chrono::{DateTime, Utc};

/// Shanghai is eight hours ahead, the whole year.
const SHANGHAI_SECS: i64 = 8 * 3_600;
const DAY_SECS: i64 = 86_400;

/// Number of the day in Shanghai since 1970.
fn day_number(now: DateTime<Utc>) -> i64 {
    now.timestamp().saturating_add(SHANGHAI_SECS).div_euclid(DAY_SECS)
}

/// When the next day begins in Shanghai.
pub fn resets_at(now: DateTime<Utc>) -> DateTime<Utc> {
    let next = day_number(now).saturating_add(1).saturating_mul(DAY_SECS).saturating_sub(SHANGHAI_SECS);
    DateTime::from_timestamp(next, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Tokens a robot spent on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DaySpend {
    day: i64,
    tokens: i64,
}

impl DaySpend {
    /// What the store knows of today.
    pub fn new(now: DateTime<Utc>, tokens: i64) -> Self {
        Self { day: day_number(now), tokens: tokens.max(0) }
    }

    /// Counts the tokens of a call that ended now.
    pub fn add(&mut self, now: DateTime<Utc>, tokens: i64) {
        let spent = self.today(now).saturating_add(tokens.max(0));
        *self = Self::new(now, spent);
    }

    /// Tokens spent today.
    pub fn today(&self, now: DateTime<Utc>) -> i64 {
        if self.day == day_number(now) { self.tokens } else { 0 }
    }

    /// Whether this is about today at all.
    pub fn is_of(&self, now: DateTime<Utc>) -> bool {
        self.day == day_number(now)
    }
}

/// Whether a model may still be asked: `daily` tokens a day, 0 or less = without limit.
pub fn is_spent(daily: i64, spent: i64) -> bool {
    daily > 0 && spent >= daily
}

/// Tokens of a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Asked with.
    pub tokens_in: i64,
    /// Answered with.
    pub tokens_out: i64,
}

impl Usage {
    /// Most tokens of one call that are believed; more is a service that cannot count.
    const MOST: i64 = 10_000_000;

    /// What the service counted; what it did not, or cannot be, is estimated from the texts.
    pub fn of(counted_in: Option<i64>, counted_out: Option<i64>, asked: &str, answered: &str) -> Self {
        let believed = |counted: Option<i64>| counted.filter(|tokens| (0..=Self::MOST).contains(tokens));
        Self {
            tokens_in: believed(counted_in).unwrap_or_else(|| estimate(asked)),
            tokens_out: believed(counted_out).unwrap_or_else(|| estimate(answered)),
        }
    }

    /// Both together.
    pub fn total(self) -> i64 {
        self.tokens_in.saturating_add(self.tokens_out)
    }

    /// Both calls together.
    pub fn plus(self, other: Self) -> Self {
        Self {
            tokens_in: self.tokens_in.saturating_add(other.tokens_in),
            tokens_out: self.tokens_out.saturating_add(other.tokens_out),
        }
    }
}

/// What 1,000 tokens cost, in millionths of a yuan.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Price {
    /// Tokens asked with.
    pub in_micros: i64,
    /// Tokens answered with.
    pub out_micros: i64,
}

impl Price {
    /// Cost of a call in millionths of a yuan, rounded up: a sum of many small calls must not come out as nothing.
    pub fn cost(self, usage: Usage) -> i64 {
        let part = |tokens: i64, micros: i64| i128::from(tokens.max(0)) * i128::from(micros.max(0));
        let thousandths = part(usage.tokens_in, self.in_micros) + part(usage.tokens_out, self.out_micros);
        i64::try_from((thousandths + 999) / 1_000).unwrap_or(i64::MAX)
    }
}

/// About how many tokens a text has, for models that do not tell: one for each character beyond ASCII, one for four of ASCII.
pub fn estimate(text: &str) -> i64 {
    let ascii = text.bytes().filter(u8::is_ascii).count();
    let other = text.chars().filter(|letter| !letter.is_ascii()).count();
    i64::try_from(other.saturating_add(ascii.div_ceil(4))).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;
    use workbot_schema::fields::Ts;
    use workbot_schema::token_usage::day_of;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn the_day_turns_at_shanghai_midnight() {
        let table = [
            ("2026-01-01T15:59:59Z", "2026-01-01", "2026-01-01T16:00:00Z"),
            ("2026-01-01T16:00:00Z", "2026-01-02", "2026-01-02T16:00:00Z"),
            ("2026-12-31T16:00:00Z", "2027-01-01", "2027-01-01T16:00:00Z"),
            ("2024-02-28T20:00:00Z", "2024-02-29", "2024-02-29T16:00:00Z"),
            ("1969-12-31T15:00:00Z", "1969-12-31", "1969-12-31T16:00:00Z"),
        ];
        for (now, day, reset) in table {
            assert_eq!((day_of(Ts::new(at(now))).as_str(), resets_at(at(now))), (day, at(reset)), "{now}");
        }
    }

    #[test]
    fn spending_is_forgotten_with_its_day() {
        let evening = at("2026-01-01T15:59:59Z");
        let mut spend = DaySpend::new(evening, 90);
        spend.add(evening, 9);
        assert_eq!((spend.today(evening), is_spent(100, 99), is_spent(99, 99)), (99, false, true));
        let next_day = at("2026-01-01T16:00:00Z");
        assert_eq!((spend.today(next_day), spend.is_of(next_day)), (0, false));
        spend.add(next_day, 5);
        assert_eq!(spend.today(next_day), 5);
        assert!(!is_spent(0, i64::MAX) && !is_spent(-1, 5));
    }

    #[test]
    fn prices_are_per_thousand_and_rounded_up() {
        let price = Price { in_micros: 800, out_micros: 2_000 };
        let table = [(0, 0, 0), (1_000, 0, 800), (1_000, 1_000, 2_800), (1, 0, 1), (1_234, 567, 2_122)];
        for (tokens_in, tokens_out, cost) in table {
            assert_eq!(price.cost(Usage { tokens_in, tokens_out }), cost, "{tokens_in} {tokens_out}");
        }
        assert_eq!(Price::default().cost(Usage { tokens_in: 5_000, tokens_out: 5_000 }), 0);
        assert_eq!(
            Price { in_micros: i64::MAX, out_micros: 0 }.cost(Usage { tokens_in: i64::MAX, tokens_out: 1 }),
            i64::MAX
        );
    }

    #[test]
    fn tokens_are_estimated_by_kind_of_letter() {
        for (text, tokens) in [("", 0), ("你好", 2), ("hello", 2), ("你好 ok", 3)] {
            assert_eq!(estimate(text), tokens, "{text}");
        }
    }

    #[test]
    fn counts_are_believed_within_reason() {
        let table = [
            (Some(7), Some(0), 7, 0),
            (None, None, 2, 1),
            (Some(-1), Some(i64::MAX), 2, 1),
            (Some(10_000_000), Some(10_000_001), 10_000_000, 1),
        ];
        for (counted_in, counted_out, tokens_in, tokens_out) in table {
            let usage = Usage::of(counted_in, counted_out, "你好", "ok");
            assert_eq!(usage, Usage { tokens_in, tokens_out }, "{counted_in:?} {counted_out:?}");
        }
    }

    proptest! {
        #[test]
        fn a_reset_is_ahead_by_a_day_at_most(secs in 0i64..4_000_000_000) {
            let now = DateTime::from_timestamp(secs, 0).unwrap();
            let wait = resets_at(now) - now;
            prop_assert!(wait > TimeDelta::zero() && wait <= TimeDelta::days(1));
            let day_of = |moment| day_of(Ts::new(moment));
            prop_assert!(day_of(now) != day_of(resets_at(now)));
            prop_assert_eq!(day_of(now), day_of(resets_at(now) - TimeDelta::seconds(1)));
        }
    }
}
