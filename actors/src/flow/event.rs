//! Pure: what happens to a run from outside.
use serde::{Deserialize, Serialize};
use workbot_schema::commands::state::CommandState;
use workbot_schema::ids::{AlertRuleId, ChannelId, CommandId, ModelId};

/// One try of one visit of a node: what an ask says and its answer repeats. An answer to another try is stale and ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Visit {
    /// Node.
    pub node_id: String,
    /// Which visit of the run, from 1, over all nodes.
    pub number: u32,
    /// Which try of the visit, from 1.
    pub attempt: u32,
}

/// What happens to a run.
#[derive(Debug, Clone, PartialEq)]
pub enum RunEvent {
    /// It begins; a second one does nothing.
    Start,
    /// It was loaded again: whatever it asked and has no answer to is asked once more, with the same visit.
    Resume,
    /// Answer to [`super::Effect::AskIntent`].
    Intent {
        /// The ask.
        at: Visit,
        /// The answer.
        outcome: Result<IntentOutcome, AskFailure>,
    },
    /// Answer to [`super::Effect::AskReply`].
    Reply {
        /// The ask.
        at: Visit,
        /// The answer.
        outcome: Result<ReplyOutcome, AskFailure>,
    },
    /// Answer to [`super::Effect::RenderTemplate`].
    Template {
        /// The ask.
        at: Visit,
        /// The text; none when no template of the category renders.
        text: Option<String>,
    },
    /// Answer to [`super::Effect::EvaluateRules`].
    Rules {
        /// The ask.
        at: Visit,
        /// Every rule that matched.
        matched: Vec<RuleMatch>,
    },
    /// A command of the run moved.
    Command(CommandNews),
    /// Time passed: whatever is due gives up waiting.
    Due,
    /// Somebody ends the run: a person took over, or it cannot be gone on with.
    Stop {
        /// Stable name of the reason.
        code: String,
        /// The reason for people.
        message: String,
    },
}

/// Where a command stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandNews {
    /// The command.
    pub send_id: CommandId,
    /// Its state.
    pub state: CommandState,
    /// Code of a failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_code: Option<i32>,
    /// Its words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_reason: Option<String>,
}

/// Why an answer is not what a model should have said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Degraded {
    /// A configured model failed or its breaker is open; the rules answered.
    ModelFailed,
    /// The robot's budget of the day is spent; the rules answered.
    BudgetSpent,
}

/// Who answered and what it cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskReport {
    /// The model that answered; none = the rules.
    pub model_id: Option<ModelId>,
    /// The provider's name of it; `rules` for the rules.
    pub model_name: String,
    /// Provider.
    pub provider: String,
    /// Models that were asked and failed.
    pub failed: Vec<ModelId>,
    /// Tokens read.
    pub tokens_in: i64,
    /// Tokens written.
    pub tokens_out: i64,
    /// Cost in millionths of a yuan.
    pub cost_micros: i64,
    /// How long the answer took, milliseconds.
    pub duration_ms: i64,
    /// Why the rules answered although a model should have.
    pub degraded: Option<Degraded>,
}

/// What a message wants.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IntentOutcome {
    /// Name of the intent.
    pub intent: String,
    /// 0..1.
    pub confidence: f64,
    /// Who said so.
    pub report: AskReport,
}

/// A reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplyOutcome {
    /// The words; blank counts as a failure.
    pub text: String,
    /// Persona that spoke, when it is another than the context's.
    pub persona_id: Option<String>,
    /// Its type.
    pub persona_type: Option<String>,
    /// Who wrote it.
    pub report: AskReport,
}

/// Nobody answered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AskFailure {
    /// Stable name of the reason.
    pub code: String,
    /// The reason for people.
    pub message: String,
    /// Models that were asked; none of them is asked again by this run.
    pub failed: Vec<ModelId>,
}

/// An alert rule that matched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleMatch {
    /// Rule.
    pub rule_id: AlertRuleId,
    /// Its name.
    pub name: String,
    /// critical, warning or info.
    pub level: String,
    /// Whom it tells.
    pub channel_ids: Vec<ChannelId>,
}
