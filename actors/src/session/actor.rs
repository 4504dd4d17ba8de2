//! The actor of one conversation.
//!
//! - *Owns:* the order of its messages, its turn, what was said lately.
//! - *Started by:* the router, at the first message, result or order. *Supervised:* temporary.
//! - *Mailbox:* [`SPEC`]; when it is full, "there is more" stays a flag and the store has it.
//! - *Lost on crash:* questions under way; they are asked once more. A person's order under way; whoever gave it is told.
//! - *Recovered from:* messages without a reason and runs that are not over, found by the sweep within seconds.
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use actix::{
    Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, SpawnHandle,
    WrapFuture,
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use workbot_schema::commands::RobotCommand;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{RobotUuid, RunId, SessionId};
use workbot_schema::sessions::Session;

use super::SessionParts;
use super::core::{Next, SessionCore};
use super::history::History;
use super::loading::OpenRun;
use super::orders::{Arrive, Change, Changed, Look, Retire, Retry, SessionError, SessionIdle, Tell};
use super::seat::Seat;
use super::takeover::Takeover;
use super::turns::Held;
use crate::kernel::{ActorStats, Backoff, ChildSpec, Lane, Policy, Posted, RestartLimit, post};
use crate::provider::RulesInput;
use crate::supervisor::directory::RobotEntry;

/// How conversations are run.
pub const SPEC: ChildSpec = ChildSpec {
    kind: "session",
    policy: Policy::Temporary,
    restarts: RestartLimit { max: 0, within: Duration::ZERO },
    backoff: Backoff { min: Duration::ZERO, max: Duration::ZERO },
    mailbox_capacity: 256,
    lane: Lane::Work,
};

/// Repeats of runs that may wait.
const RETRIES_MAX: usize = 8;
/// Results that may wait for the first look into the store; the store has them, too.
const NEWS_MAX: usize = 100;
/// What the rules call a message that may be an alert.
const RISK: &str = "risk";

/// The actor.
pub struct SessionActor {
    pub(super) parts: SessionParts,
    pub(super) id: SessionId,
    pub(super) robot: RobotUuid,
    pub(super) stats: Arc<ActorStats>,
    seat: Arc<Seat>,
    pub(super) core: SessionCore,
    pub(super) entry: Option<Arc<RobotEntry>>,
    pub(super) row: Option<Session>,
    pub(super) history: History,
    pub(super) is_loaded: bool,
    /// Something is under way that the next step waits for.
    pub(super) is_busy: bool,
    pub(super) runs: HashMap<RunId, Held>,
    pub(super) resumes: VecDeque<OpenRun>,
    retries: VecDeque<(Retry, oneshot::Sender<Result<RunId, SessionError>>)>,
    /// Results that came before the store was read.
    pub(super) news: Vec<Arc<RobotCommand>>,
    /// Messages from here on were told of as they came; older ones were found.
    pub(super) fresh_from: i64,
    /// How often its predecessors crashed lately.
    pub(super) crashes: u32,
    /// Looks into the store that failed one after the other.
    pub(super) failures: u32,
    timer: Option<(Ts, SpawnHandle)>,
    rest: Option<SpawnHandle>,
    permit: Option<OwnedSemaphorePermit>,
}

impl SessionActor {
    /// The actor of a conversation; `crashes` = how often its predecessors crashed lately.
    pub fn new(
        parts: SessionParts,
        (robot, id): (RobotUuid, SessionId),
        seat: Arc<Seat>,
        crashes: u32,
        stats: Arc<ActorStats>,
    ) -> Self {
        Self {
            core: SessionCore::new(parts.settings.core),
            parts,
            id,
            robot,
            stats,
            seat,
            entry: None,
            row: None,
            history: History::default(),
            is_loaded: false,
            is_busy: false,
            runs: HashMap::new(),
            resumes: VecDeque::new(),
            retries: VecDeque::new(),
            news: Vec::new(),
            fresh_from: i64::MAX,
            crashes,
            failures: 0,
            timer: None,
            rest: None,
            permit: None,
        }
    }

    /// Does whatever is next, one thing at a time.
    pub(super) fn go_on(&mut self, ctx: &mut Context<Self>) {
        if self.is_busy || self.runs.values().any(|held| held.live.holds_turn()) {
            return;
        }
        self.runs.values_mut().for_each(|held| held.guard = None);
        if self.parts.is_stopping() {
            return self.rest(ctx);
        }
        if let Some(open) = self.resumes.pop_front() {
            return self.resume(open, ctx);
        }
        if let Some((retry, answer)) = self.retries.pop_front() {
            return self.retry(retry, answer, ctx);
        }
        if self.seat.take_more() {
            self.core.look_again();
        }
        match self.core.next(self.parts.now()) {
            Next::Rest => self.rest(ctx),
            Next::Wait(until) => self.wait(until, ctx),
            Next::Load => self.load(ctx),
            Next::Turn(messages) => self.prepare(messages, ctx),
            Next::Settle { messages, reason, detail } => self.settle(&messages, reason, detail, ctx),
        }
    }

    /// Waits for something before the next step; what it brings is handled first.
    pub(super) fn job<T: 'static>(
        &mut self,
        name: &'static str,
        ctx: &mut Context<Self>,
        work: impl Future<Output = T> + 'static,
        then: impl FnOnce(&mut Self, T, &mut Context<Self>) + 'static,
    ) {
        self.is_busy = true;
        let handling = self.stats.handling(name, self.parts.now_ms());
        ctx.spawn(work.into_actor(self).map(move |outcome, actor, ctx| {
            drop(handling);
            actor.is_busy = false;
            then(actor, outcome, ctx);
            actor.go_on(ctx);
        }));
    }

    /// Takes the row's word for who has the conversation.
    pub(super) fn take_row(&mut self, row: Session) {
        self.core.set_takeover(Takeover::of(
            row.taken_over_by.as_deref(),
            row.taken_over_at,
            row.last_human_at,
        ));
        self.row = Some(row);
    }

    /// Whether a message may be an alert: it is not gathered with others.
    pub(super) fn is_urgent(&self, text: &str) -> bool {
        let gathers = self.parts.settings.core.burst.quiet > chrono::TimeDelta::zero();
        let input = || RulesInput { text: text.to_owned(), ..RulesInput::default() };
        gathers && self.parts.providers.rules().intent(&input()).intent == RISK
    }

    fn stir(&mut self, ctx: &mut Context<Self>) {
        self.seat.set_idle(false);
        if let Some(rest) = self.rest.take() {
            ctx.cancel_future(rest);
        }
    }

    fn wait(&mut self, until: Ts, ctx: &mut Context<Self>) {
        if let Some((_until, timer)) = self.timer.take_if(|(present, _timer)| *present != until) {
            ctx.cancel_future(timer);
        }
        if self.timer.is_none() {
            let wait = (until.utc() - self.parts.clock.now()).to_std().unwrap_or_default();
            let timer = ctx.run_later(wait.max(Duration::from_millis(1)), |actor, ctx| {
                actor.timer = None;
                actor.go_on(ctx);
            });
            self.timer = Some((until, timer));
        }
    }

    fn rest(&mut self, ctx: &mut Context<Self>) {
        self.permit = None;
        self.seat.set_idle(true);
        if self.rest.is_some() {
            return;
        }
        self.rest = Some(ctx.run_interval(self.parts.settings.put_away, |actor, _ctx| {
            let idle = SessionIdle { session: actor.id.clone() };
            if let Err(error) = post(&actor.parts.router, idle) {
                log::debug!(session = actor.id.as_str(), error:% = error; "the router is busy; a conversation is put away later");
            }
        }));
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;
}

impl Handler<Posted<Arrive>> for SessionActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Arrive>, ctx: &mut Self::Context) {
        let (Arrive(message), _handling) = posted.open(self.parts.now_ms());
        self.stir(ctx);
        self.fresh_from = self.fresh_from.min(message.seq);
        let is_urgent = self.is_urgent(&message.spoken);
        self.core.arrive(message, is_urgent);
        self.go_on(ctx);
    }
}

