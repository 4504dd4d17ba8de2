//! Callbacks by the messages they told of.
use super::{Delivery, DeliveryAttempt, DeliveryKind};
use crate::ids::MessageId;
use crate::store::prelude::*;
use crate::tables::{callback_attempts, callback_deliveries};

/// A callback with its last attempt, if one was recorded.
pub type Told = (Delivery, Option<DeliveryAttempt>);

/// The callbacks that told of these messages, oldest first.
pub async fn list_told(db: &Db, messages: Vec<MessageId>) -> StoreResult<Vec<Told>> {
    db!(db, read, |connection| {
        let deliveries: Vec<Delivery> = callback_deliveries::table
            .filter(callback_deliveries::message_id.eq_any(messages.clone()))
            .filter(callback_deliveries::kind.eq(DeliveryKind::Message))
            .order(callback_deliveries::seq.asc())
            .select(Delivery::as_select())
            .load(connection)
            .await?;
        let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id.clone()).collect();
        let attempts: Vec<DeliveryAttempt> = callback_attempts::table
            .filter(callback_attempts::delivery_id.eq_any(ids))
            .order(callback_attempts::attempt.asc())
            .select(DeliveryAttempt::as_select())
            .load(connection)
            .await?;
        let last = |delivery: &Delivery| {
            attempts.iter().rev().find(|attempt| attempt.delivery_id == delivery.id).cloned()
        };
        Ok(deliveries.into_iter().map(|delivery| (delivery.clone(), last(&delivery))).collect())
    })
}
