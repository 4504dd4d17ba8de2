//! All living actors of a process, and for a while those that died badly.
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use dashmap::DashMap;
use parking_lot::Mutex;
use workbot_schema::wire::actor_snapshot::{ActorSnapshot, ActorState, ExitReason};

use super::clock::Clock;
use super::exit::reason_of_drop;
use super::stats::ActorStats;

/// How long an actor that failed stays in the snapshots.
const GRAVE_MS: u64 = 60_000;
/// How many of them are kept at most; the oldest goes first.
const GRAVES: usize = 256;

/// The actors of one process. Clones share it; touched only when an actor comes, goes, or is looked at.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

struct Shared {
    clock: Clock,
    next_key: AtomicU64,
    living: DashMap<u64, Arc<ActorStats>>,
    graves: Mutex<VecDeque<(u64, Arc<ActorStats>)>>,
    failures: AtomicU64,
}

impl Registry {
    /// An empty registry that dates exits by `clock`.
    pub fn new(clock: Clock) -> Self {
        let shared = Shared {
            clock,
            next_key: AtomicU64::new(0),
            living: DashMap::new(),
            graves: Mutex::new(VecDeque::new()),
            failures: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Shows the actor until the registration is dropped. A temporary actor keeps it as a field: the drop tells a
    /// panic from a stop.
    pub fn register(&self, stats: Arc<ActorStats>) -> Registration {
        let key = self.shared.next_key.fetch_add(1, Relaxed);
        self.shared.living.insert(key, Arc::clone(&stats));
        Registration { shared: Arc::clone(&self.shared), key, stats }
    }

    /// One row an actor, in no order: the living, and those that failed within the last minute.
    pub fn snapshot(&self) -> Vec<ActorSnapshot> {
        let now_ms = self.shared.clock.monotonic_ms();
        let mut rows: Vec<_> =
            self.shared.living.iter().map(|entry| entry.value().snapshot(now_ms)).collect();
        let mut graves = self.shared.graves.lock();
        graves.retain(|(buried_ms, _)| now_ms.saturating_sub(*buried_ms) < GRAVE_MS);
        rows.extend(graves.iter().map(|(_, stats)| stats.snapshot(now_ms)));
        rows
    }

    /// The row of one living actor; needs a walk over all of them.
    pub fn find(&self, id: &str) -> Option<ActorSnapshot> {
        let now_ms = self.shared.clock.monotonic_ms();
        self.shared.living.iter().find(|entry| entry.id() == id).map(|entry| entry.snapshot(now_ms))
    }

    /// Asks every living actor of that id to stop and tells whether there was one. A permanent one comes back fresh.
    pub fn request_stop(&self, id: &str) -> bool {
        let mut found = false;
        for entry in self.shared.living.iter().filter(|entry| entry.id() == id) {
            entry.request_stop();
            found = true;
        }
        found
    }

    /// How many actors live.
    pub fn len(&self) -> usize {
        self.shared.living.len()
    }

    /// Whether no actor lives.
    pub fn is_empty(&self) -> bool {
        self.shared.living.is_empty()
    }

    /// Panics and escalations since the start of the process.
    pub fn failures(&self) -> u64 {
        self.shared.failures.load(Relaxed)
    }

    pub(super) fn count_failure(&self) {
        self.shared.failures.fetch_add(1, Relaxed);
    }
}

/// Keeps an actor in the registry; dropping it takes the actor out and writes down how it ended.
#[must_use = "dropping the registration takes the actor out of the registry"]
pub struct Registration {
    shared: Arc<Shared>,
    key: u64,
    stats: Arc<ActorStats>,
}

impl Registration {
    /// Counters of the registered actor.
    pub fn stats(&self) -> &Arc<ActorStats> {
        &self.stats
    }

    /// Ends the registration of an actor whose end was already written down by its supervisor.
    pub(super) fn close(self, reason: ExitReason) {
        self.stats.record_exit(reason);
        let state = if reason == ExitReason::Stopped { ActorState::Stopped } else { ActorState::Failed };
        self.stats.enter(state, self.shared.clock.now());
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let shared = &self.shared;
        shared.living.remove(&self.key);
        if !matches!(self.stats.state(), ActorState::Stopped | ActorState::Failed) {
            let reason = reason_of_drop();
            self.stats.record_exit(reason);
            let failed = reason != ExitReason::Stopped;
            let state = if failed { ActorState::Failed } else { ActorState::Stopped };
            self.stats.enter(state, shared.clock.now());
            if failed {
                shared.failures.fetch_add(1, Relaxed);
            }
        }
        if self.stats.state() == ActorState::Failed {
            let mut graves = shared.graves.lock();
            if graves.len() >= GRAVES {
                graves.pop_front();
            }
            graves.push_back((shared.clock.monotonic_ms(), Arc::clone(&self.stats)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chrono::DateTime;

    use super::*;

    fn registry() -> (Clock, Registry) {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        (clock.clone(), Registry::new(clock))
    }

    fn stats(id: &str) -> Arc<ActorStats> {
        ActorStats::new("kind", id, None, 16, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn shows_the_living_only() {
        let (_clock, registry) = registry();
        let first = registry.register(stats("first"));
        let second = registry.register(stats("second"));
        assert_eq!(registry.snapshot().len(), 2);
        drop(first);
        let rows = registry.snapshot();
        assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["second"]);
        assert_eq!(second.stats().state(), ActorState::Starting);
        assert!(registry.find("second").is_some() && registry.find("first").is_none());
    }

    #[test]
    fn panicked_actor_stays_visible_for_a_minute() {
        let (clock, registry) = registry();
        let registration = registry.register(stats("broken"));
        let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _registration = registration;
            panic!("meant");
        }));
        assert!(died.is_err());
        let row = registry.snapshot().remove(0);
        assert_eq!((row.state, row.last_exit), (ActorState::Failed, Some(ExitReason::Panicked)));
        assert_eq!((registry.len(), registry.failures()), (0, 1));
        clock.advance(Duration::from_secs(60));
        assert!(registry.snapshot().is_empty());
    }

    #[test]
    fn graves_are_bounded() {
        let (_clock, registry) = registry();
        for number in 0..GRAVES + 10 {
            registry.register(stats(&number.to_string())).close(ExitReason::Panicked);
        }
        assert_eq!(registry.snapshot().len(), GRAVES);
    }

    #[test]
    fn twenty_thousand_are_listed() {
        let (_clock, registry) = registry();
        let all: Vec<_> = (0..20_000).map(|number| registry.register(stats(&number.to_string()))).collect();
        assert_eq!(registry.snapshot().len(), 20_000);
        drop(all);
        assert!(registry.is_empty());
    }

    #[test]
    fn counters_of_one_actor_are_small() {
        assert!(size_of::<ActorStats>() <= 256);
    }
}
