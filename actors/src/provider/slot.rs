//! What is known of one model, whether its actor lives or not: its gate, its last calls, its health. Read without a message.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use tokio::sync::Semaphore;
use workbot_schema::ai_models::Provider;
use workbot_schema::ai_models::health::HealthStatus;
use workbot_schema::fields::Ts;
use workbot_schema::ids::ModelId;
use workbot_schema::wire::actor_snapshot::BreakerState;

use super::breaker::{Breaker, BreakerRule, Ticket, Verdict};
use super::failure::{Failure, FailureKind};
use super::health::{Evidence, status_of};
use super::spec::ModelSpec;
use crate::supervisor::directory::Bucket;

/// What the console sees of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelSnapshot {
    /// Which.
    pub id: ModelId,
    /// Shown name.
    pub name: String,
    /// Whose.
    pub provider: Provider,
    /// The provider's name of it.
    pub model_name: String,
    /// Whether robots may get answers from it.
    pub is_usable: bool,
    /// Its gate.
    pub breaker: BreakerState,
    /// How it is; none = nothing is known yet.
    pub status: Option<HealthStatus>,
    /// Milliseconds of its last good answer.
    pub response_ms: Option<u64>,
    /// What went wrong last; none after a good answer.
    pub error: Option<String>,
    /// When it was last known to answer or not to.
    pub checked_at: Option<Ts>,
    /// Calls made since the start.
    pub calls: u64,
    /// Of these, the ones in vain.
    pub failures: u64,
    /// Calls under way.
    pub in_flight: usize,
}

/// How many calls a model takes when its config says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateDefaults {
    /// Calls under way at a time.
    pub concurrency: usize,
    /// Calls a minute; 0 = without limit.
    pub per_minute: u32,
    /// When the breaker opens.
    pub breaker: BreakerRule,
}

/// The gate and the memory of one model.
pub struct Slot {
    spec: RwLock<Arc<ModelSpec>>,
    gate: Mutex<Gate>,
    bucket: Bucket,
    permits: Arc<Semaphore>,
    calls: AtomicU64,
    failures: AtomicU64,
    in_flight: AtomicUsize,
    is_checking: AtomicBool,
}

struct Gate {
    breaker: Breaker,
    evidence: Evidence,
    /// The actor ended too often and stays away until then.
    down_until_ms: Option<u64>,
}

/// A call that may be made. Counts as under way until it is settled or dropped.
pub struct Admitted {
    slot: Arc<Slot>,
    ticket: Ticket,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}

/// One call under way, while it lives.
pub struct InFlight(Arc<Slot>);

impl Slot {
    /// A slot about which nothing is known.
    pub fn new(spec: ModelSpec, defaults: GateDefaults) -> Self {
        let of = |number: Option<u32>, default: u32| number.unwrap_or(default);
        let concurrency = spec.config.concurrency.and_then(|number| usize::try_from(number).ok());
        let permits = concurrency.unwrap_or(defaults.concurrency).clamp(1, 1_024);
        let per_minute = of(spec.config.requests_per_minute, defaults.per_minute);
        let gate = Gate {
            breaker: Breaker::new(defaults.breaker),
            evidence: Evidence::default(),
            down_until_ms: None,
        };
        Self {
            spec: RwLock::new(Arc::new(spec)),
            gate: Mutex::new(gate),
            bucket: Bucket::new((per_minute > 0).then_some(per_minute)),
            permits: Arc::new(Semaphore::new(permits)),
            calls: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            in_flight: AtomicUsize::new(0),
            is_checking: AtomicBool::new(false),
        }
    }

    /// The model as it is called now.
    pub fn spec(&self) -> Arc<ModelSpec> {
        Arc::clone(&self.spec.read())
    }

    /// Takes a changed row of the same service.
    pub fn replace(&self, spec: ModelSpec) {
        *self.spec.write() = Arc::new(spec);
    }

    /// Places for calls under way.
    pub fn permits(&self) -> Arc<Semaphore> {
        Arc::clone(&self.permits)
    }

    /// Whether a call would find the gate shut now.
    pub fn shut_for(&self, now_ms: u64) -> Option<Duration> {
        let gate = self.gate.lock();
        let down = gate.down_until_ms.filter(|until_ms| now_ms < *until_ms);
        let wait = gate.breaker.shut_for(now_ms);
        down.map(|until_ms| Duration::from_millis(until_ms - now_ms)).max(wait)
    }

    /// Lets a call pass, or says why not. `is_forced` passes breaker and rate: an operator wants to know.
    pub fn admit(self: &Arc<Self>, now_ms: u64, is_forced: bool) -> Result<(Admitted, InFlight), Failure> {
        if !is_forced && let Err(wait) = self.bucket.take() {
            let text = format!("the calls of this minute are used up for {} ms", wait.as_millis());
            return Err(Failure::new(FailureKind::Busy, text));
        }
        let mut gate = self.gate.lock();
        let ticket =
            if is_forced { gate.breaker.force(now_ms) } else { gate.breaker.admit(now_ms).map_err(shut)? };
        drop(gate);
        self.calls.fetch_add(1, Relaxed);
        self.in_flight.fetch_add(1, Relaxed);
        Ok((Admitted { slot: Arc::clone(self), ticket }, InFlight(Arc::clone(self))))
    }

