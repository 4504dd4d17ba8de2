//! Callbacks to third parties: one row each, written with what they tell of.
pub mod told;

use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::for_both;
use crate::ids::{CommandId, DeliveryId, MessageId, RobotUuid};
use crate::store::prelude::*;
use crate::tables::{callback_attempts, callback_deliveries};

crate::text_enum! {
    /// What a callback tells.
    pub enum DeliveryKind {
        /// A chat message (type 11).
        Message = "message",
        /// The result of a command (type 1).
        Result = "result",
        /// The QR code of a group (type 0).
        GroupQrcode = "group_qrcode",
        /// The robot came online (type 5).
        Online = "online",
        /// The robot went offline (type 6).
        Offline = "offline",
        /// Somebody became a friend (through the message callback).
        Friend = "friend",
        /// A sample, sent by hand.
        Test = "test",
    }
}

crate::text_enum! {
    /// Where a delivery is.
    pub enum DeliveryState {
        /// Waits for an attempt.
        Pending = "pending",
        /// The endpoint took it.
        Delivered = "delivered",
        /// Every attempt failed.
        Failed = "failed",
        /// Dropped from a full backlog.
        Dropped = "dropped",
    }
}

/// A delivery as it is stored; `body` is the exact text to send, without its file.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = callback_deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    /// `webhook-id`.
    pub id: DeliveryId,
    /// Place in the order of the server.
    pub seq: i64,
    /// Whose robot.
    pub robot_uuid: RobotUuid,
    /// What it tells.
    pub kind: DeliveryKind,
    /// The endpoint: hash of robot and URL.
    pub endpoint: String,
    /// Where to.
    pub url: String,
    /// Deliveries of one chat keep their order.
    pub chat: String,
    /// The message it tells of.
    pub message_id: Option<MessageId>,
    /// The command it tells of.
    pub command_id: Option<CommandId>,
    /// JSON, without `fileBase64`.
    pub body: String,
    /// The picture that goes into `fileBase64`.
    pub file_name: Option<String>,
    /// Where it is.
    pub state: DeliveryState,
    /// Attempts recorded.
    pub attempts: i32,
    /// Whether a failed attempt is repeated.
    pub can_retry: bool,
    /// HTTP status of the last attempt.
    pub last_status: Option<i32>,
    /// Error of the last attempt.
    pub last_error: Option<String>,
    /// The delivery it repeats.
    pub replay_of: Option<DeliveryId>,
    /// When the sweep must look.
    pub due_at: Option<Ts>,
    /// When it ended.
    pub finished_at: Option<Ts>,
    /// When it was made.
    pub created_at: Ts,
}

/// The recorded outcome of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// HTTP status, if one came.
    pub status: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
    /// The first bytes of the answer.
    pub response: Option<String>,
    /// Milliseconds.
    pub duration_ms: i32,
    /// Where the delivery is after it.
    pub state: DeliveryState,
    /// The next attempt, when there is one.
    pub due_at: Option<Ts>,
}

/// One attempt as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = callback_attempts, treat_none_as_default_value = false)]
pub struct DeliveryAttempt {
    /// Place in the order of the server.
    pub seq: i64,
    /// The delivery.
    pub delivery_id: DeliveryId,
    /// From 1.
    pub attempt: i32,
    /// HTTP status.
    pub status: Option<i32>,
    /// What went wrong.
    pub error: Option<String>,
    /// The first bytes of the answer.
    pub response: Option<String>,
    /// Milliseconds.
    pub duration_ms: i32,
    /// When it ended.
    pub created_at: Ts,
}

/// The endpoint of a robot's callbacks to one URL: deliveries to it share order, bound and health.
pub fn endpoint_of(robot: RobotUuid, url: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{robot} {url}").as_bytes());
    format!("ep_{}", hex::encode(hash.as_ref().iter().take(12).copied().collect::<Vec<u8>>()))
}

crate::statement_names! {
    MoveDelivery,
    EndDelivery,
}

