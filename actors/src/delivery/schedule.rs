//! Pure: what an attempt's outcome means, when the next one is due and when an endpoint is paused.
//!
//! ```text
//!             failure, 10 min after the first        probe due: one call a minute
//!  healthy ──▶ failing ───────────────────────▶ paused ◀──────────┐
//!     ▲           │                               │  └────────────┘ failure
//!     └─ success ─┘        success, or resumed by an operator
//!     └───────────────────────────────────────────┘
//! ```
//! Times are a `Duration` since one fixed point, the same for every call.
use std::time::Duration;

use serde_json::{Map, Value};
use workbot_schema::class::Class;

/// When an endpoint is paused, and how often a paused one is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseRule {
    /// How long it fails without a success before it is paused.
    pub after: Duration,
    /// Time between two probes.
    pub probe_every: Duration,
}

impl Default for PauseRule {
    fn default() -> Self {
        Self { after: Duration::from_secs(600), probe_every: Duration::from_secs(60) }
    }
}

/// Waits after the failures of a delivery whose robot opted in to retries, unless configured otherwise.
pub const RETRY_DELAYS: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(5)];

/// Waits between the attempts of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrySchedule<'a> {
    delays: &'a [Duration],
}

impl<'a> RetrySchedule<'a> {
    /// One attempt, or with retries one more after each of the `delays`.
    pub fn of(is_retrying: bool, delays: &'a [Duration]) -> Self {
        Self { delays: if is_retrying { delays } else { &[] } }
    }

    /// Most attempts of one delivery, at least 1.
    pub fn attempts_max(self) -> usize {
        self.delays.len().saturating_add(1)
    }

    /// When the next attempt is due after attempt number `attempt` (from 1) ended at `now`; `None` ends the delivery.
    pub fn next_due(self, verdict: &Verdict, attempt: u32, now: Duration) -> Option<Duration> {
        if !verdict.is_retryable() {
            return None;
        }
        let index = usize::try_from(attempt).ok()?.checked_sub(1)?;
        self.delays.get(index).map(|delay| now.saturating_add(*delay))
    }
}

/// What is called back; it decides how the answer is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallbackKind {
    /// A received message: the answer's `code` counts.
    Message,
    /// A result or an event: only the status counts.
    Event,
}

/// Meaning of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted: status 2xx and, for messages, `code` 0 or none.
    Delivered,
    /// Status 2xx with another `code`: the platform took the message and says no. Not tried again.
    Refused {
        /// The `code` answered.
        code: i64,
    },
    /// Not accepted: no answer in time, or another status.
    Failed {
        /// Status answered, none when there was no answer.
        status: Option<u16>,
        /// Only `Transient` is tried again.
        class: Class,
    },
}

impl Verdict {
    /// Reads an answer. A body that is no JSON object, or has no readable `code`, counts as `code` 0.
    pub fn of_answer(kind: CallbackKind, status: u16, body: &[u8]) -> Self {
        if !(200..300).contains(&status) {
            return Self::Failed { status: Some(status), class: class_of_status(status) };
        }
        match (kind, read_code(body)) {
            (CallbackKind::Event, _) | (CallbackKind::Message, None | Some(0)) => Self::Delivered,
            (CallbackKind::Message, Some(code)) => Self::Refused { code },
        }
    }

    /// A call that brought no answer, with the class of its error.
    pub fn of_failure(class: Class) -> Self {
        Self::Failed { status: None, class }
    }

    /// Whether the delivery is done.
    pub fn is_delivered(&self) -> bool {
        matches!(self, Self::Delivered)
    }

    /// Whether the endpoint works, whatever it thinks of the message: what `EndpointHealth` counts.
    pub fn is_alive(&self) -> bool {
        matches!(self, Self::Delivered | Self::Refused { .. })
    }

    /// Whether another attempt may be made, if the schedule has one left.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Failed { class: Class::Transient, .. })
    }
}

/// Redirects are never followed and 410 says "gone for good"; everything else, also 401 or 404 while a platform is
/// deployed anew, may pass within seconds.
fn class_of_status(status: u16) -> Class {
    match status {
        300..=399 | 410 => Class::Permanent,
        _ => Class::Transient,
    }
}

/// The `code` of an answer; also as text, as some platforms write it.
fn read_code(body: &[u8]) -> Option<i64> {
    code_of(&serde_json::from_slice(body).ok()?)
}

