//! The one shape of every answer: `{success, code, message, data}`, and of every failure.
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ApiError, ApiResult, Failure};

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Envelope<T> {
    /// Always true.
    pub success: bool,
    /// 0 unless the route says otherwise.
    pub code: u16,
    /// `success` unless the route says otherwise.
    pub message: String,
    /// What was asked for.
    pub data: T,
}

/// A failed answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureBody {
    /// Always false.
    pub success: bool,
    /// The HTTP status.
    pub code: u16,
    /// A sentence with a way out, in Chinese.
    pub message: String,
    /// Stable snake_case code for programs.
    pub error: String,
    /// `fields`, `retryAfter` or what the code calls for; null otherwise.
    #[schema(value_type = Object, nullable)]
    pub data: Value,
    /// The same as the header X-Request-Id.
    pub request_id: String,
}

/// A list as every list route answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// How many there are in all.
    pub total: i64,
    /// Those of this page.
    pub list: Vec<T>,
    /// What was done differently than asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// An answer that says nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Empty {}

#[derive(Serialize)]
struct Success<'a, T: Serialize> {
    success: bool,
    code: u16,
    message: &'a str,
    data: &'a T,
}

/// An answer, rendered: what a handler returns, and what an idempotency record remembers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// JSON body.
    pub body: Bytes,
    /// True for the remembered answer of an earlier request.
    pub is_replay: bool,
}

/// Marks a remembered answer.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

impl Reply {
    /// 200, `code` 0, `message` `success`.
    pub fn ok<T: Serialize>(data: &T) -> ApiResult<Self> {
        Self::with(StatusCode::OK, 0, "success", data)
    }

    /// 200, `code` 0 and a message of the route's own.
    pub fn message<T: Serialize>(message: &str, data: &T) -> ApiResult<Self> {
        Self::with(StatusCode::OK, 0, message, data)
    }

    /// Everything as the route wants it.
    pub fn with<T: Serialize>(status: StatusCode, code: u16, message: &str, data: &T) -> ApiResult<Self> {
        let body = serde_json::to_vec(&Success { success: true, code, message, data })?;
        Ok(Self { status, body: Bytes::from(body), is_replay: false })
    }
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse<Self::Body> {
        let mut response = HttpResponse::with_body(self.status, BoxBody::new(self.body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        if self.is_replay {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

/// Content type of every answer with a JSON body.
pub const JSON: &str = "application/json; charset=utf-8";

/// The body of a failure.
pub fn failure_body(failure: &Failure, request_id: &str) -> Bytes {
    let body = FailureBody {
        success: false,
        code: failure.status.as_u16(),
        message: failure.message.clone().into_owned(),
        error: failure.error.to_owned(),
        data: failure.data.clone(),
        request_id: request_id.to_owned(),
    };
    serde_json::to_vec(&body).map_or_else(|_never| Bytes::from_static(b"{\"success\":false}"), Bytes::from)
}

impl<T> Page<T> {
    /// A page with the warnings of its paging.
    pub fn new(total: i64, list: Vec<T>, paging: &super::extract::Paging) -> Self {
        Self { total, list, warnings: paging.warnings() }
    }
}

/// A failure that a framework or foreign handler made, by its status alone.
pub fn failure_of_status(status: StatusCode) -> Failure {
    use super::error::{BadRequest, Forbidden, Limited, Missing, Unauthorized};
    let error = match status {
        StatusCode::UNAUTHORIZED => ApiError::Unauthorized(Unauthorized::Missing),
        StatusCode::FORBIDDEN => ApiError::Forbidden(Forbidden::Role),
        StatusCode::NOT_FOUND => ApiError::NotFound(Missing::Route),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::Request(BadRequest::Method { allow: "OPTIONS".to_owned() })
        }
        StatusCode::REQUEST_TIMEOUT => ApiError::Request(BadRequest::Slow),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ApiError::Request(BadRequest::MediaType),
        StatusCode::TOO_MANY_REQUESTS => {
            ApiError::Limited(Limited::Requests, std::time::Duration::from_secs(1))
        }
        StatusCode::SERVICE_UNAVAILABLE => ApiError::Unavailable("answered by the framework".to_owned()),
        status if status.is_client_error() => ApiError::Request(BadRequest::Incomplete),
        _ => ApiError::Internal("answered by the framework".to_owned()),
    };
    let mut failure = error.failure();
    failure.status = status;
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_has_the_documented_shape() {
        let reply = Reply::ok(&serde_json::json!({ "a": 1 })).unwrap();
        assert_eq!(reply.body.as_ref(), br#"{"success":true,"code":0,"message":"success","data":{"a":1}}"#);
        let created = Reply::with(StatusCode::CREATED, 201, "激活成功", &Empty {}).unwrap();
        assert_eq!(created.status, StatusCode::CREATED);
        assert!(String::from_utf8_lossy(&created.body).contains("\"code\":201"));
    }

    #[test]
    fn failure_carries_the_request_id() {
        let failure = ApiError::field("a", "不能为空").failure();
        let body: FailureBody = serde_json::from_slice(&failure_body(&failure, "req_1")).unwrap();
        assert_eq!(
            (body.code, body.error.as_str(), body.request_id.as_str()),
            (400, "invalid_request", "req_1")
        );
        assert_eq!(body.data["fields"]["a"], "不能为空");
        assert!(!body.success);
    }

    #[test]
    fn foreign_failures_keep_their_status() {
        for status in [400_u16, 404, 405, 408, 411, 413, 415, 431, 500, 503] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(failure_of_status(status).status, status);
        }
    }
}
