//! The fields of a rule that callers may set, checked and made into changes.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use utoipa::ToSchema;
use workbot_actors::alert::rules::{Operator, Test, unknown_operator};
use workbot_schema::alert_rules::{AlertMetric, AlertRule, RuleChanges};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Ts;
use workbot_schema::ids::ChannelId;
use workbot_schema::notification_channels;

use crate::http::auth::{Action, Caller, UserToken};
use crate::http::error::{ApiError, ApiResult, Fields};
use crate::http::state::AppState;

/// Most channels of a rule.
const CHANNELS_MAX: usize = 20;
/// Most robots a rule names.
const ROBOTS_MAX: usize = 500;
/// Longest window, seconds.
const WINDOW_MAX: i32 = 86_400;
/// Longest time a condition must hold, seconds.
const FOR_MAX: i32 = 86_400;
/// Longest cooldown, seconds.
const COOLDOWN_MAX: i32 = 604_800;

/// Present and null means "none"; absent means "as it is".
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What may be set of a rule; what is absent stays as it is, null clears.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RuleFields {
    /// A change is made only when the rule is still at this version.
    pub version: Option<i64>,
    /// Whose; null = shared. A rule of somebody is about that user's robots only.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    pub owner_id: Option<Option<String>>,
    /// Shown name, 1..100 characters.
    pub name: Option<String>,
    /// On or off.
    pub is_active: Option<bool>,
    /// What it looks at.
    pub metric: Option<AlertMetric>,
    /// How that is compared: contains, in, not_in, eq, ne, gt, gte, lt, lte (or the signs).
    pub operator: Option<String>,
    /// With what: words or intents (a text with commas, or a list), a level, or a number (per cent, milliseconds, seconds away,
    /// commands that wait).
    #[schema(value_type = Option<Object>)]
    pub value: Option<Value>,
    /// Over which time shares and times are taken, 1..86,400 seconds.
    pub window_secs: Option<i32>,
    /// For how long it must hold, 0..86,400 seconds.
    pub for_secs: Option<i32>,
    /// critical, warning or info.
    pub level: Option<AlertLevel>,
    /// The same object raises no other alert for so long, 0..604,800 seconds.
    pub cooldown_secs: Option<i32>,
    /// It says nothing until then.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub silenced_until: Option<Option<DateTime<Utc>>>,
    /// Whom it tells, at most 20 channels.
    pub channel_ids: Option<Vec<String>>,
    /// Robots it is about, at most 500; empty = all.
    pub robot_ids: Option<Vec<String>>,
}

/// What a metric is compared with when nothing is said.
fn usual(metric: AlertMetric) -> (&'static str, Value) {
    match metric {
        AlertMetric::Keyword => ("contains", Value::Null),
        AlertMetric::Intent => ("in", Value::Null),
        AlertMetric::Level => ("gte", json!("critical")),
        AlertMetric::RobotOffline => ("gt", json!(300)),
        AlertMetric::AiFailureRate | AlertMetric::CallbackFailureRate => ("gt", json!(10)),
        AlertMetric::ResponseMs => ("gt", json!(3_000)),
        AlertMetric::ErrorRate => ("gt", json!(5)),
        AlertMetric::Backlog => ("gt", Value::Null),
    }
}

impl RuleFields {
    /// A new rule with what is given: 400 names what is missing.
    pub fn begin(&self, now: Ts) -> ApiResult<AlertRule> {
        let mut wrong = Fields::new();
        wrong.expect(self.name.is_some(), "name", "缺少该字段");
        wrong.expect(self.metric.is_some(), "metric", "缺少该字段");
        wrong.into_invalid()?;
        let metric = self.metric.unwrap_or(AlertMetric::Keyword);
        Ok(AlertRule::new("", metric, usual(metric), AlertLevel::Warning, now))
    }

    /// Checks the fields against a rule, and everything they name: 400 names wrong ones. The changes, and the wire names of what is
    /// given, for the audit log.
    pub async fn prepare(
        self,
        state: &AppState,
        user: &UserToken,
        present: &AlertRule,
    ) -> ApiResult<(RuleChanges, Vec<&'static str>)> {
        let mut wrong = Fields::new();
        let mut names = Vec::new();
        let mut changes = RuleChanges::default();
        self.plain(&mut changes, &mut names, &mut wrong);
        if let Some(owner) = &self.owner_id {
            names.push("ownerId");
            changes.owner_id = Some(user.owner_for(state, owner.as_deref()).await?);
        }
        let mut after = present.clone();
        after.apply(&changes);
        self.test(&mut changes, &after, &mut names, &mut wrong);
        if let Some(channels) = self.channel_ids {
            names.push("channelIds");
            changes.channel_ids = Some(channel_ids(state, user, &after, channels, &mut wrong).await?);
        }
        if let Some(robots) = self.robot_ids {
            names.push("robotIds");
            changes.robot_ids = Some(robot_ids(state, user, &after, robots, &mut wrong).await?);
        }
        wrong.into_invalid()?;
        Ok((changes, names))
    }

