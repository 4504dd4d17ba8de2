//! Headers every answer carries, so that a browser does nothing unexpected with it.
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// What is answered there is never kept by anybody.
const API_PATHS: [&str; 3] = ["/api/", "/robot/", "/wework/"];
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// The page of the API documentation brings its own scripts and inline styles.
const DOCS_POLICY: &str = "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; \
                           img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'";

/// Adds what the handler did not set itself.
pub fn secure(headers: &mut HeaderMap, path: &str) {
    let is_api = API_PATHS.iter().any(|start| path.starts_with(start));
    let policy = if path.starts_with("/api/docs") { DOCS_POLICY } else { API_POLICY };
    let mut put = |name: HeaderName, value: &'static str| {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    };
    put(X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(X_FRAME_OPTIONS, "DENY");
    put(REFERRER_POLICY, "no-referrer");
    put(CONTENT_SECURITY_POLICY, policy);
    if is_api {
        put(CACHE_CONTROL, "no-store");
    }
}
