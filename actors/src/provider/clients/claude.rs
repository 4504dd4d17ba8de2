//! Claude's messages.
use serde_json::{Map, Value, json};

use super::super::budget::Usage;
use super::super::failure::Failure;
use super::super::prompt::Prompt;
use super::super::turn::Role;
use super::exchange::{Exchange, count, garbage};
use super::{Call, Completion};

/// The version of the wire that this file speaks.
const VERSION: &str = "2023-06-01";

/// Asks once.
pub async fn complete(exchange: &Exchange, call: Call<'_>) -> Result<Completion, Failure> {
    let image = match &call.prompt.image {
        Some(picture) => {
            let data = exchange.encode(picture, call.budget).await?;
            Some(json!({"type": "image",
                "source": {"type": "base64", "media_type": picture.media_type, "data": data}}))
        }
        None => None,
    };
    let headers = [("x-api-key", call.spec.key.clone()), ("anthropic-version", VERSION.to_owned())];
    let answer = exchange.post(&call.spec.url(), &headers, &body(&call, image), call.budget).await?;
    read(&answer, call.prompt)
}

fn body(call: &Call<'_>, image: Option<Value>) -> Value {
    let (prompt, config) = (call.prompt, &call.spec.config);
    let mut messages: Vec<Value> = Vec::new();
    for message in &prompt.messages {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        messages.push(json!({"role": role, "content": [{"type": "text", "text": message.text}]}));
    }
    let last = messages.last_mut().and_then(|last| last.get_mut("content")).and_then(Value::as_array_mut);
    if let (Some(content), Some(image)) = (last, image) {
        content.insert(0, image);
    }
    let mut body = json!({
        "model": call.spec.model_name,
        "max_tokens": prompt.max_tokens,
        "system": prompt.system,
        "messages": messages,
    });
    if let Some(object) = body.as_object_mut() {
        if let Some(temperature) = prompt.temperature.or(config.temperature) {
            object.insert("temperature".to_owned(), json!(temperature.clamp(0.0, 1.0)));
        }
        object.extend(config.extra_body.clone());
    }
    body
}

fn read(answer: &Map<String, Value>, prompt: &Prompt) -> Result<Completion, Failure> {
    let Some(parts) = answer.get("content").and_then(Value::as_array) else {
        return Err(garbage("content", answer));
    };
    let is_text = |part: &&Value| part.get("type").and_then(Value::as_str) == Some("text");
    let texts = parts.iter().filter(is_text).filter_map(|part| part.get("text").and_then(Value::as_str));
    let text = texts.collect::<Vec<_>>().concat();
    let usage = answer.get("usage");
    let usage =
        Usage::of(count(usage, "input_tokens"), count(usage, "output_tokens"), &prompt.asked_text(), &text);
    Ok(Completion { text, usage })
}
