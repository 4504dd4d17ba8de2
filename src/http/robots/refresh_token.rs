//! `POST /api/robot/refresh-token`: a refresh token is exchanged once for the next pair.
use std::time::Duration;

use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_schema::activation::{Rotated, Rotation};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::robots::RobotRefusal;

use crate::http::auth::hash_of;
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited, Unauthorized};
use crate::http::extract::Body;
use crate::http::guard::in_flight::Entered;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The refresh token of the last pair.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshRequest {
    /// As it was given.
    #[schema(example = "eyJ…")]
    pub refresh_token: String,
}

/// The next pair.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshResponse {
    /// Access token.
    pub token: String,
    /// Exchanged for the next pair, once.
    pub refresh_token: String,
    /// End of the access token, ISO 8601.
    pub expires_at: String,
}

/// How long a second exchange of the same token waits for the first.
const PATIENCE: Duration = Duration::from_secs(9);

/// Exchanges a refresh token. The same token within 10 s gets the same answer; later it revokes the whole family.
#[utoipa::path(
    post,
    path = "/api/robot/refresh-token",
    tag = "机器人激活",
    summary = "刷新令牌",
    description = "刷新令牌只能使用一次；10 秒内重复提交得到相同结果，之后重复使用会作废该设备的全部令牌（401 token_reused）。",
    request_body(content = RefreshRequest, example = json!({"refreshToken": "eyJ…"})),
    responses(
        (status = 200, description = "新的令牌", body = Envelope<RefreshResponse>,
            example = json!({"success": true, "code": 0, "message": "success",
                "data": {"token": "eyJ…", "refreshToken": "eyJ…", "expiresAt": "2026-01-30T12:00:00.000Z"}})),
        Failures
    )
)]
pub async fn refresh_token(state: State, body: Body<RefreshRequest>) -> ApiResult<Reply> {
    let presented = body.value.refresh_token;
    let claims = state.tokens.check_refresh(&presented, state.now()).map_err(ApiError::Unauthorized)?;
    state
        .refresh_limit
        .take(&claims.fam, state.clock.monotonic_ms())
        .map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
    // A task of its own: a client that goes away between commit and answer must find the answer when it asks again.
    let exchange = actix_web::rt::spawn(exchange(state.clone(), hash_of(presented.as_bytes()), claims.fam));
    exchange.await.map_err(|error| ApiError::Internal(format!("exchange: {error}")))?
}

async fn exchange(state: State, presented_hash: String, family: String) -> ApiResult<Reply> {
    let _turn = loop {
        match state.rotations.turns.enter(presented_hash.clone(), ()) {
            Entered::First(turn) => break turn,
            Entered::Busy((), busy) => {
                if !busy.wait(PATIENCE).await {
                    return Err(ApiError::Unavailable(
                        "the same refresh token is being exchanged".to_owned(),
                    ));
                }
            }
        }
    };
    if let Some(answer) = state.rotations.find(&presented_hash, state.clock.monotonic_ms())? {
        return Ok(Reply {
            status: actix_web::http::StatusCode::OK,
            body: Bytes::from(answer),
            is_replay: false,
        });
    }
    let now = state.now();
    let next = state.tokens.refresh(&family, now)?;
    let rotation = Rotation {
        presented_hash: presented_hash.clone(),
        next_hash: hash_of(next.token.as_bytes()),
        next_expires_at: next.expires_at,
    };
    let outcomes = state.journal.write(vec![Record::Rotate(rotation)]).await?;
    let Some(Outcome::Rotated(rotated)) = outcomes.into_iter().next() else {
        return Err(ApiError::Internal("the journal answered a rotation with something else".to_owned()));
    };
    match *rotated {
        Rotated::Done { robot, family: _ } => {
            let access = state.tokens.robot(&robot, now)?;
            let reply = Reply::ok(&RefreshResponse {
                token: access.token,
                refresh_token: next.token,
                expires_at: access.expires_at.iso(),
            })?;
            let answer = String::from_utf8_lossy(&reply.body);
            state.rotations.keep(presented_hash, &answer, state.clock.monotonic_ms())?;
            Ok(reply)
        }
        Rotated::Refused(RobotRefusal::Expired) => Err(ApiError::Forbidden(Forbidden::RobotExpired)),
        Rotated::Refused(RobotRefusal::Disabled) => Err(ApiError::Forbidden(Forbidden::RobotDisabled)),
        Rotated::Refused(RobotRefusal::Deleted) | Rotated::Unknown => {
            Err(ApiError::Unauthorized(Unauthorized::Revoked))
        }
        Rotated::Expired => Err(ApiError::Unauthorized(Unauthorized::Expired)),
        Rotated::Reused(robot) => {
            log::warn!(robot:% = robot; "refresh token reused; its family is revoked");
            Err(ApiError::Unauthorized(Unauthorized::Reused))
        }
    }
}
