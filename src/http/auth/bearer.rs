//! The credential of a request as it was sent.
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use crate::http::error::Unauthorized;

/// What platform keys begin with.
pub const PLATFORM_KEY_PREFIX: &str = "wbk_";

/// The text after `Bearer `.
pub fn bearer(request: &HttpRequest) -> Result<&str, Unauthorized> {
    let value = request.headers().get(AUTHORIZATION).ok_or(Unauthorized::Missing)?;
    let text = value.to_str().map_err(|_not_ascii| Unauthorized::Wrong)?.trim();
    let (scheme, token) = text.split_once(' ').ok_or(Unauthorized::Wrong)?;
    let token = token.trim();
    if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() {
        Ok(token)
    } else {
        Err(Unauthorized::Wrong)
    }
}
