//! What the phone's task and its handle both see.
use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::dialect::Down;
use crate::error::SimError;
use crate::memory::MemoryCounters;
use crate::time::millis;

/// One frame from the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Incoming {
    /// The frame as JSON, or its text as a JSON string when it is none.
    pub raw: Value,
    pub down: Down,
    pub at: Instant,
    /// The socket it came on, from 1.
    pub socket: u64,
}

/// Where the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    Connecting,
    /// Taken in by the server on this socket (numbered from 1).
    Online(u64),
    /// Ended, and how; the phone comes back by itself.
    Offline(SimError),
    /// Ended for good, unless the handle asks for a reconnect.
    Ended(SimError),
}

/// Everything a phone counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhoneCounters {
    pub connects: u64,
    pub connect_failures: u64,
    /// Ends of a connection, whoever ended it.
    pub disconnects: u64,
    /// Ends by this phone's own behaviour.
    pub cuts: u64,
    pub stalls: u64,
    pub frames_in: u64,
    pub frames_out: u64,
    pub commands: u64,
    pub acks: u64,
    pub results: u64,
    /// Distinct (id, attempt) carried out.
    pub executed: u64,
    pub messages_sent: u64,
    pub messages_acked: u64,
    pub message_nacks: u64,
    /// Acknowledgements of messages that were acknowledged before.
    pub repeated_message_acks: u64,
    pub heartbeats: u64,
    pub heartbeat_answers: u64,
    pub configs: u64,
    pub errors: u64,
    pub unknown_frames: u64,
    /// Frames not kept for `next…` because the inbox was full.
    pub inbox_dropped: u64,
    /// De-duplication, doubling, order.
    pub memory: MemoryCounters,
}

impl PhoneCounters {
    /// Adds another phone's counts.
    pub fn add(&mut self, other: &Self) {
        let pairs = [
            (&mut self.connects, other.connects),
            (&mut self.connect_failures, other.connect_failures),
            (&mut self.disconnects, other.disconnects),
            (&mut self.cuts, other.cuts),
            (&mut self.stalls, other.stalls),
            (&mut self.frames_in, other.frames_in),
            (&mut self.frames_out, other.frames_out),
            (&mut self.commands, other.commands),
            (&mut self.acks, other.acks),
            (&mut self.results, other.results),
            (&mut self.executed, other.executed),
            (&mut self.messages_sent, other.messages_sent),
            (&mut self.messages_acked, other.messages_acked),
            (&mut self.message_nacks, other.message_nacks),
            (&mut self.repeated_message_acks, other.repeated_message_acks),
            (&mut self.heartbeats, other.heartbeats),
            (&mut self.heartbeat_answers, other.heartbeat_answers),
            (&mut self.configs, other.configs),
            (&mut self.errors, other.errors),
            (&mut self.unknown_frames, other.unknown_frames),
            (&mut self.inbox_dropped, other.inbox_dropped),
            (&mut self.memory.redelivered, other.memory.redelivered),
            (&mut self.memory.unflagged, other.memory.unflagged),
            (&mut self.memory.doubled, other.memory.doubled),
            (&mut self.memory.unasked_attempts, other.memory.unasked_attempts),
            (&mut self.memory.order_violations, other.memory.order_violations),
            (&mut self.memory.forgotten, other.memory.forgotten),
        ];
        for (mine, theirs) in pairs {
            *mine += theirs;
        }
    }
}

#[derive(Debug)]
struct State {
    link: LinkState,
    inbox: VecDeque<Incoming>,
    counters: PhoneCounters,
    unreported: usize,
    unacknowledged: usize,
}

/// Shared between the task and the handle; waits are woken by every change.
#[derive(Debug)]
pub struct Shared {
    state: Mutex<State>,
    changed: Notify,
    inbox_max: usize,
}

impl Shared {
    pub(super) fn new(inbox_max: usize) -> Self {
        let state = State {
            link: LinkState::Connecting,
            inbox: VecDeque::new(),
            counters: PhoneCounters::default(),
            unreported: 0,
            unacknowledged: 0,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), inbox_max }
    }

    pub(super) fn link(&self) -> LinkState {
        self.state.lock().link.clone()
    }

    pub(super) fn set_link(&self, link: LinkState) {
        self.state.lock().link = link;
        self.changed.notify_waiters();
    }

    pub(super) fn counters(&self) -> PhoneCounters {
        self.state.lock().counters
    }

    /// Makes the task's counts visible; what the inbox dropped is counted here.
    pub(super) fn publish(&self, counters: PhoneCounters, unreported: usize, unacknowledged: usize) {
        let mut state = self.state.lock();
        let inbox_dropped = state.counters.inbox_dropped;
        state.counters = PhoneCounters { inbox_dropped, ..counters };
        state.unreported = unreported;
        state.unacknowledged = unacknowledged;
        drop(state);
        self.changed.notify_waiters();
    }

    /// Results not proven to have arrived, chat messages not acknowledged.
    pub(super) fn pending(&self) -> (usize, usize) {
        let state = self.state.lock();
        (state.unreported, state.unacknowledged)
    }

    pub(super) fn keep(&self, incoming: Incoming) {
        if self.inbox_max == 0 {
            return;
        }
        let mut state = self.state.lock();
        if state.inbox.len() >= self.inbox_max {
            state.counters.inbox_dropped += 1;
        } else {
            state.inbox.push_back(incoming);
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Takes the first kept frame for which `wanted` says yes.
    pub(super) fn take<T>(&self, wanted: impl Fn(&Incoming) -> Option<T>) -> Option<T> {
        let mut state = self.state.lock();
        let (index, found) =
            state.inbox.iter().enumerate().find_map(|(index, incoming)| Some((index, wanted(incoming)?)))?;
        state.inbox.remove(index);
        Some(found)
    }

    /// Waits until `look` finds something, at most `deadline`.
    pub(super) async fn wait<T>(
        &self,
        deadline: Duration,
        wanted: &str,
        look: impl Fn() -> Result<Option<T>, SimError>,
    ) -> Result<T, SimError> {
        let until = Instant::now() + deadline;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(found) = look()? {
                return Ok(found);
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return Err(SimError::Deadline { wanted: wanted.to_owned(), after_ms: millis(deadline) });
            }
        }
    }
}
