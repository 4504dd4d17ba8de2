//! Phones with the unmodified WorkTool app: commands down, screens up, lost connections, strangers.
mod examples;
mod facts;
mod queue;
mod screens;

use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::Rest;
use workbot_robot_sim::dialect::worktool::{
    App, AppConfig, Bubble, Chat, HostTest, Link, WorktoolPhone, WorktoolPhoneConfig,
};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{Builder, SOON, TestServer};
use crate::support::until;

/// Longer than a command of the fast app, with what stands before it.
const LATER: Duration = Duration::from_secs(60);

struct Bench {
    server: TestServer,
    rest: Rest,
    link: String,
}

impl Bench {
    async fn start(backend: Backend) -> Self {
        Self::of(TestServer::builder(backend).set("limits.enabled", false)).await
    }

    async fn of(builder: Builder) -> Self {
        let server = builder.start().await;
        let made = server.cli(&["robots", "create", "--name", "管家", "--worktool"]).await;
        let link = made["linkId"].as_str().unwrap().to_owned();
        Self { rest: server.rest(), link, server }
    }

    fn phone(&self, link: &str) -> WorktoolPhone {
        let app = AppConfig::new(link).fast();
        let phone = WorktoolPhone::start(WorktoolPhoneConfig::new(self.server.url(), app)).unwrap();
        phone.with(|app| {
            app.add_chat(chat());
            app.add_chat(Chat::new(2, &["仑哥", "＠微信"]));
        });
        phone
    }

    async fn reading(&self) -> WorktoolPhone {
        let phone = self.phone(&self.link);
        phone.wait(SOON, "202", App::is_reading).await.unwrap();
        phone
    }

    /// A path with the link id in its query.
    fn path(&self, path: &str) -> String {
        format!("{path}?robotId={}", self.link)
    }

    /// The data of a GET that must succeed.
    async fn got(&self, path: &str) -> Value {
        let answer = self.rest.get(path).await.unwrap();
        assert_eq!(answer.json()["code"], 200, "{}", answer.body);
        answer.envelope.data
    }

    /// A POST that must succeed.
    async fn done(&self, path: &str, body: &Value) {
        let answer = self.rest.post(path, body).await.unwrap();
        assert_eq!(answer.json()["code"], 200, "{}", answer.body);
    }

    /// A number of the metrics page; 0 while there is none.
    async fn metric(&self, name: &str) -> u64 {
        let Ok(page) = self.rest.get("/metrics").await else { return 0 };
        let line = page.body.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
    }

    async fn send(&self, list: Value) {
        let body = json!({"socketType": 2, "list": list});
        let answer =
            self.rest.post(&format!("/wework/sendRawMessage?robotId={}", self.link), &body).await.unwrap();
        assert_eq!(answer.json()["code"], 200, "{}", answer.json());
    }

    async fn texts(&self, numbers: std::ops::Range<u32>) {
        let text = |number: u32| json!({"type": 203, "titleList": ["测试群"], "receivedContent": format!("第 {number} 条回复")});
        self.send(numbers.map(text).collect()).await;
    }

    fn values(&self, query: &str) -> Vec<String> {
        self.server.database().sql(query)
    }

    async fn settled(&self, wanted: &[&str]) {
        let query = "SELECT state AS value FROM robot_commands ORDER BY seq";
        until(LATER, &format!("{wanted:?}"), async || (self.values(query) == wanted).then_some(())).await;
    }

    /// The messages once there are so many.
    async fn all_messages(&self, count: usize) -> Vec<String> {
        let query = "SELECT direction || ' ' || received_name || ' ' || raw_spoken AS value FROM session_messages ORDER BY seq";
        until(LATER, &format!("{count} messages"), async || {
            Some(self.values(query)).filter(|stored| stored.len() >= count)
        })
        .await
    }

    async fn messages(&self, wanted: &[&str]) {
        let query = "SELECT direction || ' ' || received_name || ' ' || raw_spoken AS value FROM session_messages ORDER BY seq";
        until(LATER, &format!("{wanted:?}, not {:?}", self.values(query)), async || {
            (self.values(query) == wanted).then_some(())
        })
        .await;
    }
}

/// The group of most scenarios.
fn chat() -> Chat {
    Chat::new(1, &["备注", "测试群"])
}

/// Contents of the texts that were carried out, in order.
fn contents(app: &App) -> Vec<String> {
    let texts = app.executed().iter().filter(|done| done.number == 203);
    texts.map(|done| done.item["receivedContent"].as_str().unwrap().to_owned()).collect()
}

async fn commands_are_carried_out_once_and_in_order(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.texts(0..3).await;
    let phone = bench.reading().await;
    bench.texts(3..6).await;
    bench.settled(&["succeeded"; 6]).await;
    let expected: Vec<String> = (0..6).map(|number| format!("第 {number} 条回复")).collect();
    assert_eq!(phone.with(|app| contents(app)), expected);
    assert_eq!(phone.with(|app| (app.counters().repeats, app.counters().dropped)), (0, 0));
    bench.send(json!([{"type": 501, "selectList": ["测试群"]}, {"type": 512, "groupName": "测试群"}, {"type": 236}])).await;
    let mut states = vec!["succeeded"; 8];
    states.push("confirmed");
    bench.settled(&states).await;
    let members = "SELECT m.name AS value FROM worktool_group_members m JOIN worktool_groups g ON g.id = m.group_id ORDER BY place";
    assert_eq!(bench.values(members), ["甲", "乙"]);
}

