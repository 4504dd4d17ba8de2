//! A run without a session: the test answers its asks.
use chrono::{DateTime, TimeDelta};
use serde_json::{Map, Value, json};
use workbot_schema::commands::state::CommandState;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{ChannelId, MessageId, ModelId, RobotId, RunId, SessionId};
use workbot_schema::wire::flow::{FlowDefinition, NodeRecord, StandardContext};

use crate::flow::{
    AskFailure, AskReport, CommandNews, CompiledFlow, Effect, IntentOutcome, ReplyOutcome, RuleMatch, Run,
    RunEvent, RunSeed, Submission, Visit,
};

pub fn at(secs: i64) -> Ts {
    Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap()).plus(TimeDelta::seconds(secs))
}

pub fn context() -> StandardContext {
    StandardContext {
        robot_id: RobotId::from("robot_1"),
        robot_name: "小助手".to_owned(),
        robot_uuid: "uuid".to_owned(),
        session_id: SessionId::from("ses_1"),
        message_id: MessageId::from("msg_1"),
        instance_id: String::new(),
        user_id: "u1".to_owned(),
        user_name: "张三".to_owned(),
        group_id: None,
        group_name: Some("客服群".to_owned()),
        group_remark: None,
        room_type: 1,
        is_group: true,
        original_message: "如何退款？".to_owned(),
        raw_message: "@小助手 如何退款？".to_owned(),
        text_type: 1,
        file_base64: None,
        file_url: None,
        at_me: true,
        intent: None,
        intent_confidence: None,
        ai_response: None,
        persona_id: Some("persona_002".to_owned()),
        persona_type: Some("service".to_owned()),
        target_name: None,
        send_id: None,
        command_status: None,
        alert_id: None,
        alert_level: None,
        alert_code: None,
        alert_data: None,
        execution_path: Vec::new(),
        start_time: at(0).millis(),
        current_node_id: String::new(),
        variables: Map::new(),
    }
}

pub fn seed() -> RunSeed {
    RunSeed { run_id: RunId::from("run_1"), attempt: 1, context: context() }
}

