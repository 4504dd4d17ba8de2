//! The buckets of a robot. They belong to its entry, so reconnecting refills nothing.
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// Rates a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitRates {
    /// Whether requests and messages are limited at all; pushes are always paced.
    pub is_enabled: bool,
    /// Requests for a robot, and commands pushed to it.
    pub requests_per_minute: u32,
    /// Messages, results, acknowledgements, heartbeats.
    pub inbound_per_minute: u32,
    /// Connects of one robot; more are flapping.
    pub connects_per_minute: u32,
}

impl Default for LimitRates {
    fn default() -> Self {
        Self { is_enabled: true, requests_per_minute: 60, inbound_per_minute: 600, connects_per_minute: 15 }
    }
}

/// One token bucket, full at the start.
pub struct Bucket {
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, DefaultClock>>,
}

impl Bucket {
    /// A bucket of `per_minute` tokens that refills evenly; `None` = without limit.
    pub fn new(per_minute: Option<u32>) -> Self {
        let limiter =
            per_minute.and_then(NonZeroU32::new).map(|rate| RateLimiter::direct(Quota::per_minute(rate)));
        Self { limiter }
    }

    /// Takes one token, or says how long until there is one; a refusal takes nothing.
    pub fn take(&self) -> Result<(), Duration> {
        match &self.limiter {
            None => Ok(()),
            Some(limiter) => {
                limiter.check().map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
            }
        }
    }

    /// Takes up to `wanted` tokens; how many were there.
    pub fn take_up_to(&self, wanted: u32) -> u32 {
        match &self.limiter {
            None => wanted,
            Some(limiter) => {
                (0..wanted).take_while(|_one| limiter.check().is_ok()).fold(0, |count, _one| count + 1)
            }
        }
    }
}

/// The three buckets of a robot.
pub struct RobotLimits {
    /// Requests by REST, whatever token or key is used.
    pub requests: Bucket,
    /// What the robot itself sends.
    pub inbound: Bucket,
    /// Commands pushed to it.
    pub pacing: Bucket,
}

impl RobotLimits {
    /// Full buckets.
    pub fn new(rates: LimitRates) -> Self {
        let limited = |rate: u32| rates.is_enabled.then_some(rate);
        Self {
            requests: Bucket::new(limited(rates.requests_per_minute)),
            inbound: Bucket::new(limited(rates.inbound_per_minute)),
            pacing: Bucket::new(limited(rates.requests_per_minute)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_size_and_then_says_when() {
        let bucket = Bucket::new(Some(60));
        assert_eq!(bucket.take_up_to(70), 60);
        let wait = bucket.take().unwrap_err();
        assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
        assert_eq!(Bucket::new(None).take_up_to(1_000), 1_000);
    }
}
