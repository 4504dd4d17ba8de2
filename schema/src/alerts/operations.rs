//! What happens to alerts inside a transaction.
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::result::Error as DieselError;
use diesel::sql_types::Bool;

use super::{Alert, AlertAct, AlertStatus, NewAlert};
use crate::alert_notifications::AlertNotification;
use crate::fields::Ts;
use crate::for_both;
use crate::ids::AlertId;
use crate::store::prelude::*;
use crate::tables::alert_history;

/// Alerts that are not over, as a literal: behind a parameter neither database can tell that their index applies.
pub(super) fn is_open() -> SqlLiteral<Bool> {
    sql("(alert_history.status = 'active' OR alert_history.status = 'acknowledged')")
}

/// What became of an alert that may be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct Raised {
    /// As it is now.
    pub alert: Alert,
    /// Whether it is a new one.
    pub is_new: bool,
    /// Whom to tell of it.
    pub notifications: Vec<AlertNotification>,
}

for_both! {
    use { crate::alert_notifications => notifications }

    /// Raises an alert, or counts one more when the same is unresolved and young.
    pub async fn raise(connection: &mut Conn, new: &NewAlert, seq: i64, now: Ts) -> Result<Raised, DieselError> {
        let known: Option<Alert> = alert_history::table
            .filter(alert_history::dedupe_key.eq(&new.alert.dedupe_key))
            .filter(is_open())
            .filter(alert_history::first_at.gt(new.since))
            .order(alert_history::seq.desc())
            .select(Alert::as_select())
            .first(connection)
            .await
            .optional()?;
        if let Some(mut alert) = known {
            alert.count = alert.count.saturating_add(1);
            alert.last_at = now;
            diesel::update(alert_history::table.find(alert.seq))
                .set((alert_history::count.eq(alert.count), alert_history::last_at.eq(now)))
                .execute(connection)
                .await?;
            return Ok(Raised { alert, is_new: false, notifications: Vec::new() });
        }
        let mut alert = new.alert.clone();
        alert.seq = seq;
        let inserted = diesel::insert_into(alert_history::table)
            .values(&alert)
            .on_conflict_do_nothing()
            .execute(connection)
            .await?;
        if inserted == 0 {
            let alert = alert_history::table
                .filter(alert_history::id.eq(&alert.id))
                .select(Alert::as_select())
                .first(connection)
                .await?;
            return Ok(Raised { alert, is_new: false, notifications: Vec::new() });
        }
        let mut told = Vec::with_capacity(new.notifications.len());
        for notification in &new.notifications {
            let mut notification = notification.clone();
            notification.alert_id = alert.id.clone();
            notification.seq = seq;
            if notifications::insert(connection, &notification).await? {
                told.push(notification);
            }
        }
        Ok(Raised { alert, is_new: true, notifications: told })
    }

    /// Moves an alert; `None` = there is none, false = it was not in a state to be moved from.
    pub async fn change(
        connection: &mut Conn,
        id: &AlertId,
        act: AlertAct,
        by: &str,
        note: Option<&str>,
        now: Ts,
    ) -> Result<Option<(Alert, bool)>, DieselError> {
        let found: Option<Alert> = alert_history::table
            .filter(alert_history::id.eq(id))
            .select(Alert::as_select())
            .first(connection)
            .await
            .optional()?;
        let Some(mut alert) = found else {
            return Ok(None);
        };
        match (act, alert.status) {
            (AlertAct::Acknowledge, AlertStatus::Active) => {
                alert.status = AlertStatus::Acknowledged;
                alert.ack_by = Some(by.to_owned());
                alert.acked_at = Some(now);
            }
            (AlertAct::Resolve, AlertStatus::Active | AlertStatus::Acknowledged) => {
                alert.status = AlertStatus::Resolved;
                alert.resolved_by = Some(by.to_owned());
                alert.resolved_at = Some(now);
            }
            _ => return Ok(Some((alert, false))),
        }
        if let Some(note) = note {
            alert.note = Some(note.to_owned());
        }
        diesel::update(alert_history::table.find(alert.seq))
            .set((
                alert_history::status.eq(alert.status),
                alert_history::ack_by.eq(&alert.ack_by),
                alert_history::acked_at.eq(alert.acked_at),
                alert_history::resolved_by.eq(&alert.resolved_by),
                alert_history::resolved_at.eq(alert.resolved_at),
                alert_history::note.eq(&alert.note),
            ))
            .execute(connection)
            .await?;
        Ok(Some((alert, true)))
    }
}
