use std::sync::atomic::Ordering;

use futures_util::future::join_all;
use workbot_schema::batch::Record;
use workbot_schema::commands::{CommandEvent, CommandState};
use workbot_schema::ids::{CommandId, RobotUuid};
use workbot_schema::logs;
use workbot_schema::robots::RobotChanges;

use super::*;
use crate::journal::{Event, JournalActor, JournalHandle, JournalLimits, JournalParts, Published};
use crate::kernel::{Postbox, ask, supervise};
use crate::robot::login::{AttachError, Detach};
use crate::supervisor::scene::{LONG, Scene, TIMEOUTS, order, orders, until};
use crate::supervisor::tree;

#[derive(actix::Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Posted<Break>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

fn detach(robot: RobotUuid, generation: u64) -> Detach {
    Detach { uuid: robot, generation, code: Some(1000), reason: "bye".to_owned() }
}

fn changed(id: RobotUuid, changes: RobotChanges) -> Vec<Record> {
    vec![Record::UpdateRobot { id, changes: Box::new(changes), expected: None }]
}

#[actix::test]
async fn a_robot_is_looked_up_once_however_many_ask() {
    let scene = Scene::open().await;
    let id = scene.stored(|_robot| {}).await;
    scene.write(vec![scene.new_command(id, "msg_1", 60)]).await;
    let asked = join_all((0..20).map(|_one| scene.directory.get(RobotKey::Uuid(id)))).await;
    let first = asked[0].clone().unwrap().unwrap();
    for found in asked {
        assert!(Arc::ptr_eq(&first, &found.unwrap().unwrap()));
    }
    assert_eq!(first.queued.load(Ordering::Relaxed), 1);
    assert_eq!(scene.counters.loads.load(Ordering::Relaxed), 1);
    let by_id = RobotKey::Id(first.profile().robot.robot_id.clone());
    assert!(Arc::ptr_eq(&first, &scene.directory.get(by_id).await.unwrap().unwrap()));
}

#[actix::test]
async fn an_unknown_robot_is_none_and_asked_again() {
    let scene = Scene::open().await;
    for _time in 0..2 {
        assert!(scene.directory.get(RobotKey::Link("wtnobody".to_owned())).await.unwrap().is_none());
    }
    assert_eq!(scene.counters.loads.load(Ordering::Relaxed), 2);
    let deleted = scene.robot(|_robot| {}).await;
    let gone = RobotChanges { deleted_at: Some(Some(scene.now())), ..RobotChanges::default() };
    scene.write(changed(deleted.uuid, gone)).await;
    assert!(scene.directory.get(RobotKey::Uuid(deleted.uuid)).await.unwrap().is_none());
}

#[actix::test]
async fn a_newer_login_waits_for_the_older_one_to_end() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (first, mut first_phone) = scene.attach(entry.uuid);
    let first = first.await.unwrap();
    assert_eq!((scene.directory.count(), entry.presence()), ((1, 1), Presence::Online));
    let fence = entry.fence(first.generation);
    let (second, _second_phone) = scene.attach(entry.uuid);
    let second = actix_rt::spawn(second);
    assert_eq!(order(&mut first_phone).await, RobotOrder::Close(CloseCause::Replaced));
    assert!(fence.is_stale() && !second.is_finished());
    post(&scene.router, detach(entry.uuid, first.generation)).unwrap();
    let second = tokio::time::timeout(LONG, second).await.unwrap().unwrap().unwrap();
    assert!(second.generation > first.generation);
    scene.settle().await;
    assert!(entry.is_connected() && !entry.fence(second.generation).is_stale());
    assert_eq!(scene.directory.count(), (1, 1));
    ask(&scene.router, detach(entry.uuid, second.generation), LONG).await.unwrap();
    assert_eq!((scene.directory.count(), entry.presence()), ((0, 1), Presence::Offline));
    assert_eq!(entry.presence_reason(), PresenceReason::Disconnected);
    scene.write(Vec::new()).await;
    let log = logs::list_connections(&scene.db, entry.uuid, 10).await.unwrap();
    let mut ends: Vec<_> = log.iter().map(|row| (row.close_code, row.close_reason.as_deref())).collect();
    ends.sort_unstable();
    assert_eq!(ends, [(Some(1000), Some("bye")), (Some(4009), Some("replaced by a newer login"))]);
}

