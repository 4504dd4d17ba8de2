//! The journal against a real database: batches, order, refusals, and what it does when the database fails.
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::commands::{CommandSource, NewCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, RobotUuid};
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::{Db, StoreError, StoreOptions, migrate, sqlite};

use super::*;
use crate::kernel::postbox::Inbox;
use crate::kernel::{
    ActorRef, Arbiters, Backoff, ChildSpec, Clock, Kernel, Lane, Policy, RestartLimit, supervise,
};

const SPEC: ChildSpec = ChildSpec {
    kind: "journal",
    policy: Policy::Permanent,
    restarts: RestartLimit { max: 3, within: Duration::from_secs(60) },
    backoff: Backoff { min: Duration::from_millis(5), max: Duration::from_millis(20) },
    mailbox_capacity: 16,
    lane: Lane::Core,
};
const DEADLINE: Duration = Duration::from_secs(10);

struct Rig {
    db: Db,
    folder: std::path::PathBuf,
    kernel: Kernel,
    handle: JournalHandle,
    actor: ActorRef<JournalActor>,
    router: Inbox<Published>,
    robot: RobotUuid,
}

impl Drop for Rig {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn at(secs: i64) -> Ts {
    Ts::new(DateTime::from_timestamp(1_760_000_000, 0).unwrap()).plus(TimeDelta::seconds(secs))
}

async fn rig(limits: JournalLimits) -> Rig {
    let folder = std::env::temp_dir().join(format!("workbot-journal-{}", uuid::Uuid::new_v4().simple()));
    let url = format!("sqlite:{}", folder.join("workbot.db").display());
    let db = Db::open(&StoreOptions::new(url)).await.unwrap();
    migrate::up(&db).await.unwrap();
    let kernel = Kernel::new(Clock::system(), Arbiters::current());
    let handle = JournalHandle::new(limits, kernel.clock.clone());
    let (postbox, router) = Postbox::inbox("router", "router", 4_096, kernel.clock.now());
    let parts = JournalParts {
        db: db.clone(),
        handle: handle.clone(),
        timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
        router: postbox,
        listeners: Arc::from(Vec::new()),
    };
    let factory = move |_ctx: &mut Context<JournalActor>, stats| JournalActor::new(parts.clone(), stats);
    let actor = supervise(&kernel, &SPEC, "journal", None, factory, Box::new(|_ended| {}));
    let robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, at(0));
    let id = robot.id;
    let mut rig = Rig { db, folder, kernel, handle, actor, router, robot: id };
    let written = rig.handle.write(vec![Record::Robot(Box::new(robot))]);
    let (written, _event) = tokio::join!(written, rig.answered());
    written.unwrap();
    rig
}

impl Rig {
    fn command(&self, id: &str) -> Record {
        let item = r#"{"type":203,"titleList":["张三"],"receivedContent":"x"}"#.to_owned();
        Record::Command(Box::new(NewCommand {
            id: CommandId::from(id),
            robot_uuid: self.robot,
            batch_id: None,
            command_type: 203,
            size_bytes: 60,
            item,
            file_name: None,
            priority: 0,
            can_retry: true,
            source: CommandSource::Commands,
            request_id: None,
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: at(86_400),
            created_at: at(0),
            is_offline: false,
        }))
    }

    /// The next events; whoever waits for an answer of the router gets one.
    async fn answered(&mut self) -> Vec<Event> {
        let delivery = tokio::time::timeout(DEADLINE, self.router.next()).await.unwrap().unwrap();
        let (Published { events, .. }, _handling, reply) = delivery.open(self.kernel.clock.monotonic_ms());
        if let Some(reply) = reply {
            reply.send(()).unwrap();
        }
        events.to_vec()
    }

    async fn pragma(&self, text: &'static str) {
        let Db::Sqlite(lite) = &self.db else { panic!("a SQLite test") };
        sqlite::on_thread(lite.write.clone(), move |connection| {
            connection.batch_execute(text).map_err(StoreError::from)
        })
        .await
        .unwrap();
    }

