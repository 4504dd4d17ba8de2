//! Pure: the one write in which a run is stored with everything it did since the last one.
//!
//! The run comes first: who lost it writes nothing else. Then the conversation (a person takes it, its customer resets it), the
//! commands, alerts, notifications, and at last why the message was answered.
use chrono::TimeDelta;
use workbot_schema::alerts::{Alert, AlertLevel, NewAlert};
use workbot_schema::batch::{Record, Write};
use workbot_schema::commands::{CommandState, NewCommand};
use workbot_schema::fields::{Document, Ts};
use workbot_schema::flow_executions::{FlowExecution, NewRun, RunCheckpoint, RunStatus, Spend};
use workbot_schema::messages::{MessageReason, SessionMessage};
use workbot_schema::robots::Robot;
use workbot_schema::sessions::{Session, SessionAct, SessionChange};
use workbot_schema::token_usage::day_of;

use super::live_run::{LiveRun, RunHead, Told};
use super::reasons::{self, Carrier};
use super::reply::{ReplyContext, reply_command};
use super::takeover::{self, CUSTOMER};
use crate::flow::{AlertDraft, Submission};

/// The same alert of one conversation within this time is one alert.
const ALERT_COOLDOWN: TimeDelta = TimeDelta::minutes(5);
/// Code of a run whose row cannot be read.
const UNREADABLE: &str = "unreadable";
/// An alert of a run that crashed the server again and again is one alert within this time.
const CRASH_COOLDOWN: TimeDelta = TimeDelta::hours(1);

/// What a checkpoint must know of the world.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// Whose chat.
    pub robot: &'a Robot,
    /// The first message of the turn.
    pub message: &'a SessionMessage,
    /// The conversation, when its row is to be made or brought up to date.
    pub session: Option<&'a Session>,
    /// The robot is away.
    pub is_offline: bool,
    /// A person has the conversation.
    pub is_taken_over: bool,
    /// A reply is not sent later than this.
    pub reply_expiry: TimeDelta,
    /// A person who did nothing for so long has lost a conversation.
    pub takeover_idle: TimeDelta,
    /// The time.
    pub now: Ts,
}

/// A write, and what is true of the run once it is made.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// The records.
    pub write: Write,
    /// The step of the run's row then.
    pub step: i32,
    /// What its message says then.
    pub told: Told,
}

/// The write of a run that begins, before it takes its first step: whatever happens then, its start is counted.
pub fn opening(live: &mut LiveRun, desk: &Desk<'_>, due_at: Ts) -> Checkpoint {
    let write = vec![started(live, desk, Some(due_at))];
    Checkpoint { write, step: 0, told: live.told.clone() }
}

/// The write of a run at the place it has come to.
pub fn checkpoint(live: &mut LiveRun, desk: &Desk<'_>) -> Checkpoint {
    let draft = std::mem::take(&mut live.draft);
    let commands: Vec<NewCommand> =
        draft.submissions.into_iter().map(|submission| command(submission, desk)).collect();
    if let (None, Some(command)) = (&live.carrier, commands.first()) {
        let carrier = Carrier { state: CommandState::Queued, is_offline: command.is_offline };
        live.carrier = Some((command.id.clone(), carrier));
    }
    let due_at = live.due_at(desk.now);
    let (run, step) = match live.step {
        None => (started(live, desk, due_at), 0),
        Some(step) => (saved(live, step, due_at, desk.now), step.saturating_add(1)),
    };
    let mut write = vec![run];
    let wants_person = !commands.is_empty() && takeover::wants_person(live.run.context.intent.as_deref());
    let person =
        SessionAct::TakeOver { by: CUSTOMER.to_owned(), idle_before: desk.now.plus(-desk.takeover_idle) };
    let acts = draft.act.into_iter().chain(wants_person.then_some(person));
    write.extend(acts.map(|act| {
        let session = Some(Session::of(desk.message));
        Record::Session(Box::new(SessionChange { id: live.head.session.clone(), session, act }))
    }));
    write.extend(commands.into_iter().map(|command| Record::Command(Box::new(command))));
    write.extend(draft.alerts.into_iter().map(|alert| flow_alert(&live.head, alert, desk.now)));
    let notifications = draft.notifications.into_iter();
    write.extend(notifications.map(|notification| Record::Notification(Box::new(notification))));
    let told = settle(live, desk.is_taken_over, &mut write);
    Checkpoint { write, step, told }
}

