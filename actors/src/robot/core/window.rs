//! Pure: the commands that were pushed on this socket and are not known to be confirmed.
use workbot_schema::commands::{CommandState, RobotCommand};
use workbot_schema::ids::CommandId;

use crate::robot::pacing::WindowLimit;

/// A slot is looked at again this long after the time-out of its command, milliseconds.
const GRACE_MS: u64 = 5_000;

/// One pushed command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    /// Which.
    pub id: CommandId,
    /// Which attempt.
    pub attempt: i32,
    /// Bytes of it.
    pub bytes: i64,
    /// When its row is looked at, because neither confirmation nor result came.
    pub check_ms: u64,
    /// A confirmation is being stored.
    pub is_confirming: bool,
}

/// The slots, in the order of their pushes. A row stays `sent` until its confirmation is durable, so whatever a claim could
/// bring twice is in here: nothing else needs to be remembered to push each attempt once.
#[derive(Debug, Clone, Default)]
pub struct Window {
    slots: Vec<Slot>,
}

impl Window {
    /// How many.
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// Their bytes.
    pub fn bytes(&self) -> i64 {
        self.slots.iter().map(|slot| slot.bytes).sum()
    }

    /// Whether the attempt was pushed and is still open.
    pub fn contains(&self, id: &CommandId, attempt: i32) -> bool {
        self.slots.iter().any(|slot| slot.id == *id && slot.attempt == attempt)
    }

    /// The open slot of a command; of any attempt when none is named.
    pub fn find(&mut self, id: &CommandId, attempt: Option<i32>) -> Option<&mut Slot> {
        self.slots
            .iter_mut()
            .find(|slot| slot.id == *id && attempt.is_none_or(|attempt| attempt == slot.attempt))
    }

    /// Whether the command fits beside what is open.
    pub fn has_room(&self, command: &RobotCommand, limit: WindowLimit) -> bool {
        let is_small = self.bytes().saturating_add(i64::from(command.size_bytes)) <= limit.bytes;
        u32::try_from(self.count()).is_ok_and(|count| count < limit.commands)
            && (self.slots.is_empty() || is_small)
    }

    /// Notes a push.
    pub fn open(&mut self, command: &RobotCommand, timeout_ms: u64, now_ms: u64) {
        self.slots.push(Slot {
            id: command.id.clone(),
            attempt: command.attempt,
            bytes: i64::from(command.size_bytes),
            check_ms: now_ms.saturating_add(timeout_ms).saturating_add(GRACE_MS),
            is_confirming: false,
        });
    }

    /// Takes note of where a row is: its slot is free unless exactly that attempt is still `sent`. Whether one became free.
    pub fn settle(&mut self, id: &CommandId, row: Option<(CommandState, i32)>) -> bool {
        self.keep(|slot| slot.id != *id || row == Some((CommandState::Sent, slot.attempt)))
    }

    /// Only what is `sent` can be open: drops the slots that are not in a complete list of such rows. Whether one became free.
    pub fn align(&mut self, sent: &[RobotCommand]) -> bool {
        self.keep(|slot| sent.iter().any(|row| row.id == slot.id && row.attempt == slot.attempt))
    }

    /// The commands whose rows must be looked at now; they are looked at again later if that says nothing.
    pub fn overdue(&mut self, now_ms: u64) -> Vec<CommandId> {
        let overdue = self.slots.iter_mut().filter(|slot| slot.check_ms <= now_ms);
        overdue
            .map(|slot| {
                slot.check_ms = now_ms.saturating_add(GRACE_MS);
                slot.id.clone()
            })
            .collect()
    }

    /// When the next slot must be looked at.
    pub fn next_check_ms(&self) -> Option<u64> {
        self.slots.iter().map(|slot| slot.check_ms).min()
    }

    fn keep(&mut self, keep: impl FnMut(&Slot) -> bool) -> bool {
        let before = self.slots.len();
        self.slots.retain(keep);
        if self.slots.is_empty() {
            // An idle connection holds no buffer.
            self.slots = Vec::new();
        }
        self.slots.len() < before
    }
}
