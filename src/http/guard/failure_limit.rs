//! Limits that count failures only: codes resist guessing, and who does it right is never slowed.
use std::hash::Hash;
use std::time::Duration;

use dashmap::DashMap;

/// How failures lock a key out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LockRule {
    /// Failures are counted over this time.
    pub window_ms: u64,
    /// The first lock-out; each further one lasts twice as long.
    pub lock_ms: u64,
    /// A lock-out never lasts longer.
    pub lock_max_ms: u64,
}

/// Codes: counted over 10 minutes, locked for 10 minutes, then 20, 40, at most an hour.
pub const GUESSED_CODES: LockRule = LockRule { window_ms: 600_000, lock_ms: 600_000, lock_max_ms: 3_600_000 };
/// WorkTool link ids: counted over a minute, locked for 5 minutes.
pub const UNKNOWN_LINKS: LockRule = LockRule { window_ms: 60_000, lock_ms: 300_000, lock_max_ms: 300_000 };

#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    failures: u32,
    since_ms: u64,
    locked_until_ms: u64,
    locks: u32,
}

impl Tries {
    /// Whether it says nothing any more: not locked, no failure in the window, and the last lock-out is long ago.
    fn is_over(&self, now_ms: u64, rule: LockRule) -> bool {
        let rest = if self.locks > 0 { rule.lock_max_ms } else { 0 };
        now_ms >= self.locked_until_ms.saturating_add(rest)
            && now_ms.saturating_sub(self.since_ms) >= rule.window_ms
    }
}

/// Failures by key. At most `keys_max` keys are kept; beyond that those whose window began first are forgotten.
pub struct FailureLimit<K: Eq + Hash + Clone> {
    tries: DashMap<K, Tries>,
    most: Option<u32>,
    keys_max: usize,
    rule: LockRule,
}

impl<K: Eq + Hash + Clone> FailureLimit<K> {
    /// `most` failures lock a key out as [`GUESSED_CODES`] says; `None` = never.
    pub fn new(most: Option<u32>, keys_max: usize) -> Self {
        Self::with_rule(most, keys_max, GUESSED_CODES)
    }

    /// The same by another rule.
    pub fn with_rule(most: Option<u32>, keys_max: usize, rule: LockRule) -> Self {
        Self { tries: DashMap::new(), most, keys_max, rule }
    }

    /// How long the key is locked, if it is.
    pub fn check(&self, key: &K, now_ms: u64) -> Result<(), Duration> {
        let left = self.tries.get(key).map_or(0, |tries| tries.locked_until_ms.saturating_sub(now_ms));
        if left == 0 { Ok(()) } else { Err(Duration::from_millis(left)) }
    }

    /// Counts a failure.
    pub fn fail(&self, key: K, now_ms: u64) {
        let Some(most) = self.most else { return };
        if self.tries.len() >= self.keys_max && !self.tries.contains_key(&key) {
            self.make_room(now_ms);
        }
        let rule = self.rule;
        let mut tries = self.tries.entry(key).or_default();
        if tries.is_over(now_ms, rule) {
            *tries = Tries { since_ms: now_ms, ..Tries::default() };
        } else if now_ms.saturating_sub(tries.since_ms) >= rule.window_ms {
            tries.failures = 0;
            tries.since_ms = now_ms;
        }
        tries.failures = tries.failures.saturating_add(1);
        if tries.failures >= most {
            let lock_ms = rule.lock_ms.saturating_mul(1 << tries.locks.min(8)).min(rule.lock_max_ms);
            tries.locked_until_ms = now_ms.saturating_add(lock_ms);
            tries.locks = tries.locks.saturating_add(1);
            tries.failures = 0;
            tries.since_ms = now_ms;
        }
    }

    fn make_room(&self, now_ms: u64) {
        self.tries.retain(|_key, tries| !tries.is_over(now_ms, self.rule));
        if self.tries.len() < self.keys_max {
            return;
        }
        let mut begins: Vec<u64> = self.tries.iter().map(|entry| entry.since_ms).collect();
        begins.sort_unstable();
        let middle = begins.get(begins.len() / 2).copied().unwrap_or(now_ms);
        self.tries.retain(|_key, tries| tries.locked_until_ms > now_ms || tries.since_ms > middle);
        if self.tries.len() >= self.keys_max {
            // A flood of addresses: those that fail now are counted, the others begin anew.
            self.tries.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;

    #[test]
    fn locks_after_so_many_failures_and_longer_each_time() {
        let limit = FailureLimit::new(Some(3), 100);
        for _failure in 0..2 {
            limit.fail("a", 0);
        }
        assert!(limit.check(&"a", 0).is_ok());
        limit.fail("a", 0);
        assert_eq!(limit.check(&"a", 0), Err(Duration::from_secs(600)));
        assert!(limit.check(&"b", 0).is_ok());
        let mut now = 10 * MINUTE;
        for minutes in [20, 40, 60, 60] {
            assert!(limit.check(&"a", now).is_ok());
            for _failure in 0..3 {
                limit.fail("a", now);
            }
            assert_eq!(limit.check(&"a", now), Err(Duration::from_secs(minutes * 60)));
            now += minutes * MINUTE;
        }
        now += 2 * 60 * MINUTE;
        limit.fail("a", now);
        assert!(limit.check(&"a", now).is_ok());
    }

    #[test]
    fn link_ids_lock_for_five_minutes_every_time() {
        let limit = FailureLimit::with_rule(Some(2), 100, UNKNOWN_LINKS);
        limit.fail("a", 0);
        limit.fail("a", MINUTE);
        assert!(limit.check(&"a", MINUTE).is_ok());
        let mut now = MINUTE;
        for _time in 0..2 {
            limit.fail("a", now);
            if limit.check(&"a", now).is_ok() {
                limit.fail("a", now);
            }
            assert_eq!(limit.check(&"a", now), Err(Duration::from_secs(300)));
            now += 5 * MINUTE;
        }
    }

    #[test]
    fn slow_failures_are_forgotten_and_keys_are_bounded() {
        let limit = FailureLimit::new(Some(2), 10);
        limit.fail(0, 0);
        limit.fail(0, 11 * MINUTE);
        assert!(limit.check(&0, 11 * MINUTE).is_ok());
        for key in 1..1_000 {
            limit.fail(key, 12 * MINUTE);
            assert!(limit.tries.len() <= 10);
        }
        let open = FailureLimit::new(None, 1);
        (0..100).for_each(|_| open.fail(1, 0));
        assert!(open.check(&1, 0).is_ok());
    }
}
