use serde_json::{Value, json};

use super::*;

struct Scene {
    app: App,
    now_ms: u64,
}

impl Scene {
    /// An app that is connected; what it said so far is gone.
    fn new() -> Self {
        let mut scene = Self { app: App::new(AppConfig::new("wt1"), 0), now_ms: 0 };
        scene.app.add_chat(Chat::new(1, &["备注", "测试群"]));
        scene.app.add_chat(Chat::new(2, &["仑哥"]));
        scene.app.opened();
        scene.said();
        scene
    }

    /// What it says, shortened to what it is.
    fn said(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.app.take_frame()).map(|frame| short(&frame.text)).collect()
    }

    fn at(&mut self, now_ms: u64) -> Vec<String> {
        while self.now_ms < now_ms {
            self.now_ms = (self.now_ms + 100).min(now_ms);
            self.app.tick(self.now_ms);
        }
        self.said().into_iter().filter(|word| word != "beat").collect()
    }

    fn hear(&mut self, frame: &Value) -> Vec<String> {
        self.app.frame(&frame.to_string(), self.now_ms);
        self.said()
    }
}

fn short(frame: &str) -> String {
    let frame: Value = serde_json::from_str(frame).unwrap();
    let id = frame["messageId"].as_str().unwrap_or_default();
    match frame["socketType"].as_i64() {
        None if frame["type"] == 11 => "beat".into(),
        None => "clock".into(),
        Some(1) => format!("confirm {id}"),
        Some(3) => format!("result {id} {}", frame["list"][0]["errorCode"]),
        _ => format!("item {}", frame["list"][0]["type"]),
    }
}

fn command(id: &str, number: i64) -> Value {
    json!({"socketType": 2, "messageId": id, "list": [{"type": number, "titleList": ["测试群"], "receivedContent": format!("内容 {id}")}]})
}

const START: &str = r#"{"socketType":2,"list":[{"type":202},{"type":503}]}"#;

#[test]
fn first_connection_and_reconnections() {
    let mut app = App::new(AppConfig::new("wt1"), 0);
    assert_eq!(app.link(), Link::Connecting);
    assert!(app.take_frame().is_none(), "not before the handshake");
    app.opened();
    let said: Vec<String> = std::iter::from_fn(|| app.take_frame()).map(|frame| short(&frame.text)).collect();
    assert_eq!(said, ["clock", "item 301"]);
    app.closed();
    app.tick(4_999);
    assert_eq!(app.link(), Link::Down, "nobody notices before the beat");
    app.tick(5_000);
    assert_eq!(app.link(), Link::Connecting);
    app.tick(15_000);
    app.opened();
    let said: Vec<String> = std::iter::from_fn(|| app.take_frame()).map(|frame| short(&frame.text)).collect();
    assert_eq!(said, ["beat", "clock", "beat", "beat", "item 301"], "beats of the handshake come in a burst");
}

#[test]
fn ids_are_carried_out_once() {
    let mut scene = Scene::new();
    assert_eq!(scene.hear(&command("a", 203)), ["confirm a"]);
    assert_eq!(scene.hear(&command("a", 203)), ["confirm a"]);
    assert_eq!(scene.at(3_000), ["result a 0"]);
    scene.at(40_000);
    assert_eq!(scene.hear(&command("a", 203)), ["confirm a"], "remembered until another new id comes");
    scene.hear(&command("b", 203));
    scene.hear(&command("a", 203));
    scene.at(50_000);
    let ids: Vec<&str> = scene.app.executed().iter().map(|done| done.message_id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "a"], "the fault that makes the order of pushes matter");
    assert_eq!(scene.app.counters().repeats, 2);
}

#[test]
fn frames_without_an_id_are_carried_out_and_not_confirmed() {
    let mut scene = Scene::new();
    assert!(!scene.app.is_reading());
    scene.app.frame(START, 0);
    assert!(scene.app.is_reading() && scene.said().is_empty());
    assert_eq!(scene.at(3_000), ["item 503", "item 506"]);
}

#[test]
fn one_at_a_time_and_the_rest_of_a_frame_is_lost() {
    let mut scene = Scene::new();
    scene.hear(&command("a", 203));
    scene.hear(&command("b", 219));
    assert_eq!(
        (scene.at(2_100), scene.at(4_300)),
        (vec!["result a 0".to_owned()], vec!["result b 0".to_owned()])
    );
    let three: Vec<Value> = (1..=3)
        .map(|number| json!({"type": 203, "titleList": ["测试群"], "receivedContent": number.to_string()}))
        .collect();
    scene.hear(&json!({"socketType": 2, "messageId": "m", "list": three}));
    assert_eq!(scene.at(20_000), ["result m 0", "result m 0"]);
    assert_eq!(scene.app.counters().dropped, 1);
}

