//! Time as a value: handed in where it is needed, never asked from the system elsewhere.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use tokio::time::Instant;

/// Wall time and monotonic time of one process. Clones share their state.
#[derive(Clone)]
pub struct Clock {
    source: Arc<Source>,
}

enum Source {
    System { started: Instant, wall: Mutex<Wall> },
    Simulated { started: Instant, wall_us: i64 },
    Manual { wall_us: AtomicI64, monotonic_ms: AtomicU64 },
}

impl Clock {
    /// The real clock. Monotonic time begins at 0 here.
    pub fn system() -> Self {
        let wall = Wall { anchor: Duration::ZERO, anchor_wall_us: Utc::now().timestamp_micros() };
        Self::from(Source::System { started: Instant::now(), wall: Mutex::new(wall) })
    }

    /// Wall time begins at `start` and runs with the runtime's timers, so it follows paused time in tests.
    pub fn simulated(start: DateTime<Utc>) -> Self {
        Self::from(Source::Simulated { started: Instant::now(), wall_us: start.timestamp_micros() })
    }

    /// Stands still at `at` until [`Clock::advance`] moves it.
    pub fn manual(at: DateTime<Utc>) -> Self {
        let wall_us = AtomicI64::new(at.timestamp_micros());
        Self::from(Source::Manual { wall_us, monotonic_ms: AtomicU64::new(0) })
    }

    fn from(source: Source) -> Self {
        Self { source: Arc::new(source) }
    }

    /// UTC in whole microseconds; never earlier than an earlier answer of this clock.
    pub fn now(&self) -> DateTime<Utc> {
        let wall_us = match self.source.as_ref() {
            Source::System { started, wall } => {
                let mut wall = wall.lock();
                wall.read(Utc::now().timestamp_micros(), started.elapsed())
            }
            Source::Simulated { started, wall_us } => wall_us.saturating_add(micros(started.elapsed())),
            Source::Manual { wall_us, .. } => wall_us.load(Ordering::Relaxed),
        };
        DateTime::from_timestamp_micros(wall_us).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Milliseconds since the clock was made; jumps of the wall clock do not touch it.
    pub fn monotonic_ms(&self) -> u64 {
        match self.source.as_ref() {
            Source::System { started, .. } | Source::Simulated { started, .. } => millis(started.elapsed()),
            Source::Manual { monotonic_ms, .. } => monotonic_ms.load(Ordering::Relaxed),
        }
    }

    /// Time since the machine was started, sleep included; setting the wall clock does not touch it, in contrast to which it
    /// tells a machine that slept from one whose clock was set. `None` where the system does not say.
    pub fn since_boot(&self) -> Option<Duration> {
        match self.source.as_ref() {
            Source::System { .. } => {
                let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
                Duration::try_from_secs_f64(uptime.split(' ').next()?.parse().ok()?).ok()
            }
            Source::Simulated { .. } | Source::Manual { .. } => {
                Some(Duration::from_millis(self.monotonic_ms()))
            }
        }
    }

    /// Sets the wall time of a manual clock, as somebody sets a machine's clock; the other clocks ignore it.
    pub fn set_wall(&self, at: DateTime<Utc>) {
        if let Source::Manual { wall_us, .. } = self.source.as_ref() {
            wall_us.store(at.timestamp_micros(), Ordering::Relaxed);
        }
    }

    /// UTC as the system has it, even when that was set back: for third parties, whose clocks it must agree with.
    pub fn system_now(&self) -> DateTime<Utc> {
        match self.source.as_ref() {
            Source::System { .. } => Utc::now(),
            Source::Simulated { .. } | Source::Manual { .. } => self.now(),
        }
    }

    /// Moves a manual clock forward; the other clocks move by themselves and ignore it.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual { wall_us, monotonic_ms } = self.source.as_ref() {
            wall_us.fetch_add(micros(by), Ordering::Relaxed);
            monotonic_ms.fetch_add(millis(by), Ordering::Relaxed);
        }
    }
}

/// Whole milliseconds of a duration, saturating.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Wall time that follows the system clock and, when that is set back, keeps running at 7/8 of the monotonic rate
/// until the system clock has caught up: it neither goes back nor stands still, so rows still become due.
struct Wall {
    anchor: Duration,
    anchor_wall_us: i64,
}

impl Wall {
    fn read(&mut self, system_us: i64, monotonic: Duration) -> i64 {
        let elapsed_us = micros(monotonic.saturating_sub(self.anchor));
        let slowed_us = elapsed_us.saturating_sub(elapsed_us / 8);
        let least_us = self.anchor_wall_us.saturating_add(slowed_us);
        if system_us < least_us {
            return least_us;
        }
        self.anchor = monotonic;
        self.anchor_wall_us = system_us;
        system_us
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    fn wall() -> Wall {
        Wall { anchor: Duration::ZERO, anchor_wall_us: 10 * HOUR_US }
    }

    #[test]
    fn follows_the_system_clock_forward() {
        let mut wall = wall();
        assert_eq!(wall.read(10 * HOUR_US + 5, Duration::from_micros(5)), 10 * HOUR_US + 5);
        assert_eq!(wall.read(11 * HOUR_US, Duration::from_micros(9)), 11 * HOUR_US);
    }

    #[test]
    fn set_back_by_an_hour_it_keeps_running_and_meets_the_system_clock_again() {
        let mut wall = wall();
        assert_eq!(wall.read(9 * HOUR_US, Duration::ZERO), 10 * HOUR_US);
        assert_eq!(wall.read(9 * HOUR_US + 8_000_000, Duration::from_secs(8)), 10 * HOUR_US + 7_000_000);
        let later = Duration::from_secs(9 * 3600);
        assert_eq!(wall.read(18 * HOUR_US, later), 18 * HOUR_US);
    }

    proptest! {
        #[test]
        fn never_goes_back(steps in proptest::collection::vec((-HOUR_US..HOUR_US, 0u64..10_000_000), 1..200)) {
            let (mut wall, mut monotonic, mut last) = (wall(), Duration::ZERO, 0);
            for (jump_us, step_us) in steps {
                monotonic += Duration::from_micros(step_us);
                let read = wall.read(10 * HOUR_US + micros(monotonic) + jump_us, monotonic);
                prop_assert!(read >= last);
                last = read;
            }
        }
    }

    #[test]
    fn manual_stands_still_until_advanced() {
        let clock = Clock::manual(DateTime::UNIX_EPOCH);
        let other = clock.clone();
        clock.advance(Duration::from_millis(1500));
        assert_eq!(other.now().timestamp_millis(), 1500);
        assert_eq!(other.monotonic_ms(), 1500);
        clock.set_wall(DateTime::UNIX_EPOCH + chrono::TimeDelta::hours(1));
        assert_eq!((other.now().timestamp(), other.since_boot()), (3600, Some(Duration::from_millis(1500))));
    }

    #[actix::test]
    async fn simulated_follows_paused_time() {
        tokio::time::pause();
        let clock = Clock::simulated(DateTime::UNIX_EPOCH);
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().timestamp(), 3600);
        assert_eq!(clock.monotonic_ms(), 3_600_000);
    }

    #[test]
    fn system_clock_is_near_the_system_time() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(clock.now() >= first);
        assert!((Utc::now() - first).num_seconds().abs() < 5);
        let before = clock.since_boot();
        assert!(before.is_none_or(|before| clock.since_boot().is_some_and(|after| after >= before)));
    }
}
