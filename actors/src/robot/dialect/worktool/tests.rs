use serde_json::{Value, json};
use workbot_schema::commands::{CommandSource, CommandState, ExecutionResult, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, RobotUuid};
use workbot_schema::wire::worktool::log_line::DeviceInfo;

use super::translation::{Awaits, translate};
use super::*;
use crate::robot::dialect::Inbound;

mod telling;

const OPEN_APP: &str = "连接建立: wt1 appVersion: 2.8.1     Android 12 Xiaomi M2012K11AC workVersion: 4.1.10 deviceRooted: false hook: false";
const CLOSED_APP: &str = "连接建立: wt1 appVersion: 3.8.1 Android 13 Xiaomi M2012K11AC workVersion: 5.0.8";

fn command(id: &str, command_type: i32, mut item: Value) -> RobotCommand {
    item["type"] = command_type.into();
    let moment = Ts::new(chrono::DateTime::UNIX_EPOCH);
    NewCommand {
        id: CommandId::from(id),
        robot_uuid: RobotUuid(uuid::Uuid::nil()),
        batch_id: None,
        command_type,
        item: item.to_string(),
        file_name: None,
        size_bytes: 100,
        priority: 0,
        can_retry: false,
        source: CommandSource::Commands,
        request_id: None,
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: moment,
        created_at: moment,
        is_offline: false,
    }
    .into_row(1)
}

fn text(id: &str) -> RobotCommand {
    command(id, 203, json!({"titleList": ["甲"], "receivedContent": "你好"}))
}

/// A phone with the core's part played: what it says of commands is stored at once.
struct Scene {
    phone: Phone,
    now_ms: u64,
}

impl Scene {
    fn new() -> Self {
        Self { phone: Phone::new(PhoneSettings::default(), Vec::new(), 0), now_ms: 0 }
    }

    fn push(&mut self, command: &RobotCommand) -> String {
        match self.phone.push(command, None, self.now_ms).unwrap().as_slice() {
            [Act::Send(frame)] => frame.to_string(),
            [] => String::new(),
            other => panic!("{other:?}"),
        }
    }

    fn hear(&mut self, frame: &Value) -> Vec<Act> {
        self.phone.frame(read(&frame.to_string()).unwrap(), self.now_ms)
    }

    fn confirm(&mut self, wire_id: &str) -> String {
        let acts = self.hear(&json!({"socketType": 1, "messageId": wire_id, "list": []}));
        self.store(acts)
    }

    fn result(&mut self, wire_id: &str, result: &Value) -> String {
        let acts = self.hear(&json!({"socketType": 3, "messageId": wire_id, "list": [result]}));
        self.store(acts)
    }

    fn tick(&mut self, now_ms: u64) -> String {
        self.now_ms = now_ms;
        let acts = self.phone.tick(now_ms);
        self.store(acts)
    }

    fn settle(&mut self, id: &str, state: CommandState, attempt: i32) -> String {
        let acts = self.phone.settle(&CommandId::from(id), Some((state, attempt)), self.now_ms);
        self.store(acts)
    }

    /// In short what was done, after the rows have moved.
    fn store(&mut self, acts: Vec<Act>) -> String {
        let mut words = Vec::new();
        for act in acts {
            words.push(match act {
                Act::Core(Inbound::Ack { id, attempt }) => {
                    let attempt = attempt.unwrap();
                    let further = self.settle(id.as_str(), CommandState::Confirmed, attempt);
                    format!("ack {id}/{attempt} {further}")
                }
                Act::Core(Inbound::Result { id, result }) => {
                    let attempt = result.attempt.unwrap();
                    let further = self.settle(id.as_str(), result.verdict(), attempt);
                    format!("result {id}/{attempt} {} {further}", result.error_code)
                }
                Act::Send(frame) => {
                    let frame: Value = serde_json::from_str(&frame).unwrap();
                    format!("send {}", frame["messageId"].as_str().unwrap_or_default())
                }
                Act::Wake => "wake".to_owned(),
                Act::Check(id) => format!("check {id}"),
                Act::Look { frame_id, .. } => format!("look {frame_id}"),
                Act::Learn(_) => "learn".to_owned(),
                Act::Note(kind, _) => format!("note {kind}"),
                other => format!("{other:?}"),
            });
        }
        words.iter().map(|word| word.trim()).collect::<Vec<_>>().join(", ")
    }
}

