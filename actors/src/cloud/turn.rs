//! One turn of a robot: claim, one call, and what came of it written down.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::TimeDelta;
use workbot_schema::batch::{Outcome, Record, Write};
use workbot_schema::class::Class;
use workbot_schema::commands::operations::ClaimLimit;
use workbot_schema::commands::{CommandEvent, ExecutionResult, RobotCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::ids::CommandId;
use workbot_schema::store::StoreError;
use workbot_schema::wire::command_code::{self, Answer};
use workbot_schema::worktool::WorktoolFact;
use workbot_schema::worktool::cloud_sends::{self, CloudSend, PLATFORM_ID_BYTES};

use super::CloudParts;
use super::account::Account;
use super::answer::{Came, Verdict, judge};
use crate::delivery::http_client::{CallError, CallOutcome};
use crate::kernel::Backoff;
use crate::robot::command_service::result_target;
use crate::supervisor::directory::RobotEntry;

/// Bytes of one call; one larger command goes alone.
const CALL_BYTES: i64 = 1_048_576;
/// A write that the journal does not take is made again.
const AGAIN: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(5) };
/// … and given up after this.
const LONGEST: Duration = Duration::from_secs(600);
/// Nobody may be told of more than the platform can have: looked at again then.
const FULL: Duration = Duration::from_secs(2);
/// Rows of one look at what was never answered.
const SENT: i64 = 1_000;
/// After a store that does not answer.
const STORE: Duration = Duration::from_secs(1);

/// What a turn came to.
#[derive(Debug)]
pub(super) enum Turn {
    /// The platform answered; there may be more to send.
    Done,
    /// Nothing waits.
    Idle,
    /// Not before.
    Wait(Duration),
    /// A batch was refused: its commands go one by one, so many.
    OneByOne(usize),
    /// The platform does not know the robot, or is not there; the first command of the call.
    Away(String, Option<CommandId>),
    /// A newer login has the robot.
    Stale,
}

/// What a turn is made with.
pub(super) struct Order {
    pub account: Account,
    pub generation: u64,
    /// Commands, at most.
    pub most: u32,
    /// The command with which the platform did not know the robot the last time, although it knew it in between.
    pub strange: Option<CommandId>,
}

/// Makes one turn; what it came to, and how many commands were claimed.
pub(super) async fn make(parts: CloudParts, entry: Arc<RobotEntry>, order: Order) -> (Turn, usize) {
    let mut claimed = 0;
    match attempt(&parts, &entry, &order, &mut claimed).await {
        Ok(turn) => (turn, claimed),
        Err(error) => {
            log::warn!(robot = entry.profile().robot.robot_id.as_str(), error:% = error; "a hosted robot waits for the store");
            (Turn::Wait(STORE), claimed)
        }
    }
}

