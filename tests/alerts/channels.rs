//! One alert over every kind of channel, and trials of each.
use serde_json::{Value, json};
use workbot_robot_sim::{Hook, PlatformAnswer, Rest};

use super::{LATER, alert_when, create, so_many, start, third_party, word_rule};
use crate::callbacks::say;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::mail::MailServer;

on_both!(every_channel_hears, a_dead_channel_is_tried_again, trials);

/// What a group bot of WeCom answers.
const BOT: &str = r#"{"errcode":0,"errmsg":"ok"}"#;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn channel(rest: &Rest, kind: &str, config: Value) -> String {
    create(rest, "/api/notification-channels", json!({"name": kind, "type": kind, "config": config})).await
}

async fn every_channel_hears(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.reader().await);
    let phone = server.phone(&robot).await;
    let hook = third_party(PlatformAnswer::Ok).await;
    let bot = third_party(PlatformAnswer::Body(BOT.into())).await;
    let mut mail = MailServer::start().await;
    let channels = [
        channel(&admin, "webhook", json!({"url": hook.url(Hook::Message), "secret": SECRET})).await,
        channel(
            &admin,
            "wecom_group",
            json!({"webhookUrl": bot.url(Hook::Message), "format": "text", "mentionedList": ["@all"]}),
        )
        .await,
        channel(
            &admin,
            "email",
            json!({"host": "127.0.0.1", "port": mail.port, "security": "none", "from": "bot@example.com",
                "to": ["ops@example.com"]}),
        )
        .await,
        channel(&admin, "robot_message", json!({"robotId": robot.robot_id, "target": "值班群"})).await,
        "preset_console".to_owned(),
    ];
    let names: Vec<&str> = channels.iter().map(String::as_str).collect();
    let rule = word_rule(&admin, "退款", &names).await;
    say(&rest, &robot, "张三", "我要退款").await;

    let call = hook.next(Hook::Message, LATER).await.unwrap();
    assert_eq!(call.json["data"]["title"], "退款");
    for header in ["x-signature", "webhook-signature", "webhook-timestamp"] {
        assert!(call.header(header).is_some(), "{header}");
    }
    let call = bot.next(Hook::Message, LATER).await.unwrap();
    assert_eq!(
        (&call.json["msgtype"], &call.json["text"]["mentioned_list"]),
        (&json!("text"), &json!(["@all"]))
    );
    assert!(call.json["text"]["content"].as_str().unwrap().contains("我要退款"), "{}", call.json);
    let letter = mail.next(LATER).await;
    assert_eq!(letter.to, ["ops@example.com"]);
    assert!(letter.data.contains("Message-ID: <ntf_"), "{}", letter.data);
    let command = phone.serve_next(LATER).await.unwrap();
    assert_eq!((command.number, &command.params["titleList"]), (203, &json!(["值班群"])));
    assert!(command.content().contains("【严重】退款"), "{}", command.content());

    let alert = so_many(&admin, &rule, 1).await.remove(0);
    let is_sent = |alert: &Value| {
        alert["notifications"]
            .as_array()
            .unwrap()
            .iter()
            .all(|told| told["state"] == "sent" && told["attempts"] == 1)
    };
    let detail = alert_when(&admin, alert["id"].as_str().unwrap(), "all were sent", is_sent).await;
    assert_eq!(detail["notifications"].as_array().unwrap().len(), channels.len());
    phone.expect_no_command(super::QUIET).await.unwrap();
}

/// A channel that is busy is tried again under the same id; one that refuses is given up at once; neither holds another one up.
async fn a_dead_channel_is_tried_again(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, rest)) = (server.admin().await, server.robot().await);
    let (busy, gone, fine) = (
        third_party(PlatformAnswer::Status(503)).await,
        third_party(PlatformAnswer::Status(404)).await,
        third_party(PlatformAnswer::Ok).await,
    );
    let mut channels = Vec::new();
    for platform in [&busy, &gone, &fine] {
        channels.push(super::webhook(&admin, platform).await);
    }
    let names: Vec<&str> = channels.iter().map(String::as_str).collect();
    let rule = word_rule(&admin, "退款", &names).await;
    say(&rest, &robot, "张三", "退款").await;
    let first = busy.next(Hook::Message, LATER).await.unwrap();
    busy.set_script(Hook::Message, workbot_robot_sim::platform::Script::always(PlatformAnswer::Ok));
    let second = busy.next(Hook::Message, LATER).await.unwrap();
    assert_eq!(first.header("webhook-id"), second.header("webhook-id"));
    fine.next(Hook::Message, LATER).await.unwrap();
    let alert = so_many(&admin, &rule, 1).await.remove(0);
    let is_over = |alert: &Value| {
        alert["notifications"].as_array().unwrap().iter().all(|told| told["state"] != "pending")
    };
    let detail = alert_when(&admin, alert["id"].as_str().unwrap(), "all are over", is_over).await;
    let of = |channel: &String| {
        let list = detail["notifications"].as_array().unwrap();
        list.iter().find(|told| told["channelId"] == **channel).unwrap().clone()
    };
    assert_eq!((&of(&channels[0])["state"], &of(&channels[0])["attempts"]), (&json!("sent"), &json!(2)));
    assert_eq!((&of(&channels[1])["state"], &of(&channels[1])["attempts"]), (&json!("failed"), &json!(1)));
    assert!(of(&channels[1])["error"].as_str().unwrap().contains("404"));
    assert_eq!((&of(&channels[2])["state"], &of(&channels[2])["attempts"]), (&json!("sent"), &json!(1)));
}

async fn trials(backend: Backend) {
    let server = start(backend).await;
    let (admin, (robot, _rest)) = (server.admin().await, server.robot().await);
    let phone = server.phone(&robot).await;
    let hook = third_party(PlatformAnswer::Ok).await;
    let bot =
        third_party(PlatformAnswer::Body(r#"{"errcode":93000,"errmsg":"invalid webhook url"}"#.into())).await;
    let mut mail = MailServer::start().await;
    let test = async |id: &str| {
        let path = format!("/api/notification-channels/{id}/test");
        admin.post(&path, &json!({})).await.unwrap().expect_ok().unwrap().envelope.data
    };
    let id = channel(&admin, "webhook", json!({"url": hook.url(Hook::Message)})).await;
    assert_eq!(test(&id).await["ok"], true);
    assert_eq!(hook.next(Hook::Message, LATER).await.unwrap().json["type"], "test");
    let id = channel(&admin, "wecom_group", json!({"webhookUrl": bot.url(Hook::Message)})).await;
    let trial = test(&id).await;
    assert_eq!(trial["ok"], false);
    assert!(trial["detail"].as_str().unwrap().contains("93000"), "{trial}");
    let config = json!({"host": "localhost", "port": mail.port, "security": "none", "from": "a@example.com", "to": "b@example.com"});
    let id = channel(&admin, "email", config).await;
    assert_eq!(test(&id).await["ok"], true);
    mail.next(LATER).await;
    let id = channel(&admin, "robot_message", json!({"robotId": robot.robot_id, "target": "值班群"})).await;
    assert_eq!(test(&id).await["ok"], true);
    assert!(phone.serve_next(LATER).await.unwrap().content().contains("测试通知"));
    assert_eq!(test("preset_console").await["ok"], true);
    let unknown = admin.post("/api/notification-channels/x/test", &json!({})).await.unwrap();
    unknown.expect_error(404, "notification_channel_not_found").unwrap();
}
