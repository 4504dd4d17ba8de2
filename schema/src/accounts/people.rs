//! Accounts inside a transaction.
use diesel::result::Error as DieselError;

use super::{AccountDone, UserChanges};
use crate::fields::Ts;
use crate::for_both;
use crate::ids::UserId;
use crate::store::prelude::*;
use crate::tables::users;
use crate::users::{Role, User};

for_both! {
    use {
        crate::accounts::sessions => sessions,
        crate::robots::operations => robots,
    }

    /// Stores a new account unless the phone is known.
    pub async fn create(connection: &mut Conn, user: &User) -> Result<AccountDone, DieselError> {
        let inserted = diesel::insert_into(users::table)
            .values(user)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
        Ok(match inserted {
            0 => AccountDone::Taken,
            _ => AccountDone::Changed { user: Box::new(user.clone()), robots: Vec::new(), ended: Vec::new() },
        })
    }

    /// Changes an account. Whoever is switched off loses sessions, tokens and the service of their robots.
    pub async fn change(
        connection: &mut Conn,
        id: &UserId,
        changes: &UserChanges,
        now: Ts,
    ) -> Result<AccountDone, DieselError> {
        let found: Option<User> =
            users::table.find(id).select(User::as_select()).first(connection).await.optional()?;
        let Some(before) = found else { return Ok(AccountDone::Missing) };
        let after = User {
            name: changes.name.clone().unwrap_or_else(|| before.name.clone()),
            role: changes.role.unwrap_or(before.role),
            is_active: changes.is_active.unwrap_or(before.is_active),
            ..before.clone()
        };
        if after == before && !changes.ends_logins {
            return Ok(AccountDone::Changed { user: Box::new(before), robots: Vec::new(), ended: Vec::new() });
        }
        let is_admin = |user: &User| user.is_active && user.role == Role::Admin;
        if is_admin(&before) && !is_admin(&after) {
            let others: i64 = users::table
                .filter(users::role.eq(Role::Admin))
                .filter(users::is_active.eq(true))
                .filter(users::id.ne(id))
                .count()
                .get_result(connection)
                .await?;
            if others == 0 {
                return Ok(AccountDone::LastAdmin);
            }
        }
        let is_over = changes.ends_logins || (before.is_active && !after.is_active);
        let after = User { token_epoch: before.token_epoch + i64::from(is_over), updated_at: now, ..after };
        diesel::update(users::table.find(id))
            .set((
                users::name.eq(after.name.clone()),
                users::role.eq(after.role),
                users::is_active.eq(after.is_active),
                users::token_epoch.eq(after.token_epoch),
                users::updated_at.eq(now),
            ))
            .execute(connection)
            .await?;
        let ended = if is_over { sessions::end_all(connection, id).await? } else { Vec::new() };
        let robots = robots::follow_owner(connection, id, after.is_active, now).await?;
        Ok(AccountDone::Changed { user: Box::new(after), robots, ended })
    }
}
