//! Items of `POST /api/robot/commands` and of WorkTool-style calls: judged, cleaned and made ready to be stored.
mod check;
pub mod rejection;
mod rule;
pub mod text;

pub use rejection::{Findings, Rejection, Warning};
use serde_json::Value;

use self::check::{Check, whole};
use super::command_code;

/// Most items in one call.
pub const ITEMS: usize = 100;
/// Priority of a command with WorkTool's `up`.
pub const UP_PRIORITY: i64 = 100;
/// Life of a command at most, seconds (7 days).
pub const EXPIRY_SECS: i64 = 604_800;
/// A command that may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedCommand {
    /// WorkTool type number.
    pub command_type: i32,
    /// The item, compact JSON, without its file.
    pub item: String,
    /// The content of `fileBase64`, for the file store.
    pub file: Option<Vec<u8>>,
    /// Bytes on the wire: item and file as base64.
    pub size_bytes: i32,
    /// −100..100, higher first; `None` = the call's own, else 0.
    pub priority: Option<i32>,
    /// Seconds until it expires; `None` = the call's own, else the default.
    pub expires_in_secs: Option<i64>,
    /// 305: the command that is meant.
    pub target: Option<String>,
    /// What the caller should know.
    pub warnings: Vec<Warning>,
}

/// Judges 1 to 100 items; every path begins with `list`.
pub fn check_list(list: Vec<Value>) -> Result<Vec<CheckedCommand>, Rejection> {
    let mut findings = Findings::default();
    if list.is_empty() {
        findings.wrong("list", "不能为空，至少包含一条指令");
    }
    if list.len() > ITEMS {
        findings.refused("list", format!("一次最多 {ITEMS} 条指令，请分批提交"));
        findings.finish()?;
        return Ok(Vec::new());
    }
    let mut checked = Vec::with_capacity(list.len());
    for (place, item) in list.into_iter().enumerate() {
        let mut own = Findings::default();
        let command = check_into(&mut own, &format!("list[{place}]."), item);
        match (own.finish(), command) {
            (Ok(warnings), Some(command)) => checked.push(CheckedCommand { warnings, ..command }),
            (Ok(_), None) => findings.wrong(format!("list[{place}]"), "格式不正确"),
            (Err(Rejection::Wrong(fields)), _) => {
                fields.into_iter().for_each(|(field, sentence)| findings.wrong(field, sentence));
            }
            (Err(Rejection::Refused(fields)), _) => {
                fields.into_iter().for_each(|(field, sentence)| findings.refused(field, sentence));
            }
        }
    }
    findings.finish()?;
    Ok(checked)
}

/// Judges one item; `prefix` stands before every path, e.g. `list[0].`.
pub fn check(prefix: &str, item: Value) -> Result<CheckedCommand, Rejection> {
    let mut findings = Findings::default();
    let command = check_into(&mut findings, prefix, item);
    let warnings = findings.finish()?;
    let malformed = || Rejection::Wrong([(prefix.to_owned(), "格式不正确".to_owned())].into());
    command.map(|command| CheckedCommand { warnings, ..command }).ok_or_else(malformed)
}

/// What it finds goes into `findings`; without any there is a command.
fn check_into(findings: &mut Findings, prefix: &str, item: Value) -> Option<CheckedCommand> {
    let Value::Object(mut item) = item else {
        findings.wrong(prefix.trim_end_matches('.'), "必须是一个 JSON 对象");
        return None;
    };
    item.retain(|_name, value| !value.is_null());
    let number = item.get("type").and_then(whole).and_then(|number| i32::try_from(number).ok());
    let Some(code) = number.and_then(command_code::find_accepted) else {
        let given = item.get("type").map_or_else(|| "缺失".to_owned(), ToString::to_string);
        findings.wrong(format!("{prefix}type"), format!("不支持的指令类型（{given}）"));
        return None;
    };
    item.insert("type".to_owned(), Value::from(code.number));
    let mut check = Check::new(findings, prefix, code.number, item);
    check.fields();
    let file = check.file();
    let priority = check.priority();
    let expires_in_secs = check.range("expiresIn", 1, EXPIRY_SECS);
    let target = (code.number == 305).then(|| check.target()).flatten();
    if !code.is_in_open_app && code.is_pushed() {
        let sentence = "开源版 WorkTool 应用不支持该指令，可能没有执行结果";
        check.warn("type", sentence);
    }
    let item = check.into_item().to_string();
    let file_bytes = file.as_ref().map_or(0, |bytes| bytes.len().div_ceil(3).saturating_mul(4));
    Some(CheckedCommand {
        command_type: code.number,
        size_bytes: i32::try_from(item.len().saturating_add(file_bytes)).unwrap_or(i32::MAX),
        item,
        file,
        priority,
        expires_in_secs,
        target,
        warnings: Vec::new(),
    })
}

#[cfg(test)]
#[path = "command_item/tests.rs"]
mod tests;
