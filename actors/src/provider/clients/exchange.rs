//! One call over HTTP: bounded, read as JSON, and every way it can fail told apart.
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value};

use super::super::failure::{Failure, FailureKind, of_status, retry_after};
use super::super::prompt::Picture;
use crate::delivery::http_client::{CallAnswer, CallError, CallOutcome, HttpClient};
use crate::kernel::{Clock, Offload};

/// Longest part of an answer kept for the log of calls, in characters.
const OUTPUT_CHARS: usize = 16_000;

/// What calls are made with; clone freely.
#[derive(Clone)]
pub struct Exchange {
    /// The way out, already bounded in bytes.
    pub http: HttpClient,
    /// Large answers are parsed there.
    pub offload: Offload,
    /// Reads `Retry-After` dates.
    pub clock: Clock,
}

impl Exchange {
    /// Sends `body` and gives the JSON object of a 2xx answer.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&str, String)],
        body: &Value,
        budget: Duration,
    ) -> Result<Map<String, Value>, Failure> {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/json".to_owned()));
        let bytes = Bytes::from(body.to_string());
        self.read(self.http.post(url, &headers, bytes, budget).await, budget).await
    }

    /// Fetches the JSON object of a 2xx answer.
    pub async fn get(
        &self,
        url: &str,
        headers: &[(&str, String)],
        budget: Duration,
    ) -> Result<Map<String, Value>, Failure> {
        self.read(self.http.get(url, headers, budget).await, budget).await
    }

    /// The picture as base64.
    pub async fn encode(&self, picture: &Picture, budget: Duration) -> Result<String, Failure> {
        let bytes = picture.bytes.clone();
        let encoded = self.offload.run_sized(bytes.len(), budget, move || STANDARD.encode(bytes)).await;
        encoded.map_err(|error| Failure::new(FailureKind::Busy, error.to_string()))
    }

    async fn read(&self, outcome: CallOutcome, budget: Duration) -> Result<Map<String, Value>, Failure> {
        let CallAnswer { status, retry_after: wait, body, is_cut, .. } = outcome.result.map_err(of_error)?;
        if !(200..300).contains(&status) {
            return Err(self.refused(status, wait.as_deref(), &body));
        }
        if is_cut {
            let text = format!("the answer is longer than {} bytes", body.len());
            return Err(Failure::new(FailureKind::Huge, text).with_output(shown(&body)));
        }
        let bytes = body.clone();
        let parsed = self.offload.run_sized(body.len(), budget, move || serde_json::from_slice(&bytes)).await;
        match parsed {
            Ok(Ok(Value::Object(object))) => Ok(object),
            Ok(Ok(_)) | Ok(Err(_)) => {
                Err(Failure::new(FailureKind::Garbage, "the answer is no JSON object")
                    .with_output(shown(&body)))
            }
            Err(error) => Err(Failure::new(FailureKind::Busy, error.to_string())),
        }
    }

    fn refused(&self, status: u16, wait: Option<&str>, body: &[u8]) -> Failure {
        let output = shown(body);
        let detail = serde_json::from_slice(body).ok().as_ref().and_then(error_detail).unwrap_or_default();
        let wait = retry_after(wait, self.clock.now());
        of_status(status, &output, &detail).with_retry_after(wait).with_output(output)
    }
}

/// The way every service but Claude wants its key.
pub fn bearer(key: &str) -> Vec<(&'static str, String)> {
    if key.is_empty() { Vec::new() } else { vec![("authorization", format!("Bearer {key}"))] }
}

/// The answer lacks what its service documents.
pub fn garbage(what: &str, answer: &Map<String, Value>) -> Failure {
    let output = shown(Value::Object(answer.clone()).to_string().as_bytes());
    Failure::new(FailureKind::Garbage, format!("the answer has no {what}")).with_output(output)
}

/// A count in an answer.
pub fn count(object: Option<&Value>, name: &str) -> Option<i64> {
    object?.get(name)?.as_i64()
}

/// What a service says about a failure: `error.message`, `error`, `message` or `msg`, with its code.
pub fn error_detail(body: &Value) -> Option<String> {
    let error = body.get("error").filter(|error| error.is_object()).unwrap_or(body);
    let text = |name: &str| match error.get(name) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let message = text("message").or_else(|| text("msg")).or_else(|| text("error"));
    let code = text("code").or_else(|| text("type"));
    match (code, message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message),
    }
}

fn of_error(error: CallError) -> Failure {
    let kind = match &error {
        CallError::Address(_) => FailureKind::Address,
        // The only header a user has a hand in is the key.
        CallError::Header { .. } => FailureKind::Key,
        CallError::TimedOut { .. } => FailureKind::TimedOut,
        CallError::Connect(_) => FailureKind::Connect,
        CallError::Transport(_) => FailureKind::Transport,
    };
    Failure::new(kind, error.to_string())
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(OUTPUT_CHARS).collect()
}
