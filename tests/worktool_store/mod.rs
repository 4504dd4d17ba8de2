//! What WorkTool phones let us know, on both databases.
use chrono::TimeDelta;
use workbot_schema::batch::Record;
use workbot_schema::batch::{self, BatchContext};
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, MessageId, RobotUuid, SessionId};
use workbot_schema::messages::{self, Direction, Entrance, SessionMessage};
use workbot_schema::retention;
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::Db;
use workbot_schema::wire::worktool::log_line::DeviceInfo;
use workbot_schema::worktool::WorktoolFact;
use workbot_schema::worktool::chats::{self, WorktoolChat};
use workbot_schema::worktool::contacts::{self, ContactSource};
use workbot_schema::worktool::groups::{self, GroupFacts};
use workbot_schema::worktool::phones::{self, PhoneFacts};
use workbot_schema::worktool::{NAME_CHARS, members, sent_items};

use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn at(secs: i64) -> Ts {
    Ts::new(chrono::DateTime::from_timestamp(1_760_000_000, 0).unwrap()).plus(TimeDelta::seconds(secs))
}

/// Writes that are expected to succeed, in one batch.
async fn write(db: &Db, writes: Vec<Vec<Record>>, now: Ts) {
    let context = BatchContext {
        first_seq: now.millis(),
        now,
        timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
    };
    for outcome in batch::apply(db, writes, context).await.unwrap() {
        outcome.unwrap();
    }
}

async fn robot(db: &Db) -> RobotUuid {
    let robot = Robot::new(RobotKind::Worktool, "管家".to_owned(), None, at(0));
    let id = robot.id;
    write(db, vec![vec![Record::Robot(Box::new(robot))]], at(0)).await;
    id
}

fn fact(robot: RobotUuid, fact: WorktoolFact) -> Record {
    Record::Worktool { robot, fact: Box::new(fact) }
}

fn chat(robot: RobotUuid, room: &str, memory: &str, seen_at: Ts) -> WorktoolChat {
    WorktoolChat { robot_uuid: robot, room: room.to_owned(), memory: memory.to_owned(), seen_at }
}

fn message(robot: RobotUuid, id: &str) -> SessionMessage {
    SessionMessage {
        id: MessageId::from(id),
        seq: 0,
        robot_uuid: robot,
        session_id: SessionId::of(robot, "群", "甲"),
        app_message_id: Some(id.to_owned()),
        dedup_id: Some(id.to_owned()),
        content_hash: "0".repeat(32),
        direction: Direction::In,
        room_type: 1,
        sender_id: None,
        received_name: "甲".to_owned(),
        group_name: "群".to_owned(),
        group_remark: String::new(),
        spoken: "哈哈".to_owned(),
        raw_spoken: "哈哈".to_owned(),
        text_type: 1,
        at_me: false,
        file_name: None,
        entrance: Entrance::Snapshot,
        reason: None,
        reason_detail: None,
        run_id: None,
        starts: 0,
        command_id: None,
        sent_at: None,
        settled_at: None,
        created_at: at(0),
    }
}

async fn memory_and_messages_stand_or_fall_together(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let memory = |text: &str, secs| fact(robot, WorktoolFact::Chat(chat(robot, "r1", text, at(secs))));
    let of = |id: &str| Record::Message(Box::new(message(robot, id)));
    // Two equal texts of one snapshot are two messages: each has an id.
    write(&db, vec![vec![memory("^1", 1), of("m1"), of("m2")]], at(1)).await;
    assert!(messages::find(&db, MessageId::from("m2")).await.unwrap().is_some());
    let orphan = Record::Message(Box::new(message(RobotUuid::generate(), "m3")));
    let context = BatchContext {
        first_seq: 9,
        now: at(2),
        timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
    };
    let outcomes = batch::apply(&db, vec![vec![memory("^2", 2), orphan]], context).await.unwrap();
    assert!(outcomes[0].is_err());
    let known = chats::find(&db, robot, "r1".to_owned()).await.unwrap();
    assert_eq!(known, Some(chat(robot, "r1", "^1", at(1))));
    assert_eq!(chats::find(&db, robot, "r2".to_owned()).await.unwrap(), None);
}

