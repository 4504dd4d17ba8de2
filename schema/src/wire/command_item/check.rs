//! The rules for one item, field by field.
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::rejection::Findings;
use super::rule::{self, Need};
use super::{UP_PRIORITY, text};
use crate::store::files::FileKind;

/// Shorter base64 crashes the WorkTool app.
const BASE64_CHARS: usize = 100;
/// Entries of a list other than `titleList`.
const LIST_ENTRIES: usize = 500;

const TEXTS: [&str; 17] = [
    "receivedName",
    "receivedContent",
    "originalContent",
    "extraText",
    "at",
    "groupName",
    "groupOwner",
    "groupAnnouncement",
    "groupRemark",
    "groupTemplate",
    "newGroupName",
    "newGroupAnnouncement",
    "objectName",
    "markName",
    "fileUrl",
    "fileType",
    "fileBase64",
];
const FRIEND_TEXTS: [&str; 6] = ["phone", "name", "markName", "markCorp", "markExtra", "leavingMsg"];
const NAME_LISTS: [&str; 5] = ["titleList", "atList", "nameList", "selectList", "removeList"];
const NUMBERS: [&str; 4] = ["textType", "roomType", "maxRetryCount", "groupNumber"];
const FILE_TYPES: [&str; 4] = ["image", "audio", "video", "*"];

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A whole number, also written as text: the app reads both.
pub(super) fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// `true`, `1`, and the same as text.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Bool(is_set) => *is_set,
        Value::Number(number) => number.as_i64().is_some_and(|number| number > 0),
        Value::String(text) => matches!(text.trim(), "1" | "true" | "True" | "TRUE"),
        _ => false,
    }
}

/// One item under judgement.
pub(super) struct Check<'a> {
    findings: &'a mut Findings,
    prefix: &'a str,
    number: i32,
    item: Map<String, Value>,
}

impl<'a> Check<'a> {
    /// An item whose type is known and whose nulls are gone.
    pub(super) fn new(
        findings: &'a mut Findings,
        prefix: &'a str,
        number: i32,
        item: Map<String, Value>,
    ) -> Self {
        Self { findings, prefix, number, item }
    }

    /// Everything about its fields but what is taken out of it.
    pub(super) fn fields(&mut self) {
        self.shapes();
        self.friend();
        self.needs();
        self.names();
        self.addresses();
    }

    /// Accepted, with a word of caution.
    pub(super) fn warn(&mut self, field: &str, sentence: &str) {
        let path = self.path(field);
        self.findings.warn(path, sentence);
    }

    /// What is left of the item.
    pub(super) fn into_item(self) -> Value {
        Value::Object(self.item)
    }

    fn path(&self, field: &str) -> String {
        format!("{}{field}", self.prefix)
    }

    /// The text of a field; `friend.name` reaches into the object.
    fn text(&self, field: &str) -> Option<&str> {
        let value = match field.split_once('.') {
            Some((outer, inner)) => self.item.get(outer)?.get(inner)?,
            None => self.item.get(field)?,
        };
        value.as_str()
    }

    fn names_in(&self, field: &str) -> Vec<String> {
        let entries = self.item.get(field).and_then(Value::as_array);
        entries.into_iter().flatten().filter_map(|entry| entry.as_str().map(str::to_owned)).collect()
    }

    /// Every known field has the type the app reads; unknown fields stay as they are.
    fn shapes(&mut self) {
        let mut wrong = Vec::new();
        for field in TEXTS {
            if self.item.get(field).is_some_and(|value| !value.is_string()) {
                wrong.push((field.to_owned(), "必须是字符串".to_owned()));
            }
        }
        for field in NUMBERS {
            if self.item.get(field).is_some_and(|value| whole(value).is_none()) {
                wrong.push((field.to_owned(), "必须是整数".to_owned()));
            }
        }
        for field in NAME_LISTS {
            match self.item.get(field) {
                None => {}
                Some(Value::Array(entries)) => {
                    let places = entries.iter().enumerate().filter(|(_place, entry)| !entry.is_string());
                    wrong.extend(
                        places.map(|(place, _)| (format!("{field}[{place}]"), "必须是字符串".to_owned())),
                    );
                }
                Some(_) => wrong.push((field.to_owned(), "必须是字符串数组".to_owned())),
            }
        }
        for field in ["messageList", "weworkMessageList"] {
            if self.item.get(field).is_some_and(|value| !value.is_array()) {
                wrong.push((field.to_owned(), "必须是数组".to_owned()));
            }
        }
        if self.item.get("showMessageHistory").is_some_and(|value| !value.is_boolean()) {
            wrong.push(("showMessageHistory".to_owned(), "必须是 true 或 false".to_owned()));
        }
        for (field, sentence) in wrong {
            let path = self.path(&field);
            self.findings.wrong(path, sentence);
        }
    }

