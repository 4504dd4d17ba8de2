//! Which robots a list may show to whoever asks.
use workbot_schema::ids::{RobotUuid, UserId};
use workbot_schema::robots::queries::list_visible_ids;

use crate::http::auth::{Action, Caller, Reach, find_robot};
use crate::http::error::{ApiError, ApiResult};
use crate::http::state::AppState;

/// A person's robots: only own ones, or assigned ones, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circle {
    /// Whose.
    pub user: UserId,
    /// Whether assigned ones count.
    pub with_assigned: bool,
}

/// The circle of a person by how far they reach; `None` = every robot.
pub fn circle(user: &UserId, reach: Reach) -> Option<Circle> {
    match reach {
        Reach::All => None,
        Reach::Assigned => Some(Circle { user: user.clone(), with_assigned: true }),
        Reach::Own | Reach::None => Some(Circle { user: user.clone(), with_assigned: false }),
    }
}

/// The robots whose rows a list may show: one that was asked for, or all within reach; `None` = every robot.
pub async fn visible_robots(
    state: &AppState,
    caller: &Caller,
    robot_id: Option<&str>,
    action: Action,
) -> ApiResult<Option<Vec<RobotUuid>>> {
    if let Some(robot_id) = robot_id {
        return Ok(Some(vec![caller.robot(state, Some(robot_id), action).await?.uuid]));
    }
    let reach = caller.may(action)?;
    match caller {
        Caller::Robot(robot) => Ok(Some(vec![robot.uuid()])),
        Caller::Platform(platform) if !platform.key.robot_ids.0.is_empty() => {
            let mut robots = Vec::new();
            for name in &platform.key.robot_ids.0 {
                match find_robot(state, name).await {
                    Ok(entry) if platform.reaches(&entry.profile().robot) => robots.push(entry.uuid),
                    Ok(_) | Err(ApiError::NotFound(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(Some(robots))
        }
        Caller::Platform(platform) => {
            Ok(Some(list_visible_ids(&state.db, platform.key.owner_id.clone(), false).await?))
        }
        Caller::User(user) => match circle(&user.user.id, reach) {
            None => Ok(None),
            Some(circle) => Ok(Some(list_visible_ids(&state.db, circle.user, circle.with_assigned).await?)),
        },
    }
}
