//! A platform key as the API shows it; never the key itself.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::fields::Ts;
use workbot_schema::platform_keys::{PlatformKey, Scope};

/// A key.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlatformKeyView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The first characters of the key.
    #[schema(example = "wbk_3f9a")]
    pub hint: String,
    /// Who made it.
    pub owner_id: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Robots it may use; empty = all of its maker's.
    pub robot_ids: Vec<String>,
    /// Addresses it may come from; empty = any.
    pub ip_allow: Vec<String>,
    /// Until.
    pub expires_at: Option<String>,
    /// Revoked at.
    pub revoked_at: Option<String>,
    /// Last use that was written down.
    pub last_used_at: Option<String>,
    /// Made at.
    pub created_at: String,
}

impl From<PlatformKey> for PlatformKeyView {
    fn from(key: PlatformKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            hint: key.key_hint,
            owner_id: key.owner_id.to_string(),
            scopes: key.scopes.0,
            robot_ids: key.robot_ids.0,
            ip_allow: key.ip_allow.0,
            expires_at: key.expires_at.map(Ts::iso),
            revoked_at: key.revoked_at.map(Ts::iso),
            last_used_at: key.last_used_at.map(Ts::iso),
            created_at: key.created_at.iso(),
        }
    }
}
