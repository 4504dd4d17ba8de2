//! `PUT /api/robots/{robotId}/members`: who works with a robot beside its owner.
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::ids::UserId;
use workbot_schema::robots::operations::Updated;

use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Fields, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Most members of a robot.
const MEMBERS: usize = 100;

/// The members, all of them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Members {
    /// Ids of users.
    #[schema(max_items = 100)]
    pub user_ids: Vec<String>,
}

/// Replaces the members of a robot.
#[utoipa::path(
    put,
    path = "/api/robots/{robotId}/members",
    operation_id = "set_robot_members",
    tag = "机器人",
    summary = "指派成员",
    description = "成员列表整体替换；成员按各自角色查看或操作该机器人。",
    security(("user" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    request_body(content = Members, example = json!({"userIds": ["550e8400-e29b-41d4-a716-446655440000"]})),
    responses(
        (status = 200, description = "现在的成员", body = Envelope<Members>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"userIds": ["550e8400-e29b-41d4-a716-446655440000"]}})),
        Failures
    )
)]
pub async fn members(
    state: State,
    caller: Caller,
    origin: Origin,
    robot_id: Path<String>,
    body: Body<Members>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::WriteRobot).await?;
    let mut wrong = Fields::new();
    wrong.expect(body.value.user_ids.len() <= MEMBERS, "userIds", "最多 100 个成员");
    wrong.into_invalid()?;
    let mut wrong = Fields::new();
    let mut users: Vec<UserId> = Vec::with_capacity(body.value.user_ids.len());
    for (place, id) in body.value.user_ids.into_iter().enumerate() {
        let id = UserId(id);
        if id.0.is_empty() || id.0.len() > 36 || state.user(&id).await?.is_none() {
            wrong.add(format!("userIds[{place}]"), "用户不存在");
        } else if !users.contains(&id) {
            users.push(id);
        }
    }
    wrong.into_invalid()?;
    let object = format!("robot/{}", entry.profile().robot.robot_id);
    let detail = serde_json::json!({"userIds": users});
    let records = vec![
        Record::Members { robot: entry.uuid, users: users.clone() },
        origin.audit(&caller, "robot.members", object, detail, state.now()),
    ];
    match state.journal.write(records).await?.into_iter().next() {
        Some(Outcome::Robot(updated)) if matches!(*updated, Updated::Done(_)) => {
            Reply::ok(&Members { user_ids: users.iter().map(UserId::to_string).collect() })
        }
        Some(Outcome::Robot(_)) => Err(ApiError::NotFound(Missing::Robot)),
        _ => Err(ApiError::Internal("the journal answered members with something else".to_owned())),
    }
}