async fn attempt(
    parts: &CloudParts,
    entry: &RobotEntry,
    order: &Order,
    claimed: &mut usize,
) -> Result<Turn, StoreError> {
    let now = Ts::new(parts.clock.now());
    // What is queued from now on wakes the robot again.
    entry.has_work.store(false, Ordering::Release);
    if !queries::has_queued(&parts.db, entry.uuid).await? {
        return Ok(Turn::Idle);
    }
    let unfinished = cloud_sends::count_unfinished(&parts.db, entry.uuid, now).await?;
    let room = i64::from(parts.settings.unfinished).saturating_sub(unfinished).min(i64::from(order.most));
    if room <= 0 {
        return Ok(Turn::Wait(FULL));
    }
    if let Err(wait) = parts.gate.take(&order.account.origin(), parts.clock.monotonic_ms()) {
        return Ok(Turn::Wait(wait));
    }
    let limit = ClaimLimit { commands: room, bytes: CALL_BYTES, is_window_empty: true };
    // From the claim on until the end is written, results that overtake it wait.
    let _call = parts.calls.begin(entry.uuid);
    let claim = Record::Claim { robot: entry.uuid, limit, fence: entry.fence(order.generation) };
    let rows = match parts.journal.write(vec![claim]).await.map(|outcomes| outcomes.into_iter().next()) {
        Ok(Some(Outcome::Claimed(rows))) => rows,
        Ok(Some(Outcome::Stale)) => return Ok(Turn::Stale),
        Ok(_) => return Err(StoreError::Unavailable("unexpected outcome of a claim".to_owned())),
        Err(error) => return Err(StoreError::Unavailable(error.to_string())),
    };
    *claimed = rows.len();
    if rows.is_empty() {
        return Ok(Turn::Idle);
    }
    let body = match body(parts, &rows).await {
        Ok(body) => body,
        Err(error) => {
            put_back(parts, entry, &rows, STORE).await;
            return Err(error);
        }
    };
    let first = rows.first().map(|row| row.id.clone());
    let key = first.as_ref().map(|id| format!("{id}-{}", rows.first().map_or(1, |row| row.attempt)));
    let headers = [
        ("content-type", "application/json; charset=utf-8".to_owned()),
        ("idempotency-key", key.unwrap_or_default()),
    ];
    let url = order.account.url("/wework/sendRawMessage");
    let outcome = parts.http.post(&url, &headers, body, parts.settings.budget).await;
    let verdict = match judge(&came(&outcome)) {
        // It answers when it is asked whether the robot is there, and not to this: it is this.
        Verdict::Stranger(message) if first.is_some() && order.strange == first => {
            Verdict::Refused { code: workbot_schema::wire::error_code::TOAST_OTHER, message }
        }
        verdict => verdict,
    };
    let robot = entry.profile().robot.robot_id.clone();
    Ok(match verdict {
        Verdict::Taken(id) => {
            taken(parts, entry, &rows, &id).await;
            Turn::Done
        }
        Verdict::Later { wait, reason } => {
            log::info!(robot = robot.as_str(), commands = rows.len(), wait_ms = wait.as_millis(), reason = reason.as_str();
                "the platform takes nothing now; the commands wait");
            parts.gate.close(&order.account.origin(), wait, parts.clock.monotonic_ms());
            put_back(parts, entry, &rows, wait).await;
            Turn::Wait(wait)
        }
        Verdict::Stranger(reason) => {
            put_back(parts, entry, &rows, STORE).await;
            Turn::Away(reason, first)
        }
        Verdict::Refused { .. } if rows.len() > 1 => {
            put_back(parts, entry, &rows, Duration::ZERO).await;
            Turn::OneByOne(rows.len())
        }
        Verdict::Refused { code, message } => {
            log::info!(robot = robot.as_str(), message = first.as_ref().map_or("", CommandId::as_str), code = code;
                "the platform refused a command");
            for row in &rows {
                let result = ExecutionResult {
                    attempt: Some(row.attempt),
                    error_code: code,
                    error_reason: message.clone(),
                    ..ExecutionResult::default()
                };
                store(parts, entry, vec![event(entry, row, CommandEvent::Result(result))]).await;
            }
            Turn::Done
        }
        Verdict::Uncertain(reason) => {
            log::warn!(robot = robot.as_str(), commands = rows.len(), reason = reason.as_str();
                "nobody knows whether the platform took commands; they are not sent again");
            let detail = format!("handed to the platform without a clear answer: {reason}");
            give_up(parts, entry, &rows, &detail).await;
            Turn::Done
        }
    })
}

/// What came of a call, without the client's types.
pub(super) fn came(outcome: &CallOutcome) -> Came<'_> {
    match &outcome.result {
        Ok(answer) => Came::Answer {
            status: answer.status,
            retry_after: answer.retry_after.as_deref(),
            body: &answer.body,
        },
        Err(error @ (CallError::Address(_) | CallError::Header { .. })) => Came::Forbidden(error.to_string()),
        Err(error @ CallError::Connect(_)) => Came::NoConnection(error.to_string()),
        Err(error @ (CallError::TimedOut { .. } | CallError::Transport(_))) => {
            Came::Broken(error.to_string())
        }
    }
}

/// What was being handed over when the program or the actor ended before: nobody knows, so it is not sent again.
pub(super) async fn give_up_sent(parts: &CloudParts, entry: &RobotEntry) -> Result<usize, StoreError> {
    let now = Ts::new(parts.clock.now());
    let sent = queries::list_sent(&parts.db, entry.uuid, now, SENT).await?;
    give_up(parts, entry, &sent, "the program ended while it was handed to the platform").await;
    Ok(sent.len())
}

