//! A robot named in a body beside the robot's own token.
use crate::http::auth::RobotToken;
use crate::http::error::{ApiError, ApiResult, Missing};

/// 404 unless the named robot is the token's; no name means the token's.
pub fn expect_own(robot: &RobotToken, named: Option<&str>) -> ApiResult<()> {
    let is_own = named.is_none_or(|named| {
        let profile = robot.entry.profile();
        profile.robot.robot_id.as_str() == named || robot.uuid().to_string().eq_ignore_ascii_case(named)
    });
    if is_own { Ok(()) } else { Err(ApiError::NotFound(Missing::Robot)) }
}
