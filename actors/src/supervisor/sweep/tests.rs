use workbot_schema::batch::{Outcome, Record};
use workbot_schema::commands::CommandState;
use workbot_schema::commands::operations::ClaimLimit;
use workbot_schema::deliveries::{self, DeliveryFilter, DeliveryKind, endpoint_of};
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::robots::{Robot, RobotChanges};
use workbot_schema::wire::presence_callback::PresenceCallback;

use super::*;
use crate::kernel::{Inbox, ask, supervise};
use crate::robot::login::Detach;
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::supervisor::directory::{Presence, PresenceReason};
use crate::supervisor::scene::{LONG, Scene, order, orders};
use crate::supervisor::tree;

/// What the actor does in one tick, with nothing beside it.
async fn tick(scene: &Scene, memory: Memory) -> Memory {
    let survey = survey::survey(&scene.sweep, scene.now_ms(), 1_000);
    ask(&scene.router, Judged(survey.judged), LONG).await.unwrap();
    let memory = round(scene.sweep.clone(), memory, survey.announce).await;
    assert!(!memory.is_failing);
    scene.settle().await;
    memory
}

async fn connected(scene: &Scene) -> (Arc<RobotEntry>, u64, Inbox<RobotOrder>) {
    let entry = scene.robot(|_robot| {}).await;
    let (attached, phone) = scene.attach(entry.uuid);
    let generation = attached.await.unwrap().generation;
    (entry, generation, phone)
}

async fn claim(scene: &Scene, entry: &RobotEntry) {
    let limit = ClaimLimit { commands: 8, bytes: 1_000, is_window_empty: true };
    let fence = entry.fence(entry.generation());
    let outcomes = scene.write(vec![Record::Claim { robot: entry.uuid, limit, fence }]).await;
    assert!(matches!(outcomes.first(), Some(Outcome::Claimed(commands)) if !commands.is_empty()));
}

async fn events(scene: &Scene, entry: &RobotEntry) -> Vec<DeliveryKind> {
    let filter = DeliveryFilter { robots: Some(vec![entry.uuid]), ..DeliveryFilter::default() };
    let mut rows = deliveries::list(&scene.db, filter, 0, 100).await.unwrap().1;
    rows.sort_by_key(|row| row.seq);
    rows.iter().map(|row| row.kind).collect()
}

