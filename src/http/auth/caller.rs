//! Whoever is asking, and which robot they ask about.
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::ids::{RobotId, RobotUuid, UserId};
use workbot_schema::robots::queries::{RobotKey, RobotProfile};

use super::bearer::PLATFORM_KEY_PREFIX;
use super::permission::{Action, Reach, find_grant};
use super::platform_key::PlatformKeyAuth;
use super::robot::{RobotToken, serving};
use super::session::Presented;
use super::user::UserToken;
use crate::http::error::{ApiError, ApiResult, Forbidden, Missing, Unauthorized};
use crate::http::extract::ClientAddress;
use crate::http::state::{AppState, State};

/// Whoever is asking.
#[derive(Clone)]
pub enum Caller {
    /// A robot's app, or the AI platform with the robot's token.
    Robot(RobotToken),
    /// An AI platform with its own key.
    Platform(PlatformKeyAuth),
    /// A person.
    User(UserToken),
}

impl Caller {
    /// Checks a bearer credential of any kind.
    pub async fn check(state: &AppState, credential: &str, client: ClientAddress) -> ApiResult<Self> {
        if credential.starts_with(PLATFORM_KEY_PREFIX) {
            return PlatformKeyAuth::check(state, credential, client).await.map(Self::Platform);
        }
        // Which kind it is stands in the token; robots come most often.
        match state.tokens.check_robot(credential, state.now()) {
            Ok(claims) => RobotToken::admit(state, claims).await.map(Self::Robot),
            Err(Unauthorized::Wrong) => UserToken::check(state, credential).await.map(Self::User),
            Err(refused) => Err(ApiError::Unauthorized(refused)),
        }
    }

    /// Names the credential: for idempotency keys and the audit log.
    pub fn name(&self) -> String {
        match self {
            Self::Robot(robot) => format!("robot:{}", robot.uuid()),
            Self::Platform(platform) => format!("key:{}", platform.key.id),
            Self::User(user) => format!("user:{}", user.user.id),
        }
    }

    /// The person behind it, when there is one.
    pub fn user_id(&self) -> Option<&UserId> {
        match self {
            Self::Robot(_) => None,
            Self::Platform(platform) => Some(&platform.key.owner_id),
            Self::User(user) => Some(&user.user.id),
        }
    }

    /// How far this caller reaches by an action: 403 when not at all. Robots and platform keys reach their own robots.
    pub fn may(&self, action: Action) -> ApiResult<Reach> {
        let grant = find_grant(action);
        match self {
            Self::Robot(_) if grant.is_some_and(|grant| grant.robot) => Ok(Reach::Own),
            Self::Robot(_) => Err(ApiError::Forbidden(Forbidden::Credential)),
            Self::Platform(platform) => match grant.and_then(|grant| grant.scope) {
                Some(scope) => platform.require(scope).map(|()| Reach::Own),
                None => Err(ApiError::Forbidden(Forbidden::Credential)),
            },
            Self::User(user) => user.may(action),
        }
    }

    /// The robot of a request. `robot_id` may be absent with a robot's own token.
    ///
    /// 403 when this kind of caller may not do `action` at all, 404 when the robot is not there or not theirs, 403 when it may not
    /// serve and the action needs that.
    pub async fn robot(
        &self,
        state: &AppState,
        robot_id: Option<&str>,
        action: Action,
    ) -> ApiResult<Arc<RobotEntry>> {
        let reach = self.may(action)?;
        let entry = match (self, robot_id) {
            (Self::Robot(robot), None) => Arc::clone(&robot.entry),
            (_, None) => return Err(ApiError::field("robotId", "缺少该字段")),
            (_, Some(robot_id)) => find_robot(state, robot_id).await?,
        };
        if !self.reaches(&entry.profile(), entry.uuid, reach) {
            return Err(ApiError::NotFound(Missing::Robot));
        }
        if find_grant(action).is_some_and(|grant| grant.needs_service) {
            serving(&entry, state)?;
        }
        Ok(entry)
    }

    /// Whether an object of a robot is within reach.
    pub fn reaches(&self, profile: &RobotProfile, robot: RobotUuid, reach: Reach) -> bool {
        match self {
            Self::Robot(own) => own.uuid() == robot,
            Self::Platform(platform) => platform.reaches(&profile.robot),
            Self::User(user) => {
                let id = &user.user.id;
                let is_own = profile.robot.owner_id.as_ref() == Some(id);
                match reach {
                    Reach::None => false,
                    Reach::Own => is_own,
                    Reach::Assigned => is_own || profile.members.contains(id),
                    Reach::All => true,
                }
            }
        }
    }
}

/// A robot by `robotId` (or `robotUuid`), 404 when there is none.
pub async fn find_robot(state: &AppState, robot_id: &str) -> ApiResult<Arc<RobotEntry>> {
    let key = match uuid::Uuid::parse_str(robot_id) {
        Ok(uuid) => RobotKey::Uuid(RobotUuid(uuid)),
        Err(_other_form) => RobotKey::Id(RobotId::from(robot_id)),
    };
    state.directory.get(key).await?.ok_or(ApiError::NotFound(Missing::Robot))
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = State::of(&request)?;
            let client = ClientAddress::of(&request, &state.settings.server.trusted_proxies);
            match Presented::of(&request)? {
                Presented::Bearer(credential) => Self::check(&state, credential, client).await,
                Presented::Session(cookie) => {
                    UserToken::check_session(&state, &request, &cookie).await.map(Self::User)
                }
            }
        })
    }
}
