use std::time::Duration;

use actix::Handler;
use workbot_schema::batch::Record;
use workbot_schema::flow_executions::FlowExecution;
use workbot_schema::flow_executions::queries as runs;
use workbot_schema::ids::MessageId;
use workbot_schema::messages::{self, MessageReason};
use workbot_schema::sessions::SessionAct;

use super::*;
use crate::kernel::Posted;
use crate::session::orders::SessionIdle;
use crate::supervisor::scene::{LONG, Scene, until};

#[derive(actix::Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Posted<Break>> for SessionActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

/// Stores a message; nobody has decided about it.
async fn write(scene: &Scene, robot: RobotUuid, id: &str, sender: &str) -> SessionId {
    let message = scene.new_message(robot, id, sender, "怎么退款");
    let session = message.session_id.clone();
    scene.write(vec![Record::Message(Box::new(message))]).await;
    session
}

/// Waits for the store to say so.
async fn wait<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, found).await.unwrap()
}

async fn settled(scene: &Scene, id: &str) -> MessageReason {
    wait(async || messages::find(&scene.db, MessageId::from(id)).await.unwrap().unwrap().reason).await
}

async fn run_of(scene: &Scene, id: &str) -> FlowExecution {
    let run = RunId::of(&MessageId::from(id));
    wait(async || runs::find(&scene.db, run.clone()).await.unwrap()).await
}

/// Waits until a conversation has nothing to do.
async fn idle(sessions: &Sessions, session: &SessionId) {
    let is_idle = || sessions.shared.residents.lock().find(session).is_some_and(Resident::may_retire);
    wait(async || is_idle().then_some(())).await;
}

#[actix::test]
async fn the_first_message_is_answered_in_one_write() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    write(&scene, robot.uuid, "msg_1", "甲").await;
    assert_eq!(settled(&scene, "msg_1").await, MessageReason::QueuedOffline);
    let run = run_of(&scene, "msg_1").await;
    assert_eq!((run.step, run.starts, run.status.as_str()), (0, 1, "waiting"));
    let message = messages::find(&scene.db, "msg_1".into()).await.unwrap().unwrap();
    let command = scene.command(message.command_id.unwrap().as_str()).await;
    assert_eq!((command.source, command.session_id), (CommandSource::Flow, Some(message.session_id)));
    assert_eq!(command.message_id, Some("msg_1".into()));
}

#[actix::test]
async fn it_is_put_away_only_when_it_has_nothing_to_do() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    let session = write(&scene, robot.uuid, "msg_1", "甲").await;
    settled(&scene, "msg_1").await;
    idle(&scene.sessions, &session).await;
    let actor = scene.sessions.find(&session).unwrap();
    crate::kernel::ask(&scene.router, SessionIdle { session: session.clone() }, LONG).await.unwrap();
    assert!(scene.sessions.is_empty());
    until(|| !actor.is_up()).await;
    // The next message finds a new one, which knows what was said.
    write(&scene, robot.uuid, "msg_2", "甲").await;
    settled(&scene, "msg_2").await;
    assert_eq!(scene.sessions.len(), 1);
}

#[actix::test]
async fn there_are_never_more_than_may_be() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    let sessions = Sessions::new(scene.kernel.clone(), 2);
    sessions.equip(scene.session_parts.clone());
    let ids: Vec<SessionId> =
        ["甲", "乙", "丙"].iter().map(|name| SessionId::of(robot.uuid, "", name)).collect();
    for id in &ids[..2] {
        sessions.look((robot.uuid, id.clone()), None);
        idle(&sessions, id).await;
    }
    sessions.look((robot.uuid, ids[0].clone()), None);
    idle(&sessions, &ids[0]).await;
    sessions.look((robot.uuid, ids[2].clone()), None);
    assert_eq!(sessions.len(), 2);
    assert!(sessions.find(&ids[1]).is_none(), "the one used least recently");
    assert_eq!(sessions.counters().evicted.load(Ordering::Relaxed), 1);
    sessions.retire_all();
    sessions.look((robot.uuid, ids[0].clone()), None);
    assert!(sessions.is_empty());
}

