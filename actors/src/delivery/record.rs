//! Writing an outcome down until it is written: an outcome that was lost would be a call made twice.
use std::sync::Arc;
use std::time::Duration;

use workbot_schema::batch::{Outcome, Write};
use workbot_schema::class::Class;
use workbot_schema::deliveries::{self, Delivery, DeliveryState};

use super::DeliveryParts;
use crate::journal::JournalError;
use crate::kernel::Backoff;
use crate::supervisor::directory::Reservation;

/// Between two tries.
const AGAIN: Backoff = Backoff { min: Duration::from_millis(100), max: Duration::from_secs(5) };
/// After this the row is left to the sweep, which will have the call made again.
const GIVE_UP: Duration = Duration::from_secs(1_800);

/// What became of a write.
#[derive(Debug)]
pub(super) enum Stored {
    /// The delivery as it is now.
    Row(Box<Delivery>),
    /// It was over already; nothing was written.
    Over,
    /// Not written in all the time.
    GaveUp,
}

/// Writes, again and again while the store is away. A delivery has one outcome under way, so at most as many wait here as are
/// in flight or were dropped.
pub(super) async fn store(
    parts: &DeliveryParts,
    delivery: &Delivery,
    write: Write,
    places: Option<Arc<Reservation>>,
) -> Stored {
    let until = tokio::time::Instant::now() + GIVE_UP;
    let mut attempt = 0_u32;
    loop {
        let error = match parts.journal.write_into(write.clone(), places.clone()).await {
            Ok(outcomes) => {
                return match outcomes.into_iter().next() {
                    Some(Outcome::Delivery(row)) => Stored::Row(row),
                    _ => Stored::Over,
                };
            }
            Err(error) => error,
        };
        if error.class() != Class::Transient {
            // Calling again would bring the same; the journal has said why in the log.
            log::error!(delivery = delivery.id.as_str(), error:% = error; "the outcome of a callback cannot be written");
            return Stored::Over;
        }
        if attempt == 0 {
            log::warn!(delivery = delivery.id.as_str(), error:% = error; "the outcome of a callback waits to be written");
        }
        attempt = attempt.saturating_add(1);
        tokio::time::sleep(AGAIN.delay(attempt, rand::random())).await;
        if error == JournalError::NoAnswer
            && let Some(row) = written(parts, delivery).await
        {
            return Stored::Row(row);
        }
        if tokio::time::Instant::now() >= until {
            log::error!(delivery = delivery.id.as_str(); "the outcome of a callback was not written and is lost");
            return Stored::GaveUp;
        }
    }
}

/// The row, when a write without an answer was made all the same.
async fn written(parts: &DeliveryParts, delivery: &Delivery) -> Option<Box<Delivery>> {
    let row = deliveries::find(&parts.db, delivery.id.clone()).await.ok().flatten()?;
    let has_moved = row.state != DeliveryState::Pending || row.attempts > delivery.attempts;
    has_moved.then(|| Box::new(row))
}
