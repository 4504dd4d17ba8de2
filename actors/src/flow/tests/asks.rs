//! Questions to models: retries, exclusions, time-outs, stale answers.
use serde_json::json;
use workbot_schema::wire::flow::{NodeStatus, RunStatus};

use super::rig::{Rig, flow, report, sent, visit};
use crate::flow::{
    AskReport, Degraded, Effect, IntentAsk, IntentOutcome, ReplyAsk, ReplyOutcome, RunEvent, TemplateSource,
};

fn both(intent: serde_json::Value, reply: serde_json::Value) -> Rig {
    let nodes = [
        ("message_receive", json!({})),
        ("intent", intent),
        ("ai_reply", reply),
        ("send_command", json!({})),
        ("sorry:ai_reply", json!({"config": {"fixedReply": "稍后答复"}})),
        ("end", json!({"join": "any"})),
    ];
    Rig::new(&flow(
        &nodes,
        &[
            "message_receive>intent",
            "intent>ai_reply",
            "ai_reply>send_command",
            "send_command>end",
            "intent>sorry?false",
            "sorry>end",
        ],
    ))
}

fn intent_ask(effects: &[Effect]) -> IntentAsk {
    match effects {
        [Effect::AskIntent(ask)] => ask.clone(),
        other => panic!("{other:?}"),
    }
}

fn reply_ask(effects: &[Effect]) -> ReplyAsk {
    match effects {
        [Effect::AskReply(ask)] => ask.clone(),
        other => panic!("{other:?}"),
    }
}

fn names(models: &[workbot_schema::ids::ModelId]) -> Vec<&str> {
    models.iter().map(|model| model.as_str()).collect()
}

#[test]
fn no_model_is_asked_twice_and_one_that_failed_the_intent_is_not_asked_for_the_reply() {
    let mut rig = both(json!({"retries": 2, "config": {"modelId": "a"}}), json!({"retries": 3}));
    let asked = rig.start();
    assert_eq!(intent_ask(&asked).model_id.unwrap().as_str(), "a");
    let asked = rig.no_intent(&asked, &["a"]);
    assert_eq!(names(&intent_ask(&asked).excluded), ["a"]);
    let asked = rig.no_intent(&asked, &["b", "a"]);
    assert_eq!(names(&intent_ask(&asked).excluded), ["a", "b"]);
    assert_eq!(rig.record("intent").attempt, 3);
    let asked = rig.intent(&asked, "service", 0.9);
    let ask = reply_ask(&asked);
    assert_eq!((names(&ask.excluded), ask.is_alert, ask.at.attempt), (vec!["a", "b"], false, 1));
    let asked = rig.no_reply(&asked, &["c"]);
    assert_eq!(names(&reply_ask(&asked).excluded), ["a", "b", "c"]);
    let asked = rig.reply_by(&asked, " \n ", "d");
    assert_eq!(
        names(&reply_ask(&asked).excluded),
        ["a", "b", "c", "d"],
        "an empty reply is a failure of its model"
    );
    let effects = rig.reply_by(&asked, "好", "e");
    assert_eq!(sent(&effects).text, "好");
    assert_eq!(rig.record("ai_reply").status, NodeStatus::Completed);
    assert_eq!(rig.record("ai_reply").attempt, 3);
}

#[test]
fn a_reply_that_fails_or_stays_empty_never_sends_a_command() {
    for text in [None, Some(""), Some(" \u{3000}\n")] {
        let mut rig = both(json!({}), json!({}));
        let asked = rig.start();
        let asked = rig.intent(&asked, "service", 1.0);
        let effects = match text {
            None => rig.no_reply(&asked, &["a"]),
            Some(text) => rig.reply(&asked, text),
        };
        assert_eq!(effects, [Effect::Finished]);
        let code = if text.is_some() { "empty_reply" } else { "model_failed" };
        assert_eq!((rig.run.status, rig.code()), (RunStatus::Failed, Some(code)));
        assert_eq!(rig.record("ai_reply").status, NodeStatus::Failed);
        assert_eq!(rig.run.error.as_ref().unwrap().node_id.as_deref(), Some("ai_reply"));
    }
}

#[test]
fn a_command_without_a_reply_before_it_is_refused() {
    let nodes = [("message_receive", json!({})), ("send_command", json!({})), ("end", json!({}))];
    let mut rig = Rig::new(&flow(&nodes, &["message_receive>send_command", "send_command>end"]));
    assert_eq!(rig.start(), [Effect::Finished]);
    assert_eq!(rig.code(), Some("empty_reply"));
}

#[test]
fn on_error_goes_on_elsewhere() {
    let mut rig = both(json!({}), json!({"onError": "sorry", "retries": 1}));
    let asked = rig.start();
    let asked = rig.intent(&asked, "service", 1.0);
    let asked = rig.no_reply(&asked, &["a"]);
    let effects = rig.no_reply(&asked, &["b"]);
    assert_eq!(effects, [Effect::Finished]);
    assert_eq!(rig.run.status, RunStatus::Completed);
    assert_eq!(rig.path(), ["message_receive", "intent", "ai_reply", "sorry", "end"]);
    let failed = rig.record("ai_reply");
    assert_eq!((failed.status, failed.attempt), (NodeStatus::Failed, 2));
    assert!(failed.error.as_deref().unwrap().contains("model_failed"));
    assert_eq!(rig.run.context.ai_response.as_deref(), Some("稍后答复"));
}

