//! People with a login, and their roles.
use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::fields::Ts;
use crate::ids::UserId;
use crate::store::prelude::*;
use crate::tables::users;

crate::text_enum! {
    /// What somebody may do; see the permission table of the HTTP edge.
    pub enum Role {
        /// Everything.
        Admin = "admin",
        /// Own and assigned robots: read, commands, takeover, alerts, replay, resend, kick.
        Operator = "operator",
        /// Read of own and assigned robots, retry of runs; writes models, personas, templates, flows, alert rules.
        Developer = "developer",
        /// Reads robots, runs, alerts and actors; no secrets.
        Viewer = "viewer",
        /// Own robots.
        User = "user",
    }
}

/// A person.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = users, treat_none_as_default_value = false)]
pub struct User {
    /// Id.
    pub id: UserId,
    /// Login.
    pub phone: String,
    /// Shown name.
    pub name: Option<String>,
    /// Role.
    pub role: Role,
    /// Switched off people cannot log in.
    pub is_active: bool,
    /// Raised when every token of the person must end.
    pub token_epoch: i64,
    /// Made at.
    pub created_at: Ts,
    /// Changed at.
    pub updated_at: Ts,
}

/// A user by id, or `None`.
pub async fn find(db: &Db, id: UserId) -> StoreResult<Option<User>> {
    db!(db, read, |connection| {
        Ok(users::table.find(&id).select(User::as_select()).first(connection).await.optional()?)
    })
}

/// A user by phone, or `None`.
pub async fn find_by_phone(db: &Db, phone: String) -> StoreResult<Option<User>> {
    db!(db, read, |connection| {
        Ok(users::table
            .filter(users::phone.eq(&phone))
            .select(User::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// Makes the user unless the phone is known; the user and whether it is new.
pub async fn ensure(db: &Db, user: User) -> StoreResult<(User, bool)> {
    db!(db, write, |connection| {
        let inserted = diesel::insert_into(users::table)
            .values(&user)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
        let present = users::table
            .filter(users::phone.eq(&user.phone))
            .select(User::as_select())
            .first(connection)
            .await?;
        Ok((present, inserted > 0))
    })
}