async fn at_most_two_are_on_the_phone(backend: Backend) {
    let bench = Bench::start(backend).await;
    let phone = bench.reading().await;
    phone.with(|app| app.pause(true));
    bench.texts(0..5).await;
    bench.settled(&["confirmed", "confirmed", "queued", "queued", "queued"]).await;
    phone.with(|app| app.pause(false));
    bench.settled(&["succeeded"; 5]).await;
}

async fn screens_become_messages_once(backend: Backend) {
    let bench = Bench::start(backend).await;
    let phone = bench.reading().await;
    let names = "SELECT my_name AS value FROM worktool_phones WHERE my_name IS NOT NULL";
    until(SOON, "the phone's name", async || (bench.values(names) == ["管家"]).then_some(())).await;
    phone.with(|app| {
        app.say("测试群", "甲", "昨天的话");
        app.say("测试群", "甲", "@管家 你好");
        app.say("仑哥", "", "在吗");
    });
    let mut wanted = vec!["in 甲 @管家 你好", "in 仑哥 在吗"];
    bench.messages(&wanted).await;
    bench.texts(0..1).await;
    bench.settled(&["succeeded"]).await;
    phone.with(|app| app.say("测试群", "乙", "哈哈"));
    wanted.push("in 乙 哈哈");
    bench.messages(&wanted).await;
    phone.cut();
    phone
        .wait(SOON, "a second connection", |app| app.counters().connects == 2 && app.is_reading())
        .await
        .unwrap();
    phone.with(|app| {
        let typed =
            Bubble { sender: 1, name: String::new(), text_type: 1, text: "我本人来处理".into() };
        app.show("测试群", typed);
        app.say("测试群", "乙", "哈哈");
    });
    wanted.extend(["out 管家 我本人来处理", "in 乙 哈哈"]);
    bench.messages(&wanted).await;
    let mentioned = "SELECT spoken AS value FROM session_messages WHERE at_me ORDER BY seq";
    assert_eq!(bench.values(mentioned), ["你好"]);
    assert!(phone.with(|app| app.counters().screens) > 6, "the same screens came again and again");
    let groups = "SELECT name || ' ' || remark || ' ' || message_count AS value FROM worktool_groups";
    assert_eq!(bench.values(groups), ["测试群 备注 3"]);
}

async fn lost_connections_double_nothing(backend: Backend) {
    let bench = Bench::of(
        TestServer::builder(backend).set("limits.enabled", false).set("commands.result_timeout_secs", 1),
    )
    .await;
    let phone = bench.reading().await;
    bench.texts(0..12).await;
    for round in 1..=5 {
        phone.wait(LATER, "some commands", |app| contents(app).len() >= round).await.unwrap();
        phone.cut();
        let connects = u64::try_from(round).unwrap() + 1;
        phone.wait(SOON, "the next connection", |app| app.counters().connects == connects).await.unwrap();
    }
    phone.wait(LATER, "all commands", |app| contents(app).len() == 12).await.unwrap();
    let expected: Vec<String> = (0..12).map(|number| format!("第 {number} 条回复")).collect();
    assert_eq!(phone.with(|app| contents(app)), expected, "each once, in order");
    let open = "SELECT state AS value FROM robot_commands WHERE state NOT IN ('succeeded', 'unknown')";
    until(LATER, "an end of each", async || bench.values(open).is_empty().then_some(())).await;
    let unknown = bench.values("SELECT id AS value FROM robot_commands WHERE state = 'unknown'").len();
    assert!(unknown <= 5, "only a result lost with its connection leaves a command without one: {unknown}");
}

async fn strangers_and_host_tests(backend: Backend) {
    let bench = Bench::start(backend).await;
    let phone = bench.reading().await;
    let device = "SELECT robot_uuid AS value FROM worktool_phones WHERE device IS NOT NULL";
    until(SOON, "the phone's device", async || (bench.values(device).len() == 1).then_some(())).await;
    for link in [bench.link.as_str(), "wtunknown", ""] {
        let test = HostTest::run(bench.server.url(), link).await.unwrap();
        assert!(test.first.contains("202") && !test.first.contains("messageId"), "{link}: {}", test.first);
    }
    let stranger = bench.phone("wtunknown");
    stranger.wait(SOON, "a toast", |app| app.toasts() == [501_011]).await.unwrap();
    assert_eq!(stranger.with(|app| app.link()), Link::Open);
    let mut second = AppConfig::new(&bench.link).fast();
    second.device = "HUAWEI ALN-AL00".into();
    let config = WorktoolPhoneConfig::new(bench.server.url(), second);
    let second = WorktoolPhone::start(config).unwrap();
    second.wait(SOON, "a toast", |app| app.toasts().contains(&501_013)).await.unwrap();
    bench.texts(0..1).await;
    bench.settled(&["succeeded"]).await;
    assert_eq!(phone.with(|app| (app.counters().connects, contents(app).len())), (1, 1));
    assert!(second.with(|app| contents(app).is_empty()));
}

on_both!(
    commands_are_carried_out_once_and_in_order,
    at_most_two_are_on_the_phone,
    screens_become_messages_once,
    lost_connections_double_nothing,
    strangers_and_host_tests,
);
