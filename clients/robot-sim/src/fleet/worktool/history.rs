//! What the server remembers, asked through WorkTool's own API.
use std::collections::HashMap;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::error::SimError;
use crate::rest::{Answer, Rest};
use crate::tag::{Tag, TagKind};

/// Rows of one page.
const PAGE: u64 = 100;
/// Refusals that ask for patience are waited out so long.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often each tagged message stands in the history of a robot.
pub(super) async fn copies(rest: &Rest, link_id: &str) -> Result<HashMap<Tag, usize>, SimError> {
    let mut copies = HashMap::new();
    for page in 1.. {
        let path = format!("/robot/wework/message?robotId={link_id}&page={page}&size={PAGE}");
        let answer = patiently(rest, &path).await?;
        let rows = answer.envelope.data.get("list").and_then(Value::as_array).cloned().unwrap_or_default();
        for row in &rows {
            let text = row.get("itemMsgList").and_then(Value::as_str).unwrap_or_default();
            if row.get("sender").and_then(Value::as_i64) == Some(0)
                && let Some(tag) = Tag::find(text).filter(|tag| tag.kind == TagKind::Message)
            {
                *copies.entry(tag).or_default() += 1;
            }
        }
        let total = answer.envelope.data.get("totalPage").and_then(Value::as_u64).unwrap_or(1);
        if rows.is_empty() || page >= total {
            break;
        }
    }
    Ok(copies)
}

/// The result of a call, in the words of commands' states; none while there is none.
pub(super) async fn state(rest: &Rest, link_id: &str, id: &str) -> Result<Option<&'static str>, SimError> {
    let path = format!("/robot/rawMsg/list?robotId={link_id}&messageId={id}");
    let answer = patiently(rest, &path).await?;
    let code = answer.envelope.data.get(0).and_then(|row| row.get("rawSuccess")).and_then(Value::as_i64);
    Ok(code.map(|code| if code == 0 { "succeeded" } else { "failed" }))
}

async fn patiently(rest: &Rest, path: &str) -> Result<Answer, SimError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let wait = match rest.get(path).await {
            Ok(answer) if matches!(answer.status, 429 | 503) => {
                Duration::from_secs(answer.retry_after().unwrap_or(1))
            }
            Ok(answer) if answer.status == 200 && answer.envelope.code == 200 => return Ok(answer),
            Ok(answer) => {
                return Err(SimError::Unexpected { wanted: path.to_owned(), got: answer.body });
            }
            Err(error) if error.is_transient() => Duration::from_millis(200),
            Err(error) => return Err(error),
        };
        if Instant::now() + wait > until {
            return Err(SimError::Limited { after_ms: crate::time::millis(PATIENCE) });
        }
        sleep(wait).await;
    }
}