    /// An empty `friend.phone` is taken out: the app would try to add nobody instead of changing somebody.
    fn friend(&mut self) {
        let path = self.path("friend");
        let Some(value) = self.item.get_mut("friend") else { return };
        let Value::Object(friend) = value else {
            self.findings.wrong(path, "必须是一个 JSON 对象");
            return;
        };
        friend.retain(|name, value| {
            !value.is_null()
                && (name != "phone" || value.as_str().is_none_or(|phone| !phone.trim().is_empty()))
        });
        for field in FRIEND_TEXTS {
            if friend.get(field).is_some_and(|value| !value.is_string()) {
                self.findings.wrong(format!("{path}.{field}"), "必须是字符串");
            }
        }
        if friend
            .get("tagList")
            .is_some_and(|tags| tags.as_array().is_none_or(|tags| !tags.iter().all(Value::is_string)))
        {
            self.findings.wrong(format!("{path}.tagList"), "必须是字符串数组");
        }
        if self.number == 234 && friend.contains_key("phone") {
            self.findings.wrong(format!("{path}.phone"), "删除联系人只能按名称，请去掉 phone");
        }
    }

    fn needs(&mut self) {
        for need in rule::needs(self.number) {
            match *need {
                Need::Titles(limit) => self.titles(limit),
                Need::List(field) => {
                    if self.item.get(field).is_none_or(|value| value.as_array().is_some_and(Vec::is_empty)) {
                        let path = self.path(field);
                        self.findings.wrong(path, "不能为空");
                    }
                }
                Need::Text(field) => {
                    if self.text(field).is_none_or(|text| text.trim().is_empty()) {
                        let path = self.path(field);
                        self.findings.wrong(path, "不能为空");
                    }
                }
                Need::Number(field) => {
                    if !self.item.contains_key(field) {
                        let path = self.path(field);
                        self.findings.wrong(path, "不能为空");
                    }
                }
                Need::Friend => {
                    if self.text("friend.phone").is_none() && self.text("friend.name").is_none() {
                        let path = self.path("friend");
                        self.findings.wrong(path, "请填写 phone（添加好友）或 name（修改好友信息）");
                    }
                }
                Need::File => {
                    if self.text("fileUrl").is_none() && self.text("fileBase64").is_none() {
                        let path = self.path("fileUrl");
                        self.findings.wrong(path, "请填写 fileUrl 或 fileBase64");
                    }
                }
                Need::Command => {
                    if self.target().is_none() {
                        let path = self.path("originalContent");
                        self.findings.wrong(path, "请填写要清除的指令编号");
                    }
                }
            }
        }
        for field in rule::wishes(self.number) {
            let is_absent = match self.item.get(*field) {
                None => true,
                Some(Value::String(text)) => text.trim().is_empty(),
                Some(Value::Array(entries)) => entries.is_empty(),
                Some(_) => false,
            };
            if is_absent {
                let path = self.path(field);
                self.findings.warn(path, "未填写，手机可能无法执行");
            }
        }
    }

    fn titles(&mut self, limit: usize) {
        let path = self.path("titleList");
        match self.item.get("titleList").and_then(Value::as_array).map(Vec::len) {
            None | Some(0) => self.findings.wrong(path, "不能为空"),
            Some(count) if count > limit => {
                self.findings.refused(path, format!("最多 {limit} 个接收者"));
            }
            Some(_) => {}
        }
    }

