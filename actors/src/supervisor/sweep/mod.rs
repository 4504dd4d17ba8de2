//! The sweep: once a second, everything that is due, silent, forgotten or changed elsewhere.
//!
//! - *Owns:* nothing that counts; what it knows it finds again.
//! - *Started by:* the root, after the router. *Supervised:* permanent.
//! - *Mailbox:* [`SWEEP`](super::tree::SWEEP), for its own ticks; while a round is under way the next one is left out.
//! - *Lost on crash:* the round under way. *Recovered from:* rows that are due stay due.
//!
//! Each tick looks at every entry in memory (no query, no message but to those concerned) and then, as one round after the
//! other, asks the store:
//!
//! | what | from where | then |
//! |---|---|---|
//! | commands due (≤ 500) | `due_at` | [`decide`](super::due::decide), journal |
//! | deliveries late (≤ 500) | `due_at` | their endpoint |
//! | presence that held long enough | memory | event and row in one write |
//! | robots on hosted platforms | kind, every 5 s | their actors |
//! | runs due, conversations forgotten | `due_at`, messages without a reason, every 5 s | their actor, 32 at a time |
//! | personas and flows | versions, every 5 s | library |
//! | robots changed by another process | `updated_at`, every 2 s | router |
//! | queue depths | after lost events, else every 60 s | number and wake-up |
mod announcements;
mod changes;
mod clock_watch;
mod commands;
mod deliveries;
mod depths;
mod sessions;
mod survey;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, WrapFuture};
use chrono::TimeDelta;
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::fields::Ts;
use workbot_schema::ids::DeliveryId;
use workbot_schema::robots::RobotKind;
use workbot_schema::store::{Db, StoreError, StoreResult};

use super::cloud::CloudRobots;
use super::directory::{Directory, RobotEntry};
use super::endpoints::Endpoints;
use super::router::{Judged, RouterActor};
use crate::journal::JournalHandle;
use crate::kernel::clock::millis;
use crate::kernel::{ActorRef, ActorStats, Clock, post};
use crate::session::Library;

/// Time between two ticks.
const TICK: Duration = Duration::from_secs(1);
/// Personas and flows are compared every so many rounds.
const LIBRARY: u64 = 5;
/// One question to the store.
const QUESTION: Duration = Duration::from_secs(5);

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SweepSettings {
    /// A native robot is away after this silence.
    pub native_offline: Duration,
    /// A WorkTool robot is away after this silence.
    pub worktool_offline: Duration,
    /// A robot on a hosted platform is away after this silence.
    pub cloud_offline: Duration,
    /// A presence is told to third parties when it held this long.
    pub event_debounce: Duration,
    /// Result time-outs of commands.
    pub timeouts: ResultTimeouts,
}

/// Counters of the sweep; all only grow.
#[derive(Debug, Default)]
pub struct SweepCounters {
    /// Rounds that were finished.
    pub rounds: AtomicU64,
    /// Ticks left out because a round took too long.
    pub skipped: AtomicU64,
    /// Rounds that the store cut short.
    pub failed: AtomicU64,
    /// Commands acted upon.
    pub commands: AtomicU64,
    /// Deliveries sent to their endpoints again.
    pub deliveries: AtomicU64,
    /// Presence events written.
    pub announced: AtomicU64,
    /// Sockets given up because they were silent.
    pub silenced: AtomicU64,
    /// Wake-ups repeated because commands still wait.
    pub woken: AtomicU64,
    /// Robots read again because another process changed them.
    pub refreshed: AtomicU64,
    /// Conversations found with something to do that nobody did.
    pub conversations: AtomicU64,
}

/// What the sweep needs to run.
#[derive(Clone)]
pub struct SweepParts {
    /// Time.
    pub clock: Clock,
    /// Where it looks.
    pub db: Db,
    /// Where it writes.
    pub journal: JournalHandle,
    /// Every robot in memory.
    pub directory: Directory,
    /// Who changes the directory.
    pub router: ActorRef<RouterActor>,
    /// Callback endpoints.
    pub endpoints: Endpoints,
    /// Robots on hosted platforms.
    pub cloud: CloudRobots,
    /// Personas and flows.
    pub library: Library,
    /// A person who did nothing for so long has lost a conversation.
    pub takeover_idle: TimeDelta,
    /// How long things may take.
    pub settings: SweepSettings,
    /// The server is about to stop: nothing is announced any more.
    pub is_stopping: Arc<AtomicBool>,
    /// When the server was started: whatever was due before is nobody's.
    pub started_at: Ts,
    /// Counters.
    pub counters: Arc<SweepCounters>,
}

impl SweepParts {
    fn now(&self) -> Ts {
        Ts::new(self.clock.now())
    }

