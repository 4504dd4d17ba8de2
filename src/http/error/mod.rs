//! What goes wrong at the edge, and the only mapping of it to a status, a stable code and a sentence with a way out.
//!
//! A handler returns [`ApiError`]; the frame around every request writes its body (it alone knows the request id) and the one
//! log line of a 5xx.
pub mod convert;
pub mod fields;
pub mod reason;

use std::borrow::Cow;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Value, json};
use workbot_schema::class::Class;

pub use fields::Fields;
pub use reason::{BadRequest, Conflict, Forbidden, Limited, Missing, Rule, Unauthorized};

/// What every handler returns.
pub type ApiResult<T> = Result<T, ApiError>;

/// A failure as the caller sees it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ApiError {
    /// 400: fields are wrong, each is named.
    #[error("invalid fields: {0}")]
    Invalid(Fields),
    /// 400, 405, 408, 413, 415: the request itself is wrong.
    #[error("bad request: {0:?}")]
    Request(BadRequest),
    /// 422: well-formed, but against a rule.
    #[error("rule violated: {0:?}")]
    Rule(Rule),
    /// 401: who is asking?
    #[error("unauthorized: {0:?}")]
    Unauthorized(Unauthorized),
    /// 403: known, but not allowed.
    #[error("forbidden: {0:?}")]
    Forbidden(Forbidden),
    /// 404: not there, or not yours.
    #[error("not found: {0:?}")]
    NotFound(Missing),
    /// 409: the state of things is against it.
    #[error("conflict: {0:?}")]
    Conflict(Conflict),
    /// 429: too much; when to come back.
    #[error("limited: {0:?} for {1:?}")]
    Limited(Limited, Duration),
    /// 503: not now; the cause is for the log alone.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// 500: our own mistake; the cause is for the log alone.
    #[error("internal: {0}")]
    Internal(String),
}

/// An [`ApiError`] as it goes out, without the request id.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// HTTP status, also `code` of the body.
    pub status: StatusCode,
    /// Stable snake_case code.
    pub error: &'static str,
    /// Chinese sentence with a way out.
    pub message: Cow<'static, str>,
    /// `data` of the body.
    pub data: Value,
    /// `Retry-After`, whole seconds ≥ 1.
    pub retry_after: Option<u64>,
    /// `Allow` of a 405.
    pub allow: Option<String>,
    /// For the log line of a 5xx.
    pub cause: Option<String>,
    /// For the counters of a 429.
    pub limited: Option<Limited>,
}

/// Come back after this when nothing better is known.
const UNAVAILABLE_SECS: u64 = 2;

impl Failure {
    fn new(status: StatusCode, error: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            error,
            message: message.into(),
            data: Value::Null,
            retry_after: None,
            allow: None,
            cause: None,
            limited: None,
        }
    }

    fn data(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    fn retry(mut self, secs: u64) -> Self {
        self.retry_after = Some(secs);
        self.data(json!({ "retryAfter": secs }))
    }

    fn cause(mut self, cause: &str) -> Self {
        self.cause = Some(cause.to_owned());
        self
    }
}

/// A wait as `Retry-After` says it: whole seconds, rounded up, at least one.
pub fn whole_secs(wait: Duration) -> u64 {
    let secs = wait.as_secs();
    if wait.subsec_nanos() > 0 { secs.saturating_add(1) } else { secs.max(1) }
}

impl ApiError {
    /// One wrong field: 400.
    pub fn field(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Invalid(Fields::one(name, text))
    }

    /// One field against a rule: 422.
    pub fn rule(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Rule(Rule::Fields(Fields::one(name, text)))
    }

