//! Settings and callbacks, as clients and the phone's own settings page change them; who may.
use serde_json::json;
use workbot_robot_sim::platform::Script;
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::{Bench, done, refusal};
use crate::callbacks::platform;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::{SOON, TestServer};

on_both!(the_phone_reads_and_changes_settings, callbacks_are_bound_after_a_trial, who_may_call);

async fn the_phone_reads_and_changes_settings(backend: Backend) {
    let bench = Bench::of(
        TestServer::builder(backend)
            .set("limits.robot_per_minute", 10_000)
            .set("worktool.update_version_code", 28_012)
            .set("worktool.update_download_url", "https://files.example.com/app.apk"),
    )
    .await;
    let info = bench.get("/robot/robotInfo/get").await;
    assert_eq!(
        (&info["robotId"], &info["name"], &info["openCallback"], &info["replyAll"]),
        (&json!(bench.link), &json!("管家"), &json!(0), &json!(0))
    );
    assert_eq!(
        (&info["encryptType"], &info["robotKeyCheck"], &info["callBackRequestType"], &info["robotType"]),
        (&json!(0), &json!(0), &json!(2), &json!(0))
    );
    let created = info["createTime"].as_str().unwrap();
    assert!(chrono::NaiveDateTime::parse_from_str(created, "%Y-%m-%dT%H:%M:%S").is_ok(), "{created}");

    // The phone has the id in both places, other clients in one.
    let link = bench.link.as_str();
    bench.post("/robot/robotInfo/update", &json!({"robotId": link, "replyAll": -1})).await;
    assert_eq!(bench.get("/robot/robotInfo/get").await["replyAll"], -1);
    let url = "http://127.0.0.1:9/callback?robot=1";
    let body = json!({"robotId": link, "openCallback": 1, "callbackUrl": url, "replyAll": "0"});
    assert!(done(bench.rest.post("/robot/robotInfo/update", &body).await.unwrap()).is_null());
    let info = bench.get("/robot/robotInfo/get").await;
    assert_eq!(
        (&info["openCallback"], &info["callbackUrl"], &info["replyAll"]),
        (&json!(1), &json!(url), &json!(0))
    );
    bench.post("/robot/robotInfo/update", &json!({"robotId": link, "openCallback": 0})).await;
    let info = bench.get("/robot/robotInfo/get").await;
    assert_eq!((&info["openCallback"], &info["callbackUrl"]), (&json!(0), &json!(url)));
    bench.post("/robot/robotInfo/update", &json!({"callBackRequestType": 1})).await;
    assert_eq!(bench.get("/robot/robotInfo/get-detail").await["callBackRequestType"], 1);
    for (body, part) in [
        (json!({"replyAll": 7}), "replyAll"),
        (json!({"openCallback": 2, "token": "t"}), "对话开放平台"),
        (json!({"encryptType": 1, "secretKey": "k"}), "secretKey"),
        (json!({"callbackUrl": "ftp://example.com/"}), "地址"),
    ] {
        let (code, message) = bench.refused("/robot/robotInfo/update", &body).await;
        assert!(code == 500 && message.contains(part), "{body}: {message}");
    }
    let broken = bench.rest.post_raw(&bench.path("/robot/robotInfo/update"), "{").await.unwrap();
    assert_eq!(broken.status, 400);
    let who =
        bench.server.database().sql("SELECT actor AS value FROM audit_logs WHERE action = 'robot.update'");
    assert!(who.len() == 4 && who.iter().all(|actor| *actor == format!("link:{}", bench.uuid)), "{who:?}");

    let update = done(bench.rest.get("/appUpdate/checkUpdate").await.unwrap());
    assert_eq!(
        (&update["versionCode"], &update["downloadUrl"]),
        (&json!(28_012), &json!("https://files.example.com/app.apk"))
    );
    done(bench.rest.get("/test").await.unwrap());
}

