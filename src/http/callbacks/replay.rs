//! `POST /api/callbacks/deliveries/{id}/replay`: the same callback once more, as a delivery of its own.
use actix_web::web::Path;
use serde::Serialize;
use utoipa::ToSchema;
use workbot_actors::delivery::replay::replay as repeat;
use workbot_schema::batch::Record;
use workbot_schema::deliveries::DeliveryState;
use workbot_schema::ids::DeliveryId;

use super::delivery::find_delivery;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::{ApiError, ApiResult};
use crate::http::extract::IdempotencyKey;
use crate::http::guard::idempotency::{Committed, Started};
use crate::http::openapi::Failures;
use crate::http::state::State;

/// The delivery that was made.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeDelivery {
    /// Its id; look it up for the outcome.
    pub id: String,
    /// The first one of the row of replays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<String>,
    /// `pending`.
    pub state: DeliveryState,
}

/// Makes a callback once more.
#[utoipa::path(
    post,
    path = "/api/callbacks/deliveries/{id}/replay",
    operation_id = "replay_delivery",
    tag = "回调记录",
    summary = "重放回调",
    description = "以新的编号再次发送相同内容到原地址；消息的处理状态不受影响。",
    security(("user" = []), ("platform" = [])),
    params(
        ("id" = String, Path, description = "回调编号"),
        ("Idempotency-Key" = Option<String>, Header, description = "重复提交得到同一结果，24 小时内有效")
    ),
    responses(
        (status = 200, description = "已排队", body = Envelope<MadeDelivery>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"id": "dlv_0191",
                "replayOf": "dlv_0190", "state": "pending"}})),
        Failures
    )
)]
pub async fn replay(
    state: State,
    caller: Caller,
    origin: Origin,
    key: IdempotencyKey,
    id: Path<String>,
) -> ApiResult<Reply> {
    let (row, _entry) = find_delivery(&state, &caller, id.into_inner(), Action::ReplayDelivery).await?;
    let ticket = match state.begin(&key, &caller.name(), b"").await? {
        Started::Replay(reply) => return Ok(reply),
        Started::Fresh(ticket) => ticket,
    };
    // The rule may have changed since it was saved.
    state.addresses.check_url(&row.url).map_err(|error| ApiError::address("url", error))?;
    let now = state.now();
    let made = repeat(&row, DeliveryId::generate(), now);
    let reply = Reply::ok(&MadeDelivery {
        id: made.id.to_string(),
        replay_of: made.replay_of.as_ref().map(DeliveryId::to_string),
        state: made.state,
    })?;
    let detail = serde_json::json!({"replayOf": row.id});
    let audit = origin.audit(&caller, "callback.replay", format!("delivery/{}", made.id), detail, now);
    match ticket.commit(&state, &reply, vec![Record::Delivery(Box::new(made)), audit]).await? {
        Committed::Done(_outcomes) => Ok(reply),
        Committed::Replay(reply) => Ok(reply),
    }
}
