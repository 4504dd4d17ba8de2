//! People: who takes a conversation over and gives it back; and results that come after their run is over.
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use tokio::sync::oneshot;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::commands::{RobotCommand, queries};
use workbot_schema::flow_executions::queries as runs;
use workbot_schema::ids::{CommandId, RunId};
use workbot_schema::messages;
use workbot_schema::sessions::{Session, SessionAct, SessionChange, SessionChanged};
use workbot_schema::store::StoreResult;

use super::SessionParts;
use super::actor::SessionActor;
use super::orders::SessionError;
use super::reasons::{self, Author, Carrier, Progress, TAKEN_OVER};
use super::takeover::Takeover;
use crate::flow::{Degraded, RunEvent, RunState};
use crate::journal::Written;

/// Where the answer to an order goes.
type Answer = Option<oneshot::Sender<Result<Session, SessionError>>>;

impl SessionActor {
    /// Carries out a person's order. From this moment on nothing is said in a conversation that is being taken over.
    pub(super) fn change(
        &mut self,
        act: SessionAct,
        row: Option<Box<Session>>,
        answer: Answer,
        ctx: &mut Context<Self>,
    ) {
        let now = self.parts.now();
        let is_human = matches!(act, SessionAct::TakeOver { .. } | SessionAct::HumanTyped { .. });
        if let (SessionAct::TakeOver { by, .. } | SessionAct::HumanTyped { by, .. }, None) =
            (&act, self.core.takeover(now))
        {
            self.core.set_takeover(Some(Takeover::begin(by, now)));
        }
        let session = row.filter(|_row| self.row.is_none()).map(|row| *row);
        let change = SessionChange { id: self.id.clone(), session, act };
        let written = self.parts.journal.write(vec![Record::Session(Box::new(change))]);
        ctx.spawn(written.into_actor(self).map(move |written, actor, ctx| {
            let outcome = actor.changed(written, is_human, ctx);
            if let Some(answer) = answer {
                // Whoever asked may have gone.
                drop(answer.send(outcome));
            }
            actor.go_on(ctx);
        }));
    }

    fn changed(
        &mut self,
        written: Written,
        is_human: bool,
        ctx: &mut Context<Self>,
    ) -> Result<Session, SessionError> {
        let outcome = match written {
            Ok(outcomes) => outcomes.into_iter().next(),
            Err(error) => {
                self.believe_the_row();
                return Err(error.into());
            }
        };
        let Some(Outcome::Session(changed)) = outcome else {
            self.believe_the_row();
            return Err(SessionError::NotFound);
        };
        let SessionChanged { session, is_won, cancelled } = *changed;
        self.take_row(session.clone());
        if !is_won {
            return match session.taken_over_by.clone() {
                Some(by) => Err(SessionError::TakenBy(by)),
                None => Ok(session),
            };
        }
        if is_human {
            self.silence(ctx);
        }
        self.hear_of(cancelled, ctx);
        Ok(session)
    }

    fn believe_the_row(&mut self) {
        match self.row.clone() {
            Some(row) => self.take_row(row),
            None => self.core.set_takeover(None),
        }
    }

    /// Ends the turn under way; a reply that is written already is cancelled in the queue.
    fn silence(&mut self, ctx: &mut Context<Self>) {
        let holding = self.runs.iter().filter(|(_id, held)| held.live.holds_turn());
        let holding: Vec<RunId> = holding.map(|(id, _held)| id.clone()).collect();
        for id in holding {
            let message = "人工已接管".to_owned();
            self.happen(&id, RunEvent::Stop { code: TAKEN_OVER.to_owned(), message }, ctx);
        }
    }

    /// Looks up commands that were cancelled and tells their runs.
    fn hear_of(&mut self, ids: Vec<CommandId>, ctx: &mut Context<Self>) {
        for id in ids {
            let db = self.parts.db.clone();
            let work = async move { queries::find(&db, id).await };
            ctx.spawn(work.into_actor(self).map(|found, actor, ctx| match found {
                Ok(Some(command)) => {
                    actor.tell(&Arc::new(command), ctx);
                    actor.go_on(ctx);
                }
                Ok(None) => {}
                Err(error) => log::warn!(error:% = error; "a cancelled reply cannot be looked up"),
            }));
        }
    }

    /// A command whose run is over has moved: its message may have another reason now.
    pub(super) fn tell_message(&mut self, command: &Arc<RobotCommand>, ctx: &mut Context<Self>) {
        let (parts, command) = (self.parts.clone(), Arc::clone(command));
        let is_taken_over = self.core.takeover(parts.now()).is_some();
        let work = async move {
            if let Err(error) = tell_message(&parts, &command, is_taken_over).await {
                log::warn!(command = command.id.as_str(), error:% = error; "the message of a command cannot be brought up to date");
            }
        };
        ctx.spawn(work.into_actor(self));
    }
}

async fn tell_message(parts: &SessionParts, command: &RobotCommand, is_taken_over: bool) -> StoreResult<()> {
    let Some(id) = command.message_id.clone() else { return Ok(()) };
    let Some(message) = messages::find(&parts.db, id).await? else { return Ok(()) };
    if message.command_id.as_ref() != Some(&command.id) {
        return Ok(());
    }
    let run = match message.run_id.clone() {
        Some(id) => runs::find(&parts.db, RunId(id)).await?,
        None => None,
    };
    let state = run.and_then(|run| run.state.read::<RunState>().ok());
    let author = match state.and_then(|state| state.degraded) {
        None => Author::Usual,
        Some(Degraded::ModelFailed) => Author::RulesForModel,
        Some(Degraded::BudgetSpent) => Author::RulesForBudget,
    };
    let carrier = Some(Carrier { state: command.state, is_offline: command.is_offline });
    let progress = Progress { is_over: true, error: None, author, carrier, is_taken_over };
    let Some((reason, detail)) = reasons::reason(progress) else { return Ok(()) };
    if message.reason == Some(reason) {
        return Ok(());
    }
    let settle = Record::Settle { id: message.id, reason, detail, command_id: None, from: message.reason };
    // Lost: somebody else knew it, or the sweep will.
    if let Err(error) = parts.journal.write(vec![settle]).await {
        log::warn!(command = command.id.as_str(), error:% = error; "the reason of a message was not written");
    }
    Ok(())
}
