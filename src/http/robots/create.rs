//! `POST /api/robots`: a robot made by hand.
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use workbot_schema::activation::RefreshToken;
use workbot_schema::batch::Record;
use workbot_schema::fields::Json;
use workbot_schema::ids::UserId;
use workbot_schema::robots::statistics::count_owned;
use workbot_schema::robots::{Robot, RobotKind};

use super::maker::{Making, making};
use super::robot_fields::{Prepared, RobotFields, Tools, prepare, put};
use super::robot_view::RobotView;
use super::secret::{SecretKind, random_bytes, random_secret};
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, Reach, UserToken, hash_of};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Conflict, Fields};
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The robot, and what is told once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedRobot {
    /// The robot.
    #[serde(flatten)]
    pub robot: RobotView,
    /// Secret path segment of WorkTool phones; see also `GET /api/robots/{robotId}/link`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// Key of the hosted platform's webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_key: Option<String>,
    /// Access token of a native robot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Exchanged for the next pair of tokens, once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// End of the access token, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Signs callbacks, when signing was switched on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_secret: Option<String>,
}

/// Makes a robot.
#[utoipa::path(
    post,
    path = "/api/robots",
    operation_id = "create_robot",
    tag = "机器人",
    summary = "创建机器人",
    description = "返回的 linkId、callbackKey、token、signingSecret 只出现这一次，请妥善保存。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = RobotFields,
        example = json!({"name": "管家", "kind": "worktool", "replyAll": 0, "openCallback": 1, "callbackUrl": "https://ai.example.com/callback"})),
    responses(
        (status = 200, description = "已创建", body = Envelope<CreatedRobot>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"robotId": "robot_1703123456789_abc123",
                "robotUuid": "550e8400-e29b-41d4-a716-446655440000", "kind": "worktool", "name": "管家",
                "openCallback": 1, "replyAll": 0, "callbackUrl": "https://ai.example.com/callback",
                "enabled": true, "status": "online", "queued": 0, "version": 3,
                "createdAt": "2026-01-30T12:00:00.000Z", "linkId": "wt22phhjpt2xboerspxsote472xdnyq2",
                "callbackKey": "…"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<RobotFields>,
) -> ApiResult<Reply> {
    let reach = user.may(Action::CreateRobot)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let fields = body.value;
    let mut wrong = Fields::new();
    wrong.expect(fields.name.is_some(), "name", "不能为空");
    let kind = fields.kind.unwrap_or(RobotKind::Native);
    wrong.expect(fields.kind.is_some(), "kind", "不能为空，可选 worktool、worktool_cloud、native");
    wrong.into_invalid()?;
    let owner = owner(&state, &user, reach, fields.owner_id.clone()).await?;
    let making = making(&state, &owner).await?;
    if let Making::Limited(most, _turn) = &making
        && count_owned(&state.db, owner.clone()).await? >= *most
    {
        return Err(ApiError::Conflict(Conflict::RobotLimit(*most)));
    }
    let now = state.now();
    let mut robot = Robot::new(kind, String::new(), Some(owner), now);
    let tools = Tools { addresses: state.addresses, sealer: &state.sealer, random: random_bytes()? };
    let Prepared { changes, signing_secret, .. } = prepare(fields, &robot, &tools)?;
    put(&mut robot, changes);
    let mut records = Vec::new();
    let (mut token, mut refresh_token, mut expires_at, mut callback_key) = (None, None, None, None);
    if kind == RobotKind::Native {
        let family = Uuid::new_v4().simple().to_string();
        robot.token_family = Some(family.clone());
        let access = state.tokens.robot(&robot, now)?;
        let refresh = state.tokens.refresh(&family, now)?;
        records.push(Record::RefreshToken(RefreshToken {
            token_hash: hash_of(refresh.token.as_bytes()),
            robot_uuid: robot.id,
            family,
            expires_at: refresh.expires_at,
            used_at: None,
            created_at: now,
        }));
        (token, refresh_token, expires_at) =
            (Some(access.token), Some(refresh.token), Some(access.expires_at.iso()));
    } else {
        let plain = random_secret()?;
        let sealed = state.sealer.seal(&SecretKind::CallbackKey.place(robot.id), &plain)?;
        robot.secrets =
            Json(workbot_schema::robots::RobotSecrets { callback_key: Some(sealed), ..robot.secrets.0 });
        callback_key = Some(plain);
    }
    let detail = serde_json::json!({"kind": kind, "name": robot.name, "ownerId": robot.owner_id});
    let object = format!("robot/{}", robot.robot_id);
    records.insert(0, Record::Robot(Box::new(robot.clone())));
    records.push(origin.audit(&caller, "robot.create", object, detail, now));
    let link_id = robot.link_id.clone();
    let reply = Reply::ok(&CreatedRobot {
        robot: RobotView::of(&state, robot),
        link_id,
        callback_key,
        token,
        refresh_token,
        expires_at,
        signing_secret,
    })?;
    match ticket.commit_secret(&state, &reply, records).await? {
        Committed::Replay(reply) => Ok(reply),
        Committed::Done(_outcomes) => Ok(reply),
    }
}

/// The maker, or whom an administrator names.
async fn owner(state: &State, user: &UserToken, reach: Reach, named: Option<String>) -> ApiResult<UserId> {
    match named.map(UserId) {
        Some(named) if named != user.user.id => {
            let is_known = reach == Reach::All && state.user(&named).await?.is_some();
            if is_known {
                Ok(named)
            } else {
                Err(ApiError::field("ownerId", "用户不存在或无权指定"))
            }
        }
        _ => Ok(user.user.id.clone()),
    }
}