    fn names(&mut self) {
        for field in NAME_LISTS {
            let names = self.names_in(field);
            if names.len() > LIST_ENTRIES {
                let path = self.path(field);
                self.findings.refused(path, format!("最多 {LIST_ENTRIES} 项"));
                continue;
            }
            for (place, name) in names.iter().enumerate() {
                let path = self.path(&format!("{field}[{place}]"));
                if name.trim().is_empty() {
                    self.findings.wrong(path, "不能为空");
                } else if field == "atList" {
                    // "@所有人" and patterns are no names.
                    text::length(self.findings, &path, name, 256);
                } else {
                    text::old_name(self.findings, &path, name);
                }
            }
        }
        for field in ["groupName", "newGroupName", "groupRemark", "markName", "friend.markName"] {
            let Some(name) = self.text(field).map(str::to_owned) else { continue };
            let path = self.path(field);
            match (rule::is_new_name(self.number, field), field) {
                (true, "groupName" | "newGroupName") => text::new_group_name(self.findings, &path, &name),
                (true, _) => text::new_name(self.findings, &path, &name),
                (false, _) => text::old_name(self.findings, &path, &name),
            }
        }
        for field in ["receivedName", "friend.name"] {
            if let Some(name) = self.text(field).map(str::to_owned) {
                let path = self.path(field);
                text::old_name(self.findings, &path, &name);
            }
        }
        if let Some(name) = self.text("objectName").map(str::to_owned) {
            let path = self.path("objectName");
            text::length(self.findings, &path, &name, text::URL_BYTES);
        }
    }

    fn addresses(&mut self) {
        // In 509 it is a path on the phone.
        let url = self.text("fileUrl").filter(|url| self.number != 509 && !url.is_empty());
        if let Some(url) = url.map(str::to_owned) {
            let path = self.path("fileUrl");
            text::phone_url(self.findings, &path, &url);
        }
        let kind = self.text("fileType").filter(|_kind| self.number == 218);
        if kind.is_some_and(|kind| !kind.trim().is_empty() && !FILE_TYPES.contains(&kind)) {
            let path = self.path("fileType");
            self.findings.wrong(path, "只能是 image、audio、video 或 *");
        }
    }

    /// Takes `fileBase64` out of the item.
    pub(super) fn file(&mut self) -> Option<Vec<u8>> {
        let path = self.path("fileBase64");
        let Some(Value::String(text)) = self.item.remove("fileBase64") else { return None };
        let text = match text.split_once(";base64,") {
            Some((kind, rest)) if kind.starts_with("data:") => rest,
            _ => &text,
        };
        if text.len() < BASE64_CHARS {
            self.findings.refused(path, format!("内容过短（少于 {BASE64_CHARS} 个字符），请检查文件"));
            return None;
        }
        let mut letters = text.as_bytes().to_vec();
        letters.retain(|letter| !letter.is_ascii_whitespace());
        match LENIENT.decode(&letters) {
            Ok(bytes) if FileKind::sniff(&bytes) == FileKind::Webp => {
                self.findings.refused(path, text::WEBP);
                None
            }
            Ok(bytes) => Some(bytes),
            Err(_not_base64) => {
                self.findings.wrong(path, "不是有效的 base64 内容");
                None
            }
        }
    }

    /// From `priority`, or the highest with `up`.
    pub(super) fn priority(&mut self) -> Option<i32> {
        let given = self.range("priority", -100, 100);
        let is_up = self.item.get("up").is_some_and(is_truthy);
        let priority = if is_up { Some(UP_PRIORITY) } else { given };
        priority.and_then(|priority| i32::try_from(priority).ok())
    }

    /// Takes a number of ours out of the item.
    pub(super) fn range(&mut self, field: &str, least: i64, most: i64) -> Option<i64> {
        let value = self.item.remove(field)?;
        match whole(&value).filter(|number| (least..=most).contains(number)) {
            Some(number) => Some(number),
            None => {
                let path = self.path(field);
                self.findings.wrong(path, format!("必须是 {least} 到 {most} 之间的整数"));
                None
            }
        }
    }

    /// The command a 305 means.
    pub(super) fn target(&self) -> Option<String> {
        ["messageId", "originalContent"]
            .into_iter()
            .filter_map(|field| self.text(field))
            .map(str::trim)
            .find(|text| !text.is_empty())
            .map(str::to_owned)
    }
}
