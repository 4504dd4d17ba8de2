//! `DELETE /api/platform-keys/{id}`: a key is refused from now on.
use actix_web::web::Path;
use workbot_schema::ids::PlatformKeyId;
use workbot_schema::platform_keys;
use workbot_schema::store::StoreError;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, Reach, UserToken};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Revokes a key.
#[utoipa::path(
    delete,
    path = "/api/platform-keys/{id}",
    operation_id = "revoke_platform_key",
    tag = "平台密钥",
    summary = "作废平台密钥",
    security(("user" = [])),
    params(("id" = String, Path, description = "密钥编号")),
    responses(
        (status = 200, description = "已作废", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn revoke(state: State, user: UserToken, origin: Origin, id: Path<String>) -> ApiResult<Reply> {
    let owner = match user.may(Action::PlatformKeys)? {
        Reach::All => None,
        Reach::None | Reach::Own | Reach::Assigned => Some(user.user.id.clone()),
    };
    let id = PlatformKeyId(id.into_inner());
    let hash = match platform_keys::revoke(&state.db, id.clone(), owner, state.now()).await {
        Ok(hash) => hash,
        Err(StoreError::NotFound(_)) => return Err(ApiError::NotFound(Missing::PlatformKey)),
        Err(error) => return Err(error.into()),
    };
    state.keys.forget(&hash);
    let object = format!("platform_key/{id}");
    let detail = serde_json::json!({});
    let audit = origin.audit(&Caller::User(user), "platform_key.revoke", object, detail, state.now());
    state.journal.write(vec![audit]).await?;
    Reply::ok(&Empty {})
}
