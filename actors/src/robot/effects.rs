//! Carrying out what the core of a connection decides: frames out, writes as futures whose answers go back into it.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::{ActorFuture, ActorFutureExt, AsyncContext, WrapFuture};
use workbot_schema::batch::Record;
use workbot_schema::class::Class;
use workbot_schema::commands::operations::Moved;
use workbot_schema::commands::queries;
use workbot_schema::fields::Ts;
use workbot_schema::ids::CommandId;
use workbot_schema::logs::RobotLog;
use workbot_schema::messages::Entrance;
use workbot_schema::wire::inbound_message::InboundMessage;

use super::command_service::CommandError;
use super::core::{Effect, Input, Taken};
use super::dialect::{Reply, native, worktool};
use super::message_service::{MessageError, Received};
use super::socket::{Fetched, Lease, Said, store_in_the_end};
use super::{Context, RobotActor};

/// Wait advised when a message cannot be stored, seconds.
const RETRY_AFTER_SECS: u64 = 5;

impl RobotActor {
    pub(super) fn apply(
        &mut self,
        effect: Effect,
        files: &[(CommandId, String)],
        now: Ts,
        ctx: &mut Context,
    ) {
        let parts = Arc::clone(&self.parts);
        let (robot, entry) = (self.login.entry.uuid, &self.login.entry);
        let fence = || entry.fence(self.lease.as_ref().map_or(0, Lease::generation));
        match effect {
            Effect::Send(reply) => {
                if matches!(reply, Reply::Error { .. }) {
                    parts.counters.bad_frames.fetch_add(1, Ordering::Relaxed);
                }
                if self.worktool.is_some() {
                    // The app is told nothing but commands.
                    return;
                }
                self.sent_frames += 1;
                ctx.text(native::encode(&reply, now.millis(), self.sent_frames));
            }
            Effect::Push { command, is_redelivered } => {
                let file = files.iter().find(|(id, _content)| *id == command.id);
                let content = file.map(|(_id, content)| content.as_str());
                if self.worktool.is_some() {
                    return self.worktool_push(&command, content, ctx);
                }
                match native::push(&command, content, is_redelivered, now.millis()) {
                    Some(frame) => {
                        parts.counters.pushed.fetch_add(1, Ordering::Relaxed);
                        ctx.text(frame);
                    }
                    None => {
                        log::error!(message = command.id.as_str(); "the stored item of a command is no object")
                    }
                }
            }
            Effect::TakeUnconfirmed(limit) => {
                let fetch = parts.fetch(Record::TakeUnconfirmed { robot, limit, fence: fence() });
                ctx.spawn(fetch.into_actor(self).map(move |Fetched { mut taken, files }, actor, ctx| {
                    let is_complete = taken.count().is_some_and(|count| count < limit);
                    if let (Some(_side), Taken::Rows(rows)) = (&actor.worktool, &mut taken) {
                        worktool::in_push_order(rows);
                    }
                    actor.step_with(Input::Unconfirmed(taken, is_complete), &files, ctx);
                }));
            }
            Effect::Claim(limit) => {
                // Before the claim: what is queued after it wakes this robot again.
                entry.has_work.store(false, Ordering::Release);
                entry.has_clear.store(false, Ordering::Release);
                let fetch = parts.fetch(Record::Claim { robot, limit, fence: fence() });
                ctx.spawn(fetch.into_actor(self).map(|Fetched { taken, files }, actor, ctx| {
                    actor.step_with(Input::Claimed(taken), &files, ctx);
                }));
            }
            Effect::ClaimOnly(command_type) => {
                entry.has_clear.store(false, Ordering::Release);
                let fetch = parts.fetch(Record::ClaimOnly { robot, command_type, fence: fence() });
                ctx.spawn(fetch.into_actor(self).map(|Fetched { taken, files }, actor, ctx| {
                    actor.step_with(Input::Claimed(taken), &files, ctx);
                }));
            }
            Effect::Receive { reference, message } => self.receive(reference, *message, ctx),
            Effect::Confirm { id, attempt } => {
                let stored = parts.commands.confirm(entry, &id, attempt);
                let stored =
                    stored.into_actor(self).map(move |outcome, actor: &mut Self, ctx: &mut Context| {
                        actor.moved(id, Some(Said::Confirm(attempt)), outcome, ctx);
                    });
                self.follow(stored, ctx);
            }
            Effect::Report { id, result } => {
                let stored = parts.commands.report(entry, &id, result.as_ref().clone());
                let stored =
                    stored.into_actor(self).map(move |outcome, actor: &mut Self, ctx: &mut Context| {
                        actor.moved(id, Some(Said::Report(result)), outcome, ctx);
                    });
                self.follow(stored, ctx);
            }
            Effect::Check(id) => {
                let read = async move { (queries::find(&parts.db, id.clone()).await, id) };
                ctx.spawn(read.into_actor(self).map(|(found, id), actor, ctx| {
                    // What could not be read is looked at again.
                    let row = found.ok().flatten().map(|row| (row.state, row.attempt));
                    if row.is_some() {
                        actor.worktool_settle(&id, row, ctx);
                    }
                    actor.step(Input::Checked(id, row), ctx);
                }));
            }
            Effect::Note { kind, code, text } => self.note(kind, code, text),
            Effect::Drop { id, what } => parts.lose_report(entry, id.as_str(), what),
            Effect::Close(cause) => self.part(cause, ctx),
        }
    }

