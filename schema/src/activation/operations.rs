//! What happens to codes and tokens inside a transaction.
use chrono::TimeDelta;
use diesel::result::Error as DieselError;

use super::{Activated, Activation, ActivationCode, RefreshToken, Rotated, Rotation};
use crate::fields::{Json, Ts};
use crate::for_both;
use crate::robots::{Robot, RobotKind};
use crate::store::prelude::*;
use crate::tables::{activation_codes, device_activations, refresh_tokens, robots};

for_both! {
    /// Stores new codes.
    pub async fn insert_codes(connection: &mut Conn, codes: &[ActivationCode]) -> Result<(), DieselError> {
        for chunk in codes.chunks(500) {
            diesel::insert_into(activation_codes::table).values(chunk.to_vec()).execute(connection).await?;
        }
        Ok(())
    }

    /// Activates, or says why not.
    pub async fn activate(connection: &mut Conn, request: &Activation, now: Ts) -> Result<Activated, DieselError> {
        let found: Option<ActivationCode> = activation_codes::table
            .find(&request.code)
            .select(ActivationCode::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(code) = found else {
            return Ok(Activated::UnknownCode);
        };
        if code.is_disabled {
            return Ok(Activated::Disabled);
        }
        let present: Option<Robot> = match code.robot_uuid {
            None => None,
            Some(id) => robots::table.find(id).select(Robot::as_select()).first(connection).await.optional()?,
        };
        let robot = match present {
            Some(robot) => {
                if robot.service_expires_at.is_some_and(|end| end <= now) || robot.deleted_at.is_some() {
                    return Ok(Activated::Expired);
                }
                if robot.device_id.as_ref().is_some_and(|device| *device != request.device_id) {
                    let activated_at = code.activated_at.unwrap_or(code.created_at);
                    return Ok(Activated::Bound { robot_id: robot.robot_id, activated_at });
                }
                diesel::update(robots::table.find(robot.id))
                    .set((
                        robots::device_id.eq(Some(&request.device_id)),
                        robots::device_info.eq(Some(Json(request.device_info.clone()))),
                        robots::token_family.eq(Some(&request.family)),
                        robots::version.eq(robot.version + 1),
                        robots::updated_at.eq(now),
                    ))
                    .execute(connection)
                    .await?;
                diesel::delete(refresh_tokens::table.filter(refresh_tokens::robot_uuid.eq(robot.id)))
                    .execute(connection)
                    .await?;
                robot
            }
            None => {
                if code.expires_at <= now {
                    return Ok(Activated::Expired);
                }
                let owner = code.owner();
                if let Some(owner) = &owner {
                    use crate::tables::users;
                    let of: Option<(String, bool)> = users::table
                        .find(owner)
                        .select((users::role, users::is_active))
                        .first(connection)
                        .await
                        .optional()?;
                    if of.as_ref().is_some_and(|(_role, is_active)| !is_active) {
                        return Ok(Activated::Disabled);
                    }
                    if of.is_some_and(|(role, _is_active)| role != "admin") {
                        let owned: i64 = robots::table
                            .filter(robots::owner_id.eq(owner))
                            .filter(robots::deleted_at.is_null())
                            .count()
                            .get_result(connection)
                            .await?;
                        if owned >= request.robots_per_user {
                            return Ok(Activated::LimitReached(request.robots_per_user));
                        }
                    }
                }
                let mut robot = Robot::new(RobotKind::Native, String::new(), owner, now);
                robot.name.clone_from(&robot.robot_id.0);
                robot.device_id = Some(request.device_id.clone());
                robot.device_info = Some(Json(request.device_info.clone()));
                robot.token_family = Some(request.family.clone());
                robot.service_expires_at = Some(now.plus(TimeDelta::days(i64::from(code.validity_days))));
                diesel::insert_into(robots::table).values(&robot).execute(connection).await?;
                diesel::update(activation_codes::table.find(&request.code))
                    .set((
                        activation_codes::robot_uuid.eq(Some(robot.id)),
                        activation_codes::activated_at.eq(Some(now)),
                    ))
                    .execute(connection)
                    .await?;
                robot
            }
        };
        diesel::insert_into(device_activations::table)
            .values((
                device_activations::code.eq(&request.code),
                device_activations::robot_uuid.eq(robot.id),
                device_activations::device_id.eq(&request.device_id),
                device_activations::device_info.eq(Json(request.device_info.clone())),
                device_activations::is_first.eq(code.robot_uuid.is_none()),
                device_activations::created_at.eq(now),
            ))
            .execute(connection)
            .await?;
        diesel::insert_into(refresh_tokens::table)
            .values(&RefreshToken {
                token_hash: request.refresh_hash.clone(),
                robot_uuid: robot.id,
                family: request.family.clone(),
                expires_at: request.refresh_expires_at,
                used_at: None,
                created_at: now,
            })
            .execute(connection)
            .await?;
        let is_first = code.robot_uuid.is_none();
        let robot: Box<Robot> =
            Box::new(robots::table.find(robot.id).select(Robot::as_select()).first(connection).await?);
        Ok(if is_first { Activated::First(robot) } else { Activated::Again(robot) })
    }

    /// Stores a refresh token (for robots that were made without a code).
    pub async fn insert_refresh(connection: &mut Conn, token: &RefreshToken) -> Result<(), DieselError> {
        diesel::insert_into(refresh_tokens::table).values(token).execute(connection).await?;
        Ok(())
    }

    /// Exchanges a refresh token; a second exchange of one revokes its family.
    pub async fn rotate(connection: &mut Conn, rotation: &Rotation, now: Ts) -> Result<Rotated, DieselError> {
        let found: Option<RefreshToken> = refresh_tokens::table
            .find(&rotation.presented_hash)
            .select(RefreshToken::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(token) = found else {
            return Ok(Rotated::Unknown);
        };
        let robot: Robot = robots::table.find(token.robot_uuid).select(Robot::as_select()).first(connection).await?;
        if token.used_at.is_some() {
            if robot.token_family.as_ref() == Some(&token.family) {
                diesel::update(robots::table.find(robot.id))
                    .set((
                        robots::token_family.eq(None::<String>),
                        robots::version.eq(robot.version + 1),
                        robots::updated_at.eq(now),
                    ))
                    .execute(connection)
                    .await?;
            }
            return Ok(Rotated::Reused(robot.id));
        }
        if robot.token_family.as_ref() != Some(&token.family) {
            return Ok(Rotated::Unknown);
        }
        if let Some(refusal) = robot.refusal(now) {
            return Ok(Rotated::Refused(refusal));
        }
        if token.expires_at <= now {
            return Ok(Rotated::Expired);
        }
        diesel::update(refresh_tokens::table.find(&rotation.presented_hash))
            .set(refresh_tokens::used_at.eq(Some(now)))
            .execute(connection)
            .await?;
        diesel::insert_into(refresh_tokens::table)
            .values(&RefreshToken {
                token_hash: rotation.next_hash.clone(),
                robot_uuid: token.robot_uuid,
                family: token.family.clone(),
                expires_at: rotation.next_expires_at,
                used_at: None,
                created_at: now,
            })
            .execute(connection)
            .await?;
        Ok(Rotated::Done { robot: Box::new(robot), family: token.family })
    }
}
