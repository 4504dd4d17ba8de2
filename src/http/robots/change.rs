//! `PUT /api/robots/{robotId}`: the fields given change, the rest stays.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::robots::operations::Updated;
use workbot_schema::robots::queries::{RobotKey, find_profile};
use workbot_schema::robots::{Robot, RobotChanges};

use super::robot_fields::{RobotFields, Tools, prepare};
use super::robot_view::RobotView;
use super::secret::random_bytes;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// The robot after the change.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangedRobot {
    /// The robot.
    #[serde(flatten)]
    pub robot: RobotView,
    /// Told once, when signing was switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<String>,
}

/// Changes a robot.
#[utoipa::path(
    put,
    path = "/api/robots/{robotId}",
    operation_id = "update_robot",
    tag = "机器人",
    summary = "修改机器人",
    description = "只修改给出的字段；version 不一致时返回 409 version_conflict。",
    security(("user" = [])),
    params(("robotId" = String, Path, description = "机器人编号")),
    request_body(content = RobotFields, example = json!({"name": "小助手", "replyAll": 1, "version": 3})),
    responses(
        (status = 200, description = "修改后的机器人", body = Envelope<ChangedRobot>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123",
                "robotUuid": "550e8400-e29b-41d4-a716-446655440000", "kind": "worktool", "name": "管家",
                "openCallback": 1, "replyAll": 0, "callbackUrl": "https://ai.example.com/callback",
                "enabled": true, "status": "online", "queued": 0, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn change(
    state: State,
    caller: Caller,
    origin: Origin,
    robot_id: Path<String>,
    body: Body<RobotFields>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, Some(&robot_id), Action::WriteRobot).await?;
    let (robot, signing_secret) = apply(&state, &caller, &origin, &entry, body.value).await?;
    Reply::ok(&ChangedRobot { robot: RobotView::of(&state, robot), signing_secret })
}

/// Checks and writes fields, at their version when they name one; the robot as it is then, and a new signing secret.
pub async fn apply(
    state: &AppState,
    caller: &Caller,
    origin: &Origin,
    entry: &RobotEntry,
    fields: RobotFields,
) -> ApiResult<(Robot, Option<String>)> {
    let expected = fields.version;
    let mut current = 0;
    // Settings are one document: a change that another overtakes is made again on what is there now. The store is asked, because
    // the command line is another process and memory hears of its changes later.
    for _attempt in 0..3 {
        let present = find_profile(&state.db, RobotKey::Uuid(entry.uuid)).await?;
        let present = present.ok_or(ApiError::NotFound(Missing::Robot))?;
        let tools = Tools { addresses: state.addresses, sealer: &state.sealer, random: random_bytes()? };
        let prepared = prepare(fields.clone(), &present.robot, &tools)?;
        if prepared.names.is_empty() && expected.is_none_or(|expected| expected == present.robot.version) {
            return Ok((present.robot.clone(), None));
        }
        let at = expected.unwrap_or(present.robot.version);
        let detail = serde_json::json!({"fields": prepared.names});
        match write(state, caller, origin, &present.robot, prepared.changes, Some(at), "robot.update", detail)
            .await
        {
            Ok(robot) => return Ok((robot, prepared.signing_secret)),
            Err(ApiError::Conflict(Conflict::Version { current: other })) if expected.is_none() => {
                current = other;
            }
            Err(error) => return Err(error),
        }
    }
    Err(ApiError::Conflict(Conflict::Version { current }))
}

/// Writes changes of a robot with their audit record.
#[expect(clippy::too_many_arguments, reason = "one write with everything that belongs to it")]
pub async fn write(
    state: &AppState,
    caller: &Caller,
    origin: &Origin,
    robot: &Robot,
    changes: RobotChanges,
    expected: Option<i64>,
    action: &str,
    detail: serde_json::Value,
) -> ApiResult<Robot> {
    let audit = origin.audit(caller, action, format!("robot/{}", robot.robot_id), detail, state.now());
    let update = Record::UpdateRobot { id: robot.id, changes: Box::new(changes), expected };
    match state.journal.write(vec![update, audit]).await?.into_iter().next() {
        Some(Outcome::Robot(updated)) => match *updated {
            Updated::Done(robot) => Ok(*robot),
            Updated::VersionConflict(current) => Err(ApiError::Conflict(Conflict::Version { current })),
            Updated::Missing => Err(ApiError::NotFound(Missing::Robot)),
        },
        _ => Err(ApiError::Internal("the journal answered a change with something else".to_owned())),
    }
}
