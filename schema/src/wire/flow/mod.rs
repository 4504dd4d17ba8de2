//! Flows as JSON: the definition people draw, the context that travels through a run, and what is told of a run.
pub mod config;
pub mod context;
pub mod definition;
pub mod execution;
pub mod node_type;
pub mod problem;

pub use config::{
    AiReplyConfig, AlertReply, AlertRuleConfig, AlertSaveConfig, CommandStatusConfig, ConfigFault,
    ExecuteNotificationConfig, IntentConfig, MessageDispatchConfig, NodeConfig, SendCommandConfig,
};
pub use context::StandardContext;
pub use definition::{FlowDefinition, FlowEdge, FlowNode, JoinRule};
pub use execution::{NodeRecord, NodeStatus, RunStatus};
pub use node_type::NodeType;
pub use problem::{EdgeName, Problem, ProblemCode};
