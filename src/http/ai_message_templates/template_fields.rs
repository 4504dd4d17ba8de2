//! The fields of a message template that callers may set, checked and made into changes.
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_actors::template::variable_names;
use workbot_schema::ai_message_templates::{AiMessageTemplate, TemplateChanges};
use workbot_schema::fields::Ts;

use crate::http::auth::UserToken;
use crate::http::error::{ApiResult, Fields};
use crate::http::extract::nullable;
use crate::http::state::AppState;
use crate::http::versions::checked_note;

/// Longest text, in characters.
const TEMPLATE_CHARS: usize = 4_000;
/// Most variables of a text.
const VARIABLES_MAX: usize = 50;

/// What may be set of a template; what is absent stays as it is, null clears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateFields {
    /// A change is made only when the template is still at this version.
    pub version: Option<i64>,
    /// Why, for the list of versions; at most 500 characters.
    pub note: Option<String>,
    /// Whose; null = shared.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<Option<String>>,
    /// The scene, 1..30 characters.
    pub category: Option<String>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// What it is for, at most 500 characters.
    pub description: Option<String>,
    /// The text, 1..4,000 characters, at most 50 variables.
    pub template: Option<String>,
    /// The role it suits; null = every role.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub persona_type: Option<Option<String>>,
    /// On or off.
    pub is_active: Option<bool>,
}

/// Checked fields.
pub struct Prepared {
    /// What changes.
    pub changes: TemplateChanges,
    /// Wire names of what is given, for the audit log.
    pub names: Vec<&'static str>,
    /// Why.
    pub note: Option<String>,
}

impl TemplateFields {
    /// A new template with what is given: 400 names what is missing.
    pub fn begin(&self, now: Ts) -> ApiResult<AiMessageTemplate> {
        let mut wrong = Fields::new();
        wrong.expect(self.category.is_some(), "category", "缺少该字段");
        wrong.expect(self.name.is_some(), "name", "缺少该字段");
        wrong.expect(self.template.is_some(), "template", "缺少该字段");
        wrong.into_invalid()?;
        Ok(AiMessageTemplate::new("", "", "", now))
    }

    /// Checks the fields: 400 names wrong ones.
    pub async fn prepare(self, state: &AppState, user: &UserToken) -> ApiResult<Prepared> {
        let mut wrong = Fields::new();
        let mut names = Vec::new();
        let mut changes = TemplateChanges::default();
        for (field, given, max, target) in [
            ("category", &self.category, 30, &mut changes.category),
            ("name", &self.name, 100, &mut changes.name),
        ] {
            let Some(given) = given else { continue };
            names.push(field);
            wrong.expect_text(field, given, max);
            *target = Some(given.trim().to_owned());
        }
        if let Some(description) = self.description {
            names.push("description");
            wrong.expect_length("description", &description, 500);
            changes.description = Some(description.trim().to_owned());
        }
        if let Some(template) = self.template {
            names.push("template");
            wrong.expect_text("template", &template, TEMPLATE_CHARS);
            let variables: Vec<String> = variable_names(&template).into_iter().map(str::to_owned).collect();
            wrong.expect(variables.len() <= VARIABLES_MAX, "template", "最多 50 个变量");
            changes.variables = Some(variables);
            changes.template = Some(template);
        }
        if let Some(role) = self.persona_type {
            names.push("personaType");
            let role = role.map(|role| role.trim().to_owned()).filter(|role| !role.is_empty());
            wrong.expect_length("personaType", role.as_deref().unwrap_or_default(), 50);
            changes.persona_type = Some(role);
        }
        if let Some(owner) = &self.owner_id {
            names.push("ownerId");
            changes.owner_id = Some(user.owner_for(state, owner.as_deref()).await?);
        }
        if self.is_active.is_some() {
            names.push("isActive");
            changes.is_active = self.is_active;
        }
        let note = checked_note(self.note, &mut wrong);
        wrong.into_invalid()?;
        Ok(Prepared { changes, names, note })
    }
}
