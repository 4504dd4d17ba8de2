//! Pure: what each node type does. One file a type; each reads the context, and says what comes of it.
mod ai_reply;
mod alert_rule;
mod alert_save;
mod command_status;
mod decision;
mod end;
mod execute_notification;
mod intent;
mod message_dispatch;
mod message_receive;
mod report;
mod send_command;

use serde_json::Value;
use uuid::Uuid;
use workbot_schema::ids::{CommandId, RunId};
use workbot_schema::wire::flow::{NodeConfig, StandardContext};

pub use ai_reply::{rendered, replied};
pub use alert_rule::matched;
pub use command_status::{heard, is_told, unheard};
pub use intent::understood;

use super::effects::Effect;
use super::event::Visit;
use super::state::{Asking, Question, RunState};

/// What a visit sees and may change.
pub struct Visiting<'a> {
    /// The try.
    pub at: &'a Visit,
    /// What all nodes see.
    pub context: &'a mut StandardContext,
    /// What the engine remembers.
    pub state: &'a mut RunState,
    /// The command this branch sent last.
    pub sent: &'a mut Option<CommandId>,
    /// What is to be done.
    pub effects: &'a mut Vec<Effect>,
}

/// What comes of a visit.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Done, with this output.
    Done(Value),
    /// Nothing more can be said before this is answered.
    Ask(Question),
    /// Waits for the result of a command.
    Await {
        /// The command.
        send_id: CommandId,
        /// Seconds.
        wait_secs: i64,
    },
    /// It cannot be done.
    Failed(Failure),
}

/// Why a visit failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Stable name.
    pub code: String,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure with a name of ours.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// What a visit works on, for its record.
pub fn input(config: &NodeConfig, context: &StandardContext) -> Value {
    match config {
        NodeConfig::MessageReceive => message_receive::input(context),
        NodeConfig::Intent(config) => intent::input(config, context),
        NodeConfig::Decision => decision::input(context),
        NodeConfig::AiReply(config) => ai_reply::input(config, context),
        NodeConfig::MessageDispatch(config) => message_dispatch::input(config, context),
        NodeConfig::SendCommand(config) => send_command::input(config, context),
        NodeConfig::CommandStatus(config) => command_status::input(config, context),
        NodeConfig::End => end::input(),
        NodeConfig::AlertSave(config) => alert_save::input(config, context),
        NodeConfig::AlertRule(config) => alert_rule::input(config, context),
        NodeConfig::ExecuteNotification(config) => execute_notification::input(config, context),
    }
}

/// Visits a node.
pub fn enter(config: &NodeConfig, visiting: Visiting<'_>) -> Progress {
    match config {
        NodeConfig::MessageReceive => message_receive::enter(&visiting),
        NodeConfig::Intent(_) => Progress::Ask(Question::Intent),
        NodeConfig::Decision => decision::enter(),
        NodeConfig::AiReply(config) => ai_reply::enter(config, visiting),
        NodeConfig::MessageDispatch(config) => message_dispatch::enter(config, visiting),
        NodeConfig::SendCommand(config) => send_command::enter(config, visiting),
        NodeConfig::CommandStatus(config) => command_status::enter(config, visiting),
        NodeConfig::End => end::enter(),
        NodeConfig::AlertSave(config) => alert_save::enter(config, visiting),
        NodeConfig::AlertRule(_) => Progress::Ask(Question::Rules),
        NodeConfig::ExecuteNotification(config) => execute_notification::enter(config, visiting),
    }
}

/// The effect that asks; nothing for a question this node does not ask.
pub fn ask(
    config: &NodeConfig,
    asking: &Asking,
    context: &StandardContext,
    state: &RunState,
) -> Option<Effect> {
    match (asking.question, config) {
        (Question::Intent, NodeConfig::Intent(config)) => Some(intent::ask(config, asking, state)),
        (Question::Reply, NodeConfig::AiReply(config)) => Some(ai_reply::ask(config, asking, context, state)),
        (Question::Template, NodeConfig::AiReply(config)) => ai_reply::ask_template(config, asking, context),
        (Question::Rules, NodeConfig::AlertRule(config)) => Some(alert_rule::ask(config, asking)),
        _ => None,
    }
}

/// An id that is the same whenever the same run does the same: of run, attempt of the run, node, visit and index.
fn derived_id(run: &RunId, attempt: u32, at: &Visit, index: u32) -> String {
    let run = Uuid::new_v5(&Uuid::NAMESPACE_OID, run.as_str().as_bytes());
    let name = format!("{attempt}\u{1f}{}\u{1f}{}\u{1f}{index}", at.node_id, at.number);
    Uuid::new_v5(&run, name.as_bytes()).simple().to_string()
}
