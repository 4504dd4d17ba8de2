//! Pure: `message_dispatch`, who gets the reply.
use serde_json::{Value, json};
use workbot_schema::wire::flow::{MessageDispatchConfig, StandardContext};

use super::{Failure, Progress, Visiting};

pub fn input(config: &MessageDispatchConfig, context: &StandardContext) -> Value {
    json!({
        "target": config.target, "isGroup": context.is_group, "groupName": context.group_name,
        "userName": context.user_name,
    })
}

pub fn enter(config: &MessageDispatchConfig, visiting: Visiting<'_>) -> Progress {
    let found = match config.target.trim() {
        "auto" => chat(visiting.context),
        "group" => group(visiting.context),
        "private" => filled(Some(&visiting.context.user_name)),
        "name" => filled(config.name.as_ref()),
        name => Some(name),
    };
    let Some(target) = found.map(str::to_owned) else {
        return Progress::Failed(Failure::new("no_target", format!("找不到发送目标（{}）", config.target)));
    };
    let is_group = is_group_title(visiting.context, &target);
    visiting.context.target_name = Some(target.clone());
    Progress::Done(json!({"targetName": target, "isGroup": is_group}))
}

/// The chat the message came from, by the title the phone shows.
pub fn chat(context: &StandardContext) -> Option<&str> {
    if context.is_group { group(context) } else { filled(Some(&context.user_name)) }
}

/// The name is the group's the message came from.
pub fn is_group_title(context: &StandardContext, name: &str) -> bool {
    context.is_group && group(context) == Some(name)
}

/// A remark replaces the name of a group.
fn group(context: &StandardContext) -> Option<&str> {
    filled(context.group_remark.as_ref()).or_else(|| filled(context.group_name.as_ref()))
}

fn filled(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}
