//! What a sweep and a stop look for beside the queries of each aggregate.
use crate::commands::CommandState;
use crate::deliveries::Delivery;
use crate::fields::Ts;
use crate::ids::{DeliveryId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::{callback_deliveries, robot_commands};

/// Pending deliveries due before `before`, oldest first, after the one at `after`: a page, so that the backlog of one
/// endpoint does not hide the others.
pub async fn list_late_deliveries(
    db: &Db,
    before: Ts,
    after: Option<(Ts, DeliveryId)>,
    limit: i64,
) -> StoreResult<Vec<Delivery>> {
    db!(db, read, |connection| {
        let mut query = callback_deliveries::table
            .filter(callback_deliveries::due_at.lt(before).assume_not_null())
            .into_boxed::<DB>();
        if let Some((at, id)) = after {
            // Written so that the index finds the beginning of the page.
            query = query.filter(callback_deliveries::due_at.ge(at).assume_not_null()).filter(
                callback_deliveries::due_at.gt(at).assume_not_null().or(callback_deliveries::id.gt(id)),
            );
        }
        Ok(query
            .order((callback_deliveries::due_at.asc(), callback_deliveries::id.asc()))
            .limit(limit)
            .select(Delivery::as_select())
            .load(connection)
            .await?)
    })
}

/// Commands pushed at or after `since` and not yet confirmed, counted by robot.
pub async fn list_unconfirmed(db: &Db, since: Ts) -> StoreResult<Vec<(RobotUuid, i64)>> {
    use diesel::dsl::count_star;
    db!(db, read, |connection| {
        Ok(robot_commands::table
            .filter(robot_commands::state.eq(CommandState::Sent))
            .filter(robot_commands::sent_at.ge(since))
            .group_by(robot_commands::robot_uuid)
            .select((robot_commands::robot_uuid, count_star()))
            .load(connection)
            .await?)
    })
}
