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
    let is_closed_app = app.is_app_from(CLOSED_APP);
    let code = command_code::find(command.command_type);
    if code.is_some_and(|code| !code.is_pushed()) {
        return None;
    }
    let as_stored = |awaits| Some(Translation { item: Cow::Borrowed(command.item.as_str()), awaits });
    if command.command_type == GROUP_MEMBERS && !is_closed_app {
        return match text_of(&command.item, "groupName") {
            Some(group) => {
                let item = json!({"type": GROUP_INFO, "selectList": [group]}).to_string();
                Some(Translation { item: Cow::Owned(item), awaits: Awaits::Group(group) })
            }
            None => as_stored(Awaits::Nothing),
        };
    }
    let Some(code) = code.filter(|code| code.is_in_open_app || is_closed_app) else {
        return as_stored(Awaits::Nothing);
    };
    as_stored(match code.answer {
        Answer::Result if IN_PARTS.contains(&code.number) => Awaits::Results(names_of(&command.item)),
        Answer::Result => Awaits::Result,
        Answer::FailureOnly => Awaits::Failure,
        Answer::Nothing if code.is_in_open_app => Awaits::Confirm,
        Answer::Nothing => Awaits::Nothing,
    })
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
