//! Pure: the alert of a rule that is fulfilled, and what people are told of it.
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};
use uuid::Uuid;
use workbot_schema::alert_rules::AlertMetric;
use workbot_schema::alerts::Alert;
use workbot_schema::fields::{Document, Ts};
use workbot_schema::ids::{AlertId, AlertRuleId, MessageId};
use workbot_schema::messages::SessionMessage;
use workbot_schema::robots::Robot;

use super::board::{Reading, Scope};
use super::notice::{Notice, quote};
use super::rules::{Rule, RuleMatch, Test};

/// An alert and what is told of it when it is new.
#[derive(Debug, Clone, PartialEq)]
pub struct Raising {
    /// The row.
    pub alert: Alert,
    /// An unresolved one of the same key that is younger only counts one more.
    pub since: Ts,
    /// What people are told.
    pub notice: Notice,
}

/// The word for a metric.
pub fn metric_word(metric: AlertMetric) -> &'static str {
    match metric {
        AlertMetric::Keyword => "关键词",
        AlertMetric::Intent => "意图",
        AlertMetric::Level => "告警级别",
        AlertMetric::RobotOffline => "机器人离线",
        AlertMetric::AiFailureRate => "AI 失败率",
        AlertMetric::CallbackFailureRate => "回调失败率",
        AlertMetric::ResponseMs => "响应时间 P95",
        AlertMetric::ErrorRate => "错误率",
        AlertMetric::Backlog => "积压指令",
    }
}

fn unit(metric: AlertMetric) -> &'static str {
    match metric {
        AlertMetric::RobotOffline => " 秒",
        AlertMetric::AiFailureRate | AlertMetric::CallbackFailureRate | AlertMetric::ErrorRate => "%",
        AlertMetric::ResponseMs => " 毫秒",
        AlertMetric::Backlog => " 条",
        AlertMetric::Keyword | AlertMetric::Intent | AlertMetric::Level => "",
    }
}

