//! Figures of calls to models over a time, for one model or one persona.
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_actors::debugger::percentile;
use workbot_schema::ai_calls::AiPurpose;
use workbot_schema::ai_calls::tally::{CallsOf, tally};

use super::error::{ApiError, ApiResult};
use super::state::AppState;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// Which time.
pub struct CallStatsQuery {
    /// 1h, 24h, 7d or 30d (24h).
    pub window: Option<String>,
}

/// Calls for one purpose.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PurposeStats {
    /// intent, reply, report or debug.
    pub purpose: AiPurpose,
    /// How many.
    pub total: u64,
    /// Those in vain.
    pub failed: u64,
}

/// The figures of a time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallStats {
    /// 1h, 24h, 7d or 30d.
    pub window: &'static str,
    /// Calls.
    pub total: u64,
    /// Those that were answered.
    pub succeeded: u64,
    /// Those in vain.
    pub failed: u64,
    /// `succeeded` of `total`, 0 to 1; null without a call.
    pub success_rate: Option<f64>,
    /// Half of the answers took no longer, milliseconds.
    pub p50_ms: u64,
    /// 95 % of them took no longer.
    pub p95_ms: u64,
    /// 99 % of them took no longer.
    pub p99_ms: u64,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// Only the newest 50,000 calls were looked at.
    pub is_cut: bool,
    /// By purpose.
    pub by_purpose: Vec<PurposeStats>,
}

impl CallStats {
    /// Reads the figures: 400 for a time that is not offered.
    pub async fn read(state: &AppState, of: CallsOf, query: &CallStatsQuery) -> ApiResult<Self> {
        let (window, time) = match query.window.as_deref().unwrap_or("24h") {
            "1h" => ("1h", TimeDelta::hours(1)),
            "24h" => ("24h", TimeDelta::hours(24)),
            "7d" => ("7d", TimeDelta::days(7)),
            "30d" => ("30d", TimeDelta::days(30)),
            _ => return Err(ApiError::field("window", "可选 1h、24h、7d、30d")),
        };
        let calls = tally(&state.db, of, state.now().plus(-time)).await?;
        let succeeded = calls.total.saturating_sub(calls.failed);
        let number = |count: u64| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Ok(Self {
            window,
            total: calls.total,
            succeeded,
            failed: calls.failed,
            success_rate: (calls.total > 0).then(|| number(succeeded) / number(calls.total)),
            p50_ms: percentile(&calls.durations_ms, 50),
            p95_ms: percentile(&calls.durations_ms, 95),
            p99_ms: percentile(&calls.durations_ms, 99),
            tokens_in: calls.tokens_in,
            tokens_out: calls.tokens_out,
            cost_micros: calls.cost_micros,
            is_cut: calls.is_cut,
            by_purpose: calls
                .purposes
                .into_iter()
                .map(|own| PurposeStats { purpose: own.purpose, total: own.total, failed: own.failed })
                .collect(),
        })
    }
}
