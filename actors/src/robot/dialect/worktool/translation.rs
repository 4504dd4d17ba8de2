//! How a stored command is pushed to the app, and what ends it there.
use std::borrow::Cow;

use serde_json::{Value, json};
use workbot_schema::commands::RobotCommand;
use workbot_schema::wire::command_code::{self, Answer};
use workbot_schema::wire::worktool::log_line::DeviceInfo;

/// The first version of the closed app.
const CLOSED_APP: u32 = 3;
const GROUP_MEMBERS: i32 = 512;
const GROUP_INFO: i32 = 501;
/// Sent to several chats in parts, each of which is reported.
const IN_PARTS: [i32; 2] = [229, 230];

/// What ends a command that the phone has confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Awaits {
    /// Its result.
    Result,
    /// Several results of these targets.
    Results(Vec<String>),
    /// Only a failure is reported.
    Failure,
    /// The confirmation itself.
    Confirm,
    /// The report about this group.
    Group(String),
    /// Nothing: this app does not know the command and says nothing about it.
    Nothing,
}

/// A command in the app's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation<'a> {
    /// The item, JSON.
    pub item: Cow<'a, str>,
    /// What ends it.
    pub awaits: Awaits,
}

/// The app's words for a command; none when it is never pushed. What an app cannot do is pushed all the same: a newer one may
/// have learnt it.
pub fn translate<'a>(command: &'a RobotCommand, app: &DeviceInfo) -> Option<Translation<'a>> {
    if command_code::find(command.command_type).is_some_and(|code| !code.is_pushed()) {
        return None;
    }
    let awaits = awaits(command.command_type, &command.item, app);
    let item = match &awaits {
        Awaits::Group(group) => Cow::Owned(json!({"type": GROUP_INFO, "selectList": [group]}).to_string()),
        _ => Cow::Borrowed(command.item.as_str()),
    };
    Some(Translation { item, awaits })
}

/// What ends a command of this type and item on this app.
pub fn awaits(command_type: i32, item: &str, app: &DeviceInfo) -> Awaits {
    let is_closed_app = app.is_app_from(CLOSED_APP);
    if command_type == GROUP_MEMBERS && !is_closed_app {
        return text_of(item, "groupName").map_or(Awaits::Nothing, Awaits::Group);
    }
    let code = command_code::find(command_type).filter(|code| code.is_in_open_app || is_closed_app);
    let Some(code) = code else { return Awaits::Nothing };
    match code.answer {
        Answer::Result if IN_PARTS.contains(&code.number) => Awaits::Results(names_of(item)),
        Answer::Result => Awaits::Result,
        Answer::FailureOnly => Awaits::Failure,
        Answer::Nothing if code.is_in_open_app => Awaits::Confirm,
        Answer::Nothing => Awaits::Nothing,
    }
}

fn text_of(item: &str, name: &str) -> Option<String> {
    let item: Value = serde_json::from_str(item).ok()?;
    item.get(name)?.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn names_of(item: &str) -> Vec<String> {
    let item: Value = serde_json::from_str(item).unwrap_or_default();
    let names = item.get("nameList").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect()
}