impl Handler<Posted<Look>> for SessionActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Look>, ctx: &mut Self::Context) {
        let (Look(permit), _handling) = posted.open(self.parts.now_ms());
        self.stir(ctx);
        self.permit = permit.or_else(|| self.permit.take());
        self.core.look_again();
        self.act_on_due(ctx);
        self.go_on(ctx);
    }
}

impl Handler<Posted<Tell>> for SessionActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Tell>, ctx: &mut Self::Context) {
        let (Tell(command), _handling) = posted.open(self.parts.now_ms());
        self.stir(ctx);
        if self.is_loaded {
            self.tell(&command, ctx);
        } else if self.news.len() < NEWS_MAX {
            self.news.push(command);
        }
        self.go_on(ctx);
    }
}

impl Handler<Posted<Changed>> for SessionActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Changed>, ctx: &mut Self::Context) {
        let (Changed(row), _handling) = posted.open(self.parts.now_ms());
        self.stir(ctx);
        self.take_row(row.as_ref().clone());
        self.go_on(ctx);
    }
}

impl Handler<Posted<Change>> for SessionActor {
    type Result = ResponseFuture<Result<Session, SessionError>>;

    fn handle(&mut self, posted: Posted<Change>, ctx: &mut Self::Context) -> Self::Result {
        let (Change { act, row, .. }, _handling) = posted.open(self.parts.now_ms());
        self.stir(ctx);
        let (answer, answered) = oneshot::channel();
        self.change(act, row, Some(answer), ctx);
        Box::pin(async move { answered.await.unwrap_or(Err(SessionError::Busy)) })
    }
}

impl Handler<Posted<Retry>> for SessionActor {
    type Result = ResponseFuture<Result<RunId, SessionError>>;

    fn handle(&mut self, posted: Posted<Retry>, ctx: &mut Self::Context) -> Self::Result {
        let (retry, _handling) = posted.open(self.parts.now_ms());
        self.stir(ctx);
        if self.retries.len() >= RETRIES_MAX {
            return Box::pin(async { Err(SessionError::Busy) });
        }
        let (answer, answered) = oneshot::channel();
        self.retries.push_back((retry, answer));
        self.go_on(ctx);
        Box::pin(async move { answered.await.unwrap_or(Err(SessionError::Busy)) })
    }
}

impl Handler<Posted<Retire>> for SessionActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Retire>, ctx: &mut Self::Context) {
        let (Retire, _handling) = posted.open(self.parts.now_ms());
        ctx.stop();
    }
}
