//! Pure: which deliveries of one endpoint may start now.
//!
//! ```text
//!  push ─▶ [ waiting: ≤ 1,000, a line per chat ] ─ next ─▶ [ in flight: ≤ 8 ] ─ finish ─▶ gone
//!               │ oldest dropped and told   ▲                      │
//!               ▼                           └──────── retry ───────┘
//! ```
//! 1. Of one chat only the first in line starts; the next one follows when it is finished.
//! 2. A chat waits at most 10 s for its first, from that one's first start; then the first leaves the line, goes on
//!    with its attempts alone, and the chat with its next.
//! 3. When more than 1,000 wait (retries included), the oldest waiting one is dropped and handed back.
//!
//! Times are a `Duration` since one fixed point, the same for every call.
use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

/// Bounds of a `DeliveryQueue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// Most deliveries in flight.
    pub in_flight: usize,
    /// Most deliveries waiting, for their first attempt or another one.
    pub waiting: usize,
    /// How long a chat waits for the delivery that is first in its line.
    pub order_wait: Duration,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { in_flight: 8, waiting: 1_000, order_wait: Duration::from_secs(10) }
    }
}

/// A delivery that lost its place; its message says `callback_backlog`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped<Id> {
    /// The delivery.
    pub id: Id,
    /// Deliveries this queue has dropped so far, this one included.
    pub dropped: u64,
}

/// Ordered, bounded backlog of one endpoint; ids are unique.
#[derive(Debug)]
pub struct DeliveryQueue<Id> {
    limits: QueueLimits,
    /// Everything here, by arrival.
    entries: BTreeMap<u64, Entry<Id>>,
    arrivals: HashMap<Id, u64>,
    /// Per chat, the arrivals that keep their order; never an empty line.
    lines: HashMap<String, VecDeque<u64>>,
    /// Waiting and behind nobody: first in line, or alone.
    candidates: BTreeSet<u64>,
    /// First in line and started, by the time until which the chat waits for it.
    awaited: BTreeSet<(Duration, u64)>,
    in_flight: usize,
    next_arrival: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Entry<Id> {
    id: Id,
    chat: String,
    due_at: Duration,
    is_in_flight: bool,
    /// Set at the first start.
    awaited_until: Option<Duration>,
    is_alone: bool,
}

impl<Id: Clone + Eq + Hash> DeliveryQueue<Id> {
    /// An empty queue.
    pub fn new(limits: QueueLimits) -> Self {
        Self {
            limits,
            entries: BTreeMap::new(),
            arrivals: HashMap::new(),
            lines: HashMap::new(),
            candidates: BTreeSet::new(),
            awaited: BTreeSet::new(),
            in_flight: 0,
            next_arrival: 0,
            dropped: 0,
        }
    }

    /// Deliveries in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Deliveries waiting, for their first attempt or another one.
    pub fn waiting(&self) -> usize {
        self.entries.len().saturating_sub(self.in_flight)
    }

    /// Deliveries dropped since the queue was made.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether a delivery is here, waiting or in flight.
    pub fn contains(&self, id: &Id) -> bool {
        self.arrivals.contains_key(id)
    }

    /// Adds a new delivery at the end of its chat's line; an id that is here already changes nothing.
    #[must_use = "a dropped delivery must be recorded"]
    pub fn push(&mut self, id: Id, chat: &str, now: Duration) -> Option<Dropped<Id>> {
        self.add(id, chat, now, None)
    }

    /// Adds a delivery whose earlier attempt failed before a restart; its chat waits for it 10 s from `now`.
    #[must_use = "a dropped delivery must be recorded"]
    pub fn restore(&mut self, id: Id, chat: &str, due_at: Duration, now: Duration) -> Option<Dropped<Id>> {
        let awaited_until = now.saturating_add(self.limits.order_wait);
        self.add(id, chat, due_at, Some(awaited_until))
    }

    /// The deliveries to start now, oldest first; they are in flight until `finish` or `retry`.
    pub fn next(&mut self, now: Duration) -> Vec<Id> {
        self.release_awaited(now);
        let free = self.limits.in_flight.saturating_sub(self.in_flight);
        if free == 0 {
            return Vec::new();
        }
        let is_due = |arrival: &u64| self.entries.get(arrival).is_some_and(|entry| entry.due_at <= now);
        let chosen: Vec<u64> = self.candidates.iter().copied().filter(is_due).take(free).collect();
        chosen.into_iter().filter_map(|arrival| self.start(arrival, now)).collect()
    }

    /// When `next` may have something to start without a `push`, `finish` or `retry` before.
    pub fn next_wake(&self) -> Option<Duration> {
        if self.in_flight >= self.limits.in_flight {
            return None;
        }
        let due =
            self.candidates.iter().filter_map(|arrival| self.entries.get(arrival)).map(|entry| entry.due_at);
        due.chain(self.awaited.first().map(|(until, _)| *until)).min()
    }