    fn offline_ms(&self, kind: RobotKind) -> u64 {
        millis(match kind {
            RobotKind::Native => self.settings.native_offline,
            RobotKind::Worktool => self.settings.worktool_offline,
            RobotKind::WorktoolCloud => self.settings.cloud_offline,
        })
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }
}

/// What one round tells the next.
#[derive(Debug, Default)]
struct Memory {
    is_loaded: bool,
    is_failing: bool,
    rounds: u64,
    changed: changes::Watermark,
    late_after: Option<(Ts, DeliveryId)>,
    clock: clock_watch::ClockWatch,
    depths: depths::Counted,
    backlog: sessions::Backlog,
}

/// Says that it is time.
#[derive(Message)]
#[rtype(result = "()")]
struct TickSweep;

/// The actor.
pub struct SweepActor {
    parts: SweepParts,
    stats: Arc<ActorStats>,
    /// Absent while a round is under way.
    memory: Option<Memory>,
    last_tick_ms: u64,
}

impl SweepActor {
    /// A sweep over its parts; begins when it is started.
    pub fn new(parts: SweepParts, stats: Arc<ActorStats>) -> Self {
        let last_tick_ms = parts.clock.monotonic_ms();
        Self { parts, stats, memory: Some(Memory::default()), last_tick_ms }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now_ms = self.parts.clock.monotonic_ms();
        let _handling = self.stats.handling("TickSweep", now_ms);
        let tick_ms = now_ms.saturating_sub(self.last_tick_ms).max(1);
        self.last_tick_ms = now_ms;
        if self.parts.is_stopping() {
            return;
        }
        let survey = survey::survey(&self.parts, now_ms, tick_ms);
        if !survey.judged.is_empty()
            && let Err(error) = post(&self.parts.router, Judged(survey.judged))
        {
            // The same is found in the next tick.
            log::debug!(error:% = error; "the router is busy; presence is judged again");
        }
        let Some(memory) = self.memory.take() else {
            self.parts.counters.skipped.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let round = round(self.parts.clone(), memory, survey.announce);
        ctx.spawn(round.into_actor(self).map(|memory, actor, _ctx| actor.memory = Some(memory)));
    }
}

impl Actor for SweepActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.notify(TickSweep);
        ctx.run_interval(TICK, |actor, ctx| actor.tick(ctx));
    }
}

impl Handler<TickSweep> for SweepActor {
    type Result = ();

    fn handle(&mut self, _tick: TickSweep, ctx: &mut Self::Context) {
        self.tick(ctx);
    }
}

async fn round(parts: SweepParts, mut memory: Memory, announce: Vec<Arc<RobotEntry>>) -> Memory {
    memory.rounds += 1;
    match look(&parts, &mut memory, announce).await {
        Ok(()) => {
            parts.counters.rounds.fetch_add(1, Ordering::Relaxed);
            if std::mem::take(&mut memory.is_failing) {
                log::info!("the sweep can read the store again");
            }
        }
        Err(error) => {
            parts.counters.failed.fetch_add(1, Ordering::Relaxed);
            if !std::mem::replace(&mut memory.is_failing, true) {
                log::warn!(error:% = error; "the sweep cannot read the store; it tries again every second");
            }
        }
    }
    memory
}

async fn look(parts: &SweepParts, memory: &mut Memory, announce: Vec<Arc<RobotEntry>>) -> StoreResult<()> {
    if !memory.is_loaded {
        changes::load_announced(parts).await?;
        memory.is_loaded = true;
    }
    if let Some(by) = parts.clock.since_boot().and_then(|boot| memory.clock.look(parts.now(), boot)) {
        log::warn!(seconds = by.num_seconds(); "the clock of this machine was set forward; nothing ends because of that");
    }
    commands::act_on_due(parts, memory.clock.set()).await?;
    memory.late_after = deliveries::send_late(parts, memory.late_after.take()).await?;
    if memory.rounds % LIBRARY == 1 {
        in_time(parts.library.reload(&parts.db, true)).await?;
    }
    sessions::look_after(parts, &mut memory.backlog, memory.rounds).await?;
    announcements::announce(parts, announce).await;
    if memory.rounds % 5 == 1 {
        changes::load_cloud(parts).await?;
    }
    if memory.rounds % 2 == 1 {
        changes::refresh(parts, &mut memory.changed).await?;
    }
    depths::correct(parts, &mut memory.depths).await
}

/// Gives a question to the store a deadline.
async fn in_time<T>(question: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    match tokio::time::timeout(QUESTION, question).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(StoreError::Unavailable("no answer within 5 s".to_owned())),
    }
}
