//! What clients read: messages, groups, logins, the phone.
use serde_json::{Value, json};
use workbot_robot_sim::{Hook, PlatformAnswer};

use super::{Bench, refusal};
use crate::callbacks::platform;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;
use crate::support::until;

on_both!(messages_and_their_callbacks, groups_logins_and_versions);

async fn messages_and_their_callbacks(backend: Backend) {
    let bench = Bench::start(backend).await;
    let platform = platform(PlatformAnswer::Inline("您好".into())).await;
    let settings = json!({"openCallback": 1, "replyAll": "1", "callbackUrl": platform.url(Hook::Message)});
    assert!(bench.post("/robot/robotInfo/update", &settings).await.is_null());
    let message = json!({"spoken": "你好", "rawSpoken": "@管家 你好", "receivedName": "仑哥", "groupName": "测试群1",
        "groupRemark": "测试群1备注名", "roomType": 1, "atMe": "true", "textType": 1, "messageId": "m1"});
    assert_eq!(bench.rest.post(&bench.webhook(""), &message).await.unwrap().envelope.code, 0);
    let told = platform.next(Hook::Message, SOON).await.unwrap();
    assert_eq!((&told.json["atMe"], &told.json["spoken"]), (&json!("true"), &json!("你好")));
    assert!(told.json["messageId"].is_string() && !told.json.to_string().contains(&bench.link));

    let row = until(SOON, "the log of the callback", async || {
        let page = bench.get("/robot/qaLog/list?page=1&size=10&sort=start_time,desc").await;
        let row = page["list"][0].clone();
        (row["answer"] == "您好").then_some(row)
    })
    .await;
    assert_eq!(
        (&row["groupName"], &row["receivedName"], &row["roomType"], &row["textType"]),
        (&json!("测试群1"), &json!("仑哥"), &json!(1), &json!(1))
    );
    assert_eq!(
        (&row["rawSpoken"], &row["question"], &row["atMe"], &row["openThirdParty"]),
        (&json!("@管家 你好"), &json!("你好"), &json!(true), &json!(1))
    );
    assert_eq!(
        (&row["url"], &row["messageId"]),
        (&json!(platform.url(Hook::Message)), &told.json["messageId"])
    );
    assert!(row["timeCost"].is_number() && row["robotId"] == bench.link.as_str());
    for (query, total) in
        [("name=测试群", 1), ("name=nobody", 0), ("endTime=2020-01-01", 0), ("messageId=x", 0)]
    {
        assert_eq!(bench.get(&format!("/robot/qaLog/list?{query}")).await["total"], total, "{query}");
    }

    // Those who asked for form-data get it.
    bench.post("/robot/robotInfo/update", &json!({"callBackRequestType": 1})).await;
    let again =
        json!({"spoken": "再来", "receivedName": "仑哥", "roomType": 2, "atMe": false, "textType": 1});
    assert_eq!(bench.rest.post(&bench.webhook(""), &again).await.unwrap().envelope.code, 0);
    let form = platform.next(Hook::Message, SOON).await.unwrap();
    assert!(
        form.header("content-type").is_some_and(|kind| kind.starts_with("multipart/form-data; boundary="))
    );
    let text = String::from_utf8(form.body).unwrap();
    assert!(text.contains("name=\"atMe\"\r\n\r\nfalse\r\n") && text.contains("name=\"messageId\""), "{text}");
    bench
        .server
        .database()
        .sql("DELETE FROM session_messages WHERE raw_spoken = '再来' RETURNING id AS value");

    // The reply quotes, as the platform's own API does.
    let reply = bench.server.database().sql("SELECT item AS value FROM robot_commands").remove(0);
    let reply: Value = serde_json::from_str(&reply).unwrap();
    assert_eq!(
        (&reply["type"], &reply["titleList"], &reply["originalContent"]),
        (&json!(204), &json!(["测试群1备注名"]), &json!("@管家 你好"))
    );

    let page = bench.get("/robot/wework/message?title=测试群1&sort=create_time,desc").await;
    let row = &page["list"][0];
    assert_eq!(
        (&page["total"], &row["workType"], &row["sender"], &row["type"]),
        (&json!(1), &json!(1), &json!(0), &json!(1))
    );
    assert_eq!(
        (&row["titleList"], &row["nameList"]),
        (&json!(["测试群1备注名", "测试群1"]), &json!(["仑哥"]))
    );
    let texts: Value = serde_json::from_str(row["itemMsgList"].as_str().unwrap()).unwrap();
    assert_eq!(texts[0]["text"], "@管家 你好");
}

