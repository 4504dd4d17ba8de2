//! Pure: what tests of models and personas say: advice over answers, batches with expected intents, benchmarks.
pub mod advice;
pub mod batch;
pub mod benchmark;
mod phrases;
mod share;

pub use advice::{AnswerSample, PersonaSample, advise};
pub use batch::{BatchItem, report as batch_report};
pub use benchmark::{Call, percentile, report as benchmark_report};
