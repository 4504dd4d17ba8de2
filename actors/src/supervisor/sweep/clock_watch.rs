//! Pure: notices that the wall clock was set forward. What time would have ended meanwhile goes on (see [`due`](crate::supervisor::due)).
//!
//! A clock that is set back needs nobody: the server's own then runs slower until it is met, and no end comes early by that.
use std::time::Duration;

use chrono::TimeDelta;
use workbot_schema::fields::Ts;

use crate::supervisor::due::ClockSet;

/// Less than this is a correction that changes nothing, or a look that came late.
const LEAST: TimeDelta = TimeDelta::seconds(10);
/// Steps that follow each other within this count as one.
const TOGETHER: TimeDelta = TimeDelta::hours(24);

/// What was seen last, and the latest step.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ClockWatch {
    seen: Option<(Ts, Duration)>,
    set: Option<ClockSet>,
}

impl ClockWatch {
    /// Looks at the wall clock beside the time since the machine was started; how much the clock was set forward since the last
    /// look, when it was.
    pub(super) fn look(&mut self, now: Ts, since_boot: Duration) -> Option<TimeDelta> {
        let (then, then_boot) = self.seen.replace((now, since_boot))?;
        let passed = TimeDelta::from_std(since_boot.saturating_sub(then_boot)).unwrap_or(TimeDelta::MAX);
        let by = (now.utc() - then.utc()).checked_sub(&passed).filter(|by| *by >= LEAST)?;
        let before = self.set.filter(|set| now.utc() - set.at.utc() < TOGETHER + by);
        let total = before.map_or(by, |set| set.by.checked_add(&by).unwrap_or(by));
        self.set = Some(ClockSet { at: now, by: total });
        Some(by)
    }

    /// The latest step, with those shortly before it.
    pub(super) fn set(&self) -> Option<ClockSet> {
        self.set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Ts {
        Ts::new(chrono::DateTime::from_timestamp(1_700_000_000 + secs, 0).unwrap())
    }

    #[test]
    fn steps_forward_are_seen_and_added_up() {
        let mut watch = ClockWatch::default();
        let mut boot = 100;
        let mut look = |watch: &mut ClockWatch, wall: i64, passed: u64| {
            boot += passed;
            watch.look(at(wall), Duration::from_secs(boot)).map(|by| by.num_seconds())
        };
        for (wall, passed, by, total) in [
            (0, 1, None, None),
            (1, 1, None, None),
            // The machine slept: both have moved.
            (9_001, 9_000, None, None),
            (9_008, 1, None, None),
            (9_009, 1, None, None),
            (12_610, 1, Some(3_600), Some(3_600)),
            (12_611, 1, None, Some(3_600)),
            (9_011, 1, None, Some(3_600)),
            (12_612, 1, Some(3_600), Some(7_200)),
            (200_000, 187_388, None, Some(7_200)),
            (200_100, 1, Some(99), Some(99)),
        ] {
            assert_eq!(look(&mut watch, wall, passed), by, "{wall}");
            assert_eq!(watch.set().map(|set| set.by.num_seconds()), total, "{wall}");
        }
        assert_eq!(watch.set().unwrap().at, at(200_100));
    }
}