async fn groups_logins_and_versions(backend: Backend) {
    let bench = Bench::start(backend).await;
    let robot = &bench.uuid;
    let sql = |statement: String| bench.server.database().sql(&statement);
    assert_eq!(bench.get("/robot/wework/group/list").await["total"], 0);
    assert_eq!(bench.get("/robot/robotInfo/version").await, json!({"latest": null}));
    for name in ["测试群1", "外部群"] {
        sql(format!(
            "INSERT INTO worktool_groups (robot_uuid, name, room_type, owner, member_count, message_count, created_at, updated_at)
             VALUES ('{robot}', '{name}', 1, '仑哥', 3, 12, '2024-04-28T03:00:00.000000Z', '2024-04-28T03:00:00.000000Z')
             RETURNING name AS value"
        ));
    }
    let page = bench.get("/robot/wework/group/list?groupName=测试&sort=id,desc").await;
    let row = &page["list"][0];
    assert_eq!(
        (&page["total"], &row["groupName"], &row["masterName"], &row["membersNum"], &row["msgNum"]),
        (&json!(1), &json!("测试群1"), &json!("仑哥"), &json!(3), &json!(12))
    );
    assert_eq!((&row["createTime"], &row["workType"]), (&json!("2024-04-28T11:00:00"), &json!(1)));
    assert_eq!(bench.get("/robot/wework/group/list").await["total"], 2);

    let open = |id: &str, from: &str, to: &str| {
        sql(format!(
            "INSERT INTO robot_connections (id, robot_uuid, generation, dialect, address, opened_at, closed_at)
             VALUES ('{id}', '{robot}', 1, 'worktool', '203.0.113.5', '{from}', {to}) RETURNING id AS value"
        ));
    };
    open("c1", "2024-04-28T03:00:00.000000Z", "'2024-04-28T04:30:00.000000Z'");
    open("c2", "2024-04-28T15:30:00.000000Z", "'2024-04-28T16:30:00.000000Z'");
    open("c3", "2024-04-29T17:00:00.000000Z", "NULL");
    let logins = async |date: &str| -> Vec<Value> {
        bench.get(&format!("/robot/robotInfo/onlineInfos?date={date}")).await.as_array().unwrap().clone()
    };
    let first = logins("2024-04-28").await;
    assert_eq!(first.len(), 2, "a login over midnight belongs to both days");
    assert_eq!(
        (&first[0]["onlineTime"], &first[0]["offline"], &first[0]["offlineTime"], &first[0]["onlineTimes"]),
        (
            &json!("2024-04-28T11:00:00"),
            &json!("2024-04-28T12:30:00"),
            &json!("2024-04-28T12:30:00"),
            &json!(90)
        )
    );
    assert_eq!((&first[0]["ip"], &first[0]["robotId"]), (&json!("203.0.113.5"), &json!(bench.link)));
    assert_eq!((logins("2024-04-29").await.len(), logins("2024-04-27").await.len()), (1, 0));
    assert!(logins("2024-04-30").await[0]["offline"].is_null());
    let wrong = bench.rest.get(&bench.path("/robot/robotInfo/onlineInfos?date=x")).await.unwrap();
    assert!(refusal(wrong).1.contains("date"));

    sql(format!(
        "INSERT INTO worktool_phones (robot_uuid, my_name, show_name, corporation, device, first_login_at, updated_at)
         VALUES ('{robot}', '管家', '小管家', '某公司', '{}', '2024-04-28T03:00:00.000000Z', '2024-04-28T03:00:00.000000Z')
         RETURNING robot_uuid AS value",
        json!({"appName": "WorkTool", "appVersion": "2.8.1", "workVersion": "4.1.10"})
    ));
    assert_eq!(
        bench.get("/robot/robotInfo/version").await["latest"],
        json!({"appName": "WorkTool", "appVersion": "2.8.1", "workVersion": "4.1.10"})
    );
    let detail = bench.get("/robot/robotInfo/get-detail").await;
    assert_eq!(
        (&detail["showName"], &detail["corporation"], &detail["firstLogin"], &detail["lastLoginIp"]),
        (&json!("小管家"), &json!("某公司"), &json!("2024-04-28T11:00:00"), &json!("203.0.113.5"))
    );
    assert_eq!(
        (&detail["robotId"], &detail["ip"], &detail["authExpire"]),
        (&json!(bench.link), &json!(null), &json!(null))
    );
    assert_eq!(bench.get("/robot/robotInfo/online").await, json!(false));
}
