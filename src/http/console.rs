//! The web console: the files of `web/dist`, inside the program. Without them, `/` says what runs here and where to go on.
//!
//! | path | answer |
//! |---|---|
//! | a file of the console | the file, compressed where the browser takes it; those under `/assets/` never change |
//! | anything else a page could have | `index.html`, which finds its page by the path |
//! | below a first segment of the API, or missing under `/assets/` | 404 in the envelope |
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap,
    IF_NONE_MATCH, VARY,
};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{Embed, EmbeddedFile};

use super::error::{ApiError, ApiResult, Missing};
use super::routes;

#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Files;

const INDEX: &str = "index.html";
const ASSETS: &str = "assets/";
const UNBUILT: &str = include_str!("console.html");
const UNBUILT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
const POLICY: &str = "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; \
                      object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Suffixes of compressed copies and their names on the wire, best first.
const COMPRESSED: [(&str, &str); 2] = [(".br", "br"), (".gz", "gzip")];

/// First segments of paths that belong to the API: what is missing there is never a page.
static API_SEGMENTS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    let first = |path: &'static str| path.trim_start_matches('/').split('/').next().unwrap_or_default();
    routes().iter().map(|at| first(at.describe().0)).collect()
});

/// The console at `/`, or the page that stands in for it.
pub async fn page(request: HttpRequest) -> HttpResponse {
    match Files::get(INDEX) {
        Some(index) => file(INDEX, index, request.headers()),
        None => HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header((CONTENT_SECURITY_POLICY, UNBUILT_POLICY))
            .body(UNBUILT),
    }
}

/// What no route has: a file, a page of the console, or nothing.
pub async fn elsewhere(request: HttpRequest) -> ApiResult<HttpResponse> {
    let path = request.path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || API_SEGMENTS.contains(first) {
        return Err(ApiError::NotFound(Missing::Route));
    }
    if let Some(found) = Files::get(path) {
        return Ok(file(path, found, request.headers()));
    }
    match Files::get(INDEX) {
        Some(index) if !path.starts_with(ASSETS) => Ok(file(INDEX, index, request.headers())),
        _ => Err(ApiError::NotFound(Missing::Route)),
    }
}

fn file(path: &str, original: EmbeddedFile, headers: &HeaderMap) -> HttpResponse {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let compressed = COMPRESSED
        .iter()
        .filter(|(_suffix, encoding)| accepts(accepted, encoding))
        .find_map(|(suffix, encoding)| Some((Files::get(&format!("{path}{suffix}"))?, *encoding)));
    // The tag names the bytes that are sent, so it differs between the copies.
    let (sent, encoding) = match compressed {
        Some((copy, encoding)) => (copy, Some(encoding)),
        None => (original, None),
    };
    let tag = format!("\"{}\"", hex::encode(sent.metadata.sha256_hash()));
    let keeping = if path.starts_with(ASSETS) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let is_known = headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((ETAG, tag))
        .insert_header((CACHE_CONTROL, keeping))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY));
    if is_known {
        return response.finish();
    }
    response.insert_header((CONTENT_TYPE, content_type(path)));
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    match sent.data {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    }
}

/// Whether a list of encodings names this one and does not give it the weight 0.
fn accepts(accepted: &str, encoding: &str) -> bool {
    accepted.split(',').any(|offer| {
        let mut parts = offer.split(';').map(str::trim);
        let is_named = parts.next() == Some(encoding);
        is_named && !parts.any(|part| matches!(part, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
