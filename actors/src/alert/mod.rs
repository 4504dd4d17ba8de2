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
pub mod notice;
pub mod presets;
pub mod raising;
pub mod rules;
pub mod window;
mod writing;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};
use arrivals::Arrivals;
use board::{Board, Scope, Sight, Verdict};
pub use book::RuleBook;
use channels::ChannelTools;
pub use counters::AlertCounters;
use courier::Courier;
use held::Held;
pub use rules::{Facts, RuleMatch, Subject};
use workbot_schema::alerts;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertId, AlertRuleId, RobotUuid};
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::store::Db;
use writing::{Ended, ReadingTask, Task, Waiting};

use crate::journal::{JournalHandle, Published};
use crate::kernel::{ActorStats, Clock, Posted};
use crate::supervisor::directory::{Directory, Presence, PresenceReason};

/// Batches of events that may wait.
pub const MAILBOX: u32 = 1_024;
/// Time between two looks.
const TICK: Duration = Duration::from_secs(1);
/// Rules and channels are read again at the latest after so many ticks: another process may have changed them.
const READ_TICKS: u64 = 5;
/// Open alerts read at a start.
const OPEN_MAX: i64 = 10_000;
/// So long after a start the presence of robots that are not in memory is unknown, milliseconds.
const EARLY_MS: u64 = 60_000;
/// Robots that are told one by one when a rule is broken for many at once; the others are told together.
const ONE_BY_ONE: usize = 10;

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
    mark: Option<Mark>,
    started_ms: u64,
    ticks: u64,
    is_ready: bool,
    is_stale: bool,
    is_reading: bool,
    is_writing: bool,
    has_due: bool,
}

/// Number and versions of rules and channels.
type Mark = ((i64, i64), (i64, i64));

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
        if std::mem::take(&mut self.is_stale) {
            self.mark = None;
            self.read(ctx);
        }
        self.write(ctx);
        if std::mem::take(&mut self.has_due) {
            self.deliver(ctx);
        }
    }

    /// Judges every rule about numbers.
    fn judge(&mut self, now_ms: u64) {
        let now = Ts::new(self.parts.clock.now());
        let sights = if self.board.needs_sights() { self.sights(now, now_ms) } else { Vec::new() };
        let is_early = now_ms.saturating_sub(self.started_ms) < EARLY_MS;
        let directory = self.parts.directory.clone();
        let is_unknown = move |robot: RobotUuid| {
            directory.find(robot).map_or(is_early, |entry| entry.presence() == Presence::Unknown)
        };
        let verdicts = self.board.judge(&sights, &is_unknown, now, now_ms);
        let mut fired: HashMap<AlertRuleId, Vec<ReadingTask>> = HashMap::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Fire(rule, scope, reading) => {
                    let robot = match scope {
                        Scope::Fleet => None,
                        Scope::Robot(uuid) => self.parts.directory.find(uuid).map(|entry| entry.profile()),
                    };
                    let robot = robot.as_ref().map(|profile| &profile.robot);
                    let task = ReadingTask {
                        raising: raising::of_reading(&rule, scope, reading, robot, now),
                        channel_ids: rule.row.channel_ids.0.clone(),
                        owner: robot.and_then(|robot| robot.owner_id.clone()),
                        rule: rule.row.id.clone(),
                        scope,
                    };
                    fired.entry(rule.row.id.clone()).or_default().push(task);
                }
                Verdict::Over(rule, scope) => {
                    if let Some(alert) = self.open.remove(&(rule.row.id.clone(), scope)) {
                        self.put(Task::Over(rule.row.id.clone(), scope, alert));
                    }
                }
            }
        }
        for tasks in fired.into_values() {
            for task in grouped(tasks) {
                self.put(Task::Reading(Box::new(task)));
            }
        }
    }

    /// Robots that are away or for which something waits.
    fn sights(&self, now: Ts, now_ms: u64) -> Vec<Sight> {
        let mut sights = Vec::new();
        self.parts.directory.visit(|entry| {
            let queued = u64::try_from(entry.queued.load(Ordering::Relaxed)).unwrap_or(0);
            let is_away = entry.presence() == Presence::Offline
                && entry.presence_reason() != PresenceReason::Refused
                && entry.last_seen_at().is_some();
            if !is_away && queued == 0 {
                return;
            }
            let profile = entry.profile();
            let robot = &profile.robot;
            let is_serving = robot.is_enabled && robot.service_expires_at.is_none_or(|end| end > now);
            if is_serving && robot.deleted_at.is_none() {
                let away_ms = now_ms.saturating_sub(entry.presence_since_ms());
                sights.push(Sight { offline_secs: is_away.then_some(away_ms / 1_000), queued, profile });
            }
        });
        sights
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
        let work = reading(self.parts.clone(), self.mark, !self.is_ready);
        ctx.spawn(work.into_actor(self).map(move |read, actor, _ctx| {
            drop(handling);
            actor.is_reading = false;
            let Some(Read { mark, open }) = read else {
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
        }));
    }
}

/// The first robots are told one by one, the last of them also tells how many others there are.
fn grouped(mut tasks: Vec<ReadingTask>) -> Vec<ReadingTask> {
    let others = tasks.len().saturating_sub(ONE_BY_ONE);
    if others > 0 {
        let line = ("其他".to_owned(), format!("另有 {others} 个机器人同时触发，详见告警列表"));
        if let Some(last) = tasks.get_mut(ONE_BY_ONE - 1) {
            last.raising.notice.lines.push(line);
        }
        for task in tasks.iter_mut().skip(ONE_BY_ONE) {
            task.channel_ids.clear();
        }
    }
    tasks
}

struct Read {
    mark: Mark,
    open: Option<Vec<(AlertRuleId, Scope, AlertId)>>,
}

/// `None` when the store could not be asked.
async fn reading(parts: AlertParts, before: Option<Mark>, is_first: bool) -> Option<Read> {
    use workbot_schema::{alert_rules, notification_channels};
    let read = async {
        let mark = (alert_rules::mark(&parts.db).await?, notification_channels::mark(&parts.db).await?);
        if before != Some(mark) {
            parts.book.reload(&parts.db).await?;
        }
        let open = if is_first { Some(alerts::queries::list_open(&parts.db, OPEN_MAX).await?) } else { None };
        Ok::<_, workbot_schema::store::StoreError>((mark, open))
    };
    match read.await {
        Ok((mark, open)) => {
            let open: Option<Vec<_>> =
                open.map(|open| open.iter().filter_map(raising::case_of).collect());
            if let Some(open) = &open {
                bring_in(&parts, open).await;
            }
            Some(Read { mark, open })
        }
        Err(error) => {
            log::debug!(error:% = error; "rules wait for the store");
            None
        }
    }
}

/// Robots with an open alert are brought into memory, so that its end is seen.
async fn bring_in(parts: &AlertParts, open: &[(AlertRuleId, Scope, AlertId)]) {
    let robots: HashSet<RobotUuid> = open
        .iter()
        .filter_map(|(_rule, scope, _alert)| match scope {
            Scope::Robot(uuid) => Some(*uuid),
            Scope::Fleet => None,
        })
        .collect();
    for robot in robots {
        if let Err(error) = parts.directory.get(RobotKey::Uuid(robot)).await {
            log::debug!(error:% = error; "a robot with an open alert cannot be looked up");
        }
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
        let (Published(events), _handling) = posted.open(now_ms);
        for event in events.iter() {
            self.hear(event, now_ms);
        }
        self.act(ctx);
    }
}
