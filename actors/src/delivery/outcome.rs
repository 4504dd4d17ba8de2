//! Pure: what follows from an attempt: the state of the delivery, the reason of its message, the reply; and the write that
//! says so.
use std::time::Duration;

use chrono::TimeDelta;
use workbot_schema::batch::{Record, Write};
use workbot_schema::commands::NewCommand;
use workbot_schema::deliveries::{AttemptRecord, Delivery, DeliveryKind, DeliveryState};
use workbot_schema::fields::Ts;
use workbot_schema::ids::SessionId;
use workbot_schema::messages::MessageReason;
use workbot_schema::robots::RobotSettings;

use super::reply::{Answer, Content, storable};
use super::schedule::{CallbackKind, RetrySchedule, Verdict};

/// Longest error or reason text kept, in characters.
const TEXT_CHARS: usize = 300;
/// Longest part of an answer kept, in characters.
const RESPONSE_CHARS: usize = 2_000;

/// What one attempt brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempted {
    /// HTTP status, if one came.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
    /// The body answered.
    pub response: String,
    /// How long it took.
    pub duration_ms: u64,
    /// What the answer means for the delivery.
    pub verdict: Verdict,
    /// What the answer says.
    pub answer: Answer,
    /// A reply was asked for in pull mode, and none came in time.
    pub is_unanswered: bool,
}

/// What a message's callback came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// The third party has it; perhaps with a reply for the chat.
    Answered(Option<String>),
    /// The third party could not be told, or did not take it.
    Unanswered(MessageReason, String),
}

/// What an attempt comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// State of the delivery after it.
    pub state: DeliveryState,
    /// When to try again, from the end of the attempt.
    pub due_in: Option<Duration>,
    /// What went wrong.
    pub error: Option<String>,
    /// Of its message, when it is a message's and this is the end.
    pub fate: Option<Fate>,
}

/// How the answers to a kind of delivery are read.
pub fn callback_kind(kind: DeliveryKind) -> CallbackKind {
    match kind {
        DeliveryKind::Message | DeliveryKind::Test => CallbackKind::Message,
        DeliveryKind::Result
        | DeliveryKind::GroupQrcode
        | DeliveryKind::Online
        | DeliveryKind::Offline
        | DeliveryKind::Friend => CallbackKind::Event,
    }
}

/// Judges an attempt; `delays` = waits between attempts, none when it must not be tried again.
pub fn judge(
    delivery: &Delivery,
    settings: &RobotSettings,
    attempted: &Attempted,
    delays: &[Duration],
) -> Ending {
    let attempt = u32::try_from(delivery.attempts).unwrap_or(0).saturating_add(1);
    let failed = |reason: &str| Fate::Unanswered(MessageReason::CallbackFailed, reason.to_owned());
    let (state, due_in, error, fate) = match attempted.verdict {
        Verdict::Delivered if attempted.is_unanswered => {
            (DeliveryState::Delivered, None, attempted.error.clone(), failed("no reply in time"))
        }
        Verdict::Delivered => {
            let reply = match &attempted.answer.content {
                Content::Text(text) => Some(text.clone()),
                Content::Absent | Content::Silent => None,
            };
            (DeliveryState::Delivered, None, None, Fate::Answered(reply))
        }
        Verdict::Refused { code } => {
            let message = attempted.answer.message.trim();
            let error = short(&format!("code {code}: {message}"), TEXT_CHARS);
            let fate = if settings.error_reply && !message.is_empty() {
                Fate::Answered(Some(message.to_owned()))
            } else {
                failed(&error)
            };
            (DeliveryState::Failed, None, Some(error), fate)
        }
        Verdict::Failed { status, .. } => {
            let error = match (&attempted.error, status) {
                (Some(error), _) => short(error, TEXT_CHARS),
                (None, Some(status)) => format!("status {status}"),
                (None, None) => "no answer".to_owned(),
            };
            let schedule = RetrySchedule::of(delivery.can_retry, delays);
            let due_in = schedule.next_due(&attempted.verdict, attempt, Duration::ZERO);
            let state = if due_in.is_some() { DeliveryState::Pending } else { DeliveryState::Failed };
            let fate = failed(&error);
            (state, due_in, Some(error), fate)
        }
    };
    let is_end_of_message =
        delivery.kind == DeliveryKind::Message && delivery.message_id.is_some() && due_in.is_none();
    Ending { state, due_in, error, fate: is_end_of_message.then_some(fate) }
}

