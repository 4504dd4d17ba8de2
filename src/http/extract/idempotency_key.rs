//! The header `Idempotency-Key` of a creation.
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::http::error::ApiError;

/// Longest key, in characters.
const LONGEST: usize = 128;

/// What names a creation so that it can be repeated, and the route it was meant for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, when one was sent.
    pub key: Option<String>,
    /// Method and path: the same key on another route is another request.
    pub route: String,
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let route = format!("{} {}", request.method(), request.path());
        let Some(value) = request.headers().get("idempotency-key") else {
            return ready(Ok(Self { key: None, route }));
        };
        let text = value.to_str().unwrap_or_default();
        let is_fit =
            !text.is_empty() && text.len() <= LONGEST && !text.bytes().any(|byte| byte.is_ascii_control());
        ready(if is_fit {
            Ok(Self { key: Some(text.to_owned()), route })
        } else {
            Err(ApiError::field("Idempotency-Key", "应为 1 至 128 个可打印 ASCII 字符"))
        })
    }
}
