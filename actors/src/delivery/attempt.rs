//! One attempt from the row to the record: read again when in doubt, sign, call, judge, write down.
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use workbot_schema::commands::NewCommand;
use workbot_schema::deliveries::{self, Delivery, DeliveryKind, DeliveryState};
use workbot_schema::fields::Ts;
use workbot_schema::messages::{self, MessageReason, SessionMessage};
use workbot_schema::robots::Robot;
use workbot_schema::robots::queries::RobotProfile;
use workbot_schema::store::StoreError;

use super::DeliveryParts;
use super::body::Body;
use super::command::{ReplyContext, reply_command};
use super::counters::count;
use super::http_client::CallOutcome;
use super::outcome::{Attempted, Ending, Fate, callback_kind, fall_back, judge, records};
use super::pull;
use super::record::{self, Stored};
use super::reply::Answer;
use super::schedule::{Effect, Verdict};
use super::signing::{SigningError, signing_keys};
use super::slot::{self, Slot};
use crate::kernel::INLINE_BYTES;
use crate::supervisor::directory::Reservation;

/// `callBackRequestType` of form-data.
const FORM: i32 = 1;

/// What the actor does with a delivery next.
#[derive(Debug)]
pub(super) enum Step {
    /// Its row as it is now: over, or due again.
    Moved(Box<Delivery>),
    /// It is over, whoever ended it.
    Over,
    /// Its robot was deleted.
    Orphaned,
    /// The store could not be asked; the sweep will bring it again.
    Forgotten,
    /// Its reply is fetched now; the callback before, if one was made.
    Pull(Option<Box<Attempted>>),
}

impl Step {
    /// Lets go of a delivery because the store is away.
    pub(super) fn forgotten(delivery: &Delivery, error: &StoreError) -> Self {
        log::warn!(delivery = delivery.id.as_str(), error:% = error; "a callback waits for the store");
        Self::Forgotten
    }
}

/// The end of a call, for the health of its endpoint.
pub(super) struct Call {
    pub(super) is_alive: bool,
    pub(super) duration_ms: u64,
}

impl Call {
    /// Counts it.
    pub(super) fn report(&self, parts: &DeliveryParts, slot: &Slot) {
        let counters = parts.board.counters();
        counters.count_attempt(self.duration_ms);
        let call = slot::Call {
            is_alive: self.is_alive,
            duration_ms: self.duration_ms,
            ended: parts.monotonic(),
            ended_at: Ts::new(parts.clock.now()),
        };
        if let Some(Effect::Pause { .. }) = slot.on_call(call, parts.settings.pause) {
            count(&counters.pauses);
        }
    }
}

/// Makes one attempt. `is_doubtful`: the row may have moved since it was read.
pub(super) async fn run(
    parts: DeliveryParts,
    slot: Arc<Slot>,
    delivery: Arc<Delivery>,
    is_doubtful: bool,
) -> Step {
    if is_doubtful {
        match deliveries::find(&parts.db, delivery.id.clone()).await {
            Ok(Some(row)) if row.state != DeliveryState::Pending => return Step::Over,
            Ok(Some(row)) if row.attempts != delivery.attempts => return Step::Moved(Box::new(row)),
            Ok(Some(_unchanged)) => {}
            Ok(None) => return Step::Over,
            Err(error) => return Step::forgotten(&delivery, &error),
        }
    }
    let profile = match parts.profile(delivery.robot_uuid).await {
        Ok(Some(profile)) => profile,
        Ok(None) => return Step::Orphaned,
        Err(error) => return Step::forgotten(&delivery, &error),
    };
    let robot = &profile.robot;
    slot.note_robot(&robot.robot_id);
    if pull::is_pull_only(&delivery, &robot.settings.0) {
        return Step::Pull(None);
    }
    let attempted = match post(&parts, robot, &delivery).await {
        Ok(outcome) => {
            let attempted = attempted_of(&delivery, &outcome);
            let call = Call { is_alive: attempted.verdict.is_alive(), duration_ms: outcome.duration_ms };
            call.report(&parts, &slot);
            attempted
        }
        Err(error) => {
            log::error!(robot = robot.robot_id.as_str(), delivery = delivery.id.as_str(), error:% = error;
                "a callback cannot be signed and is not sent");
            unsigned(&error)
        }
    };
    if pull::wants_pull(&delivery, &robot.settings.0, &attempted) {
        return Step::Pull(Some(Box::new(attempted)));
    }
    conclude(&parts, &slot, &delivery, &profile, &attempted).await
}

/// Judges and writes down; the same for calls and pulls.
pub(super) async fn conclude(
    parts: &DeliveryParts,
    slot: &Slot,
    delivery: &Delivery,
    profile: &RobotProfile,
    attempted: &Attempted,
) -> Step {
    let settings = &parts.settings;
    // A paused endpoint is called once a minute, not in rows.
    let delays = if slot.is_paused() { &[] } else { settings.retry_delays.as_slice() };
    let mut ending = judge(delivery, &profile.robot.settings.0, attempted, delays);
    let (from, command, place) = consequence(parts, delivery, &profile.robot, &mut ending).await;
    let is_reply = command.is_some();
    let mut write = records(delivery, attempted, &ending, from, command, Ts::new(parts.clock.now()));
    fall_back(&mut write, delivery, &profile.robot.settings.0);
    let counters = parts.board.counters();
    match record::store(parts, delivery, write, place).await {
        Stored::Row(row) => {
            match row.state {
                DeliveryState::Delivered => count(&counters.delivered),
                DeliveryState::Failed => count(&counters.failed),
                DeliveryState::Pending | DeliveryState::Dropped => {}
            }
            if is_reply {
                count(&counters.replies);
            }
            if let Some(error) = &ending.error {
                log::info!(robot = profile.robot.robot_id.as_str(), delivery = delivery.id.as_str(),
                    attempt = row.attempts, error = error.as_str(); "a callback failed");
            }
            Step::Moved(row)
        }
        Stored::Over => Step::Over,
        Stored::GaveUp => Step::Forgotten,
    }
}

