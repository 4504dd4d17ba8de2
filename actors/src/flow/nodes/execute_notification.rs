//! Pure: `execute_notification`, who is told of the alert.
use serde_json::{Value, json};
use workbot_schema::ids::{AlertId, ChannelId};
use workbot_schema::wire::flow::{ExecuteNotificationConfig, StandardContext};

use super::super::effects::{Effect, Notice};
use super::{Progress, Visiting};

pub fn input(config: &ExecuteNotificationConfig, context: &StandardContext) -> Value {
    json!({"channelIds": config.channel_ids, "alertId": context.alert_id})
}

pub fn enter(config: &ExecuteNotificationConfig, visiting: Visiting<'_>) -> Progress {
    let Visiting { at, context, state, effects, .. } = visiting;
    let Some(alert_id) = context.alert_id.clone().map(AlertId) else {
        return Progress::Done(json!({"channelIds": [], "skipped": "no_alert"}));
    };
    let of_rules = state.rules.iter().flat_map(|rule| &rule.channel_ids);
    let named: Vec<&ChannelId> =
        if config.channel_ids.is_empty() { of_rules.collect() } else { config.channel_ids.iter().collect() };
    let mut channel_ids: Vec<ChannelId> = Vec::new();
    for channel in named {
        if !channel_ids.contains(channel) {
            channel_ids.push(channel.clone());
        }
    }
    if channel_ids.is_empty() {
        return Progress::Done(json!({"channelIds": [], "skipped": "no_channel"}));
    }
    let output = json!({"channelIds": channel_ids, "alertId": alert_id});
    effects.push(Effect::Notify(Notice {
        at: at.clone(),
        alert_id,
        channel_ids,
        rule_ids: state.rules.iter().map(|rule| rule.rule_id.clone()).collect(),
    }));
    Progress::Done(output)
}