async fn callbacks_are_bound_after_a_trial(backend: Backend) {
    let bench = Bench::start(backend).await;
    assert!(done(bench.rest.get("/appUpdate/checkUpdate").await.unwrap()).is_null());
    let platform = platform(PlatformAnswer::Ok).await;
    let (bind, url) = ("/robot/robotInfo/callBack/bind", platform.url(Hook::Result));
    assert!(bench.post(bind, &json!({"type": 1, "callBackUrl": url})).await.is_null());
    let trial = platform.next(Hook::Result, SOON).await.unwrap();
    assert_eq!(
        (trial.field("spoken"), trial.field("atMe"), &trial.json["roomType"]),
        ("您好,欢迎使用WorkTool~", "true", &json!(1))
    );
    assert_eq!(
        bench.get("/robot/robotInfo/callBack/get").await,
        json!([{"id": 1, "type": 1, "callBackUrl": url, "typeName": "指令结果回调"}])
    );

    for answer in [PlatformAnswer::Status(500), PlatformAnswer::Empty, PlatformAnswer::Drop] {
        platform.set_script(Hook::Event, Script::always(answer.clone()));
        let body = json!({"type": "5", "callbackUrl": platform.url(Hook::Event)});
        let (code, message) = bench.refused(bind, &body).await;
        assert!(code == 500 && message.contains("回调地址"), "{answer:?}: {message}");
    }
    platform.set_script(Hook::Event, Script::always(PlatformAnswer::Hang));
    let (_code, message) =
        bench.refused(bind, &json!({"type": 5, "callBackUrl": platform.url(Hook::Event)})).await;
    assert!(message.contains("没有响应"), "{message}");
    for body in [
        json!({"type": 2, "callBackUrl": url}),
        json!({"type": 11, "callBackUrl": url}),
        json!({"type": 1}),
        json!({}),
    ] {
        assert_eq!(bench.refused(bind, &body).await.0, 500, "{body}");
    }
    assert_eq!(bench.get("/robot/robotInfo/callBack/get").await.as_array().unwrap().len(), 1);

    platform.set_script(Hook::Event, Script::always(PlatformAnswer::Ok));
    let event = platform.url(Hook::Event);
    let several = json!({"callBack": [{"type": 5, "callBackUrl": event}, {"type": 6, "callBackUrl": event}]});
    assert!(bench.post("/robot/robotInfo/callBack/add", &several).await.is_null());
    bench.post("/robot/robotInfo/update", &json!({"openCallback": 1, "callbackUrl": url})).await;
    let types = |bound: &serde_json::Value| -> Vec<i64> {
        bound.as_array().unwrap().iter().map(|binding| binding["type"].as_i64().unwrap()).collect()
    };
    let bound = bench.get("/robot/robotInfo/callBack/get?robotKey=unused").await;
    assert_eq!((types(&bound), &bound[3]["typeName"]), (vec![1, 5, 6, 11], &json!("消息回调")));
    let left = bench.post("/robot/robotInfo/callBack/deleteByType", &json!({"type": 5})).await;
    assert_eq!(types(&left), [1, 6, 11]);
    let left = bench.post("/robot/robotInfo/callBack/del", &json!([6, "1", 77])).await;
    assert_eq!(types(&left), [11]);
    assert_eq!(bench.refused("/robot/robotInfo/callBack/add", &json!({"callBack": []})).await.0, 500);

    let sample = json!({"messageId": "1", "errorCode": 0, "type": 203});
    done(bench.rest.post("/robot/robotInfo/callBack/test/anything", &sample).await.unwrap());
    let echo = bench.rest.post("/thirdQa2", &json!({"spoken": "你好"})).await.unwrap();
    assert_eq!((echo.envelope.code, &echo.envelope.data["info"]["text"]), (0, &json!("你好")));
    let silent = bench.rest.post("/thirdQa3", &json!({"spoken": "你好"})).await.unwrap();
    assert_eq!(
        (&silent.envelope.data["type"], &silent.envelope.data["info"]["text"]),
        (&json!(5000), &json!(""))
    );
}

async fn who_may_call(backend: Backend) {
    let bench = Bench::start(backend).await;
    let admin = bench.server.admin().await;
    let get = async |query: &str| bench.rest.get(&format!("/robot/robotInfo/get?{query}")).await.unwrap();
    let (link, unknown) = (bench.link.as_str(), (500, "机器人编号不存在".to_owned()));
    for query in [
        "",
        "robotId=",
        "robotId=wtunknown",
        &format!("robotId={}", bench.robot_id),
        &format!("robotId={}", bench.uuid),
    ] {
        assert_eq!(refusal(get(query).await), unknown, "{query:?}");
    }
    let call = json!({"socketType": 2, "list": [{"type": 203, "titleList": ["甲"], "receivedContent": "1"}]});
    let strange = bench.rest.post("/wework/sendRawMessage?robotId=wtunknown", &call).await.unwrap();
    assert_eq!(refusal(strange), unknown);
    done(get(&format!("robotId=%20{link}%20&key=whatever&x=1&x=2")).await);

    let robot = format!("/api/robots/{}", bench.robot_id);
    admin.put(&robot, &json!({"robotKey": "s3cret", "robotKeyCheck": 1})).await.unwrap().expect_ok().unwrap();
    for query in
        [format!("robotId={link}"), format!("robotId={link}&key=wrong"), format!("robotId={link}&key=")]
    {
        let (code, message) = refusal(get(&query).await);
        assert!(code == 500 && message.contains("密钥"), "{message}");
    }
    for name in ["key", "robotKey"] {
        let info = done(get(&format!("robotId={link}&{name}=s3cret")).await);
        assert_eq!(info["robotKeyCheck"], 1);
        assert!(!info.to_string().contains("s3cret"));
    }
    admin.put(&robot, &json!({"robotKeyCheck": 0, "worktoolApi": false})).await.unwrap().expect_ok().unwrap();
    assert!(refusal(get(&format!("robotId={link}")).await).1.contains("未开启"));
    admin.put(&robot, &json!({"worktoolApi": true, "enabled": false})).await.unwrap().expect_ok().unwrap();
    assert!(refusal(get(&format!("robotId={link}")).await).1.contains("停用"));
    admin.put(&robot, &json!({"enabled": true})).await.unwrap().expect_ok().unwrap();
    done(get(&format!("robotId={link}")).await);
    admin.delete(&robot).await.unwrap().expect_ok().unwrap();
    assert_eq!(refusal(get(&format!("robotId={link}")).await), unknown);

    let log = bench.server.log().join("\n");
    assert!(!log.contains(link) && !log.contains("s3cret"), "no secret stands in the log");
    let metrics = bench.rest.get("/metrics").await.unwrap().body;
    assert!(!metrics.contains(link));
}
