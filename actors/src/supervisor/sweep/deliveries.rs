//! Callbacks nobody is making: after a restart, a crash or a full mailbox.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use workbot_schema::due;
use workbot_schema::fields::Ts;
use workbot_schema::ids::DeliveryId;
use workbot_schema::store::StoreResult;

use super::{SweepParts, in_time};

/// Deliveries of one round.
const LIMIT: i64 = 500;
/// What became due later comes from the journal's event, or from the endpoint's own timer.
const GRACE: TimeDelta = TimeDelta::seconds(2);

/// Sends late deliveries to their endpoints, which ignore those they know; where the next round goes on.
pub(super) async fn send_late(
    parts: &SweepParts,
    after: Option<(Ts, DeliveryId)>,
) -> StoreResult<Option<(Ts, DeliveryId)>> {
    let before = parts.now().plus(-GRACE).max(parts.started_at);
    let late = in_time(due::list_late_deliveries(&parts.db, before, after, LIMIT)).await?;
    let is_last_page = i64::try_from(late.len()).unwrap_or(LIMIT) < LIMIT;
    let last = late.last().and_then(|delivery| Some((delivery.due_at?, delivery.id.clone())));
    for delivery in late {
        parts.counters.deliveries.fetch_add(1, Ordering::Relaxed);
        parts.endpoints.deliver(Arc::new(delivery));
    }
    Ok(last.filter(|_last| !is_last_page))
}