/// The write that ends a run which nobody could carry to an end.
pub fn crashed(live: &mut LiveRun, desk: &Desk<'_>, starts: i32) -> Checkpoint {
    let mut checkpoint = checkpoint(live, desk);
    let mut alert = Alert::new(AlertLevel::Critical, reasons::CRASHED, desk.now);
    let data = serde_json::json!({
        "runId": live.head.id, "starts": starts, "node": live.run.context.current_node_id,
    });
    alert.robot_uuid = Some(live.head.robot);
    alert.session_id = Some(live.head.session.clone());
    alert.message_id = live.head.messages.first().cloned();
    alert.run_id = Some(live.head.id.clone());
    alert.dedupe_key = format!("{}:{}", reasons::CRASHED, live.head.id);
    alert.data = Document::from(data);
    let since = desk.now.plus(-CRASH_COOLDOWN);
    checkpoint.write.push(Record::Alert(Box::new(NewAlert { alert, since, notifications: Vec::new() })));
    checkpoint
}

/// The write that ends a run whose row cannot be read.
pub fn unreadable(row: FlowExecution, now: Ts) -> Write {
    let messages = row.message_list();
    let settle = Record::Settle {
        id: row.message_id.clone(),
        reason: MessageReason::Failed,
        detail: Some(UNREADABLE.to_owned()),
        command_id: None,
        from: None,
    };
    let save = Record::SaveRun(Box::new(RunCheckpoint {
        id: row.id,
        robot_uuid: row.robot_uuid,
        session_id: row.session_id,
        flow_id: row.flow_id,
        messages,
        step_before: row.step,
        status: RunStatus::Failed,
        context: row.context,
        state: row.state,
        nodes: row.nodes,
        new_nodes: Vec::new(),
        due_at: None,
        error_code: Some(UNREADABLE.to_owned()),
        error: None,
        duration_ms: Some((now.utc() - row.started_at.utc()).num_milliseconds().max(0)),
        spent: None,
    }));
    vec![save, settle]
}

/// Appends why the message was answered, when that has changed; what it says then.
pub fn settle(live: &LiveRun, is_taken_over: bool, write: &mut Write) -> Told {
    let Some((reason, detail)) = reasons::reason(live.progress(is_taken_over)) else {
        return live.told.clone();
    };
    let command =
        live.carrier.as_ref().map(|(id, _carrier)| id.clone()).or_else(|| live.told.command.clone());
    let told = Told { reason: Some(reason), command };
    if let Some(id) = live.head.messages.first().filter(|_id| told != live.told) {
        write.push(Record::Settle {
            id: id.clone(),
            reason,
            detail,
            command_id: told.command.clone(),
            from: live.told.reason,
        });
    }
    told
}

fn command(submission: Submission, desk: &Desk<'_>) -> NewCommand {
    let Desk { robot, message, .. } = *desk;
    let original = if message.raw_spoken.is_empty() { &message.spoken } else { &message.raw_spoken };
    let context = ReplyContext {
        robot,
        session: &message.session_id,
        message: &message.id,
        received_name: &message.received_name,
        original,
        text_type: message.text_type,
        is_offline: desk.is_offline,
        expiry: desk.reply_expiry,
        now: desk.now,
    };
    reply_command(submission, &context)
}

