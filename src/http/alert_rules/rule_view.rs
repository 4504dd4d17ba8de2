//! A rule as the API shows it.
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use workbot_schema::alert_rules::{AlertMetric, AlertRule};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{ChannelId, UserId};

/// A rule.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RuleView {
    /// Its id.
    pub id: String,
    /// Whose; null = shared.
    pub owner_id: Option<String>,
    /// Shown name.
    pub name: String,
    /// Whether it is judged.
    pub is_active: bool,
    /// What it looks at.
    pub metric: AlertMetric,
    /// How that is compared: contains, in, not_in, eq, ne, gt, gte, lt, lte.
    pub operator: String,
    /// With what: a number, a text or a list of texts.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Over which time shares and times are taken, seconds.
    pub window_secs: i32,
    /// For how long it must hold, seconds.
    pub for_secs: i32,
    /// Level of its alerts.
    pub level: AlertLevel,
    /// The same object raises no other alert for so long, seconds.
    pub cooldown_secs: i32,
    /// It says nothing until then.
    pub silenced_until: Option<String>,
    /// Whom it tells.
    pub channel_ids: Vec<String>,
    /// Robots it is about; empty = all.
    pub robot_ids: Vec<String>,
    /// Whether it came with the program; such a rule can be switched off, not deleted.
    pub is_preset: bool,
    /// Raised by every change.
    pub version: i64,
    /// When it was made.
    pub created_at: String,
    /// When it was changed last.
    pub updated_at: String,
}

impl From<AlertRule> for RuleView {
    fn from(row: AlertRule) -> Self {
        Self {
            id: row.id.to_string(),
            owner_id: row.owner_id.as_ref().map(UserId::to_string),
            name: row.name,
            is_active: row.is_active,
            metric: row.metric,
            operator: row.operator,
            value: row.value.0,
            window_secs: row.window_secs,
            for_secs: row.for_secs,
            level: row.level,
            cooldown_secs: row.cooldown_secs,
            silenced_until: row.silenced_until.map(Ts::iso),
            channel_ids: row.channel_ids.0.iter().map(ChannelId::to_string).collect(),
            robot_ids: row.robot_ids.0,
            is_preset: row.is_preset,
            version: row.version,
            created_at: row.created_at.iso(),
            updated_at: row.updated_at.iso(),
        }
    }
}
