use std::sync::atomic::Ordering;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};
use workbot_schema::batch::Record;
use workbot_schema::deliveries;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::messages::MessageReason;
use workbot_schema::robots::{Robot, RobotKind};

use super::*;
use crate::delivery::DeliverySettings;
use crate::delivery::replay::replay;
use crate::delivery::scene::{Break, LONG, Scene, Setup, answers, hang, manual, ok, reply, until};
use crate::delivery::signature::SigningSecret;
use crate::delivery::signing::signing_place;
use crate::journal::{Event, JournalHandle, JournalLimits};
use crate::kernel::{ExitReason, post};

use DeliveryState::{Delivered, Dropped as Lost, Failed};
use MessageReason::{Answered, CallbackBacklog, CallbackFailed};

fn body(request: &wiremock::Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn short_retries() -> DeliverySettings {
    DeliverySettings { retry_delays: vec![Duration::from_millis(5); 3], ..DeliverySettings::default() }
}

#[actix::test]
async fn a_taken_callback_answers_its_message() {
    let mut scene = Scene::open(Setup::default()).await;
    answers(&scene, ok()).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    let request = scene.server.received_requests().await.unwrap().remove(0);
    assert_eq!(request.body, row.body.as_bytes());
    assert_eq!(request.headers["x-robot-id"], scene.robot.robot_id.as_str());
    assert_eq!(request.headers["x-request-id"], format!("{}.1", row.id).as_str());
    assert_eq!(request.headers["content-type"], "application/json");
    assert!(!request.headers.contains_key("webhook-id"));
    let attempts = deliveries::list_attempts(&scene.parts.db, row.id.clone()).await.unwrap();
    assert_eq!((attempts.len(), attempts[0].status, attempts[0].attempt), (1, Some(200), 1));
    let snapshot = scene.snapshot().unwrap();
    assert_eq!((snapshot.success_rate, snapshot.robot_id), (Some(1.0), Some(scene.robot.robot_id.clone())));
    let counters = scene.parts.board.counters();
    until(async || counters.delivered.load(Ordering::Relaxed) == 1).await;
    assert_eq!(counters.attempts.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn a_failure_is_final_without_retries() {
    let mut scene = Scene::open(Setup::default()).await;
    answers(&scene, ResponseTemplate::new(500)).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Failed, CallbackFailed));
    // A row the sweep read before it failed changes nothing.
    post(&scene.actor, Deliver(Arc::clone(&row))).unwrap();
    let next = scene.deliver("a").await;
    assert_eq!(scene.settled(&next).await, (Failed, CallbackFailed));
    assert_eq!(scene.calls().await, 2);
    assert_eq!(scene.snapshot().unwrap().consecutive_failures, 2);
}

#[actix::test]
async fn retries_follow_the_schedule_until_one_is_taken() {
    let mut scene = Scene::open(Setup { settings: short_retries(), ..Setup::default() }).await;
    let twice = Mock::given(method("POST")).respond_with(ResponseTemplate::new(503)).up_to_n_times(2);
    twice.mount(&scene.server).await;
    answers(&scene, ok()).await;
    let row = scene.message("a", |row| row.can_retry = true).await;
    post(&scene.actor, Deliver(Arc::clone(&row))).unwrap();
    for (state, attempts) in [(DeliveryState::Pending, 1), (DeliveryState::Pending, 2), (Delivered, 3)] {
        let moved = scene.moved(&row.id).await;
        assert_eq!((moved.state, moved.attempts, moved.due_at.is_some()), (state, attempts, attempts < 3));
    }
    let ids: Vec<_> = scene.server.received_requests().await.unwrap();
    let ids: Vec<_> = ids.iter().map(|request| request.headers["x-request-id"].to_str().unwrap()).collect();
    assert_eq!(ids, [1, 2, 3].map(|number| format!("{}.{number}", row.id)));
}

#[actix::test]
async fn chats_keep_their_order_side_by_side() {
    let mut scene = Scene::open(Setup::default()).await;
    answers(&scene, ok().set_delay(Duration::from_millis(5))).await;
    let mut rows = Vec::new();
    for number in 0..40 {
        rows.push(scene.deliver(&format!("chat{}", number % 10)).await);
    }
    let mut open = rows.len();
    while open > 0 {
        if let Event::DeliveryMoved(row) = scene.event().await {
            assert_eq!(row.state, Delivered);
            open -= 1;
        }
    }
    let requests = scene.server.received_requests().await.unwrap();
    let called: Vec<String> =
        requests.iter().map(|request| body(request)["messageId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(called.len(), 40);
    for chat in 0..10 {
        let place = |number: usize| called.iter().position(|id| *id == format!("msg_{number}")).unwrap();
        let places: Vec<usize> = (0..4).map(|turn| place(chat + turn * 10)).collect();
        assert!(places.is_sorted(), "chat {chat}: {places:?}");
    }
}

#[actix::test]
async fn a_hanging_endpoint_holds_eight_calls_and_costs_nobody_else() {
    let settings = DeliverySettings { budget: LONG, ..DeliverySettings::default() };
    let mut scene = Scene::open(Setup { settings, ..Setup::default() }).await;
    let _listener = hang(&mut scene);
    Mock::given(path("/quick")).respond_with(ok()).mount(&scene.server).await;
    for number in 0..10 {
        scene.deliver(&format!("chat{number}")).await;
    }
    until(async || scene.snapshot().is_some_and(|shown| shown.waiting == 2)).await;
    assert_eq!(scene.snapshot().unwrap().in_flight, 8);
    let url = format!("{}/quick", scene.server.uri());
    let quick = scene.start(&scene.parts, &url);
    let row = scene.message("chat0", |row| row.url = url).await;
    post(&quick, Deliver(Arc::clone(&row))).unwrap();
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    assert_eq!(scene.snapshot().unwrap().in_flight, 8);
}

#[actix::test]
async fn a_call_is_cut_off_at_its_budget() {
    let settings = DeliverySettings { budget: Duration::from_millis(30), ..DeliverySettings::default() };
    let mut scene = Scene::open(Setup { settings, ..Setup::default() }).await;
    let _listener = hang(&mut scene);
    let row = scene.deliver("a").await;
    let cut = scene.moved(&row.id).await;
    assert_eq!((cut.state, cut.last_status), (Failed, None));
    assert_eq!(cut.last_error.as_deref(), Some("no complete answer within 30 ms"));
}

#[actix::test]
async fn a_full_backlog_drops_the_oldest_and_says_so() {
    let limits = QueueLimits { in_flight: 1, waiting: 2, ..QueueLimits::default() };
    let settings = DeliverySettings { limits, budget: LONG, ..DeliverySettings::default() };
    let mut scene = Scene::open(Setup { settings, ..Setup::default() }).await;
    let _listener = hang(&mut scene);
    let mut rows = Vec::new();
    for number in 0..4 {
        rows.push(scene.deliver(&format!("chat{number}")).await);
    }
    assert_eq!(scene.settled(&rows[1]).await, (Lost, CallbackBacklog));
    let snapshot = scene.snapshot().unwrap();
    assert_eq!((snapshot.dropped, snapshot.waiting), (1, 2));
    assert_eq!(scene.parts.board.counters().dropped.load(Ordering::Relaxed), 1);
}

#[actix::test]
async fn an_inline_reply_is_one_command_whatever_is_repeated() {
    let mut scene = Scene::open(Setup { kind: RobotKind::Worktool, ..Setup::default() }).await;
    answers(&scene, reply()).await;
    let row = scene.deliver("a").await;
    let command = scene.command().await;
    assert_eq!((command.command_type, command.message_id.as_ref()), (204, row.message_id.as_ref()));
    assert_eq!(command.session_id.as_ref().unwrap().as_str(), "ses_a");
    let life = command.expires_at.utc() - command.created_at.utc();
    assert_eq!(life, TimeDelta::seconds(1_800));
    // Another actor that knows nothing makes the call once more; a replay makes it a third time.
    scene.start_again();
    post(&scene.actor, Deliver(Arc::clone(&row))).unwrap();
    until(async || scene.calls().await == 2).await;
    let again = replay(&row, "dlv_again".into(), row.created_at);
    scene.parts.journal.write(vec![Record::Delivery(Box::new(again.clone()))]).await.unwrap();
    post(&scene.actor, Deliver(Arc::new(again.clone()))).unwrap();
    loop {
        match scene.event().await {
            Event::CommandQueued(command) => panic!("a second command: {command:?}"),
            Event::DeliveryMoved(moved) if moved.id == again.id => break assert_eq!(moved.state, Delivered),
            _ => {}
        }
    }
    assert_eq!(scene.calls().await, 3);
}

#[actix::test]
async fn a_replay_answers_a_message_that_failed() {
    let mut scene = Scene::open(Setup::default()).await;
    let once = Mock::given(method("POST")).respond_with(ResponseTemplate::new(500)).up_to_n_times(1);
    once.mount(&scene.server).await;
    answers(&scene, reply()).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Failed, CallbackFailed));
    let again = replay(&row, "dlv_again".into(), row.created_at);
    scene.parts.journal.write(vec![Record::Delivery(Box::new(again.clone()))]).await.unwrap();
    post(&scene.actor, Deliver(Arc::new(again.clone()))).unwrap();
    assert_eq!(scene.settled(&again).await, (Delivered, Answered));
    assert_eq!(scene.command().await.command_type, 203);
}

#[actix::test]
async fn signatures_cover_the_body_with_its_picture() {
    let secret = SigningSecret::from_random(&[3; 32]).unwrap();
    let sealer = Sealer::new(&[7; 32]).unwrap();
    let text = secret.reveal().to_owned();
    let change = move |robot: &mut Robot, _server: &MockServer| {
        robot.settings.0.enable_signature = true;
        let sealer = Sealer::new(&[7; 32]).unwrap();
        robot.secrets.0.signing = sealer.seal(&signing_place(robot.id), &text).ok();
    };
    let mut scene = Scene::open(Setup { change: Box::new(change), sealer, ..Setup::default() }).await;
    answers(&scene, ok()).await;
    let file = scene.parts.files.put(b"\x89PNG\r\n\x1a\n".repeat(20_000)).await.unwrap();
    let row = scene.message("a", |row| row.file_name = Some(file)).await;
    post(&scene.actor, Deliver(Arc::clone(&row))).unwrap();
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    let request = scene.server.received_requests().await.unwrap().remove(0);
    let header = |name: &str| request.headers[name].to_str().unwrap().to_owned();
    let now = scene.parts.clock.now().timestamp();
    assert_eq!(secret.verify_body(&header("x-signature"), &request.body), Ok(()));
    let (id, at) = (header("webhook-id"), header("webhook-timestamp"));
    assert_eq!(id, row.id.as_str());
    assert_eq!(secret.verify_webhook(&id, &at, &header("webhook-signature"), &request.body, now), Ok(()));
    let picture = STANDARD.decode(body(&request)["fileBase64"].as_str().unwrap()).unwrap();
    assert_eq!(picture.len(), 160_000);
}

#[actix::test]
async fn an_unsignable_callback_is_not_sent() {
    let change = |robot: &mut Robot, _server: &MockServer| robot.settings.0.enable_signature = true;
    let mut scene = Scene::open(Setup { change: Box::new(change), ..Setup::default() }).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Failed, CallbackFailed));
    assert_eq!((scene.calls().await, scene.snapshot().unwrap().consecutive_failures), (0, 0));
}