    /// Takes a delivery out, in flight or waiting: done, failed for good or cancelled. False when it is not here.
    pub fn finish(&mut self, id: &Id) -> bool {
        self.arrivals.get(id).copied().is_some_and(|arrival| self.remove(arrival).is_some())
    }

    /// Puts a delivery in flight back to wait for its next attempt; one that is not in flight is left as it is.
    #[must_use = "a dropped delivery must be recorded"]
    pub fn retry(&mut self, id: &Id, due_at: Duration) -> Option<Dropped<Id>> {
        let arrival = self.arrivals.get(id).copied()?;
        let entry = self.entries.get_mut(&arrival).filter(|entry| entry.is_in_flight)?;
        entry.is_in_flight = false;
        entry.due_at = due_at;
        self.in_flight = self.in_flight.saturating_sub(1);
        self.candidates.insert(arrival);
        self.drop_oldest_over_bound()
    }

    /// Takes out everything that waits, oldest first: the endpoint was paused or removed.
    pub fn clear_waiting(&mut self) -> Vec<Id> {
        let waiting =
            self.entries.iter().filter(|(_, entry)| !entry.is_in_flight).map(|(arrival, _)| *arrival);
        let waiting: Vec<u64> = waiting.collect();
        waiting.into_iter().filter_map(|arrival| self.remove(arrival)).collect()
    }

    fn add(
        &mut self,
        id: Id,
        chat: &str,
        due_at: Duration,
        awaited_until: Option<Duration>,
    ) -> Option<Dropped<Id>> {
        let Slot::Vacant(slot) = self.arrivals.entry(id.clone()) else {
            return None;
        };
        let arrival = self.next_arrival;
        self.next_arrival = arrival.saturating_add(1);
        slot.insert(arrival);
        let line = self.lines.entry(chat.to_owned()).or_default();
        line.push_back(arrival);
        let is_first = line.len() == 1;
        let entry =
            Entry { id, chat: chat.to_owned(), due_at, is_in_flight: false, awaited_until, is_alone: false };
        self.entries.insert(arrival, entry);
        if is_first {
            self.promote(arrival);
        }
        self.drop_oldest_over_bound()
    }

    /// Makes a delivery that became first in its line startable.
    fn promote(&mut self, arrival: u64) {
        if let Some(until) = self.entries.get(&arrival).and_then(|entry| entry.awaited_until) {
            self.awaited.insert((until, arrival));
        }
        self.candidates.insert(arrival);
    }

    fn start(&mut self, arrival: u64, now: Duration) -> Option<Id> {
        let entry = self.entries.get_mut(&arrival)?;
        entry.is_in_flight = true;
        if entry.awaited_until.is_none() {
            let until = now.saturating_add(self.limits.order_wait);
            entry.awaited_until = Some(until);
            self.awaited.insert((until, arrival));
        }
        self.in_flight = self.in_flight.saturating_add(1);
        self.candidates.remove(&arrival);
        Some(entry.id.clone())
    }

    /// Rule 2: lets go of the firsts their chats have waited for long enough.
    fn release_awaited(&mut self, now: Duration) {
        while let Some((until, arrival)) = self.awaited.first().copied().filter(|(until, _)| *until <= now) {
            self.awaited.remove(&(until, arrival));
            let Some(entry) = self.entries.get_mut(&arrival) else { continue };
            entry.is_alone = true;
            let chat = entry.chat.clone();
            self.leave_line(&chat, arrival);
        }
    }

    fn remove(&mut self, arrival: u64) -> Option<Id> {
        let entry = self.entries.remove(&arrival)?;
        self.arrivals.remove(&entry.id);
        self.candidates.remove(&arrival);
        if entry.is_in_flight {
            self.in_flight = self.in_flight.saturating_sub(1);
        }
        if let Some(until) = entry.awaited_until {
            self.awaited.remove(&(until, arrival));
        }
        if !entry.is_alone {
            self.leave_line(&entry.chat, arrival);
        }
        Some(entry.id)
    }

    fn leave_line(&mut self, chat: &str, arrival: u64) {
        let Some(line) = self.lines.get_mut(chat) else { return };
        let was_first = line.front() == Some(&arrival);
        if was_first {
            line.pop_front();
        } else {
            line.retain(|other| *other != arrival);
        }
        match line.front().copied() {
            None => {
                self.lines.remove(chat);
            }
            Some(first) if was_first => self.promote(first),
            Some(_) => {}
        }
    }

    /// Rule 3.
    fn drop_oldest_over_bound(&mut self) -> Option<Dropped<Id>> {
        if self.waiting() <= self.limits.waiting {
            return None;
        }
        let (arrival, _) = self.entries.iter().find(|(_, entry)| !entry.is_in_flight)?;
        let id = self.remove(*arrival)?;
        self.dropped = self.dropped.saturating_add(1);
        Some(Dropped { id, dropped: self.dropped })
    }
}

#[cfg(test)]
#[path = "queue_tests.rs"]
mod tests;
