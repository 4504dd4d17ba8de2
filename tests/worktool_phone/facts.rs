//! What the phone lets us know is kept, and told to whoever asked for it.
use serde_json::{Value, json};
use workbot_robot_sim::dialect::worktool::{App, AppConfig, WorktoolPhone, WorktoolPhoneConfig};
use workbot_robot_sim::{Hook, Platform, PlatformConfig};

use super::{Bench, LATER, contents};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::SOON;
use crate::support::until;

async fn qr_codes_friends_groups_and_enterprises(backend: Backend) {
    let bench = Bench::start(backend).await;
    let platform = Platform::start(PlatformConfig::default()).await.unwrap();
    let bind = json!({"type": 0, "callBackUrl": platform.url(Hook::Event)});
    bench.done(&bench.path("/robot/robotInfo/callBack/bind"), &bind).await;
    let open = json!({"openCallback": 1, "replyAll": 0, "callbackUrl": platform.url(Hook::Message)});
    bench.done(&bench.path("/robot/robotInfo/update"), &open).await;
    // The binding was probed.
    platform.next(Hook::Event, SOON).await.unwrap();

    let phone = bench.reading().await;
    let link = "https://work.weixin.qq.com/gm/0123456789abcdef";
    phone.with(|app| {
        app.report(json!({"type": 504, "groupName": "测试群", "groupRemark": "备注", "qrcode": link}));
        app.report(json!({"type": 502, "friend": {"name": "小明", "newFriend": true}}));
    });
    let told = platform.next(Hook::Event, LATER).await.unwrap().json;
    assert_eq!(
        (&told["type"], &told["event"], &told["qrCode"]),
        (&json!(0), &json!("group_qrcode"), &json!(link))
    );
    assert_eq!((&told["groupName"], &told["groupRemark"]), (&json!("测试群"), &json!("备注")));
    assert!(told["robotId"].as_str().unwrap().starts_with("robot_"), "never the link id");
    let friend = platform.next(Hook::Message, LATER).await.unwrap().json;
    assert_eq!((&friend["textType"], &friend["type"]), (&json!(22), &json!(105)));
    assert_eq!((&friend["friendName"], &friend["friendRemark"]), (&json!("小明"), &json!("")));
    let contacts = "SELECT name || ' ' || source AS value FROM worktool_contacts";
    assert_eq!(bench.values(contacts), ["小明 new_friend"]);

    bench.send(json!([{"type": 501, "selectList": ["测试群"]}])).await;
    bench.settled(&["succeeded"]).await;
    let group = until(LATER, "the group's facts", async || {
        let list = bench.got(&bench.path("/robot/wework/group/list")).await["list"].clone();
        (list[0]["membersNum"] == 2).then_some(list)
    })
    .await;
    assert_eq!(group.as_array().map(Vec::len), Some(1));
    assert_eq!((&group[0]["groupName"], &group[0]["masterName"]), (&json!("测试群"), &json!("甲")));
    let corporations = until(LATER, "enterprises", async || {
        let names = bench.got(&bench.path("/robot/robotInfo/corpList")).await;
        (names != json!([])).then_some(names)
    })
    .await;
    assert_eq!(corporations, json!(["某公司"]));
}

async fn encryption_both_ways(backend: Backend) {
    let bench = Bench::start(backend).await;
    bench.done(&bench.path("/robot/robotInfo/update"), &json!({"encryptType": 1})).await;
    assert_eq!(bench.got(&bench.path("/robot/robotInfo/get")).await["encryptType"], 1);
    let app = AppConfig { is_encrypted: true, ..AppConfig::new(&bench.link).fast() };
    let config = WorktoolPhoneConfig::new(bench.server.url(), app);
    let phone = WorktoolPhone::start(config).unwrap();
    phone.with(|app| app.add_chat(super::chat()));
    phone.wait(SOON, "202", App::is_reading).await.unwrap();
    bench.texts(0..2).await;
    bench.settled(&["succeeded"; 2]).await;
    assert_eq!(phone.with(|app| contents(app)).len(), 2);
    assert_eq!(phone.with(|app| app.counters().sealed), 2, "both came encrypted");
    phone.with(|app| app.say("测试群", "甲", "@管家 你好"));
    bench.messages(&["in 甲 @管家 你好"]).await;
    let plain: Value = json!({"encryptType": 0});
    bench.done(&bench.path("/robot/robotInfo/update"), &plain).await;
    bench.texts(2..3).await;
    bench.settled(&["succeeded"; 3]).await;
    assert_eq!(phone.with(|app| app.counters().sealed), 2, "the setting holds from the next command on");
}

on_both!(qr_codes_friends_groups_and_enterprises, encryption_both_ways);
