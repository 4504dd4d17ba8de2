//! The fields of a persona that callers may set, checked and made into changes.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_schema::ai_models::{self, Capability};
use workbot_schema::ai_personas::{AiPersona, PersonaChanges};
use workbot_schema::fields::Ts;
use workbot_schema::ids::ModelId;

use crate::http::auth::UserToken;
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::nullable;
use crate::http::state::AppState;
use crate::http::versions::checked_note;

/// Longest prompt, in characters: what a model is shown of it.
const PROMPT_CHARS: usize = 8_000;
/// Longest answer that may be asked for, in tokens.
const TOKENS_MAX: i32 = 100_000;

/// What may be set of a persona; what is absent stays as it is, null clears.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct PersonaFields {
    /// A change is made only when the persona is still at this version.
    pub version: Option<i64>,
    /// Why, for the list of versions; at most 500 characters.
    pub note: Option<String>,
    /// Whose; null = shared.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<Option<String>>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// What robots' groups and types map to, 1..50 characters.
    pub role_type: Option<String>,
    /// What it is for, at most 500 characters.
    pub description: Option<String>,
    /// What the model is told first, 1..8,000 characters.
    pub system_prompt: Option<String>,
    /// 0 to 2.
    pub temperature: Option<f64>,
    /// Longest answer in tokens, 1..100,000; null = the configured one.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<i32>)]
    pub max_tokens: Option<Option<i32>>,
    /// The model it asks first.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub model_id: Option<Option<String>>,
    /// The provider's name of the model it asks first when modelId is null.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub preferred_model: Option<Option<String>>,
    /// What it is used for.
    pub capabilities: Option<Vec<Capability>>,
    /// On or off.
    pub is_active: Option<bool>,
}

/// Checked fields.
pub struct Prepared {
    /// What changes.
    pub changes: PersonaChanges,
    /// Wire names of what is given, for the audit log.
    pub names: Vec<&'static str>,
    /// Why.
    pub note: Option<String>,
}

impl PersonaFields {
    /// A new persona with what is given: 400 names what is missing.
    pub fn begin(&self, now: Ts) -> ApiResult<AiPersona> {
        let mut wrong = Fields::new();
        wrong.expect(self.name.is_some(), "name", "缺少该字段");
        wrong.expect(self.role_type.is_some(), "roleType", "缺少该字段");
        wrong.expect(self.system_prompt.is_some(), "systemPrompt", "缺少该字段");
        wrong.into_invalid()?;
        Ok(AiPersona::new("", "", "", now))
    }

    /// Checks the fields against a persona, and the model they name: 400 names wrong ones.
    pub async fn prepare(
        self,
        state: &AppState,
        user: &UserToken,
        present: &AiPersona,
    ) -> ApiResult<Prepared> {
        let mut wrong = Fields::new();
        let mut names = Vec::new();
        let mut changes = PersonaChanges::default();
        self.texts(&mut changes, &mut names, &mut wrong);
        self.numbers(&mut changes, &mut names, &mut wrong);
        if let Some(owner) = &self.owner_id {
            names.push("ownerId");
            changes.owner_id = Some(user.owner_for(state, owner.as_deref()).await?);
        }
        if self.is_active.is_some() {
            names.push("isActive");
            changes.is_active = self.is_active;
        }
        if let Some(capabilities) = self.capabilities {
            names.push("capabilities");
            let mut unique: Vec<Capability> = Vec::new();
            for capability in capabilities {
                if !unique.contains(&capability) {
                    unique.push(capability);
                }
            }
            changes.capabilities = Some(unique);
        }
        let given =
            |text: Option<String>| text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(preferred) = self.preferred_model {
            names.push("preferredModel");
            let preferred = given(preferred);
            wrong.expect_length("preferredModel", preferred.as_deref().unwrap_or_default(), 200);
            changes.preferred_model = Some(preferred);
        }
        if let Some(model) = self.model_id {
            names.push("modelId");
            changes.model_id = Some(given(model).map(ModelId));
        }
        if changes.model_id.is_some() || changes.owner_id.is_some() {
            let mut after = present.clone();
            after.apply(&changes);
            check_model(state, user, &after, &mut wrong).await?;
        }
        let note = checked_note(self.note, &mut wrong);
        wrong.into_invalid()?;
        Ok(Prepared { changes, names, note })
    }

    fn texts(&self, changes: &mut PersonaChanges, names: &mut Vec<&'static str>, wrong: &mut Fields) {
        for (field, given, max, target) in [
            ("name", &self.name, 100, &mut changes.name),
            ("roleType", &self.role_type, 50, &mut changes.role_type),
            ("systemPrompt", &self.system_prompt, PROMPT_CHARS, &mut changes.system_prompt),
        ] {
            let Some(given) = given else { continue };
            names.push(field);
            wrong.expect_text(field, given, max);
            *target = Some(given.trim().to_owned());
        }
        if let Some(description) = &self.description {
            names.push("description");
            wrong.expect_length("description", description, 500);
            changes.description = Some(description.trim().to_owned());
        }
    }

    fn numbers(&self, changes: &mut PersonaChanges, names: &mut Vec<&'static str>, wrong: &mut Fields) {
        if let Some(temperature) = self.temperature {
            names.push("temperature");
            wrong.expect((0.0..=2.0).contains(&temperature), "temperature", "应为 0 至 2 的数");
            changes.temperature = Some(temperature);
        }
        if let Some(tokens) = self.max_tokens {
            names.push("maxTokens");
            let is_right = tokens.is_none_or(|tokens| (1..=TOKENS_MAX).contains(&tokens));
            wrong.expect(is_right, "maxTokens", "应为 1 至 100000 的整数");
            changes.max_tokens = Some(tokens);
        }
    }
}

/// The first model must be there, be seen by whoever names it, and be shared or of the same owner.
async fn check_model(
    state: &AppState,
    user: &UserToken,
    persona: &AiPersona,
    wrong: &mut Fields,
) -> ApiResult<()> {
    let Some(id) = &persona.model_id else { return Ok(()) };
    let found = ai_models::find(&state.db, id.clone()).await?;
    match found.filter(|model| user.sees(model.owner_id.as_ref())) {
        None => wrong.add("modelId", "模型不存在"),
        Some(model) if model.owner_id.is_some() && model.owner_id != persona.owner_id => {
            wrong.add("modelId", "私有模型只能用于同一所有者的角色");
        }
        Some(_model) => {}
    }
    Ok(())
}
