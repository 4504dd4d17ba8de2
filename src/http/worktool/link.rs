//! The robot a WorkTool call names by its link id, which is all the credential there is (and `key`, when the robot asks for it).
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::batch::Record;
use workbot_schema::fields::{Json, Ts};
use workbot_schema::logs::AuditLog;
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::wire::error_code;

use super::parameters::Parameters;
use super::refused::Refused;
use crate::http::audit::Origin;
use crate::http::auth::{hash_of, serving, take_request};
use crate::http::error::{ApiError, ApiResult, Limited, Missing};
use crate::http::extract::ClientAddress;
use crate::http::robots::secret::SecretKind;
use crate::http::state::{AppState, State};

/// Longest link id that can exist, bytes.
const LINK_BYTES: usize = 255;

/// A robot, and the link id it was named by.
#[derive(Clone)]
pub struct Link {
    /// The robot in memory.
    pub entry: Arc<RobotEntry>,
    /// What the caller presented, and what it is answered.
    pub id: String,
}

impl Link {
    /// The robot behind a link id. An address that presents too many unknown ones is refused for a while.
    pub async fn find(state: &AppState, client: ClientAddress, id: Option<&str>) -> ApiResult<Self> {
        let now_ms = state.clock.monotonic_ms();
        let limited = |wait| ApiError::Limited(Limited::Failures, wait);
        state.link_failures.check(&client.address, now_ms).map_err(limited)?;
        let Some(id) = id.map(str::trim).filter(|id| !id.is_empty()) else {
            return Err(ApiError::NotFound(Missing::Robot));
        };
        let found = match id.len() {
            0..=LINK_BYTES => state.directory.get(RobotKey::Link(id.to_owned())).await?,
            _ => None,
        };
        let Some(entry) = found else {
            state.link_failures.fail(client.address, now_ms);
            return Err(ApiError::NotFound(Missing::Robot));
        };
        Ok(Self { entry, id: id.to_owned() })
    }

    /// The same for a call of WorkTool's API: the robot must serve, be open for it, and its key be right if it asks for one.
    pub async fn admit(
        state: &AppState,
        client: ClientAddress,
        id: Option<&str>,
        key: Option<&str>,
    ) -> Result<Self, Refused> {
        let link = Self::find(state, client, id).await?;
        serving(&link.entry, state)?;
        let profile = link.entry.profile();
        let robot = &profile.robot;
        if !robot.settings.0.worktool_api {
            return Err(Refused::because("该机器人未开启 WorkTool 接口，请在控制台开启后重试"));
        }
        if robot.settings.0.robot_key_check == 1 {
            let sealed = robot.secrets.0.robot_key.as_deref();
            let place = SecretKind::RobotKey.place(robot.id);
            let right = sealed.map(|sealed| state.sealer.open(&place, sealed)).transpose()?;
            if !is_right(key, right.as_deref()) {
                // Tries cost as much as calls, so a key cannot be guessed.
                take_request(&link.entry)?;
                return Err(Refused::because(error_code::meaning(error_code::TOAST_WRONG_KEY)));
            }
        }
        Ok(link)
    }

    /// Takes one of the 60 requests a minute.
    pub fn take(&self) -> ApiResult<()> {
        take_request(&self.entry)
    }

    /// The record of a change made through the link.
    pub fn audit(&self, origin: &Origin, action: &str, detail: Value, now: Ts) -> Record {
        let robot_id = self.entry.profile().robot.robot_id.to_string();
        Record::Audit(AuditLog {
            seq: 0,
            actor: format!("link:{}", self.entry.uuid),
            action: action.to_owned(),
            object: format!("robot/{robot_id}"),
            detail: Json(detail),
            address: Some(origin.client.address.to_string()),
            request_id: Some(origin.request.as_str().to_owned()),
            created_at: now,
        })
    }
}

/// Hashes are compared, so that the time tells nothing; without a right one every given one is wrong.
pub fn is_right(given: Option<&str>, right: Option<&str>) -> bool {
    match (given, right) {
        (Some(given), Some(right)) => hash_of(given.as_bytes()) == hash_of(right.as_bytes()),
        _ => false,
    }
}

impl FromRequest for Link {
    type Error = Refused;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refused>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = State::of(&request)?;
            let client = ClientAddress::of(&request, &state.settings.server.trusted_proxies);
            let parameters = Parameters::read(request.query_string());
            Self::admit(&state, client, parameters.robot_id(), parameters.key()).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        assert!(is_right(Some("a"), Some("a")));
        for (given, right) in [(Some("a"), Some("b")), (None, Some("a")), (Some("a"), None), (None, None)] {
            assert!(!is_right(given, right));
        }
    }
}
