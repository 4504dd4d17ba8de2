//! `GET /api/user/info`: who the token belongs to.
use serde::Serialize;
use utoipa::ToSchema;
use workbot_schema::users::Role;

use crate::http::auth::UserToken;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::openapi::Failures;

/// A person.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserInfo {
    /// Id.
    pub user_id: String,
    /// Login, masked.
    #[schema(example = "138****1234")]
    pub phone: String,
    /// Shown name.
    pub name: Option<String>,
    /// What the person may do.
    pub role: Role,
    /// Made at.
    pub created_at: String,
}

/// A phone number with its middle hidden.
pub fn mask(phone: &str) -> String {
    let letters: Vec<char> = phone.chars().collect();
    let last = letters.len().saturating_sub(4).max(3);
    letters
        .iter()
        .enumerate()
        .map(|(place, letter)| if (3..last).contains(&place) { '*' } else { *letter })
        .collect()
}

/// Shows the person behind the token.
#[utoipa::path(
    get,
    path = "/api/user/info",
    operation_id = "get_user_info",
    tag = "用户",
    summary = "当前用户",
    security(("user" = [])),
    responses(
        (status = 200, description = "当前用户", body = Envelope<UserInfo>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"userId": "550e8400-e29b-41d4-a716-446655440000", "phone": "138****1234", "name": null,
                "role": "operator", "createdAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn info(user: UserToken) -> ApiResult<Reply> {
    let user = &user.user;
    Reply::ok(&UserInfo {
        user_id: user.id.to_string(),
        phone: mask(&user.phone),
        name: user.name.clone(),
        role: user.role,
        created_at: user.created_at.iso(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_masked() {
        for (phone, masked) in
            [("13812341234", "138****1234"), ("1381234", "1381234"), ("12", "12"), ("", "")]
        {
            assert_eq!(mask(phone), masked);
        }
    }
}
