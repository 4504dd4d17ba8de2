//! To whom a robot was assigned beside its owner.
use diesel::result::Error as DieselError;

use super::Robot;
use super::operations::Updated;
use crate::fields::Ts;
use crate::for_both;
use crate::ids::{RobotUuid, UserId};
use crate::store::prelude::*;
use crate::tables::{robot_members, robots};

for_both! {
    /// Replaces the members of a robot; raises its version so that every reader notices.
    pub async fn replace(
        connection: &mut Conn,
        robot: RobotUuid,
        users: &[UserId],
        now: Ts,
    ) -> Result<Updated, DieselError> {
        let touched = diesel::update(robots::table.find(robot).filter(robots::deleted_at.is_null()))
            .set((robots::version.eq(robots::version + 1), robots::updated_at.eq(now)))
            .execute(connection)
            .await?;
        if touched == 0 {
            return Ok(Updated::Missing);
        }
        diesel::delete(robot_members::table.filter(robot_members::robot_uuid.eq(robot)))
            .execute(connection)
            .await?;
        for user in users {
            diesel::insert_into(robot_members::table)
                .values((robot_members::robot_uuid.eq(robot), robot_members::user_id.eq(user)))
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
        }
        let robot = robots::table.find(robot).select(Robot::as_select()).first(connection).await?;
        Ok(Updated::Done(Box::new(robot)))
    }
}
