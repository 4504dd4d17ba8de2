//! Pure: what a committed event means for a robot's queue and for its socket.
use workbot_schema::commands::CommandState;
use workbot_schema::fields::Ts;
use workbot_schema::robots::Robot;

/// When a robot is told that there is work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WakeUp {
    /// Not because of this.
    Never,
    /// At once.
    Now,
    /// Not before.
    At(Ts),
}

/// How the number of waiting commands changes, and whether the robot must look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueEffect {
    /// Added to the number.
    pub delta: i64,
    /// When to look.
    pub wake: WakeUp,
}

/// What a move of a command does to its robot's queue.
pub fn on_moved(from: CommandState, to: CommandState, not_before: Option<Ts>, now: Ts) -> QueueEffect {
    let is_waiting = |state| i64::from(state == CommandState::Queued);
    let wake = match (to, not_before) {
        (CommandState::Queued, Some(at)) if at > now => WakeUp::At(at),
        (CommandState::Queued, _) => WakeUp::Now,
        // Given up by the sweep: a place on the phone is free, and its socket does not know.
        (CommandState::Unknown, _) => WakeUp::Now,
        // Results free places, too; the socket they came through knows, and a wake-up each would be a claim each.
        _ => WakeUp::Never,
    };
    QueueEffect { delta: is_waiting(to) - is_waiting(from), wake }
}

/// What a change of a robot means for its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// Nothing.
    Nothing,
    /// The phone is told its settings.
    Configure,
    /// The socket is closed: the robot may not serve, or its login is no longer valid.
    Refuse,
}

/// Compares a robot before and after a change.
pub fn consequence(before: &Robot, after: &Robot, now: Ts) -> Consequence {
    let was_bound = before.device_id.is_some() && before.device_id != after.device_id;
    let has_other_tokens = before.token_family.is_some() && before.token_family != after.token_family;
    if after.refusal(now).is_some() || was_bound || has_other_tokens || before.link_id != after.link_id {
        Consequence::Refuse
    } else if before.name != after.name || before.settings != after.settings {
        Consequence::Configure
    } else {
        Consequence::Nothing
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use workbot_schema::robots::RobotKind;

    use super::*;

    fn now() -> Ts {
        Ts::new(DateTime::from_timestamp_millis(1_700_000_000_000).unwrap())
    }

    #[test]
    fn moves_keep_the_queue_right() {
        use CommandState::{Cancelled, Confirmed, Expired, Failed, Queued, Sent, Succeeded, Unknown};
        let later = now().plus(TimeDelta::seconds(1));
        for (from, to, not_before, delta, wake) in [
            (Queued, Sent, None, -1, WakeUp::Never),
            (Sent, Confirmed, None, 0, WakeUp::Never),
            (Confirmed, Succeeded, None, 0, WakeUp::Never),
            (Sent, Failed, None, 0, WakeUp::Never),
            (Confirmed, Queued, Some(later), 1, WakeUp::At(later)),
            (Confirmed, Queued, Some(now()), 1, WakeUp::Now),
            (Queued, Queued, Some(later), 0, WakeUp::At(later)),
            (Queued, Cancelled, None, -1, WakeUp::Never),
            (Queued, Expired, None, -1, WakeUp::Never),
            (Sent, Unknown, None, 0, WakeUp::Now),
        ] {
            let effect = on_moved(from, to, not_before, now());
            assert_eq!(effect, QueueEffect { delta, wake }, "{from} to {to}");
        }
    }

    #[test]
    fn changes_of_a_robot_reach_its_socket() {
        let base = || {
            let mut robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now());
            robot.id = workbot_schema::ids::RobotUuid(uuid::Uuid::nil());
            robot.token_family = Some("family".to_owned());
            robot.device_id = Some("device".to_owned());
            robot
        };
        type Change = fn(&mut Robot);
        let cases: [(&str, Change, Consequence); 10] = [
            ("nothing", |_robot| {}, Consequence::Nothing),
            ("version", |robot| robot.version += 1, Consequence::Nothing),
            ("event", |robot| robot.last_event_state = Some("online".to_owned()), Consequence::Nothing),
            ("name", |robot| robot.name = "乙".to_owned(), Consequence::Configure),
            ("settings", |robot| robot.settings.0.reply_all = 1, Consequence::Configure),
            ("disabled", |robot| robot.is_enabled = false, Consequence::Refuse),
            ("deleted", |robot| robot.deleted_at = Some(robot.created_at), Consequence::Refuse),
            ("expired", |robot| robot.service_expires_at = Some(robot.created_at), Consequence::Refuse),
            ("activated again", |robot| robot.token_family = Some("new".to_owned()), Consequence::Refuse),
            ("unbound", |robot| robot.device_id = None, Consequence::Refuse),
        ];
        for (name, change, expected) in cases {
            let mut after = base();
            change(&mut after);
            assert_eq!(consequence(&base(), &after, now()), expected, "{name}");
        }
        let fresh = Robot { token_family: None, device_id: None, ..base() };
        assert_eq!(consequence(&fresh, &base(), now()), Consequence::Nothing, "first activation");
    }
}