#[test]
fn unknown_types_answers_and_toasts() {
    let mut scene = Scene::new();
    for (number, expected) in [
        (512, vec![]),
        (231, vec![]),
        (225, vec!["result 225 201101".to_owned()]),
        (507, vec!["result 507 0".to_owned()]),
        (508, vec!["item 501".to_owned(), "result 508 0".to_owned()]),
    ] {
        assert_eq!(scene.hear(&command(&number.to_string(), number)).len(), 1);
        let until = scene.now_ms + 3_000;
        assert_eq!(scene.at(until), expected, "{number}");
    }
    assert!(scene.hear(&json!({"socketType": 2, "list": [{"type": 102, "errorCode": 501_013}]})).is_empty());
    assert_eq!(scene.app.toasts(), [501_013]);
    assert!(scene.hear(&json!({"type": 1})).is_empty() && scene.hear(&json!({"socketType": 1})).is_empty());
    assert_eq!(scene.hear(&json!({"socketType": 2, "list": null})), ["item 302"]);
}

#[test]
fn emptying_the_queue_leaves_the_running_one() {
    let mut scene = Scene::new();
    for id in ["a", "b", "c"] {
        scene.hear(&command(id, 203));
    }
    assert_eq!(scene.hear(&command("x", 304)), ["confirm x"]);
    assert_eq!(scene.at(10_000), ["result a 0"]);
    assert_eq!(scene.app.counters().dropped, 2);
}

#[test]
fn what_is_said_without_a_connection_is_lost() {
    let mut scene = Scene::new();
    scene.hear(&command("a", 203));
    scene.app.closed();
    scene.app.tick(2_000);
    assert_eq!(scene.app.executed().len(), 1);
    assert_eq!((scene.app.counters().lost_results, scene.app.take_frame()), (1, None));
}

#[test]
fn chats_are_reported_again_and_again_but_only_when_asked() {
    let mut scene = Scene::new();
    scene.app.say("测试群", "甲", "你好");
    assert!(scene.at(3_000).is_empty(), "nobody sent 202");
    scene.app.frame(START, scene.now_ms);
    let first = scene.at(6_000);
    assert_eq!(first.iter().filter(|word| *word == "item 101").count(), 1);
    assert_eq!(
        scene.at(14_000).iter().filter(|word| *word == "item 101").count(),
        1,
        "the same screen again"
    );
    scene.hear(&command("a", 203));
    assert_eq!(
        scene.at(17_000).iter().filter(|word| *word == "item 101").count(),
        2,
        "before and after sending"
    );
    scene.app.closed();
    scene.app.say("测试群", "甲", "还在吗");
    scene.at(20_000);
    scene.app.opened();
    assert!(!scene.app.is_reading());
    assert!(!scene.at(40_000).contains(&"item 101".to_owned()), "a disconnect ends the reading");
}

#[test]
fn a_pause_blocks_the_queue_but_not_the_heart() {
    let mut scene = Scene::new();
    scene.app.pause(true);
    assert_eq!(scene.hear(&command("a", 203)), ["confirm a"]);
    scene.now_ms = 5_000;
    scene.app.tick(5_000);
    assert_eq!(scene.said(), ["beat"]);
    scene.app.pause(false);
    assert_eq!(scene.at(8_000), ["result a 0"]);
}

#[tokio::test]
async fn a_real_socket_comes_back_for_ever() {
    use crate::fake::{FakeServer, SOON};

    let server = FakeServer::start().await;
    let config = WorktoolPhoneConfig::new(&server.url, AppConfig::new("wt1").fast());
    let phone = WorktoolPhone::start(config).unwrap();
    for round in 1..=3 {
        let mut socket = server.accept().await;
        phone.wait(SOON, "open", |app| app.link() == Link::Open).await.unwrap();
        socket.send(serde_json::from_str(START).unwrap()).await;
        let id = format!("c{round}");
        socket.send(command(&id, 203)).await;
        loop {
            let frame = socket.read().await.expect("an open socket");
            if frame["socketType"] == 3 {
                assert_eq!(frame["messageId"], id.as_str());
                break;
            }
        }
        socket.close(4001, "go away").await;
    }
    drop(server.accept().await);
    let texts = phone.with(|app| app.executed().iter().filter(|done| done.number == 203).count());
    assert_eq!(texts, 3);
    let test = tokio::spawn({
        let url = server.url.clone();
        async move { HostTest::run(&url, "").await }
    });
    loop {
        let mut socket = server.accept().await;
        socket.send(json!({"hello": 1})).await;
        if tokio::time::timeout(SOON / 50, async { while socket.read().await.is_some() {} }).await.is_ok()
            && test.is_finished()
        {
            break;
        }
    }
    assert!(test.await.unwrap().unwrap().first.contains("hello"));
}
