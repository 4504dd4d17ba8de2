//! All endpoints that were called since the start, for the console and the metrics; read without a message.
use std::sync::Arc;

use dashmap::DashMap;
use workbot_schema::fields::Ts;

use super::counters::DeliveryCounters;
use super::slot::{EndpointSnapshot, Slot};

/// Endpoints remembered; beyond that those without an actor are forgotten, the longest unused first.
const SLOTS_MAX: usize = 20_000;
/// How many are forgotten at a time.
const FORGOTTEN: usize = SLOTS_MAX / 10;

/// The endpoints of a process; clones share them.
#[derive(Debug, Clone, Default)]
pub struct EndpointBoard {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    slots: DashMap<Box<str>, Arc<Slot>>,
    counters: DeliveryCounters,
}

impl EndpointBoard {
    /// An empty board.
    pub fn new() -> Self {
        Self::default()
    }

    /// The slot of an endpoint, with the health its actor before left there.
    pub(super) fn open(&self, endpoint: &str, now_ms: u64) -> Arc<Slot> {
        if self.shared.slots.len() >= SLOTS_MAX && !self.shared.slots.contains_key(endpoint) {
            self.forget_unused();
        }
        let entry = self.shared.slots.entry(endpoint.into());
        Arc::clone(entry.or_insert_with(|| Arc::new(Slot::new(endpoint, now_ms))).value())
    }

    /// Counters of all endpoints together.
    pub fn counters(&self) -> &DeliveryCounters {
        &self.shared.counters
    }

    /// One endpoint.
    pub fn find(&self, endpoint: &str) -> Option<EndpointSnapshot> {
        self.shared.slots.get(endpoint).and_then(|slot| slot.snapshot())
    }

    /// Every endpoint, in no order.
    pub fn list(&self) -> Vec<EndpointSnapshot> {
        self.shared.slots.iter().filter_map(|slot| slot.snapshot()).collect()
    }

    /// How many endpoints are paused.
    pub fn count_paused(&self) -> usize {
        self.shared.slots.iter().filter(|slot| slot.is_paused()).count()
    }

    /// Ends the pause of an endpoint, whether its actor lives or not; whether it was paused.
    pub fn resume(&self, endpoint: &str, now: Ts) -> bool {
        self.shared.slots.get(endpoint).is_some_and(|slot| slot.resume(now))
    }

    /// Whether nothing waits for an endpoint and nothing is under way to it.
    pub(super) fn is_idle(&self, endpoint: &str) -> bool {
        self.shared.slots.get(endpoint).is_none_or(|slot| slot.is_idle())
    }

    fn forget_unused(&self) {
        let unused = |slot: &Arc<Slot>| Arc::strong_count(slot) == 1;
        let mut candidates: Vec<(u64, Box<str>)> = self
            .shared
            .slots
            .iter()
            .filter(|entry| unused(entry.value()))
            .map(|entry| (entry.value().touched_ms(), entry.key().clone()))
            .collect();
        candidates.sort_unstable();
        for (_touched_ms, endpoint) in candidates.into_iter().take(FORGOTTEN) {
            self.shared.slots.remove_if(&endpoint, |_endpoint, slot| unused(slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unused_endpoints_make_room_and_used_ones_stay() {
        let board = EndpointBoard::new();
        let kept = board.open("ep_kept", 0);
        for number in 1..SLOTS_MAX + 5 {
            board.open(&format!("ep_{number}"), u64::try_from(number).unwrap());
        }
        assert_eq!(board.shared.slots.len(), SLOTS_MAX - FORGOTTEN + 5);
        assert!(Arc::ptr_eq(&kept, &board.open("ep_kept", 0)));
        assert!(!board.shared.slots.contains_key("ep_1"));
        assert!(board.list().is_empty());
    }
}