#[test]
fn what_is_pushed_and_what_ends_it() {
    let device = |line: &str| match workbot_schema::wire::worktool::log_line::read(line) {
        workbot_schema::wire::worktool::log_line::LogLine::Login(_, device) => device,
        other => panic!("{other:?}"),
    };
    let (open, closed, unknown) = (device(OPEN_APP), device(CLOSED_APP), DeviceInfo::default());
    let group = || Some(Awaits::Group("测试群".into()));
    let cases: Vec<(i32, Option<Awaits>, Option<Awaits>)> = vec![
        (203, Some(Awaits::Result), Some(Awaits::Result)),
        (218, Some(Awaits::Result), Some(Awaits::Result)),
        (225, Some(Awaits::Failure), Some(Awaits::Failure)),
        (229, Some(Awaits::Results(vec!["甲".into()])), Some(Awaits::Results(vec!["甲".into()]))),
        (304, Some(Awaits::Confirm), Some(Awaits::Confirm)),
        (305, None, None),
        (501, Some(Awaits::Confirm), Some(Awaits::Confirm)),
        (503, Some(Awaits::Confirm), Some(Awaits::Confirm)),
        (507, Some(Awaits::Result), Some(Awaits::Result)),
        (508, Some(Awaits::Result), Some(Awaits::Result)),
        (512, group(), Some(Awaits::Result)),
        (212, Some(Awaits::Nothing), Some(Awaits::Nothing)),
        (231, Some(Awaits::Nothing), Some(Awaits::Nothing)),
        (235, Some(Awaits::Nothing), Some(Awaits::Result)),
        (243, Some(Awaits::Nothing), Some(Awaits::Result)),
        (515, Some(Awaits::Nothing), Some(Awaits::Result)),
        (999, Some(Awaits::Nothing), Some(Awaits::Nothing)),
    ];
    for (number, by_open, by_closed) in cases {
        let command = command("c", number, json!({"groupName": "测试群", "nameList": ["甲"]}));
        let awaits = |app: &DeviceInfo| translate(&command, app).map(|translation| translation.awaits);
        assert_eq!(awaits(&open), by_open, "{number} on the open app");
        assert_eq!(awaits(&unknown), by_open, "{number} on an app that did not say");
        assert_eq!(awaits(&closed), by_closed, "{number} on the closed app");
    }
    let members = command("c", 512, json!({"groupName": "测试群"}));
    let item: Value = serde_json::from_str(&translate(&members, &open).unwrap().item).unwrap();
    assert_eq!(item, json!({"type": 501, "selectList": ["测试群"]}));
    assert_eq!(translate(&members, &closed).unwrap().item, members.item);
    assert_eq!(translate(&command("c", 512, json!({})), &open).unwrap().awaits, Awaits::Nothing);
}

#[test]
fn one_item_a_frame_under_its_own_id() {
    let mut scene = Scene::new();
    let frame: Value = serde_json::from_str(&scene.push(&text("c1"))).unwrap();
    assert_eq!(
        frame,
        json!({"socketType": 2, "messageId": "c1", "apiSend": 1,
            "list": [{"type": 203, "titleList": ["甲"], "receivedContent": "你好"}]})
    );
    let retry = RobotCommand { attempt: 3, ..text("c1") };
    assert!(scene.push(&retry).contains("\"messageId\":\"c1#3\""));
    let start = scene.phone.open();
    assert!(matches!(start.as_slice(), [Act::Send(frame)] if !frame.contains("messageId")));
    for (wire_id, expected) in [
        ("a", ("a", 1)),
        ("a#2", ("a", 2)),
        ("a#1", ("a#1", 1)),
        ("2023-11-23#10:00:00#6f1c", ("2023-11-23#10:00:00#6f1c", 1)),
        ("#", ("#", 1)),
    ] {
        let (id, attempt) = wire_id::read(wire_id);
        assert_eq!((id.as_str(), attempt), expected, "{wire_id}");
    }
    for attempt in 1..=4 {
        let id = CommandId::from("msg_1_x");
        assert_eq!(wire_id::read(&wire_id::of(&id, attempt)), (id, attempt));
    }
}

