//! A robot with its access token.
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::RobotRefusal;
use workbot_schema::robots::queries::RobotKey;

use super::bearer::bearer;
use super::token::RobotClaims;
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited, Missing, Unauthorized};
use crate::http::state::{AppState, State};

/// A robot whose token is valid, of its present family, and which may serve.
#[derive(Clone)]
pub struct RobotToken {
    /// The robot in memory.
    pub entry: Arc<RobotEntry>,
    /// The claims of its token.
    pub claims: RobotClaims,
}

impl RobotToken {
    /// Checks a token: 401 when it is not valid or its family is over, 403 when the robot may not serve.
    pub async fn check(state: &AppState, token: &str) -> ApiResult<Self> {
        let claims = state.tokens.check_robot(token, state.now()).map_err(ApiError::Unauthorized)?;
        Self::admit(state, claims).await
    }

    /// The same for claims whose signature was checked.
    pub async fn admit(state: &AppState, claims: RobotClaims) -> ApiResult<Self> {
        let entry = state.directory.get(RobotKey::Uuid(claims.robot())).await?;
        let entry = entry.ok_or(ApiError::Unauthorized(Unauthorized::Revoked))?;
        let token = Self { entry, claims };
        let profile = token.entry.profile();
        if profile.robot.token_family.as_deref() != Some(token.claims.fam.as_str()) {
            return Err(ApiError::Unauthorized(Unauthorized::Revoked));
        }
        serving(&token.entry, state)?;
        Ok(token)
    }

    /// The robot.
    pub fn uuid(&self) -> RobotUuid {
        self.entry.uuid
    }

    /// Takes one of the 600 a minute for what the robot itself sends.
    pub fn take_inbound(&self) -> ApiResult<()> {
        self.entry.limits.inbound.take().map_err(|wait| ApiError::Limited(Limited::Requests, wait))
    }
}

/// Takes one of the 60 a minute for requests about a robot, whatever credential is used.
pub fn take_request(entry: &RobotEntry) -> ApiResult<()> {
    entry.limits.requests.take().map_err(|wait| ApiError::Limited(Limited::Requests, wait))
}

/// 403 when the robot is switched off or its service is over, 404 when it is deleted.
pub fn serving(entry: &RobotEntry, state: &AppState) -> ApiResult<()> {
    match entry.profile().robot.refusal(state.now()) {
        None => Ok(()),
        Some(RobotRefusal::Deleted) => Err(ApiError::NotFound(Missing::Robot)),
        Some(RobotRefusal::Disabled) => Err(ApiError::Forbidden(Forbidden::RobotDisabled)),
        Some(RobotRefusal::Expired) => Err(ApiError::Forbidden(Forbidden::RobotExpired)),
    }
}

impl FromRequest for RobotToken {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = State::of(&request)?;
            let token = bearer(&request).map_err(ApiError::Unauthorized)?;
            Self::check(&state, token).await
        })
    }
}
