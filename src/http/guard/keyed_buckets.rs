//! Token buckets by key: users, bots, link ids.
use std::time::Duration;

use dashmap::DashMap;
use workbot_actors::supervisor::directory::Bucket;

/// A bucket that was not used for so long is full again and need not be kept.
const IDLE_MS: u64 = 60_000;

struct Slot {
    bucket: Bucket,
    used_ms: u64,
}

/// A bucket for each key. At most `keys_max` are kept; when they are all in use, a new key is refused for a second.
pub struct KeyedBuckets {
    slots: DashMap<String, Slot>,
    per_minute: Option<u32>,
    keys_max: usize,
}

impl KeyedBuckets {
    /// Buckets of `per_minute` tokens each; `None` = without limit.
    pub fn new(per_minute: Option<u32>, keys_max: usize) -> Self {
        Self { slots: DashMap::new(), per_minute, keys_max }
    }

    /// Takes one token of `key`, or says how long until there is one; a refusal takes nothing.
    pub fn take(&self, key: &str, now_ms: u64) -> Result<(), Duration> {
        if self.per_minute.is_none() {
            return Ok(());
        }
        if let Some(mut slot) = self.slots.get_mut(key) {
            slot.used_ms = now_ms;
            return slot.bucket.take();
        }
        if self.slots.len() >= self.keys_max {
            self.slots.retain(|_key, slot| now_ms.saturating_sub(slot.used_ms) < IDLE_MS);
            if self.slots.len() >= self.keys_max {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = Bucket::new(self.per_minute);
        let mut slot = self.slots.entry(key.to_owned()).or_insert(Slot { bucket, used_ms: now_ms });
        slot.used_ms = now_ms;
        slot.bucket.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_do_not_share_and_are_bounded() {
        let buckets = KeyedBuckets::new(Some(2), 2);
        assert!(buckets.take("a", 0).is_ok() && buckets.take("a", 0).is_ok());
        assert!(buckets.take("a", 0).is_err());
        assert!(buckets.take("b", 0).is_ok());
        assert_eq!(buckets.take("c", 1), Err(Duration::from_secs(1)));
        assert!(buckets.take("c", IDLE_MS).is_ok());
        assert!(KeyedBuckets::new(None, 0).take("a", 0).is_ok());
    }
}
