//! A Dify app, asked in blocking mode. The app has its own instructions; ours and the conversation go in front of the question.
use serde_json::{Map, Value, json};

use super::super::budget::Usage;
use super::super::failure::Failure;
use super::super::prompt::Prompt;
use super::exchange::{Exchange, bearer, count, garbage};
use super::{Call, Completion};

/// Asks once.
pub async fn complete(exchange: &Exchange, call: Call<'_>) -> Result<Completion, Failure> {
    let mut body = json!({
        "inputs": {},
        "query": call.prompt.asked_text(),
        "response_mode": "blocking",
        "conversation_id": "",
        "user": call.user,
    });
    if let Some(object) = body.as_object_mut() {
        object.extend(call.spec.config.extra_body.clone());
    }
    let answer = exchange.post(&call.spec.url(), &bearer(&call.spec.key), &body, call.budget).await?;
    read(&answer, call.prompt)
}

fn read(answer: &Map<String, Value>, prompt: &Prompt) -> Result<Completion, Failure> {
    let Some(text) = answer.get("answer").and_then(Value::as_str) else {
        return Err(garbage("answer", answer));
    };
    let usage = answer.get("metadata").and_then(|metadata| metadata.get("usage"));
    let usage = Usage::of(
        count(usage, "prompt_tokens"),
        count(usage, "completion_tokens"),
        &prompt.asked_text(),
        text,
    );
    Ok(Completion { text: text.to_owned(), usage })
}
