//! Memory that all sockets together may hold in unfinished messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Shared limit on the bytes of unfinished messages; when full, who needs more is refused and counted.
#[derive(Debug)]
pub struct InboundBudget {
    limit_bytes: usize,
    held_bytes: AtomicUsize,
    refusals: AtomicU64,
}

impl InboundBudget {
    /// Limit in bytes unless configured otherwise: 256 MiB.
    pub const DEFAULT_BYTES: usize = 256 * 1024 * 1024;

    /// A budget of `limit_bytes`, nothing held.
    pub const fn new(limit_bytes: usize) -> Self {
        Self { limit_bytes, held_bytes: AtomicUsize::new(0), refusals: AtomicU64::new(0) }
    }

    /// Bytes that may be held at most.
    pub const fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Bytes held now by all unfinished messages.
    pub fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Reservations refused since the start.
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    fn try_add(&self, bytes: usize) -> bool {
        let added = self.held_bytes.try_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
            held.checked_add(bytes).filter(|sum| *sum <= self.limit_bytes)
        });
        if added.is_err() {
            self.refusals.fetch_add(1, Ordering::Relaxed);
        }
        added.is_ok()
    }
}

impl Default for InboundBudget {
    fn default() -> Self {
        Self::new(Self::DEFAULT_BYTES)
    }
}

/// What one socket holds of the budget; given back by `release` or by dropping it.
#[derive(Debug)]
pub(super) struct Reservation {
    budget: Arc<InboundBudget>,
    bytes: usize,
}

impl Reservation {
    pub(super) const fn new(budget: Arc<InboundBudget>) -> Self {
        Self { budget, bytes: 0 }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Holds at least `bytes` afterwards, or changes nothing and answers false.
    pub(super) fn grow_to(&mut self, bytes: usize) -> bool {
        let grown = self.budget.try_add(bytes.saturating_sub(self.bytes));
        if grown {
            self.bytes = self.bytes.max(bytes);
        }
        grown
    }

    pub(super) fn release(&mut self) {
        if self.bytes > 0 {
            self.budget.held_bytes.fetch_sub(self.bytes, Ordering::Relaxed);
            self.bytes = 0;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reservations_share_one_limit() {
        let budget = Arc::new(InboundBudget::new(100));
        let mut first = Reservation::new(Arc::clone(&budget));
        let mut second = Reservation::new(Arc::clone(&budget));
        assert!(first.grow_to(60));
        assert!(!second.grow_to(41));
        assert!(second.grow_to(40));
        assert!(first.grow_to(10), "what is held already needs no more");
        assert_eq!((budget.held_bytes(), budget.refusals()), (100, 1));
        drop(first);
        assert_eq!(budget.held_bytes(), 40);
        second.release();
        second.release();
        assert_eq!(budget.held_bytes(), 0);
        assert!(!second.grow_to(usize::MAX));
    }
}
