//! A flow as the API shows it.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::flow_configs::FlowConfig;
use workbot_schema::ids::UserId;
use workbot_schema::wire::flow::{FlowDefinition, FlowEdge, FlowNode};

/// A flow in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowRow {
    /// Its id.
    pub id: String,
    /// Whose; null = shared.
    pub owner_id: Option<String>,
    /// Shown name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Whether new runs may take it.
    pub is_active: bool,
    /// The version new runs take; null = never published.
    pub published_version: Option<i64>,
    /// The highest version there is; 0 = none.
    pub latest_version: i64,
    /// Whether it came with the program; such a flow can be switched off, not deleted.
    pub is_preset: bool,
    /// Raised by every change, also of the draft (not the version of the definition).
    pub version: i64,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

/// A flow with its draft.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlowView {
    /// What stands in the list.
    #[serde(flatten)]
    pub row: FlowRow,
    /// Nodes of the draft.
    pub nodes: Vec<FlowNode>,
    /// Edges of the draft, in the order in which conditions are tried.
    pub edges: Vec<FlowEdge>,
}

/// The draft of a flow under its present name, as the next version.
pub fn draft_of(flow: &FlowConfig) -> FlowDefinition {
    let draft: FlowDefinition = serde_json::from_value(flow.draft.0.clone()).unwrap_or_default();
    FlowDefinition {
        id: flow.id.to_string(),
        name: flow.name.clone(),
        version: flow.latest_version.saturating_add(1),
        ..draft
    }
}

impl From<FlowConfig> for FlowRow {
    fn from(row: FlowConfig) -> Self {
        Self {
            id: row.id.to_string(),
            owner_id: row.owner_id.as_ref().map(UserId::to_string),
            name: row.name,
            description: row.description,
            is_active: row.is_active,
            published_version: row.published_version,
            latest_version: row.latest_version,
            is_preset: row.is_preset,
            version: row.version,
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
        }
    }
}

impl From<FlowConfig> for FlowView {
    fn from(row: FlowConfig) -> Self {
        let FlowDefinition { nodes, edges, .. } = draft_of(&row);
        Self { row: FlowRow::from(row), nodes, edges }
    }
}