/// From which reason the message moves, the command that carries a reply, and its place in the robot's queue. A message that
/// was answered meanwhile is left as it is, and nothing is said in its chat.
async fn consequence(
    parts: &DeliveryParts,
    delivery: &Delivery,
    robot: &Robot,
    ending: &mut Ending,
) -> (Option<MessageReason>, Option<NewCommand>, Option<Arc<Reservation>>) {
    let Some(Fate::Answered(reply)) = &ending.fate else {
        return (Some(MessageReason::CallbackPending), None, None);
    };
    let is_replay = delivery.replay_of.is_some();
    if reply.is_none() && !is_replay {
        return (Some(MessageReason::CallbackPending), None, None);
    }
    let message = message_of(parts, delivery).await;
    let from = if is_replay {
        let failed = [MessageReason::CallbackFailed, MessageReason::CallbackBacklog];
        message.as_ref().and_then(|message| message.reason).filter(|reason| failed.contains(reason))
    } else {
        Some(MessageReason::CallbackPending)
    };
    let Some(text) = reply.as_deref().filter(|_text| from.is_some()) else { return (from, None, None) };
    let entry = parts.directory.find(robot.id);
    let place = entry.as_ref().map(|entry| entry.reserve(1, false, parts.settings.queue_max));
    if matches!(place, Some(None)) {
        log::warn!(robot = robot.robot_id.as_str(), delivery = delivery.id.as_str();
            "a reply was refused because too many commands wait for the robot");
        ending.fate = Some(Fate::Unanswered(MessageReason::Failed, "queue_full".to_owned()));
        return (from, None, None);
    }
    let context = ReplyContext {
        delivery,
        robot,
        session: message.map(|message| message.session_id),
        is_offline: entry.is_none_or(|entry| !entry.is_connected()),
        expiry: parts.settings.reply_expiry,
        now: Ts::new(parts.clock.now()),
    };
    (from, reply_command(text, &context), place.flatten())
}

async fn message_of(parts: &DeliveryParts, delivery: &Delivery) -> Option<SessionMessage> {
    match messages::find(&parts.db, delivery.message_id.clone()?).await {
        Ok(message) => message,
        Err(error) => {
            log::warn!(delivery = delivery.id.as_str(), error:% = error; "the message of a callback cannot be read");
            None
        }
    }
}

async fn post(
    parts: &DeliveryParts,
    robot: &Robot,
    delivery: &Delivery,
) -> Result<CallOutcome, SigningError> {
    let file = picture(parts, delivery).await;
    let is_form = matches!(delivery.kind, DeliveryKind::Message | DeliveryKind::Test)
        && robot.settings.0.callback_request_type == FORM;
    let body = if is_form {
        Body::form(&delivery.body, file.as_deref(), delivery.id.as_str())
    } else {
        Body::json(&delivery.body, file.as_deref())
    };
    let mut headers = sender(parts, robot, delivery, &body.bytes)?;
    headers.push(("content-type", body.content_type));
    Ok(parts.http.post(&delivery.url, &headers, Bytes::from(body.bytes), parts.settings.budget).await)
}

/// Headers that say who calls, signed over the exact `body` when the robot wants so.
pub(super) fn sender(
    parts: &DeliveryParts,
    robot: &Robot,
    delivery: &Delivery,
    body: &[u8],
) -> Result<Vec<(&'static str, String)>, SigningError> {
    let keys = signing_keys(robot, &parts.sealer)?;
    let now = parts.clock.system_now().timestamp();
    let mut headers = keys.map_or_else(Vec::new, |keys| keys.headers(delivery.id.as_str(), now, body));
    headers.push(("x-robot-id", robot.robot_id.to_string()));
    headers.push(("x-request-id", format!("{}.{}", delivery.id, delivery.attempts.saturating_add(1))));
    Ok(headers)
}

/// The picture as base64. A callback without its picture is better than none.
async fn picture(parts: &DeliveryParts, delivery: &Delivery) -> Option<String> {
    let name = delivery.file_name.as_deref()?;
    match parts.files.get(name).await {
        Ok(bytes) if bytes.len() <= INLINE_BYTES => Some(STANDARD.encode(bytes)),
        Ok(bytes) => tokio::task::spawn_blocking(move || STANDARD.encode(bytes)).await.ok(),
        Err(error) => {
            log::warn!(delivery = delivery.id.as_str(), error:% = error; "a callback goes without its picture");
            None
        }
    }
}

fn attempted_of(delivery: &Delivery, outcome: &CallOutcome) -> Attempted {
    let verdict = match &outcome.result {
        Ok(answer) => Verdict::of_answer(callback_kind(delivery.kind), answer.status, &answer.body),
        Err(error) => Verdict::of_failure(error.class()),
    };
    Attempted {
        status: outcome.status(),
        error: outcome.error_text(),
        response: String::from_utf8_lossy(outcome.body()).into_owned(),
        duration_ms: outcome.duration_ms,
        verdict,
        answer: Answer::read(outcome.body()),
        is_unanswered: false,
    }
}

fn unsigned(error: &SigningError) -> Attempted {
    Attempted {
        status: None,
        error: Some(error.to_string()),
        response: String::new(),
        duration_ms: 0,
        verdict: Verdict::of_failure(error.class()),
        answer: Answer::default(),
        is_unanswered: false,
    }
}