#[actix::test]
async fn a_frozen_login_is_cut_off_after_two_seconds() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (first, _frozen) = scene.attach(entry.uuid);
    first.await.unwrap();
    tokio::time::pause();
    let before = tokio::time::Instant::now();
    let (second, _phone) = scene.attach(entry.uuid);
    second.await.unwrap();
    assert!(before.elapsed() >= REPLACE);
    assert_eq!(scene.counters.cut_off.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn logins_are_refused_for_a_reason() {
    let scene = Scene::open().await;
    let disabled = scene.robot(|robot| robot.is_enabled = false).await;
    let there = scene.robot(|_robot| {}).await;
    assert_eq!(scene.attach(RobotUuid::generate()).0.await, Err(AttachError::Unknown));
    assert_eq!(scene.attach(disabled.uuid).0.await, Err(AttachError::Refused));
    assert_eq!(ask(&scene.router, StopClaims, LONG).await, Ok(0));
    assert_eq!(scene.attach(there.uuid).0.await, Err(AttachError::Stopping));
}

#[actix::test]
async fn a_change_is_in_memory_before_its_answer_and_reaches_the_phone() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    let attached = attached.await.unwrap();
    let renamed = RobotChanges { name: Some("乙".to_owned()), ..RobotChanges::default() };
    scene.write(changed(entry.uuid, renamed)).await;
    assert_eq!(entry.profile().robot.name, "乙");
    assert_eq!(order(&mut phone).await, RobotOrder::Configure);
    scene
        .write(vec![Record::Bind {
            robot: entry.uuid,
            binding_type: 1,
            url: Some("https://a.example".into()),
        }])
        .await;
    let profile = entry.profile();
    assert_eq!(
        (profile.bindings.as_slice(), profile.robot.version),
        (&[(1, "https://a.example".to_owned())][..], 3)
    );
    let disabled = RobotChanges { is_enabled: Some(false), ..RobotChanges::default() };
    scene.write(changed(entry.uuid, disabled)).await;
    assert_eq!(order(&mut phone).await, RobotOrder::Close(CloseCause::Refused));
    assert!(!entry.is_connected() && entry.fence(attached.generation).is_stale());
    assert_eq!((entry.presence(), entry.presence_reason()), (Presence::Offline, PresenceReason::Refused));
}

#[actix::test]
async fn revoked_tokens_close_the_socket() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    let revoked = Published::after(0, [Event::TokensRevoked(entry.uuid)]);
    ask(&scene.router, revoked, LONG).await.unwrap();
    assert_eq!(entry.profile().robot.token_family, None);
    assert_eq!(order(&mut phone).await, RobotOrder::Close(CloseCause::Refused));
}

#[actix::test]
async fn commands_are_counted_and_wake_once() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    for id in ["msg_1", "msg_2", "msg_3"] {
        scene.write(vec![scene.new_command(entry.uuid, id, 60)]).await;
    }
    scene.settle().await;
    assert_eq!(entry.queued.load(Ordering::Relaxed), 3);
    assert_eq!(orders(&mut phone), [RobotOrder::Wake], "the flag is still set");
    let cancel = CommandEvent::Cancel { detail: "meant".to_owned() };
    scene
        .write(vec![Record::CommandEvent {
            robot: None,
            id: CommandId::from("msg_1"),
            event: Box::new(cancel),
            callback: None,
        }])
        .await;
    let all =
        Record::CancelQueued { robot: entry.uuid, except: CommandId::from("msg_9"), detail: String::new() };
    scene.write(vec![all]).await;
    scene.settle().await;
    assert_eq!(entry.queued.load(Ordering::Relaxed), 0);
}