pub fn compile(definition: &Value) -> CompiledFlow {
    let definition: FlowDefinition = serde_json::from_value(definition.clone()).unwrap();
    CompiledFlow::compile(definition).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// Nodes as `id` or `id:type` with settings, edges as `from>to`; `from>to?condition`, `from>to!` is otherwise.
pub fn flow(nodes: &[(&str, Value)], edges: &[&str]) -> Value {
    let nodes: Vec<Value> = nodes
        .iter()
        .map(|(name, more)| {
            let (id, node_type) = name.split_once(':').unwrap_or((name, name));
            let mut node = json!({"id": id, "type": node_type, "name": "", "config": {}});
            for (key, value) in more.as_object().into_iter().flatten() {
                node[key] = value.clone();
            }
            node
        })
        .collect();
    let edges: Vec<Value> = edges
        .iter()
        .map(|edge| {
            let (from, rest) = edge.split_once('>').unwrap();
            match (rest.split_once('?'), rest.strip_suffix('!')) {
                (Some((to, condition)), _) => json!({"from": from, "to": to, "condition": condition}),
                (None, Some(to)) => json!({"from": from, "to": to, "otherwise": true}),
                (None, None) => json!({"from": from, "to": rest}),
            }
        })
        .collect();
    json!({"id": "f", "name": "f", "version": 1, "nodes": nodes, "edges": edges})
}

pub struct Rig {
    pub flow: CompiledFlow,
    pub run: Run,
    pub now: Ts,
}

impl Rig {
    pub fn new(definition: &Value) -> Self {
        Self { flow: compile(definition), run: Run::new(seed()), now: at(0) }
    }

    pub fn preset(text: &str) -> Self {
        Self::new(&serde_json::from_str(text).unwrap())
    }

    pub fn step(&mut self, event: RunEvent) -> Vec<Effect> {
        self.run.step(&self.flow, event, self.now)
    }

    pub fn start(&mut self) -> Vec<Effect> {
        self.step(RunEvent::Start)
    }

    pub fn wait(&mut self, secs: i64) {
        self.now = self.now.plus(TimeDelta::seconds(secs));
    }

    pub fn intent(&mut self, asked: &[Effect], intent: &str, confidence: f64) -> Vec<Effect> {
        let outcome = IntentOutcome { intent: intent.to_owned(), confidence, report: report("m1") };
        self.step(RunEvent::Intent { at: visit(asked), outcome: Ok(outcome) })
    }

    pub fn reply(&mut self, asked: &[Effect], text: &str) -> Vec<Effect> {
        self.reply_by(asked, text, "m1")
    }

    pub fn reply_by(&mut self, asked: &[Effect], text: &str, model: &str) -> Vec<Effect> {
        let outcome = ReplyOutcome { text: text.to_owned(), report: report(model), ..Default::default() };
        self.step(RunEvent::Reply { at: visit(asked), outcome: Ok(outcome) })
    }

    pub fn no_reply(&mut self, asked: &[Effect], failed: &[&str]) -> Vec<Effect> {
        self.step(RunEvent::Reply { at: visit(asked), outcome: Err(failure(failed)) })
    }

    pub fn no_intent(&mut self, asked: &[Effect], failed: &[&str]) -> Vec<Effect> {
        self.step(RunEvent::Intent { at: visit(asked), outcome: Err(failure(failed)) })
    }

    pub fn rules(&mut self, asked: &[Effect], matched: Vec<RuleMatch>) -> Vec<Effect> {
        self.step(RunEvent::Rules { at: visit(asked), matched })
    }

    pub fn command(&mut self, sent: &Submission, state: CommandState) -> Vec<Effect> {
        self.step(RunEvent::Command(CommandNews {
            send_id: sent.command_id.clone(),
            state,
            error_code: None,
            error_reason: None,
        }))
    }

    pub fn path(&self) -> Vec<&str> {
        self.run.context.execution_path.iter().map(String::as_str).collect()
    }

    pub fn record(&self, node_id: &str) -> &NodeRecord {
        self.run.nodes.iter().rev().find(|record| record.node_id == node_id).expect("a visit of the node")
    }

    pub fn code(&self) -> Option<&str> {
        self.run.error.as_ref().map(|error| error.code.as_str())
    }
}

pub fn report(model: &str) -> AskReport {
    AskReport {
        model_id: Some(ModelId::from(model)),
        model_name: "doubao-pro-32k".to_owned(),
        provider: "doubao".to_owned(),
        tokens_in: 100,
        tokens_out: 20,
        cost_micros: 7,
        ..Default::default()
    }
}

pub fn failure(failed: &[&str]) -> AskFailure {
    AskFailure {
        code: "model_failed".to_owned(),
        message: "模型不可用".to_owned(),
        failed: failed.iter().map(|id| ModelId::from(*id)).collect(),
    }
}

pub fn rule(id: &str, channels: &[&str]) -> RuleMatch {
    RuleMatch {
        rule_id: id.into(),
        name: id.to_owned(),
        level: "critical".to_owned(),
        channel_ids: channels.iter().map(|id| ChannelId::from(*id)).collect(),
    }
}

/// The visit of the only ask among these effects.
pub fn visit(effects: &[Effect]) -> Visit {
    let mut visits = effects.iter().filter_map(|effect| match effect {
        Effect::AskIntent(ask) => Some(&ask.at),
        Effect::AskReply(ask) => Some(&ask.at),
        Effect::RenderTemplate(ask) => Some(&ask.at),
        Effect::EvaluateRules(ask) => Some(&ask.at),
        _ => None,
    });
    let visit = visits.next().unwrap_or_else(|| panic!("no ask in {effects:?}"));
    assert!(visits.next().is_none(), "several asks in {effects:?}");
    visit.clone()
}

pub fn sent(effects: &[Effect]) -> Submission {
    let mut sent = effects.iter().filter_map(|effect| match effect {
        Effect::Submit(sent) => Some(sent),
        _ => None,
    });
    let first = sent.next().unwrap_or_else(|| panic!("no command in {effects:?}"));
    assert!(sent.next().is_none(), "several commands in {effects:?}");
    first.clone()
}
