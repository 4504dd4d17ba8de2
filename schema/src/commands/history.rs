//! The moves of a command. The ordinary ones are told by the columns of its row (accepted, sent, confirmed, finished);
//! earlier attempts, and what ends otherwise than by a result, are lines in `history`: `state|attempt|microseconds|detail`.
//! So the way of most commands costs no text at all.
use chrono::DateTime;
use serde::Serialize;
use utoipa::ToSchema;

use super::{CommandState, RobotCommand};
use crate::fields::Ts;

/// Longest detail that is kept, characters.
const DETAIL: usize = 500;

/// One move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HistoryEntry {
    /// The state it reached.
    pub state: CommandState,
    /// When, ISO 8601 UTC.
    pub at: String,
    /// The attempt then.
    pub attempt: i32,
    /// Why, or what the phone said.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// The line for a move, with its line end.
pub fn entry(state: CommandState, attempt: i32, at: Ts, detail: &str) -> String {
    let detail: String = detail
        .chars()
        .take(DETAIL)
        .map(|letter| if matches!(letter, '\n' | '\r') { ' ' } else { letter })
        .collect();
    format!("{state}|{attempt}|{}|{detail}\n", at.utc().timestamp_micros())
}

/// The moves in a row's text; damaged lines are left out.
pub fn parse(text: &str) -> Vec<HistoryEntry> {
    text.lines()
        .filter_map(|line| {
            let mut parts = line.splitn(4, '|');
            let state = CommandState::parse(parts.next()?)?;
            let attempt = parts.next()?.parse().ok()?;
            let at = DateTime::from_timestamp_micros(parts.next()?.parse().ok()?)?;
            Some(HistoryEntry {
                state,
                at: Ts::new(at).iso(),
                attempt,
                detail: parts.next().unwrap_or_default().to_owned(),
            })
        })
        .collect()
}

/// Every move of a command, in order.
pub fn of(command: &RobotCommand) -> Vec<HistoryEntry> {
    let told = parse(&command.history);
    let is_told =
        |state: CommandState| told.iter().any(|told| told.state == state && told.attempt == command.attempt);
    let mut lines = String::new();
    for (state, at) in [
        (CommandState::Sent, command.sent_at),
        (CommandState::Confirmed, command.confirmed_at),
        (command.state, command.finished_at),
    ] {
        if let Some(at) = at.filter(|_at| !is_told(state)) {
            let detail = if state == command.state { detail(command) } else { String::new() };
            lines.push_str(&entry(state, command.attempt, at, &detail));
        }
    }
    let mut moves = parse(&entry(CommandState::Queued, 1, command.created_at, ""));
    moves.extend(told);
    moves.extend(parse(&lines));
    moves.sort_by(|one, other| one.at.cmp(&other.at));
    moves
}

/// The phone's words on a result that was no success.
fn detail(command: &RobotCommand) -> String {
    match (command.error_code, command.error_reason.as_deref()) {
        (None | Some(0), None | Some("")) => String::new(),
        (code, reason) => {
            format!("{} {}", code.unwrap_or_default(), reason.unwrap_or_default()).trim_end().to_owned()
        }
    }
}

/// The lines that keep the present attempt when the row starts the next one.
pub(super) fn attempt_lines(command: &RobotCommand, now: Ts, why: &str) -> String {
    let mut lines = String::new();
    for (state, at) in
        [(CommandState::Sent, command.sent_at), (CommandState::Confirmed, command.confirmed_at)]
    {
        if let Some(at) = at {
            lines.push_str(&entry(state, command.attempt, at, ""));
        }
    }
    lines.push_str(&entry(CommandState::Failed, command.attempt, now, why));
    lines.push_str(&entry(CommandState::Queued, command.attempt + 1, now, ""));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back() {
        let at = Ts::new(DateTime::from_timestamp_millis(1_700_000_000_123).unwrap());
        let text = entry(CommandState::Queued, 1, at, "")
            + &entry(CommandState::Failed, 2, at, "201101 找不到|群\n聊")
            + "junk\n";
        let moves = parse(&text);
        assert_eq!(moves.len(), 2);
        assert_eq!(moves[1].detail, "201101 找不到|群 聊");
        assert_eq!(moves[0].at, "2023-11-14T22:13:20.123Z");
        assert_eq!((moves[1].state, moves[1].attempt), (CommandState::Failed, 2));
    }
}
