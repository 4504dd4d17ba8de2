//! Pure: the records of a submission, and what a command that takes others back (304, 305) does to them.
use serde_json::Value;
use workbot_schema::batch::{Record, Write};
use workbot_schema::commands::operations::Moved;
use workbot_schema::commands::state::SERVER_ATTEMPT;
use workbot_schema::commands::{CommandEvent, CommandState, ExecutionResult, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::idempotency::IdempotencyRecord;
use workbot_schema::ids::CommandId;
use workbot_schema::wire::callback::ResultTarget;

/// Empties the queue.
pub const CLEAR_QUEUE: i32 = 304;
/// Takes one command back.
pub const CLEAR_ONE: i32 = 305;
/// The priority of what nothing may pass.
const HIGHEST: i32 = 100;
/// The command is on its way and cannot be taken back.
pub const ALREADY_PUSHED: &str = "command_already_pushed";
/// There is no such command.
pub const NOT_FOUND: &str = "command_not_found";
/// "Not allowed" in the phone's list of error codes.
const NOT_ALLOWED: i32 = 101_012;

/// A command, and the server's own result when no phone is needed for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// The command.
    pub command: NewCommand,
    /// What the server did instead of pushing it.
    pub answer: Option<ExecutionResult>,
}

/// The id a 305 names: `messageId`, or `originalContent`.
pub fn revoked_id(item: &str) -> Option<String> {
    let item: Value = serde_json::from_str(item).ok()?;
    ["messageId", "originalContent"]
        .iter()
        .filter_map(|field| item.get(field)?.as_str())
        .map(str::trim)
        .find(|id| !id.is_empty())
        .map(str::to_owned)
}

/// The result of a 305 from what became of its targets (none = unknown id).
pub fn revocation(targets: &[(CommandId, CommandState)]) -> ExecutionResult {
    let (taken_back, pushed): (Vec<_>, Vec<_>) = targets
        .iter()
        .partition(|(_id, state)| matches!(state, CommandState::Cancelled | CommandState::Expired));
    let ids =
        |list: Vec<&(CommandId, CommandState)>| list.iter().map(|(id, _state)| id.to_string()).collect();
    let error = match (targets.is_empty(), pushed.is_empty()) {
        (true, _) => Some(NOT_FOUND),
        (false, true) => None,
        (false, false) => Some(ALREADY_PUSHED),
    };
    ExecutionResult {
        attempt: Some(SERVER_ATTEMPT),
        error_code: error.map_or(0, |_text| NOT_ALLOWED),
        error_reason: error.unwrap_or_default().to_owned(),
        success_list: ids(taken_back),
        fail_list: ids(pushed),
        ..ExecutionResult::default()
    }
}

/// One write: the remembered answer first (a repeat stops there), then the commands in their order.
pub fn records(
    submissions: Vec<Submission>,
    idempotency: Option<(IdempotencyRecord, Ts)>,
    target: Option<&ResultTarget>,
) -> Write {
    let mut write = Write::with_capacity(submissions.len() + 1);
    write.extend(idempotency.map(|(record, since)| Record::Idempotency { record, since }));
    for Submission { mut command, answer } in submissions {
        let (robot, id, command_type) = (command.robot_uuid, command.id.clone(), command.command_type);
        if command_type == CLEAR_QUEUE {
            // What passed it would be on the phone when it comes, and be dropped there.
            command.priority = HIGHEST;
            write.push(Record::CancelQueued { robot, except: id.clone(), detail: format!("304 {id}") });
        }
        write.push(Record::Command(Box::new(command)));
        write.extend(answer.map(|result| Record::CommandEvent {
            robot: Some(robot),
            id,
            event: Box::new(CommandEvent::Result(result)),
            callback: target.cloned().map(Box::new),
        }));
    }
    write
}

/// How many commands of a submission wait in the queue, and whether it empties the queue before (304). A 305 waits for nobody.
pub fn waiting(command_types: impl Iterator<Item = i32>) -> (i64, bool) {
    command_types.fold((0, false), |(count, is_emptied), command_type| match command_type {
        CLEAR_QUEUE => (1, true),
        CLEAR_ONE => (count, is_emptied),
        _ => (count.saturating_add(1), is_emptied),
    })
}

/// Whether a cancel came too late.
pub fn is_too_late(moved: &Moved) -> bool {
    !moved.is_won && !matches!(moved.command.state, CommandState::Cancelled | CommandState::Expired)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use workbot_schema::commands::CommandSource;
    use workbot_schema::ids::RobotUuid;

    use super::*;

    #[test]
    fn what_a_submission_leaves_in_the_queue() {
        for (command_types, expected) in [
            (&[][..], (0, false)),
            (&[203, 218], (2, false)),
            (&[305], (0, false)),
            (&[203, 304], (1, true)),
            (&[203, 304, 203, 305], (2, true)),
        ] {
            assert_eq!(waiting(command_types.iter().copied()), expected, "{command_types:?}");
        }
    }

    fn command(id: &str, command_type: i32) -> NewCommand {
        let now = Ts::new(DateTime::UNIX_EPOCH);
        NewCommand {
            id: id.into(),
            robot_uuid: RobotUuid(uuid::Uuid::nil()),
            batch_id: None,
            command_type,
            item: "{}".into(),
            file_name: None,
            size_bytes: 2,
            priority: 0,
            can_retry: false,
            source: CommandSource::Commands,
            request_id: None,
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: now,
            created_at: now,
            is_offline: false,
        }
    }

    #[test]
    fn which_command_is_meant() {
        for (item, id) in [
            (r#"{"type":305,"originalContent":"msg_1"}"#, Some("msg_1")),
            (r#"{"messageId":" msg_2 "}"#, Some("msg_2")),
            (r#"{"messageId":"","originalContent":"msg_3"}"#, Some("msg_3")),
            (r#"{"originalContent":7}"#, None),
            ("[", None),
        ] {
            assert_eq!(revoked_id(item).as_deref(), id, "{item}");
        }
    }

    #[test]
    fn revocation_says_what_was_there() {
        use CommandState::{Cancelled, Confirmed, Expired, Sent, Succeeded};
        for (states, verdict, reason) in [
            (vec![], CommandState::Failed, NOT_FOUND),
            (vec![Cancelled], CommandState::Succeeded, ""),
            (vec![Expired, Cancelled], CommandState::Succeeded, ""),
            (vec![Sent], CommandState::Failed, ALREADY_PUSHED),
            (vec![Succeeded], CommandState::Failed, ALREADY_PUSHED),
            (vec![Cancelled, Confirmed], CommandState::Partial, ALREADY_PUSHED),
        ] {
            let targets: Vec<_> = states.iter().map(|state| (CommandId::from("a"), *state)).collect();
            let result = revocation(&targets);
            assert_eq!((result.verdict(), result.error_reason.as_str()), (verdict, reason), "{states:?}");
            assert_eq!(result.attempt, Some(SERVER_ATTEMPT));
        }
    }

    #[test]
    fn order_of_the_records() {
        let submissions = [(203, None), (304, None), (305, Some(revocation(&[])))]
            .map(|(number, answer)| Submission { command: command(&number.to_string(), number), answer });
        let write = records(submissions.into(), None, None);
        let names: Vec<_> = write
            .iter()
            .map(|record| match record {
                Record::Command(command) => command.id.to_string(),
                Record::CancelQueued { except, .. } => format!("cancel all but {except}"),
                Record::CommandEvent { id, .. } => format!("result of {id}"),
                _ => "other".to_owned(),
            })
            .collect();
        assert_eq!(names, ["203", "cancel all but 304", "304", "305", "result of 305"]);
    }
}