#[actix::test]
async fn places_are_kept_until_their_commands_are_counted() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let write = |ids: &[&str]| ids.iter().map(|id| scene.new_command(entry.uuid, id, 60)).collect::<Vec<_>>();
    let places = entry.reserve(2, false, 2);
    scene.journal.write_into(write(&["msg_1", "msg_1"]), places.clone()).await.unwrap();
    scene.settle().await;
    assert_eq!(entry.queued.load(Ordering::Relaxed), 1);
    let last = entry.reserve(1, false, 2);
    assert!(last.is_some(), "a repeated command needs no place, whoever still holds the reservation");
    scene.write(write(&["msg_2"])).await;
    scene.journal.write_into(write(&["msg_3"]), last).await.unwrap();
    scene.settle().await;
    assert_eq!(entry.queued.load(Ordering::Relaxed), 3, "what needs no place is counted, too");
    drop(places);
    assert!(entry.reserve(1, false, 4).is_some());
}

#[actix::test]
async fn a_retry_is_announced_when_its_time_comes() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    scene.write(vec![scene.new_command(entry.uuid, "msg_1", 60)]).await;
    scene.settle().await;
    assert_eq!(order(&mut phone).await, RobotOrder::Wake);
    entry.has_work.store(false, Ordering::Release);
    let mut command = scene.command("msg_1").await;
    command.not_before = Some(scene.now().plus(chrono::TimeDelta::seconds(1)));
    let moved = Event::CommandMoved { command: Arc::new(command), from: CommandState::Confirmed };
    ask(&scene.router, Published::after(0, [moved]), LONG).await.unwrap();
    assert_eq!(entry.queued.load(Ordering::Relaxed), 2);
    assert!(phone.try_next().is_none());
    tokio::time::pause();
    assert_eq!(order(&mut phone).await, RobotOrder::Wake);
}

#[actix::test]
async fn it_panics_and_comes_back_with_the_directory_as_it_was() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    assert!(ask(&scene.router, Break, LONG).await.is_err());
    tokio::time::timeout(LONG, async {
        while !scene.router.is_up() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    scene.write(vec![scene.new_command(entry.uuid, "msg_1", 60)]).await;
    assert_eq!(order(&mut phone).await, RobotOrder::Wake);
    assert_eq!((scene.router.stats().restarts(), scene.directory.count()), (1, (1, 1)));
}

#[actix::test]
async fn a_full_router_makes_the_journal_wait() {
    let scene = Scene::open().await;
    let id = scene.stored(|_robot| {}).await;
    let clock = scene.kernel.clock.clone();
    let handle = JournalHandle::new(JournalLimits::default(), clock.clone());
    let (router, mut inbox) = Postbox::<Published>::inbox("router", "slow", 1, clock.now());
    let parts = JournalParts {
        db: scene.db.clone(),
        handle: handle.clone(),
        timeouts: TIMEOUTS,
        router,
        listeners: Arc::from([]),
    };
    let _journal = supervise(
        &scene.kernel,
        &tree::JOURNAL,
        "second",
        None,
        move |_ctx, stats| JournalActor::new(parts.clone(), stats),
        Box::new(drop),
    );
    handle.write(vec![scene.new_command(id, "msg_1", 60)]).await.unwrap();
    let second = actix_rt::spawn(handle.write(vec![scene.new_command(id, "msg_2", 60)]));
    until_batches(&handle, 2).await;
    assert!(!second.is_finished(), "no answer before its events were handed on");
    drop(inbox.next().await.unwrap().open(0));
    tokio::time::timeout(LONG, second).await.unwrap().unwrap().unwrap();
    assert_eq!(handle.counters().unpublished.load(Ordering::Relaxed), 0);
}

async fn until_batches(handle: &JournalHandle, count: u64) {
    let made = async {
        while handle.counters().batches.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, made).await.unwrap();
    until(|| handle.counters().writes.load(Ordering::Relaxed) == count).await;
}

#[actix::test]
async fn at_a_stop_phones_are_told_twice() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    assert_eq!(ask(&scene.router, StopClaims, LONG).await, Ok(1));
    assert_eq!(ask(&scene.router, CloseRobots, LONG).await, Ok(1));
    let told = [RobotOrder::StopClaiming, RobotOrder::Close(CloseCause::Restarting)];
    assert_eq!(orders(&mut phone), told);
}
