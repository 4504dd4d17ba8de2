//! What others ask of models, and what they get.
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use workbot_schema::ai_calls::AiPurpose;
use workbot_schema::ai_models::Provider;
use workbot_schema::ids::{MessageId, ModelId, PersonaId, RobotUuid, RunId, SessionId, UserId};

use super::answer::IntentResult;
use super::failure::FailureKind;
use super::prompt::Picture;
use super::record::CallTag;

/// Pictures larger than this are not sent: services refuse them, and base64 makes them a third larger.
const IMAGE_BYTES: usize = 8 * 1024 * 1024;

/// Who says a part of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A person in the chat.
    User,
    /// The robot.
    Assistant,
}

/// One message of the conversation, as it was written; it is data whatever it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatMessage {
    /// By whom.
    pub role: Role,
    /// What.
    pub text: String,
}

impl ChatMessage {
    /// A person's message.
    pub fn user(text: impl Into<String>) -> Self {
        Self { role: Role::User, text: text.into() }
    }

    /// The robot's message.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, text: text.into() }
    }
}

/// Something in the message that is no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Attachment {
    /// Nothing.
    #[default]
    None,
    /// A picture, as it was stored.
    Image(Bytes),
    /// Speech, of which nothing is known.
    Voice,
}

/// What rules need to answer in place of a model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RulesInput {
    /// The message, as it was written.
    pub text: String,
    /// Owner of the robot, whose own templates answer, too.
    pub owner: Option<UserId>,
    /// Type of the persona that speaks.
    pub persona_type: Option<String>,
    /// The template category that is wanted whatever the message says.
    pub category: Option<String>,
    /// The intent that was recognised, if one was.
    pub intent: Option<String>,
    /// Values of the template's variables; never expanded again.
    pub variables: Map<String, Value>,
    /// Chooses among equals; made of the message's id.
    pub seed: u64,
}

/// A question to the models of a turn.
#[derive(Debug, Clone)]
pub struct TurnRequest {
    /// What for; goes into the log of calls.
    pub purpose: AiPurpose,
    /// Whose budget pays.
    pub robot: Option<RobotUuid>,
    /// Owner of the robot: models of others are not asked.
    pub owner: Option<UserId>,
    /// The run that asks.
    pub run_id: Option<RunId>,
    /// Its conversation.
    pub session_id: Option<SessionId>,
    /// The message that is answered.
    pub message_id: Option<MessageId>,
    /// The persona that speaks.
    pub persona_id: Option<PersonaId>,
    /// Models named by node, robot and persona, the first first.
    pub preferred: Vec<ModelId>,
    /// Nobody but the preferred ones.
    pub is_exclusive: bool,
    /// Models that failed earlier in this turn.
    pub asked: Vec<ModelId>,
    /// Who the robot is and how it speaks; ours, not the chat's.
    pub system: String,
    /// The conversation, the oldest first, the message in question last.
    pub messages: Vec<ChatMessage>,
    /// What comes with the last message.
    pub attachment: Attachment,
    /// 0..=2; none = the model's own.
    pub temperature: Option<f64>,
    /// Longest answer, in tokens; none = the configured one.
    pub max_tokens: Option<u32>,
    /// What is left of the turn.
    pub left: Duration,
    /// Tokens the robot may spend a day; 0 = without limit.
    pub daily_token_budget: i64,
    /// What rules answer with.
    pub rules: RulesInput,
}

impl TurnRequest {
    /// A question for `text` alone, with nothing around it.
    pub fn new(purpose: AiPurpose, text: &str, left: Duration) -> Self {
        Self {
            purpose,
            robot: None,
            owner: None,
            run_id: None,
            session_id: None,
            message_id: None,
            persona_id: None,
            preferred: Vec::new(),
            is_exclusive: false,
            asked: Vec::new(),
            system: String::new(),
            messages: vec![ChatMessage::user(text)],
            attachment: Attachment::None,
            temperature: None,
            max_tokens: None,
            left,
            daily_token_budget: 0,
            rules: RulesInput { text: text.to_owned(), ..RulesInput::default() },
        }
    }
}

impl TurnRequest {
    /// The picture, when it is one that may be sent.
    pub(super) fn image(&self) -> Option<Picture> {
        Picture::of(&self.attachment).filter(|picture| picture.bytes.len() <= IMAGE_BYTES)
    }

    pub(super) fn has_text(&self) -> bool {
        self.messages.last().is_some_and(|message| !message.text.trim().is_empty())
    }

    /// A name for the conversation that tells nobody who speaks.
    pub(super) fn user(&self) -> Arc<str> {
        match (&self.session_id, self.robot) {
            (Some(session), _) => Arc::from(session.as_str()),
            (None, Some(robot)) => Arc::from(robot.to_string()),
            (None, None) => Arc::from("workbot"),
        }
    }

    pub(super) fn tag(&self, tries: i32) -> CallTag {
        CallTag {
            purpose: self.purpose,
            robot: self.robot,
            run_id: self.run_id.clone(),
            session_id: self.session_id.clone(),
            message_id: self.message_id.clone(),
            persona_id: self.persona_id.clone(),
            tries,
        }
    }
}

/// Why rules answered though models were configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degraded {
    /// Every model that could be asked failed or is shut off.
    ModelFailed,
    /// The robot's tokens of today are used up.
    BudgetSpent,
}

/// A model that did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Which.
    pub model: ModelId,
    /// Why.
    pub kind: FailureKind,
    /// One line about it.
    pub error: String,
}

/// The words of a reply or a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyText {
    /// What is said; never empty.
    pub text: String,
    /// The template it was made of, when rules answered.
    pub template_id: Option<String>,
}

/// What came of a question. There always is an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnAnswer<T> {
    /// The answer.
    pub value: T,
    /// The model that gave it; none = rules.
    pub by: Option<ModelId>,
    /// The provider's name of the model; `rules`.
    pub model_name: String,
    /// Whose wire it speaks.
    pub provider: Provider,
    /// Tokens asked with, all tries together.
    pub tokens_in: i64,
    /// Tokens answered with, all tries together.
    pub tokens_out: i64,
    /// Cost of all tries in millionths of a yuan.
    pub cost_micros: i64,
    /// From the question to its answer.
    pub duration_ms: u64,
    /// Models that did not answer, in the order they were asked.
    pub tried: Vec<Tried>,
    /// Set when rules stand in for models.
    pub degraded: Option<Degraded>,
}

impl<T> TurnAnswer<T> {
    /// Models that were called in vain: not to be asked again in this turn.
    pub fn failed(&self) -> impl Iterator<Item = &ModelId> {
        self.tried.iter().filter(|tried| tried.kind.was_called()).map(|tried| &tried.model)
    }

    /// The same answer with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> TurnAnswer<U> {
        TurnAnswer {
            value: change(self.value),
            by: self.by,
            model_name: self.model_name,
            provider: self.provider,
            tokens_in: self.tokens_in,
            tokens_out: self.tokens_out,
            cost_micros: self.cost_micros,
            duration_ms: self.duration_ms,
            tried: self.tried,
            degraded: self.degraded,
        }
    }
}

/// An intent and how it came about.
pub type Intent = TurnAnswer<IntentResult>;
/// A reply and how it came about.
pub type Reply = TurnAnswer<ReplyText>;
