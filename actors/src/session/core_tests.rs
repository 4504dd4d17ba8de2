use chrono::DateTime;
use workbot_schema::ids::{MessageId, RobotUuid, SessionId};
use workbot_schema::messages::{Direction, Entrance};

use super::*;
use crate::session::takeover::PHONE;

fn at(ms: i64) -> Ts {
    Ts::new(DateTime::from_timestamp_millis(1_700_000_000_000 + ms).unwrap())
}

fn message(seq: i64, ms: i64) -> Arc<SessionMessage> {
    let robot = RobotUuid(uuid::Uuid::nil());
    Arc::new(SessionMessage {
        id: MessageId(format!("msg_{seq}")),
        seq,
        robot_uuid: robot,
        session_id: SessionId::of(robot, "", "甲"),
        app_message_id: None,
        dedup_id: None,
        content_hash: String::new(),
        direction: Direction::In,
        room_type: 2,
        sender_id: None,
        received_name: "甲".to_owned(),
        group_name: String::new(),
        group_remark: String::new(),
        spoken: "你好".to_owned(),
        raw_spoken: "你好".to_owned(),
        text_type: 1,
        at_me: false,
        file_name: None,
        entrance: Entrance::Rest,
        reason: None,
        reason_detail: None,
        run_id: None,
        starts: 0,
        command_id: None,
        sent_at: None,
        settled_at: None,
        created_at: at(ms),
    })
}

fn core() -> SessionCore {
    SessionCore::new(CoreRules {
        burst: BurstRule { quiet: TimeDelta::seconds(2), max: TimeDelta::seconds(6) },
        takeover_idle: TimeDelta::minutes(30),
    })
}

fn loaded(messages: &[(i64, i64)], is_all: bool, now: i64) -> SessionCore {
    let mut core = core();
    assert_eq!(core.next(at(now)), Next::Load);
    let messages = messages.iter().map(|(seq, ms)| message(*seq, *ms)).collect();
    core.load(messages, is_all, at(now), |_message| false);
    core
}

fn turn(next: Next) -> Vec<i64> {
    let Next::Turn(messages) = next else { panic!("{next:?}") };
    messages.iter().map(|message| message.seq).collect()
}

#[test]
fn first_it_loads_then_it_gathers() {
    let mut core = loaded(&[(3, 0)], true, 100);
    assert_eq!(core.next(at(100)), Next::Wait(at(2_000)));
    core.arrive(message(3, 0), false);
    core.arrive(message(5, 1_000), false);
    assert_eq!(core.next(at(2_000)), Next::Wait(at(3_000)));
    assert_eq!(turn(core.next(at(3_000))), [3, 5]);
    assert_eq!(core.next(at(3_000)), Next::Rest);
    core.arrive(message(5, 1_000), false);
    assert_eq!(core.next(at(9_000)), Next::Rest, "an event that comes late tells nothing new");
    core.arrive(message(9, 9_000), true);
    assert_eq!(turn(core.next(at(9_000))), [9]);
}

#[test]
fn what_is_told_during_a_load_is_not_lost() {
    for (read, again) in [(vec![(3, 0)], true), (vec![(3, 0), (4, 10)], false)] {
        let mut core = core();
        assert_eq!(core.next(at(0)), Next::Load);
        core.arrive(message(4, 10), false);
        let read = read.into_iter().map(|(seq, ms)| message(seq, ms)).collect();
        core.load(read, true, at(20), |_message| false);
        let first = turn(core.next(at(60_000)));
        if again {
            assert_eq!((first, core.next(at(60_000))), (vec![3], Next::Load));
            core.load(vec![message(4, 10)], true, at(60_000), |_message| false);
            assert_eq!(turn(core.next(at(60_000))), [4]);
        } else {
            assert_eq!(first, [3, 4]);
        }
        assert_eq!(core.next(at(60_000)), Next::Rest);
    }
}