    /// Until writes are (not) accepted.
    async fn availability(&self, wanted: bool) {
        let until = async {
            while self.handle.is_available() != wanted {
                tokio::task::yield_now().await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(DEADLINE, until).await.unwrap();
    }
}

fn ids(events: &[Event]) -> Vec<String> {
    events
        .iter()
        .map(|event| match event {
            Event::CommandQueued(command) => command.id.to_string(),
            other => panic!("{other:?}"),
        })
        .collect()
}

#[actix::test]
async fn what_gathers_while_a_commit_runs_is_one_batch_in_order() {
    let mut rig = rig(JournalLimits::default()).await;
    let before = rig.handle.counters().batches.load(Ordering::Relaxed);
    let writes: Vec<_> =
        (0..300).map(|number| rig.handle.write(vec![rig.command(&format!("c{number}"))])).collect();
    let answers = futures_util::future::join_all(writes).await;
    let seqs: Vec<i64> = answers
        .iter()
        .map(|answer| match &answer.as_ref().unwrap()[0] {
            Outcome::Queued(command) => command.seq,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(seqs.windows(2).all(|pair| pair[0] < pair[1]), "order is the order of the line");
    let batches = rig.handle.counters().batches.load(Ordering::Relaxed) - before;
    assert!((1..=3).contains(&batches), "{batches} transactions for 300 writes made at once");
    let mut told = Vec::new();
    while told.len() < 300 {
        told.extend(ids(&rig.answered().await));
    }
    assert_eq!(
        told,
        (0..300).map(|number| format!("c{number}")).collect::<Vec<_>>(),
        "events come in commit order"
    );
}

#[actix::test]
async fn events_are_handed_on_before_the_answer() {
    let mut rig = rig(JournalLimits::default()).await;
    rig.handle.write(vec![rig.command("a")]).await.unwrap();
    assert!(rig.router.try_next().is_some(), "the router had it before the caller was answered");
}

#[actix::test]
async fn a_bad_write_is_refused_alone() {
    let rig = rig(JournalLimits::default()).await;
    let orphan = match rig.command("orphan") {
        Record::Command(mut command) => {
            command.robot_uuid = RobotUuid::generate();
            Record::Command(command)
        }
        other => panic!("{other:?}"),
    };
    let (good, bad, other) = tokio::join!(
        rig.handle.write(vec![rig.command("a")]),
        rig.handle.write(vec![rig.command("b"), orphan]),
        rig.handle.write(vec![rig.command("c")]),
    );
    assert!(good.is_ok() && other.is_ok());
    assert!(matches!(bad, Err(JournalError::Refused(_))));
    assert_eq!(queries::find(&rig.db, CommandId::from("b")).await.unwrap(), None);
}

#[actix::test]
async fn a_full_disk_loses_nothing_and_is_told_as_passing() {
    let mut rig = rig(JournalLimits::default()).await;
    // As many pages as there are: the next one is "database or disk is full" on this connection.
    rig.pragma("PRAGMA max_page_count=1").await;
    let mut refused = None;
    for number in 0..2_000 {
        if let Err(error) = rig.handle.write(vec![rig.command(&format!("c{number}"))]).await {
            refused = Some((number, error));
            break;
        }
        rig.answered().await;
    }
    let (number, error) = refused.expect("the disk never filled up");
    assert!(matches!(error, JournalError::Unavailable(_)), "{error}");
    let kept = queries::find(&rig.db, CommandId(format!("c{number}"))).await.unwrap();
    assert_eq!(kept, None, "nothing that was refused is there");
    rig.pragma("PRAGMA max_page_count=1073741823").await;
    rig.availability(true).await;
    rig.handle.write(vec![rig.command("after")]).await.unwrap();
    assert_eq!(ids(&rig.answered().await), ["after"]);
}

#[actix::test]
async fn while_the_database_is_away_writes_are_refused_at_once_until_it_is_back() {
    let mut rig = rig(JournalLimits::default()).await;
    let path = rig.folder.join("workbot.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let first = rig.handle.write(vec![rig.command("a")]).await;
    assert!(first.is_err(), "{first:?}");
    rig.availability(false).await;
    let second = rig.handle.write(vec![rig.command("b")]);
    let second = tokio::time::timeout(Duration::from_millis(500), second).await.expect("refused at once");
    assert!(matches!(second, Err(JournalError::Unavailable(_))));
    other.batch_execute("ROLLBACK").unwrap();
    rig.availability(true).await;
    rig.handle.write(vec![rig.command("c")]).await.unwrap();
    let mut told = Vec::new();
    while told.last().map(String::as_str) != Some("c") {
        told.extend(ids(&rig.answered().await));
    }
}

#[actix::test]
async fn behind_a_batch_that_takes_too_long_nobody_waits() {
    let rig = rig(JournalLimits { wait_ms: 300, ..JournalLimits::default() }).await;
    let path = rig.folder.join("workbot.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let slow = actix_rt::spawn(rig.handle.write(vec![rig.command("slow")]));
    while rig.handle.depth().0 > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let behind = rig.handle.write(vec![rig.command("behind")]).await;
    assert!(matches!(behind, Err(JournalError::Unavailable(_))), "{behind:?}");
    let later =
        tokio::time::timeout(Duration::from_millis(200), rig.handle.write(vec![rig.command("later")]));
    assert!(matches!(later.await, Ok(Err(JournalError::Unavailable(_)))));
    other.batch_execute("ROLLBACK").unwrap();
    slow.await.unwrap().unwrap();
    rig.availability(true).await;
    rig.handle.write(vec![rig.command("after")]).await.unwrap();
    assert_eq!(queries::find(&rig.db, CommandId::from("behind")).await.unwrap(), None);
}

#[actix::test]
async fn a_full_line_refuses_promises_and_drops_logs() {
    let limits = JournalLimits { promises_max: 2, logs_max: 1, ..JournalLimits::default() };
    let rig = rig(limits).await;
    // Nothing is taken out of the line before the first await.
    let first = rig.handle.write(vec![rig.command("a")]);
    let second = rig.handle.write(vec![rig.command("b")]);
    let third = rig.handle.write(vec![rig.command("c")]);
    for _log in 0..3 {
        rig.handle.log(Record::ConnectionClosed { id: "x".into(), code: None, reason: String::new() });
    }
    assert_eq!(rig.handle.depth(), (2, 1));
    let (first, second, third) = tokio::join!(first, second, third);
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(third, Err(JournalError::Full));
    assert_eq!(rig.handle.counters().dropped_logs.load(Ordering::Relaxed), 2);
}

#[actix::test]
async fn a_write_that_waited_too_long_is_refused_and_not_made() {
    let rig = rig(JournalLimits { wait_ms: 1_000, ..JournalLimits::default() }).await;
    let write = rig.handle.write(vec![rig.command("late")]);
    // The journal lives on this thread: it is held up for longer than a promise waits.
    std::thread::sleep(Duration::from_millis(1_100));
    assert!(matches!(write.await, Err(JournalError::Unavailable(_))));
    assert_eq!(queries::find(&rig.db, CommandId::from("late")).await.unwrap(), None);
}

#[actix::test]
async fn it_comes_back_after_an_end_and_writes_what_waited() {
    let mut rig = rig(JournalLimits::default()).await;
    rig.actor.stats().request_stop();
    let written = rig.handle.write(vec![rig.command("a")]);
    let written = tokio::time::timeout(DEADLINE, written).await.unwrap();
    assert!(written.is_ok(), "{written:?}");
    assert_eq!(ids(&rig.answered().await), ["a"]);
}

#[actix::test]
async fn a_router_that_takes_nothing_holds_the_next_batch_back() {
    let folder_rig = rig(JournalLimits::default()).await;
    let (postbox, mut small) = Postbox::inbox("router", "small", 1, folder_rig.kernel.clock.now());
    let handle = JournalHandle::new(JournalLimits::default(), folder_rig.kernel.clock.clone());
    let parts = JournalParts {
        db: folder_rig.db.clone(),
        handle: handle.clone(),
        timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
        router: postbox,
        listeners: Arc::from(Vec::new()),
    };
    let factory = move |_ctx: &mut Context<JournalActor>, stats| JournalActor::new(parts.clone(), stats);
    let _actor = supervise(&folder_rig.kernel, &SPEC, "second", None, factory, Box::new(|_ended| {}));
    handle.write(vec![folder_rig.command("a")]).await.unwrap();
    // The one place of the router is taken by the events of "a"; those of "b" wait, and so does its answer.
    let second = handle.write(vec![folder_rig.command("b")]);
    tokio::pin!(second);
    assert!(
        tokio::time::timeout(Duration::from_millis(100), &mut second).await.is_err(),
        "pressure reaches the edge"
    );
    drop(small.next().await.unwrap());
    tokio::time::timeout(DEADLINE, second).await.unwrap().unwrap();
}
