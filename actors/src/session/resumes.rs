//! Runs that are gone on with: taken up again after a crash or restart, or repeated because somebody wants so.
use std::sync::Arc;

use actix::Context;
use tokio::sync::oneshot;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::flow_executions::FlowExecution;
use workbot_schema::ids::{FlowId, RunId};
use workbot_schema::messages::SessionMessage;
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::sessions::loading as rows;
use workbot_schema::store::StoreResult;
use workbot_schema::wire::flow::RunStatus;

use super::actor::SessionActor;
use super::checkpoint;
use super::core::TOO_OLD;
use super::counters::{TurnGuard, count};
use super::live_run::{LiveRun, RunHead, Told};
use super::loading::{self, OpenRun};
use super::orders::{Retry, SessionError};
use super::reasons::{CRASHED, Carrier, EXPIRED_BY_RESTART, TAKEN_OVER};
use super::seed;
use super::storing::Stored;
use super::turns::Held;
use crate::flow::{CompiledFlow, RetryFrom, Run, RunEvent, RunSeed};

/// A run is given up at this start.
const STARTS_MAX: i32 = 3;

impl SessionActor {
    /// A run that only waits for a result or a time needs no new start; every other one does.
    pub(super) fn adopt(&mut self, open: OpenRun, ctx: &mut Context<Self>) {
        let is_waiting = open.row.status == RunStatus::Waiting && self.crashes == 0 && self.entry.is_some();
        match (open.live, open.message) {
            (Some(live), Some(message)) if is_waiting => {
                let id = live.head.id.clone();
                let mut held = Held::new(*live, message);
                held.is_noted = true;
                self.runs.insert(id, held);
                if let Some(command) = open.command {
                    self.tell(&Arc::new(command), ctx);
                }
            }
            (live, message) => self.resumes.push_back(OpenRun { live, message, ..open }),
        }
    }

    /// Takes a run up again: its start is counted before anything else.
    pub(super) fn resume(&mut self, open: OpenRun, ctx: &mut Context<Self>) {
        let write = vec![Record::ResumeRun { id: open.row.id.clone(), step: open.row.step }];
        let stored = self.parts.storage().store(write, None);
        self.job("ResumeRun", ctx, stored, move |actor, stored, ctx| match stored {
            Stored::Done(outcomes) => {
                let row = outcomes.into_iter().find_map(|outcome| match outcome {
                    Outcome::Run(row) => Some(*row),
                    _ => None,
                });
                match row {
                    Some(row) => actor.go_on_with(open, row, ctx),
                    None => actor.core.look_again(),
                }
            }
            Stored::Lost => actor.core.look_again(),
            Stored::Refused(_) | Stored::GaveUp => {}
        });
    }

    fn go_on_with(&mut self, open: OpenRun, row: FlowExecution, ctx: &mut Context<Self>) {
        count(&self.parts.counters.resumed);
        let (now, starts) = (self.parts.now(), row.starts);
        let is_old = row.started_at.plus(TOO_OLD) <= now;
        let Some((mut live, message)) = open.live.zip(open.message) else {
            return self.give_up(row, ctx);
        };
        live.step = Some(row.step);
        live.began_ms = self.parts.now_ms();
        let id = live.head.id.clone();
        let mut held = Held::new(*live, message);
        held.guard = Some(TurnGuard::go_on(&self.parts.counters));
        held.picture = held.message.file_name.clone();
        if let Some(command) = &open.command {
            held.live.carrier =
                Some((command.id.clone(), Carrier { state: command.state, is_offline: command.is_offline }));
        }
        let stop =
            |code: &str, message: &str| RunEvent::Stop { code: code.to_owned(), message: message.to_owned() };
        let event = if starts >= STARTS_MAX {
            count(&self.parts.counters.crashed);
            log::error!(run = id.as_str(), session = self.id.as_str(), starts = starts; "a run was started for the third time and is given up");
            held.crashed = Some(starts);
            stop(CRASHED, "运行第三次启动仍未完成，已停止")
        } else if self.entry.is_none() {
            stop("robot_gone", "机器人已删除")
        } else if is_old {
            stop(EXPIRED_BY_RESTART, "重启后消息已过期，不再回复")
        } else if self.core.takeover(now).is_some() && held.live.carrier.is_none() {
            stop(TAKEN_OVER, "人工已接管")
        } else if held.live.run.state.visits == 0 && held.live.run.state.tokens.is_empty() {
            // Stored before its first step.
            RunEvent::Start
        } else {
            RunEvent::Resume
        };
        self.runs.insert(id.clone(), held);
        self.happen(&id, event, ctx);
    }