#[test]
fn confirm_then_result() {
    let mut scene = Scene::new();
    scene.push(&text("a"));
    assert_eq!((scene.phone.held(), scene.confirm("a")), (0, "ack a/1".into()));
    assert_eq!((scene.phone.held(), scene.confirm("a")), (1, String::new()));
    assert_eq!(scene.result("a", &json!({"errorCode": 0})), "result a/1 0 wake");
    assert_eq!(scene.phone.held(), 0);
    assert_eq!(
        scene.result("a", &json!({"errorCode": 201_101})),
        "result a/1 201101",
        "late ones are judged by the row"
    );
}

#[test]
fn a_result_confirms_too() {
    let mut scene = Scene::new();
    scene.push(&text("a"));
    assert_eq!(scene.result("a", &json!({"errorCode": 201_101})), "result a/1 201101 wake");
    assert_eq!(scene.tick(10_000), "", "what was reported is not pushed again");
}

#[test]
fn unconfirmed_is_pushed_once_more() {
    let mut scene = Scene::new();
    scene.push(&text("a"));
    assert_eq!(scene.phone.next_tick_ms(), Some(10_000));
    assert_eq!(scene.tick(9_999), "");
    assert_eq!(scene.tick(10_000), "send a");
    assert_eq!(scene.tick(30_000), "", "only once");
    assert_eq!(scene.tick(125_000), "check a");
    assert_eq!(scene.settle("a", CommandState::Unknown, 1), "wake");
    assert_eq!(scene.phone.next_tick_ms(), None);
}

#[test]
fn without_a_result_the_confirmation_ends_it() {
    let mut scene = Scene::new();
    scene.push(&command("q", 501, json!({"selectList": ["群"]})));
    assert_eq!(scene.confirm("q"), "ack q/1, result q/1 0 wake");
    assert_eq!(scene.phone.held(), 0);
}

#[test]
fn unknown_types_keep_no_place_and_end_by_time() {
    let mut scene = Scene::new();
    scene.push(&command("n", 236, json!({})));
    assert_eq!((scene.confirm("n"), scene.phone.held()), ("ack n/1 wake".into(), 0));
    scene.hear(&json!({"socketType": 2, "list": [{"type": 301, "log": CLOSED_APP}]}));
    scene.push(&command("m", 236, json!({})));
    assert_eq!((scene.confirm("m"), scene.phone.held()), ("ack m/1".into(), 1));
    assert_eq!(scene.result("m", &json!({})), "result m/1 0 wake");
}

#[test]
fn the_place_is_free_after_the_time_out() {
    let mut scene = Scene::new();
    scene.push(&text("a"));
    scene.confirm("a");
    scene.push(&command("f", 218, json!({})));
    scene.confirm("f");
    assert_eq!(scene.phone.held(), 2);
    assert_eq!(scene.tick(125_000), "check a");
    assert_eq!(scene.settle("a", CommandState::Confirmed, 1), "", "the row says: not yet");
    assert_eq!(scene.tick(130_000), "check a");
    assert_eq!(scene.settle("a", CommandState::Unknown, 1), "wake");
    assert_eq!(scene.tick(304_999), "");
    assert_eq!(scene.tick(305_000), "check f", "files have more time");
    assert_eq!(scene.phone.settle(&CommandId::from("f"), None, 0), [Act::Wake]);
}

#[test]
fn any_result_gives_the_others_their_time_again() {
    let mut scene = Scene::new();
    scene.push(&text("a"));
    scene.confirm("a");
    scene.push(&text("b"));
    scene.confirm("b");
    scene.now_ms = 100_000;
    scene.result("a", &json!({}));
    assert_eq!(scene.tick(224_999), "");
    assert_eq!(scene.tick(225_000), "check b");
}

