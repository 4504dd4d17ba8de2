//! Pure: what the sweep does with a command whose time has come.
//!
//! | state | when | then |
//! |---|---|---|
//! | queued | past `expires_at` | expires |
//! | queued | past `not_before` | the robot is woken, next look at `expires_at` |
//! | sent | no confirmation in time on a living socket | unknown |
//! | sent | robot away | next look at `expires_at`, then unknown; a connect pushes it again before |
//! | confirmed | time-out after confirmation or last result, whichever is later | unknown |
use chrono::TimeDelta;
use workbot_schema::commands::{CommandEvent, CommandState, RobotCommand};
use workbot_schema::fields::Ts;

/// What the sweep knows of a command's robot.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RobotView {
    /// Since when its present socket lives.
    pub connected_since: Option<Ts>,
    /// When it reported a result last.
    pub last_result_at: Option<Ts>,
}

/// What to write, and whether the robot must look.
#[derive(Debug, Clone, PartialEq)]
pub struct Due {
    /// For the journal.
    pub event: CommandEvent,
    /// Tell the robot that there is work.
    pub is_wake: bool,
}

/// A look that was too early is repeated after this at the earliest, so that no row is due for ever.
const AGAIN: TimeDelta = TimeDelta::seconds(1);

/// Decides about a due command at `now`; `timeout` is the result time-out of its type. `None` = nothing moves it.
pub fn decide(command: &RobotCommand, robot: RobotView, now: Ts, timeout: TimeDelta) -> Option<Due> {
    let event = |event| Some(Due { event, is_wake: false });
    let postpone = |at: Ts| event(CommandEvent::Postpone(at.max(now.plus(AGAIN))));
    let give_up = |detail: &str| event(CommandEvent::GiveUp { detail: detail.to_owned() });
    match command.state {
        CommandState::Queued if now >= command.expires_at => event(CommandEvent::Expire),
        CommandState::Queued => match command.not_before.filter(|at| *at > now) {
            Some(at) => postpone(at.min(command.expires_at)),
            None => Some(Due { event: CommandEvent::Postpone(command.expires_at), is_wake: true }),
        },
        CommandState::Sent => match robot.connected_since {
            // A socket that has just come has pushed, or will push, the command itself.
            Some(since) if since.plus(timeout) > now => postpone(since.plus(timeout)),
            Some(_) => give_up("no confirmation in time"),
            None if now < command.expires_at => postpone(command.expires_at),
            None => give_up("the robot did not come back"),
        },
        CommandState::Confirmed => {
            let since = command.confirmed_at.max(robot.last_result_at).unwrap_or(command.created_at);
            let until = since.plus(timeout);
            if until > now { postpone(until) } else { give_up("no result in time") }
        }
        CommandState::Succeeded
        | CommandState::Partial
        | CommandState::Failed
        | CommandState::Expired
        | CommandState::Cancelled
        | CommandState::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use workbot_schema::commands::{CommandSource, NewCommand};
    use workbot_schema::ids::{CommandId, RobotUuid};

    use super::*;

    /// Seconds from one moment.
    fn at(secs: i64) -> Ts {
        Ts::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap()).plus(TimeDelta::seconds(secs))
    }

    fn command(state: CommandState) -> RobotCommand {
        let mut row = NewCommand {
            id: CommandId::from("msg_1"),
            robot_uuid: RobotUuid::generate(),
            batch_id: None,
            command_type: 203,
            item: "{}".to_owned(),
            file_name: None,
            size_bytes: 2,
            priority: 0,
            can_retry: true,
            source: CommandSource::Commands,
            request_id: None,
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: at(1_000),
            created_at: at(0),
            is_offline: false,
        }
        .into_row(1);
        row.state = state;
        row
    }

    const AWAY: RobotView = RobotView { connected_since: None, last_result_at: None };

    fn there(since: i64) -> RobotView {
        RobotView { connected_since: Some(at(since)), last_result_at: None }
    }

    #[test]
    fn table() {
        use CommandState::{Confirmed, Queued, Sent, Succeeded, Unknown};
        let timeout = TimeDelta::seconds(120);
        let postponed = |secs| Some((CommandEvent::Postpone(at(secs)), false));
        let woken = |secs| Some((CommandEvent::Postpone(at(secs)), true));
        let given_up = |detail: &str| Some((CommandEvent::GiveUp { detail: detail.to_owned() }, false));
        let retry = |not_before| RobotCommand { not_before: Some(at(not_before)), ..command(Queued) };
        let confirmed = RobotCommand { confirmed_at: Some(at(100)), ..command(Confirmed) };
        let result = |secs| RobotView { last_result_at: Some(at(secs)), ..there(0) };
        let cases = [
            ("expired", command(Queued), AWAY, 1_000, Some((CommandEvent::Expire, false))),
            ("expired while away", command(Queued), there(0), 1_001, Some((CommandEvent::Expire, false))),
            ("retry is due", retry(50), there(0), 50, woken(1_000)),
            ("retry is due, away", retry(50), AWAY, 51, woken(1_000)),
            ("retry is not due", retry(90), there(0), 50, postponed(90)),
            ("queued without reason", command(Queued), there(0), 50, woken(1_000)),
            ("sent, no confirmation", command(Sent), there(0), 120, given_up("no confirmation in time")),
            ("sent, new socket", command(Sent), there(100), 120, postponed(220)),
            ("sent, away", command(Sent), AWAY, 120, postponed(1_000)),
            ("sent, away for ever", command(Sent), AWAY, 1_000, given_up("the robot did not come back")),
            ("sent, expired, there", command(Sent), there(0), 1_000, given_up("no confirmation in time")),
            ("confirmed, no result", confirmed.clone(), there(0), 220, given_up("no result in time")),
            ("confirmed, phone is busy", confirmed.clone(), result(150), 220, postponed(270)),
            ("confirmed, older result", confirmed.clone(), result(50), 220, given_up("no result in time")),
            ("confirmed, too early", confirmed, AWAY, 219, postponed(220)),
            ("final", command(Succeeded), AWAY, 500, None),
            ("unknown", command(Unknown), AWAY, 500, None),
        ];
        for (name, row, view, now, expected) in cases {
            let due = decide(&row, view, at(now), timeout).map(|due| (due.event, due.is_wake));
            assert_eq!(due, expected, "{name}");
        }
    }

    #[test]
    fn a_row_is_never_due_for_ever() {
        let row = RobotCommand { not_before: Some(at(50)), ..command(CommandState::Queued) };
        let now = at(50).plus(TimeDelta::milliseconds(-1));
        let due = decide(&row, AWAY, now, TimeDelta::seconds(1)).unwrap();
        assert_eq!(due.event, CommandEvent::Postpone(now.plus(AGAIN)));
    }
}