    /// Ends a run whose row or message cannot be read.
    fn give_up(&mut self, row: FlowExecution, ctx: &mut Context<Self>) {
        log::error!(run = row.id.as_str(), session = self.id.as_str(); "a run cannot be read and is given up");
        let write = checkpoint::unreadable(row, self.parts.now());
        let stored = self.parts.storage().store(write, None);
        self.job("SaveRun", ctx, stored, |_actor, _stored, _ctx| {});
    }

    /// Repeats a run as a new one.
    pub(super) fn retry(
        &mut self,
        retry: Retry,
        answer: oneshot::Sender<Result<RunId, SessionError>>,
        ctx: &mut Context<Self>,
    ) {
        if self.entry.is_none() {
            // Nothing was read yet.
            self.core.look_again();
        }
        let (parts, from, robot) = (self.parts.clone(), RetryFrom::read(&retry.from), self.robot);
        let own =
            self.entry.as_ref().map(|entry| self.parts.library.design().flow_of(&entry.profile().robot));
        let id = retry.run.clone();
        let is_whole = from == RetryFrom::Start;
        let work = async move {
            let found = rows::load_run(&parts.db, id).await?;
            let Some((row, messages)) = found.filter(|(row, _messages)| row.robot_uuid == robot) else {
                return StoreResult::Ok(None);
            };
            let old = loading::open(&parts, row, messages.first().cloned().map(Arc::new)).await?;
            // From its start a run takes the flow as it is now; in the middle only its own version has its nodes.
            let flow = match own.filter(|_own| is_whole) {
                Some((id, version)) => {
                    Some((parts.library.flow(&parts.db, &id, version).await?, id, version))
                }
                None => None,
            };
            let entry = parts.directory.get(RobotKey::Uuid(robot)).await;
            Ok(Some((old, messages, flow, entry.ok().flatten())))
        };
        self.job("RetryRun", ctx, work, move |actor, found, ctx| {
            let begun = match found {
                Err(error) => Err(SessionError::Store(error.to_string())),
                Ok(None) => Err(SessionError::NotFound),
                Ok(Some((old, messages, flow, entry))) => {
                    actor.entry = entry.or_else(|| actor.entry.take());
                    actor.repeat(old, messages, flow, (&from, &retry.from))
                }
            };
            match begun {
                Ok(mut held) => {
                    let id = held.live.head.id.clone();
                    held.opened = Some(answer);
                    actor.runs.insert(id.clone(), held);
                    actor.open(&id, RunEvent::Start, ctx);
                }
                // Whoever asked may have gone.
                Err(error) => drop(answer.send(Err(error))),
            }
        });
    }

    fn repeat(
        &mut self,
        old: OpenRun,
        messages: Vec<SessionMessage>,
        flow: Option<(Arc<CompiledFlow>, FlowId, i64)>,
        (from, from_text): (&RetryFrom, &str),
    ) -> Result<Held, SessionError> {
        let now = self.parts.now();
        let messages: Vec<Arc<SessionMessage>> = messages.into_iter().map(Arc::new).collect();
        let (Some(entry), Some(first), Some(before)) = (&self.entry, messages.first(), &old.live) else {
            return Err(SessionError::NotFound);
        };
        let robot = &entry.profile().robot;
        let voice = self.parts.library.design().voice_of(robot, self.chat_persona());
        let context = seed::context(robot, &messages, voice.as_ref().map(|voice| &voice.persona), now);
        let context = context.ok_or(SessionError::NotFound)?;
        let id = RunId::generate();
        let attempt = before.run.state.attempt.saturating_add(1);
        let run = Run::retry(&before.run, from, RunSeed { run_id: id.clone(), attempt, context })?;
        let (flow, flow_id, flow_version) =
            flow.unwrap_or_else(|| (Arc::clone(&before.flow), old.row.flow_id.clone(), old.row.flow_version));
        let head = RunHead {
            id,
            flow_id,
            flow_version,
            robot: self.robot,
            session: self.id.clone(),
            messages: messages.iter().map(|message| message.id.clone()).collect(),
            retry_of: Some(old.row.id.clone()),
            retry_from: Some(from_text.to_owned()),
            started_at: now,
        };
        let told = Told { reason: first.reason, command: first.command_id.clone() };
        let live = LiveRun::begin(head, run, flow, told, self.parts.now_ms());
        let mut held = Held::new(live, Arc::clone(first));
        held.guard = Some(TurnGuard::begin(&self.parts.counters));
        held.picture = messages.iter().find_map(|message| message.file_name.clone());
        Ok(held)
    }
}