#[test]
fn an_urgent_one_told_of_during_a_load_does_not_wait_for_the_burst() {
    let mut core = core();
    assert_eq!(core.next(at(0)), Next::Load);
    core.arrive(message(4, 10), true);
    core.load(vec![message(3, 0)], true, at(20), |_message| false);
    assert_eq!(core.next(at(20)), Next::Load);
    core.load(vec![message(3, 0), message(4, 10)], true, at(30), |message| message.seq == 4);
    assert_eq!(turn(core.next(at(30))), [3]);
    assert_eq!(turn(core.next(at(30))), [4]);
    assert_eq!(core.next(at(30)), Next::Rest);
}

#[test]
fn a_store_that_cannot_be_read_is_left_alone() {
    let mut core = core();
    assert_eq!(core.next(at(0)), Next::Load);
    core.leave_to_store();
    assert_eq!(core.next(at(0)), Next::Rest);
    core.look_again();
    assert_eq!(core.next(at(0)), Next::Load);
}

#[test]
fn a_look_that_finds_nothing_ends() {
    let mut core = loaded(&[(3, 0)], true, 0);
    assert_eq!(turn(core.next(at(60_000))), [3]);
    core.look_again();
    assert_eq!(core.next(at(60_000)), Next::Load);
    core.load(vec![], true, at(60_000), |_message| false);
    assert_eq!(core.next(at(60_000)), Next::Rest);
}

#[test]
fn more_than_fits_is_left_to_the_store_and_keeps_its_order() {
    let mut core = loaded(&[], true, 0);
    for seq in 1..=150 {
        core.arrive(message(seq, seq * 3_000), false);
    }
    assert_eq!(core.waiting(), WAITING_MAX);
    let mut taken = Vec::new();
    loop {
        match core.next(at(1_000_000)) {
            Next::Turn(messages) => taken.extend(messages.iter().map(|message| message.seq)),
            Next::Load => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(taken, (1..=100).collect::<Vec<_>>());
    core.load((101..=150).map(|seq| message(seq, seq * 3_000)).collect(), true, at(1_000_000), |_| false);
    assert_eq!(turn(core.next(at(1_000_000))), [101]);
    assert_eq!(core.waiting(), 49);
}

#[test]
fn what_is_too_old_after_a_restart_is_not_answered() {
    let half_hour = TOO_OLD.num_milliseconds();
    let mut core = loaded(&[(1, 0), (2, 1), (3, 1_000)], true, half_hour + 1);
    let Next::Settle { messages, reason, detail } = core.next(at(half_hour + 1)) else { panic!() };
    assert_eq!((messages.len(), reason, detail), (2, MessageReason::Expired, Some(EXPIRED_BY_RESTART)));
    assert_eq!(turn(core.next(at(half_hour + 9_000))), [3]);
}

#[test]
fn a_person_silences_it_and_time_gives_it_back() {
    let mut core = loaded(&[(1, 0)], true, 0);
    core.set_takeover(Some(Takeover::begin(PHONE, at(500))));
    assert!(core.takeover(at(600)).is_some() && !core.is_takeover_over(at(600)));
    core.arrive(message(2, 600), true);
    let Next::Settle { messages, reason, .. } = core.next(at(600)) else { panic!() };
    assert_eq!((messages.len(), reason), (2, MessageReason::TakenOver));
    let later = 500 + 1_800_000;
    core.arrive(message(3, later), false);
    assert!(core.is_takeover_over(at(later)));
    assert_eq!(turn(core.next(at(later + 2_000))), [3]);
    core.set_takeover(None);
    assert!(!core.is_takeover_over(at(later)));
}

#[test]
fn urgent_ones_do_not_wait() {
    let mut core = core();
    assert_eq!(core.next(at(0)), Next::Load);
    core.load(vec![message(1, 0), message(2, 10)], true, at(10), |message| message.seq == 2);
    assert_eq!(turn(core.next(at(10))), [1]);
    assert_eq!(turn(core.next(at(10))), [2]);
}