async fn old_rooms_are_forgotten(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    for (room, secs) in [("a", 1), ("b", 2), ("c", 50)] {
        write(&db, vec![vec![fact(robot, WorktoolFact::Chat(chat(robot, room, "^", at(secs))))]], at(secs))
            .await;
    }
    assert_eq!(chats::purge(&db, at(10), 1).await.unwrap(), 1);
    assert_eq!(chats::purge(&db, at(10), 10).await.unwrap(), 1);
    assert_eq!(chats::purge(&db, at(10), 10).await.unwrap(), 0);
    assert!(chats::find(&db, robot, "c".to_owned()).await.unwrap().is_some());
}

async fn a_phone_is_known_better_and_better(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    assert_eq!(phones::find(&db, robot).await.unwrap(), None);
    let device = |name: &str| DeviceInfo { device: Some(name.to_owned()), ..DeviceInfo::default() };
    let facts = [
        PhoneFacts { device: Some(device("Xiaomi A")), ..PhoneFacts::default() },
        PhoneFacts {
            my_name: Some(" 管\0家 ".to_owned()),
            corporation: Some("某公司".to_owned()),
            ..PhoneFacts::default()
        },
        PhoneFacts {
            show_name: Some("小管".to_owned()),
            my_name: Some(String::new()),
            ..PhoneFacts::default()
        },
        PhoneFacts {
            corporations: Some(vec!["甲公司".to_owned()]),
            device: Some(device("Xiaomi B")),
            ..PhoneFacts::default()
        },
    ];
    for (facts, secs) in facts.into_iter().zip(1..) {
        write(&db, vec![vec![fact(robot, WorktoolFact::Phone(facts))]], at(secs)).await;
    }
    let phone = phones::find(&db, robot).await.unwrap().unwrap();
    assert_eq!((phone.my_name.as_deref(), phone.show_name.as_deref()), (Some("管\u{fffd}家"), Some("小管")));
    assert_eq!(phone.corporation.as_deref(), Some("某公司"));
    assert_eq!(phone.corporations.unwrap().0, ["甲公司"]);
    assert_eq!(phone.device.unwrap().0, device("Xiaomi B"));
    assert_eq!(
        (phone.first_login_at, phone.last_login_at, phone.updated_at),
        (Some(at(1)), Some(at(4)), at(4))
    );
}

async fn contacts_are_kept_once(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let learn = |names: &[&str], source| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        fact(robot, WorktoolFact::Contacts(names, source))
    };
    write(&db, vec![vec![learn(&["乙", "甲", "乙", " "], ContactSource::FriendList)]], at(1)).await;
    let long = "长".repeat(NAME_CHARS + 9);
    write(&db, vec![vec![learn(&["甲", &long], ContactSource::NewFriend)]], at(2)).await;
    let (total, list) = contacts::list(&db, robot, 0, 10).await.unwrap();
    assert_eq!(total, 3);
    let known = list.iter().find(|contact| contact.name == "甲").unwrap();
    assert_eq!(
        (known.source, known.first_seen_at, known.last_seen_at),
        (ContactSource::FriendList, at(1), at(2))
    );
    assert!(list.iter().any(|contact| contact.name.chars().count() == NAME_CHARS));
    assert_eq!(contacts::list(&db, robot, 2, 10).await.unwrap().1.len(), 1);
    assert_eq!(contacts::list(&db, RobotUuid::generate(), 0, 10).await.unwrap().0, 0);
}

