//! Chat messages that the server has not acknowledged yet. Pure: time comes in.
use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::chat::ChatMessage;
use crate::error::SimError;

/// Messages held by one phone; beyond, `add` refuses.
const HELD_MAX: usize = 1_000;

#[derive(Debug)]
struct Held {
    message: ChatMessage,
    due: Instant,
    /// First write on the present socket.
    written: Option<Instant>,
    sends: u32,
    queued_at: Instant,
}

/// An acknowledged message.
#[derive(Debug, Clone, PartialEq)]
pub struct Acknowledged {
    pub message: ChatMessage,
    /// Times it was written.
    pub sends: u32,
    /// From the first wish to send to the acknowledgement.
    pub took: Duration,
    /// First write on the present socket, when there was one.
    pub written: Option<Instant>,
}

/// Holds messages in the order they were said until each is acknowledged under its app id.
#[derive(Debug)]
pub struct Outbox {
    held: BTreeMap<u64, Held>,
    added: u64,
    ack_timeout: Duration,
}

impl Outbox {
    /// Messages without an answer for `ack_timeout` are due again.
    pub fn new(ack_timeout: Duration) -> Self {
        Self { held: BTreeMap::new(), added: 0, ack_timeout }
    }

    /// Takes a message; it is due at once.
    pub fn add(&mut self, message: ChatMessage, now: Instant) -> Result<(), SimError> {
        if self.held.len() >= HELD_MAX {
            return Err(SimError::OutboxFull);
        }
        self.added += 1;
        self.held.insert(self.added, Held { message, due: now, written: None, sends: 0, queued_at: now });
        Ok(())
    }

    /// The next message to write now; it is due again after the acknowledgement time-out.
    pub fn take_due(&mut self, now: Instant) -> Option<ChatMessage> {
        let held = self.held.values_mut().find(|held| held.due <= now)?;
        held.due = now + self.ack_timeout;
        held.written.get_or_insert(now);
        held.sends += 1;
        Some(held.message.clone())
    }

    /// When the next message is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.held.values().map(|held| held.due).min()
    }

    /// An acknowledgement arrived; `None` when nothing is held under that id (a second acknowledgement).
    pub fn on_ack(&mut self, message_id: &str, now: Instant) -> Option<Acknowledged> {
        let key = self.find(message_id)?;
        let held = self.held.remove(&key)?;
        let took = now.saturating_duration_since(held.queued_at);
        Some(Acknowledged { message: held.message, sends: held.sends, took, written: held.written })
    }

    /// The server could not store it: the same id again after `retry_after`. False when it is not held.
    pub fn on_nack(&mut self, message_id: &str, retry_after: Duration, now: Instant) -> bool {
        let key = self.find(message_id);
        let Some(held) = key.and_then(|key| self.held.get_mut(&key)) else { return false };
        held.due = now + retry_after;
        true
    }

    /// A new socket is ready: everything unacknowledged is due.
    pub fn on_socket(&mut self, now: Instant) {
        for held in self.held.values_mut() {
            held.due = now;
            held.written = None;
        }
    }

    /// How many messages wait for their acknowledgement.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether every message is acknowledged.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    fn find(&self, message_id: &str) -> Option<u64> {
        self.held.iter().find(|(_, held)| held.message.message_id == message_id).map(|(key, _)| *key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_id_goes_out_until_it_is_acknowledged() {
        let start = Instant::now();
        let timeout = Duration::from_secs(5);
        let mut outbox = Outbox::new(timeout);
        outbox.add(ChatMessage::text("张三", "hi").with_id("a"), start).unwrap();
        outbox.add(ChatMessage::text("张三", "ho").with_id("b"), start).unwrap();
        assert_eq!(outbox.take_due(start).unwrap().message_id, "a");
        assert_eq!(outbox.take_due(start).unwrap().message_id, "b");
        assert!(outbox.take_due(start).is_none());
        assert!(outbox.on_nack("a", Duration::from_secs(1), start));
        assert_eq!(outbox.take_due(start + Duration::from_secs(1)).unwrap().message_id, "a");
        assert_eq!(outbox.take_due(start + timeout).unwrap().message_id, "b");
        let acknowledged = outbox.on_ack("b", start + timeout).unwrap();
        assert_eq!((acknowledged.sends, acknowledged.took), (2, timeout));
        assert!(outbox.on_ack("b", start).is_none() && !outbox.on_nack("b", timeout, start));
        outbox.on_socket(start);
        assert_eq!(outbox.take_due(start).unwrap().message_id, "a");
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn refuses_beyond_its_bound() {
        let mut outbox = Outbox::new(Duration::from_secs(1));
        let now = Instant::now();
        for _ in 0..HELD_MAX {
            outbox.add(ChatMessage::text("a", "b"), now).unwrap();
        }
        assert_eq!(outbox.add(ChatMessage::text("a", "b"), now), Err(SimError::OutboxFull));
    }
}
