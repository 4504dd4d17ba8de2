//! Robots, activation, tokens, keys, numbers.
use workbot_schema::activation::queries::{disable_code, find_code, list_codes, unbind_device};
use workbot_schema::activation::{Activated, Activation, ActivationCode, CodeStatus, Rotated, Rotation};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::fields::Ts;
use workbot_schema::idempotency::{self, IdempotencyRecord};
use workbot_schema::ids::UserId;
use workbot_schema::robots::operations::Updated;
use workbot_schema::robots::queries::{RobotFilter, RobotKey, find_profile, list};
use workbot_schema::robots::{RobotChanges, RobotSettings};
use workbot_schema::sequences;
use workbot_schema::store::Db;
use workbot_schema::users::{self, Role, User};

use super::rows::{at, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn code(text: &str, owner: Option<UserId>) -> ActivationCode {
    ActivationCode {
        code: text.to_owned(),
        batch: "b".into(),
        validity_days: 30,
        bound_user_id: owner,
        created_by: None,
        robot_uuid: None,
        is_disabled: false,
        note: None,
        expires_at: at(1_000),
        activated_at: None,
        created_at: at(0),
    }
}

async fn activate(db: &Db, text: &str, device: &str, family: &str, now: Ts) -> Activated {
    let request = Activation {
        code: text.to_owned(),
        device_id: device.to_owned(),
        device_info: serde_json::json!({"deviceId": device}),
        family: family.to_owned(),
        refresh_hash: format!("hash-{family}"),
        refresh_expires_at: now.plus(chrono::TimeDelta::days(30)),
        robots_per_user: 1,
    };
    match write(db, vec![vec![Record::Activate(Box::new(request))]], 50, now).await.remove(0).remove(0) {
        Outcome::Activated(activated) => *activated,
        other => panic!("{other:?}"),
    }
}

async fn a_code_serves_one_phone(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    write(&db, vec![vec![Record::Codes(vec![code("AAAA2222", None), code("BBBB3333", None)])]], 1, at(0))
        .await;
    let Activated::First(first) = activate(&db, "AAAA2222", "phone-1", "f1", at(1)).await else { panic!() };
    assert_eq!(first.service_expires_at, Some(at(1 + 30 * 86_400)));
    let Activated::Again(again) = activate(&db, "AAAA2222", "phone-1", "f2", at(2)).await else { panic!() };
    assert_eq!((again.id, again.token_family.as_deref()), (first.id, Some("f2")));
    let bound = activate(&db, "AAAA2222", "phone-2", "f3", at(3)).await;
    assert_eq!(bound, Activated::Bound { robot_id: first.robot_id.clone(), activated_at: at(1) });
    assert_eq!(activate(&db, "ZZZZ9999", "phone-1", "f4", at(3)).await, Activated::UnknownCode);
    assert_eq!(activate(&db, "BBBB3333", "phone-1", "f5", at(2_000)).await, Activated::Expired);
    assert_eq!(activate(&db, "AAAA2222", "phone-1", "f6", at(31 * 86_400)).await, Activated::Expired);
    let (found, of) = find_code(&db, "AAAA2222".into()).await.unwrap().unwrap();
    assert_eq!(found.status(of.unwrap().service_expires_at, at(5)), CodeStatus::Active);
    for (status, count) in [
        (None, 2),
        (Some(CodeStatus::Active), 1),
        (Some(CodeStatus::Unused), 1),
        (Some(CodeStatus::Expired), 0),
    ] {
        assert_eq!(list_codes(&db, status, at(5), 0, 10).await.unwrap().0, count, "{status:?}");
    }
    unbind_device(&db, "AAAA2222".into(), "lost".into(), at(6)).await.unwrap();
    let Activated::Again(moved) = activate(&db, "AAAA2222", "phone-2", "f7", at(7)).await else { panic!() };
    assert_eq!(moved.id, first.id);
    disable_code(&db, "AAAA2222".into(), at(8)).await.unwrap();
    assert_eq!(activate(&db, "AAAA2222", "phone-2", "f8", at(9)).await, Activated::Disabled);
    assert!(unbind_device(&db, "BBBB3333".into(), String::new(), at(9)).await.is_err());
}

async fn users_have_so_many_robots_and_admins_more(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let user = |phone: &str, role| User::new(phone.into(), role, at(0));
    let (person, is_new) = users::ensure(&db, user("13800000001", Role::User)).await.unwrap();
    assert!(is_new);
    assert_eq!(users::ensure(&db, user("13800000001", Role::Admin)).await.unwrap(), (person.clone(), false));
    let (admin, _) = users::ensure(&db, user("13800000002", Role::Admin)).await.unwrap();
    let codes = [("A1", &person), ("A2", &person), ("B1", &admin), ("B2", &admin)]
        .map(|(text, owner)| code(text, Some(owner.id.clone())));
    write(&db, vec![vec![Record::Codes(codes.to_vec())]], 1, at(0)).await;
    assert!(matches!(activate(&db, "A1", "p1", "f1", at(1)).await, Activated::First(_)));
    assert_eq!(activate(&db, "A2", "p2", "f2", at(1)).await, Activated::LimitReached(1));
    assert!(matches!(activate(&db, "B1", "p3", "f3", at(1)).await, Activated::First(_)));
    assert!(matches!(activate(&db, "B2", "p4", "f4", at(1)).await, Activated::First(_)));
    let filter = RobotFilter { visible_to: Some(person.id), ..RobotFilter::default() };
    assert_eq!(list(&db, filter, 0, 10).await.unwrap().0, 1);
    assert_eq!(list(&db, RobotFilter::default(), 0, 10).await.unwrap().0, 3);
}

async fn a_refresh_token_works_once(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    write(&db, vec![vec![Record::Codes(vec![code("AAAA2222", None)])]], 1, at(0)).await;
    let Activated::First(robot) = activate(&db, "AAAA2222", "phone-1", "f1", at(1)).await else { panic!() };
    let rotate = async |presented: &str, next: &str, now| {
        let rotation = Rotation {
            presented_hash: presented.into(),
            next_hash: next.into(),
            next_expires_at: at(90 * 86_400),
        };
        match write(&db, vec![vec![Record::Rotate(rotation)]], 60, now).await.remove(0).remove(0) {
            Outcome::Rotated(rotated) => *rotated,
            other => panic!("{other:?}"),
        }
    };
    assert!(matches!(rotate("hash-f1", "h2", at(2)).await, Rotated::Done { .. }));
    assert_eq!(rotate("nothing", "h3", at(3)).await, Rotated::Unknown);
    assert_eq!(rotate("hash-f1", "h3", at(3)).await, Rotated::Reused(robot.id));
    assert_eq!(rotate("h2", "h4", at(4)).await, Rotated::Unknown, "the family is revoked");
}

async fn versions_guard_changes(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await;
    let change = |name: &str, expected| {
        let settings =
            RobotSettings { callback_url: Some("https://example.com".into()), ..RobotSettings::default() };
        let changes =
            RobotChanges { name: Some(name.into()), settings: Some(settings), ..RobotChanges::default() };
        vec![Record::UpdateRobot { id: robot.id, changes: Box::new(changes), expected }]
    };
    let bind =
        vec![Record::Bind { robot: robot.id, binding_type: 1, url: Some("https://example.com/r".into()) }];
    let outcomes = write(&db, vec![change("甲", Some(1)), change("乙", Some(1)), bind], 10, at(1)).await;
    assert!(
        matches!(&outcomes[0][0], Outcome::Robot(updated) if matches!(updated.as_ref(), Updated::Done(_)))
    );
    assert_eq!(outcomes[1][0], Outcome::Robot(Box::new(Updated::VersionConflict(2))));
    let profile = find_profile(&db, RobotKey::Id(robot.robot_id.clone())).await.unwrap().unwrap();
    assert_eq!((profile.robot.name.as_str(), profile.robot.version), ("甲", 3));
    assert_eq!(profile.bindings, [(1, "https://example.com/r".to_owned())]);
    assert_eq!(profile.robot.settings.0.callback_url.as_deref(), Some("https://example.com"));
    let delete = RobotChanges { deleted_at: Some(Some(at(2))), ..RobotChanges::default() };
    write(
        &db,
        vec![vec![Record::UpdateRobot { id: robot.id, changes: Box::new(delete), expected: None }]],
        20,
        at(2),
    )
    .await;
    assert_eq!(find_profile(&db, RobotKey::Uuid(robot.id)).await.unwrap(), None);
}

async fn an_idempotency_key_keeps_its_first_answer_for_a_day(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let remember = |response: &str, now: Ts| {
        let record = IdempotencyRecord {
            token: "t".into(),
            idempotency_key: "k".into(),
            body_hash: "h".into(),
            status: 200,
            response: response.into(),
            created_at: now,
        };
        vec![Record::Idempotency { record, since: now.plus(-chrono::TimeDelta::hours(24)) }]
    };
    assert!(matches!(write(&db, vec![remember("1", at(0))], 1, at(0)).await[0][0], Outcome::Done(_)));
    let second = write(&db, vec![remember("2", at(60))], 2, at(60)).await;
    assert!(matches!(&second[0][0], Outcome::Remembered(record) if record.response == "1"));
    assert!(matches!(
        write(&db, vec![remember("3", at(90_000))], 3, at(90_000)).await[0][0],
        Outcome::Done(_)
    ));
    let found = idempotency::find(&db, "t".into(), "k".into(), at(0)).await.unwrap().unwrap();
    assert_eq!(found.response, "3");
}

async fn numbers_never_go_back(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let first = sequences::reserve(&db, sequences::SEQ, 1_000).await.unwrap();
    let again = database.open().await;
    assert_eq!(sequences::reserve(&again, sequences::SEQ, 1_000).await.unwrap(), first + 1_000);
}

on_both!(
    a_code_serves_one_phone,
    users_have_so_many_robots_and_admins_more,
    a_refresh_token_works_once,
    versions_guard_changes,
    an_idempotency_key_keeps_its_first_answer_for_a_day,
    numbers_never_go_back,
);
