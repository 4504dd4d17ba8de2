//! Login links: made here, followed at `POST /api/user/ticket`.
use chrono::TimeDelta;
use workbot_schema::accounts::tickets::{LoginTicket, make, make_setup};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{UserId, random_text};
use workbot_schema::store::{Db, StoreResult};

use crate::http::auth::hash_of;
use crate::settings::Settings;

/// Life of a link somebody asked for.
const LINK: TimeDelta = TimeDelta::minutes(10);
/// Life of the link of a new installation; the next start makes another one.
const SETUP: TimeDelta = TimeDelta::hours(24);

/// A link as it is told, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginLink {
    /// `/login?ticket=…`.
    pub path: String,
    /// Until.
    pub expires_at: Ts,
}

impl LoginLink {
    /// The link as people open it: with `server.public_url` in front when that is set.
    pub fn text(&self, settings: &Settings) -> String {
        format!("{}{}", settings.server.public_url.trim_end_matches('/'), self.path)
    }
}

fn fresh(user_id: Option<UserId>, life: TimeDelta, now: Ts) -> (LoginLink, LoginTicket) {
    let secret = random_text(48);
    let expires_at = now.plus(life);
    let ticket =
        LoginTicket { ticket_hash: hash_of(secret.as_bytes()), user_id, expires_at, created_at: now };
    (LoginLink { path: format!("/login?ticket={secret}"), expires_at }, ticket)
}

/// A link that logs a user in.
pub async fn of_user(db: &Db, user: UserId, now: Ts) -> StoreResult<LoginLink> {
    let (link, ticket) = fresh(Some(user), LINK, now);
    make(db, ticket).await?;
    Ok(link)
}

/// A link that makes the first administrator; none when there is a user.
pub async fn of_setup(db: &Db, now: Ts) -> StoreResult<Option<LoginLink>> {
    let (link, ticket) = fresh(None, SETUP, now);
    Ok(make_setup(db, ticket).await?.then_some(link))
}

/// Tells whoever starts a new installation how to make the first administrator.
pub async fn offer_setup(db: &Db, settings: &Settings, now: Ts) -> StoreResult<()> {
    if let Some(link) = of_setup(db, now).await? {
        log::warn!(
            "there is no user yet: open {} (works once, for 24 hours) to make the first administrator, or run `workbot users create`",
            link.text(settings)
        );
    }
    Ok(())
}
