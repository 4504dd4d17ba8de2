//! Alerts told over channels: one row each, tried until it is sent or given up.
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::{Document, Ts};
use crate::for_both;
use crate::ids::{AlertId, ChannelId, NotificationId};
use crate::notification_channels::ChannelType;
use crate::store::prelude::*;
use crate::tables::{alert_history, alert_notifications};

crate::text_enum! {
    /// Where a notification is.
    pub enum NotificationState {
        /// It waits to be tried, the first time or again.
        Pending = "pending",
        /// The channel took it.
        Sent = "sent",
        /// It was given up.
        Failed = "failed",
    }
}

/// A notification as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = alert_notifications, treat_none_as_default_value = false)]
pub struct AlertNotification {
    /// Id.
    pub id: NotificationId,
    /// Place in the order of the server; those that were made with one alert share it.
    pub seq: i64,
    /// Of which alert.
    pub alert_id: AlertId,
    /// Over which channel.
    pub channel_id: ChannelId,
    /// How that tells.
    pub channel_type: ChannelType,
    /// Where it is.
    pub state: NotificationState,
    /// Attempts so far.
    pub attempts: i32,
    /// The last failure.
    pub error: Option<String>,
    /// When it is tried next.
    pub due_at: Option<Ts>,
    /// What is told, JSON.
    pub body: Document,
    /// Made at.
    pub created_at: Ts,
    /// When it ended.
    pub finished_at: Option<Ts>,
}

impl AlertNotification {
    /// A notification that is tried at once.
    pub fn new(
        alert: &AlertId,
        (channel, channel_type): (&ChannelId, ChannelType),
        body: Document,
        now: Ts,
    ) -> Self {
        Self {
            id: NotificationId::of(alert, channel),
            seq: 0,
            alert_id: alert.clone(),
            channel_id: channel.clone(),
            channel_type,
            state: NotificationState::Pending,
            attempts: 0,
            error: None,
            due_at: Some(now),
            body,
            created_at: now,
            finished_at: None,
        }
    }
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationAttempt {
    /// Of which.
    pub id: NotificationId,
    /// Attempts before this one; another number = somebody else made it.
    pub attempts_before: i32,
    /// Where it is now.
    pub state: NotificationState,
    /// What went wrong.
    pub error: Option<String>,
    /// When it is tried next; while pending only.
    pub due_at: Option<Ts>,
}

/// What became of a notification that should be queued.
#[derive(Debug, Clone, PartialEq)]
pub enum Queued {
    /// It waits to be tried.
    New(Box<AlertNotification>),
    /// It was queued before.
    Existed,
    /// Its alert was only counted and has another id: it was told of then.
    NoAlert,
}

for_both! {
    /// Stores a notification of an alert that is there; false when it is there itself.
    pub async fn insert(connection: &mut Conn, notification: &AlertNotification) -> Result<bool, DieselError> {
        let inserted = diesel::insert_into(alert_notifications::table)
            .values(notification)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
        Ok(inserted > 0)
    }

    /// Stores a notification, if its alert was stored.
    pub async fn queue(connection: &mut Conn, notification: &AlertNotification, seq: i64) -> Result<Queued, DieselError> {
        let alerts: i64 = alert_history::table
            .filter(alert_history::id.eq(&notification.alert_id))
            .count()
            .get_result(connection)
            .await?;
        if alerts == 0 {
            return Ok(Queued::NoAlert);
        }
        let mut notification = notification.clone();
        notification.seq = seq;
        Ok(if insert(connection, &notification).await? { Queued::New(Box::new(notification)) } else { Queued::Existed })
    }

    /// Records an attempt, unless somebody else made it; the notification as it is then.
    pub async fn record(
        connection: &mut Conn,
        attempt: &NotificationAttempt,
        now: Ts,
    ) -> Result<Option<AlertNotification>, DieselError> {
        let touched = diesel::update(
            alert_notifications::table
                .find(&attempt.id)
                .filter(alert_notifications::state.eq(NotificationState::Pending))
                .filter(alert_notifications::attempts.eq(attempt.attempts_before)),
        )
        .set((
            alert_notifications::state.eq(attempt.state),
            alert_notifications::attempts.eq(alert_notifications::attempts + 1),
            alert_notifications::error.eq(attempt.error.as_deref().map(|text| text.replace('\0', "\u{fffd}"))),
            alert_notifications::due_at.eq(attempt.due_at.filter(|_| attempt.state == NotificationState::Pending)),
            alert_notifications::finished_at.eq((attempt.state != NotificationState::Pending).then_some(now)),
        ))
        .execute(connection)
        .await?;
        if touched == 0 {
            return Ok(None);
        }
        alert_notifications::table
            .find(&attempt.id)
            .select(AlertNotification::as_select())
            .first(connection)
            .await
            .optional()
    }
}

/// Notifications whose time has come, the longest waiting first.
pub async fn list_due(db: &Db, now: Ts, limit: i64) -> StoreResult<Vec<AlertNotification>> {
    db!(db, read, |connection| {
        Ok(alert_notifications::table
            .filter(alert_notifications::due_at.le(now).assume_not_null())
            .order(alert_notifications::due_at.asc())
            .limit(limit)
            .select(AlertNotification::as_select())
            .load(connection)
            .await?)
    })
}

/// The notifications of an alert, in the order they were made.
pub async fn list(db: &Db, alert: AlertId) -> StoreResult<Vec<AlertNotification>> {
    db!(db, read, |connection| {
        Ok(alert_notifications::table
            .filter(alert_notifications::alert_id.eq(&alert))
            .order((alert_notifications::seq.asc(), alert_notifications::id.asc()))
            .select(AlertNotification::as_select())
            .load(connection)
            .await?)
    })
}
