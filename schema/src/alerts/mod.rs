//! Alerts that were raised, and what became of them.
pub mod operations;
pub mod queries;

use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::alert_notifications::AlertNotification;
use crate::fields::{Document, Ts};
use crate::ids::{AlertId, AlertRuleId, MessageId, RobotUuid, RunId, SessionId};
use crate::tables::alert_history;

crate::text_enum! {
    /// How bad it is.
    pub enum AlertLevel {
        /// Somebody must act now.
        Critical = "critical",
        /// Somebody should look.
        Warning = "warning",
        /// Good to know.
        Info = "info",
    }
}

crate::text_enum! {
    /// What became of an alert.
    pub enum AlertStatus {
        /// Nobody has looked at it.
        Active = "active",
        /// Somebody looks after it.
        Acknowledged = "acknowledged",
        /// It is over.
        Resolved = "resolved",
    }
}

/// An alert as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = alert_history, treat_none_as_default_value = false)]
pub struct Alert {
    /// Place in the order of the server.
    pub seq: i64,
    /// Id.
    pub id: AlertId,
    /// How bad.
    pub level: AlertLevel,
    /// What, as a stable code.
    pub code: String,
    /// What became of it.
    pub status: AlertStatus,
    /// The rule that raised it; none = a flow or the server itself.
    pub rule_id: Option<AlertRuleId>,
    /// About which robot.
    pub robot_uuid: Option<RobotUuid>,
    /// In which conversation.
    pub session_id: Option<SessionId>,
    /// Because of which message.
    pub message_id: Option<MessageId>,
    /// In which run.
    pub run_id: Option<RunId>,
    /// The same key within the cooldown is the same alert, ≤ 255 characters.
    pub dedupe_key: String,
    /// What was measured or found, JSON.
    pub data: Document,
    /// How often it happened.
    pub count: i32,
    /// First time.
    pub first_at: Ts,
    /// Last time.
    pub last_at: Ts,
    /// Who looks after it.
    pub ack_by: Option<String>,
    /// Since when.
    pub acked_at: Option<Ts>,
    /// Who ended it; `system` when it ended by itself.
    pub resolved_by: Option<String>,
    /// When.
    pub resolved_at: Option<Ts>,
    /// What they wrote.
    pub note: Option<String>,
}

impl Alert {
    /// A new alert about nothing in particular; its key is its code until it is given another.
    pub fn new(level: AlertLevel, code: impl Into<String>, now: Ts) -> Self {
        let code = code.into();
        Self {
            seq: 0,
            id: AlertId::generate(),
            level,
            status: AlertStatus::Active,
            rule_id: None,
            robot_uuid: None,
            session_id: None,
            message_id: None,
            run_id: None,
            dedupe_key: code.clone(),
            code,
            data: Document::default(),
            count: 1,
            first_at: now,
            last_at: now,
            ack_by: None,
            acked_at: None,
            resolved_by: None,
            resolved_at: None,
            note: None,
        }
    }
}

/// An alert that may be raised.
#[derive(Debug, Clone, PartialEq)]
pub struct NewAlert {
    /// The row; `seq` is filled in.
    pub alert: Alert,
    /// An unresolved alert of the same key that was raised after this moment only counts one more.
    pub since: Ts,
    /// Whom to tell when it is new; their `alert_id` and `seq` are filled in.
    pub notifications: Vec<AlertNotification>,
}

/// What somebody does about an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertAct {
    /// Looks after it; from active.
    Acknowledge,
    /// Ends it; from active or acknowledged.
    Resolve,
}