#[actix::test]
async fn form_data_is_sent_when_asked_for() {
    let change = |robot: &mut Robot, _server: &MockServer| {
        robot.settings.0.callback_request_type = 1;
    };
    let mut scene = Scene::open(Setup { change: Box::new(change), ..Setup::default() }).await;
    answers(&scene, ok()).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    let request = scene.server.received_requests().await.unwrap().remove(0);
    assert!(request.headers["content-type"].to_str().unwrap().starts_with("multipart/form-data; boundary="));
    let text = String::from_utf8(request.body).unwrap();
    assert!(text.contains("name=\"spoken\"\r\n\r\n你好\r\n"), "{text}");
}

#[actix::test]
async fn after_a_panic_the_row_is_found_and_sent_with_the_same_id() {
    let mut scene = Scene::open(Setup::default()).await;
    let listener = hang(&mut scene);
    let row = scene.deliver("a").await;
    until(async || scene.snapshot().is_some_and(|shown| shown.in_flight == 1)).await;
    post(&scene.actor, Break).unwrap();
    let ended = tokio::time::timeout(LONG, scene.ended.recv()).await.unwrap().unwrap();
    assert_eq!(ended.reason, ExitReason::Panicked);
    scene.server = MockServer::builder().listener(listener).start().await;
    answers(&scene, ok()).await;
    scene.start_again();
    let now = Ts::new(scene.parts.clock.now());
    let due = deliveries::list_due(&scene.parts.db, now, 10).await.unwrap();
    assert_eq!(due.iter().map(|row| &row.id).collect::<Vec<_>>(), [&row.id]);
    post(&scene.actor, Deliver(Arc::new(due[0].clone()))).unwrap();
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    let requests = scene.server.received_requests().await.unwrap();
    let id = format!("{}.1", row.id);
    assert!(requests.iter().all(|request| request.headers["x-request-id"] == id.as_str()));
}

