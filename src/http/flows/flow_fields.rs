//! The fields of a flow that callers may set, checked and made into changes.
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use workbot_actors::flow;
use workbot_schema::fields::Ts;
use workbot_schema::flow_configs::{FlowChanges, FlowConfig};
use workbot_schema::wire::flow::{FlowDefinition, FlowEdge, FlowNode, Problem};

use super::flow_view::draft_of;
use crate::http::auth::UserToken;
use crate::http::error::{ApiError, ApiResult, Fields, Rule};
use crate::http::extract::nullable;
use crate::http::state::AppState;
use crate::http::versions::checked_note;

/// Looking at the conditions of a large flow takes seconds; longer than this it is refused.
const CHECKING: Duration = Duration::from_secs(15);

/// What may be set of a flow; what is absent stays as it is. What an export gave is taken, too.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct FlowFields {
    /// A change is made only when the flow is still at this version.
    pub version: Option<i64>,
    /// Whose; null = shared.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<Option<String>>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// What it is for, at most 500 characters.
    pub description: Option<String>,
    /// Whether new runs may take it.
    pub is_active: Option<bool>,
    /// At most 500.
    pub nodes: Option<Vec<FlowNode>>,
    /// At most 1,000, in the order in which conditions are tried.
    pub edges: Option<Vec<FlowEdge>>,
    /// Why; at most 500 characters.
    pub note: Option<String>,
}

/// Checked fields.
pub struct Prepared {
    /// What changes.
    pub changes: FlowChanges,
    /// Wire names of what is given, for the audit log.
    pub names: Vec<&'static str>,
    /// Why.
    pub note: Option<String>,
}

impl FlowFields {
    /// A new flow with what is given: 400 names what is missing.
    pub fn begin(&self, now: Ts) -> ApiResult<FlowConfig> {
        if self.name.is_none() {
            return Err(ApiError::field("name", "缺少该字段"));
        }
        Ok(FlowConfig::new("", json!({"nodes": [], "edges": []}), now))
    }

    /// Checks the fields against a flow: 400 names wrong ones, 422 conditions that break a guard and flows that are too large.
    pub async fn prepare(
        self,
        state: &AppState,
        user: &UserToken,
        present: &FlowConfig,
    ) -> ApiResult<Prepared> {
        let mut wrong = Fields::new();
        let mut names = Vec::new();
        let mut changes = FlowChanges::default();
        if let Some(name) = &self.name {
            names.push("name");
            wrong.expect_text("name", name, 100);
            changes.name = Some(name.trim().to_owned());
        }
        if let Some(description) = self.description {
            names.push("description");
            wrong.expect_length("description", &description, 500);
            changes.description = Some(description.trim().to_owned());
        }
        if self.is_active.is_some() {
            names.push("isActive");
            changes.is_active = self.is_active;
        }
        if let Some(owner) = &self.owner_id {
            names.push("ownerId");
            changes.owner_id = Some(user.owner_for(state, owner.as_deref()).await?);
        }
        let note = checked_note(self.note, &mut wrong);
        wrong.into_invalid()?;
        let is_drawn = self.nodes.is_some() || self.edges.is_some();
        if is_drawn || changes.name.is_some() {
            let mut after = present.clone();
            after.apply(&changes);
            let mut draft = draft_of(&after);
            if let Some(nodes) = self.nodes {
                names.push("nodes");
                draft.nodes = nodes;
            }
            if let Some(edges) = self.edges {
                names.push("edges");
                draft.edges = edges;
            }
            if is_drawn {
                refuse(problems(state, draft.clone(), flow::check_expressions).await?)?;
            }
            changes.draft = Some(as_value(&draft)?);
        }
        Ok(Prepared { changes, names, note })
    }
}

/// What is wrong with a definition; looked for away from the worker.
pub async fn problems(
    state: &AppState,
    definition: FlowDefinition,
    look: fn(&FlowDefinition) -> Vec<Problem>,
) -> ApiResult<Vec<Problem>> {
    Ok(state.offload.run(CHECKING, move || look(&definition)).await?)
}

/// 422 when there are problems.
pub fn refuse(problems: Vec<Problem>) -> ApiResult<()> {
    if problems.is_empty() { Ok(()) } else { Err(ApiError::Rule(Rule::Flow(problems))) }
}

/// A definition as it is stored.
pub fn as_value(definition: &FlowDefinition) -> ApiResult<Value> {
    Ok(serde_json::to_value(definition)?)
}
