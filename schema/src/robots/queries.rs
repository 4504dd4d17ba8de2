//! Reading robots.
use super::{Robot, RobotKind};
use crate::fields::Ts;
use crate::ids::{RobotId, RobotUuid, UserId};
use crate::store::prelude::*;
use crate::tables::{callback_bindings, robot_members, robots};

/// A robot with what the directory keeps beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct RobotProfile {
    /// The row.
    pub robot: Robot,
    /// Bound callbacks: (type, URL).
    pub bindings: Vec<(i32, String)>,
    /// Users it was assigned to.
    pub members: Vec<UserId>,
}

/// How a robot is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RobotKey {
    /// By `robotUuid`.
    Uuid(RobotUuid),
    /// By `robotId`.
    Id(RobotId),
    /// By the link id of a WorkTool phone.
    Link(String),
}

/// A robot that is not deleted, with bindings and members, or `None`.
pub async fn find_profile(db: &Db, key: RobotKey) -> StoreResult<Option<RobotProfile>> {
    db!(db, read, |connection| {
        let query = robots::table.filter(robots::deleted_at.is_null()).into_boxed::<DB>();
        let query = match &key {
            RobotKey::Uuid(id) => query.filter(robots::id.eq(*id)),
            RobotKey::Id(id) => query.filter(robots::robot_id.eq(id.clone())),
            RobotKey::Link(link) => query.filter(robots::link_id.eq(link.clone())),
        };
        let found: Option<Robot> = query.select(Robot::as_select()).first(connection).await.optional()?;
        let Some(robot) = found else {
            return Ok(None);
        };
        let bindings = callback_bindings::table
            .filter(callback_bindings::robot_uuid.eq(robot.id))
            .select((callback_bindings::binding_type, callback_bindings::url))
            .order(callback_bindings::binding_type.asc())
            .load(connection)
            .await?;
        let members = robot_members::table
            .filter(robot_members::robot_uuid.eq(robot.id))
            .select(robot_members::user_id)
            .load(connection)
            .await?;
        Ok(Some(RobotProfile { robot, bindings, members }))
    })
}

/// Robots changed at or after `since`, oldest change first: for entries that another process changed.
pub async fn list_changed(db: &Db, since: Ts, limit: i64) -> StoreResult<Vec<(RobotUuid, Ts)>> {
    db!(db, read, |connection| {
        Ok(robots::table
            .filter(robots::updated_at.ge(since))
            .order(robots::updated_at.asc())
            .limit(limit)
            .select((robots::id, robots::updated_at))
            .load(connection)
            .await?)
    })
}

/// What a list of robots is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct RobotFilter {
    /// Only robots this user owns or was assigned to; `None` = all.
    pub visible_to: Option<UserId>,
    /// Of those only the ones the user owns.
    pub is_owned: bool,
    /// One of these; `None` = any.
    pub ids: Option<Vec<RobotUuid>>,
    /// A part of the name or id.
    pub text: Option<String>,
    /// One kind.
    pub kind: Option<RobotKind>,
}

/// A page of robots, newest first, and how many there are.
pub async fn list(db: &Db, filter: RobotFilter, offset: i64, limit: i64) -> StoreResult<(i64, Vec<Robot>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = robots::table.filter(robots::deleted_at.is_null()).into_boxed::<DB>();
            if let Some(ids) = &filter.ids {
                query = query.filter(robots::id.eq_any(ids.clone()));
            }
            if let (Some(user), true) = (&filter.visible_to, filter.is_owned) {
                query = query.filter(robots::owner_id.eq(user.clone()));
            } else if let Some(user) = &filter.visible_to {
                let assigned = robot_members::table
                    .filter(robot_members::user_id.eq(user.clone()))
                    .select(robot_members::robot_uuid);
                query = query.filter(
                    robots::owner_id.eq(user.clone()).assume_not_null().or(robots::id.eq_any(assigned)),
                );
            }
            if let Some(kind) = filter.kind {
                query = query.filter(robots::kind.eq(kind));
            }
            if let Some(text) = &filter.text {
                let pattern = format!("%{}%", text.replace(['%', '_'], ""));
                query = query.filter(robots::name.like(pattern.clone()).or(robots::robot_id.like(pattern)));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order((robots::created_at.desc(), robots::id.asc()))
            .offset(offset)
            .limit(limit)
            .select(Robot::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// The ids of every robot a user owns, or (`with_assigned`) was assigned to; deleted ones, too.
pub async fn list_visible_ids(db: &Db, user: UserId, with_assigned: bool) -> StoreResult<Vec<RobotUuid>> {
    db!(db, read, |connection| {
        let mut query = robots::table.into_boxed::<DB>();
        if with_assigned {
            let assigned = robot_members::table
                .filter(robot_members::user_id.eq(user.clone()))
                .select(robot_members::robot_uuid);
            query = query
                .filter(robots::owner_id.eq(user.clone()).assume_not_null().or(robots::id.eq_any(assigned)));
        } else {
            query = query.filter(robots::owner_id.eq(user.clone()));
        }
        Ok(query.select(robots::id).load(connection).await?)
    })
}