#[actix::test]
async fn a_stale_row_is_read_again_before_it_is_called() {
    let mut scene = Scene::open(Setup { clock: manual(), ..Setup::default() }).await;
    answers(&scene, ok()).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    scene.parts.clock.advance(Duration::from_secs(5));
    scene.start_again();
    post(&scene.actor, Deliver(row)).unwrap();
    let next = scene.deliver("a").await;
    assert_eq!(scene.settled(&next).await, (Delivered, Answered));
    assert_eq!(scene.calls().await, 2);
}

#[actix::test]
async fn an_outcome_is_kept_until_the_journal_takes_it() {
    let mut scene = Scene::open(Setup::default()).await;
    answers(&scene, reply()).await;
    let row = scene.message("a", |_row| {}).await;
    // A journal whose only place is taken and that nobody empties.
    let limits = JournalLimits { promises_max: 1, wait_ms: 60_000, ..JournalLimits::default() };
    let stuck = JournalHandle::new(limits, scene.parts.clock.clone());
    let robot =
        Record::Settle { id: "none".into(), reason: Answered, detail: None, command_id: None, from: None };
    let filler = stuck.write(vec![robot]);
    let parts = DeliveryParts { journal: stuck.clone(), ..scene.parts.clone() };
    let actor = scene.start(&parts, &scene.url);
    post(&actor, Deliver(Arc::clone(&row))).unwrap();
    let counters = stuck.counters();
    until(async || counters.refused.load(Ordering::Relaxed) >= 2).await;
    // The sweep finds the row meanwhile: it is not called again.
    post(&actor, Deliver(Arc::clone(&row))).unwrap();
    scene.start_journal(stuck.clone());
    filler.await.unwrap();
    assert_eq!(scene.command().await.message_id, row.message_id);
    assert_eq!(scene.calls().await, 1);
    let attempts = deliveries::list_attempts(&scene.parts.db, row.id.clone()).await.unwrap();
    assert_eq!(attempts.len(), 1);
}

#[actix::test]
async fn an_idle_endpoint_says_so_and_may_go_only_then() {
    let settings = DeliverySettings { idle: Duration::from_millis(20), ..DeliverySettings::default() };
    let mut scene = Scene::open(Setup { settings, ..Setup::default() }).await;
    answers(&scene, ok().set_delay(Duration::from_millis(100))).await;
    let endpoint = scene.actor.stats().id().to_owned();
    let row = scene.deliver("a").await;
    until(async || scene.calls().await == 1).await;
    assert!(!may_retire(&scene.actor, &scene.parts.board, &endpoint));
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    let (idle, _handling, _reply) =
        tokio::time::timeout(LONG, scene.idle.next()).await.unwrap().unwrap().open(0);
    assert_eq!(&*idle.endpoint, endpoint);
    assert!(may_retire(&scene.actor, &scene.parts.board, &endpoint));
    scene.actor.retire();
    until(async || !scene.actor.is_up()).await;
}