    /// The actor cannot be kept up: nobody is asked here until then.
    pub fn set_down(&self, until_ms: Option<u64>) {
        self.gate.lock().down_until_ms = until_ms;
    }

    /// Until when the actor stays away, if it does.
    pub fn down_until(&self) -> Option<u64> {
        self.gate.lock().down_until_ms
    }

    /// What the console shows of the gate.
    pub fn breaker(&self, now_ms: u64) -> BreakerState {
        let gate = self.gate.lock();
        if gate.down_until_ms.is_some() { BreakerState::Open } else { gate.breaker.state(now_ms) }
    }

    /// Whether nothing was heard of the model for `interval`, or its breaker waits for a probe.
    pub fn wants_check(&self, now_ms: u64, interval: Duration) -> bool {
        let gate = self.gate.lock();
        gate.down_until_ms.is_none() && gate.breaker.shut_for(now_ms).is_none() && {
            gate.breaker.wants_probe(now_ms) || gate.evidence.is_older(now_ms, interval)
        }
    }

    /// Begins a check, unless one is under way.
    pub fn take_check(&self) -> bool {
        !self.is_checking.swap(true, Relaxed)
    }

    /// The check is over.
    pub fn end_check(&self) {
        self.is_checking.store(false, Relaxed);
    }

    /// The evidence of the last calls, for a health row; `None` when one was written for them already.
    pub fn take_report(&self, now_ms: u64, interval: Duration) -> Option<(HealthStatus, Evidence)> {
        let mut gate = self.gate.lock();
        let (state, share) = (gate.breaker.state(now_ms), gate.breaker.failing_share());
        let status = status_of(&gate.evidence, state, share)?;
        gate.evidence.take_due(now_ms, interval, status).then(|| (status, gate.evidence.clone()))
    }

    /// Remembers when health was first looked for, so that the first check is an interval away.
    pub fn begin(&self, now_ms: u64) {
        self.gate.lock().evidence.begin(now_ms);
    }

    /// Everything at once.
    pub fn snapshot(&self, now_ms: u64) -> ModelSnapshot {
        let spec = self.spec();
        let breaker = self.breaker(now_ms);
        let gate = self.gate.lock();
        ModelSnapshot {
            id: spec.id.clone(),
            name: spec.name.clone(),
            provider: spec.provider,
            model_name: spec.model_name.clone(),
            is_usable: spec.candidate.is_usable,
            breaker,
            status: status_of(&gate.evidence, breaker, gate.breaker.failing_share()),
            response_ms: gate.evidence.response_ms,
            error: gate.evidence.error.clone(),
            checked_at: gate.evidence.checked_at,
            calls: self.calls.load(Relaxed),
            failures: self.failures.load(Relaxed),
            in_flight: self.in_flight.load(Relaxed),
        }
    }
}

fn shut(wait: Duration) -> Failure {
    Failure::new(FailureKind::Shut, format!("the model is shut off for {} ms", wait.as_millis()))
}

/// When and how a call ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// Monotonic.
    pub now_ms: u64,
    /// By the calendar.
    pub at: Ts,
    /// From its start.
    pub duration_ms: u64,
    /// In 0..=1, spreads the time a breaker stays open.
    pub jitter: f64,
}

impl Admitted {
    /// The model answered.
    pub fn succeeded(self, ended: Ended) {
        let mut gate = self.slot.gate.lock();
        gate.evidence.succeeded(ended.now_ms, ended.at, ended.duration_ms);
        let before = gate.breaker.state(ended.now_ms);
        gate.breaker.settle(self.ticket, Verdict::Success, None, ended.now_ms, ended.jitter);
        let after = gate.breaker.state(ended.now_ms);
        drop(gate);
        if before != after && after == BreakerState::Closed {
            log::info!(model = self.slot.spec().id.as_str(); "a model answers again");
        }
    }

    /// It did not. `is_cut_short` means that the turn left it too little time to blame it.
    pub fn failed(self, failure: &Failure, is_cut_short: bool, ended: Ended) {
        self.slot.failures.fetch_add(1, Relaxed);
        let verdict = if is_cut_short { Verdict::Unknown } else { failure.kind.verdict() };
        let mut gate = self.slot.gate.lock();
        gate.evidence.failed(ended.now_ms, ended.at, &failure.text);
        let before = gate.breaker.state(ended.now_ms);
        gate.breaker.settle(self.ticket, verdict, failure.retry_after, ended.now_ms, ended.jitter);
        let after = gate.breaker.state(ended.now_ms);
        let wait = gate.breaker.shut_for(ended.now_ms).unwrap_or_default();
        drop(gate);
        let model = self.slot.spec().id.clone();
        log::warn!(model = model.as_str(), kind = failure.kind.as_str(), class:? = failure.class(),
            duration_ms = ended.duration_ms, error = failure.text.as_str(); "a call to a model failed");
        if before != after && after == BreakerState::Open {
            let wait_ms = crate::kernel::clock::millis(wait);
            log::warn!(model = model.as_str(), wait_ms = wait_ms; "a model is shut off");
        }
    }
}
