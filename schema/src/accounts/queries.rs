//! Reading accounts and sessions.
use super::UserSession;
use crate::ids::UserId;
use crate::store::prelude::*;
use crate::tables::{login_tickets, user_sessions, users};
use crate::users::{Role, User};

/// A session by the hash of its cookie, or `None`; one past its end is found too.
pub async fn find_session(db: &Db, token_hash: String) -> StoreResult<Option<UserSession>> {
    db!(db, read, |connection| {
        Ok(user_sessions::table
            .filter(user_sessions::token_hash.eq(&token_hash))
            .select(UserSession::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// The sessions of a person, latest first.
pub async fn list_sessions(db: &Db, user: UserId) -> StoreResult<Vec<UserSession>> {
    db!(db, read, |connection| {
        Ok(user_sessions::table
            .filter(user_sessions::user_id.eq(&user))
            .order((user_sessions::created_at.desc(), user_sessions::id.asc()))
            .select(UserSession::as_select())
            .load(connection)
            .await?)
    })
}

/// Whose login link it is; none for the setup link and for one that is not there.
pub async fn ticket_user(db: &Db, ticket_hash: String) -> StoreResult<Option<UserId>> {
    db!(db, read, |connection| {
        let found: Option<Option<UserId>> = login_tickets::table
            .find(&ticket_hash)
            .select(login_tickets::user_id)
            .first(connection)
            .await
            .optional()?;
        Ok(found.flatten())
    })
}

/// What a list of accounts is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// One role.
    pub role: Option<Role>,
    /// Switched on or off.
    pub is_active: Option<bool>,
    /// A part of the phone or the name.
    pub text: Option<String>,
}

/// A page of accounts, latest first, and how many there are.
pub async fn list_users(
    db: &Db,
    filter: UserFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<User>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = users::table.into_boxed::<DB>();
            if let Some(role) = filter.role {
                query = query.filter(users::role.eq(role));
            }
            if let Some(is_active) = filter.is_active {
                query = query.filter(users::is_active.eq(is_active));
            }
            if let Some(text) = &filter.text {
                let pattern = format!("%{}%", text.replace(['%', '_'], ""));
                query = query.filter(
                    users::phone.like(pattern.clone()).or(users::name.like(pattern).assume_not_null()),
                );
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order((users::created_at.desc(), users::id.asc()))
            .offset(offset)
            .limit(limit)
            .select(User::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}
