//! Questions to models: what they are told, and their answers as events of the run. There always is an answer: the last resort
//! is the rules.
use std::time::Duration;

use bytes::Bytes;
use workbot_schema::ai_calls::AiPurpose;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{ModelId, PersonaId};
use workbot_schema::store::files::FileStore;
use workbot_schema::wire::flow::StandardContext;

use super::history::Said;
use super::library::Voice;
use super::live_run::{Ask, LiveRun};
use super::oracle::Knowledge;
use super::seed::{IMAGE, VOICE};
use crate::flow::{AskFailure, AskReport, Degraded, IntentOutcome, ReplyOutcome, RunEvent};
use crate::persona::context::newest;
use crate::persona::prompt::{PromptParts, assemble};
use crate::persona::{ContextLimits, Line, Speaker};
use crate::provider::{Attachment, ChatMessage, Providers, TurnAnswer, TurnRequest};

/// Reading a picture takes at most so long; a question without it is better than none.
const PICTURE: Duration = Duration::from_secs(3);
/// Beyond what is left of the turn, an answer of our own comes this late at most.
const LATE: Duration = Duration::from_secs(3);
/// A turn whose time is over still asks the rules this way.
const LEAST: Duration = Duration::from_millis(1);

/// A question, ready to be asked.
pub struct Question {
    ask: Ask,
    request: TurnRequest,
    voice: Option<Voice>,
    /// The message is a picture.
    is_picture: bool,
    /// Its name in the file store.
    picture: Option<String>,
}

/// What the question is made of beside the run.
pub struct Around<'a> {
    /// Who knows.
    pub knowledge: &'a Knowledge<'a>,
    /// What was said before, oldest first.
    pub history: &'a [Said],
    /// The picture of the message, in the file store.
    pub picture: Option<&'a str>,
    /// Time that is left of the turn.
    pub left: Duration,
}

impl Question {
    /// The question a run asks.
    pub fn new(live: &LiveRun, ask: Ask, around: &Around<'_>) -> Self {
        let Around { knowledge, history, picture, left } = around;
        let context = &live.run.context;
        let (node, persona, excluded, deadline, purpose) = match &ask {
            Ask::Intent(ask) => (ask.model_id.as_ref(), None, &ask.excluded, ask.deadline, AiPurpose::Intent),
            Ask::Reply(ask) => {
                let persona = ask.persona_id.as_ref().map(|id| id.as_str());
                (ask.model_id.as_ref(), persona, &ask.excluded, ask.deadline, AiPurpose::Reply)
            }
        };
        let voice = knowledge.voice(persona);
        let preferred = knowledge.preferred(node, voice.as_ref());
        let left = (*left).min(until(knowledge.now, deadline)).max(LEAST);
        let mut request = TurnRequest::new(purpose, &context.original_message, left);
        request.robot = Some(live.head.robot);
        request.owner = knowledge.robot.owner_id.clone();
        request.run_id = Some(live.head.id.clone());
        request.session_id = Some(live.head.session.clone());
        request.message_id = Some(context.message_id.clone());
        request.preferred = preferred;
        request.asked = excluded.clone();
        request.system = system(context, voice.as_ref());
        request.messages = said(history, &context.original_message);
        request.attachment = if context.text_type == VOICE { Attachment::Voice } else { Attachment::None };
        request.daily_token_budget = knowledge.robot.settings.0.daily_token_budget;
        request.rules = knowledge.rules_input(context, voice.as_ref(), None);
        if let (AiPurpose::Reply, Some(voice)) = (purpose, &voice) {
            request.persona_id = Some(PersonaId(voice.persona.id.clone()));
            request.temperature = Some(voice.persona.temperature);
            request.max_tokens = voice.persona.max_tokens;
        }
        let is_picture = context.text_type == IMAGE;
        let picture = picture.filter(|_name| is_picture).map(str::to_owned);
        Self { ask, request, voice, is_picture, picture }
    }

