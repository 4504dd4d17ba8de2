//! Sessions of the console inside a transaction.
use diesel::result::Error as DieselError;

use super::{AccountDone, NewSession, UserSession};
use crate::fields::Ts;
use crate::for_both;
use crate::ids::{UserId, UserSessionId};
use crate::store::prelude::*;
use crate::tables::{user_sessions, users};
use crate::users::User;

/// A person has so many sessions at most; the oldest ones end.
const SESSIONS_MAX: i64 = 20;

for_both! {
    /// Opens a session for somebody who proved who they are.
    pub async fn open(
        connection: &mut Conn,
        user: User,
        session: &NewSession,
        now: Ts,
    ) -> Result<AccountDone, DieselError> {
        if !user.is_active {
            return Ok(AccountDone::Disabled);
        }
        let many: Vec<UserSessionId> = user_sessions::table
            .filter(user_sessions::user_id.eq(&user.id))
            .order(user_sessions::created_at.desc())
            .offset(SESSIONS_MAX - 1)
            .limit(SESSIONS_MAX)
            .select(user_sessions::id)
            .load(connection)
            .await?;
        diesel::delete(user_sessions::table.filter(user_sessions::id.eq_any(many)))
            .execute(connection)
            .await?;
        let row = UserSession {
            id: session.id.clone(),
            token_hash: session.token_hash.clone(),
            user_id: user.id.clone(),
            address: session.address.clone(),
            user_agent: session.user_agent.clone(),
            expires_at: session.expires_at,
            last_used_at: now,
            created_at: now,
        };
        diesel::insert_into(user_sessions::table).values(&row).execute(connection).await?;
        diesel::update(users::table.find(&user.id))
            .set(users::last_login_at.eq(Some(now)))
            .execute(connection)
            .await?;
        Ok(AccountDone::Entered(Box::new(User { last_login_at: Some(now), ..user })))
    }

    /// Notes that a session was used.
    pub async fn touch(connection: &mut Conn, id: &UserSessionId, now: Ts) -> Result<AccountDone, DieselError> {
        let hash: Option<String> = hash(connection, id, None).await?;
        diesel::update(user_sessions::table.find(id))
            .set(user_sessions::last_used_at.eq(now))
            .execute(connection)
            .await?;
        Ok(hash.map_or(AccountDone::Missing, AccountDone::Session))
    }

    /// Ends a session of a person.
    pub async fn end(connection: &mut Conn, id: &UserSessionId, user: &UserId) -> Result<AccountDone, DieselError> {
        let Some(hash) = hash(connection, id, Some(user)).await? else { return Ok(AccountDone::Missing) };
        diesel::delete(user_sessions::table.find(id)).execute(connection).await?;
        Ok(AccountDone::Session(hash))
    }

    /// Ends every session of a person; the hashes of their cookies.
    pub async fn end_all(connection: &mut Conn, user: &UserId) -> Result<Vec<String>, DieselError> {
        let hashes = user_sessions::table
            .filter(user_sessions::user_id.eq(user))
            .select(user_sessions::token_hash)
            .load(connection)
            .await?;
        diesel::delete(user_sessions::table.filter(user_sessions::user_id.eq(user)))
            .execute(connection)
            .await?;
        Ok(hashes)
    }

    async fn hash(
        connection: &mut Conn,
        id: &UserSessionId,
        user: Option<&UserId>,
    ) -> Result<Option<String>, DieselError> {
        let found: Option<(UserId, String)> = user_sessions::table
            .find(id)
            .select((user_sessions::user_id, user_sessions::token_hash))
            .first(connection)
            .await
            .optional()?;
        Ok(found.filter(|(of, _hash)| user.is_none_or(|user| user == of)).map(|(_of, hash)| hash))
    }
}
