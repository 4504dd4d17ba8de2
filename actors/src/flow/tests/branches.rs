//! Choices, parallel branches, joins, loops.
use serde_json::{Value, json};
use workbot_schema::commands::state::CommandState;
use workbot_schema::wire::flow::RunStatus;

use super::rig::{Rig, flow, sent, visit};
use crate::flow::{Effect, RunEvent, VISITS_MAX};

fn fixed(text: &str) -> Value {
    json!({"config": {"fixedReply": text}})
}

fn deciding(conditions: &[&str]) -> Rig {
    let mut nodes = vec![("message_receive".to_owned(), json!({})), ("decision".to_owned(), json!({}))];
    let mut edges = vec!["message_receive>decision".to_owned()];
    for (place, condition) in conditions.iter().enumerate() {
        nodes.push((format!("way{place}:ai_reply"), fixed("x")));
        edges.push(format!("decision>way{place}?{condition}"));
        edges.push(format!("way{place}>end"));
    }
    nodes.push(("end".to_owned(), json!({})));
    edges.push("decision>end!".to_owned());
    let nodes: Vec<(&str, Value)> = nodes.iter().map(|(name, more)| (name.as_str(), more.clone())).collect();
    Rig::new(&flow(&nodes, &edges.iter().map(String::as_str).collect::<Vec<_>>()))
}

#[test]
fn a_decision_takes_the_first_true_way_or_otherwise() {
    let table: [(&[&str], &str); 6] = [
        (&["false", "isGroup", "true"], "way1"),
        (&["true", "true"], "way0"),
        (&["false", "!isGroup"], "end"),
        (&["userName == '张三' && roomType in [1, 3]"], "way0"),
        (&["intent == null && intent != 'risk'"], "way0"),
        (&["originalMessage.contains('退款') || originalMessage.matches('(?i)refund')"], "way0"),
    ];
    for (conditions, taken) in table {
        let mut rig = deciding(conditions);
        assert_eq!(rig.start(), [Effect::Finished]);
        assert_eq!(rig.record("decision").output["branch"], taken, "{conditions:?}");
        assert_eq!(rig.run.status, RunStatus::Completed);
        assert_eq!(rig.record("decision").output.get("expressionError"), None);
    }
}

#[test]
fn an_evaluation_that_fails_is_false_and_said() {
    let failing = [
        "intentConfidence > 0.5",
        "variables.missing == 1",
        "9223372036854775807 + 1 > 0",
        "1 / (roomType - 1) == 1",
        "userName",
        "variables.a.b == 1",
    ];
    for condition in failing {
        let mut rig = deciding(&[condition, "true"]);
        rig.start();
        let output = &rig.record("decision").output;
        assert_eq!(output["branch"], "way1", "{condition}");
        assert!(output["expressionError"].as_str().unwrap().starts_with(condition), "{output}");
    }
}

fn parallel(join: Value) -> Rig {
    let nodes = [
        ("message_receive", json!({})),
        ("a:ai_reply", json!({})),
        ("b:intent", json!({})),
        ("meet:ai_reply", json!({"join": join, "config": {"fixedReply": "见"}})),
        ("end", json!({})),
    ];
    Rig::new(&flow(&nodes, &["message_receive>a", "message_receive>b", "a>meet", "b>meet", "meet>end"]))
}

#[test]
fn branches_run_side_by_side_and_all_waits_for_all() {
    for join in [json!("all"), Value::Null] {
        let mut rig = parallel(join);
        let asked = rig.start();
        let [Effect::AskReply(reply), Effect::AskIntent(intent)] = &asked[..] else { panic!("{asked:?}") };
        assert_ne!(reply.at.number, intent.at.number);
        let (reply, intent) = (asked[..1].to_vec(), asked[1..].to_vec());
        assert_eq!(rig.intent(&intent, "x", 1.0), []);
        assert_eq!((rig.run.status, rig.path()), (RunStatus::Running, vec!["message_receive", "a", "b"]));
        assert_eq!(rig.reply(&reply, "好"), [Effect::Finished]);
        assert_eq!(rig.path(), ["message_receive", "a", "b", "meet", "end"]);
    }
}

#[test]
fn any_goes_on_with_the_first_and_the_late_one_ends_there() {
    let mut rig = parallel(json!("any"));
    let asked = rig.start();
    let (reply, intent) = (asked[..1].to_vec(), asked[1..].to_vec());
    assert_eq!(rig.intent(&intent, "x", 1.0), []);
    assert_eq!(rig.path(), ["message_receive", "a", "b", "meet", "end"]);
    assert_eq!(rig.run.status, RunStatus::Running, "the other branch still has its answer to come");
    assert_eq!(rig.reply(&reply, "好"), [Effect::Finished]);
    assert_eq!((rig.run.status, rig.path().len()), (RunStatus::Completed, 5));
}

