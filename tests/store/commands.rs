//! Commands: order, compare-and-set, fences, writes that stand or fall together.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use workbot_schema::batch::{self, BatchContext, Fence, Outcome, Record};
use workbot_schema::commands::operations::{ClaimLimit, ResultTimeouts};
use workbot_schema::commands::{CommandEvent, CommandState, ExecutionResult, history, queries};
use workbot_schema::deliveries;
use workbot_schema::ids::{CommandId, RobotId, RobotUuid};
use workbot_schema::store::Db;
use workbot_schema::wire::callback::ResultTarget;

use super::rows::{at, command, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn claim(robot: RobotUuid, commands: i64, bytes: i64) -> Record {
    let fence = Fence { current: Arc::new(AtomicU64::new(1)), mine: 1 };
    Record::Claim { robot, limit: ClaimLimit { commands, bytes, is_window_empty: true }, fence }
}

fn event(id: &str, event: CommandEvent) -> Record {
    Record::CommandEvent { robot: None, id: CommandId::from(id), event: Box::new(event), callback: None }
}

fn failed(code: i32) -> CommandEvent {
    CommandEvent::Result(ExecutionResult {
        error_code: code,
        error_reason: "x\0y".into(),
        ..ExecutionResult::default()
    })
}

fn claimed(outcome: &Outcome) -> Vec<String> {
    match outcome {
        Outcome::Claimed(commands) => commands.iter().map(|command| command.id.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

async fn state(db: &Db, id: &str) -> (CommandState, i32) {
    let command = queries::find(db, CommandId::from(id)).await.unwrap().unwrap();
    (command.state, command.attempt)
}

async fn claims_take_the_highest_priority_and_then_the_oldest(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let new = [("a", 0), ("b", 5), ("c", 0), ("d", 5), ("e", -1)];
    let writes = new
        .iter()
        .map(|(id, priority)| vec![Record::Command(Box::new(command(robot, id, *priority)))])
        .collect();
    write(&db, writes, 10, at(0)).await;
    let first = write(&db, vec![vec![claim(robot, 3, 1 << 20)]], 20, at(1)).await;
    assert_eq!(claimed(&first[0][0]), ["b", "d", "a"]);
    let rest = write(&db, vec![vec![claim(robot, 10, 1 << 20)]], 30, at(2)).await;
    assert_eq!(claimed(&rest[0][0]), ["c", "e"]);
    assert_eq!(state(&db, "e").await, (CommandState::Sent, 1));
    assert!(claimed(&write(&db, vec![vec![claim(robot, 10, 1 << 20)]], 40, at(3)).await[0][0]).is_empty());
}

async fn the_window_counts_bytes_and_one_larger_command_goes_alone(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let writes = ["a", "b", "c"]
        .iter()
        .map(|id| {
            let mut command = command(robot, id, 0);
            command.size_bytes = 600;
            vec![Record::Command(Box::new(command))]
        })
        .collect();
    write(&db, writes, 10, at(0)).await;
    assert_eq!(claimed(&write(&db, vec![vec![claim(robot, 8, 100)]], 20, at(1)).await[0][0]), ["a"]);
    assert_eq!(claimed(&write(&db, vec![vec![claim(robot, 8, 1_200)]], 30, at(1)).await[0][0]), ["b", "c"]);
}

async fn a_stale_login_claims_nothing(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    write(&db, vec![vec![Record::Command(Box::new(command(robot, "a", 0)))]], 10, at(0)).await;
    let generation = Arc::new(AtomicU64::new(1));
    let fence = Fence { current: generation.clone(), mine: 1 };
    generation.store(2, Ordering::Release);
    let limit = ClaimLimit { commands: 8, bytes: 100_000, is_window_empty: true };
    let outcome = write(&db, vec![vec![Record::Claim { robot, limit, fence }]], 20, at(1)).await;
    assert_eq!(outcome[0][0], Outcome::Stale);
    assert_eq!(state(&db, "a").await, (CommandState::Queued, 1));
}

async fn a_command_lives_through_its_states(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    write(&db, vec![vec![Record::Command(Box::new(command(robot.id, "a", 0)))]], 10, at(0)).await;
    write(&db, vec![vec![claim(robot.id, 8, 100_000)]], 20, at(1)).await;
    write(&db, vec![vec![event("a", CommandEvent::Confirm { attempt: None })]], 30, at(2)).await;
    assert_eq!(state(&db, "a").await, (CommandState::Confirmed, 1));
    write(&db, vec![vec![event("a", failed(201_101))]], 40, at(3)).await;
    assert_eq!(state(&db, "a").await, (CommandState::Queued, 2));
    let too_early = write(&db, vec![vec![claim(robot.id, 8, 100_000)]], 50, at(3)).await;
    assert!(claimed(&too_early[0][0]).is_empty(), "a retry waits a second");
    write(&db, vec![vec![claim(robot.id, 8, 100_000)]], 60, at(5)).await;
    let target = ResultTarget {
        robot_id: RobotId::from("robot_1_a"),
        endpoint: "ep".into(),
        url: "https://example.com/".into(),
        can_retry: false,
    };
    let result = ExecutionResult { success_list: vec!["张三".into()], ..ExecutionResult::default() };
    let done = write(
        &db,
        vec![vec![Record::CommandEvent {
            robot: Some(robot.id),
            id: CommandId::from("a"),
            event: Box::new(CommandEvent::Result(result)),
            callback: Some(Box::new(target)),
        }]],
        70,
        at(6),
    )
    .await;
    let Outcome::Moved(moved, Some(delivery)) = &done[0][0] else { panic!("{done:?}") };
    assert_eq!(
        (moved.command.state, moved.from, moved.is_won),
        (CommandState::Succeeded, CommandState::Sent, true)
    );
    let stored = deliveries::find(&db, delivery.id.clone()).await.unwrap().unwrap();
    assert_eq!(&stored, delivery.as_ref());
    let body: serde_json::Value = serde_json::from_str(&stored.body).unwrap();
    assert_eq!(body["messageId"], "a");
    assert_eq!(body["type"], 203);
    assert_eq!(body["successList"][0], "张三");
    assert!(body["rawMsg"].as_str().unwrap().contains("receivedContent"));
    let row = queries::find(&db, CommandId::from("a")).await.unwrap().unwrap();
    let states: Vec<_> =
        history::of(&row).into_iter().map(|entry| (entry.state.as_str(), entry.attempt)).collect();
    assert_eq!(
        states,
        [
            ("queued", 1),
            ("sent", 1),
            ("confirmed", 1),
            ("failed", 1),
            ("queued", 2),
            ("sent", 2),
            ("succeeded", 2)
        ]
    );
    assert_eq!(row, moved.command, "what the journal answers is what is stored");
    let late = write(&db, vec![vec![event("a", failed(201_102))]], 80, at(7)).await;
    assert!(matches!(&late[0][0], Outcome::Moved(moved, None) if !moved.is_won));
}

async fn what_was_never_confirmed_comes_again_and_confirmed_never(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let writes =
        ["a", "b", "c"].iter().map(|id| vec![Record::Command(Box::new(command(robot, id, 0)))]).collect();
    write(&db, writes, 10, at(0)).await;
    write(&db, vec![vec![claim(robot, 3, 100_000)]], 20, at(1)).await;
    write(&db, vec![vec![event("b", CommandEvent::Confirm { attempt: Some(1) })]], 30, at(2)).await;
    let fence = Fence { current: Arc::new(AtomicU64::new(1)), mine: 1 };
    let again = write(&db, vec![vec![Record::TakeUnconfirmed { robot, limit: 100, fence }]], 40, at(3)).await;
    assert_eq!(claimed(&again[0][0]), ["a", "c"]);
    assert_eq!(queries::list_sent(&db, robot, at(4), 10).await.unwrap().len(), 2);
    let fence = Fence { current: Arc::new(AtomicU64::new(1)), mine: 1 };
    let late =
        write(&db, vec![vec![Record::TakeUnconfirmed { robot, limit: 100, fence }]], 50, at(90_000)).await;
    assert!(claimed(&late[0][0]).is_empty(), "what expired is not pushed again");
    assert!(queries::list_sent(&db, robot, at(90_000), 10).await.unwrap().is_empty());
}

async fn only_one_of_two_rivals_wins(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    write(&db, vec![vec![Record::Command(Box::new(command(robot, "a", 0)))]], 10, at(0)).await;
    let cancel = || event("a", CommandEvent::Cancel { detail: "user".into() });
    let outcomes =
        write(&db, vec![vec![cancel()], vec![claim(robot, 8, 100_000)], vec![cancel()]], 20, at(1)).await;
    assert!(matches!(&outcomes[0][0], Outcome::Moved(moved, _) if moved.is_won));
    assert!(claimed(&outcomes[1][0]).is_empty());
    assert!(
        matches!(&outcomes[2][0], Outcome::Moved(moved, _) if !moved.is_won && moved.command.state == CommandState::Cancelled)
    );
    let foreign = Record::CommandEvent {
        robot: Some(RobotUuid::generate()),
        id: CommandId::from("a"),
        event: Box::new(CommandEvent::Expire),
        callback: None,
    };
    assert_eq!(write(&db, vec![vec![foreign]], 30, at(1)).await[0][0], Outcome::Missing);
}

async fn a_repeated_id_skips_what_came_with_it(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let both = || {
        vec![
            Record::Command(Box::new(command(robot, "a", 0))),
            Record::Command(Box::new(command(robot, "b", 0))),
        ]
    };
    let mut second = both();
    second.push(Record::Command(Box::new(command(robot, "c", 0))));
    let outcomes = write(&db, vec![both(), second], 10, at(0)).await;
    assert!(matches!(outcomes[0][1], Outcome::Queued(_)));
    assert_eq!(outcomes[1], [Outcome::Existed, Outcome::Skipped, Outcome::Skipped]);
    assert_eq!(queries::find(&db, CommandId::from("c")).await.unwrap(), None);
}

async fn a_bad_write_fails_alone(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let known = robot(&db).await.id;
    let orphan = || Record::Command(Box::new(command(RobotUuid::generate(), "orphan", 0)));
    let writes = vec![
        vec![Record::Command(Box::new(command(known, "a", 0)))],
        vec![Record::Command(Box::new(command(known, "b", 0))), orphan()],
        vec![Record::Command(Box::new(command(known, "c", 0)))],
    ];
    let timeouts = ResultTimeouts { plain_secs: 120, file_secs: 300 };
    let context = BatchContext { first_seq: 10, now: at(0), timeouts };
    let outcomes = batch::apply(&db, writes, context).await.unwrap();
    assert!(outcomes[0].is_ok() && outcomes[1].is_err() && outcomes[2].is_ok());
    assert!(queries::find(&db, CommandId::from("a")).await.unwrap().is_some());
    assert_eq!(
        queries::find(&db, CommandId::from("b")).await.unwrap(),
        None,
        "a write stands or falls together"
    );
    assert!(queries::find(&db, CommandId::from("c")).await.unwrap().is_some());
}

async fn clearing_the_queue_spares_what_was_pushed(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let writes =
        ["a", "b", "c"].iter().map(|id| vec![Record::Command(Box::new(command(robot, id, 0)))]).collect();
    write(&db, writes, 10, at(0)).await;
    write(&db, vec![vec![claim(robot, 1, 100_000)]], 20, at(1)).await;
    let clear = vec![
        Record::CancelQueued { robot, except: CommandId::from("clear"), detail: "304".into() },
        Record::Command(Box::new(command(robot, "clear", 100))),
    ];
    let outcome = write(&db, vec![clear], 30, at(2)).await;
    assert_eq!(outcome[0][0], Outcome::Cancelled(vec![CommandId::from("b"), CommandId::from("c")]));
    assert_eq!(state(&db, "a").await.0, CommandState::Sent);
    let depths = queries::list_depths(&db).await.unwrap();
    assert_eq!((depths[0].depth, depths[0].oldest), (1, Some(at(0))));
}

on_both!(
    claims_take_the_highest_priority_and_then_the_oldest,
    the_window_counts_bytes_and_one_larger_command_goes_alone,
    a_stale_login_claims_nothing,
    a_command_lives_through_its_states,
    what_was_never_confirmed_comes_again_and_confirmed_never,
    only_one_of_two_rivals_wins,
    a_repeated_id_skips_what_came_with_it,
    a_bad_write_fails_alone,
    clearing_the_queue_spares_what_was_pushed,
);
