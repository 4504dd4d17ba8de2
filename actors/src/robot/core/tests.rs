use chrono::{DateTime, TimeDelta};
use serde_json::json;
use workbot_schema::commands::operations::{ClaimLimit, Moved};
use workbot_schema::commands::{CommandSource, ExecutionResult, NewCommand};
use workbot_schema::ids::RobotUuid;

use super::inbound::{RECEIVING, REPORTING};
use super::*;
use crate::robot::dialect::{BadFrame, Inbound};
use crate::robot::pacing::WINDOW_BYTES;

mod clearing;
mod memory;

fn start() -> Ts {
    Ts::new(DateTime::from_timestamp_millis(1_700_000_000_000).unwrap())
}

fn config(name: &str) -> RobotConfig {
    RobotConfig { name: name.into(), reply_all: 0, open_callback: 0, heartbeat_interval_ms: 10_000 }
}

pub(super) fn row(id: &str, attempt: i32, size_bytes: i32, state: CommandState) -> RobotCommand {
    let new = NewCommand {
        id: id.into(),
        robot_uuid: RobotUuid(uuid::Uuid::nil()),
        batch_id: None,
        command_type: 203,
        item: "{}".into(),
        file_name: None,
        size_bytes,
        priority: 0,
        can_retry: true,
        source: CommandSource::Commands,
        request_id: None,
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: start(),
        created_at: start(),
        is_offline: false,
    };
    RobotCommand { attempt, state, sent_at: Some(start()), ..new.into_row(1) }
}

fn sent(id: &str) -> RobotCommand {
    row(id, 1, 100, CommandState::Sent)
}

/// A core with hands: time, tokens and depth.
pub(super) struct Bench {
    pub(super) core: Core,
    pub(super) now_ms: u64,
    pub(super) tokens: u32,
    queued: i64,
    has_clear: bool,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self {
            core: Core::new(CoreSettings::default()),
            now_ms: 1_000,
            tokens: 60,
            queued: 0,
            has_clear: false,
        }
    }

    /// Attached, nothing unconfirmed, nothing to claim.
    pub(super) fn idle() -> Self {
        let mut bench = Self::new();
        bench.attach();
        bench.step(Input::Unconfirmed(Taken::Rows(vec![]), true));
        assert_eq!(bench.step(Input::Claimed(Taken::Rows(vec![]))), []);
        bench
    }

    /// Idle, and then these were claimed and pushed.
    fn with(rows: Vec<RobotCommand>) -> Self {
        let mut bench = Self::idle();
        bench.step(Input::Wake);
        bench.step(Input::Claimed(Taken::Rows(rows)));
        bench
    }

    pub(super) fn attach(&mut self) -> Vec<Effect> {
        let since = start().plus(TimeDelta::milliseconds(-1));
        self.step(Input::Attached { robot_id: "robot_1".into(), config: config("a"), version: 1, since })
    }

    pub(super) fn step(&mut self, input: Input) -> Vec<Effect> {
        let (now_ms, queued) = (self.now_ms, self.queued);
        let available = &mut self.tokens;
        let mut take = |wanted: u32| {
            let taken = wanted.min(*available);
            *available -= taken;
            taken
        };
        self.core.step(
            input,
            &mut World { now_ms, now: start(), queued, has_clear: self.has_clear, tokens: &mut take },
        )
    }

    pub(super) fn frame(&mut self, inbound: Inbound) -> Vec<Effect> {
        self.step(Input::Frame(Ok(inbound), None))
    }

    fn ack(&mut self, id: &str) -> Vec<Effect> {
        self.frame(Inbound::Ack { id: id.into(), attempt: None })
    }

    pub(super) fn moved(&mut self, row: RobotCommand) -> Vec<Effect> {
        let (id, from) = (row.id.clone(), CommandState::Sent);
        self.step(Input::Moved(id, Some(Box::new(Moved { command: row, from, is_won: true }))))
    }
}

fn pushes(effects: &[Effect]) -> Vec<(String, bool)> {
    let pushed = effects.iter().filter_map(|effect| match effect {
        Effect::Push { command, is_redelivered } => Some((command.id.to_string(), *is_redelivered)),
        _ => None,
    });
    pushed.collect()
}

fn claim(effects: &[Effect]) -> Option<ClaimLimit> {
    effects.iter().find_map(|effect| match effect {
        Effect::Claim(limit) => Some(*limit),
        _ => None,
    })
}

