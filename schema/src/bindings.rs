//! Callbacks bound to a robot, by type (0 QR code, 1 result, 5 online, 6 offline).
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::for_both;
use crate::ids::RobotUuid;
use crate::robots::Robot;
use crate::robots::operations::Updated;
use crate::store::prelude::*;
use crate::tables::{callback_bindings, robots};

for_both! {
    /// Binds (`Some`) or frees (`None`) one type; raises the robot's version so that every reader notices. The robot as it is then.
    pub async fn bind(
        connection: &mut Conn,
        robot: RobotUuid,
        binding_type: i32,
        url: Option<&str>,
        now: Ts,
    ) -> Result<Updated, DieselError> {
        let touched = diesel::update(robots::table.find(robot))
            .set((robots::version.eq(robots::version + 1), robots::updated_at.eq(now)))
            .execute(connection)
            .await?;
        if touched == 0 {
            return Ok(Updated::Missing);
        }
        let row = callback_bindings::table.find((robot, binding_type));
        match url {
            None => {
                diesel::delete(row).execute(connection).await?;
            }
            Some(url) => {
                diesel::insert_into(callback_bindings::table)
                    .values((
                        callback_bindings::robot_uuid.eq(robot),
                        callback_bindings::binding_type.eq(binding_type),
                        callback_bindings::url.eq(url),
                        callback_bindings::created_at.eq(now),
                        callback_bindings::updated_at.eq(now),
                    ))
                    .on_conflict((callback_bindings::robot_uuid, callback_bindings::binding_type))
                    .do_update()
                    .set((callback_bindings::url.eq(url), callback_bindings::updated_at.eq(now)))
                    .execute(connection)
                    .await?;
            }
        }
        let robot = robots::table.find(robot).select(Robot::as_select()).first(connection).await?;
        Ok(Updated::Done(Box::new(robot)))
    }
}