for_both! {
    /// Stores a delivery; false when its id exists.
    pub async fn insert(connection: &mut Conn, delivery: &Delivery) -> Result<bool, DieselError> {
        let inserted = diesel::insert_into(callback_deliveries::table)
            .values(delivery)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
        Ok(inserted > 0)
    }

    /// Records an attempt and moves the delivery, unless it is not pending any more.
    pub async fn record(connection: &mut Conn, record: &AttemptRecord, seq: i64, now: Ts) -> Result<Option<Delivery>, DieselError> {
        let found: Option<Delivery> = callback_deliveries::table
            .find(&record.delivery_id)
            .filter(callback_deliveries::state.eq(DeliveryState::Pending))
            .select(Delivery::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(mut delivery) = found else {
            return Ok(None);
        };
        delivery.attempts += 1;
        delivery.state = record.state;
        delivery.last_status = record.status;
        delivery.last_error.clone_from(&record.error);
        delivery.due_at = record.due_at;
        delivery.finished_at = (record.state != DeliveryState::Pending).then_some(now);
        diesel::update(callback_deliveries::table.find(&record.delivery_id))
            .set((
                callback_deliveries::attempts.eq(delivery.attempts),
                callback_deliveries::state.eq(delivery.state),
                callback_deliveries::last_status.eq(delivery.last_status),
                callback_deliveries::last_error.eq(&delivery.last_error),
                callback_deliveries::due_at.eq(delivery.due_at),
                callback_deliveries::finished_at.eq(delivery.finished_at),
            ))
            .cached::<name::MoveDelivery>()
            .execute(connection)
            .await?;
        diesel::insert_into(callback_attempts::table)
            .values(&DeliveryAttempt {
                seq,
                delivery_id: record.delivery_id.clone(),
                attempt: delivery.attempts,
                status: record.status,
                error: record.error.clone(),
                response: record.response.clone(),
                duration_ms: record.duration_ms,
                created_at: now,
            })
            .execute(connection)
            .await?;
        Ok(Some(delivery))
    }

    /// Ends a pending delivery without an attempt (dropped, or refused because its endpoint is paused).
    pub async fn finish(
        connection: &mut Conn,
        id: &DeliveryId,
        state: DeliveryState,
        error: &str,
        now: Ts,
    ) -> Result<Option<Delivery>, DieselError> {
        let touched = diesel::update(
            callback_deliveries::table.find(id).filter(callback_deliveries::state.eq(DeliveryState::Pending)),
        )
        .set((
            callback_deliveries::state.eq(state),
            callback_deliveries::last_error.eq(Some(error)),
            callback_deliveries::due_at.eq(None::<Ts>),
            callback_deliveries::finished_at.eq(Some(now)),
        ))
        .cached::<name::EndDelivery>()
        .execute(connection)
        .await?;
        if touched == 0 {
            return Ok(None);
        }
        callback_deliveries::table.find(id).select(Delivery::as_select()).first(connection).await.optional()
    }
}

/// What a list of deliveries is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// Some robots; `None` = every robot.
    pub robots: Option<Vec<RobotUuid>>,
    /// One state.
    pub state: Option<DeliveryState>,
    /// One kind.
    pub kind: Option<DeliveryKind>,
    /// One endpoint.
    pub endpoint: Option<String>,
    /// The deliveries of one message.
    pub message_id: Option<MessageId>,
    /// The deliveries of one command.
    pub command_id: Option<CommandId>,
    /// Made at or after.
    pub from: Option<Ts>,
    /// Made before.
    pub to: Option<Ts>,
}

/// A page of deliveries, newest first, and how many there are.
pub async fn list(
    db: &Db,
    filter: DeliveryFilter,
    offset: i64,
    limit: i64,
) -> StoreResult<(i64, Vec<Delivery>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = callback_deliveries::table.into_boxed::<DB>();
            if let Some(robots) = &filter.robots {
                query = query.filter(callback_deliveries::robot_uuid.eq_any(robots.clone()));
            }
            if let Some(state) = filter.state {
                query = query.filter(callback_deliveries::state.eq(state));
            }
            if let Some(kind) = filter.kind {
                query = query.filter(callback_deliveries::kind.eq(kind));
            }
            if let Some(endpoint) = &filter.endpoint {
                query = query.filter(callback_deliveries::endpoint.eq(endpoint.clone()));
            }
            if let Some(message) = &filter.message_id {
                query = query.filter(callback_deliveries::message_id.eq(message.clone()));
            }
            if let Some(command) = &filter.command_id {
                query = query.filter(callback_deliveries::command_id.eq(command.clone()));
            }
            if let Some(from) = filter.from {
                query = query.filter(callback_deliveries::created_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(callback_deliveries::created_at.lt(to));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(callback_deliveries::seq.desc())
            .offset(offset)
            .limit(limit)
            .select(Delivery::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// A delivery, or `None`.
pub async fn find(db: &Db, id: DeliveryId) -> StoreResult<Option<Delivery>> {
    db!(db, read, |connection| {
        Ok(callback_deliveries::table
            .find(&id)
            .select(Delivery::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// The attempts of a delivery, oldest first.
pub async fn list_attempts(db: &Db, id: DeliveryId) -> StoreResult<Vec<DeliveryAttempt>> {
    db!(db, read, |connection| {
        Ok(callback_attempts::table
            .filter(callback_attempts::delivery_id.eq(&id))
            .order(callback_attempts::attempt.asc())
            .select(DeliveryAttempt::as_select())
            .load(connection)
            .await?)
    })
}

/// Pending deliveries after `after_seq`, in order: what a restart finds.
pub async fn list_pending(db: &Db, after_seq: i64, limit: i64) -> StoreResult<Vec<Delivery>> {
    db!(db, read, |connection| {
        Ok(callback_deliveries::table
            // A literal: behind a parameter neither database can tell that the index of open deliveries applies.
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("callback_deliveries.state = 'pending'"))
            .filter(callback_deliveries::seq.gt(after_seq))
            .order(callback_deliveries::seq.asc())
            .limit(limit)
            .select(Delivery::as_select())
            .load(connection)
            .await?)
    })
}

/// Pending deliveries whose time has come, oldest first.
pub async fn list_due(db: &Db, now: Ts, limit: i64) -> StoreResult<Vec<Delivery>> {
    db!(db, read, |connection| {
        Ok(callback_deliveries::table
            .filter(callback_deliveries::due_at.le(now))
            .order(callback_deliveries::due_at.asc())
            .limit(limit)
            .select(Delivery::as_select())
            .load(connection)
            .await?)
    })
}