/// The row of a run as it is now.
fn started(live: &mut LiveRun, desk: &Desk<'_>, due_at: Option<Ts>) -> Record {
    let new_nodes = live.run.take_new_nodes();
    let spent = spent(live, desk.now);
    let (head, run) = (&live.head, &live.run);
    let is_over = live.is_over();
    let execution = FlowExecution {
        seq: 0,
        id: head.id.clone(),
        flow_id: head.flow_id.clone(),
        flow_version: head.flow_version,
        robot_uuid: head.robot,
        session_id: head.session.clone(),
        message_id: desk.message.id.clone(),
        message_ids: document(&head.messages),
        status: run.status,
        step: 0,
        starts: 1,
        context: document(&run.context),
        state: document(&run.state),
        nodes: document(&run.nodes),
        error_code: run.error.as_ref().map(|error| error.code.clone()),
        error: run.error.as_ref().map(|error| error.message.clone()),
        tokens: 0,
        cost_micros: 0,
        duration_ms: is_over.then(|| duration_ms(head, desk.now)),
        retry_of: head.retry_of.clone(),
        retry_from: head.retry_from.clone(),
        started_at: head.started_at,
        due_at,
        finished_at: is_over.then_some(desk.now),
    };
    let session = desk.session.cloned();
    Record::StartRun(Box::new(NewRun {
        execution,
        messages: head.messages.clone(),
        new_nodes,
        session,
        spent,
    }))
}

/// The change of a run's row.
fn saved(live: &mut LiveRun, step_before: i32, due_at: Option<Ts>, now: Ts) -> Record {
    let new_nodes = live.run.take_new_nodes();
    let spent = spent(live, now);
    let (head, run) = (&live.head, &live.run);
    Record::SaveRun(Box::new(RunCheckpoint {
        id: head.id.clone(),
        robot_uuid: head.robot,
        session_id: head.session.clone(),
        flow_id: head.flow_id.clone(),
        messages: head.messages.clone(),
        step_before,
        status: run.status,
        context: document(&run.context),
        state: document(&run.state),
        nodes: document(&run.nodes),
        new_nodes,
        due_at,
        error_code: run.error.as_ref().map(|error| error.code.clone()),
        error: run.error.as_ref().map(|error| error.message.clone()),
        duration_ms: live.is_over().then(|| duration_ms(head, now)),
        spent,
    }))
}

/// What models took since the last write.
fn spent(live: &mut LiveRun, now: Ts) -> Option<Spend> {
    let (before, all) = (live.spent, live.run.state.spent);
    live.spent = all;
    let spend = Spend {
        day: day_of(now),
        tokens: all.tokens.saturating_sub(before.tokens),
        cost_micros: all.cost_micros.saturating_sub(before.cost_micros),
    };
    (spend.tokens != 0 || spend.cost_micros != 0).then_some(spend)
}

fn duration_ms(head: &RunHead, now: Ts) -> i64 {
    (now.utc() - head.started_at.utc()).num_milliseconds().max(0)
}

fn flow_alert(head: &RunHead, draft: AlertDraft, now: Ts) -> Record {
    let level = AlertLevel::parse(&draft.level).unwrap_or(AlertLevel::Warning);
    let mut alert = Alert::new(level, draft.code, now);
    alert.id = draft.alert_id;
    alert.robot_uuid = Some(head.robot);
    alert.session_id = Some(head.session.clone());
    alert.message_id = head.messages.first().cloned();
    alert.run_id = Some(head.id.clone());
    alert.dedupe_key = format!("flow:{}:{}", alert.code, head.session);
    alert.data = Document::from(draft.data);
    let since = now.plus(-ALERT_COOLDOWN);
    Record::Alert(Box::new(NewAlert { alert, since, notifications: Vec::new() }))
}

/// JSON of our own types, whose keys are strings: it cannot fail.
fn document<T: serde::Serialize + ?Sized>(value: &T) -> Document {
    Document::of(value).unwrap_or_default()
}
