//! A refused WorkTool call: HTTP 200 with `{code, message}`, as the original answers it. Limits, bodies that are no JSON and
//! failures of the server keep their HTTP status, and their body has the same `code` and `message`.
use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use serde_json::json;
use workbot_schema::class::Class;

use crate::http::envelope::JSON;
use crate::http::error::{ApiError, Missing};

/// `code` of a refusal.
const REFUSED: i32 = 500;
/// What the original says of a link id it does not know.
const UNKNOWN_ROBOT: &str = "机器人编号不存在";

/// What a handler of WorkTool's routes fails with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refused {
    /// HTTP 200 with this code and sentence.
    #[error("{message}")]
    Answered {
        /// `code` of the body.
        code: i32,
        /// Chinese sentence.
        message: Cow<'static, str>,
    },
    /// With an HTTP status of its own.
    #[error(transparent)]
    Failed(ApiError),
}

impl Refused {
    /// A refusal in words of its own.
    pub fn because(message: impl Into<Cow<'static, str>>) -> Self {
        Self::with_code(REFUSED, message)
    }

    /// The same with a code of WorkTool's list.
    pub fn with_code(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Answered { code, message: message.into() }
    }

    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Answered { .. } => Class::Caller,
            Self::Failed(error) => error.class(),
        }
    }
}

impl<E: Into<ApiError>> From<E> for Refused {
    fn from(error: E) -> Self {
        match error.into() {
            ApiError::NotFound(Missing::Robot) => Self::because(UNKNOWN_ROBOT),
            error @ (ApiError::Limited(..)
            | ApiError::Unavailable(_)
            | ApiError::Internal(_)
            | ApiError::Request(_)) => Self::Failed(error),
            error @ (ApiError::Invalid(_)
            | ApiError::Rule(_)
            | ApiError::Unauthorized(_)
            | ApiError::Forbidden(_)
            | ApiError::NotFound(_)
            | ApiError::Conflict(_)) => Self::because(error.failure().message),
        }
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Answered { .. } => StatusCode::OK,
            Self::Failed(error) => error.status_code(),
        }
    }

    fn error_response(&self) -> HttpResponse {
        match self {
            Self::Failed(error) => error.error_response(),
            Self::Answered { code, message } => {
                let body = json!({ "code": code, "message": message, "data": null });
                HttpResponse::Ok()
                    .insert_header((CONTENT_TYPE, HeaderValue::from_static(JSON)))
                    .body(body.to_string())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::http::error::{BadRequest, Conflict, Forbidden, Limited};

    #[test]
    fn refusals_are_answers_and_failures_keep_their_status() {
        for (error, status) in [
            (ApiError::NotFound(Missing::Robot), 200),
            (ApiError::field("titleList", "不能为空"), 200),
            (ApiError::rule("list", "一次最多 100 条"), 200),
            (ApiError::Forbidden(Forbidden::RobotExpired), 200),
            (ApiError::Conflict(Conflict::IdempotencyMismatch), 200),
            (ApiError::Limited(Limited::Requests, Duration::ZERO), 429),
            (ApiError::Request(BadRequest::Json(String::new())), 400),
            (ApiError::Unavailable(String::new()), 503),
            (ApiError::Internal(String::new()), 500),
        ] {
            let refused = Refused::from(error);
            assert_eq!(refused.error_response().status().as_u16(), status, "{refused}");
            assert_eq!(refused.status_code().as_u16(), status);
        }
        let unknown = Refused::from(ApiError::NotFound(Missing::Robot));
        assert_eq!(unknown, Refused::with_code(500, "机器人编号不存在"));
    }
}
