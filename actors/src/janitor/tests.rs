use std::time::SystemTime;

use chrono::{DateTime, TimeDelta};
use workbot_schema::batch::{self, BatchContext, Record};
use workbot_schema::deliveries::DeliveryFilter;
use workbot_schema::fields::Ts;
use workbot_schema::idempotency::{self, IdempotencyRecord};
use workbot_schema::ids::{MessageId, RobotUuid, SessionId};
use workbot_schema::messages::{self, Direction, Entrance, SessionMessage};
use workbot_schema::retention::Kept;
use workbot_schema::robots::queries::{RobotKey, find_profile};
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::files::FileStore;

use super::*;
use crate::journal::JournalLimits;
use crate::kernel::{Arbiters, Kernel, ask, supervise};
use crate::supervisor::scene::{LONG, TIMEOUTS, database};
use crate::supervisor::tree;

struct Place {
    parts: JanitorParts,
    folder: PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn at(days: i64) -> Ts {
    Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).plus(TimeDelta::days(days))
}

impl Place {
    async fn open() -> Self {
        let (db, folder) = database().await;
        let clock = Clock::manual(at(0).utc());
        let parts = JanitorParts {
            journal: JournalHandle::new(JournalLimits::default(), clock.clone()),
            clock,
            db,
            files: Some(folder.join("files")),
            policy: RetentionPolicy::default(),
            counters: Arc::default(),
        };
        Self { parts, folder }
    }

    async fn write(&self, first_seq: i64, now: Ts, write: Vec<Record>) {
        let context = BatchContext { first_seq, now, timeouts: TIMEOUTS };
        for outcome in batch::apply(&self.parts.db, vec![write], context).await.unwrap() {
            outcome.unwrap();
        }
    }

    async fn purge(&self) {
        let rounds = self.parts.counters.rounds.load(Ordering::Relaxed);
        retention::round(self.parts.clone(), None).await;
        assert_eq!(self.parts.counters.rounds.load(Ordering::Relaxed), rounds + 1);
    }

    fn wal_bytes(&self) -> u64 {
        std::fs::metadata(self.folder.join("workbot.db-wal")).map_or(0, |wal| wal.len())
    }
}

fn message(robot: RobotUuid, id: &str, created_at: Ts, file_name: Option<String>) -> Record {
    Record::Message(Box::new(SessionMessage {
        id: MessageId::from(id),
        seq: 0,
        robot_uuid: robot,
        session_id: SessionId::from("ses_1"),
        app_message_id: Some(id.to_owned()),
        dedup_id: Some(id.to_owned()),
        content_hash: id.to_owned(),
        direction: Direction::In,
        room_type: 1,
        sender_id: None,
        received_name: "小明".to_owned(),
        group_name: String::new(),
        group_remark: String::new(),
        spoken: "你好".to_owned(),
        raw_spoken: "你好".to_owned(),
        text_type: 1,
        at_me: false,
        file_name,
        entrance: Entrance::Rest,
        reason: None,
        reason_detail: None,
        run_id: None,
        starts: 0,
        command_id: None,
        sent_at: None,
        settled_at: None,
        created_at,
    }))
}

async fn robot(place: &Place, change: impl FnOnce(&mut Robot)) -> RobotUuid {
    let mut robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, at(-100));
    change(&mut robot);
    let id = robot.id;
    place.write(1, at(-100), vec![Record::Robot(Box::new(robot))]).await;
    id
}

#[actix::test]
async fn old_messages_go_in_slices_and_repeat_keys_after_a_day() {
    let place = Place::open().await;
    let robot = robot(&place, |_robot| {}).await;
    let old = (0..450).map(|number| message(robot, &format!("old_{number}"), at(-31), None)).collect();
    place.write(1_000, at(-31), old).await;
    let young = vec![message(robot, "week", at(-7), None), message(robot, "now", at(0), None)];
    place.write(9_000, at(0), young).await;
    place.purge().await;
    assert_eq!(place.parts.counters.rows.load(Ordering::Relaxed), 450);
    let find = |id: &'static str| messages::find(&place.parts.db, MessageId::from(id));
    assert_eq!(find("old_1").await.unwrap(), None);
    assert_eq!(find("week").await.unwrap().unwrap().dedup_id, None);
    assert_eq!(find("now").await.unwrap().unwrap().dedup_id.as_deref(), Some("now"));
}