#[test]
fn time_out_asks_only_the_rules_again_and_the_late_answer_is_stale() {
    let mut rig = both(json!({}), json!({"timeoutMs": 5_000, "retries": 1}));
    let asked = rig.start();
    let first = rig.intent(&asked, "service", 1.0);
    assert_eq!(rig.run.due_at(), Some(super::rig::at(5)));
    rig.wait(4);
    assert_eq!(rig.step(RunEvent::Due), []);
    rig.wait(1);
    let second = rig.step(RunEvent::Due);
    assert!(reply_ask(&second).is_rules_only, "nobody knows which model hangs");
    assert_eq!(visit(&second).attempt, 2);
    assert_eq!(rig.reply(&first, "迟到"), []);
    assert_eq!(rig.reply(&asked, "不是回答"), []);
    assert_eq!(rig.run.context.ai_response, None);
    let effects = rig.reply(&second, "规则");
    assert_eq!(sent(&effects).text, "规则");
    assert_eq!(rig.reply(&second, "又来"), [], "an answer counts once");
}

#[test]
fn time_out_without_tries_left_fails() {
    let mut rig = both(json!({"timeoutMs": 1_000}), json!({}));
    rig.start();
    rig.wait(60);
    assert_eq!(rig.step(RunEvent::Due), [Effect::Finished]);
    assert_eq!(rig.code(), Some("node_timeout"));
    assert_eq!((rig.run.due_at(), rig.step(RunEvent::Due)), (None, vec![]));
}

#[test]
fn a_resumed_run_asks_again_with_the_same_visit_and_a_new_deadline() {
    let mut rig = both(json!({"retries": 1}), json!({}));
    let asked = rig.start();
    let asked = rig.no_intent(&asked, &["a"]);
    rig.wait(100);
    let again = rig.step(RunEvent::Resume);
    assert_eq!(visit(&again), visit(&asked));
    assert_eq!(
        (intent_ask(&again).deadline, names(&intent_ask(&again).excluded)),
        (super::rig::at(130), vec!["a"])
    );
    assert_eq!(rig.step(RunEvent::Start), [], "a second start does nothing");
    assert!(matches!(rig.intent(&again, "service", 1.0)[..], [Effect::AskReply(_)]));
}

#[test]
fn the_last_reply_says_why_the_rules_wrote_it() {
    let mut rig = both(json!({}), json!({"retries": 1}));
    let asked = rig.start();
    let by_rules = |degraded| AskReport { model_id: None, degraded, ..report("") };
    let intent = IntentOutcome {
        intent: "service".to_owned(),
        confidence: 1.0,
        report: by_rules(Some(Degraded::ModelFailed)),
    };
    let asked = rig.step(RunEvent::Intent { at: visit(&asked), outcome: Ok(intent) });
    assert_eq!(rig.run.state.degraded, None, "an intent is no reply");
    let reply = |text: &str| ReplyOutcome {
        text: text.to_owned(),
        report: by_rules(Some(Degraded::BudgetSpent)),
        ..Default::default()
    };
    let asked = rig.step(RunEvent::Reply { at: visit(&asked), outcome: Ok(reply("")) });
    assert!(reply_ask(&asked).is_rules_only, "the rules had the last word already");
    rig.step(RunEvent::Reply { at: visit(&asked), outcome: Ok(reply("好")) });
    assert_eq!(rig.run.state.degraded, Some(Degraded::BudgetSpent));
    assert_eq!(rig.record("ai_reply").output["degraded"], "budget_spent");
    assert_eq!(rig.record("ai_reply").output["source"], "rules");
}

#[test]
fn words_that_are_given_ask_nobody() {
    let mut rig = both(json!({}), json!({"config": {"fixedReply": " 好的 "}}));
    let asked = rig.start();
    assert_eq!(sent(&rig.intent(&asked, "x", 1.0)).text, "好的");
    assert_eq!(rig.record("ai_reply").output["source"], "fixed");
}

#[test]
fn templates_are_rendered_elsewhere_and_a_model_stands_in_for_a_missing_one() {
    let table = [
        (json!({"fixedReply": "您好{{userName}}"}), TemplateSource::Text("您好{{userName}}".to_owned())),
        (json!({"templateCategory": "售后"}), TemplateSource::Category("售后".to_owned())),
    ];
    for (config, source) in table {
        for text in [Some("您好张三"), Some(" "), None] {
            let mut rig = both(json!({}), json!({"config": config, "timeoutMs": 9_000}));
            let asked = rig.start();
            let asked = rig.intent(&asked, "x", 1.0);
            let [Effect::RenderTemplate(ask)] = &asked[..] else { panic!("{asked:?}") };
            assert_eq!(ask.source, source);
            let at = visit(&asked);
            let effects = rig.step(RunEvent::Template { at, text: text.map(str::to_owned) });
            match text {
                Some("您好张三") => assert_eq!(sent(&effects).text, "您好张三"),
                _ => assert!(!reply_ask(&effects).is_rules_only),
            }
        }
    }
}

#[test]
fn somebody_can_stop_a_run() {
    let mut rig = both(json!({}), json!({}));
    let asked = rig.start();
    let stop = RunEvent::Stop { code: "taken_over".to_owned(), message: "人工接管".to_owned() };
    assert_eq!(rig.step(stop.clone()), [Effect::Finished]);
    assert_eq!((rig.run.status, rig.code()), (RunStatus::Failed, Some("taken_over")));
    assert_eq!(rig.record("intent").status, NodeStatus::Failed);
    assert_eq!((rig.intent(&asked, "x", 1.0), rig.step(stop)), (vec![], vec![]));
}
