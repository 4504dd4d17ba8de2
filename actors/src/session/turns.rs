//! The beginnings: loading, turns over messages, messages that are not answered.
use std::sync::Arc;
use std::time::Duration;

use actix::{AsyncContext, Context};
use chrono::TimeDelta;
use futures_util::future::join_all;
use tokio::sync::oneshot;
use workbot_schema::batch::Record;
use workbot_schema::ids::{FlowId, MessageId, RunId};
use workbot_schema::messages::{MessageReason, SessionMessage};
use workbot_schema::sessions::{SessionAct, SessionChange};

use super::actor::SessionActor;
use super::counters::TurnGuard;
use super::history;
use super::live_run::{LiveRun, RunHead, Told};
use super::loading::{self, Loaded};
use super::orders::SessionError;
use super::seed;
use crate::flow::{CompiledFlow, Run, RunEvent, RunSeed};
use crate::kernel::Backoff;

/// Between two looks into a store that is away.
const AGAIN: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(5) };
/// After so many looks in vain the actor rests; the sweep wakes it when the store is back.
const LOOKS_MAX: u32 = 4;
/// Beyond the time of a turn, a run whose actor vanished is looked for after this.
const WATCH: TimeDelta = TimeDelta::seconds(30);

/// A run in the actor's hands.
pub(super) struct Held {
    pub(super) live: LiveRun,
    /// Its first message.
    pub(super) message: Arc<SessionMessage>,
    /// The picture among its messages.
    pub(super) picture: Option<String>,
    /// Counted while it holds the turn.
    pub(super) guard: Option<TurnGuard>,
    /// Who waits to hear that it is stored.
    pub(super) opened: Option<oneshot::Sender<Result<RunId, SessionError>>>,
    /// What happens once it is stored.
    pub(super) start: Option<RunEvent>,
    /// What was said of it is in the history.
    pub(super) is_noted: bool,
    /// Its command is being looked up.
    pub(super) is_checking: bool,
    /// The database refused it once.
    pub(super) is_refused: bool,
    /// It was started so often that it is given up.
    pub(super) crashed: Option<i32>,
}

impl Held {
    pub(super) fn new(live: LiveRun, message: Arc<SessionMessage>) -> Self {
        Self {
            live,
            message,
            picture: None,
            guard: None,
            opened: None,
            start: None,
            is_noted: false,
            is_checking: false,
            is_refused: false,
            crashed: None,
        }
    }
}

impl SessionActor {
    /// Looks into the store.
    pub(super) fn load(&mut self, ctx: &mut Context<Self>) {
        let (parts, robot, id) = (self.parts.clone(), self.robot, self.id.clone());
        let since = parts.now().plus(-parts.settings.idle);
        let pause = AGAIN.delay(self.failures, 0.5);
        let (is_again, failures) = (self.failures > 0, self.failures);
        let work = async move {
            if is_again {
                tokio::time::sleep(pause).await;
            }
            loading::load(parts, robot, id, since).await
        };
        self.job("Load", ctx, work, move |actor, loaded, ctx| match loaded {
            Ok(loaded) => actor.take(loaded, ctx),
            Err(error) => {
                actor.failures = failures.saturating_add(1);
                if failures == 0 {
                    log::warn!(session = actor.id.as_str(), error:% = error; "a conversation waits for the store");
                }
                if actor.failures < LOOKS_MAX {
                    actor.core.look_again();
                } else {
                    actor.core.leave_to_store();
                    actor.failures = 0;
                }
            }
        });
    }

    fn take(&mut self, loaded: Loaded, ctx: &mut Context<Self>) {
        let Loaded { entry, load, runs } = loaded;
        let (now, idle) = (self.parts.now(), self.parts.settings.idle);
        self.failures = 0;
        self.entry = entry;
        if !self.is_loaded {
            for (at, text, reply) in loading::earlier(&load) {
                self.history.note(at, idle, &text, reply.as_deref());
            }
            self.is_loaded = true;
        }
        if let Some(row) = load.session {
            self.take_row(row);
        }
        let messages: Vec<_> = load.messages.into_iter().map(Arc::new).collect();
        let urgent: Vec<MessageId> = messages
            .iter()
            .filter(|message| self.is_urgent(&message.spoken))
            .map(|message| message.id.clone())
            .collect();
        self.core.load(messages, load.is_all, now, |message| urgent.contains(&message.id));
        for open in runs {
            let is_known = self.runs.contains_key(&open.row.id)
                || self.resumes.iter().any(|waiting| waiting.row.id == open.row.id);
            if !is_known {
                self.adopt(open, ctx);
            }
        }
        for command in std::mem::take(&mut self.news) {
            self.tell(&command, ctx);
        }
        self.act_on_due(ctx);
    }

