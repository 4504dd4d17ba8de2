//! Runs of flows: one row each, moved by compare-and-set on its step.
pub mod operations;
pub mod queries;

use diesel::prelude::{Insertable, Queryable, Selectable};

pub use crate::wire::flow::{NodeRecord, NodeStatus, RunStatus};

use crate::fields::{Document, Ts};
use crate::ids::{FlowId, MessageId, RobotUuid, RunId, SessionId};
use crate::sessions::Session;
use crate::tables::flow_executions;

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = flow_executions, treat_none_as_default_value = false)]
pub struct FlowExecution {
    /// Place in the order of the server.
    pub seq: i64,
    /// The run.
    pub id: RunId,
    /// Which flow.
    pub flow_id: FlowId,
    /// In which version; kept to the end.
    pub flow_version: i64,
    /// Whose chat.
    pub robot_uuid: RobotUuid,
    /// Which conversation.
    pub session_id: SessionId,
    /// The first message it answers.
    pub message_id: MessageId,
    /// All of them, JSON list.
    pub message_ids: Document,
    /// Where it is.
    pub status: RunStatus,
    /// Raised by every write; a writer that knows an older one has lost.
    pub step: i32,
    /// How often somebody began to work on it.
    pub starts: i32,
    /// Its context, JSON.
    pub context: Document,
    /// What the engine must know to go on, JSON.
    pub state: Document,
    /// Its [`NodeRecord`]s, JSON list.
    pub nodes: Document,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same in words.
    pub error: Option<String>,
    /// Tokens it used, in and out.
    pub tokens: i64,
    /// What they cost, ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// From its start to its end, milliseconds.
    pub duration_ms: Option<i64>,
    /// The run it repeats.
    pub retry_of: Option<RunId>,
    /// From which node.
    pub retry_from: Option<String>,
    /// When it began.
    pub started_at: Ts,
    /// When somebody must look at it.
    pub due_at: Option<Ts>,
    /// When it ended.
    pub finished_at: Option<Ts>,
}

impl FlowExecution {
    /// The messages it answers; the first one when the list cannot be read.
    pub fn message_list(&self) -> Vec<MessageId> {
        self.message_ids.read().unwrap_or_else(|_unreadable| vec![self.message_id.clone()])
    }
}

/// A run that begins. What it answers is claimed with it, unless it repeats another run.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRun {
    /// The row as it is at its first wait (or at its end); `seq` is filled in.
    pub execution: FlowExecution,
    /// The messages it answers, the first one first.
    pub messages: Vec<MessageId>,
    /// The nodes it went through so far, for those who watch.
    pub new_nodes: Vec<NodeRecord>,
    /// The conversation, when its row is new or its last message long ago.
    pub session: Option<Session>,
    /// What models took so far.
    pub spent: Option<Spend>,
}

/// What was spent on models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spend {
    /// Of which day, see [`crate::token_usage::day_of`].
    pub day: String,
    /// Tokens in and out.
    pub tokens: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
}

/// Where a run has come to.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCheckpoint {
    /// The run.
    pub id: RunId,
    /// Whose chat.
    pub robot_uuid: RobotUuid,
    /// Which conversation.
    pub session_id: SessionId,
    /// Which flow.
    pub flow_id: FlowId,
    /// The messages it answers, the first one first.
    pub messages: Vec<MessageId>,
    /// The step the writer knows; the row has one more afterwards.
    pub step_before: i32,
    /// Where it is now.
    pub status: RunStatus,
    /// Its context, JSON.
    pub context: Document,
    /// What the engine must know to go on, JSON.
    pub state: Document,
    /// All its nodes, JSON list.
    pub nodes: Document,
    /// Those that are new, for those who watch.
    pub new_nodes: Vec<NodeRecord>,
    /// When somebody must look at it.
    pub due_at: Option<Ts>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// The same in words.
    pub error: Option<String>,
    /// From its start to its end, milliseconds; with its end only.
    pub duration_ms: Option<i64>,
    /// What models took since the last checkpoint.
    pub spent: Option<Spend>,
}

/// What those who watch hear of a checkpoint.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSaved {
    /// The run.
    pub id: RunId,
    /// Whose chat.
    pub robot_uuid: RobotUuid,
    /// Which conversation.
    pub session_id: SessionId,
    /// Which flow.
    pub flow_id: FlowId,
    /// The messages it answers, the first one first.
    pub messages: Vec<MessageId>,
    /// Where it is now.
    pub status: RunStatus,
    /// The nodes that are new.
    pub new_nodes: Vec<NodeRecord>,
    /// Why it failed.
    pub error_code: Option<String>,
    /// From its start to its end, milliseconds; with its end only.
    pub duration_ms: Option<i64>,
}
