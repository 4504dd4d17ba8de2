//! Trying models and personas: one question, many with expected intents, a benchmark, advice over answers. Nothing is sent to a chat.
pub mod advice;
pub mod batch;
pub mod benchmark;
pub mod intent;
pub mod question;
pub mod reply;