    /// Keeps a line in the phone's log.
    pub(super) fn note(&self, kind: &'static str, code: Option<i32>, text: String) {
        let created_at = Ts::new(self.parts.clock.now());
        let robot_uuid = self.login.entry.uuid;
        let line = RobotLog { seq: 0, robot_uuid, kind: kind.to_owned(), code, text, created_at };
        self.parts.journal.log(Record::RobotLog(line));
    }

    /// Lets a write go on beside the frames; with too many of them under way nothing is read until this one is done.
    fn follow(&self, stored: impl ActorFuture<Self, Output = ()> + 'static, ctx: &mut Context) {
        if self.core.is_crowded() {
            ctx.wait(stored);
        } else {
            ctx.spawn(stored);
        }
    }

    fn receive(&mut self, reference: Option<String>, mut message: InboundMessage, ctx: &mut Context) {
        if message.file_base64.is_none() {
            return self.store(reference, message, None, ctx);
        }
        // Nothing is read meanwhile: messages keep their order.
        let (parts, entry) = (Arc::clone(&self.parts), Arc::clone(&self.login.entry));
        let prepare = async move {
            let prepared = parts.messages.prepare(&entry, &mut message, Entrance::Socket).await;
            (prepared, message)
        };
        ctx.wait(prepare.into_actor(self).map(|(prepared, message), actor, ctx| match prepared {
            Ok(file_name) => actor.store(reference, message, file_name, ctx),
            Err(error) => actor.stored(reference, Err(error), ctx),
        }));
    }

    fn store(
        &mut self,
        reference: Option<String>,
        message: InboundMessage,
        file_name: Option<String>,
        ctx: &mut Context,
    ) {
        let stored = self.parts.messages.store(&self.login.entry, message, file_name, Entrance::Socket);
        ctx.spawn(stored.into_actor(self).map(|outcome, actor, ctx| actor.stored(reference, outcome, ctx)));
    }

    fn stored(
        &mut self,
        reference: Option<String>,
        outcome: Result<Received, MessageError>,
        ctx: &mut Context,
    ) {
        if let Err(error) = &outcome {
            log::warn!(robot = self.robot_id().as_str(), error:% = error; "a message is not stored");
        }
        let outcome = outcome.map(|received| received.message_id).map_err(|_logged| RETRY_AFTER_SECS);
        self.step(Input::Stored { reference, outcome }, ctx);
    }

    /// What became of a confirmation or result; `said` = it may be tried again.
    fn moved(
        &mut self,
        id: CommandId,
        said: Option<Said>,
        outcome: Result<Moved, CommandError>,
        ctx: &mut Context,
    ) {
        match (outcome, said) {
            (Ok(moved), _) => {
                self.worktool_settle(&id, Some((moved.command.state, moved.command.attempt)), ctx);
                self.step(Input::Moved(id, Some(Box::new(moved))), ctx);
            }
            (Err(CommandError::NotFound), _) => {
                self.worktool_settle(&id, None, ctx);
                self.step(Input::Moved(id, None), ctx);
            }
            (Err(error), Some(said)) if error.class() == Class::Transient => {
                let (commands, entry) = (self.parts.commands.clone(), Arc::clone(&self.login.entry));
                let task = actix_rt::spawn(store_in_the_end(commands, entry, id.clone(), said));
                ctx.spawn(task.into_actor(self).map(move |outcome, actor, ctx| {
                    let outcome = outcome.unwrap_or(Err(CommandError::Unexpected("the end of a task")));
                    actor.moved(id, None, outcome, ctx);
                }));
            }
            (Err(error), _) => {
                self.parts.lose_report(&self.login.entry, id.as_str(), &error.to_string());
                self.step(Input::Lost(id), ctx);
            }
        }
    }
}
