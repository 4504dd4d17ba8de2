//! Bringing robots into memory: one at a time when somebody asks, many at a time at start and after changes elsewhere.
use std::collections::HashMap;

use super::Robot;
use super::queries::{RobotKey, RobotProfile};
use crate::commands::CommandState;
use crate::fields::Ts;
use crate::ids::{RobotUuid, UserId};
use crate::store::prelude::*;
use crate::tables::{callback_bindings, robot_commands, robot_members, robots};

/// A robot that is not deleted, with how many commands wait for it, or `None`.
pub async fn find_loaded(db: &Db, key: RobotKey) -> StoreResult<Option<(RobotProfile, i64)>> {
    let Some(profile) = super::queries::find_profile(db, key).await? else {
        return Ok(None);
    };
    let robot = profile.robot.id;
    let queued = db!(db, read, |connection| {
        Ok::<i64, StoreError>(
            robot_commands::table
                .filter(robot_commands::robot_uuid.eq(robot))
                .filter(robot_commands::state.eq(CommandState::Queued))
                .count()
                .get_result(connection)
                .await?,
        )
    })?;
    Ok(Some((profile, queued)))
}

/// Robots that third parties believe to be online, not deleted, after `after` in the order of their ids.
pub async fn list_announced_online(
    db: &Db,
    after: Option<RobotUuid>,
    limit: i64,
) -> StoreResult<Vec<RobotUuid>> {
    db!(db, read, |connection| {
        let mut query = robots::table
            .filter(robots::deleted_at.is_null())
            .filter(robots::last_event_state.eq("online"))
            .into_boxed::<DB>();
        if let Some(after) = after {
            query = query.filter(robots::id.gt(after));
        }
        Ok(query.order(robots::id.asc()).limit(limit).select(robots::id).load(connection).await?)
    })
}

/// Robots on hosted platforms that may serve, after `after` in the order of their ids.
pub async fn list_in_cloud(db: &Db, after: Option<RobotUuid>, limit: i64) -> StoreResult<Vec<RobotUuid>> {
    db!(db, read, |connection| {
        let mut query = robots::table
            // As a literal, so that the small index of these robots applies.
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("robots.kind = 'worktool_cloud'"))
            .filter(robots::deleted_at.is_null())
            .filter(robots::is_enabled.eq(true))
            .into_boxed::<DB>();
        if let Some(after) = after {
            query = query.filter(robots::id.gt(after));
        }
        Ok(query.order(robots::id.asc()).limit(limit).select(robots::id).load(connection).await?)
    })
}

/// The robots of these ids as they are now, deleted ones too, each with how many commands wait for it.
pub async fn list_profiles(db: &Db, ids: Vec<RobotUuid>) -> StoreResult<Vec<(RobotProfile, i64)>> {
    use diesel::dsl::count_star;
    db!(db, read, |connection| {
        let rows: Vec<Robot> = robots::table
            .filter(robots::id.eq_any(ids.clone()))
            .select(Robot::as_select())
            .load(connection)
            .await?;
        let bound: Vec<(RobotUuid, i32, String)> = callback_bindings::table
            .filter(callback_bindings::robot_uuid.eq_any(ids.clone()))
            .order((callback_bindings::robot_uuid.asc(), callback_bindings::binding_type.asc()))
            .select((callback_bindings::robot_uuid, callback_bindings::binding_type, callback_bindings::url))
            .load(connection)
            .await?;
        let assigned: Vec<(RobotUuid, UserId)> = robot_members::table
            .filter(robot_members::robot_uuid.eq_any(ids.clone()))
            .select((robot_members::robot_uuid, robot_members::user_id))
            .load(connection)
            .await?;
        let depths: Vec<(RobotUuid, i64)> = robot_commands::table
            .filter(robot_commands::robot_uuid.eq_any(ids.clone()))
            .filter(robot_commands::state.eq(CommandState::Queued))
            .group_by(robot_commands::robot_uuid)
            .select((robot_commands::robot_uuid, count_star()))
            .load(connection)
            .await?;
        let mut bindings: HashMap<RobotUuid, Vec<(i32, String)>> = HashMap::new();
        for (robot, binding_type, url) in bound {
            bindings.entry(robot).or_default().push((binding_type, url));
        }
        let mut members: HashMap<RobotUuid, Vec<UserId>> = HashMap::new();
        for (robot, user) in assigned {
            members.entry(robot).or_default().push(user);
        }
        let depths: HashMap<RobotUuid, i64> = depths.into_iter().collect();
        Ok(rows
            .into_iter()
            .map(|robot| {
                let id = robot.id;
                let profile = RobotProfile {
                    robot,
                    bindings: bindings.remove(&id).unwrap_or_default(),
                    members: members.remove(&id).unwrap_or_default(),
                };
                (profile, depths.get(&id).copied().unwrap_or_default())
            })
            .collect())
    })
}

/// A robot that changed: which, in which version, when.
pub type Changed = (RobotUuid, i64, Ts);

/// Robots changed at or after `since`, oldest change first, after the one at `after`.
pub async fn list_changed_page(
    db: &Db,
    since: Ts,
    after: Option<(Ts, RobotUuid)>,
    limit: i64,
) -> StoreResult<Vec<Changed>> {
    db!(db, read, |connection| {
        let mut query = robots::table.filter(robots::updated_at.ge(since)).into_boxed::<DB>();
        if let Some((at, id)) = after {
            // Written so that the index finds the beginning of the page.
            query = query
                .filter(robots::updated_at.ge(at))
                .filter(robots::updated_at.gt(at).or(robots::id.gt(id)));
        }
        Ok(query
            .order((robots::updated_at.asc(), robots::id.asc()))
            .limit(limit)
            .select((robots::id, robots::version, robots::updated_at))
            .load(connection)
            .await?)
    })
}
