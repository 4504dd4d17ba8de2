//! Rows of conversations for the suite.
use serde_json::json;
use workbot_schema::fields::{Document, Ts};
use workbot_schema::flow_executions::{FlowExecution, NewRun, RunCheckpoint, RunStatus};
use workbot_schema::ids::{FlowId, MessageId, RunId};
use workbot_schema::messages::SessionMessage;
use workbot_schema::sessions::Session;

use super::rows::at;

/// A run at its first wait, for one or more messages of one conversation.
pub fn run(messages: &[&SessionMessage], due_at: Option<Ts>) -> NewRun {
    let first = messages[0];
    let ids: Vec<MessageId> = messages.iter().map(|message| message.id.clone()).collect();
    let execution = FlowExecution {
        seq: 0,
        id: RunId::of(&first.id),
        flow_id: FlowId::from("full"),
        flow_version: 1,
        robot_uuid: first.robot_uuid,
        session_id: first.session_id.clone(),
        message_id: first.id.clone(),
        message_ids: Document::of(&ids).unwrap(),
        status: RunStatus::Running,
        step: 0,
        starts: 1,
        context: Document::from(json!({"originalMessage": first.spoken, "aiResponse": "您好\u{0}"})),
        state: Document::from(json!({"tokens": []})),
        nodes: Document::from(json!([])),
        error_code: None,
        error: None,
        tokens: 0,
        cost_micros: 0,
        duration_ms: None,
        retry_of: None,
        retry_from: None,
        started_at: first.created_at,
        due_at,
        finished_at: None,
    };
    NewRun { execution, messages: ids, new_nodes: Vec::new(), session: Some(Session::of(first)), spent: None }
}

/// A checkpoint of a run that knows `step`.
pub fn checkpoint(run: &NewRun, step: i32, status: RunStatus) -> RunCheckpoint {
    RunCheckpoint {
        id: run.execution.id.clone(),
        robot_uuid: run.execution.robot_uuid,
        session_id: run.execution.session_id.clone(),
        flow_id: run.execution.flow_id.clone(),
        messages: run.messages.clone(),
        step_before: step,
        status,
        context: Document::from(json!({"step": step})),
        state: Document::from(json!({})),
        nodes: Document::from(json!([{"nodeId": "intent"}])),
        new_nodes: Vec::new(),
        due_at: (!status.is_final()).then_some(at(500)),
        error_code: None,
        error: None,
        duration_ms: status.is_final().then_some(1_234),
        spent: None,
    }
}
