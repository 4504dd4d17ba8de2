//! Pure: what a run wants done. Nothing here happened yet; the session applies it.
use serde_json::Value;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertId, AlertRuleId, ChannelId, CommandId, ModelId, PersonaId};

use super::event::Visit;

/// One thing a run wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Find out what the message wants; answered by [`super::RunEvent::Intent`].
    AskIntent(IntentAsk),
    /// Write a reply; answered by [`super::RunEvent::Reply`].
    AskReply(ReplyAsk),
    /// Render a template; answered by [`super::RunEvent::Template`].
    RenderTemplate(TemplateAsk),
    /// See which alert rules match the context; answered by [`super::RunEvent::Rules`].
    EvaluateRules(RulesAsk),
    /// Make a command, in the write that saves the run.
    Submit(Submission),
    /// Store an alert, in the write that saves the run.
    SaveAlert(AlertDraft),
    /// Tell channels of an alert, in the write that saves the run.
    Notify(Notice),
    /// The run is over; always the last effect of a run.
    Finished,
}

/// See [`Effect::AskIntent`].
#[derive(Debug, Clone, PartialEq)]
pub struct IntentAsk {
    /// Who asks.
    pub at: Visit,
    /// Model the node names; it is asked first.
    pub model_id: Option<ModelId>,
    /// Models that must not be asked.
    pub excluded: Vec<ModelId>,
    /// Only the rules may answer.
    pub is_rules_only: bool,
    /// An answer that comes later is stale.
    pub deadline: Ts,
}

/// See [`Effect::AskReply`].
#[derive(Debug, Clone, PartialEq)]
pub struct ReplyAsk {
    /// Who asks.
    pub at: Visit,
    /// Model the node names; it is asked first.
    pub model_id: Option<ModelId>,
    /// Persona the node names; the robot's own otherwise.
    pub persona_id: Option<PersonaId>,
    /// Models that must not be asked.
    pub excluded: Vec<ModelId>,
    /// Only the rules may answer.
    pub is_rules_only: bool,
    /// The message raised an alert.
    pub is_alert: bool,
    /// An answer that comes later is stale.
    pub deadline: Ts,
}

/// See [`Effect::RenderTemplate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateAsk {
    /// Who asks.
    pub at: Visit,
    /// What to render.
    pub source: TemplateSource,
    /// Persona the node names.
    pub persona_id: Option<PersonaId>,
}

/// What is rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateSource {
    /// One of the templates of a category.
    Category(String),
    /// This text.
    Text(String),
}

/// See [`Effect::EvaluateRules`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulesAsk {
    /// Who asks.
    pub at: Visit,
    /// Rules that count; empty = all.
    pub rule_ids: Vec<AlertRuleId>,
}

/// See [`Effect::Submit`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Who sends.
    pub at: Visit,
    /// Derived from run, attempt of the run, node, visit and index: the same command keeps it.
    pub command_id: CommandId,
    /// Which command of the visit, from 0.
    pub index: u32,
    /// Name of the chat.
    pub target: String,
    /// The chat is a group.
    pub is_group: bool,
    /// The words; never blank.
    pub text: String,
    /// Quotes the message that is answered.
    pub quote: bool,
    /// Who is mentioned.
    pub at_user: Option<String>,
}

/// See [`Effect::SaveAlert`].
#[derive(Debug, Clone, PartialEq)]
pub struct AlertDraft {
    /// Who raises it.
    pub at: Visit,
    /// Derived from run and visit.
    pub alert_id: AlertId,
    /// critical, warning or info.
    pub level: String,
    /// Stable name of the cause.
    pub code: String,
    /// What it tells.
    pub data: Value,
}

/// See [`Effect::Notify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Who tells.
    pub at: Visit,
    /// The alert.
    pub alert_id: AlertId,
    /// Channels that are told; never empty.
    pub channel_ids: Vec<ChannelId>,
    /// Rules because of which.
    pub rule_ids: Vec<AlertRuleId>,
}
