//! What is told of a run and of its nodes.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::node_type::NodeType;
use crate::fields::Ts;

crate::text_enum! {
    /// Where a run stands.
    pub enum RunStatus {
        /// Something is being asked or decided.
        Running = "running",
        /// Nothing is held; a command's result or a time wakes it.
        Waiting = "waiting",
        /// It came to its end.
        Completed = "completed",
        /// It stopped before its end.
        Failed = "failed",
    }
}

impl RunStatus {
    /// Nothing moves it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

crate::text_enum! {
    /// Where a node of a run stands.
    pub enum NodeStatus {
        /// It asked and has no answer yet.
        Running = "running",
        /// It waits for the result of a command.
        Waiting = "waiting",
        /// Done.
        Completed = "completed",
        /// Failed for good; its `onError`, when it has one, went on.
        Failed = "failed",
    }
}

/// One visit of one node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeRecord {
    /// Node.
    pub node_id: String,
    /// Its type.
    pub node_type: NodeType,
    /// Its name.
    pub node_name: String,
    /// Which visit of the run this is, from 1, over all nodes.
    pub visit: u32,
    /// Where it stands.
    pub status: NodeStatus,
    /// What it worked on.
    #[schema(value_type = Object)]
    pub input: Value,
    /// What it made.
    #[schema(value_type = Object)]
    pub output: Value,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Ts,
    /// How long it took, milliseconds; waiting included.
    pub duration_ms: i64,
    /// Which try this is, from 1.
    pub attempt: u32,
    /// Why it failed, or why its last try did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error: Option<String>,
}
