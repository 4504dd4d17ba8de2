//! Calls a minute to one platform. Its limit is for an address of the caller's, so all robots on it share one.
use std::time::Duration;

use dashmap::DashMap;

use crate::supervisor::directory::Bucket;

/// Platforms remembered; beyond, all others share one place.
const PLATFORMS_MAX: usize = 10_000;

struct Place {
    bucket: Bucket,
    /// The platform asked for patience until then, monotonic milliseconds.
    closed_until_ms: u64,
}

/// One for the process.
pub struct Gate {
    per_minute: Option<u32>,
    places: DashMap<String, Place>,
}

impl Gate {
    /// `per_minute` calls to each platform; `None` = as many as come.
    pub fn new(per_minute: Option<u32>) -> Self {
        Self { per_minute, places: DashMap::new() }
    }

    /// Takes a call, or says how long to wait; a refusal takes nothing.
    pub fn take(&self, origin: &str, now_ms: u64) -> Result<(), Duration> {
        let place = self.place(origin);
        let closed_ms = place.closed_until_ms.saturating_sub(now_ms);
        if closed_ms > 0 { Err(Duration::from_millis(closed_ms)) } else { place.bucket.take() }
    }

    /// The platform asks for patience.
    pub fn close(&self, origin: &str, wait: Duration, now_ms: u64) {
        let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        let mut place = self.place(origin);
        place.closed_until_ms = place.closed_until_ms.max(now_ms.saturating_add(wait_ms));
    }

    fn place(&self, origin: &str) -> dashmap::mapref::one::RefMut<'_, String, Place> {
        let is_known = self.places.contains_key(origin) || self.places.len() < PLATFORMS_MAX;
        let name = if is_known { origin } else { "" };
        let place = || Place { bucket: Bucket::new(self.per_minute), closed_until_ms: 0 };
        self.places.entry(name.to_owned()).or_insert_with(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_has_a_bucket_and_may_close() {
        let gate = Gate::new(Some(2));
        assert!(gate.take("a", 0).is_ok() && gate.take("a", 0).is_ok());
        assert!(gate.take("a", 0).is_err());
        assert!(gate.take("b", 0).is_ok());
        gate.close("b", Duration::from_secs(5), 1_000);
        gate.close("b", Duration::from_secs(1), 1_000);
        assert_eq!(gate.take("b", 2_000), Err(Duration::from_secs(4)));
        assert!(gate.take("b", 6_000).is_ok());
        let open = Gate::new(None);
        assert!((0..1_000).all(|_call| open.take("a", 0).is_ok()));
    }
}
