use chrono::{DateTime, TimeDelta};

use super::*;
use crate::ids::{RobotUuid, SessionId};

fn at(secs: i64) -> Ts {
    Ts::new(DateTime::from_timestamp(1_760_000_000, 0).unwrap()).plus(TimeDelta::seconds(secs))
}

fn session() -> Session {
    let robot = RobotUuid::generate();
    Session {
        id: SessionId::of(robot, "群", "张三"),
        robot_uuid: robot,
        room_type: 1,
        group_name: "群".to_owned(),
        user_name: "张三".to_owned(),
        user_id: "张三".to_owned(),
        taken_over_by: None,
        taken_over_at: None,
        last_human_at: None,
        reset_seq: 0,
        persona_id: None,
        last_message_at: at(0),
        created_at: at(0),
    }
}

fn take(by: &str, idle_before: i64) -> SessionAct {
    SessionAct::TakeOver { by: by.to_owned(), idle_before: at(idle_before) }
}

#[test]
fn one_person_has_a_chat_until_it_is_given_back_or_idle() {
    let taken = acted(session(), &take("u1", -1_800), 1, at(0)).unwrap();
    assert!(taken.is_taken_over(at(-1_800)));
    assert_eq!(acted(taken.clone(), &take("u2", -1_790), 2, at(10)), None, "u1 is still at it");
    let again = acted(taken.clone(), &take("u1", -1_790), 2, at(10)).unwrap();
    assert_eq!((again.taken_over_at, again.last_human_at), (Some(at(0)), Some(at(10))));
    let later = acted(taken.clone(), &take("u2", 1), 3, at(1_801)).unwrap();
    assert_eq!((later.taken_over_by.as_deref(), later.taken_over_at), (Some("u2"), Some(at(1_801))));
    let given = acted(taken.clone(), &SessionAct::Release, 4, at(5)).unwrap();
    assert_eq!((given.taken_over_by, given.taken_over_at), (None, None));
    assert_eq!(acted(session(), &SessionAct::Release, 5, at(5)), None, "nobody had it");
    assert_eq!(acted(taken.clone(), &SessionAct::Expire { idle_before: at(-1) }, 6, at(5)), None);
    assert!(acted(taken, &SessionAct::Expire { idle_before: at(0) }, 7, at(1_800)).is_some());
}

#[test]
fn typing_takes_a_free_chat_and_prolongs_a_taken_one() {
    let typed = |secs: i64| SessionAct::HumanTyped { by: "phone".to_owned(), idle_before: at(secs - 1_800) };
    let taken = acted(session(), &typed(0), 1, at(0)).unwrap();
    assert_eq!(taken.taken_over_by.as_deref(), Some("phone"));
    let by_user = acted(session(), &take("u1", -1_800), 1, at(0)).unwrap();
    let prolonged = acted(by_user, &typed(100), 2, at(100)).unwrap();
    assert_eq!((prolonged.taken_over_by.as_deref(), prolonged.last_human_at), (Some("u1"), Some(at(100))));
}

#[test]
fn a_reset_remembers_its_place() {
    assert_eq!(acted(session(), &SessionAct::Reset, 77, at(0)).unwrap().reset_seq, 77);
    let persona = Some(crate::ids::PersonaId::from("p1"));
    let changed = acted(session(), &SessionAct::Persona(persona.clone()), 1, at(0)).unwrap();
    assert_eq!(changed.persona_id, persona);
}
