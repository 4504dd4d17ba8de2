//! What happens to robots inside a transaction.
use diesel::prelude::AsChangeset;
use diesel::result::Error as DieselError;

use super::{Robot, RobotChanges};
use crate::fields::{Json, Ts};
use crate::for_both;
use crate::ids::{RobotUuid, UserId};
use crate::robots::{RobotSecrets, RobotSettings};
use crate::store::prelude::*;
use crate::tables::{robots, users};

#[derive(AsChangeset)]
#[diesel(table_name = robots)]
struct Changeset {
    name: Option<String>,
    owner_id: Option<Option<UserId>>,
    robot_group: Option<Option<String>>,
    robot_type: Option<Option<String>>,
    ai_model_id: Option<Option<String>>,
    persona_id: Option<Option<String>>,
    flow_id: Option<Option<String>>,
    settings: Option<Json<RobotSettings>>,
    secrets: Option<Json<RobotSecrets>>,
    is_enabled: Option<bool>,
    token_family: Option<Option<String>>,
    service_expires_at: Option<Option<Ts>>,
    device_id: Option<Option<String>>,
    last_event_state: Option<Option<String>>,
    last_seen_at: Option<Option<Ts>>,
    deleted_at: Option<Option<Ts>>,
    is_owner_active: Option<bool>,
    version: i64,
    updated_at: Ts,
}

/// What an update did.
#[derive(Debug, Clone, PartialEq)]
pub enum Updated {
    /// The row as it is now.
    Done(Box<Robot>),
    /// Somebody else changed it; its present version.
    VersionConflict(i64),
    /// No such robot.
    Missing,
}

for_both! {
    /// Stores a new robot.
    pub async fn insert(connection: &mut Conn, robot: &Robot) -> Result<(), DieselError> {
        let is_owner_active = is_active(connection, robot.owner_id.as_ref()).await?;
        diesel::insert_into(robots::table)
            .values(&Robot { is_owner_active, ..robot.clone() })
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Whether an owner is switched on; nobody is.
    async fn is_active(connection: &mut Conn, owner: Option<&UserId>) -> Result<bool, DieselError> {
        let Some(owner) = owner else { return Ok(true) };
        let found: Option<bool> =
            users::table.find(owner).select(users::is_active).first(connection).await.optional()?;
        Ok(found.unwrap_or(true))
    }

    /// Notes at every robot of a user whether that user is switched on; the robots that changed.
    pub async fn follow_owner(
        connection: &mut Conn,
        owner: &UserId,
        is_active: bool,
        now: Ts,
    ) -> Result<Vec<Robot>, DieselError> {
        let ids: Vec<RobotUuid> = robots::table
            .filter(robots::owner_id.eq(owner))
            .filter(robots::is_owner_active.ne(is_active))
            .select(robots::id)
            .load(connection)
            .await?;
        let mut changed = Vec::with_capacity(ids.len());
        for id in ids {
            diesel::update(robots::table.find(id))
                .set((
                    robots::is_owner_active.eq(is_active),
                    robots::version.eq(robots::version + 1),
                    robots::updated_at.eq(now),
                ))
                .execute(connection)
                .await?;
            changed.push(robots::table.find(id).select(Robot::as_select()).first(connection).await?);
        }
        Ok(changed)
    }

    /// Changes a robot, when `expected` is its version or absent.
    pub async fn update(
        connection: &mut Conn,
        id: RobotUuid,
        changes: RobotChanges,
        expected: Option<i64>,
        now: Ts,
    ) -> Result<Updated, DieselError> {
        let found: Option<Robot> = robots::table.find(id).select(Robot::as_select()).first(connection).await.optional()?;
        let Some(robot) = found else {
            return Ok(Updated::Missing);
        };
        if expected.is_some_and(|expected| expected != robot.version) {
            return Ok(Updated::VersionConflict(robot.version));
        }
        // What the server notes by itself is no change that a reader of the robot could have overlooked.
        let is_note = changes == RobotChanges {
            last_event_state: changes.last_event_state.clone(),
            last_seen_at: changes.last_seen_at,
            ..RobotChanges::default()
        };
        let is_owner_active = match &changes.owner_id {
            Some(owner) => Some(is_active(connection, owner.as_ref()).await?),
            None => None,
        };
        let changeset = Changeset {
            is_owner_active,
            name: changes.name,
            owner_id: changes.owner_id,
            robot_group: changes.robot_group,
            robot_type: changes.robot_type,
            ai_model_id: changes.ai_model_id,
            persona_id: changes.persona_id,
            flow_id: changes.flow_id,
            settings: changes.settings.map(Json),
            secrets: changes.secrets.map(Json),
            is_enabled: changes.is_enabled,
            token_family: changes.token_family,
            service_expires_at: changes.service_expires_at,
            device_id: changes.device_id,
            last_event_state: changes.last_event_state,
            last_seen_at: changes.last_seen_at,
            deleted_at: changes.deleted_at,
            version: robot.version + i64::from(!is_note),
            updated_at: now,
        };
        diesel::update(robots::table.find(id)).set(changeset).execute(connection).await?;
        let robot = robots::table.find(id).select(Robot::as_select()).first(connection).await?;
        Ok(Updated::Done(Box::new(robot)))
    }

    /// How many robots a user has.
    pub async fn count_owned(connection: &mut Conn, owner: &UserId) -> Result<i64, DieselError> {
        robots::table
            .filter(robots::owner_id.eq(owner))
            .filter(robots::deleted_at.is_null())
            .count()
            .get_result(connection)
            .await
    }
}
