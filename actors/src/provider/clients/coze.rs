//! A Coze bot: a chat is created, asked for until it is done, and its messages are fetched.
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::{Instant, sleep};

use super::super::budget::Usage;
use super::super::failure::{Failure, FailureKind, says_no_credit};
use super::super::turn::Role;
use super::exchange::{Exchange, bearer, count, error_detail, garbage};
use super::{Call, Completion};

/// Time between two questions whether the chat is done.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Asks once; creation, waiting and fetching share the budget.
pub async fn complete(exchange: &Exchange, call: Call<'_>) -> Result<Completion, Failure> {
    let until = Instant::now() + call.budget;
    let headers = bearer(&call.spec.key);
    let created = exchange.post(&call.spec.url(), &headers, &body(&call), call.budget).await?;
    let mut chat = data(&created)?;
    let (Some(id), Some(conversation)) = (text(&chat, "id"), text(&chat, "conversation_id")) else {
        return Err(garbage("data.id", &created));
    };
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("conversation_id", &conversation)
        .append_pair("chat_id", &id)
        .finish();
    while !is_done(&chat)? {
        sleep(ASK_EVERY.min(until.saturating_duration_since(Instant::now()))).await;
        let url = call.spec.url_of(&format!("/v3/chat/retrieve?{query}"));
        let retrieved = exchange.get(&url, &headers, left(until, call.budget)?).await?;
        chat = data(&retrieved)?;
    }
    let url = call.spec.url_of(&format!("/v3/chat/message/list?{query}"));
    let listed = exchange.get(&url, &headers, left(until, call.budget)?).await?;
    check(&listed)?;
    let answer = answer(&listed)?;
    let usage = chat.get("usage");
    let usage = Usage::of(
        count(usage, "input_count"),
        count(usage, "output_count"),
        &call.prompt.asked_text(),
        &answer,
    );
    Ok(Completion { text: answer, usage })
}

fn body(call: &Call<'_>) -> Value {
    let mut messages = Vec::new();
    let last = call.prompt.messages.len().saturating_sub(1);
    for (index, message) in call.prompt.messages.iter().enumerate() {
        let (role, kind) = match message.role {
            Role::User => ("user", "question"),
            Role::Assistant => ("assistant", "answer"),
        };
        // The bot has its own instructions; ours stand before the question.
        let content = if index == last {
            format!("{}\n\n{}", call.prompt.system, message.text)
        } else {
            message.text.clone()
        };
        messages.push(json!({"role": role, "type": kind, "content": content, "content_type": "text"}));
    }
    let mut body = json!({
        "bot_id": call.spec.model_name,
        "user_id": call.user,
        "stream": false,
        // The service refuses a chat that is neither streamed nor kept.
        "auto_save_history": true,
        "additional_messages": messages,
    });
    if let Some(object) = body.as_object_mut() {
        object.extend(call.spec.config.extra_body.clone());
    }
    body
}

fn left(until: Instant, budget: Duration) -> Result<Duration, Failure> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        let text = format!("the chat was not done within {} ms", budget.as_millis());
        return Err(Failure::new(FailureKind::TimedOut, text));
    }
    Ok(left)
}

/// Failures stand in `code` under a good status.
fn check(answer: &Map<String, Value>) -> Result<(), Failure> {
    let code = answer.get("code").and_then(Value::as_i64).unwrap_or(0);
    if code == 0 {
        return Ok(());
    }
    let body = Value::Object(answer.clone());
    let text = body.to_string();
    let kind = match code {
        4_100 | 4_101 | 700_012_006 => FailureKind::Key,
        4_027 | 4_028 | 4_033 => FailureKind::Credit,
        4_013 => FailureKind::TooMany,
        _ if says_no_credit(&text) => FailureKind::Credit,
        4_000 | 4_200 => FailureKind::Refused,
        _ => FailureKind::Server,
    };
    let detail = error_detail(&body).unwrap_or_else(|| format!("code {code}"));
    Err(Failure::new(kind, detail).with_output(text))
}

fn data(answer: &Map<String, Value>) -> Result<Map<String, Value>, Failure> {
    check(answer)?;
    answer.get("data").and_then(Value::as_object).cloned().ok_or_else(|| garbage("data", answer))
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn is_done(chat: &Map<String, Value>) -> Result<bool, Failure> {
    match chat.get("status").and_then(Value::as_str) {
        Some("completed") => Ok(true),
        Some("created" | "in_progress") => Ok(false),
        Some(status) => {
            let detail = chat.get("last_error").and_then(error_detail).unwrap_or_default();
            let output = Value::Object(chat.clone()).to_string();
            Err(Failure::new(FailureKind::Server, format!("the chat ended as {status}: {detail}"))
                .with_output(output))
        }
        None => Err(garbage("status", chat)),
    }
}

fn answer(listed: &Map<String, Value>) -> Result<String, Failure> {
    let Some(messages) = listed.get("data").and_then(Value::as_array) else {
        return Err(garbage("data", listed));
    };
    let is_answer = |message: &&Value| {
        let of = |name: &str| message.get(name).and_then(Value::as_str);
        of("role") == Some("assistant") && of("type") == Some("answer")
    };
    let texts = messages.iter().filter(is_answer);
    Ok(texts
        .filter_map(|message| message.get("content").and_then(Value::as_str))
        .collect::<Vec<_>>()
        .join("\n"))
}
