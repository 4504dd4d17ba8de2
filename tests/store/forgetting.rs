//! Runs, conversations, calls and alerts go after their time, and with their robot.
use workbot_schema::ai_calls::{AiCall, AiCallLog, AiCallStatus, AiPurpose, queries as ai_calls};
use workbot_schema::ai_models::health::{self, HealthCheck, HealthStatus};
use workbot_schema::ai_models::{AiModel, Provider};
use workbot_schema::alert_notifications::{self, AlertNotification};
use workbot_schema::alerts::{Alert, AlertLevel, NewAlert, queries as alerts};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Edit};
use workbot_schema::fields::{Document, Ts};
use workbot_schema::flow_executions::{Spend, queries as runs};
use workbot_schema::ids::{AiCallId, ChannelId, ModelId, RobotUuid, SessionId};
use workbot_schema::notification_channels::ChannelType;
use workbot_schema::retention::{self, Kept};
use workbot_schema::robots::RobotChanges;
use workbot_schema::sessions::{self, SessionAct, SessionChange};
use workbot_schema::store::Db;
use workbot_schema::token_usage;

use super::flow_rows::run;
use super::rows::{at, message, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

const DAY: i64 = 86_400;

fn call(robot: RobotUuid, now: Ts) -> Record {
    let log = AiCallLog {
        seq: 0,
        id: AiCallId::generate(),
        run_id: None,
        robot_uuid: Some(robot),
        session_id: None,
        message_id: None,
        model_id: None,
        provider: "rules".to_owned(),
        model_name: "rules".to_owned(),
        purpose: AiPurpose::Intent,
        status: AiCallStatus::Ok,
        error_class: None,
        error: None,
        tries: 1,
        duration_ms: 0,
        tokens_in: 0,
        tokens_out: 0,
        cost_micros: 0,
        created_at: now,
        persona_id: None,
    };
    Record::AiCall(Box::new(AiCall { log, input: "问".to_owned(), output: "答".to_owned() }))
}

/// One conversation with everything that hangs on it.
async fn converse(db: &Db, robot: RobotUuid, name: &str, seq: i64, secs: i64) -> SessionId {
    let mut chat = message(robot, name, None, "在吗", at(secs));
    chat.session_id = SessionId::of(robot, "", name);
    let mut new = run(&[&chat], None);
    new.spent = Some(Spend { day: token_usage::day_of(at(secs)), tokens: 5, cost_micros: 1 });
    let mut alert = Alert::new(AlertLevel::Info, "risk", at(secs));
    (alert.robot_uuid, alert.dedupe_key) = (Some(robot), format!("risk/{robot}/{name}"));
    let channel = (&ChannelId::from("c1"), ChannelType::Webhook);
    let told = AlertNotification::new(&alert.id, channel, Document::default(), at(secs));
    let alert = NewAlert { alert, since: at(secs), notifications: vec![told] };
    let session = chat.session_id.clone();
    let records = vec![
        Record::Message(Box::new(chat)),
        Record::StartRun(Box::new(new)),
        Record::Alert(Box::new(alert)),
        call(robot, at(secs)),
    ];
    let outcomes = write(db, vec![records], seq, at(secs)).await;
    assert!(outcomes[0].iter().all(Outcome::goes_on), "{outcomes:?}");
    session
}

async fn what_is_old_goes_with_what_hangs_on_it(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let old = converse(&db, robot, "old", 10, 0).await;
    let taken = converse(&db, robot, "taken", 20, 10).await;
    let young = converse(&db, robot, "young", 30, 2 * DAY).await;
    let mut model = AiModel::new(Provider::Kimi, "Kimi", "moonshot", at(0));
    model.id = ModelId::from("kimi");
    let create = Configuration {
        edit: ConfigurationEdit::Model(Edit::Create(Box::new(model))),
        author: "system".to_owned(),
        note: None,
    };
    let check = |secs| {
        Record::Health(Box::new(HealthCheck {
            id: 0,
            model_id: ModelId::from("kimi"),
            status: HealthStatus::Healthy,
            response_time: None,
            error_message: None,
            checked_at: at(secs),
        }))
    };
    let act = SessionAct::TakeOver { by: "u1".to_owned(), idle_before: at(0) };
    let take = Record::Session(Box::new(SessionChange { id: taken.clone(), session: None, act }));
    let checks = vec![Record::Configure(Box::new(create)), check(0), check(2 * DAY), take];
    write(&db, vec![checks], 40, at(11)).await;

    let mut rows = Vec::new();
    for kept in [
        Kept::Runs,
        Kept::Sessions,
        Kept::AiCalls,
        Kept::HealthChecks,
        Kept::TokenUsage,
        Kept::Alerts,
        Kept::Messages,
    ] {
        rows.push((kept, retention::purge(&db, kept, at(DAY)).await.unwrap()));
        assert_eq!(retention::purge(&db, kept, at(DAY)).await.unwrap(), 0, "{kept:?}");
    }
    let expected = [
        (Kept::Runs, 2),
        (Kept::Sessions, 1),
        (Kept::AiCalls, 2),
        (Kept::HealthChecks, 1),
        (Kept::TokenUsage, 1),
        (Kept::Alerts, 2),
        (Kept::Messages, 2),
    ];
    assert_eq!(rows, expected, "a chat that somebody has stays");
    assert_eq!(sessions::queries::find(&db, old).await.unwrap(), None);
    assert!(sessions::queries::find(&db, young.clone()).await.unwrap().is_some());
    assert_eq!(runs::list_recent(&db, young, (at(0), 0), 9).await.unwrap().len(), 1);
    let left = alerts::list_open(&db, 9).await.unwrap();
    assert_eq!(alert_notifications::list(&db, left[0].id.clone()).await.unwrap().len(), 1);
    assert_eq!(alert_notifications::list_due(&db, at(9 * DAY), 9).await.unwrap().len(), 1);
    let (_, calls) = ai_calls::list(&db, ai_calls::AiCallFilter::default(), 0, 9).await.unwrap();
    assert!(ai_calls::find_io(&db, calls[0].id.clone()).await.unwrap().is_some());
    assert_eq!(health::list(&db, ModelId::from("kimi"), 9).await.unwrap().len(), 1);
}

async fn a_deleted_robot_takes_its_conversations_with_it(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let (gone, stays) = (robot(&db).await.id, robot(&db).await.id);
    converse(&db, gone, "甲", 10, 0).await;
    let left = converse(&db, stays, "乙", 20, 0).await;
    let changes = RobotChanges { deleted_at: Some(Some(at(1))), ..RobotChanges::default() };
    let deleted = Record::UpdateRobot { id: gone, changes: Box::new(changes), expected: None };
    write(&db, vec![vec![deleted]], 30, at(1)).await;
    let mut slices = 0;
    while !retention::purge_robot(&db, gone).await.unwrap() {
        slices += 1;
        assert!(slices < 9, "it comes to an end");
    }
    assert_eq!(token_usage::today(&db, gone, at(0)).await.unwrap(), 0);
    assert_eq!(token_usage::today(&db, stays, at(0)).await.unwrap(), 5);
    let unsettled = sessions::queries::list_unsettled(&db, None, 9).await.unwrap();
    assert_eq!(unsettled.iter().map(|row| &row.session_id).collect::<Vec<_>>(), [&left]);
    assert_eq!(alerts::list(&db, alerts::AlertFilter::default(), 0, 9).await.unwrap().0, 1);
    assert_eq!(ai_calls::list(&db, ai_calls::AiCallFilter::default(), 0, 9).await.unwrap().0, 1);
}

on_both!(what_is_old_goes_with_what_hangs_on_it, a_deleted_robot_takes_its_conversations_with_it);
