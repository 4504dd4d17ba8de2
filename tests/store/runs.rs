//! Runs: they begin once, move by compare-and-set, and what a restart needs is found.
use serde_json::Value;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::queries::{self, RunFilter};
use workbot_schema::flow_executions::{RunStatus, Spend};
use workbot_schema::ids::{MessageId, RobotUuid, RunId};
use workbot_schema::messages::{self, MessageReason, SessionMessage};
use workbot_schema::sessions::queries as sessions;
use workbot_schema::store::Db;
use workbot_schema::token_usage;

use super::flow_rows::{checkpoint, run};
use super::rows::{at, message, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

async fn stored(db: &Db, robot: RobotUuid, id: &str, seq: i64, now: Ts) -> SessionMessage {
    let message = message(robot, id, Some(id), "在吗", now);
    let outcomes = write(db, vec![vec![Record::Message(Box::new(message.clone()))]], seq, now).await;
    assert_eq!(outcomes[0][0], Outcome::Done(seq));
    message
}

fn settle(id: &MessageId, reason: MessageReason, command: Option<&str>) -> Record {
    let command_id = command.map(Into::into);
    Record::Settle { id: id.clone(), reason, detail: None, command_id, from: None }
}

async fn a_burst_is_one_run_and_begins_once(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let first = stored(&db, robot, "m1", 10, at(0)).await;
    let second = stored(&db, robot, "m2", 11, at(1)).await;
    let third = stored(&db, robot, "m3", 12, at(2)).await;
    write(&db, vec![vec![settle(&second.id, MessageReason::TakenOver, None)]], 13, at(2)).await;
    let new = run(&[&first, &second, &third], Some(at(20)));
    let start =
        || vec![Record::StartRun(Box::new(new.clone())), settle(&third.id, MessageReason::Failed, None)];
    let outcomes = write(&db, vec![start()], 20, at(3)).await;
    let merged = vec![third.id.clone()];
    assert_eq!(
        outcomes[0],
        [Outcome::Started { seq: 20, merged }, Outcome::Missing],
        "what is settled stays"
    );
    let again = write(&db, vec![start()], 30, at(4)).await;
    assert_eq!(again[0], [Outcome::Existed, Outcome::Skipped]);

    let row = queries::find(&db, RunId::of(&first.id)).await.unwrap().unwrap();
    assert_eq!((row.seq, row.step, row.starts, row.status), (20, 0, 1, RunStatus::Running));
    assert_eq!(row.context.read::<Value>().unwrap()["aiResponse"], "您好\u{0}", "as it was written");
    assert_eq!(row.message_list(), new.messages);
    let first = messages::find(&db, first.id).await.unwrap().unwrap();
    assert_eq!((first.run_id.as_deref(), first.reason, first.starts), (Some(row.id.as_str()), None, 1));
    let third = messages::find(&db, third.id).await.unwrap().unwrap();
    assert_eq!((third.run_id.as_deref(), third.reason), (Some(row.id.as_str()), Some(MessageReason::Merged)));
    assert_eq!((third.reason_detail.as_deref(), third.settled_at), (Some("m1"), Some(at(3))));
    let second = messages::find(&db, second.id).await.unwrap().unwrap();
    assert_eq!((second.run_id, second.reason), (None, Some(MessageReason::TakenOver)));
    let session = sessions::find(&db, first.session_id).await.unwrap().unwrap();
    assert_eq!((session.group_name.as_str(), session.user_id.as_str()), ("群", "张三"));
}

async fn a_settled_message_begins_no_run_but_is_repeated_by_one(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let message = stored(&db, robot, "m1", 10, at(0)).await;
    write(&db, vec![vec![settle(&message.id, MessageReason::Expired, Some("c1"))]], 11, at(1)).await;
    let new = run(&[&message], None);
    let outcomes = write(&db, vec![vec![Record::StartRun(Box::new(new.clone()))]], 12, at(2)).await;
    assert_eq!(outcomes[0], [Outcome::Missing]);
    assert_eq!(queries::find(&db, new.execution.id.clone()).await.unwrap(), None);

    let mut retry = new.clone();
    retry.execution.id = RunId::generate();
    retry.execution.retry_of = Some(new.execution.id);
    let outcomes = write(&db, vec![vec![Record::StartRun(Box::new(retry.clone()))]], 13, at(3)).await;
    assert_eq!(outcomes[0], [Outcome::Started { seq: 13, merged: Vec::new() }]);
    let message = messages::find(&db, message.id).await.unwrap().unwrap();
    assert_eq!((message.run_id, message.reason), (None, Some(MessageReason::Expired)));
    assert_eq!(message.command_id, Some("c1".into()));

    let failed = stored(&db, robot, "m2", 20, at(10)).await;
    write(&db, vec![vec![settle(&failed.id, MessageReason::CallbackFailed, None)]], 21, at(11)).await;
    let outcomes =
        write(&db, vec![vec![Record::StartRun(Box::new(run(&[&failed], None)))]], 22, at(12)).await;
    assert_eq!(outcomes[0], [Outcome::Started { seq: 22, merged: Vec::new() }], "the flow steps in");
    let answered = Record::Settle {
        id: failed.id.clone(),
        reason: MessageReason::Answered,
        detail: None,
        command_id: Some("c2".into()),
        from: Some(MessageReason::CallbackFailed),
    };
    write(&db, vec![vec![answered]], 23, at(13)).await;
    let failed = messages::find(&db, failed.id).await.unwrap().unwrap();
    assert_eq!((failed.reason, failed.command_id), (Some(MessageReason::Answered), Some("c2".into())));
}

async fn a_stale_writer_changes_nothing_and_its_write_stops(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let message = stored(&db, robot, "m1", 10, at(0)).await;
    let new = run(&[&message], Some(at(5)));
    let mut first = checkpoint(&new, 0, RunStatus::Waiting);
    first.spent = Some(Spend { day: token_usage::day_of(at(0)), tokens: 70, cost_micros: 7 });
    let writes = vec![
        vec![Record::StartRun(Box::new(new.clone())), Record::SaveRun(Box::new(first.clone()))],
        vec![Record::SaveRun(Box::new(first)), settle(&message.id, MessageReason::Failed, None)],
    ];
    let outcomes = write(&db, writes, 20, at(1)).await;
    assert_eq!(outcomes[0], [Outcome::Started { seq: 20, merged: Vec::new() }, Outcome::Done(21)]);
    assert_eq!(outcomes[1], [Outcome::Missing, Outcome::Skipped]);
    assert_eq!(messages::find(&db, message.id.clone()).await.unwrap().unwrap().reason, None);
    let row = queries::find(&db, new.execution.id.clone()).await.unwrap().unwrap();
    assert_eq!((row.step, row.tokens, row.cost_micros, row.due_at), (1, 70, 7, Some(at(500))));
    assert_eq!(token_usage::today(&db, robot, at(1)).await.unwrap(), 70, "the loser spent nothing");

    let resume = |step| vec![Record::ResumeRun { id: new.execution.id.clone(), step }];
    let outcomes = write(&db, vec![resume(0), resume(1), resume(1)], 30, at(2)).await;
    let Outcome::Run(resumed) = &outcomes[1][0] else { panic!("{outcomes:?}") };
    assert_eq!((resumed.step, resumed.starts, resumed.seq), (2, 2, 20));
    assert_eq!((&outcomes[0][0], &outcomes[2][0]), (&Outcome::Missing, &Outcome::Missing));

    let old = Record::SaveRun(Box::new(checkpoint(&new, 1, RunStatus::Completed)));
    let mut done = checkpoint(&new, 2, RunStatus::Failed);
    (done.error_code, done.error) = (Some("loop_limit".to_owned()), Some("节点过多".to_owned()));
    let outcomes = write(&db, vec![vec![old], vec![Record::SaveRun(Box::new(done))]], 40, at(3)).await;
    assert_eq!((&outcomes[0][0], &outcomes[1][0]), (&Outcome::Missing, &Outcome::Done(41)));
    let row = queries::find(&db, new.execution.id.clone()).await.unwrap().unwrap();
    assert_eq!((row.status, row.step, row.finished_at), (RunStatus::Failed, 3, Some(at(3))));
    assert_eq!(
        (row.due_at, row.duration_ms, row.error_code.as_deref()),
        (None, Some(1_234), Some("loop_limit"))
    );
    let outcomes = write(&db, vec![resume(3)], 50, at(4)).await;
    assert_eq!(outcomes[0], [Outcome::Missing], "what ended is not begun again");
}

async fn a_restart_finds_what_is_unsettled_due_and_was_said(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let mut other = message(robot, "m1", Some("m1"), "你好", at(0));
    other.session_id = workbot_schema::ids::SessionId::of(robot, "", "李四");
    write(&db, vec![vec![Record::Message(Box::new(other.clone()))]], 10, at(0)).await;
    let first = stored(&db, robot, "m2", 11, at(1)).await;
    let second = stored(&db, robot, "m3", 12, at(60)).await;
    let (waits, ends) = (run(&[&first], Some(at(30))), run(&[&second], Some(at(90))));
    write(
        &db,
        vec![
            vec![Record::StartRun(Box::new(waits.clone())), settle(&first.id, MessageReason::Answered, None)],
            vec![
                Record::StartRun(Box::new(ends.clone())),
                Record::SaveRun(Box::new(checkpoint(&ends, 0, RunStatus::Completed))),
                settle(&second.id, MessageReason::Answered, Some("c9")),
            ],
        ],
        20,
        at(60),
    )
    .await;
    let list = async |robot| {
        let list = sessions::list_unsettled(&db, robot, 100).await.unwrap();
        list.into_iter().map(|row| (row.session_id, row.seq)).collect::<Vec<_>>()
    };
    let expected = vec![(other.session_id.clone(), 10), (first.session_id.clone(), 20)];
    assert_eq!((list(None).await, list(Some(robot)).await), (expected.clone(), expected));
    assert_eq!(list(Some(RobotUuid::generate())).await, []);
    let unsettled = messages::list_unsettled(&db, other.session_id.clone(), 9).await.unwrap();
    assert_eq!(unsettled.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["m1"]);
    assert_eq!(messages::list_unsettled(&db, first.session_id.clone(), 9).await.unwrap(), []);

    let ids = |rows: Vec<workbot_schema::flow_executions::FlowExecution>| {
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(queries::list_due(&db, at(29), 9).await.unwrap()), Vec::new());
    assert_eq!(ids(queries::list_due(&db, at(30), 9).await.unwrap()), vec![waits.execution.id.clone()]);
    let open = queries::list_open(&db, first.session_id.clone(), 9).await.unwrap();
    assert_eq!(ids(open), vec![waits.execution.id.clone()]);

    let turns = async |since, after| {
        let turns = queries::list_recent(&db, first.session_id.clone(), (since, after), 9).await.unwrap();
        turns.into_iter().map(|turn| turn.message_id.0).collect::<Vec<_>>()
    };
    assert_eq!(turns(at(0), 0).await, ["m3", "m2"], "newest first");
    assert_eq!((turns(at(2), 0).await, turns(at(0), 22).await), (vec!["m3".to_owned()], Vec::new()));

    let count = async |filter: RunFilter| queries::list(&db, filter, 0, 9).await.unwrap().0;
    let message = |id: &str| RunFilter { message: Some(id.into()), ..RunFilter::default() };
    assert_eq!((count(message("m2")).await, count(message("m1")).await), (1, 0));
    let status =
        |status| RunFilter { status: Some(status), robots: Some(vec![robot]), ..RunFilter::default() };
    assert_eq!((count(status(RunStatus::Completed)).await, count(status(RunStatus::Failed)).await), (1, 0));
    let between = RunFilter { from: Some(at(1)), to: Some(at(60)), ..RunFilter::default() };
    assert_eq!((count(between).await, count(RunFilter::default()).await), (1, 2));
    let none = RunFilter { robots: Some(Vec::new()), ..RunFilter::default() };
    assert_eq!(count(none).await, 0);
}

async fn a_later_message_of_a_burst_leads_to_its_run(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let first = stored(&db, robot, "m1", 10, at(0)).await;
    let second = stored(&db, robot, "m2", 11, at(1)).await;
    let new = run(&[&first, &second], None);
    write(&db, vec![vec![Record::StartRun(Box::new(new.clone()))]], 20, at(2)).await;
    let filter = RunFilter { message: Some(second.id), ..RunFilter::default() };
    let (total, list) = queries::list(&db, filter, 0, 9).await.unwrap();
    assert_eq!((total, list[0].id.clone()), (1, new.execution.id));
}

on_both!(
    a_burst_is_one_run_and_begins_once,
    a_settled_message_begins_no_run_but_is_repeated_by_one,
    a_stale_writer_changes_nothing_and_its_write_stops,
    a_restart_finds_what_is_unsettled_due_and_was_said,
    a_later_message_of_a_burst_leads_to_its_run,
);
