//! Places in a robot's queue for commands on their way to the store.
//!
//! A command is either on its way or in the queue, and the change from one to the other is one step for whoever asks for room:
//! so the bound is exact, and nobody is refused because of somebody else's refusal.
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use workbot_schema::ids::RobotUuid;

use super::RobotEntry;

/// Commands on their way to the store, of one robot.
#[derive(Debug, Default)]
pub(super) struct Arriving(Mutex<i64>);

/// Places that are kept until their commands are in the queue ([`Self::arrive`]); the others are free again at the latest when
/// this is dropped.
pub struct Reservation {
    entry: Arc<RobotEntry>,
    /// Not arrived yet. Locked before the entry's own count.
    left: Mutex<i64>,
}

impl RobotEntry {
    /// Keeps places in the queue for `count` commands on their way to the store; `None` when more than `most` would wait.
    /// `is_emptied` = they take back whatever waits.
    pub fn reserve(self: &Arc<Self>, count: i64, is_emptied: bool, most: i64) -> Option<Arc<Reservation>> {
        let mut arriving = self.arriving.0.lock();
        let queued = if is_emptied { 0 } else { self.queued.load(Ordering::Relaxed).max(0) };
        let wanted = arriving.saturating_add(count);
        (queued.saturating_add(wanted) <= most).then(|| {
            *arriving = wanted;
            Arc::new(Reservation { entry: Arc::clone(self), left: Mutex::new(count) })
        })
    }
}

impl Reservation {
    /// Whose queue.
    pub fn robot(&self) -> RobotUuid {
        self.entry.uuid
    }

    /// One of the commands is in the queue, which is counted here; whether a place was kept for it.
    pub fn arrive(&self) -> bool {
        let mut left = self.left.lock();
        let is_kept = *left > 0;
        if is_kept {
            *left -= 1;
            let mut arriving = self.entry.arriving.0.lock();
            *arriving -= 1;
            self.entry.queued.fetch_add(1, Ordering::Relaxed);
        }
        is_kept
    }

    /// Nothing more will arrive: the places that are left are free.
    pub fn release(&self) {
        let left = std::mem::take(&mut *self.left.lock());
        if left > 0 {
            *self.entry.arriving.0.lock() -= left;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.release();
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reservation({})", self.left.lock())
    }
}

#[cfg(test)]
mod tests {
    use workbot_schema::fields::Ts;
    use workbot_schema::robots::queries::RobotProfile;
    use workbot_schema::robots::{Robot, RobotKind};

    use super::super::LimitRates;
    use super::*;

    fn entry(queued: i64) -> Arc<RobotEntry> {
        let now = Ts::new(chrono::DateTime::UNIX_EPOCH);
        let robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now);
        let profile = RobotProfile { robot, bindings: Vec::new(), members: Vec::new() };
        Arc::new(RobotEntry::new(profile, queued, LimitRates::default(), 0))
    }

    fn queued(entry: &RobotEntry) -> i64 {
        entry.queued.load(Ordering::Relaxed)
    }

    #[test]
    fn a_refusal_keeps_no_place() {
        let entry = entry(3);
        assert!(entry.reserve(3, false, 5).is_none());
        let two = entry.reserve(2, false, 5).unwrap();
        assert!(entry.reserve(1, false, 5).is_none());
        drop(two);
        assert!(entry.reserve(2, false, 5).is_some());
        assert!(entry.reserve(5, true, 5).is_some(), "they take back what waits");
    }

    #[test]
    fn a_command_counts_once_on_its_way_and_in_the_queue() {
        let entry = entry(0);
        let three = entry.reserve(3, false, 5).unwrap();
        assert!(three.arrive() && three.arrive());
        assert_eq!(queued(&entry), 2);
        assert!(entry.reserve(3, false, 5).is_none());
        three.release();
        let rest = entry.reserve(3, false, 5).unwrap();
        assert!(!three.arrive(), "its places are given away");
        drop(three);
        assert!(entry.reserve(1, false, 5).is_none());
        drop(rest);
        assert_eq!(queued(&entry), 2);
    }

    #[test]
    fn many_at_once_get_exactly_what_fits() {
        let entry = entry(0);
        let arrived: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_thread| {
                    scope.spawn(|| {
                        let tries = (0..500).filter_map(|_try| entry.reserve(1, false, 100));
                        tries.filter(|place| place.arrive()).count()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!((arrived, queued(&entry)), (100, 100));
    }
}
