//! The ways to the services: each file makes a body of a prompt and a completion of an answer.
//!
//! ```text
//!  Prompt ─▶ wire (pure body) ─▶ exchange: POST, ≤ 10 s, ≤ 256 KiB ─▶ status ─▶ JSON ─▶ wire (pure reading) ─▶ Completion
//!                                     └── every other end is a classed Failure
//! ```
mod claude;
mod coze;
mod dify;
mod exchange;
mod openai_chat;
pub mod rules;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::budget::Usage;
use super::failure::{Failure, FailureKind};
use super::prompt::Prompt;
use super::spec::{ModelSpec, Wire};
pub use exchange::Exchange;

/// An answer with text in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The text as it came.
    pub text: String,
    /// What it cost.
    pub usage: Usage,
}

/// A call, whatever wire it goes over.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The model.
    pub spec: &'a ModelSpec,
    /// What it is asked.
    pub prompt: &'a Prompt,
    /// A name for the conversation that tells nobody who speaks; some services insist on one.
    pub user: &'a str,
    /// Time for all of it.
    pub budget: Duration,
}

/// Asks a model once. The answer has a text that is not blank; everything else is a failure.
pub async fn complete(exchange: &Exchange, call: Call<'_>) -> Result<Completion, Failure> {
    let completion = match call.spec.wire {
        Some(Wire::OpenaiChat) => openai_chat::complete(exchange, call).await,
        Some(Wire::Claude) => claude::complete(exchange, call).await,
        Some(Wire::Dify) => dify::complete(exchange, call).await,
        Some(Wire::Coze) => coze::complete(exchange, call).await,
        None => Err(Failure::new(FailureKind::Refused, "the provider has no service to call")),
    }?;
    if completion.text.trim().is_empty() {
        return Err(Failure::new(FailureKind::Empty, "the answer has no text").with_usage(completion.usage));
    }
    Ok(completion)
}
