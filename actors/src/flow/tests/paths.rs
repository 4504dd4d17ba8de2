//! The preset flows from message to end.
use serde_json::json;
use workbot_schema::commands::state::CommandState;
use workbot_schema::wire::flow::{FlowDefinition, NodeStatus, NodeType, RunStatus};

use super::rig::{Rig, rule, sent};
use crate::flow::presets::{FULL, STANDARD, presets};
use crate::flow::{Effect, validate};

const EIGHT: [&str; 8] = [
    "message_receive",
    "intent",
    "decision",
    "ai_reply",
    "message_dispatch",
    "send_command",
    "command_status",
    "end",
];

#[test]
fn presets_are_valid_and_have_every_node_by_its_type() {
    let presets = presets().unwrap();
    assert_eq!(presets.iter().map(|flow| flow.nodes.len()).collect::<Vec<_>>(), [11, 8]);
    for flow in &presets {
        assert_eq!(validate(flow), []);
        for node in &flow.nodes {
            let node_type = NodeType::parse(&node.node_type).unwrap();
            assert_eq!((node.id.as_str(), node.name.as_str()), (node_type.as_str(), node_type.label()));
        }
        let text = serde_json::to_string(flow).unwrap();
        assert_eq!(&serde_json::from_str::<FlowDefinition>(&text).unwrap(), flow);
    }
    assert_eq!(presets[0].nodes.len(), NodeType::ALL.len());
}

#[test]
fn the_standard_path_goes_through_eight_nodes() {
    for preset in [STANDARD, FULL] {
        let mut rig = Rig::preset(preset);
        let asked = rig.start();
        assert!(matches!(asked[..], [Effect::AskIntent(_)]), "{asked:?}");
        assert_eq!(rig.run.status, RunStatus::Running);
        let asked = rig.intent(&asked, "service", 0.95);
        assert!(matches!(asked[..], [Effect::AskReply(_)]), "{asked:?}");
        rig.wait(1);
        let effects = rig.reply(&asked, " 您好，请问有什么可以帮助您的？\n");
        assert!(matches!(effects[..], [Effect::Submit(_)]), "{effects:?}");
        let command = sent(&effects);
        assert_eq!(command.text, "您好，请问有什么可以帮助您的？");
        assert_eq!((command.target.as_str(), command.is_group, command.quote), ("客服群", true, false));
        assert_eq!(command.at_user.as_deref(), Some("张三"));
        assert_eq!(rig.run.status, RunStatus::Waiting);
        assert_eq!(rig.run.due_at(), Some(super::rig::at(121)));
        assert_eq!(rig.run.context.command_status.as_deref(), Some("pending"));
        let effects = rig.command(&command, CommandState::Confirmed);
        assert_eq!((effects, rig.run.status), (vec![], RunStatus::Waiting));
        let effects = rig.command(&command, CommandState::Succeeded);
        assert_eq!(effects, [Effect::Finished]);
        assert_eq!((rig.run.status, &rig.run.error, rig.run.due_at()), (RunStatus::Completed, &None, None));
        assert_eq!(rig.path(), EIGHT);
        assert_eq!(rig.record("command_status").output["status"], "succeeded");
        assert_eq!(rig.record("decision").output["branch"], "ai_reply");
        assert_eq!(rig.run.context.intent_confidence, Some(0.95));
        assert_eq!(rig.run.context.current_node_id, "end");
        assert_eq!((rig.run.state.spent.tokens, rig.run.state.spent.cost_micros), (240, 14));
        assert!(rig.run.nodes.iter().all(|node| node.status == NodeStatus::Completed));
    }
}

