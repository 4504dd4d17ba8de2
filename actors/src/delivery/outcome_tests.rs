use chrono::DateTime;
use workbot_schema::class::Class;
use workbot_schema::robots::{Robot, RobotKind};

use super::*;
use crate::delivery::replay::test_event;
use crate::delivery::schedule::RETRY_DELAYS;

fn now() -> Ts {
    Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

fn delivery(kind: DeliveryKind) -> Delivery {
    let robot = Robot::new(RobotKind::Native, "r".to_owned(), None, now());
    let mut delivery = test_event(&robot, "https://x.example/", "dlv_1".into(), now());
    delivery.kind = kind;
    delivery.message_id = Some("msg_1".into());
    delivery
}

fn answered(status: u16, body: &str) -> Attempted {
    Attempted {
        status: Some(status),
        error: None,
        response: body.to_owned(),
        duration_ms: 12,
        verdict: Verdict::of_answer(CallbackKind::Message, status, body.as_bytes()),
        answer: Answer::read(body.as_bytes()),
        is_unanswered: false,
    }
}

fn silent() -> Attempted {
    Attempted {
        status: None,
        error: Some("no complete answer within 3000 ms".to_owned()),
        response: String::new(),
        duration_ms: 3_000,
        verdict: Verdict::of_failure(Class::Transient),
        answer: Answer::default(),
        is_unanswered: false,
    }
}

fn failed(detail: &str) -> Option<Fate> {
    Some(Fate::Unanswered(MessageReason::CallbackFailed, detail.to_owned()))
}

#[test]
fn an_answer_decides_over_delivery_message_and_chat() {
    use DeliveryState::{Delivered, Failed, Pending};
    let reply = r#"{"code":0,"data":{"type":5000,"info":{"text":"答"}}}"#;
    let refusal = r#"{"code":-1,"message":"稍后再试"}"#;
    let unanswered = Attempted { is_unanswered: true, ..answered(200, "{}") };
    let said = |text: &str| Some(Fate::Answered(Some(text.to_owned())));
    let quiet = Some(Fate::Answered(None));
    let refused = Some("code -1: 稍后再试");
    // attempt, can retry, error reply → state, seconds, error, fate
    type Case<'a> = (Attempted, bool, bool, DeliveryState, Option<u64>, Option<&'a str>, Option<Fate>);
    let table: Vec<Case<'_>> = vec![
        (answered(200, "{}"), false, true, Delivered, None, None, quiet.clone()),
        (answered(200, reply), false, true, Delivered, None, None, said("答")),
        (answered(200, refusal), true, true, Failed, None, refused, said("稍后再试")),
        (answered(200, refusal), true, false, Failed, None, refused, failed("code -1: 稍后再试")),
        (answered(200, r#"{"code":3}"#), true, true, Failed, None, Some("code 3: "), failed("code 3: ")),
        (answered(500, reply), false, true, Failed, None, Some("status 500"), failed("status 500")),
        (answered(500, reply), true, true, Pending, Some(1), Some("status 500"), None),
        (answered(302, ""), true, true, Failed, None, Some("status 302"), failed("status 302")),
        (
            silent(),
            true,
            true,
            Pending,
            Some(1),
            silent().error.as_deref().map(|_| "no complete answer within 3000 ms"),
            None,
        ),
        (unanswered, true, true, Delivered, None, None, failed("no reply in time")),
    ];
    for (attempted, can_retry, error_reply, state, seconds, error, fate) in table {
        let delivery = Delivery { can_retry, ..delivery(DeliveryKind::Message) };
        let settings = RobotSettings { error_reply, ..RobotSettings::default() };
        let ending = judge(&delivery, &settings, &attempted, &RETRY_DELAYS);
        let expected =
            Ending { state, due_in: seconds.map(Duration::from_secs), error: error.map(str::to_owned), fate };
        assert_eq!(ending, expected, "{attempted:?}");
    }
}

#[test]
fn the_last_retry_ends_the_delivery() {
    for (attempts, due_in) in [(0, Some(1)), (1, Some(3)), (2, Some(5)), (3, None)] {
        let delivery = Delivery { can_retry: true, attempts, ..delivery(DeliveryKind::Message) };
        let ending = judge(&delivery, &RobotSettings::default(), &silent(), &RETRY_DELAYS);
        assert_eq!(ending.due_in, due_in.map(Duration::from_secs));
        assert_eq!(ending.fate.is_some(), due_in.is_none());
    }
}

#[test]
fn only_messages_have_a_fate() {
    for kind in DeliveryKind::ALL {
        let ending = judge(&delivery(*kind), &RobotSettings::default(), &silent(), &[]);
        assert_eq!(ending.fate.is_some(), *kind == DeliveryKind::Message);
        let write = unsent(&delivery(*kind), DeliveryState::Dropped, "x");
        assert_eq!(write.len(), if *kind == DeliveryKind::Message { 2 } else { 1 });
    }
}

#[test]
fn a_write_tells_the_message_only_from_where_it_is() {
    let delivery = delivery(DeliveryKind::Message);
    let attempted = answered(200, "a\0b");
    let ending = judge(&delivery, &RobotSettings::default(), &attempted, &[]);
    let write = records(&delivery, &attempted, &ending, Some(MessageReason::CallbackPending), None, now());
    let [Record::Attempt(attempt), Record::Settle { reason, from, .. }] = write.as_slice() else {
        panic!("two records: {write:?}")
    };
    assert_eq!((attempt.state, attempt.response.as_deref()), (DeliveryState::Delivered, Some("a\u{fffd}b")));
    assert_eq!((*reason, *from), (MessageReason::Answered, Some(MessageReason::CallbackPending)));
    assert_eq!(records(&delivery, &attempted, &ending, None, None, now()).len(), 1);
}
