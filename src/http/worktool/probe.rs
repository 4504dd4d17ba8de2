//! A callback address is called once before it is bound: it must answer HTTP 200 with JSON in time.
use std::time::Duration;

use actix_web::web::Bytes;
use serde_json::json;
use workbot_actors::delivery::http_client::{CallAnswer, CallError};

use super::refused::Refused;
use crate::http::error::ApiError;
use crate::http::state::AppState;

/// The body WorkTool's platform tries addresses with.
pub fn sample() -> String {
    json!({"spoken": "您好,欢迎使用WorkTool~", "rawSpoken": "@小明 您好,欢迎使用WorkTool~", "receivedName": "WorkTool",
        "groupName": "WorkTool", "groupRemark": "WorkTool", "roomType": 1, "atMe": "true", "textType": 1})
    .to_string()
}

/// Calls an address; refused when it may not be called or does not answer as it must.
pub async fn probe(state: &AppState, url: &str) -> Result<(), Refused> {
    state.addresses.check_url(url).map_err(|error| ApiError::address("callBackUrl", error))?;
    let headers = [("content-type", "application/json".to_owned())];
    let budget = Duration::from_millis(state.settings.callbacks.budget_ms);
    let outcome = state.http.post(url, &headers, Bytes::from(sample()), budget).await;
    judge(outcome.result)
}

fn judge(result: Result<CallAnswer, CallError>) -> Result<(), Refused> {
    let answer = result.map_err(|error| match error {
        CallError::Address(error) => ApiError::address("callBackUrl", error).into(),
        CallError::TimedOut { budget_ms } => {
            Refused::because(format!("回调地址在 {budget_ms} 毫秒内没有响应，请检查后重试"))
        }
        CallError::Header { .. } | CallError::Connect(_) | CallError::Transport(_) => {
            Refused::because("回调地址无法访问，请检查地址与网络后重试")
        }
    })?;
    if answer.status != 200 {
        return Err(Refused::because(format!("回调地址返回 HTTP {}，应返回 HTTP 200", answer.status)));
    }
    let kind = answer.content_type.unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Refused::because("回调地址返回的 Content-Type 应为 application/json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, content_type: Option<&str>) -> CallAnswer {
        let content_type = content_type.map(str::to_owned);
        CallAnswer { status, content_type, retry_after: None, body: Bytes::new(), is_cut: false }
    }

    #[test]
    fn only_json_with_200_is_taken() {
        for (answered, is_taken) in [
            (answer(200, Some("application/json")), true),
            (answer(200, Some("Application/JSON;charset=UTF-8")), true),
            (answer(200, Some("text/html")), false),
            (answer(200, None), false),
            (answer(204, Some("application/json")), false),
            (answer(302, Some("application/json")), false),
        ] {
            assert_eq!(judge(Ok(answered.clone())).is_ok(), is_taken, "{answered:?}");
        }
        for error in [CallError::TimedOut { budget_ms: 3_000 }, CallError::Connect("refused".to_owned())] {
            assert!(matches!(judge(Err(error)), Err(Refused::Answered { code: 500, .. })));
        }
    }
}
