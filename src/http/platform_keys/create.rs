//! `POST /api/platform-keys`: a new key, shown once.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use workbot_schema::batch::Record;
use workbot_schema::fields::{Json, Ts};
use workbot_schema::ids::{PlatformKeyId, random_text};
use workbot_schema::platform_keys::{PlatformKey, Scope};

use crate::http::audit::Origin;
use crate::http::auth::bearer::PLATFORM_KEY_PREFIX;
use crate::http::auth::{Action, Caller, Reach, UserToken, find_robot, hash_of};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Fields, Missing};
use crate::http::extract::{Body, IdempotencyKey};
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;
use crate::settings::network::Network;

/// Random characters of a key: more than 200 bits.
const KEY_CHARS: usize = 40;
/// Characters of a key that lists show.
const HINT_CHARS: usize = 8;
/// Most robots and addresses a key names.
const ENTRIES: usize = 100;

/// A new key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateKeyRequest {
    /// Its name, 1..100 characters.
    pub name: String,
    /// What it may do, at least one.
    pub scopes: Vec<Scope>,
    /// Robots it may use; empty = all of the maker's.
    #[serde(default)]
    pub robot_ids: Vec<String>,
    /// Until; for ever when absent.
    pub expires_at: Option<DateTime<Utc>>,
    /// Addresses or ranges it may come from; empty = any.
    #[serde(default)]
    pub ip_allow: Vec<String>,
}

/// The key, shown once.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedKey {
    /// Its id.
    pub id: String,
    /// Keep it: only its hash is stored.
    #[schema(example = "wbk_…")]
    pub key: String,
}

/// Makes a key.
#[utoipa::path(
    post,
    path = "/api/platform-keys",
    operation_id = "create_platform_key",
    tag = "平台密钥",
    summary = "创建平台密钥",
    description = "密钥只返回这一次。scopes：send 发送消息，commands 指令，messages 读消息，robots 读机器人，config 回调配置，callbacks 回调记录与重放。",
    security(("user" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")),
    request_body(content = CreateKeyRequest, example = json!({"name": "Dify", "scopes": ["send", "commands"],
        "robotIds": ["robot_1703123456789_abc123"], "ipAllow": ["203.0.113.0/24"]})),
    responses(
        (status = 200, description = "已创建", body = Envelope<CreatedKey>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "pk_0190", "key": "wbk_…"}})),
        Failures
    )
)]
pub async fn create(
    state: State,
    user: UserToken,
    origin: Origin,
    key: IdempotencyKey,
    body: Body<CreateKeyRequest>,
) -> ApiResult<Reply> {
    let reach = user.may(Action::PlatformKeys)?;
    let caller = Caller::User(user.clone());
    let ticket = match state.begin(&key, &caller.name(), &body.bytes).await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    let request = body.value;
    let now = state.now();
    check(&request, now)?;
    let robot_ids = robots(&state, &user, reach, &request.robot_ids).await?;
    let plain = format!("{PLATFORM_KEY_PREFIX}{}", random_text(KEY_CHARS));
    let row = PlatformKey {
        id: PlatformKeyId::generate(),
        key_hash: hash_of(plain.as_bytes()),
        key_hint: plain.chars().take(HINT_CHARS).collect(),
        name: request.name.trim().to_owned(),
        owner_id: user.user.id.clone(),
        scopes: Json(request.scopes),
        robot_ids: Json(robot_ids),
        ip_allow: Json(request.ip_allow),
        expires_at: request.expires_at.map(Ts::new),
        revoked_at: None,
        last_used_at: None,
        created_at: now,
    };
    let reply = Reply::ok(&CreatedKey { id: row.id.to_string(), key: plain })?;
    let detail = serde_json::json!({"name": row.name, "scopes": row.scopes.0, "robotIds": row.robot_ids.0});
    let audit = origin.audit(&caller, "platform_key.create", format!("platform_key/{}", row.id), detail, now);
    match ticket.commit_secret(&state, &reply, vec![Record::PlatformKey(Box::new(row)), audit]).await? {
        Committed::Done(_outcomes) => Ok(reply),
        Committed::Replay(reply) => Ok(reply),
    }
}

fn check(request: &CreateKeyRequest, now: Ts) -> ApiResult<()> {
    let mut wrong = Fields::new();
    wrong.expect_text("name", &request.name, 100);
    wrong.expect(!request.scopes.is_empty(), "scopes", "至少选择一个权限范围");
    wrong.expect(request.expires_at.is_none_or(|end| Ts::new(end) > now), "expiresAt", "必须晚于当前时间");
    wrong.expect(request.robot_ids.len() <= ENTRIES, "robotIds", "最多 100 个机器人");
    wrong.expect(request.ip_allow.len() <= ENTRIES, "ipAllow", "最多 100 个地址");
    for (place, text) in request.ip_allow.iter().enumerate() {
        wrong.expect(
            Network::parse(text).is_some(),
            &format!("ipAllow[{place}]"),
            "应为 IP 地址或网段，如 10.0.0.0/8",
        );
    }
    wrong.into_invalid()
}

/// Public ids of robots the maker owns (an administrator: any).
async fn robots(state: &State, user: &UserToken, reach: Reach, named: &[String]) -> ApiResult<Vec<String>> {
    let mut wrong = Fields::new();
    let mut ids: Vec<String> = Vec::with_capacity(named.len());
    for (place, name) in named.iter().enumerate() {
        let found = match find_robot(state, name).await {
            Ok(entry) => Some(entry.profile().robot.clone()),
            Err(ApiError::NotFound(Missing::Robot)) => None,
            Err(error) => return Err(error),
        };
        let robot =
            found.filter(|robot| reach == Reach::All || robot.owner_id.as_ref() == Some(&user.user.id));
        match robot {
            None => wrong.add(format!("robotIds[{place}]"), "机器人不存在"),
            Some(robot) if ids.iter().any(|id| id == robot.robot_id.as_str()) => {}
            Some(robot) => ids.push(robot.robot_id.to_string()),
        }
    }
    wrong.into_invalid()?;
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn judged(body: Value) -> Option<String> {
        let request: CreateKeyRequest = serde_json::from_value(body).unwrap();
        let now = Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        check(&request, now).err().map(|error| error.to_string())
    }

    #[test]
    fn fields_are_checked() {
        assert_eq!(judged(json!({"name": "a", "scopes": ["send"], "ipAllow": ["10.0.0.0/8", "::1"]})), None);
        assert_eq!(
            judged(json!({"name": "a", "scopes": ["send"], "expiresAt": "2027-01-16T00:00:00Z"})),
            None
        );
        for (body, name) in [
            (json!({"name": " ", "scopes": ["send"]}), "name"),
            (json!({"name": "a", "scopes": []}), "scopes"),
            (json!({"name": "a", "scopes": ["send"], "ipAllow": ["x"]}), "ipAllow[0]"),
            (json!({"name": "a", "scopes": ["send"], "expiresAt": "2020-01-01T00:00:00Z"}), "expiresAt"),
        ] {
            assert!(judged(body.clone()).unwrap().contains(name), "{body}");
        }
    }
}
