//! What alerts and notifications count; all only grow.
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters of the alert actor.
#[derive(Debug, Default)]
pub struct AlertCounters {
    /// Alerts raised anew.
    pub raised: AtomicU64,
    /// Times an alert that was there already was counted once more.
    pub counted: AtomicU64,
    /// Alerts that ended by themselves.
    pub ended: AtomicU64,
    /// Alerts that could not be written because too many waited, or the store refused them.
    pub lost: AtomicU64,
    /// Events that concerned a robot nobody knows any more.
    pub strangers: AtomicU64,
    /// Notifications that a channel took.
    pub sent: AtomicU64,
    /// Attempts that failed and are made again.
    pub retried: AtomicU64,
    /// Notifications given up.
    pub failed: AtomicU64,
    /// Rounds that the store cut short.
    pub cut_short: AtomicU64,
}

/// One more.
pub(super) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}
