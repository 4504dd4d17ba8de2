//! The janitor: moves SQLite's log into its file, and deletes what is older than it may be.
//!
//! - *Owns:* a connection for checkpoints (on SQLite), the clock of retention.
//! - *Started by:* the root. *Supervised:* permanent.
//! - *Mailbox:* for its own ticks and the last checkpoint; a tick while work is under way is left out.
//! - *Lost on crash:* the work under way, which begins again. *Recovered from:* nothing is needed.
//!
//! Nobody else checkpoints (`wal_autocheckpoint=0`), so no commit pays for it. Rows go ≤ 200 a write, with a pause between.
mod checkpoint;
mod files;
mod retention;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, ResponseFuture, WrapFuture};
use checkpoint::{Checkpoints, Pressure};
pub use retention::RetentionPolicy;
use workbot_schema::fields::Ts;
use workbot_schema::store::Db;

use crate::journal::JournalHandle;
use crate::kernel::{ActorStats, Clock, Posted};

/// How often it looks whether a checkpoint is due.
const TICK: Duration = Duration::from_millis(200);

/// Counters of the janitor; all only grow, but `wal_bytes`.
#[derive(Debug, Default)]
pub struct JanitorCounters {
    /// Checkpoints made.
    pub checkpoints: AtomicU64,
    /// Of these, the ones that held writers up because the log had grown too long.
    pub restarts: AtomicU64,
    /// Checkpoints that failed.
    pub failed: AtomicU64,
    /// Bytes in the log after the last checkpoint.
    pub wal_bytes: AtomicU64,
    /// Rows deleted.
    pub rows: AtomicU64,
    /// Files deleted.
    pub files: AtomicU64,
    /// Rounds of retention finished.
    pub rounds: AtomicU64,
}

/// What the janitor needs to run.
#[derive(Clone)]
pub struct JanitorParts {
    /// Time.
    pub clock: Clock,
    /// What it looks after.
    pub db: Db,
    /// Tells how much was written.
    pub journal: JournalHandle,
    /// Folder of the file store; none = files are left alone.
    pub files: Option<PathBuf>,
    /// How long things are kept.
    pub policy: RetentionPolicy,
    /// Counters.
    pub counters: Arc<JanitorCounters>,
}

/// The last checkpoint: everything into the database file, the log emptied; whether that worked.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "bool")]
pub struct LastCheckpoint;

/// The actor.
pub struct JanitorActor {
    parts: JanitorParts,
    stats: Arc<ActorStats>,
    pressure: Pressure,
    checkpoints: Checkpoints,
    is_checkpointing: bool,
    is_purging: bool,
    purged_ms: Option<u64>,
    /// Up to where repeat keys are forgotten already.
    forgotten: Option<Ts>,
}

impl JanitorActor {
    /// A janitor over its parts; begins when it is started.
    pub fn new(parts: JanitorParts, stats: Arc<ActorStats>) -> Self {
        let checkpoints = Checkpoints::new(&parts.db, Arc::clone(&parts.counters));
        Self {
            parts,
            stats,
            pressure: Pressure::default(),
            checkpoints,
            is_checkpointing: false,
            is_purging: false,
            purged_ms: None,
            forgotten: None,
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now_ms = self.parts.clock.monotonic_ms();
        let records = self.parts.journal.counters().records.load(Ordering::Relaxed);
        if !self.is_checkpointing && self.pressure.is_due(records, now_ms) {
            self.checkpoint(ctx);
        }
        let last = *self.purged_ms.get_or_insert_with(|| {
            // The first round waits a minute, so that it does not meet the rush of a start.
            now_ms.saturating_add(60_000).saturating_sub(self.parts.policy.interval_ms())
        });
        if !self.is_purging && now_ms.saturating_sub(last) >= self.parts.policy.interval_ms() {
            self.purged_ms = Some(now_ms);
            self.purge(ctx);
        }
    }

    fn checkpoint(&mut self, ctx: &mut Context<Self>) {
        self.is_checkpointing = true;
        let handling = self.stats.handling("Checkpoint", self.parts.clock.monotonic_ms());
        let work = self.checkpoints.clone().run();
        ctx.spawn(work.into_actor(self).map(move |(), actor, _ctx| {
            drop(handling);
            actor.is_checkpointing = false;
        }));
    }

    fn purge(&mut self, ctx: &mut Context<Self>) {
        self.is_purging = true;
        let handling = self.stats.handling("Purge", self.parts.clock.monotonic_ms());
        let work = retention::round(self.parts.clone(), self.forgotten);
        ctx.spawn(work.into_actor(self).map(move |forgotten, actor, _ctx| {
            drop(handling);
            actor.forgotten = forgotten;
            actor.is_purging = false;
        }));
    }
}

impl Actor for JanitorActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TICK, |actor, ctx| actor.tick(ctx));
    }
}

impl Handler<Posted<LastCheckpoint>> for JanitorActor {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, posted: Posted<LastCheckpoint>, _ctx: &mut Self::Context) -> Self::Result {
        let (LastCheckpoint, handling) = posted.open(self.parts.clock.monotonic_ms());
        let work = self.checkpoints.clone().finish();
        Box::pin(async move {
            let is_done = work.await;
            drop(handling);
            is_done
        })
    }
}