    /// Asks, and tells the run what came of it.
    pub async fn ask(mut self, providers: Providers, files: FileStore) -> RunEvent {
        if self.is_picture {
            let bytes = match &self.picture {
                Some(name) => picture(&files, name).await,
                None => None,
            };
            // Also without its bytes: a picture that cannot be looked at is politely refused.
            self.request.attachment = Attachment::Image(bytes.unwrap_or_default());
        }
        let late = self.request.left.saturating_add(LATE);
        match self.ask {
            Ask::Intent(ask) => {
                let answer = tokio::time::timeout(late, providers.intent(self.request)).await;
                let outcome = match answer {
                    Ok(answer) => Ok(IntentOutcome {
                        report: report(&answer),
                        intent: answer.value.intent,
                        confidence: answer.value.confidence,
                    }),
                    Err(_elapsed) => Err(too_late()),
                };
                RunEvent::Intent { at: ask.at, outcome }
            }
            Ask::Reply(ask) => {
                let voice = self.voice.map(|voice| voice.persona);
                let answer = tokio::time::timeout(late, providers.reply(self.request)).await;
                let outcome = match answer {
                    Ok(answer) => Ok(ReplyOutcome {
                        report: report(&answer),
                        text: answer.value.text,
                        persona_id: voice.as_ref().map(|persona| persona.id.clone()),
                        persona_type: voice.map(|persona| persona.role_type),
                    }),
                    Err(_elapsed) => Err(too_late()),
                };
                RunEvent::Reply { at: ask.at, outcome }
            }
        }
    }
}

fn until(now: Ts, deadline: Ts) -> Duration {
    (deadline.utc() - now.utc()).to_std().unwrap_or_default()
}

fn system(context: &StandardContext, voice: Option<&Voice>) -> String {
    let group = context.group_remark.as_deref().or(context.group_name.as_deref());
    let parts = PromptParts {
        system_prompt: voice.map(|voice| voice.persona.system_prompt.as_str()),
        robot_name: &context.robot_name,
        group_name: group,
        user_name: &context.user_name,
        history: &[],
        message: "",
        limits: ContextLimits::default(),
    };
    assemble(&parts).system
}

/// The conversation as it was written; whoever sends it marks it as data.
fn said(history: &[Said], message: &str) -> Vec<ChatMessage> {
    let mut lines: Vec<Line<'_>> =
        history.iter().map(|said| Line { speaker: said.by, text: &said.text }).collect();
    lines.push(Line { speaker: Speaker::User, text: message });
    let shown = newest(&lines, ContextLimits::default()).into_iter();
    shown
        .map(|line| match line.speaker {
            Speaker::User => ChatMessage::user(line.text),
            Speaker::Robot => ChatMessage::assistant(line.text),
        })
        .collect()
}

async fn picture(files: &FileStore, name: &str) -> Option<Bytes> {
    match tokio::time::timeout(PICTURE, files.get(name)).await {
        Ok(Ok(bytes)) => Some(bytes.into()),
        Ok(Err(error)) => {
            log::warn!(error:% = error; "a model is asked without the picture of a message");
            None
        }
        Err(_elapsed) => {
            log::warn!("a model is asked without the picture of a message: it took too long to read");
            None
        }
    }
}

fn report<T>(answer: &TurnAnswer<T>) -> AskReport {
    AskReport {
        model_id: answer.by.clone(),
        model_name: answer.model_name.clone(),
        provider: answer.provider.as_str().to_owned(),
        failed: answer.failed().cloned().collect::<Vec<ModelId>>(),
        tokens_in: answer.tokens_in,
        tokens_out: answer.tokens_out,
        cost_micros: answer.cost_micros,
        duration_ms: i64::try_from(answer.duration_ms).unwrap_or(i64::MAX),
        degraded: answer.degraded.map(|degraded| match degraded {
            crate::provider::Degraded::ModelFailed => Degraded::ModelFailed,
            crate::provider::Degraded::BudgetSpent => Degraded::BudgetSpent,
        }),
    }
}

fn too_late() -> AskFailure {
    AskFailure {
        code: "timeout".to_owned(),
        message: "模型未在限定时间内回答".to_owned(),
        failed: Vec::new(),
    }
}
