//! Whose configured things (alert rules, channels and the like) somebody sees and changes: shared ones are everybody's to read,
//! the others their owner's and an administrator's.
use workbot_schema::configuration::Audience;
use workbot_schema::ids::UserId;
use workbot_schema::users::Role;

use super::user::UserToken;
use crate::http::error::{ApiError, ApiResult};
use crate::http::state::AppState;

impl UserToken {
    /// The rows a list may show.
    pub fn audience(&self) -> Audience {
        if self.user.role == Role::Admin { Audience::All } else { Audience::Of(self.user.id.clone()) }
    }

    /// Whether somebody's row may be seen; one that may not looks as if it did not exist.
    pub fn sees(&self, owner: Option<&UserId>) -> bool {
        self.audience().includes(owner)
    }

    /// The owner a row is given: nobody (shared) unless one is named. Only administrators name somebody else; 400 names the field.
    pub async fn owner_for(&self, state: &AppState, named: Option<&str>) -> ApiResult<Option<UserId>> {
        let Some(named) = named.map(str::trim).filter(|named| !named.is_empty()) else { return Ok(None) };
        let owner = UserId::from(named);
        if owner != self.user.id && self.user.role != Role::Admin {
            return Err(ApiError::field("ownerId", "只能留空（共享）或填写自己的用户编号"));
        }
        match state.user(&owner).await? {
            Some(_known) => Ok(Some(owner)),
            None => Err(ApiError::field("ownerId", "用户不存在")),
        }
    }
}
