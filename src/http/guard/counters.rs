//! What the edge counts.
use std::sync::atomic::{AtomicU64, Ordering};

use crate::http::error::Limited;

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds to it.
    pub fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Counters of the HTTP edge, since the start.
#[derive(Debug, Default)]
pub struct EdgeCounters {
    /// Answers below 400.
    pub succeeded: Counter,
    /// Answers from 400 to 499.
    pub refused: Counter,
    /// Answers from 500 on.
    pub failed: Counter,
    /// Microseconds between head and answer, all requests together.
    pub duration_us: Counter,
    /// Requests refused because the gate was closed.
    pub gated: Counter,
    /// 429 of the request limits.
    pub limited_requests: Counter,
    /// 429 after too many failures.
    pub limited_failures: Counter,
    /// 429 because of too many sockets of one address.
    pub limited_sockets: Counter,
    /// 429 because too many commands wait for a robot.
    pub limited_queues: Counter,
    /// Bodies refused because all bodies together were too large.
    pub refused_bodies: Counter,
    /// Bodies of phones in which U+0000 was replaced.
    pub mended_bodies: Counter,
    /// Answers repeated for an Idempotency-Key.
    pub replayed: Counter,
    /// Webhook calls that told of nothing known here.
    pub ignored_webhooks: Counter,
    /// TCP connections accepted.
    pub connections: Counter,
}

impl EdgeCounters {
    /// Counts a 429.
    pub fn limited(&self, limited: Limited) {
        match limited {
            Limited::Requests => self.limited_requests.add(1),
            Limited::Failures => self.limited_failures.add(1),
            Limited::Queue => self.limited_queues.add(1),
            Limited::Sockets => self.limited_sockets.add(1),
        }
    }
}
