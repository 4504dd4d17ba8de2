//! What WorkTool's routes answer: `{code, message, data}` with `code` 200.
use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::http::envelope::Reply;
use crate::http::error::ApiResult;

/// `code` of success.
pub const SUCCEEDED: i32 = 200;
const SUCCESS: &str = "操作成功";

/// An answer of WorkTool's routes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WorkToolAnswer<T> {
    /// 200; anything else is a refusal.
    #[schema(example = 200)]
    pub code: i32,
    /// `操作成功`, or why not.
    #[schema(example = "操作成功")]
    pub message: String,
    /// What was asked for.
    pub data: T,
}

/// A page as WorkTool cuts it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkToolPage<T> {
    /// From 1.
    pub page_num: i64,
    /// Rows a page.
    pub page_size: i64,
    /// Pages in all.
    pub total_page: i64,
    /// Rows in all.
    pub total: i64,
    /// The rows of this page.
    pub list: Vec<T>,
}

/// Success with `data`.
pub fn done<T: Serialize>(data: &T) -> ApiResult<Reply> {
    let answer = WorkToolAnswer { code: SUCCEEDED, message: SUCCESS.to_owned(), data };
    let body = Bytes::from(serde_json::to_vec(&answer)?);
    Ok(Reply { status: StatusCode::OK, body, is_replay: false })
}

/// Success with `data` null.
pub fn done_without_data() -> ApiResult<Reply> {
    done(&())
}

/// What WorkTool's routes answer beside success.
pub struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", "请求体不是 JSON"),
            ("429", "超过频率限制，code 为 429；见 Retry-After"),
            ("503", "启动、停机或数据库不可用；见 Retry-After"),
        ]
        .into_iter()
        .map(|(status, description)| {
            (status.to_owned(), RefOr::T(ResponseBuilder::new().description(description).build()))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_written_as_the_original_does() {
        assert_eq!(
            done(&"17").unwrap().body.as_ref(),
            r#"{"code":200,"message":"操作成功","data":"17"}"#.as_bytes()
        );
        assert_eq!(
            done_without_data().unwrap().body.as_ref(),
            r#"{"code":200,"message":"操作成功","data":null}"#.as_bytes()
        );
    }
}
