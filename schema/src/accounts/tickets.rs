//! Login links: good for one login. The one without a user sets a new installation up.
use diesel::prelude::Insertable;
use diesel::result::Error as DieselError;

use super::{AccountDone, NewSession};
use crate::fields::Ts;
use crate::for_both;
use crate::ids::UserId;
use crate::store::prelude::*;
use crate::tables::{login_tickets, users};
use crate::users::User;

/// A login link as it is stored (the hash of its secret).
#[derive(Debug, Clone, PartialEq, Insertable)]
#[diesel(table_name = login_tickets, treat_none_as_default_value = false)]
pub struct LoginTicket {
    /// SHA-256, hex.
    pub ticket_hash: String,
    /// Who comes in; none = whoever makes themselves the first administrator.
    pub user_id: Option<UserId>,
    /// Until.
    pub expires_at: Ts,
    /// Made at.
    pub created_at: Ts,
}

/// Stores a login link of a user.
pub async fn make(db: &Db, ticket: LoginTicket) -> StoreResult<()> {
    db!(db, write, |connection| {
        diesel::insert_into(login_tickets::table).values(&ticket).execute(connection).await?;
        Ok(())
    })
}

/// Stores the setup link and takes back earlier ones; false, without doing so, when there is a user already.
pub async fn make_setup(db: &Db, ticket: LoginTicket) -> StoreResult<bool> {
    db!(db, write, |connection| {
        let people: i64 = users::table.count().get_result(connection).await?;
        if people > 0 {
            return Ok(false);
        }
        diesel::delete(login_tickets::table.filter(login_tickets::user_id.is_null()))
            .execute(connection)
            .await?;
        diesel::insert_into(login_tickets::table).values(&ticket).execute(connection).await?;
        Ok(true)
    })
}

for_both! {
    use { crate::accounts::sessions => sessions }

    /// Lets somebody in by a link, once. The setup link makes the first administrator and is void once there is a user.
    pub async fn enter(
        connection: &mut Conn,
        ticket_hash: &str,
        first_admin: Option<&User>,
        session: &NewSession,
        now: Ts,
    ) -> Result<AccountDone, DieselError> {
        let found: Option<(Option<UserId>, Ts)> = login_tickets::table
            .find(ticket_hash)
            .select((login_tickets::user_id, login_tickets::expires_at))
            .first(connection)
            .await
            .optional()?;
        let Some((user_id, expires_at)) = found else { return Ok(AccountDone::Wrong) };
        if expires_at <= now {
            return Ok(AccountDone::Wrong);
        }
        let user = match user_id {
            Some(id) => users::table.find(id).select(User::as_select()).first(connection).await?,
            None => {
                let people: i64 = users::table.count().get_result(connection).await?;
                if people > 0 {
                    return Ok(AccountDone::Wrong);
                }
                let Some(first_admin) = first_admin else { return Ok(AccountDone::NeedsPhone) };
                diesel::insert_into(users::table).values(first_admin).execute(connection).await?;
                first_admin.clone()
            }
        };
        diesel::delete(login_tickets::table.find(ticket_hash)).execute(connection).await?;
        sessions::open(connection, user, session, now).await
    }
}