#[test]
fn connect_takes_the_unconfirmed_first() {
    let mut bench = Bench::new();
    let effects = bench.attach();
    assert!(matches!(effects[0], Effect::Send(Reply::Connected { .. })));
    assert!(matches!(effects[1], Effect::Send(Reply::Config { version: 1, .. })));
    assert_eq!(effects[2], Effect::TakeUnconfirmed(16));
    assert_eq!(effects.len(), 3);
    let old = RobotCommand { sent_at: Some(start().plus(TimeDelta::seconds(-9))), ..sent("old") };
    let effects = bench.step(Input::Unconfirmed(Taken::Rows(vec![old, sent("own")]), true));
    assert_eq!(pushes(&effects), [("old".into(), true), ("own".into(), false)]);
    let limit = claim(&effects).unwrap();
    assert_eq!((limit.commands, limit.bytes, limit.is_window_empty), (6, WINDOW_BYTES - 200, false));
}

#[test]
fn a_slot_is_free_when_the_confirmation_is_durable() {
    let mut bench = Bench::with((0..8).map(|number| sent(&number.to_string())).collect());
    assert_eq!(bench.core.window().count(), 8);
    assert_eq!(claim(&bench.step(Input::Wake)), None, "the window is full");
    assert_eq!(bench.ack("3"), [Effect::Confirm { id: "3".into(), attempt: None }]);
    assert_eq!(bench.ack("3"), [], "the same confirmation is under way");
    assert_eq!(bench.core.window().count(), 8);
    let effects = bench.moved(row("3", 1, 100, CommandState::Confirmed));
    assert_eq!(bench.core.window().count(), 7);
    assert_eq!(claim(&effects).unwrap().commands, 1);
}

#[test]
fn results_confirm_too_and_retries_are_pushed_again() {
    let mut bench = Bench::with(vec![sent("a")]);
    let result = Box::new(ExecutionResult { error_code: 201_101, ..ExecutionResult::default() });
    let effects = bench.frame(Inbound::Result { id: "a".into(), result: result.clone() });
    assert_eq!(effects, [Effect::Report { id: "a".into(), result }]);
    let again = RobotCommand {
        not_before: Some(start().plus(TimeDelta::seconds(1))),
        ..row("a", 2, 100, CommandState::Queued)
    };
    bench.moved(again);
    assert_eq!((bench.core.window().count(), bench.core.next_tick_ms()), (0, Some(2_000)));
    bench.now_ms = 2_000;
    assert!(claim(&bench.step(Input::Tick)).is_some());
    let effects = bench.step(Input::Claimed(Taken::Rows(vec![row("a", 2, 100, CommandState::Sent)])));
    assert_eq!(pushes(&effects), [("a".into(), false)]);
    let late = bench.frame(Inbound::Ack { id: "a".into(), attempt: Some(1) });
    assert_eq!(late, [Effect::Confirm { id: "a".into(), attempt: Some(1) }]);
    bench.moved(row("a", 2, 100, CommandState::Sent));
    assert_eq!(bench.core.window().count(), 1, "an old attempt's confirmation frees nothing");
}

#[test]
fn after_a_failed_claim_the_unconfirmed_come_first() {
    for taken in [Input::Claimed(Taken::Failed), Input::Unconfirmed(Taken::Failed, true)] {
        let mut bench = Bench::with(vec![sent("a")]);
        bench.step(Input::Wake);
        assert_eq!(bench.step(taken), []);
        assert_eq!(bench.step(Input::Wake), [], "not before the pause is over");
        assert_eq!(bench.core.next_tick_ms(), Some(1_500));
        bench.now_ms = 1_500;
        assert_eq!(bench.step(Input::Tick), [Effect::TakeUnconfirmed(16)]);
        let effects = bench.step(Input::Unconfirmed(Taken::Rows(vec![sent("a"), sent("b")]), true));
        assert_eq!(pushes(&effects), [("b".into(), false)], "what this socket pushed is not pushed again");
    }
}

#[test]
fn what_does_not_fit_waits_for_a_slot() {
    let mut bench = Bench::new();
    bench.attach();
    let large = |id| row(id, 1, 900_000, CommandState::Sent);
    let effects = bench.step(Input::Unconfirmed(Taken::Rows(vec![large("a"), large("b")]), true));
    assert_eq!((pushes(&effects).len(), effects.len()), (1, 1), "nothing new overtakes the leftover");
    bench.ack("a");
    let effects = bench.moved(row("a", 1, 1, CommandState::Confirmed));
    assert_eq!(effects, [Effect::TakeUnconfirmed(16)]);
    let effects = bench.step(Input::Unconfirmed(Taken::Rows(vec![large("b")]), true));
    assert_eq!(pushes(&effects), [("b".into(), false)]);
}

