//! Places in a mailbox, and the guard of the message being handled.
use std::sync::Arc;

use super::stats::ActorStats;

/// One place in a mailbox: taken before a message is sent, given back when the message is finished or lost.
#[derive(Debug)]
pub(super) struct Place {
    stats: Arc<ActorStats>,
    settled: bool,
}

impl Place {
    /// Takes a place, or counts a refusal when all are taken.
    pub(super) fn take(stats: &Arc<ActorStats>) -> Option<Self> {
        if !stats.take_place() {
            stats.record_refused();
            return None;
        }
        Some(Self { stats: Arc::clone(stats), settled: false })
    }

    /// Gives the place back and counts a refusal: the message never got into the mailbox.
    pub(super) fn refuse(mut self) {
        self.settled = true;
        self.stats.free_place();
        self.stats.record_refused();
    }

    /// Hands the place to the guard, which keeps it until the handler is done.
    pub(super) fn begin(mut self, message: &'static str, now_ms: u64) -> Handling {
        self.settled = true;
        Handling::begin(Arc::clone(&self.stats), message, now_ms, true)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.settled {
            self.stats.free_place();
            self.stats.record_dropped();
        }
    }
}

/// While it lives, its message is shown as current; when dropped, counted as handled.
#[derive(Debug)]
#[must_use = "dropping the guard at once counts the message as handled at once"]
pub struct Handling {
    stats: Arc<ActorStats>,
    busy_since_ms: u64,
    has_place: bool,
}

impl Handling {
    pub(super) fn begin(stats: Arc<ActorStats>, message: &'static str, now_ms: u64, has_place: bool) -> Self {
        let busy_since_ms = stats.begin(message, now_ms);
        Self { stats, busy_since_ms, has_place }
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        if self.has_place {
            self.stats.free_place();
        }
        self.stats.finish(self.busy_since_ms);
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn places_are_bounded_and_come_back_whatever_happens() {
        let stats = ActorStats::new("kind", "id", None, 2, DateTime::UNIX_EPOCH);
        let first = Place::take(&stats).unwrap();
        let second = Place::take(&stats).unwrap();
        assert!(Place::take(&stats).is_none());
        assert_eq!((stats.depth(), stats.refused()), (2, 1));
        first.refuse();
        assert_eq!((stats.depth(), stats.refused()), (1, 2));
        let guard = second.begin("Work", 5);
        assert_eq!(stats.depth(), 1);
        drop(guard);
        assert_eq!((stats.depth(), stats.handled(), stats.dropped()), (0, 1, 0));
        drop(Place::take(&stats));
        assert_eq!((stats.depth(), stats.handled(), stats.dropped()), (0, 1, 1));
    }
}
