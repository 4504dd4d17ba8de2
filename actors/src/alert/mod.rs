//! Alerts: rules over everything that is committed, and the people who are told.
//!
//! ```text
//!            Published                     1 s
//!  journal ─────────────▶ AlertActor ◀─────────── tick
//!                │ words, intents      │ numbers: shares and times of a window, presence, queues
//!                ▼                     ▼
//!      alert (+ notifications, when it is new) ─▶ journal ─▶ AlertRaised, NotificationQueued ─▶ monitor
//!                                                                   │
//!                          rows that are due ─▶ courier ─▶ channel ─▶ attempt ─▶ journal
//! ```
//!
//! - *Owns:* what numbers were seen, which of them broke a rule, and what is under way.
//! - *Started by:* the root. *Supervised:* permanent, on the lane of those who wait for the network.
//! - *Mailbox:* [`MAILBOX`] batches of events; a full one misses them, counted by the journal, and only numbers suffer for long: a
//!   message that was missed is judged by no rule.
//! - *Lost on crash:* windows (they fill again), matches that wait for their flow's answer (seconds). Neither was promised to anybody.
//! - *Recovered from:* alerts that are open and notifications that are due are rows. A notification that was under way is sent once
//!   more, with the same id.
//!
//! Rules are judged for every robot, whoever answers for it. A flow judges them too, in its own nodes; its alert then stands for the
//! message ([`held`]).
pub mod arrivals;
pub mod board;
pub mod book;
pub mod channels;
pub mod counters;
mod courier;
mod events;
pub mod held;
pub mod hold;
mod judging;
pub mod notice;
pub mod presets;
pub mod raising;
mod reading;
pub mod rules;
#[cfg(test)]
mod scene_tests;
pub mod window;
mod writing;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use arrivals::Arrivals;
use board::{Board, Scope};
pub use book::RuleBook;
use channels::ChannelTools;
pub use counters::AlertCounters;
use courier::Courier;
use held::Held;
pub use rules::{Facts, RuleMatch, Subject};
use workbot_schema::ids::{AlertId, AlertRuleId};
use workbot_schema::store::Db;
use writing::{Ended, Task, Waiting};

use crate::journal::{JournalHandle, Published};
use crate::kernel::{ActorStats, Clock, Posted};
use crate::supervisor::directory::Directory;

/// Batches of events that may wait.
pub const MAILBOX: u32 = 1_024;
/// Time between two looks.
const TICK: Duration = Duration::from_secs(1);
/// Rules and channels are read again at the latest after so many ticks: another process may have changed them.
const READ_TICKS: u64 = 5;

/// What the alerts need to run.
#[derive(Clone)]
pub struct AlertParts {
    /// Time.
    pub clock: Clock,
    /// Where rules and due notifications are read.
    pub db: Db,
    /// Where alerts and outcomes are written.
    pub journal: JournalHandle,
    /// Robots in memory.
    pub directory: Directory,
    /// Rules and channels, loaded.
    pub book: RuleBook,
    /// What channels send with.
    pub tools: ChannelTools,
    /// The server is about to stop: nothing new is sent.
    pub is_stopping: Arc<AtomicBool>,
    /// Counters.
    pub counters: Arc<AlertCounters>,
}

/// What others need of the alerts; clone freely.
#[derive(Clone)]
pub struct Alerts {
    /// Rules and channels, to be judged at once.
    pub book: RuleBook,
    /// What channels send with, for a trial.
    pub tools: ChannelTools,
    /// Counters.
    pub counters: Arc<AlertCounters>,
}

impl AlertParts {
    /// Parts around a loaded book.
    pub fn new(
        db: Db,
        journal: JournalHandle,
        book: RuleBook,
        tools: ChannelTools,
        is_stopping: Arc<AtomicBool>,
    ) -> Self {
        let (clock, directory) = (tools.clock.clone(), tools.directory.clone());
        Self { clock, db, journal, directory, book, tools, is_stopping, counters: Arc::default() }
    }

    /// What others need.
    pub fn handle(&self) -> Alerts {
        let (book, tools) = (self.book.clone(), self.tools.clone());
        Alerts { book, tools, counters: Arc::clone(&self.counters) }
    }
}

/// The actor.
pub struct AlertActor {
    parts: AlertParts,
    stats: Arc<ActorStats>,
    board: Board,
    held: Held,
    arrivals: Arrivals,
    waiting: Waiting,
    courier: Courier,
    /// Open alerts about numbers.
    open: HashMap<(AlertRuleId, Scope), AlertId>,
    /// The marks of rules and channels when they were read.
    mark: Option<reading::Mark>,
    started_ms: u64,
    ticks: u64,
    is_ready: bool,
    is_stale: bool,
    is_reading: bool,
    is_writing: bool,
    has_due: bool,
}

