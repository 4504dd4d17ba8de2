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
    /// Came in last at.
    pub last_login_at: Option<Ts>,
}

impl User {
    /// A new person who is switched on.
    pub fn new(phone: String, role: Role, now: Ts) -> Self {
        Self {
            id: UserId::generate(),
            phone,
            name: None,
            role,
            is_active: true,
            token_epoch: 0,
            created_at: now,
            updated_at: now,
            last_login_at: None,
        }
    }
}

/// Whether a text is a phone number people log in with: 11 digits that start with 1.
pub fn is_phone(text: &str) -> bool {
    text.len() == 11 && text.starts_with('1') && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A phone number with its middle hidden.
pub fn masked(phone: &str) -> String {
    let letters: Vec<char> = phone.chars().collect();
    let last = letters.len().saturating_sub(4).max(3);
    letters
        .iter()
        .enumerate()
        .map(|(place, letter)| if (3..last).contains(&place) { '*' } else { *letter })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_are_masked() {
        for (phone, hidden) in
            [("13812341234", "138****1234"), ("1381234", "1381234"), ("12", "12"), ("", "")]
        {
            assert_eq!(masked(phone), hidden);
        }
    }

    #[test]
    fn phones_have_eleven_digits() {
        for (text, expected) in [
            ("13800000001", true),
            ("1380000000", false),
            ("23800000001", false),
            ("1380000000a", false),
            ("+8613800000001", false),
            ("", false),
        ] {
            assert_eq!(is_phone(text), expected, "{text}");
        }
    }
}
