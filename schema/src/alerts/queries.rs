//! Queries of alerts.
use super::operations::is_open;
use super::{Alert, AlertLevel, AlertStatus};
use crate::fields::Ts;
use crate::ids::{AlertId, AlertRuleId, MessageId, RobotUuid, SessionId};
use crate::store::prelude::*;
use crate::tables::alert_history;

/// What a list of alerts is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct AlertFilter {
    /// About some robots; `None` = every alert, also those about no robot.
    pub robots: Option<Vec<RobotUuid>>,
    /// How bad.
    pub level: Option<AlertLevel>,
    /// What became of it.
    pub status: Option<AlertStatus>,
    /// What.
    pub code: Option<String>,
    /// Of one rule.
    pub rule: Option<AlertRuleId>,
    /// In one conversation.
    pub session: Option<SessionId>,
    /// Because of one message.
    pub message: Option<MessageId>,
    /// Raised at or after.
    pub from: Option<Ts>,
    /// Raised before.
    pub to: Option<Ts>,
}

/// A page of alerts, newest first, and how many there are.
pub async fn list(db: &Db, filter: AlertFilter, offset: i64, limit: i64) -> StoreResult<(i64, Vec<Alert>)> {
    db!(db, read, |connection| {
        let matching = || {
            let mut query = alert_history::table.into_boxed::<DB>();
            if let Some(robots) = &filter.robots {
                query = query.filter(alert_history::robot_uuid.eq_any(robots.clone()));
            }
            if let Some(level) = filter.level {
                query = query.filter(alert_history::level.eq(level));
            }
            if let Some(status) = filter.status {
                query = query.filter(alert_history::status.eq(status));
            }
            if let Some(code) = &filter.code {
                query = query.filter(alert_history::code.eq(code.clone()));
            }
            if let Some(rule) = &filter.rule {
                query = query.filter(alert_history::rule_id.eq(rule.clone()));
            }
            if let Some(session) = &filter.session {
                query = query.filter(alert_history::session_id.eq(session.clone()));
            }
            if let Some(message) = &filter.message {
                query = query.filter(alert_history::message_id.eq(message.clone()));
            }
            if let Some(from) = filter.from {
                query = query.filter(alert_history::first_at.ge(from));
            }
            if let Some(to) = filter.to {
                query = query.filter(alert_history::first_at.lt(to));
            }
            query
        };
        let total: i64 = matching().count().get_result(connection).await?;
        let list = matching()
            .order(alert_history::seq.desc())
            .offset(offset)
            .limit(limit)
            .select(Alert::as_select())
            .load(connection)
            .await?;
        Ok((total, list))
    })
}

/// An alert, or `None`.
pub async fn find(db: &Db, id: AlertId) -> StoreResult<Option<Alert>> {
    db!(db, read, |connection| {
        Ok(alert_history::table
            .filter(alert_history::id.eq(&id))
            .select(Alert::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// Alerts that are not over: what a restart must know. In no particular order.
pub async fn list_open(db: &Db, limit: i64) -> StoreResult<Vec<Alert>> {
    db!(db, read, |connection| {
        Ok(alert_history::table
            .filter(is_open())
            .order((alert_history::dedupe_key.asc(), alert_history::seq.asc()))
            .limit(limit)
            .select(Alert::as_select())
            .load(connection)
            .await?)
    })
}
