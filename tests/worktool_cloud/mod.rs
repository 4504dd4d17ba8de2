//! Robots on WorkTool's hosted platform: to everybody else they are robots like any other.
mod failures;
mod kills;

use serde_json::{Value, json};
use workbot_robot_sim::{HostedPlatform, Rest, Telling};

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{Builder, SOON, TestServer};
use crate::support::until;

/// A server with one robot on a platform.
pub struct Bench {
    pub server: TestServer,
    pub platform: HostedPlatform,
    /// Of an administrator.
    pub admin: Rest,
    pub robot_id: String,
    pub link: String,
    pub callback_key: String,
}

impl Bench {
    pub async fn start(backend: Backend) -> Self {
        Self::of(Self::builder(backend), json!({})).await
    }

    /// Quick questions, so that a platform that comes and goes is noticed soon.
    pub fn builder(backend: Backend) -> Builder {
        TestServer::builder(backend)
            .set("limits.enabled", false)
            .set("cloud.probe_secs", 1)
            .set("cloud.offline_secs", 6)
            .set("cloud.budget_ms", 3_000)
    }

    /// As built, the robot with these fields beside its account.
    pub async fn of(builder: Builder, fields: Value) -> Self {
        let server = builder.start().await;
        let platform = HostedPlatform::start().await.unwrap();
        let admin = server.admin().await;
        let mut body = json!({"name": "云管家", "kind": "worktool_cloud", "cloudBaseUrl": platform.url(),
            "cloudRobotId": "wtcloud1", "cloudKey": "geheim"});
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        let made = admin.post("/api/robots", &body).await.unwrap().expect_ok().unwrap().envelope.data;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            robot_id: text("robotId"),
            link: text("linkId"),
            callback_key: text("callbackKey"),
            admin,
            platform,
            server,
        }
    }

    /// The platform tells results, as it is set up to by its users.
    pub fn tell(&self, telling: Telling) {
        self.platform.tell(self.server.rest(), self.webhook("/result"), telling);
    }

    /// A webhook address of the robot.
    pub fn webhook(&self, name: &str) -> String {
        format!("/api/worktool/callback{name}?robotId={}&key={}", self.link, self.callback_key)
    }

    /// Waits until the robot is there, or not.
    pub async fn presence(&self, wanted: &str) {
        let path = format!("/api/robots/{}", self.robot_id);
        until(SOON * 3, wanted, async || {
            let robot = self.admin.get(&path).await.ok()?;
            (robot.envelope.data["status"] == wanted).then_some(())
        })
        .await;
    }

    /// Gives commands as a console does; their ids.
    pub async fn send(&self, texts: &[&str]) -> Vec<String> {
        let item = |text: &&str| json!({"type": 203, "titleList": ["测试群"], "receivedContent": text});
        let body = json!({"robotId": self.robot_id, "list": texts.iter().map(item).collect::<Vec<_>>()});
        let answer = self.admin.post("/api/robot/commands", &body).await.unwrap().expect_ok().unwrap();
        let ids = answer.envelope.data["messageIds"].as_array().unwrap().clone();
        ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    }

    pub fn values(&self, query: &str) -> Vec<String> {
        self.server.database().sql(query)
    }

    /// Waits until the commands, oldest first, are in these states.
    pub async fn states(&self, wanted: &[&str]) {
        let query = "SELECT state AS value FROM robot_commands ORDER BY seq";
        until(SOON * 3, &format!("{wanted:?}"), async || (self.values(query) == wanted).then_some(())).await;
    }
}

