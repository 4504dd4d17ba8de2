//! Flows: a head with a draft, and one content for each time it was published.
pub mod publishing;
mod queries;
pub mod versions;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

pub use publishing::Source;
pub use queries::{find, list, list_all, lite, mark, pg};

use crate::fields::{Json, Ts};
use crate::ids::{FlowId, UserId};
use crate::tables::flow_configs;

/// A flow as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = flow_configs, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct FlowConfig {
    /// Id.
    pub id: FlowId,
    /// Whose; none = shared.
    pub owner_id: Option<UserId>,
    /// Shown name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// The definition that is worked on; may have problems.
    pub draft: Json<serde_json::Value>,
    /// The version new runs take; none = never published.
    pub published_version: Option<i64>,
    /// The highest version there is; 0 = none.
    pub latest_version: i64,
    /// Whether new runs may take it.
    pub is_active: bool,
    /// Seeded: cannot be deleted.
    pub is_preset: bool,
    /// Raised by every change of this row (not the version of the definition).
    pub version: i64,
    /// Made at.
    pub created_at: Ts,
    /// Changed at.
    pub updated_at: Ts,
    /// Deleted at.
    pub deleted_at: Option<Ts>,
}

/// What changes in a flow's head; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FlowChanges {
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Shown name.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The definition that is worked on.
    pub draft: Option<serde_json::Value>,
    /// On or off.
    pub is_active: Option<bool>,
}

impl FlowConfig {
    /// A new shared flow, switched on, not published.
    pub fn new(name: impl Into<String>, draft: serde_json::Value, now: Ts) -> Self {
        Self {
            id: FlowId::generate(),
            owner_id: None,
            name: name.into(),
            description: String::new(),
            draft: Json(draft),
            published_version: None,
            latest_version: 0,
            is_active: true,
            is_preset: false,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Carries out changes.
    pub fn apply(&mut self, changes: &FlowChanges) {
        let set = changes.clone();
        self.owner_id = set.owner_id.unwrap_or_else(|| self.owner_id.clone());
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        self.description = set.description.unwrap_or_else(|| self.description.clone());
        if let Some(draft) = set.draft {
            self.draft = Json(draft);
        }
        self.is_active = set.is_active.unwrap_or(self.is_active);
    }

    /// The draft; contents are kept when they are published.
    pub fn content(&self) -> serde_json::Value {
        self.draft.0.clone()
    }

    /// Takes a definition as draft; never fails.
    pub fn restore(&mut self, content: serde_json::Value) -> serde_json::Result<()> {
        self.draft = Json(content);
        Ok(())
    }
}
