//! `GET /api/ai/personas/{id}/diff`: what differs between two versions.
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_schema::ai_personas::versions;

use super::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Query;
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::http::versions::{FieldChange, changes};

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// Which versions.
pub struct DiffQuery {
    /// The older one; the one before `to` when absent.
    pub from: Option<i64>,
    /// The newer one; the present one when absent.
    pub to: Option<i64>,
}

/// What differs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diff {
    /// The version before.
    pub from: i64,
    /// The version after.
    pub to: i64,
    /// Field by field.
    pub changes: Vec<FieldChange>,
}

/// Compares two versions of a persona.
#[utoipa::path(
    get,
    path = "/api/ai/personas/{id}/diff",
    operation_id = "diff_persona",
    tag = "AI 角色",
    summary = "比较角色版本",
    description = "逐字段列出两个版本之间的差异；默认比较当前版本与前一个版本。",
    security(("user" = [])),
    params(("id" = String, Path, description = "角色编号"), DiffQuery),
    responses(
        (status = 200, description = "差异", body = Envelope<Diff>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"from": 1, "to": 2,
                "changes": [{"field": "temperature", "before": 0.7, "after": 0.5}]}})),
        Failures
    )
)]
pub async fn diff(
    state: State,
    user: UserToken,
    id: Path<String>,
    Query(query): Query<DiffQuery>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let persona = find(&state, &user, id.into_inner()).await?;
    let to = query.to.unwrap_or(persona.version);
    let from = query.from.unwrap_or_else(|| to.saturating_sub(1).max(1));
    let missing = || ApiError::NotFound(Missing::Version);
    let before = versions::find(&state.db, persona.id.clone(), from).await?.ok_or_else(missing)?;
    let after = versions::find(&state.db, persona.id, to).await?.ok_or_else(missing)?;
    Reply::ok(&Diff { from, to, changes: changes(&before.content, &after.content) })
}