    fn plain(&self, changes: &mut RuleChanges, names: &mut Vec<&'static str>, wrong: &mut Fields) {
        if let Some(name) = &self.name {
            names.push("name");
            wrong.expect_text("name", name, 100);
            changes.name = Some(name.trim().to_owned());
        }
        for (field, given, target, range) in [
            ("windowSecs", self.window_secs, &mut changes.window_secs, 1..=WINDOW_MAX),
            ("forSecs", self.for_secs, &mut changes.for_secs, 0..=FOR_MAX),
            ("cooldownSecs", self.cooldown_secs, &mut changes.cooldown_secs, 0..=COOLDOWN_MAX),
        ] {
            let Some(given) = given else { continue };
            names.push(field);
            if !range.contains(&given) {
                wrong.add(field, format!("应为 {} 至 {} 的整数", range.start(), range.end()));
            }
            *target = Some(given);
        }
        if self.is_active.is_some() {
            names.push("isActive");
            changes.is_active = self.is_active;
        }
        if self.level.is_some() {
            names.push("level");
            changes.level = self.level;
        }
        if self.metric.is_some() {
            names.push("metric");
            changes.metric = self.metric;
        }
        if let Some(until) = self.silenced_until {
            names.push("silencedUntil");
            changes.silenced_until = Some(until.map(Ts::new));
        }
    }

    /// Metric, operator and value must fit together, whichever of them is given.
    fn test(
        &self,
        changes: &mut RuleChanges,
        after: &AlertRule,
        names: &mut Vec<&'static str>,
        wrong: &mut Fields,
    ) {
        let operator = self.operator.as_deref().unwrap_or(&after.operator);
        let value = self.value.as_ref().filter(|value| !value.is_null()).unwrap_or(&after.value.0);
        let read = Operator::parse(operator)
            .ok_or_else(unknown_operator)
            .and_then(|operator| Test::read(after.metric, operator, value).map(|_test| operator));
        match read {
            Ok(operator) => {
                if self.operator.is_some() {
                    names.push("operator");
                    changes.operator = Some(operator.as_str().to_owned());
                }
                if self.value.is_some() {
                    names.push("value");
                    changes.value = Some(value.clone());
                }
            }
            Err(problem) => wrong.add(problem.field, problem.text),
        }
    }
}

/// Channels that are there, may be seen, and are shared or the owner's.
async fn channel_ids(
    state: &AppState,
    user: &UserToken,
    rule: &AlertRule,
    named: Vec<String>,
    wrong: &mut Fields,
) -> ApiResult<Vec<ChannelId>> {
    wrong.expect(named.len() <= CHANNELS_MAX, "channelIds", "最多 20 个渠道");
    let mut ids: Vec<ChannelId> = Vec::new();
    for (place, name) in named.into_iter().take(CHANNELS_MAX).enumerate() {
        let id = ChannelId(name);
        let found = notification_channels::find(&state.db, id.clone()).await?;
        let owner = found.filter(|channel| user.sees(channel.owner_id.as_ref())).map(|row| row.owner_id);
        match owner {
            None => wrong.add(format!("channelIds[{place}]"), "通知渠道不存在"),
            Some(Some(owner)) if rule.owner_id.as_ref() != Some(&owner) => {
                wrong.add(format!("channelIds[{place}]"), "私有渠道只能用于同一所有者的规则");
            }
            Some(_) if ids.contains(&id) => {}
            Some(_) => ids.push(id),
        }
    }
    Ok(ids)
}

/// Public ids of robots that may be seen; a rule of somebody names that user's robots only.
async fn robot_ids(
    state: &AppState,
    user: &UserToken,
    rule: &AlertRule,
    named: Vec<String>,
    wrong: &mut Fields,
) -> ApiResult<Vec<String>> {
    wrong.expect(named.len() <= ROBOTS_MAX, "robotIds", "最多 500 个机器人");
    let caller = Caller::User(user.clone());
    let mut ids: Vec<String> = Vec::new();
    for (place, name) in named.iter().take(ROBOTS_MAX).enumerate() {
        match caller.robot(state, Some(name), Action::ReadRobot).await {
            Ok(entry) => {
                let profile = entry.profile();
                let robot = &profile.robot;
                if rule.owner_id.is_some() && robot.owner_id != rule.owner_id {
                    wrong.add(format!("robotIds[{place}]"), "私有规则只能选择所有者自己的机器人");
                } else if !ids.iter().any(|id| id == robot.robot_id.as_str()) {
                    ids.push(robot.robot_id.to_string());
                }
            }
            Err(ApiError::NotFound(_)) => wrong.add(format!("robotIds[{place}]"), "机器人不存在"),
            Err(error) => return Err(error),
        }
    }
    Ok(ids)
}