#[test]
fn one_larger_command_goes_alone() {
    let huge = row("a", 1, 5_000_000, CommandState::Sent);
    let mut bench = Bench::with(vec![huge]);
    assert_eq!((bench.core.window().count(), claim(&bench.step(Input::Wake))), (1, None));
}

#[test]
fn pacing_pauses_and_goes_on() {
    let mut bench = Bench::idle();
    // Eight tokens are in hand since the first claim.
    bench.tokens = 0;
    bench.step(Input::Wake);
    bench.step(Input::Claimed(Taken::Rows((0..8).map(|number| sent(&number.to_string())).collect())));
    for number in 0..8 {
        let id = number.to_string();
        bench.ack(&id);
        bench.moved(row(&id, 1, 1, CommandState::Confirmed));
    }
    assert_eq!(bench.core.next_tick_ms(), Some(2_000));
    (bench.now_ms, bench.tokens) = (2_000, 1);
    assert_eq!(claim(&bench.step(Input::Tick)).unwrap().commands, 1);
}

#[test]
fn a_wake_during_a_claim_is_not_lost() {
    let mut bench = Bench::idle();
    assert!(claim(&bench.step(Input::Wake)).is_some());
    assert_eq!(bench.step(Input::Wake), [], "one claim at a time");
    assert!(claim(&bench.step(Input::Claimed(Taken::Rows(vec![])))).is_some());
    assert_eq!(bench.step(Input::Claimed(Taken::Rows(vec![]))), []);
}

#[test]
fn nobody_claims_after_a_newer_login_or_a_stop() {
    for input in [Input::Claimed(Taken::Stale), Input::StopClaiming] {
        let mut bench = Bench::with(vec![sent("a")]);
        bench.step(input);
        assert_eq!(bench.step(Input::Wake), []);
        assert_eq!(bench.ack("a").len(), 1, "confirmations still count");
    }
}

#[test]
fn garbage_closes_at_the_twentieth() {
    let bad = || BadFrame { reference: None, text: "x".into(), is_garbage: true };
    let mut bench = Bench::idle();
    for _frame in 0..19 {
        let effects = bench.step(Input::Frame(Err(bad()), None));
        assert!(matches!(effects[..], [Effect::Send(Reply::Error { .. })]));
    }
    let mut patient = Bench::idle();
    for number in 0..100 {
        patient.now_ms = 1_000 + number * 4_000;
        assert_eq!(patient.step(Input::Frame(Err(bad()), None)).len(), 1);
    }
    let effects = bench.step(Input::Frame(Err(bad()), None));
    assert_eq!(effects[1], Effect::Close(CloseCause::Flooding));
    assert_eq!(bench.frame(Inbound::Ping), [], "nothing after the close");
}

#[test]
fn messages_are_answered_by_their_outcome() {
    let mut bench = Bench::idle();
    let message = || Inbound::Message { reference: Some("m".into()), message: Box::default() };
    assert!(matches!(bench.frame(message())[..], [Effect::Receive { .. }]));
    let outcome = Ok("msg_1".into());
    let answer = bench.step(Input::Stored { reference: Some("m".into()), outcome });
    assert_eq!(
        answer,
        [Effect::Send(Reply::MessageAck { reference: Some("m".into()), message_id: "msg_1".into() })]
    );
    let over = bench.step(Input::Frame(Ok(message()), Some(7)));
    assert_eq!(over, [Effect::Send(Reply::MessageNack { reference: Some("m".into()), retry_after: 7 })]);
    for _message in 0..RECEIVING {
        assert!(matches!(bench.frame(message())[..], [Effect::Receive { .. }]));
    }
    assert!(matches!(bench.frame(message())[..], [Effect::Send(Reply::MessageNack { retry_after: 1, .. })]));
}

#[test]
fn over_the_limit_only_what_is_awaited_counts() {
    let mut bench = Bench::with(vec![sent("a")]);
    let ack = |id: &str| Input::Frame(Ok(Inbound::Ack { id: id.into(), attempt: None }), Some(1));
    assert_eq!(bench.step(ack("other")), [Effect::Drop { id: "other".into(), what: "ack" }]);
    assert!(matches!(bench.step(ack("a"))[..], [Effect::Confirm { .. }]));
    let result =
        |id: &str| Input::Frame(Ok(Inbound::Result { id: id.into(), result: Box::default() }), Some(1));
    assert!(
        matches!(bench.step(result("other")).as_slice(), [Effect::Report { .. }]),
        "there is no nack for a result"
    );
    assert!(matches!(bench.step(result("a"))[..], [Effect::Report { .. }]));
}

