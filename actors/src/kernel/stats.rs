//! Counters of one actor, written by everybody without waiting and read by the console without a message.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering::Relaxed};

use chrono::{DateTime, Utc};
use futures_util::FutureExt;
use parking_lot::Mutex;
use tokio::sync::Notify;
use workbot_schema::wire::actor_snapshot::{
    ActorSnapshot, ActorState, BreakerState, CurrentMessage, ExitReason, MailboxSnapshot,
};

use super::place::Handling;

/// Who an actor is and what it has done; outlives its restarts. About 250 bytes.
#[derive(Debug)]
pub struct ActorStats {
    kind: &'static str,
    id: Box<str>,
    parent: Option<Arc<str>>,
    capacity: u32,
    depth: AtomicU32,
    restarts: AtomicU32,
    posted: AtomicU64,
    handled: AtomicU64,
    refused: AtomicU64,
    dropped: AtomicU64,
    since_us: AtomicI64,
    /// Monotonic start of the current message plus one; 0 when idle.
    busy_since_ms: AtomicU64,
    current: Mutex<&'static str>,
    state: AtomicU8,
    last_exit: AtomicU8,
    breaker: AtomicU8,
    stop: Notify,
}

impl ActorStats {
    /// Counters at zero, state `starting`. `capacity` is the bound of its mailbox in messages.
    pub fn new(
        kind: &'static str,
        id: &str,
        parent: Option<Arc<str>>,
        capacity: u32,
        now: DateTime<Utc>,
    ) -> Arc<Self> {
        Arc::new(Self {
            kind,
            id: id.into(),
            parent,
            capacity,
            depth: AtomicU32::new(0),
            restarts: AtomicU32::new(0),
            posted: AtomicU64::new(0),
            handled: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            since_us: AtomicI64::new(now.timestamp_micros()),
            busy_since_ms: AtomicU64::new(0),
            current: Mutex::new(""),
            state: AtomicU8::new(state_code(ActorState::Starting)),
            last_exit: AtomicU8::new(0),
            breaker: AtomicU8::new(0),
            stop: Notify::new(),
        })
    }

    /// Kind of actor, as the tree names it.
    pub fn kind(&self) -> &'static str {
        self.kind
    }

    /// Name of the actor.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Bound of the mailbox in messages.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// Messages taken in and not yet finished.
    pub fn depth(&self) -> u32 {
        self.depth.load(Relaxed)
    }

    /// Messages taken in since the first start.
    pub fn posted(&self) -> u64 {
        self.posted.load(Relaxed)
    }

    /// Messages, frames and ticks finished since the first start.
    pub fn handled(&self) -> u64 {
        self.handled.load(Relaxed)
    }

    /// Messages refused since the first start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }

    /// Messages taken in and lost unhandled, because the actor ended or the asker had given up.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }

    /// Restarts since the first start.
    pub fn restarts(&self) -> u32 {
        self.restarts.load(Relaxed)
    }

    /// Present state.
    pub fn state(&self) -> ActorState {
        state_of(self.state.load(Relaxed))
    }

    /// How it ended last, if it ever did.
    pub fn last_exit(&self) -> Option<ExitReason> {
        exit_of(self.last_exit.load(Relaxed))
    }

    /// Moves to `state` as of `now`; staying in the same state keeps its beginning.
    pub fn enter(&self, state: ActorState, now: DateTime<Utc>) {
        if self.state.swap(state_code(state), Relaxed) != state_code(state) {
            self.since_us.store(now.timestamp_micros(), Relaxed);
        }
    }

    /// Shows the gate of the service this actor guards.
    pub fn set_breaker(&self, breaker: BreakerState) {
        self.breaker.store(breaker_code(breaker), Relaxed);
    }

    /// Marks work that did not come through the mailbox (a frame, a timer tick) as current until the guard is
    /// dropped, which counts it as handled. Posted messages get their guard from `Posted::open`.
    pub fn handling(self: &Arc<Self>, message: &'static str, now_ms: u64) -> Handling {
        Handling::begin(Arc::clone(self), message, now_ms, false)
    }

    /// Asks the actor to stop: supervised ones obey at their next turn, others when they wait on [`Self::stopping`].
    pub fn request_stop(&self) {
        self.stop.notify_one();
    }

    /// Resolves when somebody asked the actor to stop.
    pub async fn stopping(&self) {
        self.stop.notified().await;
    }

    /// One consistent enough row; `now_ms` is the monotonic time the running handler is measured against.
    pub fn snapshot(&self, now_ms: u64) -> ActorSnapshot {
        let current = match self.busy_since_ms.load(Relaxed) {
            0 => None,
            busy_since_ms => Some(CurrentMessage {
                message: (*self.current.lock()).to_owned(),
                since_ms: now_ms.saturating_add(1).saturating_sub(busy_since_ms),
            }),
        };
        ActorSnapshot {
            id: self.id.to_string(),
            kind: self.kind.to_owned(),
            parent: self.parent.as_deref().map(str::to_owned),
            state: self.state(),
            mailbox: MailboxSnapshot { depth: self.depth(), capacity: self.capacity },
            handled: self.handled(),
            refused: self.refused(),
            restarts: self.restarts(),
            last_exit: self.last_exit(),
            since: DateTime::from_timestamp_micros(self.since_us.load(Relaxed))
                .unwrap_or(DateTime::UNIX_EPOCH),
            current,
            breaker: breaker_of(self.breaker.load(Relaxed)),
        }
    }

    pub(super) fn record_exit(&self, reason: ExitReason) {
        self.last_exit.store(exit_code(reason), Relaxed);
    }

    pub(super) fn record_restart(&self) {
        self.restarts.fetch_add(1, Relaxed);
        // A request meant for the incarnation that is gone must not stop the next one.
        if self.stop.notified().now_or_never().is_some() {
            log::debug!(kind = self.kind, id = self.id(); "stop request met an actor that had already ended");
        }
    }

    pub(super) fn record_refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn record_posted(&self) {
        self.posted.fetch_add(1, Relaxed);
    }

    pub(super) fn record_dropped(&self) {
        self.dropped.fetch_add(1, Relaxed);
    }

    /// Takes one place of the mailbox unless all are taken.
    pub(super) fn take_place(&self) -> bool {
        let step = |depth: u32| (depth < self.capacity).then(|| depth.saturating_add(1));
        self.depth.fetch_update(Relaxed, Relaxed, step).is_ok()
    }

    /// Gives back a place that was taken.
    pub(super) fn free_place(&self) {
        self.depth.fetch_sub(1, Relaxed);
    }

    /// Shows `message` as current; the answer is the token for [`Self::finish`].
    pub(super) fn begin(&self, message: &'static str, now_ms: u64) -> u64 {
        let busy_since_ms = now_ms.saturating_add(1);
        *self.current.lock() = message;
        self.busy_since_ms.store(busy_since_ms, Relaxed);
        busy_since_ms
    }

    /// Counts a message as handled. Something begun after it stays shown.
    pub(super) fn finish(&self, busy_since_ms: u64) {
        self.handled.fetch_add(1, Relaxed);
        if self.busy_since_ms.load(Relaxed) == busy_since_ms {
            self.busy_since_ms.store(0, Relaxed);
        }
    }
}

