//! `GET /api/callbacks/deliveries/{id}`: one delivery with every attempt.
use std::sync::Arc;

use actix_web::web::Path;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::deliveries::{self, Delivery};
use workbot_schema::ids::DeliveryId;

use super::delivery_view::DeliveryDetail;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// Shows a delivery.
#[utoipa::path(
    get,
    path = "/api/callbacks/deliveries/{id}",
    operation_id = "get_delivery",
    tag = "回调记录",
    summary = "回调记录详情",
    security(("user" = []), ("platform" = [])),
    params(("id" = String, Path, description = "回调编号")),
    responses(
        (status = 200, description = "回调记录", body = Envelope<DeliveryDetail>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "dlv_0190",
                "robotId": "robot_1703123456789_abc123", "kind": "message", "endpoint": "ep_01",
                "url": "https://ai.example.com/callback", "state": "delivered", "attempts": 1,
                "lastStatus": 200, "createdAt": "2026-01-30T12:00:00.000Z", "body": {"spoken": "你好"},
                "hasFile": false, "history": [{"attempt": 1, "status": 200, "response": "{\"code\":0}",
                "durationMs": 35, "createdAt": "2026-01-30T12:00:00.000Z"}]}})),
        Failures
    )
)]
pub async fn delivery(state: State, caller: Caller, id: Path<String>) -> ApiResult<Reply> {
    let (row, entry) = find_delivery(&state, &caller, id.into_inner(), Action::ReadDeliveries).await?;
    let attempts = deliveries::list_attempts(&state.db, row.id.clone()).await?;
    Reply::ok(&DeliveryDetail::new(&row, entry.profile().robot.robot_id.to_string(), attempts))
}

/// A delivery and its robot: 404 when it is not there or not theirs.
pub async fn find_delivery(
    state: &AppState,
    caller: &Caller,
    id: String,
    action: Action,
) -> ApiResult<(Delivery, Arc<RobotEntry>)> {
    caller.may(action)?;
    let row = deliveries::find(&state.db, DeliveryId(id)).await?;
    let row = row.ok_or(ApiError::NotFound(Missing::Delivery))?;
    let entry = caller.robot(state, Some(&row.robot_uuid.to_string()), action).await;
    let entry = entry.map_err(|error| match error {
        ApiError::NotFound(_) => ApiError::NotFound(Missing::Delivery),
        error => error,
    })?;
    Ok((row, entry))
}