#[actix::test]
async fn commands_whose_events_were_lost_are_found() {
    let scene = Scene::open().await;
    let (entry, _generation, mut phone) = connected(&scene).await;
    let memory = tick(&scene, Memory::default()).await;
    scene.write_elsewhere(vec![scene.new_command(entry.uuid, "msg_1", 60)]).await;
    let memory = tick(&scene, memory).await;
    assert_eq!(orders(&mut phone), [], "nobody knows yet");
    scene.journal.counters().unpublished.fetch_add(1, Ordering::Relaxed);
    let memory = tick(&scene, memory).await;
    assert_eq!((order(&mut phone).await, entry.queued.load(Ordering::Relaxed)), (RobotOrder::Wake, 1));
    // The robot cleared the flag and could not claim yet: it is told again.
    entry.has_work.store(false, Ordering::Release);
    tick(&scene, memory).await;
    assert_eq!(order(&mut phone).await, RobotOrder::Wake);
    assert_eq!(scene.sweep.counters.woken.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn queued_commands_expire() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    scene.write(vec![scene.new_command(entry.uuid, "msg_1", 60)]).await;
    scene.advance(59);
    let memory = tick(&scene, Memory::default()).await;
    assert_eq!(scene.command("msg_1").await.state, CommandState::Queued);
    scene.advance(1);
    tick(&scene, memory).await;
    assert_eq!(scene.command("msg_1").await.state, CommandState::Expired);
    assert_eq!(entry.queued.load(Ordering::Relaxed), 0);
}

#[actix::test]
async fn a_clock_set_forward_ends_nothing_before_its_time() {
    let scene = Scene::open().await;
    let (entry, _generation, _phone) = connected(&scene).await;
    let away = scene.robot(|_robot| {}).await;
    scene.write(vec![scene.new_command(away.uuid, "msg_1", 60)]).await;
    scene.write(vec![scene.new_command(entry.uuid, "msg_2", 90_000)]).await;
    claim(&scene, &entry).await;
    let memory = tick(&scene, Memory::default()).await;
    scene.kernel.clock.set_wall(scene.kernel.clock.now() + chrono::TimeDelta::hours(1));
    let mut memory = tick(&scene, memory).await;
    for (secs, states) in [
        (59, (CommandState::Queued, CommandState::Sent)),
        (1, (CommandState::Expired, CommandState::Sent)),
        (60, (CommandState::Expired, CommandState::Unknown)),
    ] {
        scene.advance(secs);
        entry.touch(scene.now_ms(), scene.now());
        memory = tick(&scene, memory).await;
        assert_eq!(
            (scene.command("msg_1").await.state, scene.command("msg_2").await.state),
            states,
            "{secs}"
        );
    }
}

#[actix::test]
async fn a_living_socket_that_does_not_confirm_makes_unknown() {
    let scene = Scene::open().await;
    let (entry, _generation, _phone) = connected(&scene).await;
    scene.write(vec![scene.new_command(entry.uuid, "msg_1", 1_000)]).await;
    claim(&scene, &entry).await;
    for secs in [119, 1] {
        assert_eq!(scene.command("msg_1").await.state, CommandState::Sent);
        scene.advance(secs);
        entry.touch(scene.now_ms(), scene.now());
        tick(&scene, Memory::default()).await;
    }
    assert_eq!(scene.command("msg_1").await.state, CommandState::Unknown);
}

#[actix::test]
async fn a_robot_that_is_away_keeps_its_sent_commands() {
    let scene = Scene::open().await;
    let (entry, generation, _phone) = connected(&scene).await;
    scene.write(vec![scene.new_command(entry.uuid, "msg_1", 1_000)]).await;
    claim(&scene, &entry).await;
    let gone = Detach { uuid: entry.uuid, generation, code: None, reason: String::new() };
    ask(&scene.router, gone, LONG).await.unwrap();
    scene.advance(500);
    let memory = tick(&scene, Memory::default()).await;
    let command = scene.command("msg_1").await;
    assert_eq!((command.state, command.due_at), (CommandState::Sent, Some(command.expires_at)));
    scene.advance(500);
    tick(&scene, memory).await;
    assert_eq!(scene.command("msg_1").await.state, CommandState::Unknown);
}

#[actix::test]
async fn a_silent_robot_is_probed_then_given_up_and_both_are_told_after_a_while() {
    let scene = Scene::open().await;
    let (entry, generation, mut phone) = connected(&scene).await;
    for (binding_type, url) in [(5, "https://a.example/on"), (6, "https://a.example/off")] {
        let url = Some(url.to_owned());
        scene.write(vec![Record::Bind { robot: entry.uuid, binding_type, url }]).await;
    }
    scene.advance(9);
    let memory = tick(&scene, Memory::default()).await;
    assert_eq!(events(&scene, &entry).await, []);
    scene.advance(1);
    let memory = tick(&scene, memory).await;
    assert_eq!(events(&scene, &entry).await, [DeliveryKind::Online]);
    assert_eq!(entry.profile().robot.last_event_state.as_deref(), Some("online"));
    assert!(scene.endpoints.find(&endpoint_of(entry.uuid, "https://a.example/on")).is_some());
    let memory = tick(&scene, memory).await;
    assert_eq!(orders(&mut phone), [], "the row of an event is no change for the phone");
    scene.advance(5);
    let memory = tick(&scene, memory).await;
    assert_eq!(order(&mut phone).await, RobotOrder::Probe);
    scene.advance(15);
    let memory = tick(&scene, memory).await;
    assert_eq!(order(&mut phone).await, RobotOrder::Close(CloseCause::Silent));
    assert!(!entry.is_connected() && entry.fence(generation).is_stale());
    assert_eq!((entry.presence(), entry.presence_reason()), (Presence::Offline, PresenceReason::Silent));
    scene.advance(9);
    let memory = tick(&scene, memory).await;
    assert_eq!(events(&scene, &entry).await.len(), 1);
    scene.advance(1);
    let memory = tick(&scene, memory).await;
    assert_eq!(events(&scene, &entry).await, [DeliveryKind::Online, DeliveryKind::Offline]);
    scene.advance(100);
    tick(&scene, memory).await;
    assert_eq!(events(&scene, &entry).await.len(), 2, "told once");
}

#[actix::test]
async fn a_short_absence_is_not_told() {
    let scene = Scene::open().await;
    let (entry, generation, _phone) = connected(&scene).await;
    let bind = Record::Bind { robot: entry.uuid, binding_type: 6, url: Some("https://a.example".to_owned()) };
    scene.write(vec![bind]).await;
    scene.advance(10);
    let mut memory = tick(&scene, Memory::default()).await;
    let gone = Detach { uuid: entry.uuid, generation, code: Some(1001), reason: String::new() };
    ask(&scene.router, gone, LONG).await.unwrap();
    for _second in 0..5 {
        scene.advance(1);
        memory = tick(&scene, memory).await;
        assert_eq!(entry.presence(), Presence::Offline);
    }
    let (attached, _phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    scene.advance(20);
    tick(&scene, memory).await;
    assert_eq!(events(&scene, &entry).await, []);
}

#[actix::test]
async fn a_robot_by_requests_only_comes_and_goes() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    scene.advance(5);
    entry.touch(scene.now_ms(), scene.now());
    let memory = tick(&scene, Memory::default()).await;
    assert_eq!((entry.presence(), entry.presence_reason()), (Presence::Online, PresenceReason::Heard));
    scene.advance(30);
    tick(&scene, memory).await;
    assert_eq!(entry.presence(), Presence::Offline);
}

#[actix::test]
async fn after_a_start_those_that_do_not_come_back_are_told_offline() {
    let scene = Scene::open().await;
    let told = |robot: &mut Robot| robot.last_event_state = Some("online".to_owned());
    let (stays_away, comes_back) = (scene.stored(told).await, scene.stored(told).await);
    let unknown = scene.stored(|_robot| {}).await;
    let memory = tick(&scene, Memory::default()).await;
    assert!(scene.directory.find(unknown).is_none());
    let away = scene.directory.find(stays_away).unwrap();
    assert_eq!(away.presence(), Presence::Unknown);
    let (attached, _phone) = scene.attach(comes_back);
    attached.await.unwrap();
    scene.advance(29);
    let back = scene.directory.find(comes_back).unwrap();
    back.touch(scene.now_ms(), scene.now());
    let memory = tick(&scene, memory).await;
    assert_eq!(away.presence(), Presence::Unknown);
    scene.advance(1);
    let memory = tick(&scene, memory).await;
    assert_eq!((away.presence(), back.presence()), (Presence::Offline, Presence::Online));
    scene.advance(10);
    tick(&scene, memory).await;
    assert_eq!(away.profile().robot.last_event_state.as_deref(), Some("offline"));
    assert_eq!(scene.sweep.counters.announced.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn what_another_process_changed_is_read_again() {
    let scene = Scene::open().await;
    let (entry, _generation, mut phone) = connected(&scene).await;
    let (other, _other_generation, mut other_phone) = connected(&scene).await;
    let mut memory = tick(&scene, Memory::default()).await;
    scene.advance(1);
    let update =
        |changes| vec![Record::UpdateRobot { id: entry.uuid, changes: Box::new(changes), expected: None }];
    let renamed = RobotChanges { name: Some("乙".to_owned()), ..RobotChanges::default() };
    scene.write_elsewhere(update(renamed)).await;
    for _second in 0..2 {
        memory = tick(&scene, memory).await;
    }
    assert_eq!(entry.profile().robot.name, "乙");
    assert_eq!(order(&mut phone).await, RobotOrder::Configure);
    let disabled = RobotChanges { is_enabled: Some(false), ..RobotChanges::default() };
    scene.write_elsewhere(update(disabled)).await;
    scene.write_elsewhere(vec![scene.new_command(other.uuid, "msg_1", 60)]).await;
    for _second in 0..2 {
        memory = tick(&scene, memory).await;
    }
    assert_eq!(order(&mut phone).await, RobotOrder::Close(CloseCause::Refused));
    assert_eq!(orders(&mut other_phone), []);
    assert_eq!(scene.sweep.counters.refreshed.load(Ordering::Relaxed), 2);
}

#[actix::test]
async fn service_that_ends_closes_the_socket() {
    let scene = Scene::open().await;
    let now = scene.now();
    let entry =
        scene.robot(|robot| robot.service_expires_at = Some(now.plus(chrono::TimeDelta::seconds(20)))).await;
    let (attached, mut phone) = scene.attach(entry.uuid);
    attached.await.unwrap();
    scene.advance(19);
    entry.touch(scene.now_ms(), scene.now());
    let memory = tick(&scene, Memory::default()).await;
    assert_eq!(orders(&mut phone), []);
    scene.advance(1);
    tick(&scene, memory).await;
    assert_eq!(orders(&mut phone), [RobotOrder::Close(CloseCause::Refused)]);
}

#[actix::test]
async fn late_callbacks_are_sent_to_their_endpoint() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let robot = entry.profile().robot.clone();
    let url = "https://a.example/late";
    let delivery =
        PresenceCallback::new(&robot, true, "meant", scene.now()).delivery(&robot, url, scene.now());
    scene.write_elsewhere(vec![Record::Delivery(Box::new(delivery))]).await;
    let endpoint = endpoint_of(robot.id, url);
    let memory = tick(&scene, Memory::default()).await;
    assert!(scene.endpoints.find(&endpoint).is_none(), "it may still come by its event");
    scene.advance(3);
    tick(&scene, memory).await;
    assert_eq!(scene.endpoints.find(&endpoint).unwrap().stats().posted(), 1);
}

#[actix::test]
async fn callbacks_that_were_due_before_the_start_go_at_once() {
    let mut scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    let robot = entry.profile().robot.clone();
    let url = "https://a.example/late";
    let delivery =
        PresenceCallback::new(&robot, true, "meant", scene.now()).delivery(&robot, url, scene.now());
    scene.write_elsewhere(vec![Record::Delivery(Box::new(delivery))]).await;
    scene.kernel.clock.advance(Duration::from_millis(1));
    scene.sweep.started_at = scene.now();
    tick(&scene, Memory::default()).await;
    assert_eq!(scene.endpoints.find(&endpoint_of(robot.id, url)).unwrap().stats().posted(), 1);
}

#[derive(actix::Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<crate::kernel::Posted<Break>> for SweepActor {
    type Result = ();

    fn handle(&mut self, posted: crate::kernel::Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

#[actix::test]
async fn it_ticks_by_itself_and_again_after_a_panic() {
    let scene = Scene::open().await;
    let entry = scene.robot(|_robot| {}).await;
    scene.write(vec![scene.new_command(entry.uuid, "msg_1", 60)]).await;
    let parts = scene.sweep.clone();
    let sweep = supervise(
        &scene.kernel,
        &tree::SWEEP,
        "sweep",
        None,
        move |_ctx, stats| SweepActor::new(parts.clone(), stats),
        Box::new(drop),
    );
    let rounds = async |count: u64| {
        while scene.sweep.counters.rounds.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, rounds(1)).await.unwrap();
    assert!(ask(&sweep, Break, LONG).await.is_err());
    scene.advance(60);
    tokio::time::timeout(LONG, rounds(2)).await.unwrap();
    assert_eq!(sweep.stats().restarts(), 1);
    assert_eq!(scene.command("msg_1").await.state, CommandState::Expired);
    assert!(scene.directory.get(RobotKey::Uuid(entry.uuid)).await.unwrap().is_some());
}

/// Prints what a look at 20,000 entries costs; asserts nothing about time.
#[actix::test]
async fn a_look_at_twenty_thousand_asks_nobody() {
    let scene = Scene::open().await;
    let profile = scene.robot(|_robot| {}).await.profile();
    let profiles = (0..20_000)
        .map(|_number| {
            let mut profile = profile.as_ref().clone();
            profile.robot.id = workbot_schema::ids::RobotUuid::generate();
            profile.robot.robot_id = workbot_schema::ids::RobotId::generate(scene.kernel.clock.now());
            (profile, 0)
        })
        .collect();
    ask(&scene.router, crate::supervisor::router::Admit(profiles), LONG).await.unwrap();
    scene.advance(5);
    let before = std::time::Instant::now();
    let survey = survey::survey(&scene.sweep, scene.now_ms(), 1_000);
    println!("one look at {} entries: {:?}", scene.directory.count().1, before.elapsed());
    assert_eq!((survey.judged.len(), survey.announce.len()), (0, 0));
}