    /// The mapping. Exhaustive on purpose: a new variant must decide here.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Invalid(fields) => {
                Failure::new(StatusCode::BAD_REQUEST, "invalid_request", fields.sentence("请求参数有误"))
                    .data(json!({ "fields": fields }))
            }
            Self::Request(fault) => {
                let (status, error, message) = fault.answer();
                let mut failure = Failure::new(status, error, message);
                if let BadRequest::Method { allow } = fault {
                    failure.allow = Some(allow.clone());
                }
                failure
            }
            Self::Rule(rule) => {
                let (error, message, data) = rule.answer();
                Failure::new(StatusCode::UNPROCESSABLE_ENTITY, error, message).data(data)
            }
            Self::Unauthorized(reason) => {
                let (error, message) = reason.answer();
                Failure::new(StatusCode::UNAUTHORIZED, error, message)
            }
            Self::Forbidden(reason) => {
                let (error, message) = reason.answer();
                Failure::new(StatusCode::FORBIDDEN, error, message)
            }
            Self::NotFound(missing) => {
                let (error, message) = missing.answer();
                Failure::new(StatusCode::NOT_FOUND, error, message)
            }
            Self::Conflict(conflict) => {
                let (error, message, data) = conflict.answer();
                Failure::new(StatusCode::CONFLICT, error, message).data(data)
            }
            Self::Limited(limited, wait) => {
                let (error, message) = limited.answer();
                let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, error, message);
                Failure { limited: Some(*limited), ..failure.retry(whole_secs(*wait)) }
            }
            Self::Unavailable(cause) => Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "服务暂时不可用，请按 Retry-After 稍后重试",
            )
            .retry(UNAVAILABLE_SECS)
            .cause(cause),
            Self::Internal(cause) => Failure::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal_error",
                "服务器内部错误，请稍后重试；若持续出现，请将 requestId 提供给管理员",
            )
            .cause(cause),
        }
    }

    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Invalid(_)
            | Self::Request(_)
            | Self::Rule(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::Conflict(_) => Class::Caller,
            Self::Limited(..) | Self::Unavailable(_) => Class::Transient,
            Self::Internal(_) => Class::Bug,
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.failure().status
    }

    fn error_response(&self) -> HttpResponse {
        let failure = self.failure();
        let mut response = HttpResponse::new(failure.status);
        if let Some(secs) = failure.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        if let Some(allow) = failure.allow.as_deref().and_then(|allow| HeaderValue::from_str(allow).ok()) {
            response.headers_mut().insert(ALLOW, allow);
        }
        response.extensions_mut().insert(failure);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_and_codes_are_the_documented_ones() {
        for (error, status, code) in [
            (ApiError::field("titleList", "不能为空"), 400, "invalid_request"),
            (ApiError::Request(BadRequest::Json(String::new())), 400, "invalid_json"),
            (ApiError::Unauthorized(Unauthorized::Expired), 401, "token_expired"),
            (ApiError::Unauthorized(Unauthorized::Reused), 401, "token_reused"),
            (ApiError::Forbidden(Forbidden::RobotExpired), 403, "robot_expired"),
            (ApiError::NotFound(Missing::Robot), 404, "robot_not_found"),
            (ApiError::Request(BadRequest::Method { allow: "GET".to_owned() }), 405, "method_not_allowed"),
            (ApiError::Conflict(Conflict::IdempotencyMismatch), 409, "idempotency_mismatch"),
            (ApiError::Request(BadRequest::TooLarge { limit_bytes: 1 }), 413, "payload_too_large"),
            (ApiError::Request(BadRequest::MediaType), 415, "unsupported_media_type"),
            (ApiError::rule("a", "b"), 422, "rule_violated"),
            (ApiError::Limited(Limited::Requests, Duration::ZERO), 429, "rate_limited"),
            (ApiError::Internal("secret".to_owned()), 500, "internal_error"),
            (ApiError::Unavailable("secret".to_owned()), 503, "unavailable"),
        ] {
            let failure = error.failure();
            assert_eq!((failure.status.as_u16(), failure.error), (status, code));
            assert!(!failure.message.is_empty() && !failure.message.contains("secret"));
        }
    }

    #[test]
    fn retry_after_is_whole_seconds_and_never_zero() {
        for (wait, secs) in [(0, 1), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (59_500, 60)] {
            assert_eq!(whole_secs(Duration::from_millis(wait)), secs);
        }
        let response = ApiError::Limited(Limited::Requests, Duration::from_millis(1_200)).error_response();
        assert_eq!(response.headers().get(RETRY_AFTER).unwrap(), "2");
        assert_eq!(response.extensions().get::<Failure>().unwrap().data, json!({ "retryAfter": 2 }));
    }
}
