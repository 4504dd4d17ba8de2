//! A run as the API shows it.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::{FlowExecution, NodeRecord, RunStatus};
use workbot_schema::ids::{MessageId, RunId};

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionRow {
    /// Its id.
    pub id: String,
    /// Which flow.
    pub flow_id: String,
    /// In which version; 0 = the one that came with the program.
    pub flow_version: i64,
    /// Public id of the robot.
    pub robot_id: String,
    /// Which conversation.
    pub session_id: String,
    /// The messages it answers, the first one first.
    pub message_ids: Vec<String>,
    /// running, waiting, completed or failed.
    pub status: RunStatus,
    /// When it began.
    pub started_at: String,
    /// When it ended.
    pub finished_at: Option<String>,
    /// From its start to its end, milliseconds.
    pub duration_ms: Option<i64>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same in words.
    pub error: Option<String>,
    /// Tokens it used, in and out.
    pub tokens: i64,
    /// What they cost, ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// The run it repeats.
    pub retry_of: Option<String>,
    /// From where: start, failed or the id of a node.
    pub retry_from: Option<String>,
}

/// A run with all it did.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionView {
    /// What stands in the list.
    #[serde(flatten)]
    pub row: ExecutionRow,
    /// Its context; null when it cannot be read.
    #[schema(value_type = Object)]
    pub context: Value,
    /// Its visits of nodes, in order.
    pub nodes: Vec<NodeRecord>,
}

impl ExecutionRow {
    /// The view of a row.
    pub fn new(row: &FlowExecution, robot_id: String) -> Self {
        Self {
            id: row.id.to_string(),
            flow_id: row.flow_id.to_string(),
            flow_version: row.flow_version,
            robot_id,
            session_id: row.session_id.to_string(),
            message_ids: row.message_list().iter().map(MessageId::to_string).collect(),
            status: row.status,
            started_at: row.started_at.iso(),
            finished_at: row.finished_at.map(Ts::iso),
            duration_ms: row.duration_ms,
            error_code: row.error_code.clone(),
            error: row.error.clone(),
            tokens: row.tokens,
            cost_micros: row.cost_micros,
            retry_of: row.retry_of.as_ref().map(RunId::to_string),
            retry_from: row.retry_from.clone(),
        }
    }
}

impl ExecutionView {
    /// The view of a row.
    pub fn new(row: &FlowExecution, robot_id: String) -> Self {
        Self {
            context: row.context.read().unwrap_or_default(),
            nodes: row.nodes.read().unwrap_or_default(),
            row: ExecutionRow::new(row, robot_id),
        }
    }
}