#[actix::test]
async fn busy_ones_keep_their_places() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    let sessions = Sessions::new(scene.kernel.clone(), 1);
    sessions.equip(scene.session_parts.clone());
    let (first, second) = (SessionId::of(robot.uuid, "", "甲"), SessionId::of(robot.uuid, "", "乙"));
    // It has not even looked into the store: nobody knows whether it has something to do.
    sessions.look((robot.uuid, first.clone()), None);
    sessions.look((robot.uuid, second.clone()), None);
    assert!(sessions.find(&second).is_none());
    assert_eq!(sessions.counters().deferred.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn it_panics_and_the_next_message_makes_a_new_one_that_counts() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    let session = write(&scene, robot.uuid, "msg_1", "甲").await;
    settled(&scene, "msg_1").await;
    let actor = scene.sessions.find(&session).unwrap();
    crate::kernel::post(&actor, Break).unwrap();
    wait(async || scene.sessions.find(&session).is_none().then_some(())).await;
    write(&scene, robot.uuid, "msg_2", "甲").await;
    settled(&scene, "msg_2").await;
    // Its start was written before its first step.
    let run = run_of(&scene, "msg_2").await;
    assert_eq!((run.step, run.starts), (1, 1));
}

#[actix::test]
async fn a_person_takes_a_conversation_and_gives_it_back() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    let session = write(&scene, robot.uuid, "msg_1", "甲").await;
    settled(&scene, "msg_1").await;
    let idle_before = scene.now().plus(-chrono::TimeDelta::minutes(30));
    let order = |act| Change { robot: robot.uuid, session: session.clone(), act, row: None };
    let take = |by: &str| SessionAct::TakeOver { by: by.to_owned(), idle_before };
    let taken = crate::kernel::ask(&scene.router, order(take("user_1")), LONG).await.unwrap().unwrap();
    assert_eq!(taken.taken_over_by.as_deref(), Some("user_1"));
    // The reply that waited for the phone is not sent any more, and its message says why.
    wait(async || {
        let message = messages::find(&scene.db, "msg_1".into()).await.unwrap().unwrap();
        (message.reason == Some(MessageReason::TakenOver)).then_some(())
    })
    .await;
    let other = crate::kernel::ask(&scene.router, order(take("user_2")), LONG).await.unwrap();
    assert_eq!(other, Err(SessionError::TakenBy("user_1".to_owned())));
    write(&scene, robot.uuid, "msg_2", "甲").await;
    assert_eq!(settled(&scene, "msg_2").await, MessageReason::TakenOver);
    crate::kernel::ask(&scene.router, order(SessionAct::Release), LONG).await.unwrap().unwrap();
    write(&scene, robot.uuid, "msg_3", "甲").await;
    assert_eq!(settled(&scene, "msg_3").await, MessageReason::QueuedOffline);
    let nobody = Change { session: SessionId::of(robot.uuid, "", "乙"), ..order(take("user_1")) };
    let nobody = crate::kernel::ask(&scene.router, nobody, LONG).await.unwrap();
    assert_eq!(nobody, Err(SessionError::NotFound));
}

#[actix::test]
async fn a_run_is_repeated_as_a_new_one() {
    let scene = Scene::open().await;
    let robot = scene.robot(|_robot| {}).await;
    let session = write(&scene, robot.uuid, "msg_1", "甲").await;
    settled(&scene, "msg_1").await;
    let run = run_of(&scene, "msg_1").await;
    let retry = |run: &RunId, from: &str| Retry {
        robot: robot.uuid,
        session: session.clone(),
        run: run.clone(),
        from: from.to_owned(),
    };
    let early = crate::kernel::ask(&scene.router, retry(&run.id, "start"), LONG).await.unwrap();
    assert!(matches!(early, Err(SessionError::Retry(_))), "{early:?}");
    scene
        .write(vec![Record::CancelQueued { robot: robot.uuid, except: "none".into(), detail: String::new() }])
        .await;
    scene.advance(600);
    scene.sessions.look((robot.uuid, session.clone()), None);
    wait(async || {
        let run = runs::find(&scene.db, run.id.clone()).await.unwrap().unwrap();
        run.status.is_final().then_some(())
    })
    .await;
    let new = crate::kernel::ask(&scene.router, retry(&run.id, "start"), LONG).await.unwrap().unwrap();
    let repeated = runs::find(&scene.db, new).await.unwrap().unwrap();
    assert_eq!((repeated.retry_of, repeated.retry_from.as_deref()), (Some(run.id), Some("start")));
    wait(async || {
        let message = messages::find(&scene.db, "msg_1".into()).await.unwrap().unwrap();
        (message.reason == Some(MessageReason::QueuedOffline)).then_some(())
    })
    .await;
    let nothing = crate::kernel::ask(&scene.router, retry(&"run_none".into(), "start"), LONG).await.unwrap();
    assert_eq!(nothing, Err(SessionError::NotFound));
}
