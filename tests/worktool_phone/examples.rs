//! The frames of the protocol as the app and its server write them, and frames that nobody should write.
use std::time::Duration;

use serde_json::{Value, json};

use super::Bench;
use crate::on_both;
use crate::support::app_socket::AppSocket;
use crate::support::database::Backend;
use crate::support::server::SOON;
use crate::support::until;

on_both!(every_command_of_the_protocol, a_screen_of_the_protocol, garbage_ends_nothing);

/// Nothing comes: longer than a push takes.
const QUIET: Duration = Duration::from_millis(500);

/// The items of the protocol's examples, and what the phone gets of those that are mended on the way.
fn commands() -> Vec<(Value, Option<Value>)> {
    let item = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let plain = [
        r#"{"type":203,"titleList":["测试群"],"receivedContent":"你好~\n第二行","atList":["仑哥"]}"#,
        r#"{"type":503}"#,
        r#"{"type":204,"titleList":["测试群1"],"receivedName":"仑哥","originalContent":"你好","textType":1,"receivedContent":"您好"}"#,
        r#"{"type":218,"titleList":["仑哥"],"objectName":"logo.png","fileUrl":"https://cdn.example/logo.png","fileType":"image","extraText":"附加留言"}"#,
        r#"{"type":206,"groupName":"测试群01","selectList":["仑哥"],"groupAnnouncement":"欢迎","groupRemark":"备注","groupTemplate":"模板"}"#,
        r#"{"type":207,"groupName":"测试群01","newGroupName":"测试群02","newGroupAnnouncement":"公告","selectList":["甲"],"showMessageHistory":false,"removeList":["乙"]}"#,
        r#"{"type":213,"friend":{"phone":"13010001000","markName":"备注名","markExtra":"描述","tagList":["API主动添加"],"leavingMsg":"你好"}}"#,
        r#"{"type":213,"friend":{"name":"原昵称","markName":"新备注名","tagList":["vip"]}}"#,
        r#"{"type":220,"groupName":"外部群10010","friend":{"name":"昵称","markName":"新备注名","leavingMsg":"你好"}}"#,
        r#"{"type":205,"titleList":["美团小程序转发群"],"receivedName":"甲仑","originalContent":"美团","nameList":["仑哥"],"extraText":"","textType":0}"#,
        r#"{"type":226,"titleList":["测试群007"],"originalContent":"你好~","textType":1}"#,
        r#"{"type":219,"groupName":"测试群01"}"#,
        r#"{"type":234,"friend":{"name":"小白"}}"#,
        r#"{"type":225,"groupName":"测试群01","friend":{"name":"昵称","markName":"备注名"}}"#,
        r#"{"type":221,"titleList":["内部同事"],"receivedContent":"待办"}"#,
        r#"{"type":208,"titleList":["仑哥"],"objectName":"logo2","extraText":"附言"}"#,
        r#"{"type":501,"selectList":["测试群01"]}"#,
    ];
    let mut commands: Vec<(Value, Option<Value>)> = plain.iter().map(|text| (item(text), None)).collect();
    // The official example of a changed friend sends an empty number, which the app would take for a new friend.
    commands.push((
        item(r#"{"type":213,"friend":{"phone":"","name":"原昵称","markName":"新备注名"}}"#),
        Some(item(r#"{"type":213,"friend":{"name":"原昵称","markName":"新备注名"}}"#)),
    ));
    commands
}

async fn every_command_of_the_protocol(backend: Backend) {
    let bench = Bench::start(backend).await;
    let mut app = AppSocket::online(bench.server.url(), &bench.link).await;
    let mut states: Vec<&str> = Vec::new();
    for (item, mended) in commands() {
        bench.send(json!([item])).await;
        let frame = app.frame().await;
        let wanted = mended.as_ref().unwrap_or(&item);
        assert_eq!((&frame["socketType"], frame["list"].as_array().map(Vec::len)), (&json!(2), Some(1)));
        assert_eq!(&frame["list"][0], wanted, "as it was given");
        let id = frame["messageId"].as_str().unwrap();
        assert!(!id.is_empty() && frame["encryptType"] != json!(1), "{frame}");
        app.confirm(id).await;
        // `rawMsg` carries the item with what the app added to it.
        let mut raw = wanted.clone();
        raw["messageId"] = json!(id);
        raw["apiSend"] = json!(1);
        match item["type"].as_i64() {
            // The app tells no result of these.
            Some(501 | 503) => states.push("succeeded"),
            // … and of this one only that it failed.
            Some(225) => {
                app.result(id, 201_104, &raw).await;
                states.push("failed");
            }
            _ => {
                app.result(id, 0, &raw).await;
                states.push("succeeded");
            }
        }
        bench.settled(&states).await;
    }
    app.silent(QUIET).await;
}

async fn a_screen_of_the_protocol(backend: Backend) {
    let bench = Bench::start(backend).await;
    let mut app = AppSocket::online(bench.server.url(), &bench.link).await;
    let me = json!({"type": 503, "myInfo": {"name": "管家"}});
    app.item("2023-11-23#10:00:01#uuid", &me).await;
    let example = r#"{"socketType":2,"messageId":"2023-11-23#10:01:02#uuid","list":[{"messageList":[
 {"sender":2,"textType":0,"itemMessageList":[{"feature":0,"text":"你已添加了仑哥，现在可以开始聊天了。"}],"nameList":[]},
 {"sender":0,"textType":1,"itemMessageList":[{"feature":0,"text":"上午 10:00"},{"feature":2,"text":"@管家 你好"}],"nameList":["仑哥","＠微信"]},
 {"sender":1,"textType":1,"itemMessageList":[{"feature":2,"text":"您好"}],"nameList":[]}],
 "roomType":1,"titleList":["测试群1备注名","测试群1"],"type":101}],"encryptedList":"","encryptType":0}"#;
    // Its last bubble is the robot's own: nothing is new.
    app.send(example).await;
    let mut screen: Value = serde_json::from_str(example).unwrap();
    screen["messageId"] = json!("2023-11-23#10:01:09#uuid");
    let asked = json!({"sender": 0, "textType": 1, "itemMessageList": [{"feature": 2, "text": "@管家 在吗 <b>&"}],
        "nameList": ["仑哥", "＠微信"]});
    screen["list"][0]["messageList"].as_array_mut().unwrap().push(asked);
    // The app writes these characters as escapes.
    let text = screen.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    app.send(&text).await;
    bench.messages(&["in 仑哥 @管家 在吗 <b>&"]).await;
    let columns = "SELECT group_name || '/' || group_remark || '/' || spoken || '/' || room_type || '/' || text_type AS value \
        FROM session_messages";
    assert_eq!(bench.values(columns), ["测试群1/测试群1备注名/在吗 <b>&/1/1"]);
    app.send(&text).await;
    app.send(example).await;
    let reply = app.frame().await;
    assert_eq!(
        (&reply["list"][0]["type"], reply["list"][0]["receivedContent"].is_string()),
        (&json!(203), true),
        "the flow answers where it was asked"
    );
    bench.messages(&["in 仑哥 @管家 在吗 <b>&"]).await;
}