/// The items as they are stored, with their files put back.
async fn body(parts: &CloudParts, rows: &[RobotCommand]) -> Result<Bytes, StoreError> {
    let mut text = String::from(r#"{"socketType":2,"list":["#);
    for (place, row) in rows.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        match &row.file_name {
            None => text.push_str(row.item.trim()),
            Some(name) => {
                let bytes = parts.files.get(name).await?;
                let encoded = tokio::task::spawn_blocking(move || STANDARD.encode(bytes)).await;
                let encoded = encoded.map_err(|ended| StoreError::Unavailable(ended.to_string()))?;
                let rest = row.item.trim().strip_prefix('{').unwrap_or("}");
                let comma = if rest.trim_start().starts_with('}') { "" } else { "," };
                text.push_str(&format!("{{\"fileBase64\":\"{encoded}\"{comma}{rest}"));
            }
        }
    }
    text.push_str("]}");
    Ok(Bytes::from(text))
}

/// The platform's id first, so that no result finds it missing; then each confirmation. What has no result ends with it.
async fn taken(parts: &CloudParts, entry: &RobotEntry, rows: &[RobotCommand], platform_id: &str) {
    let now = Ts::new(parts.clock.now());
    let is_kept =
        !platform_id.is_empty() && platform_id.len() <= PLATFORM_ID_BYTES && !platform_id.contains('\0');
    if is_kept {
        let send = |row: &RobotCommand| CloudSend {
            robot_uuid: entry.uuid,
            platform_id: platform_id.to_owned(),
            command_id: row.id.clone(),
            attempt: row.attempt,
            created_at: now,
        };
        let fact = WorktoolFact::CloudSent(rows.iter().map(send).collect());
        store(parts, entry, vec![Record::Worktool { robot: entry.uuid, fact: Box::new(fact) }]).await;
    }
    for row in rows {
        let mut write = vec![event(entry, row, CommandEvent::Confirm { attempt: Some(row.attempt) })];
        let ends = |code: &command_code::CommandCode| code.answer == Answer::Nothing && code.is_in_open_app;
        if command_code::find(row.command_type).is_some_and(ends) {
            let result = ExecutionResult { attempt: Some(row.attempt), ..ExecutionResult::default() };
            write.push(event(entry, row, CommandEvent::Result(result)));
        }
        store(parts, entry, write).await;
    }
}

async fn put_back(parts: &CloudParts, entry: &RobotEntry, rows: &[RobotCommand], wait: Duration) {
    let wait = TimeDelta::from_std(wait).unwrap_or_default();
    let not_before = Ts::new(parts.clock.now()).plus(wait);
    for row in rows {
        store(parts, entry, vec![event(entry, row, CommandEvent::PutBack { not_before })]).await;
    }
}

async fn give_up(parts: &CloudParts, entry: &RobotEntry, rows: &[RobotCommand], detail: &str) {
    for row in rows {
        let detail = detail.to_owned();
        store(parts, entry, vec![event(entry, row, CommandEvent::GiveUp { detail })]).await;
    }
}

fn event(entry: &RobotEntry, row: &RobotCommand, event: CommandEvent) -> Record {
    let callback = matches!(event, CommandEvent::Result(_)).then(|| result_target(entry)).flatten();
    Record::CommandEvent {
        robot: Some(entry.uuid),
        id: row.id.clone(),
        event: Box::new(event),
        callback: callback.map(Box::new),
    }
}

/// Writes again and again while the store is away: what the platform has must not look as if it had not.
async fn store(parts: &CloudParts, entry: &RobotEntry, write: Write) {
    let until = tokio::time::Instant::now() + LONGEST;
    for attempt in 1_u32.. {
        let error = match parts.journal.write(write.clone()).await {
            Ok(_outcomes) => return,
            Err(error) => error,
        };
        let robot = entry.profile().robot.robot_id.clone();
        if error.class() != Class::Transient || tokio::time::Instant::now() >= until {
            return log::error!(robot = robot.as_str(), error:% = error; "what became of a command on the platform is lost");
        }
        if attempt == 1 {
            log::warn!(robot = robot.as_str(), error:% = error; "what became of a command on the platform waits to be written");
        }
        tokio::time::sleep(AGAIN.delay(attempt, rand::random())).await;
    }
}
