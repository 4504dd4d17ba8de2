//! Conversations: who has them, and what that cancels.
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::commands::{CommandSource, CommandState, queries as commands};
use workbot_schema::ids::{CommandId, PersonaId, SessionId};
use workbot_schema::sessions::queries::{self, SessionFilter};
use workbot_schema::sessions::{Session, SessionAct, SessionChange};

use super::rows::{at, command, message, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn change(id: &SessionId, session: Option<&Session>, act: SessionAct) -> Record {
    Record::Session(Box::new(SessionChange { id: id.clone(), session: session.cloned(), act }))
}

fn take(by: &str, idle_before: i64) -> SessionAct {
    SessionAct::TakeOver { by: by.to_owned(), idle_before: at(idle_before) }
}

async fn a_takeover_cancels_what_the_flow_has_waiting(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let chat = Session::of(&message(robot, "m1", None, "在吗", at(0)));
    let queued = |id: &str, source, session: &SessionId| {
        let mut row = command(robot, id, 0);
        (row.source, row.session_id) = (source, Some(session.clone()));
        Record::Command(Box::new(row))
    };
    let elsewhere = SessionId::of(robot, "", "李四");
    let waiting = vec![
        queued("flow", CommandSource::Flow, &chat.id),
        queued("console", CommandSource::Console, &chat.id),
        queued("other", CommandSource::Flow, &elsewhere),
    ];
    let unknown =
        write(&db, vec![waiting, vec![change(&chat.id, None, take("u1", -1_800))]], 10, at(0)).await;
    assert_eq!(unknown[1][0], Outcome::Missing, "a chat nobody heard of");

    let outcomes = write(&db, vec![vec![change(&chat.id, Some(&chat), take("u1", -1_800))]], 20, at(1)).await;
    let Outcome::Session(changed) = &outcomes[0][0] else { panic!("{outcomes:?}") };
    assert!(changed.is_won && changed.session.is_taken_over(at(-1_799)));
    assert_eq!(changed.cancelled, [CommandId::from("flow")]);
    for (id, state) in [
        ("flow", CommandState::Cancelled),
        ("console", CommandState::Queued),
        ("other", CommandState::Queued),
    ] {
        assert_eq!(commands::find(&db, CommandId::from(id)).await.unwrap().unwrap().state, state, "{id}");
    }

    let second = vec![
        change(&chat.id, None, take("u2", -1_700)),
        Record::Message(Box::new(message(robot, "m2", None, "后", at(9)))),
    ];
    let outcomes = write(&db, vec![second], 30, at(100)).await;
    let Outcome::Session(lost) = &outcomes[0][0] else { panic!("{outcomes:?}") };
    assert_eq!((lost.is_won, lost.session.taken_over_by.as_deref()), (false, Some("u1")));
    assert_eq!(outcomes[0][1], Outcome::Skipped, "the loser's write stops");

    let ids = |list: Vec<Session>| list.into_iter().map(|session| session.id).collect::<Vec<_>>();
    assert_eq!(ids(queries::list_idle_takeovers(&db, at(0), 9).await.unwrap()), Vec::new());
    assert_eq!(ids(queries::list_idle_takeovers(&db, at(1), 9).await.unwrap()), vec![chat.id.clone()]);
    let expire = change(&chat.id, None, SessionAct::Expire { idle_before: at(1) });
    write(&db, vec![vec![expire]], 40, at(1_801)).await;
    assert_eq!(queries::find(&db, chat.id.clone()).await.unwrap().unwrap().taken_over_by, None);
}

async fn a_chat_keeps_its_choices_while_messages_come(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let mut chat = Session::of(&message(robot, "m1", None, "在吗", at(0)));
    let persona = Some(PersonaId::from("persona_002"));
    let writes = vec![vec![
        change(&chat.id, Some(&chat), SessionAct::Persona(persona.clone())),
        change(&chat.id, None, SessionAct::Reset),
    ]];
    write(&db, writes, 10, at(1)).await;
    chat.last_message_at = at(50);
    chat.user_name = "张三丰".to_owned();
    let typed = SessionAct::HumanTyped { by: "phone".to_owned(), idle_before: at(-1_750) };
    write(&db, vec![vec![change(&chat.id, Some(&chat), typed)]], 20, at(50)).await;
    let row = queries::find(&db, chat.id.clone()).await.unwrap().unwrap();
    assert_eq!((row.persona_id, row.reset_seq, row.created_at), (persona, 11, at(0)));
    assert_eq!((row.user_name.as_str(), row.last_message_at), ("张三丰", at(50)));
    assert_eq!((row.taken_over_by.as_deref(), row.last_human_at), (Some("phone"), Some(at(50))));

    let count = async |filter: SessionFilter| queries::list(&db, filter, 0, 9).await.unwrap().0;
    let taken =
        |is_taken_over| SessionFilter { is_taken_over: Some(is_taken_over), ..SessionFilter::default() };
    assert_eq!((count(taken(true)).await, count(taken(false)).await), (1, 0));
    let named = |name: &str| SessionFilter { name: Some(name.to_owned()), ..SessionFilter::default() };
    assert_eq!((count(named("三丰")).await, count(named("%")).await, count(named("王")).await), (1, 1, 0));
    let robots = |robots| SessionFilter { robots: Some(robots), ..SessionFilter::default() };
    assert_eq!((count(robots(vec![robot])).await, count(robots(Vec::new())).await), (1, 0));
}

on_both!(a_takeover_cancels_what_the_flow_has_waiting, a_chat_keeps_its_choices_while_messages_come);