    /// Finds the flow of a turn.
    pub(super) fn prepare(&mut self, messages: Vec<Arc<SessionMessage>>, ctx: &mut Context<Self>) {
        let Some(entry) = self.entry.as_ref().filter(|entry| entry.profile().robot.deleted_at.is_none())
        else {
            return self.settle(&messages, MessageReason::Failed, Some("robot_gone"), ctx);
        };
        let (flow_id, version) = self.parts.library.design().flow_of(&entry.profile().robot);
        let parts = self.parts.clone();
        let work = async move {
            let flow = parts.library.flow(&parts.db, &flow_id, version).await;
            (flow_id, version, flow)
        };
        self.job("BeginTurn", ctx, work, move |actor, (flow_id, version, flow), ctx| match flow {
            Ok(flow) => actor.begin(messages, (flow_id, version), flow, ctx),
            Err(error) => {
                // They still wait in the store.
                log::warn!(session = actor.id.as_str(), error:% = error; "a turn waits for its flow");
                actor.failures = actor.failures.saturating_add(1);
                actor.core.look_again();
            }
        });
    }

    fn begin(
        &mut self,
        messages: Vec<Arc<SessionMessage>>,
        (flow_id, flow_version): (FlowId, i64),
        flow: Arc<CompiledFlow>,
        ctx: &mut Context<Self>,
    ) {
        let now = self.parts.now();
        let (Some(first), Some(entry)) = (messages.first().cloned(), self.entry.clone()) else { return };
        let robot = &entry.profile().robot;
        let design = self.parts.library.design();
        let voice = design.voice_of(robot, self.chat_persona());
        let Some(context) = seed::context(robot, &messages, voice.as_ref().map(|voice| &voice.persona), now)
        else {
            return;
        };
        let id = RunId::of(&first.id);
        let head = RunHead {
            id: id.clone(),
            flow_id,
            flow_version,
            robot: self.robot,
            session: self.id.clone(),
            messages: messages.iter().map(|message| message.id.clone()).collect(),
            retry_of: None,
            retry_from: None,
            started_at: now,
        };
        let run = Run::new(RunSeed { run_id: id.clone(), attempt: 1, context });
        let told = Told { reason: first.reason, command: first.command_id.clone() };
        let mut held =
            Held::new(LiveRun::begin(head, run, flow, told, self.parts.now_ms()), Arc::clone(&first));
        held.guard = Some(TurnGuard::begin(&self.parts.counters));
        held.picture = messages.iter().find_map(|message| message.file_name.clone());
        if history::is_reset(&held.live.run.context.original_message) {
            held.live.is_canned = true;
            held.live.draft.act = Some(SessionAct::Reset);
            self.history.reset();
        }
        self.end_idle_takeover(ctx);
        let merged = u64::try_from(messages.len().saturating_sub(1)).unwrap_or(0);
        self.parts.counters.merged.fetch_add(merged, std::sync::atomic::Ordering::Relaxed);
        let is_found = first.seq < self.fresh_from || self.crashes > 0;
        let is_local = held.live.is_canned || !self.knowledge(robot, &design, false, now).has_models();
        self.runs.insert(id.clone(), held);
        if is_local && !is_found {
            self.happen(&id, RunEvent::Start, ctx);
        } else {
            self.open(&id, RunEvent::Start, ctx);
        }
    }

    /// Stores a run before its first step, so that its start is counted whatever happens then.
    pub(super) fn open(&mut self, id: &RunId, start: RunEvent, ctx: &mut Context<Self>) {
        let budget = TimeDelta::from_std(self.parts.settings.turn_budget).unwrap_or(TimeDelta::zero());
        let due_at = self.parts.now().plus(budget).plus(WATCH);
        self.with_desk(id, |held, desk| {
            held.start = Some(start);
            super::checkpoint::opening(&mut held.live, desk, due_at)
        })
        .into_iter()
        .for_each(|checkpoint| self.store(id, checkpoint, None, ctx));
    }

    /// Tells messages that they are not answered.
    pub(super) fn settle(
        &mut self,
        messages: &[Arc<SessionMessage>],
        reason: MessageReason,
        detail: Option<&'static str>,
        ctx: &mut Context<Self>,
    ) {
        let count = u64::try_from(messages.len()).unwrap_or(0);
        self.parts.counters.silenced.fetch_add(count, std::sync::atomic::Ordering::Relaxed);
        // One write each: a message that was settled meanwhile does not keep the others from it.
        let writes = messages.iter().map(|message| {
            let write = vec![Record::Settle {
                id: message.id.clone(),
                reason,
                detail: detail.map(str::to_owned),
                command_id: None,
                from: None,
            }];
            self.parts.storage().store(write, None)
        });
        let work = join_all(writes.collect::<Vec<_>>());
        self.job("Settle", ctx, work, |_actor, _stored, _ctx| {});
    }

    /// Gives a conversation back whose person did nothing for long.
    fn end_idle_takeover(&mut self, ctx: &mut Context<Self>) {
        let now = self.parts.now();
        if !self.core.is_takeover_over(now) {
            return;
        }
        self.core.set_takeover(None);
        let act = SessionAct::Expire { idle_before: now.plus(-self.parts.settings.core.takeover_idle) };
        let change = SessionChange { id: self.id.clone(), session: None, act };
        let written = self.parts.journal.write(vec![Record::Session(Box::new(change))]);
        // What is not written now is found by the sweep.
        ctx.spawn(actix::fut::wrap_future(async move { drop(written.await) }));
    }
}
