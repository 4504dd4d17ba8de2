//! `POST /api/robot/robotInfo/secret/rotate`: a new signing secret; the old one signs beside it for 24 h.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_actors::delivery::signature::ROTATION_SECS;
use workbot_schema::robots::queries::{RobotKey, find_profile};
use workbot_schema::robots::{RobotChanges, RobotSecrets};

use super::change::write;
use super::secret::{new_signing, random_bytes};
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, take_request};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Which robot.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RotateRequest {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
}

/// The new secret, told once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RotatedSecret {
    /// Keep it.
    #[schema(example = "whsec_…")]
    pub signing_secret: String,
    /// The old one signs until then, ISO 8601; none when there was none.
    pub previous_valid_until: Option<String>,
    /// Whether callbacks are signed at present.
    pub enable_signature: bool,
}

/// Makes a new signing secret.
#[utoipa::path(
    post,
    path = "/api/robot/robotInfo/secret/rotate",
    operation_id = "rotate_signing_secret",
    tag = "回调配置",
    summary = "更换签名密钥",
    description = "新密钥只返回这一次；24 小时内新旧密钥同时签名（webhook-signature 含两个签名）。",
    security(("robot" = []), ("platform" = []), ("user" = [])),
    request_body(content = RotateRequest, example = json!({"robotId": "robot_1703123456789_abc123"})),
    responses(
        (status = 200, description = "新密钥", body = Envelope<RotatedSecret>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"signingSecret": "whsec_…",
                "previousValidUntil": "2026-01-31T12:00:00.000Z", "enableSignature": true}})),
        Failures
    )
)]
pub async fn secret_rotate(
    state: State,
    caller: Caller,
    origin: Origin,
    body: Body<RotateRequest>,
) -> ApiResult<Reply> {
    let entry = caller.robot(&state, body.value.robot_id.as_deref(), Action::Configure).await?;
    take_request(&entry)?;
    let profile = find_profile(&state.db, RobotKey::Uuid(entry.uuid)).await?;
    let robot = profile.ok_or(ApiError::NotFound(Missing::Robot))?.robot;
    let (sealed, plain) = new_signing(&state.sealer, robot.id, &random_bytes()?)?;
    let now = state.now();
    let previous = robot.secrets.0.signing.clone();
    let until = previous.as_ref().map(|_sealed| now.plus(chrono::TimeDelta::seconds(ROTATION_SECS)));
    let secrets = RobotSecrets {
        signing: Some(sealed),
        previous_signing: previous,
        previous_until_ms: until.map(workbot_schema::fields::Ts::millis),
        ..robot.secrets.0.clone()
    };
    let changes = RobotChanges { secrets: Some(secrets), ..RobotChanges::default() };
    let detail = serde_json::json!({});
    let version = Some(robot.version);
    let robot =
        write(&state, &caller, &origin, &robot, changes, version, "robot.secret.rotate", detail).await?;
    Reply::ok(&RotatedSecret {
        signing_secret: plain,
        previous_valid_until: until.map(workbot_schema::fields::Ts::iso),
        enable_signature: robot.settings.0.enable_signature,
    })
}