/// The `code` of an answer that was read already.
pub(super) fn code_of(answer: &Map<String, Value>) -> Option<i64> {
    match answer.get("code")? {
        Value::Number(number) => number.as_i64().or_else(|| (number.as_f64() == Some(0.0)).then_some(0)),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What the owner of an endpoint does after an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Pause: report it, settle what waits as failed, call `take_probe` at `next_probe_at`.
    Pause {
        /// First failure of the row.
        failing_since: Duration,
        /// Failures in a row.
        consecutive_failures: u32,
        /// When the first probe is due.
        next_probe_at: Duration,
    },
    /// Serve again: report it.
    Resume {
        /// When the pause began.
        paused_since: Duration,
    },
}

/// Health of one endpoint: failing, paused, serving again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EndpointHealth {
    consecutive_failures: u32,
    failing_since: Option<Duration>,
    pause: Option<Pause>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pause {
    since: Duration,
    next_probe_at: Duration,
}

impl EndpointHealth {
    /// Failures since the last success.
    pub fn consecutive_failures(&self) -> u32 {
        self.consecutive_failures
    }

    /// First failure after the last success.
    pub fn failing_since(&self) -> Option<Duration> {
        self.failing_since
    }

    /// Begin of the pause; while there is one, deliveries fail at once without a call.
    pub fn paused_since(&self) -> Option<Duration> {
        self.pause.map(|pause| pause.since)
    }

    /// When the next probe of a paused endpoint is due.
    pub fn next_probe_at(&self) -> Option<Duration> {
        self.pause.map(|pause| pause.next_probe_at)
    }

    /// True when a probe is due and is now the caller's to make; the next one is due `probe_every` later.
    pub fn take_probe(&mut self, now: Duration, rule: PauseRule) -> bool {
        match &mut self.pause {
            Some(pause) if pause.next_probe_at <= now => {
                pause.next_probe_at = now.saturating_add(rule.probe_every);
                true
            }
            _ => false,
        }
    }

    /// Takes the outcome of an attempt or a probe that ended at `now`; a success of a call begun before the pause
    /// ends it too.
    pub fn on_outcome(&mut self, is_alive: bool, now: Duration, rule: PauseRule) -> Option<Effect> {
        if is_alive {
            return self.on_resume();
        }
        self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        let failing_since = *self.failing_since.get_or_insert(now);
        if self.pause.is_some() || now.saturating_sub(failing_since) < rule.after {
            return None;
        }
        let next_probe_at = now.saturating_add(rule.probe_every);
        self.pause = Some(Pause { since: now, next_probe_at });
        Some(Effect::Pause { failing_since, consecutive_failures: self.consecutive_failures, next_probe_at })
    }

    /// Forgets all failures, by an operator's order or a success.
    pub fn on_resume(&mut self) -> Option<Effect> {
        let before = std::mem::take(self);
        before.pause.map(|pause| Effect::Resume { paused_since: pause.since })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn answers_are_judged_by_status_and_code() {
        use CallbackKind::{Event, Message};
        let failed = |status, class| Verdict::Failed { status: Some(status), class };
        let table: &[(CallbackKind, u16, &str, Verdict)] = &[
            (Message, 200, r#"{"code":0,"message":"success"}"#, Verdict::Delivered),
            (Message, 204, "", Verdict::Delivered),
            (Message, 200, "ok", Verdict::Delivered),
            (Message, 200, "[1]", Verdict::Delivered),
            (Message, 200, "{}", Verdict::Delivered),
            (Message, 200, r#"{"code":1"#, Verdict::Delivered),
            (Message, 200, r#"{"code":null}"#, Verdict::Delivered),
            (Message, 200, r#"{"code":"0"}"#, Verdict::Delivered),
            (Message, 200, r#"{"code":0.0}"#, Verdict::Delivered),
            (Message, 200, r#"{"code":true}"#, Verdict::Delivered),
            (Message, 201, r#"{"code":0,"data":{"type":5000,"info":{"text":"答"}}}"#, Verdict::Delivered),
            (Message, 200, r#"{"code":-1,"message":"稍后再试"}"#, Verdict::Refused { code: -1 }),
            (Message, 200, r#"{"code":"500"}"#, Verdict::Refused { code: 500 }),
            (Event, 200, r#"{"code":500}"#, Verdict::Delivered),
            (Event, 500, "", failed(500, Class::Transient)),
            (Message, 302, "", failed(302, Class::Permanent)),
            (Message, 410, "", failed(410, Class::Permanent)),
            (Message, 404, "", failed(404, Class::Transient)),
            (Message, 429, "", failed(429, Class::Transient)),
            (Message, 503, r#"{"code":0}"#, failed(503, Class::Transient)),
            (Message, 101, "", failed(101, Class::Transient)),
        ];
        for (kind, status, body, expected) in table {
            assert_eq!(Verdict::of_answer(*kind, *status, body.as_bytes()), *expected, "{status} {body}");
        }
    }

    #[test]
    fn only_transient_failures_are_tried_again_and_only_when_asked_for() {
        let transient = Verdict::of_failure(Class::Transient);
        let table: &[(bool, Verdict, u32, Option<u64>)] = &[
            (true, transient, 1, Some(101)),
            (true, transient, 2, Some(103)),
            (true, transient, 3, Some(105)),
            (true, transient, 4, None),
            (true, transient, 0, None),
            (true, transient, u32::MAX, None),
            (false, transient, 1, None),
            (true, Verdict::of_failure(Class::Caller), 1, None),
            (true, Verdict::of_failure(Class::Permanent), 1, None),
            (true, Verdict::Refused { code: 1 }, 1, None),
            (true, Verdict::Delivered, 1, None),
        ];
        for (is_retrying, verdict, attempt, expected) in table {
            let due = RetrySchedule::of(*is_retrying, &RETRY_DELAYS).next_due(verdict, *attempt, at(100));
            assert_eq!(due, expected.map(at), "{is_retrying} {verdict:?} {attempt}");
        }
        assert_eq!(RetrySchedule::of(false, &RETRY_DELAYS).attempts_max(), 1);
        assert_eq!(RetrySchedule::of(true, &RETRY_DELAYS).attempts_max(), 4);
    }

    #[test]
    fn an_endpoint_is_paused_probed_and_resumed() {
        #[derive(Debug, Clone, Copy)]
        enum Event {
            Outcome(bool),
            Resumed,
            ProbeTaken(bool),
        }
        use Event::{Outcome, ProbeTaken, Resumed};
        let paused = |since: u64, failures, now: u64| {
            Some(Effect::Pause {
                failing_since: at(since),
                consecutive_failures: failures,
                next_probe_at: at(now + 60),
            })
        };
        let resumed = |since: u64| Some(Effect::Resume { paused_since: at(since) });
        let table: &[(u64, Event, Option<Effect>)] = &[
            (0, Outcome(true), None),
            (10, Outcome(false), None),
            (609, Outcome(false), None),
            (609, ProbeTaken(false), None),
            (609, Outcome(true), None), // a success begins the count anew
            (610, Outcome(false), None),
            (1_209, Outcome(false), None),
            (1_210, Outcome(false), paused(610, 3, 1_210)),
            (1_211, Outcome(false), None), // a call begun before the pause
            (1_269, ProbeTaken(false), None),
            (1_270, ProbeTaken(true), None),
            (1_270, ProbeTaken(false), None),
            (1_273, Outcome(false), None),
            (1_329, ProbeTaken(false), None),
            (1_500, ProbeTaken(true), None), // late: the next one counts from here
            (1_559, ProbeTaken(false), None),
            (1_560, ProbeTaken(true), None),
            (1_561, Outcome(true), resumed(1_210)),
            (1_700, ProbeTaken(false), None),
            (1_700, Outcome(false), None),
            (2_400, Outcome(false), paused(1_700, 2, 2_400)),
            (2_401, Resumed, resumed(2_400)),
            (2_402, Resumed, None),
            (2_402, Outcome(false), None), // ten minutes again
        ];
        let rule = PauseRule::default();
        let mut health = EndpointHealth::default();
        for (now, event, expected) in table {
            let effect = match event {
                Outcome(is_alive) => health.on_outcome(*is_alive, at(*now), rule),
                Resumed => health.on_resume(),
                ProbeTaken(is_taken) => {
                    assert_eq!(health.take_probe(at(*now), rule), *is_taken, "{now}");
                    None
                }
            };
            assert_eq!(effect, *expected, "{now} {event:?}");
            assert_eq!(health.paused_since().is_some(), health.next_probe_at().is_some());
            assert_eq!(health.failing_since().is_some(), health.consecutive_failures() > 0);
        }
    }

    #[test]
    fn a_clock_that_goes_back_pauses_nothing() {
        let mut health = EndpointHealth::default();
        assert_eq!(health.on_outcome(false, at(1_000), PauseRule::default()), None);
        assert_eq!(health.on_outcome(false, at(0), PauseRule::default()), None);
        assert_eq!(health.failing_since(), Some(at(1_000)));
    }
}
