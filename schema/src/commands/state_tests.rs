use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

fn now() -> Ts {
    Ts::new(DateTime::from_timestamp_millis(1_700_000_000_000).unwrap())
}

fn present(state: CommandState, attempt: i32) -> Present {
    Present { state, attempt, can_retry: true, expires_at: now().plus(TimeDelta::hours(24)) }
}

fn result(code: i32, attempt: Option<i32>) -> CommandEvent {
    CommandEvent::Result(ExecutionResult { attempt, error_code: code, ..ExecutionResult::default() })
}

fn after(present: Present, event: &CommandEvent) -> Option<(CommandState, i32)> {
    match decide(present, event, now(), TimeDelta::seconds(120)) {
        Decision::Move { state, attempt, .. } => Some((state, attempt)),
        Decision::Lost | Decision::Postpone(_) | Decision::Extend(_) | Decision::Note { .. } => None,
    }
}

#[test]
fn the_table() {
    use CommandState::*;
    let confirm = |attempt| CommandEvent::Confirm { attempt };
    let cancel = CommandEvent::Cancel { detail: "x".into() };
    let give_up = CommandEvent::GiveUp { detail: "x".into() };
    let put_back = CommandEvent::PutBack { not_before: now() };
    for (state, attempt, event, expected) in [
        (Sent, 1, confirm(None), Some((Confirmed, 1))),
        (Sent, 2, confirm(Some(2)), Some((Confirmed, 2))),
        (Sent, 2, confirm(Some(1)), None),
        (Queued, 1, confirm(None), None),
        (Confirmed, 1, confirm(None), None),
        (Unknown, 1, confirm(None), None),
        (Sent, 1, result(0, None), Some((Succeeded, 1))),
        (Confirmed, 1, result(0, Some(1)), Some((Succeeded, 1))),
        (Confirmed, 1, result(201_102, None), Some((Failed, 1))),
        (Confirmed, 1, result(201_101, None), Some((Queued, 2))),
        (Sent, 3, result(201_107, None), Some((Queued, 4))),
        (Confirmed, 4, result(201_101, None), Some((Failed, 4))),
        (Queued, 1, result(0, None), None),
        (Queued, 2, result(0, None), Some((Succeeded, 1))),
        (Queued, 2, result(201_101, None), None),
        (Sent, 2, result(201_101, Some(1)), None),
        (Sent, 2, result(0, Some(1)), Some((Succeeded, 1))),
        (Sent, 1, result(0, Some(2)), None),
        (Confirmed, 2, result(201_101, Some(4)), None),
        (Queued, 2, result(0, Some(2)), None),
        (Unknown, 1, result(0, Some(9)), None),
        (Sent, 2, result(0, Some(-1)), None),
        (Unknown, 1, result(0, None), Some((Succeeded, 1))),
        (Unknown, 1, result(201_101, None), Some((Failed, 1))),
        (Succeeded, 1, result(201_102, None), None),
        (Expired, 1, result(0, None), None),
        (Queued, 1, cancel.clone(), Some((Cancelled, 1))),
        (Sent, 1, cancel.clone(), None),
        (Cancelled, 1, cancel, None),
        (Queued, 1, CommandEvent::Expire, Some((Expired, 1))),
        (Sent, 1, CommandEvent::Expire, None),
        (Sent, 1, give_up.clone(), Some((Unknown, 1))),
        (Confirmed, 1, give_up.clone(), Some((Unknown, 1))),
        (Queued, 1, give_up, None),
        (Sent, 1, put_back.clone(), Some((Queued, 1))),
        (Sent, 3, put_back.clone(), Some((Queued, 3))),
        (Confirmed, 1, put_back.clone(), None),
        (Unknown, 1, put_back, None),
    ] {
        assert_eq!(after(present(state, attempt), &event), expected, "{state} {attempt} {event:?}");
    }
}

#[test]
fn a_partial_success_is_never_tried_again() {
    let event = CommandEvent::Result(ExecutionResult {
        error_code: 201_101,
        success_list: vec!["甲".into()],
        fail_list: vec!["乙".into()],
        ..ExecutionResult::default()
    });
    assert_eq!(after(present(CommandState::Confirmed, 1), &event), Some((CommandState::Partial, 1)));
}

#[test]
fn robots_that_opted_out_are_not_tried_again() {
    let present = Present { can_retry: false, ..present(CommandState::Confirmed, 1) };
    assert_eq!(after(present, &result(201_101, None)), Some((CommandState::Failed, 1)));
}

#[test]
fn the_server_answers_only_what_was_never_pushed() {
    let own = Some(SERVER_ATTEMPT);
    assert_eq!(after(present(CommandState::Queued, 1), &result(0, own)), Some((CommandState::Succeeded, 1)));
    assert_eq!(after(present(CommandState::Queued, 1), &result(7, own)), Some((CommandState::Failed, 1)));
    assert_eq!(after(present(CommandState::Queued, 1), &result(0, None)), None);
}

#[test]
fn an_end_is_only_put_off_and_only_while_it_counts() {
    use CommandState::*;
    let end = present(Queued, 1).expires_at;
    let later = end.plus(TimeDelta::hours(1));
    for (state, until, expected) in [
        (Queued, later, Decision::Extend(later)),
        (Sent, later, Decision::Extend(later)),
        (Queued, end, Decision::Lost),
        (Confirmed, later, Decision::Lost),
    ] {
        let decision = decide(present(state, 1), &CommandEvent::Extend(until), now(), TimeDelta::seconds(1));
        assert_eq!(decision, expected, "{state}");
    }
}

proptest! {
    #[test]
    fn final_states_never_move(state in prop::sample::select(CommandState::ALL), attempt in 1..=4_i32,
                               code in prop::sample::select(vec![0, 201_101, 201_102, 1]), of in prop::option::of(0..6_i32)) {
        prop_assume!(state.is_final());
        for event in [CommandEvent::Confirm { attempt: of }, result(code, of), CommandEvent::Expire,
                      CommandEvent::Cancel { detail: String::new() }, CommandEvent::GiveUp { detail: String::new() },
                      CommandEvent::Postpone(now()), CommandEvent::Extend(now().plus(TimeDelta::days(9)))] {
            prop_assert_eq!(decide(present(state, attempt), &event, now(), TimeDelta::seconds(1)), Decision::Lost);
        }
    }

    #[test]
    fn attempts_stay_in_bounds(attempt in 1..=4_i32, code in prop::sample::select(vec![0, 201_101, 201_103, 201_102]),
                               of in prop::option::of(1..=4_i32), state in prop::sample::select(CommandState::ALL)) {
        if let Some((_, next)) = after(present(state, attempt), &result(code, of)) {
            prop_assert!((1..=MAX_ATTEMPT).contains(&next));
        }
    }
}
