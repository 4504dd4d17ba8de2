//! An account as administrators see it.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::fields::Ts;
use workbot_schema::users::{Role, User, masked};

/// An account.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// Id.
    pub user_id: String,
    /// Login; masked in lists.
    #[schema(example = "138****1234")]
    pub phone: String,
    /// Shown name.
    pub name: Option<String>,
    /// Role.
    pub role: Role,
    /// Switched on.
    pub enabled: bool,
    /// Came in last at.
    pub last_login_at: Option<String>,
    /// Made at.
    pub created_at: String,
    /// Changed at.
    pub updated_at: String,
}

impl UserView {
    /// With the middle of the phone hidden.
    pub fn masked(user: &User) -> Self {
        Self { phone: masked(&user.phone), ..Self::whole(user) }
    }

    /// With the whole phone.
    pub fn whole(user: &User) -> Self {
        Self {
            user_id: user.id.to_string(),
            phone: user.phone.clone(),
            name: user.name.clone(),
            role: user.role,
            enabled: user.is_active,
            last_login_at: user.last_login_at.map(Ts::iso),
            created_at: user.created_at.iso(),
            updated_at: user.updated_at.iso(),
        }
    }
}