#[test]
fn the_alert_path_goes_through_all_eleven_and_back_to_the_reply() {
    let mut rig = Rig::preset(FULL);
    let asked = rig.start();
    let effects = rig.intent(&asked, "risk", 0.9);
    let [Effect::SaveAlert(alert), Effect::EvaluateRules(ask)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((alert.level.as_str(), alert.code.as_str()), ("critical", "risk_message"));
    assert_eq!(alert.data["intent"], "risk");
    assert!(ask.rule_ids.is_empty());
    assert_eq!(rig.run.context.alert_id.as_deref(), Some(alert.alert_id.as_str()));
    let effects = rig.rules(&effects, vec![rule("r1", &["robot", "console"]), rule("r2", &["console"])]);
    let [Effect::Notify(notice), Effect::Submit(command)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(notice.alert_id, alert.alert_id);
    assert_eq!(notice.channel_ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["robot", "console"]);
    assert_eq!(notice.rule_ids.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["r1", "r2"]);
    assert!(command.text.contains("您的消息已被标记为风险，客服稍后会处理"));
    let command = command.clone();
    assert_eq!(rig.command(&command, CommandState::Succeeded), [Effect::Finished]);
    assert_eq!(
        rig.path(),
        [
            "message_receive",
            "intent",
            "decision",
            "alert_save",
            "alert_rule",
            "execute_notification",
            "ai_reply",
            "message_dispatch",
            "send_command",
            "command_status",
            "end",
        ]
    );
    assert_eq!(rig.record("decision").output["condition"], "intent == \"risk\"");
    assert_eq!(rig.record("ai_reply").output["source"], "alert");
}

#[test]
fn without_a_matching_rule_nobody_is_notified_and_the_reply_goes_out() {
    let mut rig = Rig::preset(FULL);
    let asked = rig.start();
    let asked = rig.intent(&asked, "risk", 1.0);
    let effects = rig.rules(&asked, vec![]);
    assert!(matches!(effects[..], [Effect::Submit(_)]), "{effects:?}");
    assert_eq!(rig.record("execute_notification").output["skipped"], "no_channel");
}

#[test]
fn an_unsure_intent_counts_as_chat() {
    let table =
        [("risk", 0.49, "chat"), ("risk", 0.5, "risk"), ("", 1.0, "chat"), ("risk", f64::NAN, "chat")];
    for (intent, confidence, taken) in table {
        let mut rig = Rig::preset(FULL);
        let asked = rig.start();
        rig.intent(&asked, intent, confidence);
        assert_eq!(rig.run.context.intent.as_deref(), Some(taken), "{intent} {confidence}");
        let output = &rig.record("intent").output;
        assert_eq!(output.get("belowMinConfidence").is_some(), taken == "chat");
    }
}

#[test]
fn new_nodes_are_told_once() {
    let mut rig = Rig::preset(STANDARD);
    let asked = rig.start();
    let names =
        |rig: &mut Rig| rig.run.take_new_nodes().into_iter().map(|node| node.node_id).collect::<Vec<_>>();
    assert_eq!(names(&mut rig), ["message_receive"]);
    assert_eq!(names(&mut rig), Vec::<String>::new());
    rig.intent(&asked, "service", 1.0);
    assert_eq!(names(&mut rig), ["intent", "decision"]);
}

#[test]
fn a_reply_goes_where_the_node_says() {
    let group = json!({"isGroup": true, "groupName": "客服群", "groupRemark": "备注群", "userName": "张三"});
    let private = json!({"isGroup": false, "groupName": null, "userName": "张三"});
    let table = [
        (&group, json!({}), Some(("备注群", true))),
        (&group, json!({"target": "group"}), Some(("备注群", true))),
        (&group, json!({"target": "private"}), Some(("张三", false))),
        (&group, json!({"target": "值班群"}), Some(("值班群", false))),
        (&group, json!({"target": "name", "name": "值班群"}), Some(("值班群", false))),
        (&private, json!({}), Some(("张三", false))),
        (&private, json!({"target": "group"}), None),
    ];
    for (chat, config, expected) in table {
        let nodes = [
            ("message_receive", json!({})),
            ("ai_reply", json!({"config": {"fixedReply": "好的"}})),
            ("message_dispatch", json!({"config": config})),
            ("send_command", json!({"config": {"at": true}})),
            ("end", json!({})),
        ];
        let edges = [
            "message_receive>ai_reply",
            "ai_reply>message_dispatch",
            "message_dispatch>send_command",
            "send_command>end",
        ];
        let mut rig = Rig::new(&super::rig::flow(&nodes, &edges));
        let mut context = serde_json::to_value(&rig.run.context).unwrap();
        context.as_object_mut().unwrap().extend(chat.as_object().unwrap().clone());
        rig.run.context = serde_json::from_value(context).unwrap();
        let effects = rig.start();
        match expected {
            Some((target, is_group)) => {
                let command = sent(&effects);
                assert_eq!((command.target.as_str(), command.is_group), (target, is_group), "{config}");
                assert_eq!(command.at_user.is_some(), is_group);
                assert_eq!(rig.run.status, RunStatus::Completed);
            }
            None => {
                assert_eq!((effects, rig.code()), (vec![Effect::Finished], Some("no_target")));
            }
        }
    }
}