impl AlertActor {
    /// An actor over its parts; begins when it is started.
    pub fn new(parts: AlertParts, stats: Arc<ActorStats>) -> Self {
        let started_ms = parts.clock.monotonic_ms();
        let mut board = Board::default();
        board.set_rules(&parts.book.rules());
        Self {
            parts,
            stats,
            board,
            held: Held::default(),
            arrivals: Arrivals::default(),
            waiting: Waiting::default(),
            courier: Courier::default(),
            open: HashMap::new(),
            mark: None,
            started_ms,
            ticks: 0,
            is_ready: false,
            is_stale: false,
            is_reading: false,
            is_writing: false,
            has_due: true,
        }
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let now_ms = self.parts.clock.monotonic_ms();
        let _handling = self.stats.handling("Tick", now_ms);
        if self.parts.is_stopping.load(Ordering::Acquire) {
            return;
        }
        self.ticks += 1;
        self.has_due = true;
        for found in self.held.late(now_ms) {
            self.put(Task::Message(found));
        }
        if self.is_ready {
            self.judge(now_ms);
        }
        if self.ticks % READ_TICKS == 1 || !self.is_ready {
            self.read(ctx);
        }
        self.act(ctx);
    }

    /// Does what has come up.
    fn act(&mut self, ctx: &mut Context<Self>) {
        // What changed while rules were being read is read afterwards.
        if self.is_stale && !self.is_reading {
            self.is_stale = false;
            self.mark = None;
            self.read(ctx);
        }
        self.write(ctx);
        if std::mem::take(&mut self.has_due) {
            self.deliver(ctx);
        }
    }

    /// Adds something to write; what finds no room is lost and counted, or judged again.
    fn put(&mut self, task: Task) {
        if let Some(refused) = self.waiting.push(task) {
            self.lose(refused);
        }
    }

    fn lose(&mut self, task: Task) {
        counters::count(&self.parts.counters.lost);
        if let Task::Reading(reading) = task {
            self.board.unfire(&reading.rule, reading.scope);
        }
    }

    fn write(&mut self, ctx: &mut Context<Self>) {
        if self.is_writing {
            return;
        }
        let tasks = self.waiting.take();
        if tasks.is_empty() {
            return;
        }
        self.is_writing = true;
        let handling = self.stats.handling("Write", self.parts.clock.monotonic_ms());
        let work = writing::write(self.parts.clone(), tasks);
        ctx.spawn(work.into_actor(self).map(move |ended, actor, ctx| {
            drop(handling);
            actor.is_writing = false;
            let mut again = Vec::new();
            for ended in ended {
                match ended {
                    Ended::Done(Some((rule, scope, alert))) => drop(actor.open.insert((rule, scope), alert)),
                    Ended::Done(None) => {}
                    Ended::Again(task) => again.push(*task),
                    Ended::Lost(task) => actor.lose(*task),
                }
            }
            // The store is away: the next tick tries again.
            let is_away = !again.is_empty();
            actor.waiting.put_back(again);
            if !is_away {
                actor.write(ctx);
            }
        }));
    }

    fn deliver(&mut self, ctx: &mut Context<Self>) {
        if self.parts.is_stopping.load(Ordering::Acquire) || !self.courier.ask() {
            return;
        }
        let rows = courier::due(self.parts.clone());
        ctx.spawn(rows.into_actor(self).map(|rows, actor, ctx| {
            for errand in actor.courier.take(rows) {
                let handling = actor.stats.handling("Send", actor.parts.clock.monotonic_ms());
                let run = courier::run(actor.parts.clone(), errand);
                ctx.spawn(run.into_actor(actor).map(move |id, actor, ctx| {
                    drop(handling);
                    actor.courier.over(&id);
                    actor.deliver(ctx);
                }));
            }
        }));
    }

    /// Reads rules and channels again when they differ; the first time open alerts too.
    fn read(&mut self, ctx: &mut Context<Self>) {
        if std::mem::replace(&mut self.is_reading, true) {
            return;
        }
        let handling = self.stats.handling("Read", self.parts.clock.monotonic_ms());
        let work = reading::read(self.parts.clone(), self.mark, !self.is_ready);
        ctx.spawn(work.into_actor(self).map(move |read, actor, ctx| {
            drop(handling);
            actor.is_reading = false;
            let Some(reading::Read { mark, open }) = read else {
                counters::count(&actor.parts.counters.cut_short);
                return;
            };
            let now_ms = actor.parts.clock.monotonic_ms();
            if actor.mark != Some(mark) {
                actor.mark = Some(mark);
                actor.board.set_rules(&actor.parts.book.rules());
            }
            for (rule, scope, alert) in open.into_iter().flatten() {
                actor.board.adopt(&rule, scope, now_ms);
                actor.open.insert((rule, scope), alert);
            }
            actor.is_ready = true;
            actor.act(ctx);
        }));
    }
}

impl Actor for AlertActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.read(ctx);
        ctx.run_interval(TICK, |actor, ctx| actor.tick(ctx));
    }
}

impl Handler<Posted<Published>> for AlertActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Published>, ctx: &mut Self::Context) {
        let now_ms = self.parts.clock.monotonic_ms();
        let (Published { events, .. }, _handling) = posted.open(now_ms);
        for event in events.iter() {
            self.hear(event, now_ms);
        }
        self.act(ctx);
    }
}
