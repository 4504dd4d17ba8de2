//! What the debugger of models and personas tells.
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How much a piece of advice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AdviceLevel {
    /// Users are harmed or the answer is of no use.
    Critical,
    /// Users notice.
    Warning,
    /// Could be better.
    Hint,
}

/// One thing that can be made better, found in the answers that were looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// Stable name of the rule, such as `too_long`.
    pub code: String,
    /// How much it matters.
    pub level: AdviceLevel,
    /// What was found, in one sentence.
    pub finding: String,
    /// What to do about it.
    pub suggestion: String,
    /// Answers in which it was found; 0 when it is about the persona or about time.
    pub count: u32,
    /// Places of the first of them, from 0, in the list that was looked at.
    pub examples: Vec<u32>,
}

/// Everything that was found, the worst first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdviceReport {
    /// Answers that were looked at.
    pub answers: u32,
    /// What was found.
    pub advice: Vec<Advice>,
    /// The persona's prompt with the lines that the advice asks for; absent when none is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested_prompt: Option<String>,
}

/// One message of a batch and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchResult {
    /// What was asked.
    pub message: String,
    /// The intent it should be.
    pub expected: String,
    /// The intent it was taken for; absent when the call failed.
    pub got: Option<String>,
    /// 0 to 1.
    pub confidence: f64,
    /// Whether it is what was expected.
    pub is_correct: bool,
    /// How long it took.
    pub duration_ms: u64,
    /// Why there is no intent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How often one intent was taken for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfusionCell {
    /// The intent it should be.
    pub expected: String,
    /// The intent it was taken for.
    pub got: String,
    /// How often.
    pub count: u32,
}

/// How well one intent is recognised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IntentScore {
    /// The intent.
    pub intent: String,
    /// Messages that should be it.
    pub expected: u32,
    /// Messages that were taken for it.
    pub got: u32,
    /// Messages that are both.
    pub correct: u32,
    /// `correct` of `got`, 0 to 1; 0 when nothing was taken for it.
    pub precision: f64,
    /// `correct` of `expected`, 0 to 1; 0 when nothing should be it.
    pub recall: f64,
}

/// A batch that ran.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BatchReport {
    /// Messages.
    pub total: u32,
    /// Messages whose intent is what was expected.
    pub correct: u32,
    /// Messages without an intent.
    pub failed: u32,
    /// `correct` of `total`, 0 to 1.
    pub accuracy: f64,
    /// Message by message, as they were given.
    pub results: Vec<BatchResult>,
    /// Which was taken for which, the most frequent mistakes first, then what was right.
    pub confusion: Vec<ConfusionCell>,
    /// Intent by intent, by name.
    pub intents: Vec<IntentScore>,
}

/// Calls between two times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DurationBucket {
    /// From here.
    pub from_ms: u64,
    /// Up to here, not included; absent = without end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_ms: Option<u64>,
    /// So many.
    pub count: u32,
}

/// How often a call failed for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailureCount {
    /// The reason.
    pub error: String,
    /// How often.
    pub count: u32,
}

/// A benchmark that ran. Times are those of successful calls; 0 when there was none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BenchmarkReport {
    /// Calls.
    pub requests: u32,
    /// Calls that were answered by the model.
    pub succeeded: u32,
    /// Calls that were not.
    pub failed: u32,
    /// `succeeded` of `requests`, 0 to 1.
    pub success_rate: f64,
    /// Shortest.
    pub min_ms: u64,
    /// Average.
    pub mean_ms: u64,
    /// Half of them took no longer.
    pub p50_ms: u64,
    /// 95 of 100 took no longer.
    pub p95_ms: u64,
    /// 99 of 100 took no longer.
    pub p99_ms: u64,
    /// Longest.
    pub max_ms: u64,
    /// From the first call to the last answer.
    pub wall_ms: u64,
    /// Calls a second over that time, failed ones included.
    pub requests_per_second: f64,
    /// Tokens, in and out, of all calls.
    pub tokens: u64,
    /// How times are spread.
    pub histogram: Vec<DurationBucket>,
    /// Why calls failed, the most frequent first.
    pub errors: Vec<FailureCount>,
}
