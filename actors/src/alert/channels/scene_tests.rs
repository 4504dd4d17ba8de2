//! Webhooks, group bots and robots, each against a fake; and what the address policy keeps away.
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::notification_channels::{ChannelType, NotificationChannel};
use workbot_schema::robots::queries::RobotProfile;
use workbot_schema::robots::{Robot, RobotKind};

use super::*;
use crate::delivery::address_policy::AddressPolicy;
use crate::delivery::signature::SigningSecret;
use crate::kernel::Postbox;
use crate::supervisor::directory::{self, DirectoryWriter, LimitRates};

/// No step of a test takes so long.
pub const LONG: Duration = Duration::from_secs(20);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn sealer() -> Sealer {
    Sealer::new(&[7; 32]).unwrap()
}

fn now() -> Ts {
    Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

fn tools_with(policy: AddressPolicy, robots: &[Robot]) -> ChannelTools {
    let clock = Clock::manual(now().utc());
    let writer = DirectoryWriter::new(LimitRates::default());
    let (loader, _loads) = Postbox::inbox("router", "router", 1, now().utc());
    for robot in robots {
        let profile = RobotProfile { robot: robot.clone(), bindings: Vec::new(), members: Vec::new() };
        writer.admit(profile, 0, 0);
    }
    ChannelTools {
        clock,
        http: HttpClient::new(policy).unwrap(),
        directory: directory::open(loader, &writer),
        sealer: Arc::new(sealer()),
    }
}

/// What a channel sends with, addresses of this machine allowed.
pub fn tools() -> ChannelTools {
    tools_with(AddressPolicy { allow_private: true }, &[])
}

/// A notice as it is sent.
pub fn sending(title: &str) -> Sending {
    let notice = Notice {
        alert_id: "alert_1".to_owned(),
        level: AlertLevel::Critical,
        code: "keyword".to_owned(),
        title: title.to_owned(),
        lines: vec![("内容".to_owned(), "你们是骗子".to_owned())],
        at: Some(now()),
        ..Notice::default()
    };
    Sending { id: "ntf_1".into(), notice }
}

/// A channel with its secrets sealed.
pub fn sealed(kind: ChannelType, config: Value, secrets: &[(&str, &str)]) -> NotificationChannel {
    let mut channel = NotificationChannel::new("渠道", kind, config, now());
    for (name, secret) in secrets {
        let place = NotificationChannel::secret_place(&channel.id, name);
        channel.secrets.0.insert((*name).to_owned(), sealer().seal(&place, secret).unwrap());
    }
    channel
}

async fn server(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/hook")).respond_with(answer).mount(&server).await;
    server
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

#[tokio::test]
async fn a_webhook_is_signed_and_named_by_its_notification() {
    let server = server(ResponseTemplate::new(204)).await;
    let config = json!({"url": format!("{}/hook", server.uri())});
    let channel = sealed(ChannelType::Webhook, config.clone(), &[("secret", SECRET)]);
    tools().send(&channel, &sending("风险词")).await.unwrap();
    tools().send(&sealed(ChannelType::Webhook, config, &[]), &sending("风险词")).await.unwrap();

    let [signed, plain] = requests(&server).await.try_into().unwrap();
    let header = |request: &Request, name: &str| {
        request.headers.get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    let body: Value = serde_json::from_slice(&signed.body).unwrap();
    assert_eq!((&body["type"], &body["id"]), (&json!("alert"), &json!("ntf_1")));
    assert_eq!((&body["data"]["level"], &body["data"]["alertId"]), (&json!("critical"), &json!("alert_1")));
    assert_eq!(header(&signed, "content-type").as_deref(), Some("application/json"));
    let field = |name: &str| header(&signed, name).unwrap();
    let secret = SigningSecret::parse(SECRET).unwrap();
    let at = now().utc().timestamp();
    let verdict = secret.verify_webhook(
        "ntf_1",
        &field("webhook-timestamp"),
        &field("webhook-signature"),
        &signed.body,
        at,
    );
    assert_eq!((verdict, field("webhook-id").as_str()), (Ok(()), "ntf_1"));
    assert_eq!(secret.verify_body(&field("x-signature"), &signed.body), Ok(()));
    assert_eq!(header(&plain, "webhook-id").as_deref(), Some("ntf_1"));
    assert_eq!(header(&plain, "webhook-signature"), None);
}

#[tokio::test]
async fn what_an_answer_means() {
    let hook = |server: &MockServer| json!({"url": format!("{}/hook", server.uri())});
    for (status, class) in [
        (200, None),
        (302, Some(Class::Permanent)),
        (400, Some(Class::Permanent)),
        (404, Some(Class::Permanent)),
        (408, Some(Class::Transient)),
        (429, Some(Class::Transient)),
        (500, Some(Class::Transient)),
        (503, Some(Class::Transient)),
    ] {
        let server = server(ResponseTemplate::new(status)).await;
        let outcome = tools().send(&sealed(ChannelType::Webhook, hook(&server), &[]), &sending("x")).await;
        assert_eq!(outcome.err().map(|error| error.class()), class, "{status}");
    }
    let bot = |errcode: i64| {
        ResponseTemplate::new(200).set_body_json(json!({"errcode": errcode, "errmsg": "x, hint: [key]"}))
    };
    for (answer, class) in [
        (bot(0), None),
        (bot(45_009), Some(Class::Transient)),
        (bot(-1), Some(Class::Transient)),
        (bot(93_000), Some(Class::Permanent)),
        (ResponseTemplate::new(200).set_body_string("<html>"), Some(Class::Permanent)),
        (ResponseTemplate::new(502), Some(Class::Transient)),
    ] {
        let server = server(answer).await;
        let url = format!("{}/hook?key=geheim", server.uri());
        let channel = sealed(ChannelType::WecomGroup, json!({}), &[("webhookUrl", &url)]);
        let outcome = tools().send(&channel, &sending("x")).await;
        if let Err(error) = &outcome {
            assert!(!error.to_string().contains("geheim") && !error.to_string().contains("hint"), "{error}");
        }
        assert_eq!(outcome.err().map(|error| error.class()), class);
    }
}

#[tokio::test]
async fn a_group_bot_gets_its_own_wire() {
    let server =
        server(ResponseTemplate::new(200).set_body_json(json!({"errcode": 0, "errmsg": "ok"}))).await;
    let url = format!("{}/hook?key=k1", server.uri());
    let channel = |config| sealed(ChannelType::WecomGroup, config, &[("webhookUrl", &url)]);
    tools().send(&channel(json!({})), &sending("风险词")).await.unwrap();
    let text = json!({"format": "text", "mentionedList": ["@all"], "mentionedMobileList": ["13800000000"]});
    tools().send(&channel(text), &sending("风险词")).await.unwrap();
    let bodies: Vec<Value> = requests(&server)
        .await
        .iter()
        .map(|request| serde_json::from_slice(&request.body).unwrap())
        .collect();
    assert_eq!(bodies[0]["msgtype"], "markdown");
    let markdown = bodies[0]["markdown"]["content"].as_str().unwrap();
    assert!(markdown.contains("风险词") && markdown.contains("> 内容：你们是骗子"), "{markdown}");
    assert_eq!(
        bodies[1],
        json!({"msgtype": "text", "text": {
            "content": "【严重】风险词\n内容：你们是骗子\n时间：2027-01-15 16:00:00",
            "mentioned_list": ["@all"], "mentioned_mobile_list": ["13800000000"],
        }})
    );
    assert!(requests(&server).await.iter().all(|request| request.url.query() == Some("key=k1")));
}

#[tokio::test]
async fn a_robot_writes_into_a_chat_once() {
    let mut robot = Robot::new(RobotKind::Native, "管家".to_owned(), None, now());
    robot.owner_id = Some("u1".into());
    let tools = tools_with(AddressPolicy::default(), std::slice::from_ref(&robot));
    let config = json!({"robotId": robot.robot_id, "target": "值班群", "at": ["张三"]});
    let mut channel = sealed(ChannelType::RobotMessage, config, &[]);
    let command = |sent: Sent| match sent.records.as_slice() {
        [Record::Command(command)] => command.as_ref().clone(),
        other => panic!("one command: {other:?}"),
    };
    let first = command(tools.send(&channel, &sending("风险词")).await.unwrap());
    let item: Value = serde_json::from_str(&first.item).unwrap();
    assert_eq!((first.robot_uuid, first.command_type, first.is_offline), (robot.id, 203, true));
    assert_eq!((&item["titleList"], &item["atList"]), (&json!(["值班群"]), &json!(["张三"])));
    assert!(item["receivedContent"].as_str().unwrap().starts_with("【严重】风险词"));
    let again = command(tools.send(&channel, &sending("风险词")).await.unwrap());
    assert_eq!(first.id, again.id, "the same on every attempt");

    channel.owner_id = Some("u1".into());
    assert!(tools.send(&channel, &sending("x")).await.is_ok());
    channel.owner_id = Some("u2".into());
    let error = tools.send(&channel, &sending("x")).await.unwrap_err();
    assert!(matches!(error, SendError::Refused(_)), "somebody else's robot: {error:?}");
}

fn loopback(_name: String) -> Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>> {
    Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
}

#[tokio::test]
async fn addresses_of_our_own_network_are_kept_away() {
    let server = server(ResponseTemplate::new(200)).await;
    let port = server.address().port();
    let mut tools = tools_with(AddressPolicy { allow_private: false }, &[]);
    // A public name that points to this machine is found out when the connection is made.
    tools.http = HttpClient::with_lookup(AddressPolicy { allow_private: false }, loopback).unwrap();
    for host in ["127.0.0.1", "rebound.example.com"] {
        let url = format!("http://{host}:{port}/hook");
        let mail = json!({"host": host, "port": port, "security": "none", "from": "a@example.com", "to": "b@example.com"});
        for channel in [
            sealed(ChannelType::Webhook, json!({"url": url}), &[]),
            sealed(ChannelType::WecomGroup, json!({}), &[("webhookUrl", &url)]),
            sealed(ChannelType::Email, mail, &[]),
        ] {
            let error = tools.send(&channel, &sending("x")).await.unwrap_err();
            assert!(matches!(error, SendError::Address(_)), "{host} {}: {error:?}", channel.channel_type);
        }
    }
    assert!(requests(&server).await.is_empty());
}

#[tokio::test]
async fn a_secret_that_is_missing_or_moved_sends_nothing() {
    let server = server(ResponseTemplate::new(200)).await;
    let url = format!("{}/hook", server.uri());
    let bare = sealed(ChannelType::WecomGroup, json!({}), &[]);
    let mut moved = sealed(ChannelType::WecomGroup, json!({}), &[("webhookUrl", &url)]);
    moved.id = "another".into();
    for channel in [bare, moved] {
        let error = tools().send(&channel, &sending("x")).await.unwrap_err();
        assert!(matches!(error, SendError::Config(_)), "{error:?}");
    }
    assert!(tools().send(&sealed(ChannelType::Console, json!({}), &[]), &sending("x")).await.is_ok());
    assert!(requests(&server).await.is_empty());
}