#[test]
fn silence_of_a_command_that_reports_failures_only() {
    let failing = |scene: &mut Scene, id: &str| {
        scene.push(&command(id, 225, json!({"groupName": "群", "friend": {"name": "甲"}})));
        scene.confirm(id)
    };
    let mut scene = Scene::new();
    assert_eq!(failing(&mut scene, "r"), "ack r/1");
    assert_eq!((scene.tick(59_999), scene.tick(60_000)), (String::new(), "result r/1 0 wake".into()));
    assert_eq!(failing(&mut scene, "s"), "ack s/1");
    assert_eq!(scene.result("s", &json!({"errorCode": 201_104})), "result s/1 201104 wake");
    assert_eq!(failing(&mut scene, "t"), "ack t/1");
    scene.push(&text("u"));
    scene.confirm("u");
    assert_eq!(
        scene.result("u", &json!({})),
        "result t/1 0 wake, result u/1 0 wake",
        "a later one is reported first"
    );
    scene.push(&text("v"));
    scene.confirm("v");
    failing(&mut scene, "w");
    assert_eq!(scene.tick(121_000), "", "it waits behind one that is not reported");
}

#[test]
fn several_results_become_one() {
    let mut scene = Scene::new();
    scene.push(&command("s", 229, json!({"nameList": ["甲", "乙", "丙"], "weworkMessageList": [{}]})));
    scene.confirm("s");
    assert_eq!(scene.result("s", &json!({"successList": ["甲"]})), "");
    let acts = scene.hear(&json!({"socketType": 3, "messageId": "s", "list": [
        {"successList": ["乙"], "timeCost": 1.5}, {"errorCode": 201_101, "errorReason": "找不到", "failList": ["丙"], "timeCost": 2}]}));
    let [Act::Core(Inbound::Result { result, .. })] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((result.verdict(), result.error_code), (CommandState::Partial, 201_101));
    assert_eq!((result.success_list.len(), result.time_cost_secs), (2, Some(3.5)));
    scene.push(&command("t", 230, json!({"nameList": ["甲", "乙"]})));
    scene.confirm("t");
    assert_eq!(scene.result("t", &json!({"successList": ["甲"]})), "");
    assert_eq!((scene.tick(9_999), scene.tick(10_000)), (String::new(), "result t/1 0 wake".into()));
}

#[test]
fn members_of_a_group_by_its_report() {
    let mut scene = Scene::new();
    let frame = scene.push(&command("g", 512, json!({"groupName": "测试群"})));
    assert!(frame.contains("\"type\":501") && frame.contains("\"messageId\":\"g\""));
    assert_eq!((scene.confirm("g"), scene.phone.held()), ("ack g/1".into(), 1));
    let report = |name: &str| json!({"socketType": 2, "messageId": "x", "list": [{"type": 501, "groupName": name, "nameList": ["甲", "乙"]}]});
    let other = scene.hear(&report("别的群"));
    assert_eq!(scene.store(other), "learn");
    let acts = scene.hear(&report("测试群"));
    let [Act::Core(Inbound::Result { result, .. }), Act::Learn(_)] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    let raw: Value = serde_json::from_str(result.raw.as_deref().unwrap()).unwrap();
    assert_eq!(raw["nameList"], json!(["甲", "乙"]));
    assert_eq!(result.verdict(), CommandState::Succeeded);
}

#[test]
fn emptying_the_queue_drops_all_but_the_running_one() {
    let mut scene = Scene::new();
    for id in ["a", "b", "c"] {
        scene.push(&text(id));
        scene.confirm(id);
    }
    scene.push(&command("x", 304, json!({})));
    assert_eq!(scene.confirm("x"), "ack x/1, result x/1 0 wake, wake");
    assert_eq!(scene.phone.unfinished().iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["a"]);
}

#[test]
fn a_new_socket_knows_what_the_phone_still_has() {
    let mut scene = Scene::new();
    scene.push(&text("a"));
    scene.confirm("a");
    scene.push(&text("b"));
    let unfinished = scene.phone.unfinished();
    assert_eq!(unfinished.len(), 1, "what is not confirmed is pushed again instead");
    scene.phone = Phone::new(PhoneSettings::default(), unfinished, 50_000);
    scene.now_ms = 50_000;
    assert_eq!(scene.phone.held(), 1);
    assert!(scene.push(&RobotCommand { attempt: 1, ..text("b") }).contains("\"messageId\":\"b\""));
    assert_eq!(scene.confirm("b"), "ack b/1");
    assert_eq!(scene.result("a", &json!({})), "result a/1 0 wake");
    scene.phone = Phone::new(PhoneSettings::default(), scene.phone.unfinished(), 60_000);
    assert_eq!(scene.tick(185_000), "check b");
}
