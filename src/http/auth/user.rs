//! A person with a bearer token or a session of the console.
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use workbot_schema::users::User;

use super::permission::{Action, Reach, reach};
use super::session::{Presented, SessionAuth};
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited, Unauthorized};
use crate::http::state::{AppState, State};

/// A person whose token or session is valid and who is still active, with the role of ≤ 5 s ago.
#[derive(Clone)]
pub struct UserToken {
    /// The person.
    pub user: Arc<User>,
    /// The session, when the person came with a cookie.
    pub session: Option<Arc<SessionAuth>>,
}

impl UserToken {
    /// Checks a token, and takes one of the 600 requests a minute: 401 or 429.
    pub async fn check(state: &AppState, token: &str) -> ApiResult<Self> {
        let claims = state.tokens.check_user(token, state.now()).map_err(ApiError::Unauthorized)?;
        let user = state.user(&claims.sub).await?.filter(|user| user.is_active);
        let user = user.ok_or(ApiError::Unauthorized(Unauthorized::Revoked))?;
        if user.token_epoch != claims.epoch {
            return Err(ApiError::Unauthorized(Unauthorized::Revoked));
        }
        state
            .console_limit
            .take(user.id.as_str(), state.clock.monotonic_ms())
            .map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
        Ok(Self { user, session: None })
    }

    /// Checks a session's cookie and, for requests that change something, its CSRF token; takes one of the 600 requests a minute.
    pub async fn check_session(state: &AppState, request: &HttpRequest, cookie: &str) -> ApiResult<Self> {
        let session = SessionAuth::check(state, cookie).await?;
        session.check_csrf(request)?;
        let user = state.user(&session.row.user_id).await?.filter(|user| user.is_active);
        let user = user.ok_or(ApiError::Unauthorized(Unauthorized::Session))?;
        state
            .console_limit
            .take(session.row.id.as_str(), state.clock.monotonic_ms())
            .map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
        Ok(Self { user, session: Some(Arc::new(session)) })
    }

    /// How far the person's role reaches; 403 when not at all.
    pub fn may(&self, action: Action) -> ApiResult<Reach> {
        match reach(self.user.role, action) {
            Reach::None => Err(ApiError::Forbidden(Forbidden::Role)),
            reach => Ok(reach),
        }
    }
}

impl FromRequest for UserToken {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = State::of(&request)?;
            match Presented::of(&request)? {
                Presented::Bearer(token) => Self::check(&state, token).await,
                Presented::Session(cookie) => Self::check_session(&state, &request, &cookie).await,
            }
        })
    }
}
