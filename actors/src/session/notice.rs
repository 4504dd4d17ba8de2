//! Decides without a runtime: what people are told of an alert that a flow raised.
use serde_json::Value;
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Ts;
use workbot_schema::robots::Robot;

use crate::alert::notice::{Notice, quote};
use crate::flow::Run;

/// The notice of a run's alert.
pub fn of_run(run: &Run, robot: &Robot, now: Ts) -> Notice {
    let context = &run.context;
    let group = context.group_remark.as_deref().or(context.group_name.as_deref()).unwrap_or_default();
    let lines = [
        ("机器人", robot.name.as_str()),
        ("发送人", context.user_name.as_str()),
        ("群聊", group),
        ("内容", context.original_message.as_str()),
        ("意图", context.intent.as_deref().unwrap_or_default()),
    ];
    let filled = lines.into_iter().filter(|(_label, text)| !text.is_empty());
    Notice {
        alert_id: context.alert_id.clone().unwrap_or_default(),
        level: context.alert_level.as_deref().and_then(AlertLevel::parse).unwrap_or(AlertLevel::Warning),
        code: context.alert_code.clone().unwrap_or_default(),
        title: "客户消息触发告警".to_owned(),
        lines: filled.map(|(label, text)| (label.to_owned(), quote(text))).collect(),
        rule_id: None,
        robot_id: Some(robot.robot_id.to_string()),
        session_id: Some(context.session_id.to_string()),
        message_id: Some(context.message_id.to_string()),
        data: context.alert_data.clone().unwrap_or(Value::Null),
        at: Some(now),
    }
}
