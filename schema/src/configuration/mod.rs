//! What people configure: models, personas, templates, flows, alert rules and channels. One form for all of them: a row with an owner
//! (none = shared), a version that every change raises, a soft delete, and protection of what was seeded.
mod apply;
mod edits;
pub mod unversioned;

pub use apply::{lite, pg};

use crate::ai_message_templates::{AiMessageTemplate, TemplateChanges};
use crate::ai_models::{AiModel, ModelChanges};
use crate::ai_personas::bindings::Binding;
use crate::ai_personas::{AiPersona, PersonaChanges};
use crate::alert_rules::{AlertRule, RuleChanges};
use crate::flow_configs::{FlowChanges, FlowConfig};
use crate::ids::{AlertRuleId, ChannelId, FlowId, ModelId, PersonaId, TemplateId, UserId};
use crate::notification_channels::{ChannelChanges, NotificationChannel};

crate::text_enum! {
    /// Kinds of things that are configured.
    pub enum ConfigurationKind {
        /// A model.
        Model = "model",
        /// A persona, or which models it asks.
        Persona = "persona",
        /// A message template.
        Template = "template",
        /// A flow.
        Flow = "flow",
        /// An alert rule.
        Rule = "rule",
        /// A notification channel.
        Channel = "channel",
    }
}

/// One change of one thing. `expected` = only at this version.
#[derive(Debug, Clone, PartialEq)]
pub enum Edit<Id, Row, Changes> {
    /// A new row; its version and times are filled in.
    Create(Box<Row>),
    /// Some fields change.
    Update {
        /// Which.
        id: Id,
        /// Only at this version.
        expected: Option<i64>,
        /// What.
        changes: Box<Changes>,
    },
    /// The content of an older version becomes the newest one. Whether it is switched on stays as it is.
    Rollback {
        /// Which.
        id: Id,
        /// Only at this version.
        expected: Option<i64>,
        /// Back to what.
        to: i64,
    },
    /// It goes; presets stay, and so does what something else uses.
    Delete {
        /// Which.
        id: Id,
        /// Only at this version.
        expected: Option<i64>,
    },
}

/// What is changed.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigurationEdit {
    /// A model.
    Model(Edit<ModelId, AiModel, ModelChanges>),
    /// A persona.
    Persona(Edit<PersonaId, AiPersona, PersonaChanges>),
    /// Which models a persona asks, all of them.
    Bindings {
        /// Whose.
        persona: PersonaId,
        /// In which order, the highest priority first.
        models: Vec<Binding>,
    },
    /// A template.
    Template(Edit<TemplateId, AiMessageTemplate, TemplateChanges>),
    /// A flow's head and draft. A rollback publishes an older version anew.
    Flow(Edit<FlowId, FlowConfig, FlowChanges>),
    /// A checked definition becomes the flow's next version, which new runs take.
    Publish {
        /// Which flow.
        id: FlowId,
        /// Only at this version of its head.
        expected: Option<i64>,
        /// The definition.
        content: serde_json::Value,
    },
    /// An alert rule.
    Rule(Edit<AlertRuleId, AlertRule, RuleChanges>),
    /// A notification channel.
    Channel(Edit<ChannelId, NotificationChannel, ChannelChanges>),
}

/// A change and who makes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Configuration {
    /// What.
    pub edit: ConfigurationEdit,
    /// User id, or `system`.
    pub author: String,
    /// Why, for the list of versions.
    pub note: Option<String>,
}

/// Who makes a change, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'a> {
    /// User id, or `system`.
    pub author: &'a str,
    /// Why.
    pub note: Option<&'a str>,
}

impl Author<'static> {
    /// The server itself.
    pub const SYSTEM: Self = Self { author: "system", note: None };
}

/// The row after a change.
#[derive(Debug, Clone, PartialEq)]
pub enum Configured {
    /// A model.
    Model(Box<AiModel>),
    /// A persona, also after a change of its bindings.
    Persona(Box<AiPersona>),
    /// A template.
    Template(Box<AiMessageTemplate>),
    /// A flow.
    Flow(Box<FlowConfig>),
    /// A rule.
    Rule(Box<AlertRule>),
    /// A channel.
    Channel(Box<NotificationChannel>),
}

impl Configured {
    /// What it is, and its id.
    pub fn key(&self) -> (ConfigurationKind, &str) {
        match self {
            Self::Model(row) => (ConfigurationKind::Model, row.id.as_str()),
            Self::Persona(row) => (ConfigurationKind::Persona, row.id.as_str()),
            Self::Template(row) => (ConfigurationKind::Template, row.id.as_str()),
            Self::Flow(row) => (ConfigurationKind::Flow, row.id.as_str()),
            Self::Rule(row) => (ConfigurationKind::Rule, row.id.as_str()),
            Self::Channel(row) => (ConfigurationKind::Channel, row.id.as_str()),
        }
    }
}

/// What a change did.
#[derive(Debug, Clone, PartialEq)]
pub enum Edited<Row> {
    /// The row as it is now (deleted ones carry `deleted_at`).
    Done(Row),
    /// No such thing, or no such version of it.
    Missing,
    /// Somebody else changed it (or the id of a new one is taken); its present version.
    Conflict(i64),
    /// A preset is not deleted.
    Protected,
    /// So many others use it.
    InUse(i64),
}

impl<Row> Edited<Row> {
    /// The same with another row.
    pub fn map<Other>(self, make: impl FnOnce(Row) -> Other) -> Edited<Other> {
        match self {
            Self::Done(row) => Edited::Done(make(row)),
            Self::Missing => Edited::Missing,
            Self::Conflict(version) => Edited::Conflict(version),
            Self::Protected => Edited::Protected,
            Self::InUse(count) => Edited::InUse(count),
        }
    }
}

/// Whose rows are meant. Shared rows (without owner) are everybody's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Audience {
    /// Every row.
    #[default]
    All,
    /// Shared rows only.
    Shared,
    /// Shared rows and those of one user.
    Of(UserId),
}

impl Audience {
    /// Whether rows of this owner are meant.
    pub fn includes(&self, owner: Option<&UserId>) -> bool {
        match (self, owner) {
            (Self::All, _) | (_, None) => true,
            (Self::Shared, Some(_)) => false,
            (Self::Of(user), Some(owner)) => user == owner,
        }
    }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct ConfigurationFilter {
    /// Whose.
    pub audience: Audience,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// One group: the provider of models, the role of personas, the category of templates, the metric of rules, the type of channels.
    pub group: Option<String>,
    /// A part of the name.
    pub name: Option<String>,
}
