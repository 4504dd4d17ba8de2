//! What a conversation's actor and the supervisor that sends to it share without a message.
use std::sync::atomic::{AtomicBool, Ordering};

/// Flags of one actor.
#[derive(Debug, Default)]
pub struct Seat {
    is_idle: AtomicBool,
    has_more: AtomicBool,
}

impl Seat {
    /// The actor has nothing to do, and nothing will happen unless it is told something.
    pub fn set_idle(&self, is_idle: bool) {
        self.is_idle.store(is_idle, Ordering::Release);
    }

    /// Whether the actor has nothing to do.
    pub fn is_idle(&self) -> bool {
        self.is_idle.load(Ordering::Acquire)
    }

    /// The mailbox was full: the store has something that the actor was not told of.
    pub fn leave_more(&self) {
        self.has_more.store(true, Ordering::Release);
    }

    /// Whether something was left to the store; asked once.
    pub fn take_more(&self) -> bool {
        self.has_more.swap(false, Ordering::AcqRel)
    }
}
