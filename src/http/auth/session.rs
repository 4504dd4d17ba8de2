//! Sessions of the console: a cookie that only the browser reads, and a CSRF token that belongs to it.
//!
//! The cookie is random and stored hashed. The CSRF token is a keyed hash of the cookie: it need not be stored, and one that was
//! planted beside another session's cookie does not fit.
use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use aws_lc_rs::{constant_time, hmac};
use chrono::TimeDelta;
use url::Url;
use workbot_schema::accounts::{AccountAct, UserSession};
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;

use super::bearer::bearer;
use super::token::hash_of;
use crate::http::error::{ApiError, ApiResult, Forbidden, Unauthorized};
use crate::http::state::AppState;
use crate::settings::Secret;

/// The cookie of a session.
pub const SESSION_COOKIE: &str = "workbot_session";
/// The cookie a page reads its CSRF token from.
pub const CSRF_COOKIE: &str = "workbot_csrf";
/// Where it is sent back.
const CSRF_HEADER: &str = "x-csrf-token";
/// Longest cookie that is looked at.
const LONGEST: usize = 100;

/// What a request comes with.
pub enum Presented<'a> {
    /// `Authorization: Bearer …`.
    Bearer(&'a str),
    /// The cookie of a session.
    Session(String),
}

impl<'a> Presented<'a> {
    /// The credential of a request; the header counts when there are both.
    pub fn of(request: &'a HttpRequest) -> ApiResult<Self> {
        match bearer(request) {
            Ok(token) => Ok(Self::Bearer(token)),
            Err(Unauthorized::Missing) => {
                let cookie = request.cookie(SESSION_COOKIE).map(|cookie| cookie.value().to_owned());
                let cookie = cookie.filter(|cookie| !cookie.is_empty());
                cookie.map(Self::Session).ok_or(ApiError::Unauthorized(Unauthorized::Missing))
            }
            Err(wrong) => Err(ApiError::Unauthorized(wrong)),
        }
    }
}

/// Keyed hashes of logins: whoever reads the store cannot try out all codes.
pub struct LoginKeys(hmac::Key);

impl LoginKeys {
    /// Keys that come from the secret that signs tokens.
    pub fn new(secret: &Secret) -> Self {
        let root = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let own = hmac::sign(&root, b"workbot console login");
        Self(hmac::Key::new(hmac::HMAC_SHA256, own.as_ref()))
    }

    /// What is stored of a code by SMS.
    pub fn code_hash(&self, phone: &str, code: &str) -> String {
        hex::encode(hmac::sign(&self.0, format!("code\n{phone}\n{code}").as_bytes()))
    }

    /// The CSRF token of a session's cookie.
    pub fn csrf(&self, cookie: &str) -> String {
        hex::encode(hmac::sign(&self.0, format!("csrf\n{cookie}").as_bytes()))
    }
}

/// A session that is valid.
#[derive(Clone)]
pub struct SessionAuth {
    /// As it is stored.
    pub row: Arc<UserSession>,
    /// Its CSRF token.
    pub csrf: String,
}

/// Whether a session is over at `now`: past its end, or not used for too long.
pub fn is_over(row: &UserSession, idle_secs: u64, now: Ts) -> bool {
    let idle = TimeDelta::seconds(i64::try_from(idle_secs).unwrap_or(i64::MAX / 1_000));
    row.expires_at <= now || row.last_used_at.plus(idle) <= now
}

impl SessionAuth {
    /// Checks a cookie: 401 when its session is over.
    pub async fn check(state: &AppState, cookie: &str) -> ApiResult<Self> {
        let over = ApiError::Unauthorized(Unauthorized::Session);
        if cookie.len() > LONGEST {
            return Err(over);
        }
        let hash = hash_of(cookie.as_bytes());
        let row = state.user_session(&hash).await?.ok_or_else(|| over.clone())?;
        if is_over(&row, state.settings.users.session_idle_secs, state.now()) {
            return Err(over);
        }
        if state.logins.uses.is_news(&row.id, state.clock.monotonic_ms()) {
            let touch = AccountAct::TouchSession(row.id.clone());
            state.journal.log(Record::Account(Box::new(touch)));
        }
        Ok(Self { row, csrf: state.logins.keys.csrf(cookie) })
    }

    /// 403 when the request changes something and does not carry the session's CSRF token.
    pub fn check_csrf(&self, request: &HttpRequest) -> ApiResult<()> {
        if matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(());
        }
        let given = request.headers().get(CSRF_HEADER).map(|value| value.as_bytes()).unwrap_or_default();
        constant_time::verify_slices_are_equal(given, self.csrf.as_bytes())
            .map_err(|_unequal| ApiError::Forbidden(Forbidden::Csrf))
    }
}

/// Whether the page that opens a socket is ours: its `Origin` names the host of the request, or `server.public_url`.
pub fn is_own_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(ORIGIN).and_then(|origin| Url::parse(origin).ok()) else { return false };
    if Url::parse(public_url).is_ok_and(|public| public.origin() == origin.origin()) {
        return true;
    }
    let own = text(HOST).and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok());
    matches!(origin.scheme(), "http" | "https") && own.is_some_and(|own| own.origin() == origin.origin())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use chrono::DateTime;
    use workbot_schema::ids::{UserId, UserSessionId};

    use super::*;

    #[test]
    fn hashes_depend_on_everything() {
        let keys = LoginKeys::new(&Secret::new("s".repeat(32)));
        let others = LoginKeys::new(&Secret::new("t".repeat(32)));
        assert_eq!(keys.code_hash("1", "23").len(), 64);
        assert_ne!(keys.code_hash("1", "23"), keys.code_hash("12", "3"));
        assert_ne!(keys.code_hash("1", "23"), others.code_hash("1", "23"));
        assert_ne!(keys.csrf("a"), keys.csrf("b"));
    }

    #[test]
    fn sessions_end_by_age_and_by_idleness() {
        let at = |secs: i64| Ts::new(DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap());
        let row = UserSession {
            id: UserSessionId::generate(),
            token_hash: String::new(),
            user_id: UserId::generate(),
            address: String::new(),
            user_agent: String::new(),
            expires_at: at(1_000),
            last_used_at: at(500),
            created_at: at(0),
        };
        for (now, idle, expected) in
            [(500, 100, false), (599, 100, false), (600, 100, true), (999, 900, false), (1_000, 900, true)]
        {
            assert_eq!(is_over(&row, idle, at(now)), expected, "{now} {idle}");
        }
    }

    #[test]
    fn only_own_pages_open_sockets() {
        for (origin, host, public, expected) in [
            (Some("http://127.0.0.1:5000"), "127.0.0.1:5000", "", true),
            (Some("https://bot.example.com"), "bot.example.com", "", true),
            (Some("https://BOT.example.com:443"), "bot.example.com", "", true),
            (Some("http://127.0.0.1:5001"), "127.0.0.1:5000", "", false),
            (Some("https://evil.example.com"), "bot.example.com", "", false),
            (Some("https://bot.example.com.evil.com"), "bot.example.com", "", false),
            (Some("https://bot.example.com"), "10.0.0.1:5000", "https://bot.example.com/", true),
            (Some("http://bot.example.com"), "10.0.0.1:5000", "https://bot.example.com", false),
            (Some("null"), "bot.example.com", "", false),
            (Some("file://"), "bot.example.com", "", false),
            (None, "bot.example.com", "", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_static(host));
            if let Some(origin) = origin {
                headers.insert(ORIGIN, HeaderValue::from_static(origin));
            }
            assert_eq!(is_own_origin(&headers, public), expected, "{origin:?} {host} {public}");
        }
    }
}
