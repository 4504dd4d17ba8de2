//! The id of a request: the caller's, when it is fit to be printed, else a new one.
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use workbot_schema::ids::random_text;

use crate::http::error::ApiError;

/// Carries the id in both directions.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longest id taken from a caller, in characters.
const LONGEST: usize = 64;

/// The id of the request: `X-Request-Id`, `requestId`, and `request` in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// The caller's id when it is 1..64 printable ASCII characters, else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        let is_fit = |text: &&str| {
            !text.is_empty()
                && text.len() <= LONGEST
                && text.bytes().all(|byte| (b'!'..=b'~').contains(&byte))
        };
        match given.filter(is_fit) {
            Some(text) => Self(text.into()),
            None => Self(format!("req_{}", random_text(20)).into()),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromRequest for RequestId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Self>().cloned();
        ready(Ok(known.unwrap_or_else(|| Self::of(request.headers()))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn keeps_what_can_be_printed_and_makes_the_rest() {
        for (given, is_kept) in
            [("abc-1", true), ("", false), (&"x".repeat(64), true), (&"x".repeat(65), false), ("a b", false)]
        {
            let mut headers = HeaderMap::new();
            headers.insert(REQUEST_ID, HeaderValue::from_str(given).unwrap());
            let id = RequestId::of(&headers);
            assert_eq!(id.as_str() == given, is_kept, "{given}");
            assert!(is_kept || id.as_str().starts_with("req_"));
        }
    }
}