/// Numbers as people write them: at most one place after the point.
fn number(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// The alert of a message that met a rule; one conversation raises it once within the rule's cooldown.
pub fn of_message(rule: &RuleMatch, message: &SessionMessage, robot: &Robot, now: Ts) -> Raising {
    let mut alert = Alert::new(rule.level, rule.metric.as_str(), now);
    alert.id = alert_id(&rule.rule_id, &message.id);
    alert.rule_id = Some(rule.rule_id.clone());
    alert.robot_uuid = Some(robot.id);
    alert.session_id = Some(message.session_id.clone());
    alert.message_id = Some(message.id.clone());
    alert.run_id = message.run_id.clone().map(Into::into);
    alert.dedupe_key = format!("rule/{}/{}", rule.rule_id, message.session_id);
    let group = if message.group_remark.is_empty() { &message.group_name } else { &message.group_remark };
    let text = quote(&message.spoken);
    let mut data = json!({
        "ruleName": rule.name, "robotName": robot.name, "userName": message.received_name,
        "groupName": group, "text": text,
    });
    if let Some(data) = data.as_object_mut() {
        data.insert(rule.metric.as_str().to_owned(), Value::from(rule.met.clone()));
    }
    let mut lines = vec![("机器人", robot.name.clone()), ("发送人", message.received_name.clone())];
    if !group.is_empty() {
        lines.push(("群聊", group.clone()));
    }
    lines.push(("内容", text));
    lines.push((metric_word(rule.metric), rule.met.clone()));
    let since = now.plus(-TimeDelta::seconds(i64::from(rule.cooldown_secs)));
    told(alert, data, &rule.name, lines, Some(robot), since)
}

/// The alert of a number that broke a rule; while it is not over there is no other.
pub fn of_reading(rule: &Rule, scope: Scope, reading: Reading, robot: Option<&Robot>, now: Ts) -> Raising {
    let row = &rule.row;
    let mut alert = Alert::new(row.level, row.metric.as_str(), now);
    alert.rule_id = Some(row.id.clone());
    alert.robot_uuid = match scope {
        Scope::Fleet => None,
        Scope::Robot(uuid) => Some(uuid),
    };
    alert.dedupe_key = key_of(&row.id, scope);
    let (sign, bound) = match rule.test {
        Test::Number { comparison, bound } => (comparison.sign(), bound),
        Test::Keyword { .. } | Test::Intent { .. } | Test::Level(_) => ("", 0.0),
    };
    let data = json!({
        "ruleName": row.name, "robotName": robot.map(|robot| robot.name.as_str()), "metric": row.metric,
        "value": reading.value, "operator": row.operator, "threshold": bound, "windowSecs": row.window_secs,
        "total": reading.total,
    });
    let unit = unit(row.metric);
    let seen = format!("{}{unit}（规则 {sign} {}{unit}）", number(reading.value), number(bound));
    let mut lines = Vec::new();
    if let Some(robot) = robot {
        lines.push(("机器人", robot.name.clone()));
    }
    lines.push((metric_word(row.metric), seen));
    if let Some(total) = reading.total {
        lines.push(("统计", format!("最近 {} 秒内 {total} 次", row.window_secs)));
    }
    told(alert, data, &row.name, lines, robot, Ts::new(DateTime::UNIX_EPOCH))
}

fn told(
    mut alert: Alert,
    data: Value,
    rule: &str,
    lines: Vec<(&str, String)>,
    robot: Option<&Robot>,
    since: Ts,
) -> Raising {
    let notice = Notice {
        alert_id: alert.id.to_string(),
        level: alert.level,
        code: alert.code.clone(),
        title: rule.to_owned(),
        lines: lines.into_iter().map(|(label, line)| (label.to_owned(), line)).collect(),
        rule_id: alert.rule_id.as_ref().map(AlertRuleId::to_string),
        robot_id: robot.map(|robot| robot.robot_id.to_string()),
        session_id: alert.session_id.as_ref().map(ToString::to_string),
        message_id: alert.message_id.as_ref().map(ToString::to_string),
        at: Some(alert.first_at),
        data: data.clone(),
    };
    alert.data = Document::from(data);
    Raising { alert, since, notice }
}

/// What is told of an alert that the server or a flow raised: `lines` say more about it.
pub fn notice_of(alert: &Alert, title: &str, lines: Vec<(String, String)>, robot: Option<&Robot>) -> Notice {
    Notice {
        alert_id: alert.id.to_string(),
        level: alert.level,
        code: alert.code.clone(),
        title: title.to_owned(),
        lines,
        rule_id: alert.rule_id.as_ref().map(AlertRuleId::to_string),
        robot_id: robot.map(|robot| robot.robot_id.to_string()),
        session_id: alert.session_id.as_ref().map(ToString::to_string),
        message_id: alert.message_id.as_ref().map(ToString::to_string),
        at: Some(alert.first_at),
        data: alert.data.read().unwrap_or_default(),
    }
}

/// A rule and a message make one alert, however often they are written.
fn alert_id(rule: &AlertRuleId, message: &MessageId) -> AlertId {
    let name = format!("{rule}\u{1f}{message}");
    AlertId(format!("alert_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple()))
}

fn key_of(rule: &AlertRuleId, scope: Scope) -> String {
    match scope {
        Scope::Fleet => format!("rule/{rule}/fleet"),
        Scope::Robot(uuid) => format!("rule/{rule}/{uuid}"),
    }
}

/// The case of an alert about a number; none of other alerts.
pub fn case_of(alert: &Alert) -> Option<(AlertRuleId, Scope, AlertId)> {
    let rule = alert.rule_id.clone()?;
    let scope = alert.robot_uuid.map_or(Scope::Fleet, Scope::Robot);
    (alert.dedupe_key == key_of(&rule, scope)).then(|| (rule, scope, alert.id.clone()))
}

#[cfg(test)]
mod tests {
    use workbot_schema::alert_rules::AlertRule;
    use workbot_schema::alerts::AlertLevel;
    use workbot_schema::robots::RobotKind;

    use super::*;

    #[test]
    fn a_number_is_told_with_its_unit_and_found_again_after_a_restart() {
        let now = Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let robot = Robot::new(RobotKind::Native, "管家".to_owned(), None, now);
        let row = AlertRule::new(
            "回调失败",
            AlertMetric::CallbackFailureRate,
            (">", json!(10)),
            AlertLevel::Warning,
            now,
        );
        let rule = Rule::read(row).unwrap();
        let reading = Reading { value: 100.0 / 3.0, total: Some(3) };
        let raising = of_reading(&rule, Scope::Robot(robot.id), reading, Some(&robot), now);
        let text = raising.notice.text();
        assert!(text.contains("回调失败率：33.3%（规则 > 10%）") && text.contains("300 秒内 3 次"), "{text}");
        let found = case_of(&raising.alert).unwrap();
        assert_eq!((found.1, &found.2), (Scope::Robot(robot.id), &raising.alert.id));
        let fleet = of_reading(&rule, Scope::Fleet, reading, None, now);
        assert_eq!(case_of(&fleet.alert).map(|(_rule, scope, _id)| scope), Some(Scope::Fleet));
        assert_ne!(fleet.alert.dedupe_key, raising.alert.dedupe_key);
    }
}
