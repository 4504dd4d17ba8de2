//! Pure: what the sweep does with a command whose time has come.
//!
//! | state | when | then |
//! |---|---|---|
//! | queued | past `expires_at` | expires |
//! | queued, sent | the wall clock was set forward over `expires_at` | goes on for as long as it had left |
//! | queued | past `not_before` | the robot is woken, next look at `expires_at` |
//! | sent | no confirmation in time on a living socket | unknown |
//! | sent | robot away | next look at `expires_at`, then unknown; a connect pushes it again before |
//! | confirmed | time-out after confirmation or last result, whichever is later | unknown |
//!
//! A time-out begins anew when the wall clock was set forward: the time that was skipped did not pass.
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
    /// The wall clock was set forward.
    pub clock_set: Option<ClockSet>,
}

/// The wall clock of the machine was set forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSet {
    /// To this time.
    pub at: Ts,
    /// By so much.
    pub by: TimeDelta,
}

impl ClockSet {
    /// What an end is worth that was skipped; `None` when it was not.
    fn mend(self, end: Ts) -> Option<Ts> {
        (end <= self.at && end.plus(self.by) > self.at).then(|| end.plus(self.by))
    }
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
    let set_at = robot.clock_set.map(|set| set.at);
    let mended = robot.clock_set.and_then(|set| set.mend(command.expires_at)).filter(|until| now < *until);
    let extend =
        |until: Option<Ts>| until.map(|until| Due { event: CommandEvent::Extend(until), is_wake: true });
    match command.state {
        CommandState::Queued if now >= command.expires_at && mended.is_some() => extend(mended),
        CommandState::Queued if now >= command.expires_at => event(CommandEvent::Expire),
        CommandState::Queued => match command.not_before.filter(|at| *at > now) {
            Some(at) => postpone(at.min(command.expires_at)),
            None => Some(Due { event: CommandEvent::Postpone(command.expires_at), is_wake: true }),
        },
        CommandState::Sent => {
            match robot.connected_since.map(|since| set_at.map_or(since, |at| since.max(at))) {
                // A socket that has just come has pushed, or will push, the command itself.
                Some(since) if since.plus(timeout) > now => postpone(since.plus(timeout)),
                Some(_) => give_up("no confirmation in time"),
                None if mended.is_some() => extend(mended),
                None if now < command.expires_at => postpone(command.expires_at),
                None => give_up("the robot did not come back"),
            }
        }
        CommandState::Confirmed => {
            let since =
                command.confirmed_at.max(robot.last_result_at).max(set_at).unwrap_or(command.created_at);
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

    const AWAY: RobotView = RobotView { connected_since: None, last_result_at: None, clock_set: None };

    fn there(since: i64) -> RobotView {
        RobotView { connected_since: Some(at(since)), ..AWAY }
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
    fn a_clock_that_was_set_forward_ends_nothing() {
        use CommandState::{Confirmed, Queued, Sent};
        let timeout = TimeDelta::seconds(120);
        // From 500 s to an hour later.
        let set =
            |view| RobotView { clock_set: Some(ClockSet { at: at(4_100), by: TimeDelta::hours(1) }), ..view };
        let extended = Some((CommandEvent::Extend(at(4_600)), true));
        let confirmed = RobotCommand { confirmed_at: Some(at(490)), ..command(Confirmed) };
        let ended = RobotCommand { expires_at: at(490), ..command(Queued) };
        for (name, row, view, now, expected) in [
            ("queued", command(Queued), set(AWAY), 4_101, extended.clone()),
            ("sent, away", command(Sent), set(AWAY), 4_101, extended),
            ("over before", ended, set(AWAY), 4_101, Some((CommandEvent::Expire, false))),
            ("over since", command(Queued), set(AWAY), 4_600, Some((CommandEvent::Expire, false))),
            ("confirmed", confirmed, set(there(0)), 4_101, Some((CommandEvent::Postpone(at(4_220)), false))),
        ] {
            let due = decide(&row, view, at(now), timeout).map(|due| (due.event, due.is_wake));
            assert_eq!(due, expected, "{name}");
        }
        let fresh = RobotCommand { expires_at: at(90_000), ..command(Sent) };
        let due = decide(&fresh, set(there(0)), at(4_101), timeout).map(|due| due.event);
        assert_eq!(due, Some(CommandEvent::Postpone(at(4_220))));
    }

    #[test]
    fn a_row_is_never_due_for_ever() {
        let row = RobotCommand { not_before: Some(at(50)), ..command(CommandState::Queued) };
        let now = at(50).plus(TimeDelta::milliseconds(-1));
        let due = decide(&row, AWAY, now, TimeDelta::seconds(1)).unwrap();
        assert_eq!(due.event, CommandEvent::Postpone(now.plus(AGAIN)));
    }
}
