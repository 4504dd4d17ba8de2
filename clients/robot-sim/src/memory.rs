//! What a phone remembers over its connections: de-duplication by (commandId, attempt) and broken promises.
//!
//! ```text
//! push ──► fresh ──► confirmed (ack or result written) ──► certain (a later frame was answered)
//!   └────► repeat: harmless while unconfirmed on another socket; doubled when certain, or on the same socket
//! ```
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::command::{Command, Outcome};
use crate::tag::Tag;

/// Commands remembered; beyond, the oldest is forgotten and counted.
const REMEMBERED_MAX: usize = 100_000;

type Key = (String, u32);

/// What a command frame is to this phone.
#[derive(Debug, Clone, PartialEq)]
pub enum Push {
    /// Never seen: execute it.
    Fresh,
    /// Seen: do not execute; the outcome is there when it was executed already.
    Repeat(Option<Outcome>),
}

/// What the memory counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MemoryCounters {
    /// Frames for a known (id, attempt).
    pub redelivered: u64,
    /// Of these, frames that did not say `redelivered`.
    pub unflagged: u64,
    /// Frames that broke the promise: confirmed and certain, twice on one socket, or an attempt nobody asked for.
    pub doubled: u64,
    /// Of these, higher attempts without a failed, retryable result of the one before.
    pub unasked_attempts: u64,
    /// Fresh first attempts whose sequence number is below one already seen in the same priority and stream.
    pub order_violations: u64,
    /// Entries forgotten because too many were held.
    pub forgotten: u64,
}

#[derive(Debug)]
struct Seen {
    last_socket: u64,
    certain: bool,
    outcome: Option<Outcome>,
}

/// The phone's memory. Pure: time and socket numbers come in.
#[derive(Debug)]
pub struct Memory {
    seen: HashMap<Key, Seen>,
    order: VecDeque<Key>,
    /// Confirms written on the present socket that no later answer has proven yet.
    unproven: VecDeque<(Key, Instant)>,
    /// Results written or held back, not yet proven to have arrived: sent again on the next socket.
    unreported: VecDeque<(Arc<Command>, Option<Instant>)>,
    last_sequence: HashMap<(i64, u32, u32), u64>,
    grace: Duration,
    counters: MemoryCounters,
}

impl Memory {
    /// `grace` is how much later than a confirm a frame must be sent for its answer to prove the confirm.
    pub fn new(grace: Duration) -> Self {
        Self {
            seen: HashMap::new(),
            order: VecDeque::new(),
            unproven: VecDeque::new(),
            unreported: VecDeque::new(),
            last_sequence: HashMap::new(),
            grace,
            counters: MemoryCounters::default(),
        }
    }

    /// The counts so far.
    pub fn counters(&self) -> MemoryCounters {
        self.counters
    }

    /// Judges an arriving command frame.
    pub fn on_push(&mut self, command: &Command, socket: u64) -> Push {
        let key = command.key();
        if let Some(seen) = self.seen.get_mut(&key) {
            self.counters.redelivered += 1;
            if !command.redelivered {
                self.counters.unflagged += 1;
            }
            if seen.certain || seen.last_socket == socket {
                self.counters.doubled += 1;
            }
            seen.last_socket = socket;
            return Push::Repeat(seen.outcome.clone());
        }
        if command.attempt > 1 && !self.is_asked_for(command) {
            self.counters.unasked_attempts += 1;
            self.counters.doubled += 1;
        }
        if command.attempt <= 1 {
            self.note_order(command);
        }
        self.remember(key, Seen { last_socket: socket, certain: false, outcome: None });
        Push::Fresh
    }

    /// An ack or a result was written: the command is confirmed, though perhaps not yet certainly.
    pub fn on_confirm_written(&mut self, key: &Key, now: Instant) {
        if self.seen.get(key).is_some_and(|seen| !seen.certain) {
            self.unproven.push_back((key.clone(), now));
        }
    }

    /// The command was carried out; false when it had been before. `is_reported` is false when the phone keeps the
    /// result to itself.
    pub fn on_executed(&mut self, command: &Arc<Command>, outcome: &Outcome, is_reported: bool) -> bool {
        let Some(seen) = self.seen.get_mut(&command.key()) else { return true };
        if seen.outcome.is_some() {
            return false;
        }
        seen.outcome = Some(outcome.clone());
        if is_reported {
            self.unreported.push_back((Arc::clone(command), None));
        }
        true
    }

    /// A result was written.
    pub fn on_result_written(&mut self, command: &Command, now: Instant) {
        let same = |known: &Command| known.id == command.id && known.attempt == command.attempt;
        if let Some((_, written)) = self.unreported.iter_mut().rev().find(|(known, _)| same(known)) {
            *written = Some(now);
        }
    }

    /// The server answered a frame that this socket sent at `sent_at`: what was written well before has arrived.
    pub fn on_evidence(&mut self, sent_at: Instant) {
        while let Some((key, written)) = self.unproven.front() {
            if *written + self.grace > sent_at {
                break;
            }
            if let Some(seen) = self.seen.get_mut(key) {
                seen.certain = true;
            }
            self.unproven.pop_front();
        }
        self.unreported
            .retain(|(_, written)| !written.is_some_and(|written| written + self.grace <= sent_at));
    }

    /// A new socket begins: unproven confirms stay unproven, and these results are to be sent (again).
    pub fn on_socket(&mut self) -> Vec<(Arc<Command>, Outcome)> {
        self.unproven.clear();
        let outcome = |command: &Command| self.seen.get(&command.key()).and_then(|seen| seen.outcome.clone());
        self.unreported
            .iter()
            .filter_map(|(command, _)| Some((Arc::clone(command), outcome(command)?)))
            .collect()
    }

    /// How many results are not proven to have arrived.
    pub fn unreported(&self) -> usize {
        self.unreported.len()
    }

    fn is_asked_for(&self, command: &Command) -> bool {
        let before = self.seen.get(&(command.id.clone(), command.attempt - 1));
        before.and_then(|seen| seen.outcome.as_ref()).is_some_and(Outcome::is_retryable)
    }

    fn note_order(&mut self, command: &Command) {
        let Some(Tag { run, stream, sequence, .. }) = command.tag() else { return };
        let last = self.last_sequence.entry((command.priority, run, stream)).or_default();
        if sequence < *last {
            self.counters.order_violations += 1;
        }
        *last = sequence.max(*last);
    }

    fn remember(&mut self, key: Key, seen: Seen) {
        if self.order.len() >= REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
            self.counters.forgotten += 1;
        }
        self.order.push_back(key.clone());
        self.seen.insert(key, seen);
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod tests;
