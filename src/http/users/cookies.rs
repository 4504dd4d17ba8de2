//! The two cookies of a session, and answers that set or remove them.
use actix_web::body::BoxBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, Responder};

use crate::http::auth::SESSION_COOKIE;
use crate::http::auth::session::CSRF_COOKIE;
use crate::http::envelope::Reply;
use crate::http::extract::ClientAddress;
use crate::http::state::AppState;

/// An answer with cookies.
pub struct WithCookies {
    reply: Reply,
    cookies: [Cookie<'static>; 2],
}

impl WithCookies {
    /// An answer that opens a session in the browser.
    pub fn open(reply: Reply, (session, csrf): (String, String), secs: u64, is_secure: bool) -> Self {
        let secs = Duration::seconds(i64::try_from(secs).unwrap_or(i64::MAX));
        let cookies = [(SESSION_COOKIE, session, true), (CSRF_COOKIE, csrf, false)];
        let cookies = cookies.map(|(name, value, is_hidden)| cookie(name, value, is_hidden, is_secure, secs));
        Self { reply, cookies }
    }

    /// An answer that removes a session from the browser.
    pub fn close(reply: Reply, is_secure: bool) -> Self {
        Self::open(reply, (String::new(), String::new()), 0, is_secure)
    }
}

fn cookie(
    name: &'static str,
    value: String,
    is_hidden: bool,
    is_secure: bool,
    life: Duration,
) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(is_hidden)
        .secure(is_secure)
        .same_site(SameSite::Strict)
        .max_age(life)
        .finish()
}

impl Responder for WithCookies {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse<Self::Body> {
        let mut response = self.reply.respond_to(request);
        for cookie in &self.cookies {
            if let Err(error) = response.add_cookie(cookie) {
                log::error!(error:% = error; "a cookie could not be set");
            }
        }
        response
    }
}

/// Whether the browser reaches us by https: a trusted proxy says so, or `server.public_url` does.
pub fn is_secure(state: &AppState, request: &HttpRequest) -> bool {
    let server = &state.settings.server;
    if server.public_url.starts_with("https://") {
        return true;
    }
    let is_trusted = |peer: std::net::SocketAddr| {
        server.trusted_proxies.iter().any(|network| network.contains(peer.ip().to_canonical()))
    };
    let scheme = request.headers().get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    request.peer_addr().is_some_and(is_trusted)
        && scheme.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

/// Where a session is opened from, as its list shows it: address and browser.
pub fn described(request: &HttpRequest, client: ClientAddress) -> (String, String) {
    let agent = request.headers().get("user-agent").and_then(|value| value.to_str().ok()).unwrap_or_default();
    (client.address.to_string(), agent.chars().take(300).collect())
}
