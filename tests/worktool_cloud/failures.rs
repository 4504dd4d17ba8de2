//! Platforms that refuse, fail, hang, do not know us, or are not there.
use std::time::Duration;

use serde_json::{Value, json};
use workbot_robot_sim::{HostedAnswer, HostedPlatform, Telling};

use super::Bench;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};
use crate::support::until;

/// So long nothing further may come.
const QUIET: Duration = Duration::from_secs(3);

async fn limits_are_waited_for(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.tell(Telling::After(Duration::from_millis(10)));
    bench.presence("online").await;
    for answer in [HostedAnswer::TooMany(2), HostedAnswer::TooManyInBody] {
        bench.platform.set_answer(answer);
        let before = bench.platform.calls().len();
        bench.send(&["一"]).await;
        bench.platform.wait(SOON, |calls| calls.len() > before).await.unwrap();
        let queued = "SELECT state || ' ' || attempt AS value FROM robot_commands ORDER BY seq DESC LIMIT 1";
        until(SOON, "it waits", async || (bench.values(queued) == ["queued 1"]).then_some(())).await;
        bench.platform.set_answer(HostedAnswer::Ok);
        if answer == HostedAnswer::TooManyInBody {
            // Without a number a minute is waited; nobody here has that long.
            tokio::time::sleep(QUIET).await;
            assert_eq!(bench.platform.calls().len(), before + 1, "not before its time");
            return;
        }
        bench.states(&["succeeded"]).await;
        assert_eq!(bench.platform.carried_out(), ["一"]);
    }
}

async fn what_nobody_knows_is_not_sent_twice(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.presence("online").await;
    let uncertain =
        [HostedAnswer::Error, HostedAnswer::ErrorAfterTaking, HostedAnswer::Hang, HostedAnswer::Break];
    let mut states = Vec::new();
    for (answer, text) in uncertain.into_iter().zip(["一", "二", "三", "四"]) {
        bench.platform.set_answer(answer);
        bench.send(&[text]).await;
        states.push("unknown");
        bench.states(&states).await;
    }
    bench.platform.set_answer(HostedAnswer::Ok);
    bench.presence("online").await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(bench.platform.calls().len(), 4, "each was tried once");
    assert_eq!(bench.platform.carried_out(), ["二", "三", "四"]);
    let detail = "SELECT history AS value FROM robot_commands ORDER BY seq LIMIT 1";
    assert!(
        bench.values(detail)[0].contains("without a clear answer: HTTP 500"),
        "{:?}",
        bench.values(detail)
    );
    // The platform knows the ids that nobody here ever heard, and tells the results: found by their content.
    bench.tell(Telling::Never);
    for call in bench.platform.calls().iter().filter(|call| !call.id.is_empty()) {
        bench.platform.report(&call.id, &call.items[0], 0).await.unwrap();
    }
    bench.states(&["unknown", "succeeded", "succeeded", "succeeded"]).await;
}

async fn a_wrong_key_loses_nothing(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.tell(Telling::After(Duration::from_millis(10)));
    bench.presence("online").await;
    bench.platform.set_key("another");
    bench.presence("offline").await;
    bench.send(&["一"]).await;
    tokio::time::sleep(QUIET).await;
    assert!(bench.platform.calls().is_empty());
    let noted = "SELECT text AS value FROM robot_logs WHERE kind = 'cloud' ORDER BY seq DESC LIMIT 1";
    assert!(bench.values(noted)[0].contains("机器人密钥错误"), "{:?}", bench.values(noted));
    let path = format!("/api/robots/{}", bench.robot_id);
    bench.admin.put(&path, &json!({"cloudKey": "another"})).await.unwrap().expect_ok().unwrap();
    bench.states(&["succeeded"]).await;
    bench.presence("online").await;
    assert_eq!(bench.platform.carried_out(), ["一"]);
}

async fn a_robot_it_does_not_know_waits_until_it_does(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.presence("online").await;
    bench.platform.set_answer(HostedAnswer::UnknownRobot);
    bench.platform.set_online(None);
    bench.send(&["一"]).await;
    bench.presence("offline").await;
    bench.states(&["queued"]).await;
    bench.platform.set_answer(HostedAnswer::Ok);
    bench.platform.set_online(Some(true));
    bench.states(&["confirmed"]).await;
    // A platform that knows the robot and says so of one command alone means that command.
    bench.platform.set_answer(HostedAnswer::UnknownRobot);
    bench.send(&["二"]).await;
    bench.states(&["confirmed", "failed"]).await;
}

