//! OpenAI's chat completions: 豆包, 千问, DeepSeek, Kimi, OpenAI and everything that speaks like them.
use serde_json::{Map, Value, json};

use super::super::budget::Usage;
use super::super::failure::{Failure, FailureKind, says_no_credit};
use super::super::prompt::Prompt;
use super::super::turn::Role;
use super::exchange::{Exchange, bearer, count, error_detail, garbage};
use super::{Call, Completion};

/// Asks once.
pub async fn complete(exchange: &Exchange, call: Call<'_>) -> Result<Completion, Failure> {
    let image = match &call.prompt.image {
        Some(picture) => {
            let encoded = exchange.encode(picture, call.budget).await?;
            Some(format!("data:{};base64,{encoded}", picture.media_type))
        }
        None => None,
    };
    let body = body(&call, image.as_deref());
    let answer = exchange.post(&call.spec.url(), &bearer(&call.spec.key), &body, call.budget).await?;
    read(&answer, call.prompt)
}

fn body(call: &Call<'_>, image: Option<&str>) -> Value {
    let (prompt, config) = (call.prompt, &call.spec.config);
    let mut messages = vec![json!({"role": "system", "content": prompt.system})];
    let last = prompt.messages.len().saturating_sub(1);
    for (index, message) in prompt.messages.iter().enumerate() {
        let role = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        let content = match image.filter(|_image| index == last) {
            Some(image) => json!([
                {"type": "text", "text": message.text},
                {"type": "image_url", "image_url": {"url": image}},
            ]),
            None => Value::from(message.text.as_str()),
        };
        messages.push(json!({"role": role, "content": content}));
    }
    let mut body = json!({
        "model": call.spec.model_name,
        "messages": messages,
        "max_tokens": prompt.max_tokens,
        "stream": false,
    });
    if let Some(object) = body.as_object_mut() {
        if let Some(temperature) = prompt.temperature.or(config.temperature) {
            object.insert("temperature".to_owned(), json!(temperature.clamp(0.0, 2.0)));
        }
        if prompt.wants_json && config.json_mode.unwrap_or(true) {
            object.insert("response_format".to_owned(), json!({"type": "json_object"}));
        }
        object.extend(config.extra_body.clone());
    }
    body
}

fn read(answer: &Map<String, Value>, prompt: &Prompt) -> Result<Completion, Failure> {
    let choice = answer.get("choices").and_then(Value::as_array).and_then(|choices| choices.first());
    let Some(message) = choice.and_then(|choice| choice.get("message")) else {
        return Err(refusal(answer).unwrap_or_else(|| garbage("choices[0].message", answer)));
    };
    let text = text_of(message.get("content").unwrap_or(&Value::Null));
    let usage = answer.get("usage");
    let usage = Usage::of(
        count(usage, "prompt_tokens"),
        count(usage, "completion_tokens"),
        &prompt.asked_text(),
        &text,
    );
    Ok(Completion { text, usage })
}

/// Some gateways report failures under a good status.
fn refusal(answer: &Map<String, Value>) -> Option<Failure> {
    answer.get("error").filter(|error| !error.is_null())?;
    let body = Value::Object(answer.clone());
    let text = body.to_string();
    let kind = if says_no_credit(&text) { FailureKind::Credit } else { FailureKind::Server };
    let detail = error_detail(&body).unwrap_or_else(|| "the service reports a failure".to_owned());
    Some(Failure::new(kind, detail).with_output(text))
}

/// A text, or parts of which some are texts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts
            .iter()
            .filter_map(|part| part.get("text").and_then(Value::as_str))
            .collect::<Vec<_>>()
            .concat(),
        _ => String::new(),
    }
}
