//! Any address: JSON, signed as Standard Webhooks when there is a secret; `webhook-id` is the notification's and never changes.
use bytes::Bytes;

use super::{BUDGET, ChannelTools, SendError, Sending, Sent, by_status, unanswered};
use crate::delivery::signature::{SigningKeys, SigningSecret, WEBHOOK_ID, WEBHOOK_TIMESTAMP};

/// Posts the notice.
pub(super) async fn send(
    tools: &ChannelTools,
    url: &str,
    secret: Option<String>,
    sending: &Sending,
) -> Result<Sent, SendError> {
    let body = Bytes::from(sending.notice.payload(sending.id.as_str()).to_string());
    let now = tools.clock.now().timestamp();
    let mut headers = match secret {
        Some(secret) => {
            let secret =
                SigningSecret::parse(&secret).map_err(|error| SendError::Config(error.to_string()))?;
            SigningKeys::new(secret).headers(sending.id.as_str(), now, &body)
        }
        None => vec![(WEBHOOK_ID, sending.id.to_string()), (WEBHOOK_TIMESTAMP, now.to_string())],
    };
    headers.push(("content-type", "application/json".to_owned()));
    let outcome = tools.http.post(url, &headers, body, BUDGET).await;
    match &outcome.result {
        Ok(answer) if (200..300).contains(&answer.status) => {
            Ok(Sent::told(format!("已送达，HTTP {}，用时 {} 毫秒", answer.status, outcome.duration_ms)))
        }
        Ok(answer) => Err(by_status(answer.status)),
        Err(_error) => Err(unanswered(&outcome)),
    }
}
