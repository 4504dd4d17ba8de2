//! What conversations count.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Counters of all conversations; all only grow, but the turns under way.
#[derive(Debug, Default)]
pub struct SessionCounters {
    /// Turns begun.
    pub turns: AtomicU64,
    /// Messages answered together with an earlier one.
    pub merged: AtomicU64,
    /// Messages settled without a turn: taken over, too old.
    pub silenced: AtomicU64,
    /// Runs taken up again after a crash or restart.
    pub resumed: AtomicU64,
    /// Runs given up at their third start.
    pub crashed: AtomicU64,
    /// Runs that ended without having done what they should.
    pub failed: AtomicU64,
    /// Replies refused because too many commands wait for the robot.
    pub queue_full: AtomicU64,
    /// Writes that somebody else was before.
    pub lost: AtomicU64,
    /// Actors put away to make room.
    pub evicted: AtomicU64,
    /// Messages left to the store because no actor could take them.
    pub deferred: AtomicU64,
    /// Turns under way.
    pub turning: AtomicUsize,
}

/// One more.
pub fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// A turn under way, until it is dropped.
#[derive(Debug)]
pub struct TurnGuard(Arc<SessionCounters>);

impl TurnGuard {
    /// Counts a turn that begins.
    pub fn begin(counters: &Arc<SessionCounters>) -> Self {
        count(&counters.turns);
        Self::go_on(counters)
    }

    /// A turn that was begun before.
    pub fn go_on(counters: &Arc<SessionCounters>) -> Self {
        counters.turning.fetch_add(1, Ordering::AcqRel);
        Self(Arc::clone(counters))
    }
}

impl Drop for TurnGuard {
    fn drop(&mut self) {
        self.0.turning.fetch_sub(1, Ordering::AcqRel);
    }
}