async fn groups_and_their_members(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let named = |name: &str| GroupFacts { name: name.to_owned(), ..GroupFacts::default() };
    let many: Vec<String> = (0..700).map(|number| format!("成员{number}")).collect();
    let facts = [
        GroupFacts { room_type: Some(1), messages: 2, ..named("测试群") },
        GroupFacts {
            owner: Some("甲".to_owned()),
            member_count: Some(700),
            members: Some(many.clone()),
            ..named("测试群")
        },
        GroupFacts {
            remark: Some("备注_x".to_owned()),
            qrcode: Some("https://x".to_owned()),
            ..named("测试群")
        },
        named("别的群"),
    ];
    for (facts, secs) in facts.into_iter().zip(1..) {
        write(&db, vec![vec![fact(robot, WorktoolFact::Group(facts))]], at(secs)).await;
    }
    let group = groups::find(&db, robot, " 测试群 ".to_owned()).await.unwrap().unwrap();
    assert_eq!((group.room_type, group.owner.as_deref(), group.member_count), (1, Some("甲"), Some(700)));
    assert_eq!((group.message_count, group.last_message_at), (2, Some(at(1))));
    assert_eq!((group.remark.as_deref(), group.created_at, group.updated_at), (Some("备注_x"), at(1), at(3)));
    assert_eq!(members::list(&db, group.id).await.unwrap(), many);
    write(
        &db,
        vec![vec![fact(
            robot,
            WorktoolFact::Group(GroupFacts {
                members: Some(vec!["乙".into(), "乙".into()]),
                ..named("测试群")
            }),
        )]],
        at(9),
    )
    .await;
    assert_eq!(members::list(&db, group.id).await.unwrap(), ["乙", "乙"], "two may be called alike");
    let names = async |name: Option<&str>| {
        let (total, list) = groups::list(&db, robot, name.map(str::to_owned), 0, 10).await.unwrap();
        (total, list.into_iter().map(|group| group.name).collect::<Vec<_>>())
    };
    assert_eq!(names(None).await, (2, vec!["别的群".to_owned(), "测试群".to_owned()]));
    assert_eq!(names(Some("测")).await, (1, vec!["测试群".to_owned()]));
    assert_eq!(names(Some("备注")).await.0, 1);
    assert_eq!(names(Some("%")).await.0, 2, "a wildcard is no wildcard");
    assert_eq!(names(Some("无")).await.0, 0);
}

async fn what_was_pushed_lately(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let command = |id: &str| NewCommand {
        id: CommandId::from(id),
        robot_uuid: robot,
        batch_id: None,
        command_type: 203,
        item: format!(r#"{{"type":203,"receivedContent":"{id}"}}"#),
        file_name: None,
        size_bytes: 1,
        priority: 0,
        can_retry: false,
        source: CommandSource::Worktool,
        request_id: None,
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: at(86_400),
        created_at: at(0),
        is_offline: false,
    };
    for (id, secs) in ["a", "b", "c"].into_iter().zip(1..) {
        write(&db, vec![vec![Record::Command(Box::new(command(id)))]], at(secs)).await;
    }
    for (id, secs) in [("a", 10), ("b", 700)] {
        database.sql(&format!(
            "UPDATE robot_commands SET sent_at = '{}' WHERE id = '{id}'",
            at(secs).utc().to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
        ));
    }
    let items = |since| sent_items::list(&db, robot, since);
    let all = items(at(0)).await.unwrap();
    assert_eq!(
        all.iter().map(|sent| sent.sent_at).collect::<Vec<_>>(),
        [at(10), at(700)],
        "what waits was not sent"
    );
    let late = items(at(100)).await.unwrap();
    assert_eq!(late.len(), 1);
    assert!(late[0].item.contains("\"b\"") && late[0].command_type == 203);
}

async fn a_robot_takes_everything_with_it(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let facts = vec![
        fact(robot, WorktoolFact::Chat(chat(robot, "r", "^", at(1)))),
        fact(
            robot,
            WorktoolFact::Phone(PhoneFacts { my_name: Some("管家".to_owned()), ..PhoneFacts::default() }),
        ),
        fact(robot, WorktoolFact::Contacts(vec!["甲".to_owned()], ContactSource::Chat)),
        fact(
            robot,
            WorktoolFact::Group(GroupFacts {
                name: "群".to_owned(),
                members: Some(vec!["甲".to_owned()]),
                ..GroupFacts::default()
            }),
        ),
    ];
    write(&db, vec![facts], at(1)).await;
    assert!(retention::purge_robot(&db, robot).await.unwrap());
    assert_eq!(chats::find(&db, robot, "r".to_owned()).await.unwrap(), None);
    assert_eq!(phones::find(&db, robot).await.unwrap(), None);
    assert_eq!(groups::list(&db, robot, None, 0, 10).await.unwrap().0, 0);
}

on_both!(
    memory_and_messages_stand_or_fall_together,
    old_rooms_are_forgotten,
    a_phone_is_known_better_and_better,
    contacts_are_kept_once,
    groups_and_their_members,
    what_was_pushed_lately,
    a_robot_takes_everything_with_it,
);
