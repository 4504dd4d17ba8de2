//! Rules that raise alerts.
mod queries;

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};

pub use queries::{find, list, list_all, lite, mark, pg};

use crate::alerts::AlertLevel;
use crate::fields::{Json, Ts};
use crate::ids::{AlertRuleId, ChannelId, UserId};
use crate::tables::alert_rules;

crate::text_enum! {
    /// What a rule looks at.
    pub enum AlertMetric {
        /// Words in a message.
        Keyword = "keyword",
        /// What somebody wants.
        Intent = "intent",
        /// The level of an alert a flow raised.
        Level = "level",
        /// Seconds without the robot.
        RobotOffline = "robot_offline",
        /// Share of failed calls to models, per cent.
        AiFailureRate = "ai_failure_rate",
        /// Share of failed callbacks, per cent.
        CallbackFailureRate = "callback_failure_rate",
        /// Milliseconds until an answer.
        ResponseMs = "response_ms",
        /// Share of failed runs and commands, per cent.
        ErrorRate = "error_rate",
        /// Commands or callbacks that wait.
        Backlog = "backlog",
    }
}

/// A rule as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = alert_rules, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AlertRule {
    /// Id.
    pub id: AlertRuleId,
    /// Whose; none = shared.
    pub owner_id: Option<UserId>,
    /// Shown name.
    pub name: String,
    /// Whether it is judged.
    pub is_active: bool,
    /// What it looks at.
    pub metric: AlertMetric,
    /// How that is compared.
    pub operator: String,
    /// With what: a number, a text, a list.
    pub value: Json<serde_json::Value>,
    /// Over which time, seconds.
    pub window_secs: i32,
    /// For how long it must hold, seconds.
    pub for_secs: i32,
    /// The level of its alerts.
    pub level: AlertLevel,
    /// The same alert is raised again only after this time, seconds.
    pub cooldown_secs: i32,
    /// Silent until.
    pub silenced_until: Option<Ts>,
    /// Whom to tell.
    pub channel_ids: Json<Vec<ChannelId>>,
    /// For which robots (`robotId`); empty = all.
    pub robot_ids: Json<Vec<String>>,
    /// Seeded: cannot be deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// Made at.
    pub created_at: Ts,
    /// Changed at.
    pub updated_at: Ts,
    /// Deleted at.
    pub deleted_at: Option<Ts>,
}

/// What changes in a rule; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleChanges {
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Shown name.
    pub name: Option<String>,
    /// On or off.
    pub is_active: Option<bool>,
    /// What it looks at.
    pub metric: Option<AlertMetric>,
    /// How that is compared.
    pub operator: Option<String>,
    /// With what.
    pub value: Option<serde_json::Value>,
    /// Over which time.
    pub window_secs: Option<i32>,
    /// For how long.
    pub for_secs: Option<i32>,
    /// Level.
    pub level: Option<AlertLevel>,
    /// Time between two.
    pub cooldown_secs: Option<i32>,
    /// Silent until.
    pub silenced_until: Option<Option<Ts>>,
    /// Whom to tell.
    pub channel_ids: Option<Vec<ChannelId>>,
    /// For which robots.
    pub robot_ids: Option<Vec<String>>,
}

impl AlertRule {
    /// A new shared rule, switched on, for all robots, telling nobody.
    pub fn new(
        name: impl Into<String>,
        metric: AlertMetric,
        (operator, value): (impl Into<String>, serde_json::Value),
        level: AlertLevel,
        now: Ts,
    ) -> Self {
        Self {
            id: AlertRuleId::generate(),
            owner_id: None,
            name: name.into(),
            is_active: true,
            metric,
            operator: operator.into(),
            value: Json(value),
            window_secs: 300,
            for_secs: 0,
            level,
            cooldown_secs: 300,
            silenced_until: None,
            channel_ids: Json(Vec::new()),
            robot_ids: Json(Vec::new()),
            is_preset: false,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }

    /// Carries out changes.
    pub fn apply(&mut self, changes: &RuleChanges) {
        let set = changes.clone();
        self.owner_id = set.owner_id.unwrap_or_else(|| self.owner_id.clone());
        self.name = set.name.unwrap_or_else(|| self.name.clone());
        self.is_active = set.is_active.unwrap_or(self.is_active);
        self.metric = set.metric.unwrap_or(self.metric);
        self.operator = set.operator.unwrap_or_else(|| self.operator.clone());
        if let Some(value) = set.value {
            self.value = Json(value);
        }
        self.window_secs = set.window_secs.unwrap_or(self.window_secs);
        self.for_secs = set.for_secs.unwrap_or(self.for_secs);
        self.level = set.level.unwrap_or(self.level);
        self.cooldown_secs = set.cooldown_secs.unwrap_or(self.cooldown_secs);
        self.silenced_until = set.silenced_until.unwrap_or(self.silenced_until);
        if let Some(channels) = set.channel_ids {
            self.channel_ids = Json(channels);
        }
        if let Some(robots) = set.robot_ids {
            self.robot_ids = Json(robots);
        }
    }

    /// Older rules are not kept.
    pub fn content(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// Older rules are not kept; changes nothing.
    pub fn restore(&mut self, _content: serde_json::Value) -> serde_json::Result<()> {
        Ok(())
    }
}