/// The one write of an attempt. The message moves from `from` only; without it neither the message nor the chat hears of it. A
/// delivery that was recorded already stops the write at its first record, so a reply is never sent twice.
pub fn records(
    delivery: &Delivery,
    attempted: &Attempted,
    ending: &Ending,
    from: Option<MessageReason>,
    command: Option<NewCommand>,
    now: Ts,
) -> Write {
    let due_at = ending.due_in.map(|due_in| now.plus(TimeDelta::from_std(due_in).unwrap_or_default()));
    let mut write = vec![Record::Attempt(AttemptRecord {
        delivery_id: delivery.id.clone(),
        status: attempted.status.map(i32::from),
        error: ending.error.clone(),
        response: Some(short(&attempted.response, RESPONSE_CHARS)).filter(|text| !text.is_empty()),
        duration_ms: i32::try_from(attempted.duration_ms).unwrap_or(i32::MAX),
        state: ending.state,
        due_at,
    })];
    let settled = match (&ending.fate, from) {
        (Some(Fate::Answered(_reply)), Some(from)) => settle(delivery, MessageReason::Answered, None, from),
        (Some(Fate::Unanswered(reason, detail)), Some(from)) => {
            settle(delivery, *reason, Some(detail.clone()), from)
        }
        (None, _) | (_, None) => None,
    };
    if let Some(settled) = settled {
        write.push(settled);
        write.extend(command.map(|command| Record::Command(Box::new(command))));
    }
    write
}

/// The write that ends a delivery without a call: dropped from a full backlog, or refused because its endpoint is paused.
pub fn unsent(delivery: &Delivery, state: DeliveryState, error: &str) -> Write {
    let reason = match state {
        DeliveryState::Dropped => MessageReason::CallbackBacklog,
        DeliveryState::Pending | DeliveryState::Delivered | DeliveryState::Failed => {
            MessageReason::CallbackFailed
        }
    };
    let mut write = vec![Record::FinishDelivery { id: delivery.id.clone(), state, error: error.to_owned() }];
    write.extend(settle(delivery, reason, Some(error.to_owned()), MessageReason::CallbackPending));
    write
}

/// Leaves a message whose callback failed to the robot's own flow, in the same write, when the robot wants so (`fallbackToFlow`).
pub fn fall_back(write: &mut Write, delivery: &Delivery, settings: &RobotSettings) {
    let failed = MessageReason::CallbackFailed;
    let is_failed =
        write.iter().any(|record| matches!(record, Record::Settle { reason, .. } if *reason == failed));
    if let Some(id) = delivery.message_id.clone().filter(|_id| is_failed && settings.fallback_to_flow) {
        write.push(Record::Reopen {
            id,
            robot: delivery.robot_uuid,
            session: SessionId(delivery.chat.clone()),
            from: failed,
        });
    }
}

/// Tells a message what its callback came to. Every callback that leaves its message unanswered ends here.
fn settle(
    delivery: &Delivery,
    reason: MessageReason,
    detail: Option<String>,
    from: MessageReason,
) -> Option<Record> {
    let id = delivery.message_id.clone().filter(|_id| delivery.kind == DeliveryKind::Message)?;
    Some(Record::Settle { id, reason, detail, command_id: None, from: Some(from) })
}

fn short(text: &str, chars: usize) -> String {
    storable(text).chars().take(chars).collect()
}

#[cfg(test)]
#[path = "outcome_tests.rs"]
mod tests;
