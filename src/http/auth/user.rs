//! A person with a bearer token.
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use workbot_schema::users::User;

use super::bearer::bearer;
use super::permission::{Action, Reach, reach};
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited, Unauthorized};
use crate::http::state::{AppState, State};

/// A person whose token is valid and who is still active, with the role of ≤ 5 s ago.
#[derive(Clone)]
pub struct UserToken {
    /// The person.
    pub user: Arc<User>,
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
        Ok(Self { user })
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
            let token = bearer(&request).map_err(ApiError::Unauthorized)?;
            Self::check(&state, token).await
        })
    }
}