async fn garbage_ends_nothing(backend: Backend) {
    let bench = Bench::start(backend).await;
    let mut app = AppSocket::online(bench.server.url(), &bench.link).await;
    let frames = [
        "",
        "hello",
        "null",
        "[]",
        "{}",
        r#"{"type":"11"}"#,
        r#"{"type":4711}"#,
        r#"{"socketType":2}"#,
        r#"{"socketType":2,"messageId":null,"list":null}"#,
        r#"{"socketType":"2","messageId":5,"list":[{"type":"301","log":7}]}"#,
        r#"{"socketType":2,"list":[{}]}"#,
        r#"{"socketType":2,"list":[null,1,"x",[]]}"#,
        r#"{"socketType":2,"list":[{"type":101}]}"#,
        r#"{"socketType":2,"list":[{"type":101,"roomType":1,"titleList":[],"messageList":null}]}"#,
        r#"{"socketType":2,"list":[{"type":101,"roomType":"9","titleList":"x","messageList":[{"sender":"0"}]}]}"#,
        r#"{"socketType":2,"list":[],"encryptType":1,"encryptedList":"XYZ"}"#,
        r#"{"socketType":2,"list":[],"encryptType":1,"encryptedList":"21D6"}"#,
        r#"{"socketType":3,"messageId":"nobody","list":[{"errorCode":"0"}]}"#,
        r#"{"socketType":3,"messageId":"nobody","list":[{"rawMsg":"no json","errorCode":0}]}"#,
        r#"{"socketType":1}"#,
        r#"{"socketType":99,"list":[]}"#,
        r#"{"td":"soon"}"#,
    ];
    for frame in frames {
        app.send(frame).await;
    }
    bench.texts(0..1).await;
    let frame = app.frame().await;
    assert_eq!(frame["list"][0]["receivedContent"], "第 0 条回复");
    let id = frame["messageId"].as_str().unwrap();
    app.confirm(id).await;
    app.result(id, 0, &frame["list"][0]).await;
    bench.settled(&["succeeded"]).await;
    assert!(bench.values("SELECT id AS value FROM session_messages").is_empty());
    until(SOON, "they are counted", async || {
        (bench.metric("workbot_socket_bad_frames_total").await >= 3).then_some(())
    })
    .await;
}
