//! Messages and callbacks: repeats are recognised, outcomes recorded once.
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::deliveries::{self, AttemptRecord, Delivery, DeliveryKind, DeliveryState};
use workbot_schema::ids::{DeliveryId, MessageId, RobotUuid};
use workbot_schema::messages::{self, MessageReason, SessionMessage};

use super::rows::{at, message, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn stored(message: SessionMessage) -> Vec<Record> {
    vec![Record::Message(Box::new(message))]
}

async fn a_message_is_stored_once(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let writes = vec![
        stored(message(robot, "m1", Some("app-1"), "hello", at(0))),
        stored(message(robot, "m2", Some("app-1"), "other text", at(0))),
        stored(message(robot, "m3", None, "hello", at(1))),
        stored(message(robot, "m4", Some("app-2"), "hello", at(2))),
        stored(message(robot, "m5", None, "hello", at(9))),
        stored(message(robot, "m6", Some("app-3"), "hello", at(10))),
        stored(message(robot, "m7", Some("app-3"), "hello", at(4_000))),
    ];
    let outcomes = write(&db, writes, 10, at(0)).await;
    let existed = |id: &str| Outcome::MessageExisted(MessageId::from(id));
    assert_eq!(outcomes[0][0], Outcome::Done(10));
    assert_eq!(outcomes[1][0], existed("m1"), "same id");
    assert_eq!(outcomes[2][0], existed("m1"), "same text within 3 s, one without id");
    assert_eq!(outcomes[3][0], Outcome::Done(13), "same text, but both have ids");
    assert_eq!(outcomes[4][0], Outcome::Done(14), "same text later");
    assert_eq!(outcomes[5][0], existed("m5"), "same text within 3 s of one without id");
    assert_eq!(outcomes[6][0], Outcome::Done(16), "an id whose message was a repeat is still new");
    messages::forget_repeat_keys(&db, at(1)).await.unwrap();
    let again =
        write(&db, vec![stored(message(robot, "m8", Some("app-1"), "zzz", at(90_000)))], 30, at(90_000))
            .await;
    assert_eq!(again[0][0], Outcome::Done(30), "ids are remembered for a day");
}

async fn the_reason_of_a_message_is_set_once(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    write(&db, vec![stored(message(robot, "m1", None, "hello", at(0)))], 10, at(0)).await;
    let settle = |reason, from| {
        vec![Record::Settle {
            id: MessageId::from("m1"),
            reason,
            detail: Some("x".into()),
            command_id: None,
            from,
        }]
    };
    let outcomes = write(
        &db,
        vec![
            settle(MessageReason::CallbackPending, None),
            settle(MessageReason::ReadOnly, None),
            settle(MessageReason::Answered, Some(MessageReason::CallbackPending)),
        ],
        20,
        at(1),
    )
    .await;
    assert!(matches!(outcomes[0][0], Outcome::Done(_)));
    assert_eq!(outcomes[1][0], Outcome::Missing);
    assert!(matches!(outcomes[2][0], Outcome::Done(_)));
    let row = messages::find(&db, MessageId::from("m1")).await.unwrap().unwrap();
    assert_eq!((row.reason, row.settled_at), (Some(MessageReason::Answered), Some(at(1))));
}

fn delivery(robot: RobotUuid) -> Delivery {
    Delivery {
        id: DeliveryId::from("dlv_1"),
        seq: 0,
        robot_uuid: robot,
        kind: DeliveryKind::Message,
        endpoint: deliveries::endpoint_of(robot, "https://example.com/"),
        url: "https://example.com/".into(),
        chat: "ses_1".into(),
        message_id: Some(MessageId::from("m1")),
        command_id: None,
        body: r#"{"spoken":"你好"}"#.into(),
        file_name: None,
        state: DeliveryState::Pending,
        attempts: 0,
        can_retry: true,
        last_status: None,
        last_error: None,
        replay_of: None,
        due_at: Some(at(0)),
        finished_at: None,
        created_at: at(0),
    }
}

async fn attempts_are_recorded_until_a_delivery_ends(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let new = || vec![Record::Delivery(Box::new(delivery(robot)))];
    let outcomes = write(&db, vec![new(), new()], 10, at(0)).await;
    assert!(matches!(outcomes[0][0], Outcome::Delivery(_)));
    assert_eq!(outcomes[1][0], Outcome::Existed);
    let attempt = |status, state, due_at| {
        vec![Record::Attempt(AttemptRecord {
            delivery_id: DeliveryId::from("dlv_1"),
            status,
            error: None,
            response: Some("ok".into()),
            duration_ms: 12,
            state,
            due_at,
        })]
    };
    assert_eq!(deliveries::list_due(&db, at(0), 10).await.unwrap().len(), 1);
    let outcomes = write(
        &db,
        vec![
            attempt(Some(500), DeliveryState::Pending, Some(at(5))),
            attempt(Some(200), DeliveryState::Delivered, None),
            attempt(Some(200), DeliveryState::Delivered, None),
        ],
        20,
        at(1),
    )
    .await;
    assert!(matches!(&outcomes[1][0], Outcome::Delivery(delivery) if delivery.attempts == 2));
    assert_eq!(outcomes[2][0], Outcome::Missing, "an ended delivery takes no more attempts");
    let attempts = deliveries::list_attempts(&db, DeliveryId::from("dlv_1")).await.unwrap();
    assert_eq!(
        attempts.iter().map(|attempt| (attempt.attempt, attempt.status)).collect::<Vec<_>>(),
        [(1, Some(500)), (2, Some(200))]
    );
    assert!(deliveries::list_due(&db, at(100), 10).await.unwrap().is_empty());
    assert!(deliveries::list_pending(&db, 0, 10).await.unwrap().is_empty());
}

on_both!(
    a_message_is_stored_once,
    the_reason_of_a_message_is_set_once,
    attempts_are_recorded_until_a_delivery_ends
);
