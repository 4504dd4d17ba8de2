//! `GET /api/callbacks/endpoints`: how third parties answer.
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use workbot_actors::delivery::EndpointSnapshot;
use workbot_schema::deliveries::DeliveryKind;
use workbot_schema::fields::Ts;

use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Page, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::{Paging, PagingQuery, Query};
use crate::http::openapi::Failures;
use crate::http::robots::visibility::visible_robots;
use crate::http::state::State;

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// What the list is narrowed to.
pub struct EndpointsQuery {
    /// One robot.
    pub robot_id: Option<String>,
    /// Only paused ones, or only others.
    pub paused: Option<bool>,
}

/// An endpoint: a robot's callbacks to one address, since the server started.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// Its id.
    pub id: String,
    /// Whose.
    pub robot_id: Option<String>,
    /// Where to.
    pub url: String,
    /// What was called back.
    pub types: Vec<DeliveryKind>,
    /// Share of the last 100 calls that were taken, 0..1.
    pub success_rate: Option<f64>,
    /// 95 of the last 100 calls were not longer, milliseconds.
    pub p95_ms: Option<u64>,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Since when deliveries fail without a call.
    pub paused_since: Option<String>,
    /// Deliveries that wait.
    pub waiting: usize,
    /// Deliveries under way.
    pub in_flight: usize,
    /// Deliveries dropped from a full backlog.
    pub dropped: u64,
}

impl From<EndpointSnapshot> for EndpointView {
    fn from(snapshot: EndpointSnapshot) -> Self {
        Self {
            id: snapshot.endpoint,
            robot_id: snapshot.robot_id.map(|id| id.to_string()),
            url: snapshot.url,
            types: snapshot.kinds,
            success_rate: snapshot.success_rate,
            p95_ms: snapshot.p95_ms,
            consecutive_failures: snapshot.consecutive_failures,
            paused_since: snapshot.paused_since.map(Ts::iso),
            waiting: snapshot.waiting,
            in_flight: snapshot.in_flight,
            dropped: snapshot.dropped,
        }
    }
}

/// Lists endpoints that were called since the start, the worst first.
#[utoipa::path(
    get,
    path = "/api/callbacks/endpoints",
    operation_id = "list_callback_endpoints",
    tag = "回调记录",
    summary = "回调地址健康状况",
    security(("user" = []), ("platform" = [])),
    params(EndpointsQuery, PagingQuery),
    responses(
        (status = 200, description = "回调地址", body = Envelope<Page<EndpointView>>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"total": 1, "list": [{"id": "ep_01",
                "robotId": "robot_1703123456789_abc123", "url": "https://ai.example.com/callback",
                "types": ["message"], "successRate": 0.99, "p95Ms": 120, "consecutiveFailures": 0,
                "pausedSince": null, "waiting": 0, "inFlight": 1, "dropped": 0}]}})),
        Failures
    )
)]
pub async fn endpoints(
    state: State,
    caller: Caller,
    paging: Paging,
    Query(query): Query<EndpointsQuery>,
) -> ApiResult<Reply> {
    let robots = visible_robots(&state, &caller, query.robot_id.as_deref(), Action::ReadDeliveries).await?;
    let robots: Option<HashSet<_>> = robots.map(|robots| robots.into_iter().collect());
    let mut list: Vec<EndpointSnapshot> = state
        .endpoints
        .board()
        .list()
        .into_iter()
        .filter(|endpoint| robots.as_ref().is_none_or(|robots| robots.contains(&endpoint.robot_uuid)))
        .filter(|endpoint| query.paused.is_none_or(|paused| paused == endpoint.paused_since.is_some()))
        .collect();
    list.sort_by(|a, b| {
        (b.paused_since.is_some(), b.consecutive_failures, &a.endpoint).cmp(&(
            a.paused_since.is_some(),
            a.consecutive_failures,
            &b.endpoint,
        ))
    });
    let total = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let (offset, limit) =
        (usize::try_from(paging.offset).unwrap_or(usize::MAX), usize::try_from(paging.limit).unwrap_or(0));
    let list = list.into_iter().skip(offset).take(limit).map(EndpointView::from).collect();
    Reply::ok(&Page::new(total, list, &paging))
}