#[test]
fn exclusive_branches_meet_without_a_word_on_joining() {
    let nodes = [
        ("message_receive", json!({})),
        ("decision", json!({})),
        ("a:ai_reply", fixed("a")),
        ("b:ai_reply", fixed("b")),
        ("meet:message_dispatch", json!({})),
        ("end", json!({})),
    ];
    let edges =
        ["message_receive>decision", "decision>a?isGroup", "decision>b!", "a>meet", "b>meet", "meet>end"];
    let mut rig = Rig::new(&flow(&nodes, &edges));
    assert_eq!(rig.start(), [Effect::Finished]);
    assert_eq!(rig.path(), ["message_receive", "decision", "a", "meet", "end"]);
}

#[test]
fn other_nodes_take_one_conditional_way_and_every_plain_one() {
    let nodes = [
        ("message_receive", json!({})),
        ("always:ai_reply", fixed("a")),
        ("yes:ai_reply", fixed("b")),
        ("no:ai_reply", fixed("c")),
        ("end", json!({})),
    ];
    let edges = [
        "message_receive>always",
        "message_receive>no?!isGroup",
        "message_receive>yes?isGroup",
        "always>end",
        "yes>end",
        "no>end",
    ];
    let mut rig = Rig::new(&flow(&nodes, &edges));
    assert_eq!(rig.start(), [Effect::Finished]);
    assert_eq!(rig.path(), ["message_receive", "always", "yes", "end"]);
}

#[test]
fn a_join_waits_for_a_branch_that_waits_for_a_command() {
    let nodes = [
        ("message_receive", json!({})),
        ("a:ai_reply", fixed("a")),
        ("send_command", json!({})),
        ("command_status", json!({})),
        ("b:intent", json!({})),
        ("end", json!({})),
    ];
    let edges = [
        "message_receive>a",
        "a>send_command",
        "send_command>command_status",
        "command_status>end",
        "message_receive>b",
        "b>end",
    ];
    let mut rig = Rig::new(&flow(&nodes, &edges));
    let effects = rig.start();
    assert_eq!(rig.run.status, RunStatus::Running);
    let asked: Vec<Effect> =
        effects.iter().filter(|effect| matches!(effect, Effect::AskIntent(_))).cloned().collect();
    assert_eq!((rig.intent(&asked, "x", 1.0), rig.run.status), (vec![], RunStatus::Waiting));
    assert_eq!(rig.command(&sent(&effects), CommandState::Succeeded), [Effect::Finished]);
    assert_eq!(rig.run.status, RunStatus::Completed);
}

#[test]
fn an_end_of_one_branch_leaves_the_others_alone() {
    let nodes = [
        ("message_receive", json!({})),
        ("a:intent", json!({})),
        ("first:end", json!({})),
        ("second:end", json!({})),
    ];
    let mut rig = Rig::new(&flow(&nodes, &["message_receive>a", "message_receive>second", "a>first"]));
    let asked = rig.start();
    assert_eq!(rig.run.status, RunStatus::Running);
    assert_eq!(rig.intent(&asked, "x", 1.0), [Effect::Finished]);
    assert_eq!(rig.path(), ["message_receive", "a", "second", "first"]);
}

fn looping(again: &str) -> Rig {
    let nodes = [
        ("message_receive", json!({})),
        ("ai_reply", json!({"join": "any"})),
        ("decision", json!({})),
        ("end", json!({})),
    ];
    let again = format!("decision>ai_reply?{again}");
    Rig::new(&flow(&nodes, &["message_receive>ai_reply", "ai_reply>decision", &again, "decision>end!"]))
}

#[test]
fn a_loop_ends_when_its_decision_says_so() {
    let mut rig = looping("aiResponse != '好'");
    let mut asked = rig.start();
    for round in 1..=3 {
        assert_eq!(visit(&asked).number, round * 2);
        asked = rig.reply(&asked, "不好");
    }
    assert_eq!(rig.reply(&asked, "好"), [Effect::Finished]);
    assert_eq!((rig.run.status, rig.run.nodes.len()), (RunStatus::Completed, 10));
}

#[test]
fn a_run_visits_at_most_a_hundred_nodes() {
    let mut rig = looping("true");
    let mut asked = rig.start();
    while rig.run.status == RunStatus::Running {
        asked = rig.reply(&asked, "好");
    }
    assert_eq!(asked, [Effect::Finished]);
    assert_eq!((rig.run.status, rig.code()), (RunStatus::Failed, Some("loop_limit")));
    assert_eq!(u32::try_from(rig.path().len()).unwrap(), VISITS_MAX);
    assert_eq!(rig.step(RunEvent::Due), []);
}

#[test]
fn branches_that_multiply_are_stopped() {
    let mut nodes =
        vec![("message_receive".to_owned(), json!({})), ("end".to_owned(), json!({"join": "any"}))];
    let mut edges = Vec::new();
    for place in 0..150 {
        nodes.push((format!("n{place}:decision"), json!({})));
        edges.push(format!("message_receive>n{place}"));
        edges.push(format!("n{place}>end!"));
    }
    let nodes: Vec<(&str, Value)> = nodes.iter().map(|(name, more)| (name.as_str(), more.clone())).collect();
    let mut rig = Rig::new(&flow(&nodes, &edges.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!(rig.start(), [Effect::Finished]);
    assert_eq!(rig.code(), Some("loop_limit"));
}