async fn one_bad_command_harms_no_other(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.platform.set_online(Some(false));
    bench.presence("offline").await;
    bench.send(&["一", "坏", "二"]).await;
    bench.platform.set_answer(HostedAnswer::Picky);
    bench.platform.set_online(Some(true));
    bench.states(&["confirmed", "failed", "confirmed"]).await;
    let reason =
        "SELECT error_code || ' ' || error_reason AS value FROM robot_commands WHERE state = 'failed'";
    assert_eq!(bench.values(reason), ["101011 数据格式错误"]);
    assert_eq!(bench.platform.carried_out(), ["一", "二"]);
}

async fn away_and_back(backend: Backend) {
    let mut bench = Bench::start(backend).await;
    bench.presence("online").await;
    let address = bench.platform.address();
    // Nobody listens there any more.
    bench.platform = HostedPlatform::start().await.unwrap();
    bench.presence("offline").await;
    let ids = bench.send(&["一", "二"]).await;
    let offline = bench.admin.get("/api/offline-queue").await.unwrap().expect_ok().unwrap().envelope.data;
    assert!(offline.to_string().contains("\"depth\":2"), "{offline}");
    bench.admin.delete(&format!("/api/robot/commands/{}", ids[1])).await.unwrap().expect_ok().unwrap();
    bench.platform = HostedPlatform::start_at(address).await.unwrap();
    bench.tell(Telling::After(Duration::from_millis(10)));
    bench.states(&["succeeded", "cancelled"]).await;
    bench.presence("online").await;
    assert_eq!(bench.platform.carried_out(), ["一"]);
}

async fn no_result_in_time_is_unknown(backend: Backend) {
    let builder = Bench::builder(backend).set("commands.result_timeout_secs", 2);
    let bench = Bench::of(builder, json!({})).await;
    bench.presence("online").await;
    bench.send(&["一"]).await;
    bench.states(&["unknown"]).await;
    bench.tell(Telling::Never);
    let call = bench.platform.calls().remove(0);
    bench.platform.report(&call.id, &call.items[0], 0).await.unwrap();
    bench.states(&["succeeded"]).await;
}

async fn private_addresses_are_refused_when_saved_and_when_called(backend: Backend) {
    let mut server = TestServer::builder(backend).set("callbacks.allow_private", false).start().await;
    let admin = server.admin().await;
    let make = |base: &str| json!({"name": "云管家", "kind": "worktool_cloud", "cloudBaseUrl": base, "cloudRobotId": "wt1"});
    for base in ["http://127.0.0.1:9", "http://169.254.169.254/", "http://10.0.0.1", "http://[::1]:80"] {
        let refused = admin.post("/api/robots", &make(base)).await.unwrap();
        refused.expect_error(422, "callback_address_forbidden").unwrap();
    }
    // One that was saved while it was allowed.
    let platform = HostedPlatform::start().await.unwrap();
    server.set("callbacks.allow_private", true);
    server.restart().await;
    let made = admin.post("/api/robots", &make(&platform.url())).await.unwrap().expect_ok().unwrap();
    let robot_id = made.text("/robotId").unwrap();
    until(SOON * 3, "the platform is asked", async || (platform.probes() > 0).then_some(())).await;
    server.set("callbacks.allow_private", false);
    server.restart().await;
    let before = platform.probes();
    let noted = "SELECT text AS value FROM robot_logs WHERE kind = 'cloud' ORDER BY seq DESC LIMIT 1";
    until(SOON * 3, "the refusal is noted", async || {
        let noted = server.database().sql(noted);
        noted.first().is_some_and(|text| text.starts_with("offline: ")).then_some(())
    })
    .await;
    assert_eq!(platform.probes(), before, "nothing was called");
    let robot: Value =
        admin.get(&format!("/api/robots/{robot_id}")).await.unwrap().expect_ok().unwrap().envelope.data;
    assert_eq!(robot["status"], "offline");
}

on_both!(
    limits_are_waited_for,
    what_nobody_knows_is_not_sent_twice,
    a_wrong_key_loses_nothing,
    a_robot_it_does_not_know_waits_until_it_does,
    one_bad_command_harms_no_other,
    away_and_back,
    no_result_in_time_is_unknown,
    private_addresses_are_refused_when_saved_and_when_called,
);
