//! Pure: what the last calls say about a model. Ordinary calls count like checks; only a silent model is checked by itself.
use std::time::Duration;

use workbot_schema::ai_models::health::HealthStatus;
use workbot_schema::fields::Ts;
use workbot_schema::wire::actor_snapshot::BreakerState;

/// An answer slower than this is a degraded one: the aim for P95.
pub const SLOW_MS: u64 = 3_000;
/// A share of failures from which on a model is degraded.
const DEGRADED_SHARE: f64 = 0.2;

/// The last that was heard of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Monotonic time of the last outcome, or of the beginning.
    heard_ms: Option<u64>,
    /// Monotonic time of the last report.
    reported_ms: Option<u64>,
    /// The state that was reported.
    reported: Option<HealthStatus>,
    /// Whether the last outcome was good; none = there was none.
    pub is_good: Option<bool>,
    /// Milliseconds of the last good answer.
    pub response_ms: Option<u64>,
    /// What went wrong last; none after a good answer.
    pub error: Option<String>,
    /// When the last outcome was.
    pub checked_at: Option<Ts>,
}

impl Evidence {
    /// Nothing has been heard yet, and the waiting begins.
    pub fn begin(&mut self, now_ms: u64) {
        self.heard_ms.get_or_insert(now_ms);
        self.reported_ms.get_or_insert(now_ms);
    }

    /// A good answer.
    pub fn succeeded(&mut self, now_ms: u64, at: Ts, response_ms: u64) {
        self.heard_ms = Some(now_ms);
        self.is_good = Some(true);
        self.response_ms = Some(response_ms);
        self.error = None;
        self.checked_at = Some(at);
    }

    /// A failure.
    pub fn failed(&mut self, now_ms: u64, at: Ts, error: &str) {
        self.heard_ms = Some(now_ms);
        self.is_good = Some(false);
        self.error = Some(error.to_owned());
        self.checked_at = Some(at);
    }

    /// Whether nothing was heard for `interval`.
    pub fn is_older(&self, now_ms: u64, interval: Duration) -> bool {
        self.heard_ms.is_none_or(|heard_ms| now_ms.saturating_sub(heard_ms) >= as_millis(interval))
    }

    /// Whether a report is due: at once when the state is another one, else once an interval over something new. Notes that it
    /// was made.
    pub fn take_due(&mut self, now_ms: u64, interval: Duration, status: HealthStatus) -> bool {
        let reported_ms = *self.reported_ms.get_or_insert(now_ms);
        let is_due = now_ms.saturating_sub(reported_ms) >= as_millis(interval);
        let is_new = self.heard_ms.is_some_and(|heard_ms| heard_ms > reported_ms);
        if self.reported == Some(status) && !(is_due && is_new) {
            return false;
        }
        (self.reported, self.reported_ms) = (Some(status), Some(now_ms));
        true
    }
}

/// How a model is; `None` while nothing is known.
pub fn status_of(evidence: &Evidence, breaker: BreakerState, failing_share: f64) -> Option<HealthStatus> {
    let is_good = evidence.is_good?;
    if breaker != BreakerState::Closed {
        return Some(HealthStatus::Down);
    }
    let is_slow = evidence.response_ms.is_some_and(|response_ms| response_ms > SLOW_MS);
    let is_shaky = !is_good || is_slow || failing_share >= DEGRADED_SHARE;
    Some(if is_shaky { HealthStatus::Degraded } else { HealthStatus::Healthy })
}

fn as_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at() -> Ts {
        Ts::new(DateTime::UNIX_EPOCH)
    }

    #[test]
    fn states() {
        let mut good = Evidence::default();
        good.succeeded(0, at(), 900);
        let mut slow = Evidence::default();
        slow.succeeded(0, at(), SLOW_MS + 1);
        let mut bad = good.clone();
        bad.failed(1, at(), "HTTP 500");
        let table = [
            (&good, BreakerState::Closed, 0.0, HealthStatus::Healthy),
            (&good, BreakerState::Closed, 0.25, HealthStatus::Degraded),
            (&slow, BreakerState::Closed, 0.0, HealthStatus::Degraded),
            (&bad, BreakerState::Closed, 0.1, HealthStatus::Degraded),
            (&bad, BreakerState::Open, 0.0, HealthStatus::Down),
            (&good, BreakerState::HalfOpen, 0.0, HealthStatus::Down),
        ];
        for (evidence, breaker, share, status) in table {
            assert_eq!(status_of(evidence, breaker, share), Some(status), "{evidence:?} {breaker:?}");
        }
        assert_eq!(status_of(&Evidence::default(), BreakerState::Open, 0.0), None);
    }

    #[test]
    fn a_silent_model_is_checked_and_a_busy_one_reported() {
        let mut evidence = Evidence::default();
        let (healthy, down) = (HealthStatus::Healthy, HealthStatus::Down);
        evidence.begin(1_000);
        assert!(!evidence.is_older(60_999, MINUTE) && evidence.is_older(61_000, MINUTE));
        evidence.succeeded(62_000, at(), 5);
        assert!(!evidence.is_older(70_000, MINUTE));
        assert!(evidence.take_due(70_000, MINUTE, healthy), "the first one at once");
        assert!(!evidence.take_due(140_000, MINUTE, healthy), "nothing new");
        evidence.succeeded(141_000, at(), 5);
        assert!(evidence.take_due(141_000, MINUTE, healthy));
        evidence.succeeded(142_000, at(), 5);
        assert!(!evidence.take_due(142_000, MINUTE, healthy), "once an interval");
        evidence.failed(143_000, at(), "x");
        assert!(evidence.take_due(143_000, MINUTE, down) && !evidence.take_due(144_000, MINUTE, down));
    }
}
