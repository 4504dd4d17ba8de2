//! A flow as it is drawn, stored, imported and exported. Reading is lenient: a draft may be wrong, validation says where.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A flow: nodes and the edges between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
#[schema(example = json!({
    "id": "flow_1", "name": "标准流程", "version": 1,
    "nodes": [
        {"id": "message_receive", "type": "message_receive", "name": "消息接收与数据库保存", "config": {}},
        {"id": "ai_reply", "type": "ai_reply", "name": "AI客服回复", "config": {}, "timeoutMs": 20000, "retries": 1},
        {"id": "send_command", "type": "send_command", "name": "发送指令", "config": {"at": true}},
        {"id": "end", "type": "end", "name": "结束节点", "config": {}}
    ],
    "edges": [
        {"from": "message_receive", "to": "ai_reply"},
        {"from": "ai_reply", "to": "send_command"},
        {"from": "send_command", "to": "end"}
    ]
}))]
pub struct FlowDefinition {
    /// Id of the flow.
    pub id: String,
    /// Name people read.
    pub name: String,
    /// From 1; a run keeps the version it started with.
    pub version: i64,
    /// At most 500.
    pub nodes: Vec<FlowNode>,
    /// In the order in which conditions are tried.
    pub edges: Vec<FlowEdge>,
}

/// One step of a flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowNode {
    /// Unique within the flow.
    pub id: String,
    /// One of the eleven node types.
    #[serde(rename = "type")]
    pub node_type: String,
    /// Name people read; the type's own name when empty.
    pub name: String,
    /// Settings of the type; unknown keys are refused at publish.
    #[serde(default = "empty_object")]
    #[schema(value_type = Object)]
    pub config: Value,
    /// Which of several incoming branches it waits for; `all` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub join: Option<JoinRule>,
    /// How long it may wait for an answer, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i64>,
    /// How often it is tried again after a failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<i64>,
    /// Id of the node that goes on when this one failed for good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_error: Option<String>,
    /// Keys that mean nothing; kept so that they can be refused by name.
    #[serde(flatten)]
    #[schema(ignore)]
    pub unknown: Map<String, Value>,
}

fn empty_object() -> Value {
    Value::Object(Map::new())
}

/// A way from one node to another.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowEdge {
    /// Id of the node it leaves.
    pub from: String,
    /// Id of the node it enters.
    pub to: String,
    /// CEL over the fields of the context; the first true one of a node is taken. An edge without one is always taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// Taken when no condition of the node is true.
    #[serde(skip_serializing_if = "is_false")]
    pub otherwise: bool,
    /// Keys that mean nothing; kept so that they can be refused by name.
    #[serde(flatten)]
    #[schema(ignore)]
    pub unknown: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Which of several incoming branches a node waits for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum JoinRule {
    /// Every branch that can still come.
    #[default]
    All,
    /// The first; later ones end there.
    Any,
}
