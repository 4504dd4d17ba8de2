//! The moment somebody has shown a code or a link: the session, its cookies, the audit log, and who fails too often.
use std::net::IpAddr;

use actix_web::{FromRequest, HttpRequest};
use chrono::TimeDelta;
use serde_json::json;
use workbot_schema::accounts::{AccountAct, AccountDone, NewSession};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::fields::{Json, Ts};
use workbot_schema::ids::{UserId, UserSessionId};
use workbot_schema::logs::AuditLog;
use workbot_schema::users::User;

use super::cookies::{WithCookies, described, is_secure};
use super::info::UserInfo;
use crate::http::audit::Origin;
use crate::http::auth::hash_of;
use crate::http::envelope::Reply;
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited, Unauthorized};
use crate::http::robots::secret::random_secret;
use crate::http::state::{AppState, State};

/// What every entrance needs of a request.
pub struct Entrance {
    origin: Origin,
    address: String,
    user_agent: String,
    is_secure: bool,
}

impl FromRequest for Entrance {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut actix_web::dev::Payload) -> Self::Future {
        let made = State::of(request).and_then(|state| {
            let origin = Origin::from_request(request, payload).into_inner()?;
            let (address, user_agent) = described(request, origin.client);
            Ok(Self { is_secure: is_secure(&state, request), origin, address, user_agent })
        });
        std::future::ready(made)
    }
}

impl Entrance {
    /// Where the request comes from.
    pub fn address(&self) -> IpAddr {
        self.origin.client.address
    }

    /// The id of the request.
    pub fn request(&self) -> &str {
        self.origin.request.as_str()
    }

    /// 429 when the address has failed too often.
    pub fn check(&self, state: &AppState) -> ApiResult<()> {
        let now_ms = state.clock.monotonic_ms();
        let checked = state.logins.failures.check(&self.address(), now_ms);
        checked.map_err(|wait| ApiError::Limited(Limited::Failures, wait))
    }

    /// Lets somebody in by an act made with the session that begins; `user` is who it will be, for the audit log.
    pub async fn enter(
        &self,
        state: &AppState,
        user: Option<&UserId>,
        way: &str,
        act: impl FnOnce(NewSession) -> AccountAct,
    ) -> ApiResult<WithCookies> {
        let now = state.now();
        let cookie = random_secret()?;
        let secs = state.settings.users.session_secs;
        let life = TimeDelta::seconds(i64::try_from(secs).unwrap_or(i64::MAX / 1_000));
        let session = NewSession {
            id: UserSessionId::generate(),
            token_hash: hash_of(cookie.as_bytes()),
            address: self.address.clone(),
            user_agent: self.user_agent.clone(),
            expires_at: now.plus(life),
        };
        let session_id = session.id.clone();
        let records = vec![Record::Account(Box::new(act(session))), self.audit(user, way, &session_id, now)];
        let user = match state.journal.write(records).await?.into_iter().next() {
            Some(Outcome::Account(done)) => self.admitted(state, *done, way)?,
            _ => {
                return Err(ApiError::Internal(
                    "the journal answered a login with something else".to_owned(),
                ));
            }
        };
        log::info!(user = user.id.as_str(), way = way; "somebody has logged in");
        // Whoever is new, or was looked for in vain a moment ago, is known now.
        state.users.forget(&user.id);
        let csrf = state.logins.keys.csrf(&cookie);
        let info = UserInfo::of(&user, Some((session_id.to_string(), csrf.clone())));
        Ok(WithCookies::open(Reply::message("登录成功", &info)?, (cookie, csrf), secs, self.is_secure))
    }

    fn admitted(&self, state: &AppState, done: AccountDone, way: &str) -> ApiResult<User> {
        let refusal = match done {
            AccountDone::Entered(user) => return Ok(*user),
            AccountDone::NeedsPhone => {
                return Err(ApiError::field("phone", "首次使用请填写管理员手机号（11 位）"));
            }
            AccountDone::Disabled => return Err(ApiError::Forbidden(Forbidden::UserDisabled)),
            AccountDone::Wrong if way == "code" => ApiError::Unauthorized(Unauthorized::Code),
            AccountDone::Wrong => ApiError::Unauthorized(Unauthorized::Ticket),
            other => return Err(ApiError::Internal(format!("a login was answered with {other:?}"))),
        };
        log::info!(request = self.request(), address = self.address.as_str(), way = way; "a login failed");
        state.logins.failures.fail(self.address(), state.clock.monotonic_ms());
        Err(refusal)
    }

    fn audit(&self, user: Option<&UserId>, way: &str, session: &UserSessionId, now: Ts) -> Record {
        let actor = user.map_or_else(|| "system".to_owned(), |user| format!("user:{user}"));
        let object = user.map_or_else(|| "user".to_owned(), |user| format!("user/{user}"));
        Record::Audit(AuditLog {
            seq: 0,
            actor,
            action: "user.login".to_owned(),
            object,
            detail: Json(json!({"way": way, "sessionId": session})),
            address: Some(self.address.clone()),
            request_id: Some(self.request().to_owned()),
            created_at: now,
        })
    }
}
