//! What the supervisor and the janitor ask of the store: loading, what is late, retention, the lock.
use std::time::Duration;

use workbot_actors::supervisor::lock::ProcessLock;
use workbot_schema::batch::Record;
use workbot_schema::commands::operations::ClaimLimit;
use workbot_schema::commands::queries;
use workbot_schema::deliveries::{self, DeliveryFilter};
use workbot_schema::ids::{CommandId, DeliveryId, MessageId, RobotUuid};
use workbot_schema::retention::{self, Kept};
use workbot_schema::robots::{Robot, RobotChanges, RobotKind, loading};
use workbot_schema::store::Db;
use workbot_schema::store::advisory::AdvisoryLock;
use workbot_schema::wire::presence_callback::PresenceCallback;
use workbot_schema::{due, messages};

use super::rows::{at, command, message, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

const LONG: Duration = Duration::from_secs(60);

async fn robots_are_loaded_in_pages(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let mut robot = Robot::new(RobotKind::Native, "客服".to_owned(), None, at(0));
        robot.last_event_state = (number != 0).then(|| "online".to_owned());
        ids.push(robot.id);
        write(&db, vec![vec![Record::Robot(Box::new(robot))]], number, at(0)).await;
    }
    let bind = |url: &str| Record::Bind { robot: ids[1], binding_type: 6, url: Some(url.to_owned()) };
    let queued = Record::Command(Box::new(command(ids[1], "a", 0)));
    write(&db, vec![vec![bind("https://a.example"), queued]], 10, at(9)).await;
    let (mut after, mut announced) = (None, Vec::new());
    loop {
        let page = loading::list_announced_online(&db, after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(*last);
        announced.extend(page);
    }
    let mut expected = ids[1..].to_vec();
    expected.sort_by_key(ToString::to_string);
    assert_eq!(announced, expected);
    let profiles = loading::list_profiles(&db, ids.clone()).await.unwrap();
    assert_eq!(profiles.len(), 5);
    let (profile, depth) = profiles.iter().find(|(profile, _)| profile.robot.id == ids[1]).unwrap();
    assert_eq!((profile.bindings.as_slice(), *depth), ([(6, "https://a.example".to_owned())].as_slice(), 1));
    // Five of one moment, one of them changed later: keyset pages lose none.
    let (mut after, mut changed) = (None, Vec::new());
    loop {
        let page = loading::list_changed_page(&db, at(0), after, 2).await.unwrap();
        let Some((robot, _version, moment)) = page.last() else { break };
        after = Some((*moment, *robot));
        changed.extend(page.iter().map(|(robot, version, _)| (*robot, *version)));
    }
    assert_eq!((changed.len(), changed.last().copied()), (5, Some((ids[1], 2))));
    assert_eq!(loading::list_changed_page(&db, at(1), None, 9).await.unwrap().len(), 1);
}

async fn late_callbacks_come_in_pages(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    for number in 0..5 {
        let callback = PresenceCallback::new(&robot, true, "connected", at(0));
        let mut delivery = callback.delivery(&robot, "https://a.example", at(0));
        delivery.id = DeliveryId(format!("dlv_{number}"));
        write(&db, vec![vec![Record::Delivery(Box::new(delivery))]], 10 + number, at(0)).await;
    }
    assert_eq!(due::list_late_deliveries(&db, at(0), None, 9).await.unwrap(), []);
    let (mut after, mut late) = (None, Vec::new());
    loop {
        let page = due::list_late_deliveries(&db, at(1), after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.due_at.unwrap(), last.id.clone()));
        late.extend(page.into_iter().map(|delivery| delivery.id.0));
    }
    assert_eq!(late, ["dlv_0", "dlv_1", "dlv_2", "dlv_3", "dlv_4"]);
}

async fn pushed_commands_are_counted_by_robot(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let commands = ["a", "b", "c"].map(|id| Record::Command(Box::new(command(robot, id, 0)))).to_vec();
    let limit = ClaimLimit { commands: 2, bytes: 1 << 20, is_window_empty: true };
    let fence = workbot_schema::batch::Fence { current: Default::default(), mine: 0 };
    write(&db, vec![commands, vec![Record::Claim { robot, limit, fence }]], 10, at(5)).await;
    assert_eq!(due::list_unconfirmed(&db, at(5)).await.unwrap(), [(robot, 2)]);
    assert_eq!(due::list_unconfirmed(&db, at(6)).await.unwrap(), []);
}

