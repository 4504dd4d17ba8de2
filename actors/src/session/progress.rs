//! What happens to runs in the actor's hands: answers, results, time; each step with its one write.
use std::sync::Arc;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, WrapFuture};
use workbot_schema::batch::Outcome;
use workbot_schema::commands::{RobotCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::ids::RunId;
use workbot_schema::robots::queries::RobotProfile;
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::sessions::Session;
use workbot_schema::wire::flow::RunStatus;

use super::actor::SessionActor;
use super::asking::{Around, Question};
use super::checkpoint::{self, Checkpoint, Desk};
use super::counters::count;
use super::library::Design;
use super::live_run::Told;
use super::oracle::Knowledge;
use super::orders::SessionError;
use super::reasons::{Carrier, QUEUE_FULL, TAKEN_OVER};
use super::storing::Stored;
use super::turns::Held;
use crate::flow::{CommandNews, RunEvent};
use crate::supervisor::directory::{Presence, Reservation};

/// Code of a run that the database refused to store.
const REFUSED: &str = "refused";

impl SessionActor {
    /// Lets something happen to a run, asks what it asks, writes what it did.
    pub(super) fn happen(&mut self, id: &RunId, event: RunEvent, ctx: &mut Context<Self>) {
        let Some(mut held) = self.runs.remove(id) else { return };
        if held.live.is_writing {
            held.live.inbox.push_back(event);
            self.runs.insert(id.clone(), held);
            return;
        }
        let is_begin = matches!(event, RunEvent::Start | RunEvent::Resume);
        let is_silenced = matches!(&event, RunEvent::Stop { code, .. } if code == TAKEN_OVER);
        if is_silenced && held.live.carrier.is_some() {
            // Its reply is written; whether it is sent is the queue's affair.
            self.runs.insert(id.clone(), held);
            return;
        }
        let (now, before, profile) = (self.parts.now(), held.live.mark(), self.profile());
        let design = self.parts.library.design();
        let knowledge = self.knowledge(&profile.robot, &design, held.live.is_canned, now);
        let asks = held.live.drive(event, &knowledge, now);
        let is_question_only =
            is_begin && !asks.is_empty() && held.live.is_plain() && held.live.step.is_some();
        let mut questions = Vec::with_capacity(asks.len());
        if !asks.is_empty() {
            let history = self.history.lines(held.message.created_at, self.parts.settings.idle);
            let passed = Duration::from_millis(self.parts.now_ms().saturating_sub(held.live.began_ms));
            let around = Around {
                knowledge: &knowledge,
                history: &history,
                picture: held.picture.as_deref(),
                left: self.parts.settings.turn_budget.saturating_sub(passed),
            };
            questions.extend(asks.into_iter().map(|ask| Question::new(&held.live, ask, &around)));
        }
        let is_taken_over = self.core.takeover(now).is_some();
        let is_changed = held.live.mark() != before
            || !held.live.is_plain()
            || checkpoint::settle(&held.live, is_taken_over, &mut Vec::new()) != held.live.told;
        self.runs.insert(id.clone(), held);
        for question in questions {
            self.ask(id, question, ctx);
        }
        if is_changed && !is_question_only {
            self.save(id, ctx);
        }
    }

    fn ask(&mut self, id: &RunId, question: Question, ctx: &mut Context<Self>) {
        if let Some(held) = self.runs.get_mut(id) {
            held.live.asking += 1;
        }
        let handling = self.stats.handling("AskModels", self.parts.now_ms());
        let (id, work) = (id.clone(), question.ask(self.parts.providers.clone(), self.parts.files.clone()));
        ctx.spawn(work.into_actor(self).map(move |event, actor, ctx| {
            drop(handling);
            if let Some(held) = actor.runs.get_mut(&id) {
                held.live.asking = held.live.asking.saturating_sub(1);
            }
            actor.happen(&id, event, ctx);
            actor.go_on(ctx);
        }));
    }

    /// Writes a run as it is now.
    fn save(&mut self, id: &RunId, ctx: &mut Context<Self>) {
        let wanted = self.runs.get(id).map_or(0, |held| held.live.draft.submissions.len());
        let places = match self.places(wanted) {
            Ok(places) => places,
            Err(()) => return self.refuse_reply(id, ctx),
        };
        let crashed = self.runs.get(id).and_then(|held| held.crashed);
        let made = self.with_desk(id, |held, desk| match crashed {
            Some(starts) => checkpoint::crashed(&mut held.live, desk, starts),
            None => checkpoint::checkpoint(&mut held.live, desk),
        });
        if let Some(made) = made {
            self.store(id, made, places, ctx);
        }
    }

    /// Places in the robot's queue for so many commands; an error when it is full.
    fn places(&self, wanted: usize) -> Result<Option<Arc<Reservation>>, ()> {
        let Some(entry) = self.entry.as_ref().filter(|_entry| wanted > 0) else { return Ok(None) };
        let wanted = i64::try_from(wanted).unwrap_or(i64::MAX);
        entry.reserve(wanted, false, self.parts.settings.queue_max).map(Some).ok_or(())
    }

    fn refuse_reply(&mut self, id: &RunId, ctx: &mut Context<Self>) {
        count(&self.parts.counters.queue_full);
        log::warn!(run = id.as_str(), session = self.id.as_str(); "a reply was refused because too many commands wait for the robot");
        if let Some(held) = self.runs.get_mut(id) {
            held.live.draft.submissions.clear();
        }
        let message = "机器人待发送指令过多，回复未发送".to_owned();
        self.happen(id, RunEvent::Stop { code: QUEUE_FULL.to_owned(), message }, ctx);
    }

    /// Makes a checkpoint of a run.
    pub(super) fn with_desk(
        &mut self,
        id: &RunId,
        make: impl FnOnce(&mut Held, &Desk<'_>) -> Checkpoint,
    ) -> Option<Checkpoint> {
        let mut held = self.runs.remove(id)?;
        let (now, profile) = (self.parts.now(), self.profile());
        let session = Session::of(&held.message);
        let message = Arc::clone(&held.message);
        let desk = Desk {
            robot: &profile.robot,
            message: &message,
            session: Some(&session),
            is_offline: self
                .entry
                .as_ref()
                .is_none_or(|entry| !entry.is_connected() && entry.presence() != Presence::Online),
            is_taken_over: self.core.takeover(now).is_some(),
            reply_expiry: self.parts.settings.reply_expiry,
            takeover_idle: self.parts.settings.core.takeover_idle,
            now,
        };
        let made = make(&mut held, &desk);
        self.runs.insert(id.clone(), held);
        Some(made)
    }

    /// Writes a checkpoint; what happens to the run meanwhile waits.
    pub(super) fn store(
        &mut self,
        id: &RunId,
        made: Checkpoint,
        places: Option<Arc<Reservation>>,
        ctx: &mut Context<Self>,
    ) {
        let Some(held) = self.runs.get_mut(id) else { return };
        held.live.is_writing = true;
        let Checkpoint { write, step, told } = made;
        let handling = self.stats.handling("SaveRun", self.parts.now_ms());
        let (id, work) = (id.clone(), self.parts.storage().store(write, places));
        ctx.spawn(work.into_actor(self).map(move |stored, actor, ctx| {
            drop(handling);
            actor.stored(&id, step, told, stored, ctx);
            actor.go_on(ctx);
        }));
    }

    fn stored(&mut self, id: &RunId, step: i32, told: Told, stored: Stored, ctx: &mut Context<Self>) {
        let outcomes = match stored {
            Stored::Done(outcomes) => outcomes,
            Stored::Refused(error) => return self.refused(id, &error, ctx),
            Stored::Lost | Stored::GaveUp => {
                // Somebody else goes on with it, or nobody yet: the store knows.
                count(&self.parts.counters.lost);
                if let Some(answer) = self.runs.remove(id).and_then(|held| held.opened) {
                    drop(answer.send(Err(SessionError::NotFound)));
                }
                self.core.look_again();
                return;
            }
        };
        for outcome in &outcomes {
            if let Outcome::Session(changed) = outcome {
                self.take_row(changed.session.clone());
            }
        }
        let Some(held) = self.runs.get_mut(id) else { return };
        held.live.is_writing = false;
        held.live.step = Some(step);
        held.live.told = told;
        if let Some(Outcome::Alert(raised)) =
            outcomes.iter().find(|outcome| matches!(outcome, Outcome::Alert(_)))
            && held.live.run.context.alert_id.is_some()
        {
            // Counted with an earlier one: that is the alert people see.
            held.live.run.context.alert_id = Some(raised.alert.id.0.clone());
        }
        if let Some(answer) = held.opened.take() {
            drop(answer.send(Ok(id.clone())));
        }
        if held.live.carrier.is_some() && !std::mem::replace(&mut held.is_noted, true) {
            let (at, idle, context) =
                (held.message.created_at, self.parts.settings.idle, &held.live.run.context);
            self.history.note(at, idle, &context.original_message, context.ai_response.as_deref());
        }
        if held.live.is_over() {
            if held.live.run.status == RunStatus::Failed {
                count(&self.parts.counters.failed);
            }
            self.runs.remove(id);
        } else if let Some(event) = held.start.take().or_else(|| held.live.inbox.pop_front()) {
            self.happen(id, event, ctx);
        }
        self.empty_inbox(id, ctx);
    }

    /// What waited for the write, as far as nothing is written because of it.
    fn empty_inbox(&mut self, id: &RunId, ctx: &mut Context<Self>) {
        while let Some(held) = self.runs.get_mut(id).filter(|held| !held.live.is_writing)
            && let Some(event) = held.live.inbox.pop_front()
        {
            self.happen(id, event, ctx);
        }
    }

    /// The database does not take a run: it ends, with as little as can be written. A second refusal leaves it to the sweep, which
    /// counts its starts.
    fn refused(&mut self, id: &RunId, error: &str, ctx: &mut Context<Self>) {
        log::error!(run = id.as_str(), session = self.id.as_str(), error = error; "a run cannot be written");
        let Some(held) = self.runs.get_mut(id) else { return };
        held.live.is_writing = false;
        if let Some(answer) = held.opened.take() {
            drop(answer.send(Err(SessionError::Store(error.to_owned()))));
        }
        if std::mem::replace(&mut held.is_refused, true) {
            self.runs.remove(id);
            return;
        }
        held.live.forget_words();
        let message = "运行数据无法保存，已停止".to_owned();
        self.happen(id, RunEvent::Stop { code: REFUSED.to_owned(), message }, ctx);
    }

    /// A command of the conversation has moved.
    pub(super) fn tell(&mut self, command: &Arc<RobotCommand>, ctx: &mut Context<Self>) {
        let is_of = |held: &Held| held.live.run.state.commands.iter().any(|news| news.send_id == command.id);
        let Some((id, held)) = self.runs.iter_mut().find(|(_id, held)| is_of(held)) else {
            return self.tell_message(command, ctx);
        };
        let id = id.clone();
        held.is_checking = false;
        let is_carrier = held.live.carrier.as_ref().is_none_or(|(carrier, _)| *carrier == command.id);
        if is_carrier {
            let carrier = Carrier { state: command.state, is_offline: command.is_offline };
            held.live.carrier = Some((command.id.clone(), carrier));
        }
        let news = CommandNews {
            send_id: command.id.clone(),
            state: command.state,
            error_code: command.error_code,
            error_reason: command.error_reason.clone(),
        };
        self.happen(&id, RunEvent::Command(news), ctx);
    }

    /// Wakes runs whose time has come. Of one that waits for a command the store is asked first: its event may have been lost.
    pub(super) fn act_on_due(&mut self, ctx: &mut Context<Self>) {
        let now = self.parts.now();
        let is_due = |held: &Held| held.live.due_at(now).is_some_and(|due_at| due_at <= now);
        let due: Vec<RunId> =
            self.runs.iter().filter(|(_id, held)| is_due(held)).map(|(id, _held)| id.clone()).collect();
        for id in due {
            let Some(held) = self.runs.get_mut(&id).filter(|held| !held.live.is_writing && !held.is_checking)
            else {
                continue;
            };
            let sent = held.live.run.state.commands.last().map(|news| news.send_id.clone());
            let Some(sent) = sent.filter(|_sent| held.live.run.status == RunStatus::Waiting) else {
                self.happen(&id, RunEvent::Due, ctx);
                continue;
            };
            held.is_checking = true;
            let db = self.parts.db.clone();
            let work = async move { queries::find(&db, sent).await };
            ctx.spawn(work.into_actor(self).map(move |found, actor, ctx| {
                let Some(held) = actor.runs.get_mut(&id) else { return };
                held.is_checking = false;
                match found {
                    Ok(command) => {
                        if let Some(command) = command {
                            actor.tell(&Arc::new(command), ctx);
                        }
                        actor.happen(&id, RunEvent::Due, ctx);
                        actor.go_on(ctx);
                    }
                    // It stays due.
                    Err(error) => log::warn!(run = id.as_str(), error:% = error; "a run waits for the store"),
                }
            }));
        }
    }

    /// What is known here for one step of a run.
    pub(super) fn knowledge<'a>(
        &'a self,
        robot: &'a Robot,
        design: &'a Design,
        is_canned: bool,
        now: Ts,
    ) -> Knowledge<'a> {
        Knowledge {
            providers: &self.parts.providers,
            design,
            rules: &self.parts.rules,
            robot,
            chat_persona: self.chat_persona(),
            is_canned,
            now,
        }
    }

    /// The persona chosen for the chat.
    pub(super) fn chat_persona(&self) -> Option<&str> {
        self.row.as_ref().and_then(|row| row.persona_id.as_ref()).map(|id| id.as_str())
    }

    /// The robot as it is now; of a deleted one only the id.
    fn profile(&self) -> Arc<RobotProfile> {
        match &self.entry {
            Some(entry) => entry.profile(),
            None => {
                let mut robot = Robot::new(RobotKind::Native, String::new(), None, self.parts.now());
                robot.id = self.robot;
                Arc::new(RobotProfile { robot, bindings: Vec::new(), members: Vec::new() })
            }
        }
    }
}
