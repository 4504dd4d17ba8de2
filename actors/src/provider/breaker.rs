//! Pure: whether a model is asked at all.
//!
//! ```text
//!           5 failures in a row, half of the last calls, or a refusal of the key
//!  closed ────────────────────────────────────────────────▶ open ──time──▶ half-open ──one call──▶ closed
//!                                                             ▲                  └── it failed ──┐
//!                                                             └──────── twice as long ───────────┘
//! ```
//! Every change of state begins a new epoch. A ticket of an earlier epoch changes nothing: what was asked before the change
//! says nothing about the time after it.
use std::collections::VecDeque;
use std::time::Duration;

use workbot_schema::wire::actor_snapshot::BreakerState;

/// Longest time a model may ask to be left alone; a longer `Retry-After` is cut to this.
pub const SHUT_MAX: Duration = Duration::from_secs(3_600);

/// When a breaker opens and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerRule {
    /// Failures in a row that open it.
    pub failures: u32,
    /// Last calls that are looked at; half of them failed = open.
    pub window: usize,
    /// Calls that must be in the window before its share counts.
    pub least: usize,
    /// First time it stays open.
    pub open: Duration,
    /// Longest time it stays open.
    pub open_max: Duration,
    /// A probe without an outcome for so long is taken for lost, and another one may start.
    pub lease: Duration,
}

impl Default for BreakerRule {
    fn default() -> Self {
        Self {
            failures: 5,
            window: 20,
            least: 10,
            open: Duration::from_secs(30),
            open_max: Duration::from_secs(300),
            lease: Duration::from_secs(60),
        }
    }
}

/// What a call says about its model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It answered.
    Success,
    /// It did not, or not usefully.
    Failure,
    /// It refused this input. One such call blames the input; many of them blame the model.
    Refusal,
    /// It refuses everybody: key, right or credit.
    Fatal,
    /// The call was given up too early to say anything.
    Unknown,
}

/// The right to one call; given back with its outcome.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a call that is never settled leaves its probe open until the lease is over"]
pub struct Ticket {
    epoch: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until_ms: u64 },
    Probing { since_ms: u64 },
}

/// The gate of one model. Times are monotonic milliseconds.
#[derive(Debug, Clone)]
pub struct Breaker {
    rule: BreakerRule,
    state: State,
    epoch: u64,
    streak: u32,
    /// Whether each of the last calls was good, the oldest first.
    calls: VecDeque<bool>,
    /// Openings since it was closed last.
    openings: u32,
    /// The model asked to be left alone until then.
    shut_until_ms: u64,
}

impl Breaker {
    /// A closed breaker.
    pub fn new(rule: BreakerRule) -> Self {
        Self {
            rule,
            state: State::Closed,
            epoch: 0,
            streak: 0,
            calls: VecDeque::new(),
            openings: 0,
            shut_until_ms: 0,
        }
    }

    /// Lets a call pass, or says how long the gate stays shut.
    pub fn admit(&mut self, now_ms: u64) -> Result<Ticket, Duration> {
        match self.shut_for(now_ms) {
            Some(wait) => Err(wait),
            None => Ok(self.pass(now_ms)),
        }
    }

    /// How long the gate stays shut; `None` = a call may pass.
    pub fn shut_for(&self, now_ms: u64) -> Option<Duration> {
        self.opens_at(now_ms).map(|at_ms| Duration::from_millis(at_ms.saturating_sub(now_ms)))
    }

    /// Lets a call pass whatever the state is: an operator wants to know.
    pub fn force(&mut self, now_ms: u64) -> Ticket {
        self.pass(now_ms)
    }

