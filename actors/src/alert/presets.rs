//! Pure: the rules and the channel every installation begins with. They can be changed and switched off, and stay so.
use serde_json::{Value, json};
use workbot_schema::alert_rules::{AlertMetric, AlertRule};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::{Json, Ts};
use workbot_schema::notification_channels::{ChannelType, NotificationChannel};

/// The channel that shows alerts in the console.
pub const CONSOLE_CHANNEL: &str = "preset_console";

/// Words that begin a quarrel.
const RISK_WORDS: [&str; 5] = ["骗子", "诈骗", "报警", "举报", "起诉"];

/// The channel of the console.
pub fn channels(now: Ts) -> Vec<NotificationChannel> {
    let mut console = NotificationChannel::new("控制台", ChannelType::Console, json!({}), now);
    console.id = CONSOLE_CHANNEL.into();
    vec![console]
}

/// The rules, all told in the console.
pub fn rules(now: Ts) -> Vec<AlertRule> {
    let rule =
        |id: &str, name: &str, metric, (operator, value): (&str, Value), level, for_secs, cooldown_secs| {
            let mut rule = AlertRule::new(name, metric, (operator, value), level, now);
            rule.id = id.into();
            rule.for_secs = for_secs;
            rule.cooldown_secs = cooldown_secs;
            rule.channel_ids = Json(vec![CONSOLE_CHANNEL.into()]);
            rule
        };
    use AlertLevel::{Critical, Warning};
    use AlertMetric as M;
    vec![
        rule("preset_risk_words", "风险词", M::Keyword, ("contains", json!(RISK_WORDS)), Critical, 0, 300),
        rule(
            "preset_robot_offline",
            "机器人离线超过 5 分钟",
            M::RobotOffline,
            ("gt", json!(300)),
            Critical,
            0,
            300,
        ),
        rule("preset_ai_failures", "AI 失败率超过 10%", M::AiFailureRate, ("gt", json!(10)), Warning, 0, 600),
        rule(
            "preset_callback_failures",
            "回调失败率超过 10%",
            M::CallbackFailureRate,
            ("gt", json!(10)),
            Warning,
            0,
            600,
        ),
        rule(
            "preset_slow_answers",
            "响应时间超过 3 秒",
            M::ResponseMs,
            ("gt", json!(3_000)),
            Warning,
            60,
            600,
        ),
        rule("preset_errors", "错误率超过 5%", M::ErrorRate, ("gt", json!(5)), Warning, 60, 600),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::rules::Rule;

    #[test]
    fn every_preset_can_be_judged_and_has_an_id_of_its_own() {
        let now = Ts::new(chrono::DateTime::UNIX_EPOCH);
        let rules = rules(now);
        let ids: std::collections::HashSet<_> = rules.iter().map(|rule| rule.id.clone()).collect();
        assert_eq!(ids.len(), rules.len());
        let channels = channels(now);
        for rule in rules {
            assert!(rule.channel_ids.0.iter().all(|id| channels.iter().any(|channel| channel.id == *id)));
            assert!(rule.is_active && rule.owner_id.is_none());
            Rule::read(rule).unwrap();
        }
    }
}
