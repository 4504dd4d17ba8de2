//! Reading codes, and the rare changes that no hot path makes.
use super::{ActivationCode, CodeStatus};
use crate::fields::Ts;
use crate::ids::RobotUuid;
use crate::robots::Robot;
use crate::store::prelude::*;
use crate::tables::{activation_codes, device_activations, refresh_tokens, robots};

/// A code and the robot it made, or `None`.
pub async fn find_code(db: &Db, code: String) -> StoreResult<Option<(ActivationCode, Option<Robot>)>> {
    db!(db, read, |connection| {
        let found: Option<ActivationCode> = activation_codes::table
            .find(&code)
            .select(ActivationCode::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(code) = found else {
            return Ok(None);
        };
        let robot = match code.robot_uuid {
            None => None,
            Some(id) => {
                robots::table.find(id).select(Robot::as_select()).first(connection).await.optional()?
            }
        };
        Ok(Some((code, robot)))
    })
}

/// A page of codes with their robots, newest first, and how many there are.
pub async fn list_codes(
    db: &Db,
    status: Option<CodeStatus>,
    now: Ts,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<(ActivationCode, Option<Robot>)>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = activation_codes::table.left_join(robots::table).into_boxed::<DB>();
            let is_over = robots::service_expires_at.le(now).assume_not_null();
            match status {
                None => {}
                Some(CodeStatus::Disabled) => query = query.filter(activation_codes::is_disabled.eq(true)),
                Some(CodeStatus::Unused) => {
                    query = query
                        .filter(activation_codes::is_disabled.eq(false))
                        .filter(activation_codes::robot_uuid.is_null())
                        .filter(activation_codes::expires_at.gt(now));
                }
                Some(CodeStatus::Active) => {
                    query = query
                        .filter(activation_codes::is_disabled.eq(false))
                        .filter(activation_codes::robot_uuid.is_not_null())
                        .filter(
                            robots::service_expires_at
                                .is_null()
                                .or(robots::service_expires_at.gt(now).assume_not_null()),
                        );
                }
                Some(CodeStatus::Expired) => {
                    query = query.filter(activation_codes::is_disabled.eq(false)).filter(is_over.or(
                        activation_codes::robot_uuid.is_null().and(activation_codes::expires_at.le(now)),
                    ));
                }
                Some(CodeStatus::Unknown) => query = query.filter(activation_codes::code.eq("")),
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order((activation_codes::created_at.desc(), activation_codes::code.asc()))
            .offset(offset)
            .limit(limit)
            .select((ActivationCode::as_select(), Option::<Robot>::as_select()))
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// Takes a code out of use, with its robot; the robot, if there is one. `NotFound` when there is no such code.
pub async fn disable_code(db: &Db, code: String, now: Ts) -> StoreResult<Option<RobotUuid>> {
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let found: Option<ActivationCode> = activation_codes::table
                    .find(&code)
                    .select(ActivationCode::as_select())
                    .first(connection)
                    .await
                    .optional()?;
                let Some(row) = found else {
                    return Err(StoreError::NotFound("activation code"));
                };
                diesel::update(activation_codes::table.find(&code))
                    .set(activation_codes::is_disabled.eq(true))
                    .execute(connection)
                    .await?;
                if let Some(robot) = row.robot_uuid {
                    diesel::update(robots::table.find(robot))
                        .set((
                            robots::is_enabled.eq(false),
                            robots::version.eq(robots::version + 1),
                            robots::updated_at.eq(now),
                        ))
                        .execute(connection)
                        .await?;
                }
                Ok(row.robot_uuid)
            })
            .await
    })
}

/// Frees a code from its phone: the next phone that activates with it gets the same robot. `NotFound` when unused or unknown.
pub async fn unbind_device(db: &Db, code: String, reason: String, now: Ts) -> StoreResult<RobotUuid> {
    db!(db, write, |connection| {
        connection
            .transaction::<_, StoreError, _>(async |connection| {
                let found: Option<Option<RobotUuid>> = activation_codes::table
                    .find(&code)
                    .select(activation_codes::robot_uuid)
                    .first(connection)
                    .await
                    .optional()?;
                let Some(Some(robot)) = found else {
                    return Err(StoreError::NotFound("bound activation code"));
                };
                diesel::update(robots::table.find(robot))
                    .set((
                        robots::device_id.eq(None::<String>),
                        robots::token_family.eq(None::<String>),
                        robots::version.eq(robots::version + 1),
                        robots::updated_at.eq(now),
                    ))
                    .execute(connection)
                    .await?;
                diesel::delete(refresh_tokens::table.filter(refresh_tokens::robot_uuid.eq(robot)))
                    .execute(connection)
                    .await?;
                diesel::update(
                    device_activations::table
                        .filter(device_activations::code.eq(&code))
                        .filter(device_activations::unbound_at.is_null()),
                )
                .set((
                    device_activations::unbound_at.eq(Some(now)),
                    device_activations::unbind_reason.eq(Some(&reason)),
                ))
                .execute(connection)
                .await?;
                Ok(robot)
            })
            .await
    })
}
