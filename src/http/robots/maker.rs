//! How many robots a user may have: two that are made at once, by hand or by activation, must not both find the last place free.
use std::time::Duration;

use workbot_schema::ids::UserId;
use workbot_schema::users::Role;

use crate::http::error::{ApiError, ApiResult};
use crate::http::guard::in_flight::{Entered, Turn};
use crate::http::state::AppState;

/// How long a creation waits for another one of the same user.
const PATIENCE: Duration = Duration::from_secs(5);

/// The right to make a robot of a user, nobody else beside; administrators need none.
pub enum Making {
    /// As many as they like.
    Unlimited,
    /// So many in all; the next one goes on when this is dropped.
    Limited(i64, Turn<UserId, ()>),
}

/// Waits for the turn of `owner`.
pub async fn making(state: &AppState, owner: &UserId) -> ApiResult<Making> {
    if state.user(owner).await?.is_some_and(|owner| owner.role == Role::Admin) {
        return Ok(Making::Unlimited);
    }
    loop {
        match state.idempotency.robot_makers.enter(owner.clone(), ()) {
            Entered::First(turn) => {
                return Ok(Making::Limited(i64::from(state.settings.limits.robots_per_user), turn));
            }
            Entered::Busy((), busy) => {
                if !busy.wait(PATIENCE).await {
                    return Err(ApiError::Unavailable("another robot of this user is being made".to_owned()));
                }
            }
        }
    }
}
