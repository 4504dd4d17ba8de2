//! The live feed: what committed writes mean to those who watch.
//!
//! - *Owns:* the last events ([`ring`]) and the figures of the last day ([`ai_stats`]).
//! - *Started by:* the supervisor. *Supervised:* permanent.
//! - *Mailbox:* [`Published`], 4,096. Full: the batch is missed and counted by the journal; viewers are told of a gap by the
//!   numbers that are missing.
//! - *Lost on crash:* the events in memory. A viewer that comes back is told of the gap and reads the rows.
//!
//! ```text
//! journal ═Published═▶ MonitorActor ─▶ ring ◀── read by every viewer at its own pace
//!                            └───────▶ figures       ([`viewer`]: filter, 100 ms batches, credit)
//! ```
//! Nobody is sent anything: a viewer reads the ring from where it stands, so a slow one costs nothing but its own gap. Frames
//! are written when they are read, so an event that nobody watches costs a place in the ring.
pub mod ai_stats;
pub mod event;
pub mod filter;
pub mod frame;
pub mod histogram;
pub mod ring;
pub mod viewer;
#[cfg(test)]
mod viewer_tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use actix::{Actor, Context, Handler};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;

use self::ai_stats::{AiStats, Figures};
use self::event::{MonitorEvent, events_of};
use self::ring::{Read, Ring};
use crate::journal::{JournalHandle, Published};
use crate::kernel::{Backoff, ChildSpec, Clock, Lane, Policy, Posted, RestartLimit};

/// Events kept.
pub const EVENTS_MAX: usize = 10_000;
/// Bytes of the rows behind them, about.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// How the monitor is run.
pub const SPEC: ChildSpec = ChildSpec {
    kind: "monitor",
    policy: Policy::Permanent,
    restarts: RestartLimit { max: 5, within: Duration::from_secs(60) },
    backoff: Backoff { min: Duration::from_millis(50), max: Duration::from_secs(5) },
    mailbox_capacity: 4_096,
    lane: Lane::Core,
};

struct Shared {
    ring: RwLock<Ring>,
    stats: Mutex<AiStats>,
    as_of: AtomicI64,
    wake: watch::Sender<i64>,
    viewers: AtomicUsize,
    skipped: AtomicU64,
    journal: JournalHandle,
    clock: Clock,
}

/// The reading side; clone freely.
#[derive(Clone)]
pub struct MonitorFeed {
    shared: Arc<Shared>,
}

/// Counts one who watches, for as long as it is kept.
pub struct Watching {
    shared: Arc<Shared>,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.shared.viewers.fetch_sub(1, Ordering::AcqRel);
    }
}

impl MonitorFeed {
    /// An empty feed that is filled by the actor started with it.
    pub fn new(journal: JournalHandle, clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                ring: RwLock::new(Ring::new(EVENTS_MAX, BYTES_MAX)),
                stats: Mutex::new(AiStats::default()),
                as_of: AtomicI64::new(0),
                wake: watch::channel(0).0,
                viewers: AtomicUsize::new(0),
                skipped: AtomicU64::new(0),
                journal,
                clock,
            }),
        }
    }

    /// The last number told: every row with a lower one is committed, and every event up to it is in the ring or was.
    pub fn as_of(&self) -> i64 {
        let before = self.shared.journal.began_at().saturating_sub(1).max(0);
        self.shared.as_of.load(Ordering::Acquire).max(before)
    }

    /// The events after a number, and what is missing before them.
    pub fn read(&self, after: i64) -> Read {
        let floor = self.shared.journal.began_at().saturating_sub(1).max(0);
        self.shared.ring.read().read(after, floor)
    }

    /// Tells of every new event.
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.shared.wake.subscribe()
    }

    /// The figures of models and nodes of the last `window`.
    pub fn figures(&self, window: Duration) -> Figures {
        let now = self.shared.clock.now();
        self.shared.stats.lock().figures(now, window)
    }

    /// Adds calls to models that were made before this process.
    pub fn recall(&self, calls: &[workbot_schema::ai_calls::AiCallLog]) {
        let mut stats = self.shared.stats.lock();
        calls.iter().for_each(|call| stats.call(call));
    }

    /// Counts one who watches.
    pub fn watch(&self) -> Watching {
        self.shared.viewers.fetch_add(1, Ordering::AcqRel);
        Watching { shared: Arc::clone(&self.shared) }
    }

    /// How many watch.
    pub fn viewers(&self) -> usize {
        self.shared.viewers.load(Ordering::Acquire)
    }

    /// Rows that were left out because a viewer could not take them, of all viewers since the start.
    pub fn skipped(&self) -> u64 {
        self.shared.skipped.load(Ordering::Relaxed)
    }

    /// Adds rows that were left out.
    pub fn count_skipped(&self, rows: u64) {
        self.shared.skipped.fetch_add(rows, Ordering::Relaxed);
    }

    fn take(&self, published: &Published) {
        let now = workbot_schema::fields::Ts::new(self.shared.clock.now());
        let mut fresh: Vec<Arc<MonitorEvent>> = Vec::new();
        let mut next = published.first;
        let mut stats = None;
        for event in published.events.iter() {
            events_of(event, next, now, &mut fresh);
            next = next.saturating_add(event.width());
            if ai_stats::concerns(event) {
                stats.get_or_insert_with(|| self.shared.stats.lock()).take(event, now);
            }
        }
        drop(stats);
        // Messages are told under the numbers of their rows, which stand below those of the batch.
        fresh.sort_by_key(|event| event.seq);
        if !fresh.is_empty() {
            self.shared.ring.write().extend(fresh);
        }
        self.shared.as_of.fetch_max(published.last, Ordering::AcqRel);
        if self.viewers() > 0 {
            self.shared.wake.send_replace(published.last);
        }
    }
}

/// Fills the feed.
pub struct MonitorActor {
    feed: MonitorFeed,
}

impl MonitorActor {
    /// An actor that fills this feed.
    pub fn new(feed: MonitorFeed) -> Self {
        Self { feed }
    }
}

impl Actor for MonitorActor {
    type Context = Context<Self>;
}

impl Handler<Posted<Published>> for MonitorActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Published>, _ctx: &mut Self::Context) {
        let (published, _handling) = posted.open(self.feed.shared.clock.monotonic_ms());
        self.feed.take(&published);
    }
}
