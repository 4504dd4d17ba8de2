//! Pure: who answered an ask and what it cost, for the record of the visit.
use serde_json::{Map, Value, json};

use super::super::event::AskReport;

/// The keys every answer has in the output of its visit.
pub fn report(report: &AskReport) -> Map<String, Value> {
    let keys = [
        ("modelId", json!(report.model_id)),
        ("modelName", json!(report.model_name)),
        ("provider", json!(report.provider)),
        ("failedModels", json!(report.failed)),
        ("tokensIn", json!(report.tokens_in)),
        ("tokensOut", json!(report.tokens_out)),
        ("costMicros", json!(report.cost_micros)),
        ("modelMs", json!(report.duration_ms)),
        ("degraded", json!(report.degraded)),
    ];
    Map::from_iter(keys.map(|(key, value)| (key.to_owned(), value)))
}