const STATES: [ActorState; 5] = [
    ActorState::Starting,
    ActorState::Running,
    ActorState::Restarting,
    ActorState::Stopped,
    ActorState::Failed,
];

fn state_code(state: ActorState) -> u8 {
    match state {
        ActorState::Starting => 0,
        ActorState::Running => 1,
        ActorState::Restarting => 2,
        ActorState::Stopped => 3,
        ActorState::Failed => 4,
    }
}

fn state_of(code: u8) -> ActorState {
    STATES.get(usize::from(code)).copied().unwrap_or(ActorState::Failed)
}

fn exit_code(reason: ExitReason) -> u8 {
    match reason {
        ExitReason::Stopped => 1,
        ExitReason::Panicked => 2,
        ExitReason::Escalated => 3,
    }
}

fn exit_of(code: u8) -> Option<ExitReason> {
    match code {
        1 => Some(ExitReason::Stopped),
        2 => Some(ExitReason::Panicked),
        3 => Some(ExitReason::Escalated),
        _ => None,
    }
}

fn breaker_code(breaker: BreakerState) -> u8 {
    match breaker {
        BreakerState::Closed => 1,
        BreakerState::Open => 2,
        BreakerState::HalfOpen => 3,
    }
}

fn breaker_of(code: u8) -> Option<BreakerState> {
    match code {
        1 => Some(BreakerState::Closed),
        2 => Some(BreakerState::Open),
        3 => Some(BreakerState::HalfOpen),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stats() -> Arc<ActorStats> {
        ActorStats::new("kind", "id", Some("root".into()), 2, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn guard_shows_the_message_and_counts_it_once() {
        let stats = stats();
        let guard = stats.handling("Tick", 100);
        let current = stats.snapshot(130).current.unwrap();
        assert_eq!((current.message.as_str(), current.since_ms), ("Tick", 30));
        assert_eq!(stats.handled(), 0);
        drop(guard);
        assert_eq!(stats.snapshot(130).current, None);
        assert_eq!((stats.handled(), stats.depth()), (1, 0));
    }

    #[test]
    fn older_guard_does_not_hide_the_newer_message() {
        let stats = stats();
        let older = stats.handling("Older", 1);
        let newer = stats.handling("Newer", 2);
        drop(older);
        assert_eq!(stats.snapshot(2).current.unwrap().message, "Newer");
        drop(newer);
        assert_eq!(stats.snapshot(2).current, None);
    }

    #[test]
    fn codes_are_kept_apart() {
        let stats = stats();
        for state in STATES {
            stats.enter(state, DateTime::UNIX_EPOCH);
            assert_eq!(stats.state(), state);
        }
        for reason in [ExitReason::Stopped, ExitReason::Panicked, ExitReason::Escalated] {
            stats.record_exit(reason);
            assert_eq!(stats.last_exit(), Some(reason));
        }
        assert_eq!(stats.snapshot(0).breaker, None);
        for breaker in [BreakerState::Closed, BreakerState::Open, BreakerState::HalfOpen] {
            stats.set_breaker(breaker);
            assert_eq!(stats.snapshot(0).breaker, Some(breaker));
        }
    }

    #[test]
    fn since_is_the_beginning_of_the_state() {
        let stats = stats();
        let later = DateTime::from_timestamp(60, 0).unwrap();
        stats.enter(ActorState::Running, later);
        stats.enter(ActorState::Running, DateTime::from_timestamp(90, 0).unwrap());
        assert_eq!(stats.snapshot(0).since, later);
    }
}
