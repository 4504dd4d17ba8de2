//! `kill -9` around a call to the platform.
use std::time::Duration;

use workbot_robot_sim::{HostedAnswer, Telling};

use super::Bench;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;

/// So long nothing further may come.
const QUIET: Duration = Duration::from_secs(3);

/// The platform has taken it, the server falls before it knows: it is not sent a second time, and the result finds it.
async fn between_the_call_and_its_record(backend: Backend) {
    let mut bench = Bench::start(backend).await;
    bench.presence("online").await;
    bench.platform.set_answer(HostedAnswer::Hang);
    bench.send(&["一"]).await;
    let calls = bench.platform.wait(SOON, |calls| calls.len() == 1).await.unwrap();
    bench.server.kill().await;
    bench.platform.set_answer(HostedAnswer::Ok);
    bench.server.restart().await;
    bench.states(&["unknown"]).await;
    bench.presence("online").await;
    tokio::time::sleep(QUIET).await;
    assert_eq!(bench.platform.carried_out(), ["一"], "not sent twice");
    bench.tell(Telling::Never);
    bench.platform.report(&calls[0].id, &calls[0].items[0], 0).await.unwrap();
    bench.states(&["succeeded"]).await;
}

/// The platform's id is durable: results that come after the kill are for the right commands.
async fn between_the_record_and_the_results(backend: Backend) {
    let mut bench = Bench::start(backend).await;
    bench.presence("online").await;
    bench.send(&["一", "二"]).await;
    bench.states(&["confirmed", "confirmed"]).await;
    bench.server.kill().await;
    bench.server.restart().await;
    bench.tell(Telling::Never);
    for call in bench.platform.calls() {
        for item in call.items.iter().rev() {
            let code = if item["receivedContent"] == "二" { 201_102 } else { 0 };
            bench.platform.report(&call.id, item, code).await.unwrap();
        }
    }
    bench.states(&["succeeded", "failed"]).await;
    assert_eq!(bench.platform.carried_out(), ["一", "二"]);
}

/// What waited goes out after the restart, once.
async fn before_the_call(backend: Backend) {
    let mut bench = Bench::start(backend).await;
    bench.platform.set_online(Some(false));
    bench.presence("offline").await;
    bench.send(&["一", "二", "三"]).await;
    bench.server.kill().await;
    bench.platform.set_online(Some(true));
    bench.server.restart().await;
    bench.tell(Telling::After(Duration::from_millis(10)));
    bench.states(&["succeeded"; 3]).await;
    assert_eq!(bench.platform.carried_out(), ["一", "二", "三"]);
}

on_both!(between_the_call_and_its_record, between_the_record_and_the_results, before_the_call);