async fn what_is_old_goes_and_the_rest_stays(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let [old, new] = ["old", "new"].map(|id| {
        let mut row = command(robot.id, id, 0);
        row.is_offline = true;
        Record::Command(Box::new(row))
    });
    let cancel = |id: &str| Record::CommandEvent {
        robot: None,
        id: CommandId::from(id),
        event: Box::new(workbot_schema::commands::CommandEvent::Cancel { detail: String::new() }),
        callback: None,
    };
    write(&db, vec![vec![old, cancel("old")], vec![new]], 10, at(0)).await;
    let mut named = message(robot.id, "m1", Some("app1"), "你", at(0));
    named.file_name = Some("file.png".to_owned());
    let young = message(robot.id, "m2", Some("app2"), "好", at(50));
    write(
        &db,
        vec![vec![Record::Message(Box::new(named))], vec![Record::Message(Box::new(young))]],
        20,
        at(0),
    )
    .await;
    let names = vec!["file.png".to_owned(), "other.png".to_owned()];
    let found = retention::list_named_files(&db, names).await.unwrap();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["file.png"]);

    assert_eq!(retention::forget_repeat_keys(&db, None, at(10)).await.unwrap(), Some(at(0)));
    assert_eq!(retention::forget_repeat_keys(&db, Some(at(0)), at(10)).await.unwrap(), None);
    let dedup = async |id: &str| messages::find(&db, MessageId::from(id)).await.unwrap().unwrap().dedup_id;
    assert_eq!((dedup("m1").await, dedup("m2").await.as_deref()), (None, Some("app2")));

    let mut rows = Vec::new();
    for kept in Kept::ALL {
        rows.push((kept, retention::purge(&db, kept, at(10)).await.unwrap()));
    }
    rows.retain(|(_, count)| *count > 0);
    assert_eq!(rows, [(Kept::Commands, 1), (Kept::Messages, 1)], "a waiting command is never too old");
    assert!(queries::find(&db, CommandId::from("new")).await.unwrap().is_some());
    assert!(messages::find(&db, MessageId::from("m2")).await.unwrap().is_some());
}

async fn a_deleted_robot_goes_with_everything(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let (gone, stays) = (robot(&db).await, robot(&db).await);
    for (robot, seq) in [(&gone, 100), (&stays, 200)] {
        let mut row = command(robot.id, &format!("c{seq}"), 0);
        row.is_offline = true;
        let callback = PresenceCallback::new(robot, true, "connected", at(0));
        let delivery = callback.delivery(robot, "https://a.example", at(0));
        let records = vec![
            Record::Command(Box::new(row)),
            Record::Message(Box::new(message(robot.id, &format!("m{seq}"), None, "你", at(0)))),
            Record::Delivery(Box::new(delivery)),
            Record::Bind { robot: robot.id, binding_type: 5, url: Some("https://a.example".to_owned()) },
        ];
        write(&db, vec![records], seq, at(0)).await;
    }
    let changes = RobotChanges { deleted_at: Some(Some(at(1))), ..RobotChanges::default() };
    let deleted = Record::UpdateRobot { id: gone.id, changes: Box::new(changes), expected: None };
    write(&db, vec![vec![deleted]], 300, at(1)).await;
    assert_eq!(retention::list_deleted_robots(&db, at(1), 9).await.unwrap(), Vec::<RobotUuid>::new());
    assert_eq!(retention::list_deleted_robots(&db, at(2), 9).await.unwrap(), [gone.id]);
    let mut slices = 0;
    while !retention::purge_robot(&db, gone.id).await.unwrap() {
        slices += 1;
    }
    assert_eq!(slices, 2);
    let left = loading::list_profiles(&db, vec![gone.id, stays.id]).await.unwrap();
    assert_eq!(left.len(), 1);
    let (total, _) = deliveries::list(&db, DeliveryFilter::default(), 0, 9).await.unwrap();
    assert_eq!(total, 1);
    assert!(queries::find(&db, CommandId::from("c200")).await.unwrap().is_some());
}

on_both!(
    robots_are_loaded_in_pages,
    late_callbacks_come_in_pages,
    pushed_commands_are_counted_by_robot,
    what_is_old_goes_and_the_rest_stays,
    a_deleted_robot_goes_with_everything,
);

/// Ends the session that holds the lock, as a restart of the database does.
async fn cut_off(db: &Db) {
    let Db::Postgres(postgres) = db else { panic!() };
    let mut connection = postgres.write().await.unwrap();
    let statement = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted \
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    diesel_async::RunQueryDsl::execute(diesel::sql_query(statement), &mut connection).await.unwrap();
}

#[actix_web::test]
async fn one_process_serves_a_postgres_database() {
    let database = TestDatabase::empty(Backend::Postgres);
    let db = database.open().await;
    let Db::Postgres(postgres) = &db else { panic!() };
    let mut first = ProcessLock::folder(database.folder(), || {}).await.unwrap();
    first.database(&db, || panic!("nobody is there")).await.unwrap();
    assert!(AdvisoryLock::try_acquire(postgres).await.unwrap().is_none());
    // Cut off, it takes the lock again by itself.
    let lost = first.lost();
    cut_off(&db).await;
    let again = async {
        while let Some(held) = AdvisoryLock::try_acquire(postgres).await.unwrap() {
            drop(held);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(LONG, again).await.unwrap();
    // Cut off, and somebody else is quicker: lost.
    cut_off(&db).await;
    let foreign = async {
        loop {
            if let Some(held) = AdvisoryLock::try_acquire(postgres).await.unwrap() {
                return held;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let foreign = tokio::time::timeout(LONG, foreign).await.unwrap();
    let reason = tokio::time::timeout(LONG, lost).await.unwrap();
    assert!(reason.contains("another process"), "{reason}");
    drop(foreign);
}