#[test]
fn a_backlog_of_results_is_taken_whole_and_slows_the_reading() {
    let mut bench = Bench::idle();
    for number in 1..=200 {
        let result = Inbound::Result { id: format!("c{number}").as_str().into(), result: Box::default() };
        assert!(matches!(bench.frame(result)[..], [Effect::Report { .. }]), "{number}");
        assert_eq!(bench.core.is_crowded(), number >= REPORTING, "{number}");
    }
    for number in (1..=200).rev() {
        bench.step(Input::Moved(format!("c{number}").as_str().into(), None));
        assert_eq!(bench.core.is_crowded(), number > REPORTING, "{number}");
    }
}

#[test]
fn settings_are_sent_when_they_differ() {
    let mut bench = Bench::idle();
    assert_eq!(bench.step(Input::Configure(config("a"), 2)), []);
    assert!(matches!(
        bench.step(Input::Configure(config("b"), 3))[..],
        [Effect::Send(Reply::Config { version: 3, .. })]
    ));
    bench.frame(Inbound::ConfigAck { version: Some(3) });
    assert_eq!(bench.core.acked_version(), Some(3));
    let effects = bench.frame(Inbound::ConfigNack { version: Some(4), reason: "no".into() });
    assert!(matches!(effects[..], [Effect::Note { kind: "config", .. }]));
}

#[test]
fn closing_waits_for_its_writes_but_not_long() {
    let mut bench = Bench::with(vec![sent("a")]);
    bench.ack("a");
    assert_eq!(bench.step(Input::Close(CloseCause::Replaced)), []);
    assert_eq!(bench.step(Input::Wake), []);
    assert_eq!(bench.moved(row("a", 1, 1, CommandState::Confirmed)), [Effect::Close(CloseCause::Replaced)]);
    let mut bench = Bench::with(vec![sent("a")]);
    bench.ack("a");
    bench.step(Input::Close(CloseCause::Restarting));
    assert_eq!(bench.core.next_tick_ms(), Some(2_500));
    bench.now_ms = 2_500;
    assert_eq!(bench.step(Input::Tick).last(), Some(&Effect::Close(CloseCause::Restarting)));
    let mut early = Bench::new();
    assert_eq!(early.step(Input::Close(CloseCause::Kicked)), [Effect::Close(CloseCause::Kicked)]);
}

#[test]
fn rows_of_a_closing_socket_are_left_to_the_next() {
    let mut bench = Bench::with(vec![sent("a")]);
    bench.step(Input::Wake);
    bench.ack("a");
    bench.step(Input::Close(CloseCause::Replaced));
    assert_eq!(bench.step(Input::Claimed(Taken::Rows(vec![sent("b")]))), []);
}

#[test]
fn unanswered_commands_are_looked_up_after_their_time() {
    let mut bench = Bench::with(vec![sent("a")]);
    assert_eq!(bench.core.next_tick_ms(), Some(126_000));
    bench.now_ms = 126_000;
    assert_eq!(bench.step(Input::Tick), [Effect::Check("a".into())]);
    bench.step(Input::Checked("a".into(), Some((CommandState::Sent, 1))));
    bench.step(Input::Checked("a".into(), None));
    assert_eq!((bench.core.window().count(), bench.core.next_tick_ms()), (1, Some(131_000)));
    bench.step(Input::Checked("a".into(), Some((CommandState::Unknown, 1))));
    assert_eq!((bench.core.window().count(), bench.core.next_tick_ms()), (0, None));
}

#[test]
fn idle_connections_are_small() {
    assert!(size_of::<Core>() <= 256, "{}", size_of::<Core>());
}

#[test]
fn heartbeats_and_pings() {
    let mut bench = Bench::idle();
    assert_eq!(bench.frame(Inbound::Ping), [Effect::Send(Reply::Pong)]);
    assert_eq!(bench.frame(Inbound::Heartbeat(json!(5))), [Effect::Send(Reply::HeartbeatResponse(json!(5)))]);
    assert_eq!(bench.frame(Inbound::Unknown), []);
}
