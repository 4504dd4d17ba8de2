//! How people come in: codes by SMS, login links, sessions; and what happens to their accounts.
//!
//! Everything that must not happen twice (a code, a link, the last administrator) is decided inside the journal's transaction.
mod codes;
pub mod operations;
mod people;
pub mod queries;
mod sessions;
pub mod tickets;

use std::time::Duration;

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::fields::Ts;
use crate::ids::{UserId, UserSessionId};
use crate::robots::Robot;
use crate::tables::{login_codes, user_sessions};
use crate::users::{Role, User};

/// A code that was asked for, as it is stored. Phones nobody has get such a row too, so that limits and answers are the same.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = login_codes, treat_none_as_default_value = false)]
pub struct LoginCode {
    /// Id.
    pub id: String,
    /// For whom.
    pub phone: String,
    /// Keyed hash of phone and code, hex.
    pub code_hash: String,
    /// Who asked.
    pub address: String,
    /// How often a wrong one was given.
    pub wrong_tries: i32,
    /// Until.
    pub expires_at: Ts,
    /// When somebody came in with it.
    pub used_at: Option<Ts>,
    /// Made at.
    pub created_at: Ts,
}

/// How many codes go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodeLimits {
    /// Between two codes of a phone.
    pub pause: Duration,
    /// A phone in an hour.
    pub per_hour: usize,
    /// A phone in a day.
    pub per_day: usize,
    /// An address in an hour.
    pub per_address: usize,
}

/// Wrong codes that void the code.
pub const WRONG_TRIES: i32 = 5;

/// A session of the console; only the hash of its cookie is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = user_sessions, treat_none_as_default_value = false)]
pub struct UserSession {
    /// Id.
    pub id: UserSessionId,
    /// SHA-256 of the cookie, hex.
    pub token_hash: String,
    /// Whose.
    pub user_id: UserId,
    /// Where it was opened from.
    pub address: String,
    /// The browser, as it names itself.
    pub user_agent: String,
    /// Its end, however much it is used.
    pub expires_at: Ts,
    /// Last request, about.
    pub last_used_at: Ts,
    /// Opened at.
    pub created_at: Ts,
}

/// A session that begins when somebody has proved who they are.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSession {
    /// Id.
    pub id: UserSessionId,
    /// SHA-256 of the cookie, hex.
    pub token_hash: String,
    /// From where.
    pub address: String,
    /// The browser.
    pub user_agent: String,
    /// Its end.
    pub expires_at: Ts,
}

/// What changes in an account; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UserChanges {
    /// Shown name.
    pub name: Option<Option<String>>,
    /// Role.
    pub role: Option<Role>,
    /// On or off. Off ends every session and token, and stops the robots of the person.
    pub is_active: Option<bool>,
    /// Every session and token of the person ends.
    pub ends_logins: bool,
}

/// Something that happens to people and their logins.
#[derive(Debug, Clone)]
pub enum AccountAct {
    /// A code is asked for.
    MakeCode {
        /// The code, hashed.
        code: LoginCode,
        /// Limits; none = switched off.
        limits: Option<CodeLimits>,
    },
    /// Somebody gives a code.
    EnterCode {
        /// The phone.
        phone: String,
        /// Keyed hash of phone and code, hex.
        code_hash: String,
        /// Who is made when the phone is new; none = strangers stay out.
        newcomer: Option<User>,
        /// The session that begins.
        session: NewSession,
    },
    /// Somebody follows a login link.
    EnterTicket {
        /// SHA-256 of the ticket, hex.
        ticket_hash: String,
        /// Who is made by the setup link; none = a login link is expected.
        first_admin: Option<User>,
        /// The session that begins.
        session: NewSession,
    },
    /// A session was used.
    TouchSession(UserSessionId),
    /// A session ends.
    EndSession {
        /// Which.
        id: UserSessionId,
        /// Only when it is this person's.
        user: UserId,
    },
    /// A new account.
    CreateUser(User),
    /// An account changes.
    ChangeUser {
        /// Whose.
        id: UserId,
        /// What.
        changes: UserChanges,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum AccountDone {
    /// The code may be sent.
    CodeMade,
    /// Too many codes; the time to wait.
    TooMany(Duration),
    /// No such code or link, or not valid any more.
    Wrong,
    /// The link makes the first administrator, whose phone is missing.
    NeedsPhone,
    /// The person is switched off.
    Disabled,
    /// The person is in.
    Entered(Box<User>),
    /// The session was noted or has ended; the hash of its cookie.
    Session(String),
    /// The account as it is now, with the robots that changed with it and the cookies of the sessions that ended.
    Changed {
        /// The account.
        user: Box<User>,
        /// Robots that stop or may serve again.
        robots: Vec<Robot>,
        /// Hashes of cookies.
        ended: Vec<String>,
    },
    /// The phone belongs to somebody.
    Taken,
    /// No such account or session.
    Missing,
    /// The last administrator stays one.
    LastAdmin,
}

impl AccountDone {
    /// Whether the records after it go on.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::CodeMade | Self::Entered(_) | Self::Session(_) | Self::Changed { .. })
    }
}