#[actix::test]
async fn answers_are_remembered_for_a_day() {
    let place = Place::open().await;
    for (key, created_at) in [("old", at(-2)), ("new", at(0))] {
        let record = IdempotencyRecord {
            token: "t".to_owned(),
            idempotency_key: key.to_owned(),
            body_hash: String::new(),
            status: 200,
            response: "{}".to_owned(),
            created_at,
        };
        place.write(1, created_at, vec![Record::Idempotency { record, since: at(-100) }]).await;
    }
    place.purge().await;
    for (key, is_there) in [("old", false), ("new", true)] {
        let found =
            idempotency::find(&place.parts.db, "t".to_owned(), key.to_owned(), at(-100)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{key}");
    }
}

#[actix::test]
async fn a_robot_deleted_long_ago_goes_with_what_hangs_on_it() {
    let place = Place::open().await;
    let gone = robot(&place, |robot| robot.deleted_at = Some(at(-31))).await;
    let recent = robot(&place, |robot| robot.deleted_at = Some(at(-29))).await;
    for (robot, seq, id) in [(gone, 100, "a"), (recent, 200, "b")] {
        let bind = Record::Bind { robot, binding_type: 5, url: Some("https://a.example".to_owned()) };
        place.write(seq, at(0), vec![bind, message(robot, id, at(0), None)]).await;
    }
    place.purge().await;
    assert_eq!(messages::find(&place.parts.db, MessageId::from("a")).await.unwrap(), None);
    assert!(messages::find(&place.parts.db, MessageId::from("b")).await.unwrap().is_some());
    let ids = vec![gone, recent];
    let left = workbot_schema::robots::loading::list_profiles(&place.parts.db, ids).await.unwrap();
    assert_eq!(left.iter().map(|(profile, _)| profile.robot.id).collect::<Vec<_>>(), [recent]);
    assert!(find_profile(&place.parts.db, RobotKey::Uuid(recent)).await.unwrap().is_none());
    let filter = DeliveryFilter::default();
    assert_eq!(workbot_schema::deliveries::list(&place.parts.db, filter, 0, 1).await.unwrap().0, 0);
}

#[actix::test]
async fn files_no_row_names_go_when_they_are_old() {
    let place = Place::open().await;
    let robot = robot(&place, |_robot| {}).await;
    let files = FileStore::new(place.folder.join("files"));
    let mut names = Vec::new();
    for content in ["named", "unnamed", "young"] {
        names.push(files.put(content.as_bytes().to_vec()).await.unwrap());
    }
    for name in &names[..2] {
        let path = place.folder.join("files").join(name.get(..2).unwrap()).join(name);
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(7_200)).unwrap();
    }
    place.write(10, at(0), vec![message(robot, "a", at(0), Some(names[0].clone()))]).await;
    place.purge().await;
    let mut left = Vec::new();
    for name in names {
        left.push(files.get(&name).await.is_ok());
    }
    assert_eq!((left, place.parts.counters.files.load(Ordering::Relaxed)), (vec![true, false, true], 1));
}

#[test]
fn days_are_as_set() {
    let policy = RetentionPolicy { message_days: 3, ..RetentionPolicy::default() };
    assert_eq!(policy.before(Kept::Messages, at(0)), at(-3));
    assert_eq!(policy.before(Kept::Idempotency, at(0)), at(-1));
    assert_eq!(policy.before(Kept::RefreshTokens, at(0)), at(0));
}

#[derive(Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Posted<Break>> for JanitorActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

#[actix::test]
async fn it_moves_the_log_into_the_file_and_goes_on_after_a_panic() {
    let place = Place::open().await;
    let robot = robot(&place, |_robot| {}).await;
    let kernel = Kernel::new(Clock::system(), Arbiters::current());
    let parts = JanitorParts { clock: kernel.clock.clone(), ..place.parts.clone() };
    let counters = Arc::clone(&parts.counters);
    let janitor = supervise(
        &kernel,
        &tree::JANITOR,
        "janitor",
        None,
        move |_ctx, stats| JanitorActor::new(parts.clone(), stats),
        Box::new(drop),
    );
    let made = async |count: u64| {
        while counters.checkpoints.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, made(1)).await.unwrap();
    assert!(ask(&janitor, Break, LONG).await.is_err());
    place.write(10, at(0), vec![message(robot, "a", at(0), None)]).await;
    assert!(place.wal_bytes() > 0);
    tokio::time::timeout(LONG, made(counters.checkpoints.load(Ordering::Relaxed) + 1)).await.unwrap();
    assert_eq!(ask(&janitor, LastCheckpoint, LONG).await, Ok(true));
    assert_eq!((place.wal_bytes(), janitor.stats().restarts()), (0, 1));
}
