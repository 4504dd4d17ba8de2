//! What the routes of the debugger share: the question to the models, and how it was answered.
use std::time::Duration;

use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::persona::ContextLimits;
use workbot_actors::persona::prompt::{PromptParts, assemble};
use workbot_actors::provider::{TurnAnswer, TurnRequest};
use workbot_actors::template::ChatFacts;
use workbot_schema::ai_calls::AiPurpose;
use workbot_schema::ai_models::Provider;
use workbot_schema::ai_personas::AiPersona;
use workbot_schema::ids::{ModelId, PersonaId, UserId};

use crate::http::ai_models::detail::find as find_model;
use crate::http::ai_personas::detail::find as find_persona;
use crate::http::auth::UserToken;
use crate::http::error::{ApiError, ApiResult, Fields};
use crate::http::state::AppState;

/// Longest message, in characters.
pub const MESSAGE_CHARS: usize = 4_000;
/// Who speaks and is spoken to when nothing is real.
const ROBOT: &str = "调试机器人";
const SOMEBODY: &str = "测试用户";

/// A model that was asked in vain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TriedView {
    /// Which.
    pub model_id: String,
    /// A stable word.
    pub kind: &'static str,
    /// One line about it.
    pub error: String,
}

/// How an answer came about.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeBy {
    /// The model; null = the built-in rules.
    pub model_id: Option<String>,
    /// The provider's name of it; `rules`.
    pub model_name: String,
    /// Whose wire it speaks.
    pub provider: Provider,
    /// Whether rules answered.
    pub by_rules: bool,
    /// Tokens asked with, all tries together.
    pub tokens_in: i64,
    /// Tokens answered with.
    pub tokens_out: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// From the question to its answer.
    pub duration_ms: u64,
    /// Models that did not answer, in the order they were asked.
    pub tried: Vec<TriedView>,
}

impl MadeBy {
    /// Of an answer.
    pub fn of<T>(answer: &TurnAnswer<T>) -> Self {
        let tried = answer.tried.iter().map(|tried| TriedView {
            model_id: tried.model.to_string(),
            kind: tried.kind.as_str(),
            error: tried.error.clone(),
        });
        Self {
            model_id: answer.by.as_ref().map(ModelId::to_string),
            model_name: answer.model_name.clone(),
            provider: answer.provider,
            by_rules: answer.by.is_none(),
            tokens_in: answer.tokens_in,
            tokens_out: answer.tokens_out,
            cost_micros: answer.cost_micros,
            duration_ms: answer.duration_ms,
            tried: tried.collect(),
        }
    }
}

/// Who is asked, and as whom.
pub struct Asker {
    owner: UserId,
    model: Option<ModelId>,
    persona: Option<AiPersona>,
    left: Duration,
}

impl Asker {
    /// The model and the persona somebody names: 400 when they are not there, not theirs, or cannot be called.
    pub async fn read(
        state: &AppState,
        user: &UserToken,
        model: Option<String>,
        persona: Option<String>,
    ) -> ApiResult<Self> {
        let unknown = |field: &'static str, text: &'static str| {
            move |error: ApiError| match error {
                ApiError::NotFound(_) => ApiError::field(field, text),
                other => other,
            }
        };
        let mut owner = user.user.id.clone();
        let persona = match persona {
            None => None,
            Some(id) => {
                Some(find_persona(state, user, id).await.map_err(unknown("personaId", "角色不存在"))?)
            }
        };
        let model = match model {
            None => None,
            Some(id) => {
                let model = find_model(state, user, id).await.map_err(unknown("modelId", "模型不存在"))?;
                if !state.providers.find(&model.id).is_some_and(|known| known.is_usable) {
                    return Err(ApiError::field("modelId", "模型未启用，或缺少地址、密钥，无法调用"));
                }
                owner = model.owner_id.unwrap_or(owner);
                Some(model.id)
            }
        };
        let left = Duration::from_millis(state.settings.session.turn_budget_ms);
        Ok(Self { owner, model, persona, left })
    }

    /// Whether nobody but one model may answer.
    pub fn names_model(&self) -> bool {
        self.model.is_some()
    }

    /// A question about `message`.
    pub fn ask(&self, state: &AppState, message: &str) -> TurnRequest {
        let mut request = TurnRequest::new(AiPurpose::Debug, message, self.left);
        request.is_exclusive = self.model.is_some();
        request.preferred = self.preferred(state);
        request.owner = Some(self.owner.clone());
        request.system = assemble(&PromptParts {
            system_prompt: self.persona.as_ref().map(|persona| persona.system_prompt.as_str()),
            robot_name: ROBOT,
            group_name: None,
            user_name: SOMEBODY,
            history: &[],
            message: "",
            limits: ContextLimits::default(),
        })
        .system;
        request.rules.owner = Some(self.owner.clone());
        let facts = ChatFacts {
            user_name: SOMEBODY,
            robot_name: ROBOT,
            persona_name: self.persona.as_ref().map(|persona| persona.name.as_str()),
            group_name: None,
            message,
            at: state.now(),
        };
        request.rules.variables = facts.variables();
        if let Some(persona) = &self.persona {
            request.persona_id = Some(PersonaId::from(persona.id.as_str()));
            request.temperature = Some(persona.temperature);
            request.max_tokens = persona.max_tokens.and_then(|tokens| u32::try_from(tokens).ok());
            request.rules.persona_type = Some(persona.role_type.clone());
        }
        request
    }

    fn preferred(&self, state: &AppState) -> Vec<ModelId> {
        if let Some(model) = &self.model {
            return vec![model.clone()];
        }
        let Some(persona) = &self.persona else { return Vec::new() };
        let named = persona.preferred_model.as_deref();
        let named = named.and_then(|name| state.providers.find_named(name, Some(&self.owner)));
        persona.model_id.clone().or(named).into_iter().collect()
    }
}

/// A message that can be asked about; what is wrong with it is noted.
pub fn check_message(path: &str, message: &str, wrong: &mut Fields) {
    wrong.expect_text(path, message, MESSAGE_CHARS);
}
