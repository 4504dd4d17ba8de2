//! What calls to models leave behind: logs, health, and what was spent by day.
use chrono::TimeDelta;
use workbot_schema::ai_calls::queries::{self, AiCallFilter};
use workbot_schema::ai_calls::{AiCall, AiCallLog, AiCallStatus, AiPurpose};
use workbot_schema::ai_models::health::{self, HealthCheck, HealthStatus};
use workbot_schema::ai_models::{AiModel, Provider};
use workbot_schema::batch::Record;
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Edit};
use workbot_schema::flow_executions::{RunStatus, Spend};
use workbot_schema::ids::{AiCallId, ModelId, RunId};
use workbot_schema::token_usage;

use super::flow_rows::{checkpoint, run};
use super::rows::{at, message, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

async fn a_call_is_kept_with_what_was_said(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let log = AiCallLog {
        seq: 0,
        id: AiCallId::generate(),
        run_id: Some(RunId::from("run_1")),
        robot_uuid: Some(robot),
        session_id: None,
        message_id: Some("m1".into()),
        model_id: Some(ModelId::from("model_1")),
        provider: "doubao".to_owned(),
        model_name: "doubao-pro-32k".to_owned(),
        purpose: AiPurpose::Reply,
        status: AiCallStatus::Failed,
        error_class: Some("transient".to_owned()),
        error: Some("time\u{0}out".to_owned()),
        tries: 2,
        duration_ms: 10_000,
        tokens_in: 120,
        tokens_out: 0,
        cost_micros: 96,
        created_at: at(0),
        persona_id: None,
    };
    let call = AiCall { log: log.clone(), input: "问\u{0}题".to_owned(), output: String::new() };
    let mut rules = call.clone();
    (rules.log.id, rules.log.model_id, rules.log.robot_uuid) = (AiCallId::generate(), None, None);
    let record = |call: &AiCall| Record::AiCall(Box::new(call.clone()));
    write(&db, vec![vec![record(&call), record(&rules)], vec![record(&call)]], 10, at(0)).await;
    let stored = queries::find(&db, log.id.clone()).await.unwrap().unwrap();
    assert_eq!(stored, AiCallLog { seq: 10, error: Some("time\u{fffd}out".to_owned()), ..log.clone() });
    let io = queries::find_io(&db, log.id).await.unwrap().unwrap();
    assert_eq!((io.seq, io.input.as_str()), (10, "问\u{fffd}题"));
    let count = async |filter: AiCallFilter| queries::list(&db, filter, 0, 9).await.unwrap().0;
    let run = AiCallFilter { run: Some(RunId::from("run_1")), ..AiCallFilter::default() };
    let of = AiCallFilter {
        robots: Some(vec![robot]),
        purpose: Some(AiPurpose::Reply),
        ..AiCallFilter::default()
    };
    let model = AiCallFilter { model: Some(ModelId::from("model_2")), ..AiCallFilter::default() };
    let ok = AiCallFilter { status: Some(AiCallStatus::Ok), ..AiCallFilter::default() };
    let late = AiCallFilter { from: Some(at(1)), ..AiCallFilter::default() };
    assert_eq!((count(run).await, count(of).await, count(model).await), (2, 1, 0));
    assert_eq!((count(ok).await, count(late).await, count(AiCallFilter::default()).await), (0, 0, 2));
}

async fn looks_at_a_model_are_kept(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let model = AiModel::new(Provider::Openai, "GPT", "gpt-4", at(0));
    let create = Configuration {
        edit: ConfigurationEdit::Model(Edit::Create(Box::new(model.clone()))),
        author: "u1".to_owned(),
        note: None,
    };
    let check = |secs, status, error: Option<&str>| {
        Record::Health(Box::new(HealthCheck {
            id: 0,
            model_id: model.id.clone(),
            status,
            response_time: Some(12),
            error_message: error.map(str::to_owned),
            checked_at: at(secs),
        }))
    };
    let checks = vec![check(1, HealthStatus::Healthy, None), check(2, HealthStatus::Down, Some("time-out"))];
    write(&db, vec![vec![Record::Configure(Box::new(create))], checks], 10, at(0)).await;
    let list = health::list(&db, model.id.clone(), 9).await.unwrap();
    let states: Vec<HealthStatus> = list.iter().map(|check| check.status).collect();
    assert_eq!(states, [HealthStatus::Down, HealthStatus::Healthy]);
    assert_eq!(health::list(&db, model.id, 1).await.unwrap().len(), 1);
}

async fn a_budget_begins_anew_at_midnight_in_shanghai(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    // 2025-10-09T08:53:20Z; Shanghai's midnight is at 16:00 UTC.
    let midnight = at(0).plus(TimeDelta::seconds(16 * 3_600 - (8 * 3_600 + 53 * 60 + 20)));
    let before = midnight.plus(TimeDelta::microseconds(-1));
    let chat = message(robot, "m1", None, "在吗", at(0));
    let mut new = run(&[&chat], None);
    let spend =
        |moment, tokens| Some(Spend { day: token_usage::day_of(moment), tokens, cost_micros: tokens * 2 });
    new.spent = spend(before, 100);
    let mut next = checkpoint(&new, 0, RunStatus::Running);
    next.spent = spend(before, 20);
    let mut last = checkpoint(&new, 1, RunStatus::Completed);
    last.spent = spend(midnight, 3);
    let records = vec![
        Record::Message(Box::new(chat)),
        Record::StartRun(Box::new(new)),
        Record::SaveRun(Box::new(next)),
        Record::SaveRun(Box::new(last)),
    ];
    write(&db, vec![records], 10, at(0)).await;
    assert_eq!(token_usage::today(&db, robot, before).await.unwrap(), 120);
    assert_eq!(token_usage::today(&db, robot, midnight).await.unwrap(), 3);
    assert_eq!(token_usage::today(&db, robot, midnight.plus(TimeDelta::days(1))).await.unwrap(), 0);
    let days = (token_usage::day_of(before), token_usage::day_of(midnight));
    let list = token_usage::list(&db, Some(vec![robot]), days.clone(), 9).await.unwrap();
    let spent: Vec<(i64, i64)> = list.iter().map(|day| (day.tokens, day.cost_micros)).collect();
    assert_eq!(spent, [(3, 6), (120, 240)]);
    assert_eq!(token_usage::list(&db, None, (days.1.clone(), days.1), 9).await.unwrap().len(), 1);
}

on_both!(
    a_call_is_kept_with_what_was_said,
    looks_at_a_model_are_kept,
    a_budget_begins_anew_at_midnight_in_shanghai,
);
