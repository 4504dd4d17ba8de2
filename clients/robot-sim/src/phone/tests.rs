use serde_json::json;

use super::*;
use crate::behaviour::{Acking, Behaviour, Cut, Delay};
use crate::fake::{FakeServer, SOON};
use crate::schedule::Backoff;

const FAST: Backoff = Backoff {
    first: Duration::from_millis(10),
    max: Duration::from_millis(50),
    jitter_permille: 0,
    stubborn: false,
};
const QUIET_MS: u64 = 60_000;

fn automatic(server: &FakeServer, behaviour: Behaviour) -> PhoneConfig {
    PhoneConfig {
        reconnect: Some(FAST),
        ..PhoneConfig::automatic(&server.url, "robot_1", "token", behaviour)
    }
}

async fn online(
    server: &FakeServer,
    config: PhoneConfig,
    heartbeat_ms: u64,
) -> (Phone, crate::fake::FakeSocket) {
    let phone = Phone::start(config).unwrap();
    let socket = server.accept_connected(heartbeat_ms).await;
    phone.wait_online(SOON).await.unwrap();
    (phone, socket)
}

#[tokio::test]
async fn refusals_and_closes_are_errors_of_connect() {
    let server = FakeServer::start().await;
    let config = || PhoneConfig::manual(&server.url, "robot_1", "token");
    let refuse =
        server.refuse("HTTP/1.1 429 Too Many Requests\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
    let (phone, ()) = tokio::join!(Phone::connect(config()), refuse);
    assert!(matches!(phone, Err(SimError::Refused { status: 429, retry_after: Some(7), .. })), "{phone:?}");
    let close = async { server.accept().await.close(4001, "token").await };
    let (phone, ()) = tokio::join!(Phone::connect(config()), close);
    assert_eq!(phone.unwrap_err().close_code(), Some(4001));
}

#[tokio::test]
async fn a_manual_phone_does_only_what_it_is_told() {
    let server = FakeServer::start().await;
    let (phone, mut socket) =
        online(&server, PhoneConfig::manual(&server.url, "robot_1", "token"), QUIET_MS).await;
    socket.push("m1", 1, "hi", false).await;
    let command = phone.next_command(SOON).await.unwrap();
    assert_eq!((command.id.as_str(), command.content()), ("m1", "hi"));
    phone.expect_no_command(Duration::from_millis(20)).await.unwrap();
    phone.send_raw(r#"{"type":"odd"}"#).await.unwrap();
    phone.ack(&command).await.unwrap();
    phone.result(&command, Outcome::partial(&command)).await.unwrap();
    let kinds = [socket.read().await.unwrap(), socket.read().await.unwrap(), socket.read().await.unwrap()];
    assert_eq!([&kinds[0]["type"], &kinds[1]["type"], &kinds[2]["type"]], ["odd", "ack", "result"]);
    assert_eq!(kinds[2]["data"]["status"], "partial");
    socket.send(json!({"type": "config", "data": {"configType": "robot", "config": {}, "version": 4}})).await;
    let config = phone.next_frame("config", SOON).await.unwrap();
    phone.answer_config(&config, Some("no")).await.unwrap();
    assert_eq!(socket.read().await.unwrap()["type"], "config_nack");
    let counters = phone.counters();
    assert_eq!((counters.acks, counters.results, counters.executed), (1, 1, 1));
    socket.close(4009, "replaced").await;
    assert_eq!(phone.wait_ended(SOON).await.unwrap().close_code(), Some(4009));
    let (again, _socket) = tokio::join!(phone.reconnect(SOON), server.accept_connected(QUIET_MS));
    assert_eq!(again, Ok(2));
}

#[tokio::test]
async fn an_automatic_phone_acks_executes_and_knows_repeats() {
    let server = FakeServer::start().await;
    let (phone, mut socket) = online(&server, automatic(&server, Behaviour::default()), QUIET_MS).await;
    socket.send(json!({"type": "config", "data": {"configType": "robot", "config": {}, "version": 1}})).await;
    assert_eq!(socket.read().await.unwrap()["type"], "config_ack");
    socket.push("m1", 1, "hi", false).await;
    assert_eq!(socket.read().await.unwrap()["data"], json!({"commandId": "m1", "attempt": 1}));
    assert_eq!(socket.read().await.unwrap()["data"]["status"], "success");
    drop(socket);
    let mut socket = server.accept_connected(QUIET_MS).await;
    let again = socket.read_kind("result").await;
    assert_eq!(again["data"]["commandId"], "m1", "nothing proved that the first report arrived");
    socket.push("m1", 1, "hi", true).await;
    assert_eq!(socket.read().await.unwrap()["type"], "ack");
    assert_eq!(socket.read().await.unwrap()["type"], "result");
    let counters = phone.wait_counters(SOON, |counters| counters.commands == 2).await.unwrap();
    assert_eq!((counters.executed, counters.memory.redelivered, counters.memory.doubled), (1, 1, 0));
}

#[tokio::test]
async fn a_push_after_an_answered_confirm_is_doubled() {
    let server = FakeServer::start().await;
    let config = PhoneConfig {
        confirm_grace: Duration::ZERO,
        heartbeat: Heartbeat::Every(Duration::from_millis(20)),
        ..automatic(&server, Behaviour::default())
    };
    let (phone, mut socket) = online(&server, config, QUIET_MS).await;
    socket.push("m1", 1, "hi", false).await;
    socket.read_kind("result").await;
    socket.read_kind("heartbeat").await;
    socket.send(json!({"type": "heartbeat_response", "data": {}})).await;
    phone.wait_counters(SOON, |counters| counters.heartbeat_answers >= 1).await.unwrap();
    drop(socket);
    let mut socket = server.accept_connected(QUIET_MS).await;
    socket.push("m1", 1, "hi", true).await;
    let counters = phone.wait_counters(SOON, |counters| counters.commands == 2).await.unwrap();
    assert_eq!((counters.memory.doubled, counters.executed), (1, 1));
}

#[tokio::test]
async fn acking_styles_and_failures_show_on_the_wire() {
    let failing = Behaviour { failures_first: 1, ..Behaviour::default() };
    let cases = [
        (Behaviour { acking: Acking::Twice, ..Behaviour::default() }, vec!["ack", "ack", "result"]),
        (Behaviour { acking: Acking::Never, ..Behaviour::default() }, vec!["result"]),
        (Behaviour { acking: Acking::AfterResult, ..Behaviour::default() }, vec!["result", "ack"]),
        (Behaviour { delay: Delay::Fixed(Duration::from_millis(20)), ..failing }, vec!["ack", "result"]),
    ];
    for (behaviour, kinds) in cases {
        let server = FakeServer::start().await;
        let (_phone, mut socket) = online(&server, automatic(&server, behaviour), QUIET_MS).await;
        socket.push("m1", 1, "hi", false).await;
        for kind in kinds {
            let frame = socket.read().await.unwrap();
            assert_eq!(frame["type"], kind, "{behaviour:?}");
            if kind == "result" {
                let failed = behaviour.failures_first > 0;
                assert_eq!(frame["data"]["errorCode"], if failed { 201_101 } else { 0 });
            }
        }
    }
}

#[tokio::test]
async fn cuts_lose_no_result_and_the_phone_comes_back() {
    for cut in [Cut::BeforeAck, Cut::AfterAck, Cut::BeforeResult, Cut::AfterResult] {
        for cut_by_reset in [false, true] {
            let server = FakeServer::start().await;
            let behaviour =
                Behaviour { cut_permille: 1_000, cut_at: Some(cut), cut_by_reset, ..Behaviour::default() };
            let (phone, mut socket) = online(&server, automatic(&server, behaviour), QUIET_MS).await;
            socket.push("m1", 1, "hi", false).await;
            while socket.read().await.is_some() {}
            let mut socket = server.accept_connected(QUIET_MS).await;
            let result = socket.read_kind("result").await;
            assert_eq!(result["data"]["status"], "success", "{cut:?}");
            let counters = phone.counters();
            assert_eq!((counters.executed, counters.cuts, counters.connects), (1, 1, 2), "{cut:?}");
        }
    }
}

#[tokio::test]
async fn stalls_end_in_a_new_socket() {
    let server = FakeServer::start().await;
    let stall = Duration::from_millis(50);
    let behaviour = Behaviour { stall_permille: 1_000, stall, ..Behaviour::default() };
    let (phone, mut socket) = online(&server, automatic(&server, behaviour), QUIET_MS).await;
    socket.push("m1", 1, "hi", false).await;
    assert_eq!(socket.read_kind("ack").await["type"], "ack");
    let mut next = server.accept_connected(QUIET_MS).await;
    assert_eq!(next.read_kind("result").await["data"]["commandId"], "m1");
    assert_eq!(phone.counters().stalls, 1);
}

#[tokio::test]
async fn a_phone_that_stops_reading_hears_nothing_until_it_reads_again() {
    let server = FakeServer::start().await;
    let (phone, mut socket) =
        online(&server, PhoneConfig::manual(&server.url, "robot_1", "token"), QUIET_MS).await;
    phone.stop_reading().await.unwrap();
    socket.push("m1", 1, "hi", false).await;
    phone.expect_no_command(Duration::from_millis(30)).await.unwrap();
    phone.resume_reading().await.unwrap();
    assert_eq!(phone.next_command(SOON).await.unwrap().id, "m1");
}

#[tokio::test]
async fn pings_are_answered_at_once() {
    use futures_util::{SinkExt, StreamExt};
    let server = FakeServer::start().await;
    let (_phone, mut socket) =
        online(&server, PhoneConfig::manual(&server.url, "robot_1", "token"), QUIET_MS).await;
    socket.socket.send(Message::Ping("x".into())).await.unwrap();
    let answer = tokio::time::timeout(SOON, socket.socket.next()).await.unwrap();
    assert_eq!(answer.unwrap().unwrap(), Message::Pong("x".into()));
}

#[tokio::test]
async fn messages_go_out_under_one_id_until_acknowledged() {
    let server = FakeServer::start().await;
    let (phone, mut socket) = online(&server, automatic(&server, Behaviour::default()), QUIET_MS).await;
    let said = async {
        phone.say_until_acked(ChatMessage::text("张三", "hello").with_id("a1"), SOON).await.unwrap()
    };
    let served = async {
        assert_eq!(socket.read_kind("message").await["messageId"], "a1");
        socket.send(json!({"type": "message_nack", "data": {"messageId": "a1", "retryAfter": 0.01}})).await;
        assert_eq!(socket.read_kind("message").await["messageId"], "a1");
        drop(socket);
        let mut socket = server.accept_connected(QUIET_MS).await;
        let frame = socket.read_kind("message").await;
        assert_eq!((&frame["messageId"], &frame["data"]["spoken"]), (&json!("a1"), &json!("hello")));
        socket.message_ack(&frame, "srv_1").await;
        socket.message_ack(&frame, "srv_1").await;
        socket
    };
    let (receipt, _socket) = tokio::join!(said, served);
    assert_eq!((receipt.server_message_id.as_str(), receipt.acknowledged.sends), ("srv_1", 3));
    let counters = phone.wait_counters(SOON, |counters| counters.repeated_message_acks == 1).await.unwrap();
    assert_eq!((counters.messages_acked, counters.message_nacks), (1, 1));
    assert_eq!(phone.pending(), (0, 0));
}

#[tokio::test]
async fn close_codes_decide_about_coming_back() {
    for (code, comes_back) in [(1012, true), (4000, true), (4029, true), (4001, false), (4009, false)] {
        let server = FakeServer::start().await;
        let (phone, mut socket) = online(&server, automatic(&server, Behaviour::default()), QUIET_MS).await;
        socket.close(code, "x").await;
        if comes_back {
            let _socket = server.accept_connected(QUIET_MS).await;
            phone.wait_counters(SOON, |counters| counters.connects == 2).await.unwrap();
        } else {
            phone.wait_ended(SOON).await.unwrap();
            assert!(matches!(phone.link(), LinkState::Ended(_)), "{code}");
        }
    }
}

#[tokio::test]
async fn a_stopped_phone_answers_no_more() {
    let server = FakeServer::start().await;
    let (phone, mut socket) = online(&server, automatic(&server, Behaviour::default()), QUIET_MS).await;
    let (stopped, end) = tokio::join!(phone.stop(), socket.read());
    assert_eq!((stopped, end), (Ok(()), None));
    phone.wait_ended(SOON).await.unwrap();
    assert_eq!(phone.heartbeat().await, Err(SimError::Stopped));
    phone.stop().await.unwrap();
}
