//! Alerts: raised once within their cooldown, moved by one person, told until the channel took it.
use serde_json::json;
use workbot_schema::alert_notifications::{self, AlertNotification, NotificationAttempt, NotificationState};
use workbot_schema::alerts::queries::{self, AlertFilter};
use workbot_schema::alerts::{Alert, AlertAct, AlertLevel, AlertStatus, NewAlert};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::fields::Document;
use workbot_schema::ids::{AlertId, ChannelId};
use workbot_schema::notification_channels::ChannelType;

use super::rows::{at, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn alert(key: &str, now: i64) -> Alert {
    let mut alert = Alert::new(AlertLevel::Warning, "risk_intent", at(now));
    alert.dedupe_key = key.to_owned();
    alert.data = Document::from(json!({"text": "\u{0}诈骗"}));
    alert
}

fn notification(alert: &Alert, channel: &str, now: i64) -> AlertNotification {
    let channel = (&ChannelId::from(channel), ChannelType::Webhook);
    AlertNotification::new(&alert.id, channel, Document::from(json!({"title": "风险"})), at(now))
}

fn raise(alert: &Alert, since: i64, channels: &[&str]) -> Record {
    let notifications = channels.iter().map(|channel| notification(alert, channel, 0)).collect();
    Record::Alert(Box::new(NewAlert { alert: alert.clone(), since: at(since), notifications }))
}

fn moved(id: &AlertId, change: AlertAct, note: Option<&str>) -> Vec<Record> {
    vec![Record::AlertChange { id: id.clone(), change, by: "u1".to_owned(), note: note.map(str::to_owned) }]
}

async fn the_same_alert_is_counted_within_its_cooldown(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let (mut first, again, other) = (alert("a", 0), alert("a", 10), alert("b", 10));
    first.robot_uuid = Some(robot);
    let behind = Record::Notification(Box::new(notification(&again, "c2", 10)));
    let writes = vec![
        vec![raise(&first, -300, &["c1", "c2"])],
        vec![raise(&again, -290, &["c1"]), behind],
        vec![raise(&other, -290, &[])],
    ];
    let outcomes = write(&db, writes, 10, at(10)).await;
    let raised: Vec<(&AlertId, bool, i32, usize)> = outcomes
        .iter()
        .map(|write| match &write[0] {
            Outcome::Alert(raised) => {
                (&raised.alert.id, raised.is_new, raised.alert.count, raised.notifications.len())
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(raised, [(&first.id, true, 1, 2), (&first.id, false, 2, 0), (&other.id, true, 1, 0)]);
    assert_eq!(outcomes[1][1], Outcome::Needless, "nobody is told of an alert that was only counted");
    let stored = queries::find(&db, first.id.clone()).await.unwrap().unwrap();
    assert_eq!((stored.seq, stored.last_at, stored.data.clone()), (10, at(10), first.data.clone()));

    // Past its cooldown, or over, it is a new one.
    let late = alert("a", 400);
    write(&db, vec![vec![raise(&late, 100, &[])]], 20, at(400)).await;
    assert_eq!(queries::find(&db, late.id.clone()).await.unwrap().unwrap().count, 1);
    write(&db, vec![moved(&late.id, AlertAct::Resolve, None)], 21, at(401)).await;
    let after = alert("a", 402);
    write(&db, vec![vec![raise(&after, 102, &[])]], 22, at(402)).await;
    assert_eq!(queries::find(&db, after.id.clone()).await.unwrap().unwrap().count, 1);

    let count = async |filter: AlertFilter| queries::list(&db, filter, 0, 9).await.unwrap().0;
    let of = AlertFilter { robots: Some(vec![robot]), ..AlertFilter::default() };
    let status = AlertFilter { status: Some(AlertStatus::Resolved), ..AlertFilter::default() };
    let level = AlertFilter { level: Some(AlertLevel::Info), ..AlertFilter::default() };
    let code = AlertFilter {
        code: Some("risk_intent".to_owned()),
        from: Some(at(10)),
        to: Some(at(402)),
        ..AlertFilter::default()
    };
    assert_eq!((count(of).await, count(status).await, count(level).await, count(code).await), (1, 1, 0, 2));
    let open = queries::list_open(&db, 9).await.unwrap();
    assert_eq!(open.iter().map(|alert| alert.dedupe_key.as_str()).collect::<Vec<_>>(), ["a", "a", "b"]);
}

async fn one_person_moves_an_alert(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let row = alert("a", 0);
    let writes = vec![
        vec![raise(&row, -300, &[])],
        moved(&row.id, AlertAct::Acknowledge, Some("在看")),
        moved(&row.id, AlertAct::Acknowledge, None),
        moved(&row.id, AlertAct::Resolve, None),
        moved(&row.id, AlertAct::Resolve, Some("晚了")),
        moved(&AlertId::from("none"), AlertAct::Resolve, None),
    ];
    let outcomes = write(&db, writes, 10, at(5)).await;
    let won: Vec<bool> = outcomes[1..5]
        .iter()
        .map(|write| matches!(&write[0], Outcome::AlertMoved { is_won: true, .. }))
        .collect();
    assert_eq!(won, [true, false, true, false]);
    assert_eq!(outcomes[5][0], Outcome::Missing);
    let row = queries::find(&db, row.id).await.unwrap().unwrap();
    assert_eq!((row.status, row.note.as_deref()), (AlertStatus::Resolved, Some("在看")));
    assert_eq!(
        (row.ack_by.as_deref(), row.acked_at, row.resolved_at),
        (Some("u1"), Some(at(5)), Some(at(5)))
    );
}

async fn a_notification_is_tried_until_it_ends(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let row = alert("a", 0);
    let more = notification(&row, "c2", 3);
    let writes = vec![
        vec![raise(&row, -300, &["c1"])],
        vec![Record::Notification(Box::new(more.clone())), Record::Notification(Box::new(more.clone()))],
    ];
    let outcomes = write(&db, writes, 10, at(0)).await;
    assert!(matches!(&outcomes[1][0], Outcome::Notification(stored) if stored.seq == 11));
    assert_eq!(outcomes[1][1], Outcome::Needless, "one alert is told once over one channel");
    let due = async |secs| {
        let list = alert_notifications::list_due(&db, at(secs), 9).await.unwrap();
        list.into_iter().map(|row| row.channel_id.0).collect::<Vec<_>>()
    };
    assert_eq!((due(-1).await, due(0).await, due(3).await.len()), (Vec::new(), vec!["c1".to_owned()], 2));
    let attempt = |attempts_before, state, due_at| {
        let attempt = NotificationAttempt {
            id: more.id.clone(),
            attempts_before,
            state,
            error: Some("HTTP 500\u{0}".to_owned()),
            due_at,
        };
        vec![Record::NotificationAttempt(Box::new(attempt))]
    };
    let writes = vec![
        attempt(0, NotificationState::Pending, Some(at(8))),
        attempt(0, NotificationState::Sent, None),
        attempt(1, NotificationState::Failed, Some(at(9))),
        attempt(2, NotificationState::Sent, None),
    ];
    let outcomes = write(&db, writes, 20, at(4)).await;
    let states: Vec<Option<(NotificationState, i32)>> = outcomes
        .iter()
        .map(|write| match &write[0] {
            Outcome::Notification(row) => Some((row.state, row.attempts)),
            _ => None,
        })
        .collect();
    assert_eq!(
        states,
        [Some((NotificationState::Pending, 1)), None, Some((NotificationState::Failed, 2)), None]
    );
    let list = alert_notifications::list(&db, row.id.clone()).await.unwrap();
    let ended = list.iter().find(|row| row.id == more.id).unwrap();
    assert_eq!((list.len(), ended.due_at, ended.finished_at), (2, None, Some(at(4))));
    assert_eq!(ended.error.as_deref(), Some("HTTP 500\u{fffd}"));
    assert_eq!(due(100).await, ["c1"]);
}

on_both!(
    the_same_alert_is_counted_within_its_cooldown,
    one_person_moves_an_alert,
    a_notification_is_tried_until_it_ends,
);