async fn commands_out_results_in(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.tell(Telling::After(std::time::Duration::from_millis(50)));
    bench.presence("online").await;
    let ids = bench.send(&["一", "二", "三"]).await;
    bench.states(&["succeeded"; 3]).await;
    assert_eq!(bench.platform.carried_out(), ["一", "二", "三"], "each once, in order");
    let calls = bench.platform.calls();
    assert!(calls.iter().all(|call| call.robot_id == "wtcloud1" && call.key == "geheim"), "{calls:?}");
    assert!(calls[0].idempotency_key.starts_with(&ids[0]), "{calls:?}");
    let record = bench.admin.get(&format!("/api/commands/{}", ids[0])).await.unwrap().expect_ok().unwrap();
    let states: Vec<&str> = record.envelope.data["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["queued", "sent", "confirmed", "succeeded"]);
    let log = bench.server.log().join("\n");
    assert!(!log.contains("geheim"), "the key is in no log");
    let connections = "SELECT dialect AS value FROM robot_connections";
    until(SOON, "the connection log", async || (bench.values(connections) == ["cloud"]).then_some(())).await;
}

async fn what_has_no_result_ends_when_it_is_taken(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.presence("online").await;
    let body = json!({"robotId": bench.robot_id, "list": [{"type": 501, "selectList": ["测试群"]}]});
    bench.admin.post("/api/robot/commands", &body).await.unwrap().expect_ok().unwrap();
    bench.states(&["succeeded"]).await;
}

async fn results_that_overtake_and_repeat(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.tell(Telling::Before);
    bench.presence("online").await;
    bench.send(&["一", "一"]).await;
    bench.states(&["succeeded"; 2]).await;
    let told: Vec<_> = bench.platform.calls();
    for call in &told {
        for item in &call.items {
            bench.platform.report(&call.id, item, 201_102).await.unwrap();
        }
    }
    bench.states(&["succeeded"; 2]).await;
    assert_eq!(bench.platform.carried_out(), ["一", "一"]);
    let unknown =
        json!({"messageId": "999", "errorCode": 0, "rawMsg": "{\"type\":203,\"receivedContent\":\"x\"}"});
    bench.server.rest().post(&bench.webhook("/result"), &unknown).await.unwrap().expect_status(200).unwrap();
    let wrong = bench.webhook("/result").replace(&bench.callback_key, "wrong");
    bench.server.rest().post(&wrong, &unknown).await.unwrap().expect_status(403).unwrap();
}

async fn a_full_platform_gets_the_rest_later_and_by_batches(backend: Backend) {
    let bench = Bench::of(Bench::builder(backend).set("cloud.unfinished_max", 4), json!({})).await;
    bench.presence("online").await;
    bench.send(&["一", "二", "三", "四", "五", "六"]).await;
    bench.states(&["confirmed", "confirmed", "confirmed", "confirmed", "queued", "queued"]).await;
    let calls = bench.platform.calls();
    assert!(calls.iter().any(|call| call.items.len() > 1), "what waits goes in one call: {calls:?}");
    bench.tell(Telling::After(std::time::Duration::from_millis(10)));
    for call in &calls {
        // The results of a call come in any order.
        for item in call.items.iter().rev() {
            bench.platform.report(&call.id, item, 0).await.unwrap();
        }
    }
    bench.states(&["succeeded"; 6]).await;
    assert_eq!(bench.platform.carried_out(), ["一", "二", "三", "四", "五", "六"]);
}

async fn messages_come_in_and_are_answered(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.tell(Telling::After(std::time::Duration::from_millis(10)));
    let third = workbot_robot_sim::Platform::start(workbot_robot_sim::PlatformConfig {
        message: workbot_robot_sim::platform::Script::always(workbot_robot_sim::PlatformAnswer::Inline(
            "您好".into(),
        )),
        ..workbot_robot_sim::PlatformConfig::default()
    })
    .await
    .unwrap();
    let fields =
        json!({"openCallback": 1, "replyAll": 1, "callbackUrl": third.url(workbot_robot_sim::Hook::Message)});
    let path = format!("/api/robots/{}", bench.robot_id);
    bench.admin.put(&path, &fields).await.unwrap().expect_ok().unwrap();
    bench.presence("online").await;
    let message = json!({"spoken": "在吗", "rawSpoken": "在吗", "receivedName": "仑哥", "groupName": "", "groupRemark": "",
        "roomType": 2, "atMe": "false", "textType": 1, "messageId": "17844"});
    for _twice in 0..2 {
        let answer = bench.server.rest().post(&bench.webhook(""), &message).await.unwrap();
        assert_eq!((answer.status, answer.envelope.code), (200, 0));
    }
    bench.states(&["succeeded"]).await;
    let call = bench.platform.calls().remove(0);
    assert_eq!(call.items[0]["type"], 204, "an inline reply quotes");
    assert_eq!(
        (&call.items[0]["receivedContent"], &call.items[0]["originalContent"]),
        (&json!("您好"), &json!("在吗"))
    );
    let friend = json!({"textType": 22, "type": 105, "friendName": "q.", "friendRemark": ""});
    bench.server.rest().post(&bench.webhook(""), &friend).await.unwrap().expect_status(200).unwrap();
    let told = third
        .next_where(workbot_robot_sim::Hook::Message, SOON, |call| call.json["type"] == 105)
        .await
        .unwrap();
    assert_eq!(told.json["friendName"], "q.");
}

on_both!(
    commands_out_results_in,
    what_has_no_result_ends_when_it_is_taken,
    results_that_overtake_and_repeat,
    a_full_platform_gets_the_rest_later_and_by_batches,
    messages_come_in_and_are_answered,
);