    /// Takes the outcome of a call; whether it counted. `jitter` in 0..=1 spreads the time it stays open.
    pub fn settle(
        &mut self,
        ticket: Ticket,
        verdict: Verdict,
        retry_after: Option<Duration>,
        now_ms: u64,
        jitter: f64,
    ) -> bool {
        if ticket.epoch != self.epoch {
            return false;
        }
        if let Some(wait) = retry_after {
            let until_ms = now_ms.saturating_add(millis(wait.min(SHUT_MAX)));
            self.shut_until_ms = self.shut_until_ms.max(until_ms);
        }
        match (self.state, verdict) {
            (State::Probing { .. }, Verdict::Success) => self.close(),
            // Nothing was learned, so the next call may try at once.
            (State::Probing { .. }, Verdict::Unknown) => self.enter(State::Open { until_ms: now_ms }),
            (State::Probing { .. }, _) | (_, Verdict::Fatal) => self.open(now_ms, jitter),
            (State::Closed | State::Open { .. }, _) => {
                self.count(verdict);
                if self.is_bad() {
                    self.open(now_ms, jitter);
                }
            }
        }
        true
    }

    /// What the console shows. A gate that is shut by `Retry-After` is open.
    pub fn state(&self, now_ms: u64) -> BreakerState {
        match self.state {
            State::Closed if now_ms < self.shut_until_ms => BreakerState::Open,
            State::Closed => BreakerState::Closed,
            State::Open { until_ms } if now_ms < until_ms.max(self.shut_until_ms) => BreakerState::Open,
            State::Open { .. } | State::Probing { .. } => BreakerState::HalfOpen,
        }
    }

    /// Whether the next call would be the probe.
    pub fn wants_probe(&self, now_ms: u64) -> bool {
        !matches!(self.state, State::Closed) && self.opens_at(now_ms).is_none()
    }

    /// Share of the last calls that failed, in 0..=1.
    pub fn failing_share(&self) -> f64 {
        let failed = self.calls.iter().filter(|is_good| !**is_good).count();
        ratio(failed, self.calls.len())
    }

    /// When a call may pass next; `None` = now.
    fn opens_at(&self, now_ms: u64) -> Option<u64> {
        let shut_ms = self.shut_until_ms;
        let at_ms = match self.state {
            State::Closed => shut_ms,
            State::Open { until_ms } => until_ms.max(shut_ms),
            State::Probing { since_ms } => since_ms.saturating_add(millis(self.rule.lease)).max(shut_ms),
        };
        (now_ms < at_ms).then_some(at_ms)
    }

    fn pass(&mut self, now_ms: u64) -> Ticket {
        if !matches!(self.state, State::Closed) {
            self.enter(State::Probing { since_ms: now_ms });
        }
        Ticket { epoch: self.epoch }
    }

    fn count(&mut self, verdict: Verdict) {
        let is_good = match verdict {
            Verdict::Success => {
                self.streak = 0;
                true
            }
            Verdict::Failure => {
                self.streak = self.streak.saturating_add(1);
                false
            }
            Verdict::Refusal => false,
            Verdict::Fatal | Verdict::Unknown => return,
        };
        if self.calls.len() >= self.rule.window {
            self.calls.pop_front();
        }
        self.calls.push_back(is_good);
    }

    fn is_bad(&self) -> bool {
        let failed = self.calls.iter().filter(|is_good| !**is_good).count();
        let is_half = failed.saturating_mul(2) >= self.calls.len();
        self.streak >= self.rule.failures || (is_half && self.calls.len() >= self.rule.least.max(1))
    }

    fn open(&mut self, now_ms: u64, jitter: f64) {
        let doublings = self.openings.min(31);
        let full = self.rule.open.saturating_mul(1 << doublings).min(self.rule.open_max);
        let jitter = if jitter.is_finite() { jitter.clamp(0.0, 1.0) } else { 0.0 };
        // Later, never earlier: what was promised to stay shut for 30 s does.
        let wait = full.mul_f64(1.0 + jitter / 10.0).min(self.rule.open_max);
        self.openings = self.openings.saturating_add(1);
        self.enter(State::Open { until_ms: now_ms.saturating_add(millis(wait)) });
    }

    fn close(&mut self) {
        self.openings = 0;
        self.enter(State::Closed);
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.epoch = self.epoch.wrapping_add(1);
        self.streak = 0;
        self.calls.clear();
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn ratio(part: usize, whole: usize) -> f64 {
    let (part, whole) = (u32::try_from(part).unwrap_or(u32::MAX), u32::try_from(whole).unwrap_or(u32::MAX));
    if whole == 0 { 0.0 } else { f64::from(part) / f64::from(whole) }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
