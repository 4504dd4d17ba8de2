//! `POST /api/robot/send-message`: the six message types, made into WorkTool items.
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::command_item::text::{self, file_name_of, phone_url};
use super::command_item::{CheckedCommand, EXPIRY_SECS, Findings, Rejection};

/// Most receivers of a message.
const TITLES: usize = 100;
/// Most receivers of a file.
const FILE_TITLES: usize = 9;

/// The body of `POST /api/robot/send-message`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "robotId": "robot_1703123456789_abc123", "type": "text", "titleList": ["张三", "测试群1"],
    "content": "你好！我是AI助手，很高兴为您服务~", "atList": ["张三"]
}))]
pub struct SendMessageRequest {
    /// Robot; may be left out with a robot token.
    pub robot_id: Option<String>,
    /// text, image, video, file, link or mini_program.
    #[serde(rename = "type")]
    pub message_type: Option<String>,
    /// Receivers: names of people or groups, 1..100 (≤ 9 for files).
    pub title_list: Option<Vec<String>>,
    /// Text; subtitle of a link; description of a mini program.
    pub content: Option<String>,
    /// Who is mentioned; `@所有人` = everybody.
    pub at_list: Option<Vec<String>>,
    /// File the phone fetches; icon of a link or mini program.
    pub file_url: Option<String>,
    /// image, audio, video or `*`.
    pub file_type: Option<String>,
    /// File name; alone: a file of the corporation's drive; title of a link or mini program.
    pub object_name: Option<String>,
    /// Address of a link; path of a mini program.
    pub link_url: Option<String>,
    /// Text that goes with the file or link.
    pub extra_text: Option<String>,
    /// −100..100, higher first.
    pub priority: Option<i64>,
    /// Seconds until it expires, 1..604800.
    pub expires_in: Option<i64>,
}

/// A text field that is there and not blank.
fn filled(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.trim().is_empty())
}

/// The WorkTool item of a message, or what is wrong with it.
pub fn prepare(request: &SendMessageRequest) -> Result<CheckedCommand, Rejection> {
    let mut findings = Findings::default();
    let mut item = Map::new();
    let command_type = match request.message_type.as_deref() {
        Some("text") => as_text(request, &mut findings, &mut item),
        Some("image") => as_file(request, &mut findings, &mut item, 208, "image"),
        Some("video") => as_file(request, &mut findings, &mut item, 209, "video"),
        Some("file") => as_file(request, &mut findings, &mut item, 209, "*"),
        Some("link") => as_link(request, &mut findings, &mut item),
        Some("mini_program") => as_mini_program(request, &mut findings, &mut item),
        Some(other) => {
            let sentence =
                format!("不支持的消息类型 {other}，可用：text、image、video、file、link、mini_program");
            findings.wrong("type", sentence.chars().take(200).collect::<String>());
            0
        }
        None => {
            findings.wrong("type", "不能为空");
            0
        }
    };
    let is_file = matches!(command_type, 208 | 209 | 218);
    titles(request, if is_file { FILE_TITLES } else { TITLES }, &mut findings);
    if let Some(names) = &request.title_list {
        item.insert("titleList".to_owned(), Value::from(names.clone()));
    }
    if let Some(extra) = filled(&request.extra_text).filter(|_text| command_type != 203) {
        put(&mut item, "extraText", extra);
    }
    let priority = within(&mut findings, "priority", request.priority, -100, 100);
    let expires_in_secs = within(&mut findings, "expiresIn", request.expires_in, 1, EXPIRY_SECS);
    let warnings = findings.finish()?;
    item.insert("type".to_owned(), Value::from(command_type));
    let item = Value::Object(item).to_string();
    Ok(CheckedCommand {
        command_type,
        size_bytes: i32::try_from(item.len()).unwrap_or(i32::MAX),
        item,
        file: None,
        priority: priority.and_then(|priority| i32::try_from(priority).ok()),
        expires_in_secs,
        target: None,
        warnings,
    })
}

fn put(item: &mut Map<String, Value>, field: &str, text: &str) {
    item.insert(field.to_owned(), Value::from(text));
}

fn within(findings: &mut Findings, field: &str, number: Option<i64>, least: i64, most: i64) -> Option<i64> {
    if number.is_some_and(|number| !(least..=most).contains(&number)) {
        findings.wrong(field, format!("必须是 {least} 到 {most} 之间的整数"));
    }
    number
}

fn titles(request: &SendMessageRequest, limit: usize, findings: &mut Findings) {
    let names = request.title_list.as_deref().unwrap_or_default();
    if names.is_empty() {
        findings.wrong("titleList", "不能为空");
    }
    if names.len() > limit {
        findings.refused("titleList", format!("最多 {limit} 个接收者"));
        return;
    }
    for (place, name) in names.iter().enumerate() {
        let path = format!("titleList[{place}]");
        if name.trim().is_empty() {
            findings.wrong(path, "不能为空");
        } else {
            text::old_name(findings, &path, name);
        }
    }
}

fn require<'a>(field: &str, given: &'a Option<String>, findings: &mut Findings) -> Option<&'a str> {
    let text = filled(given);
    if text.is_none() {
        findings.wrong(field, "不能为空");
    }
    text
}

fn as_text(request: &SendMessageRequest, findings: &mut Findings, item: &mut Map<String, Value>) -> i32 {
    if let Some(content) = require("content", &request.content, findings) {
        put(item, "receivedContent", content);
    }
    let names = request.at_list.as_deref().unwrap_or_default();
    if names.len() > TITLES {
        findings.refused("atList", format!("最多 {TITLES} 项"));
    }
    for (place, name) in names.iter().enumerate().take(TITLES) {
        let path = format!("atList[{place}]");
        if name.trim().is_empty() {
            findings.wrong(path, "不能为空");
        } else {
            text::length(findings, &path, name, 256);
        }
    }
    if !names.is_empty() {
        item.insert("atList".to_owned(), Value::from(names.to_vec()));
    }
    203
}

/// By address 218; by name alone `drive`, a file of the corporation's drive.
fn as_file(
    request: &SendMessageRequest,
    findings: &mut Findings,
    item: &mut Map<String, Value>,
    drive: i32,
    kind: &str,
) -> i32 {
    let name = filled(&request.object_name);
    if let Some(name) = name {
        text::length(findings, "objectName", name, 255);
        put(item, "objectName", name);
    }
    let Some(url) = filled(&request.file_url) else {
        if name.is_none() {
            findings.wrong("fileUrl", "请填写 fileUrl，或只填 objectName 发送微盘文件");
        }
        return drive;
    };
    phone_url(findings, "fileUrl", url);
    put(item, "fileUrl", url);
    let kind = match filled(&request.file_type) {
        None => kind,
        Some(given @ ("image" | "audio" | "video" | "*")) => given,
        Some(_) => {
            findings.wrong("fileType", "只能是 image、audio、video 或 *");
            kind
        }
    };
    put(item, "fileType", kind);
    if name.is_none() {
        put(item, "objectName", &file_name_of(url).unwrap_or_else(|| "file".to_owned()));
    }
    218
}

/// `fileUrl` is the icon, or the address itself when `linkUrl` is absent.
fn as_link(request: &SendMessageRequest, findings: &mut Findings, item: &mut Map<String, Value>) -> i32 {
    if let Some(title) = require("objectName", &request.object_name, findings) {
        put(item, "objectName", title);
    }
    if let Some(subtitle) = filled(&request.content) {
        put(item, "receivedContent", subtitle);
    }
    match (filled(&request.link_url), filled(&request.file_url)) {
        (Some(address), icon) => {
            phone_url(findings, "linkUrl", address);
            put(item, "originalContent", address);
            if let Some(icon) = icon {
                phone_url(findings, "fileUrl", icon);
                put(item, "fileUrl", icon);
            }
        }
        (None, Some(address)) => {
            phone_url(findings, "fileUrl", address);
            put(item, "originalContent", address);
        }
        (None, None) => findings.wrong("linkUrl", "不能为空"),
    }
    224
}

fn as_mini_program(
    request: &SendMessageRequest,
    findings: &mut Findings,
    item: &mut Map<String, Value>,
) -> i32 {
    if let Some(title) = require("objectName", &request.object_name, findings) {
        put(item, "objectName", title);
    }
    if let Some(content) = require("content", &request.content, findings) {
        put(item, "receivedContent", content);
    }
    if let Some(path) = filled(&request.link_url) {
        text::length(findings, "linkUrl", path, text::URL_BYTES);
        put(item, "originalContent", path);
    }
    if let Some(icon) = filled(&request.file_url) {
        phone_url(findings, "fileUrl", icon);
        put(item, "fileUrl", icon);
    }
    210
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::wire::command_item;

    fn judged(body: Value) -> Result<Value, (u16, BTreeSet<String>)> {
        let request: SendMessageRequest = serde_json::from_value(body).unwrap();
        match prepare(&request) {
            Ok(command) => Ok(serde_json::from_str(&command.item).unwrap()),
            Err(rejection) => Err((rejection.status(), rejection.fields().keys().cloned().collect())),
        }
    }

    #[test]
    fn every_type_becomes_its_item() {
        for (body, expected) in [
            (
                json!({"type": "text", "titleList": ["张三"], "content": "你好", "atList": ["@所有人"]}),
                json!({"type": 203, "titleList": ["张三"], "receivedContent": "你好", "atList": ["@所有人"]}),
            ),
            (
                json!({"type": "image", "titleList": ["张三"], "fileUrl": "https://a.example/x/logo.png?v=1", "extraText": "附言"}),
                json!({"type": 218, "titleList": ["张三"], "fileUrl": "https://a.example/x/logo.png?v=1",
                       "objectName": "logo.png", "fileType": "image", "extraText": "附言"}),
            ),
            (
                json!({"type": "file", "titleList": ["张三"], "fileUrl": "https://a.example/x", "objectName": "合同.pdf"}),
                json!({"type": 218, "titleList": ["张三"], "fileUrl": "https://a.example/x", "objectName": "合同.pdf", "fileType": "*"}),
            ),
            (
                json!({"type": "video", "titleList": ["张三"], "fileUrl": "https://a.example/v.mp4", "fileType": "video"}),
                json!({"type": 218, "titleList": ["张三"], "fileUrl": "https://a.example/v.mp4", "objectName": "v.mp4", "fileType": "video"}),
            ),
            (
                json!({"type": "image", "titleList": ["张三"], "objectName": "logo2"}),
                json!({"type": 208, "titleList": ["张三"], "objectName": "logo2"}),
            ),
            (
                json!({"type": "file", "titleList": ["张三"], "objectName": "手册"}),
                json!({"type": 209, "titleList": ["张三"], "objectName": "手册"}),
            ),
            (
                json!({"type": "link", "titleList": ["张三"], "objectName": "标题", "linkUrl": "https://a.example/p",
                       "fileUrl": "https://a.example/i.png", "content": "副标题"}),
                json!({"type": 224, "titleList": ["张三"], "objectName": "标题", "originalContent": "https://a.example/p",
                       "fileUrl": "https://a.example/i.png", "receivedContent": "副标题"}),
            ),
            (
                json!({"type": "link", "titleList": ["张三"], "objectName": "标题", "fileUrl": "https://a.example/p"}),
                json!({"type": 224, "titleList": ["张三"], "objectName": "标题", "originalContent": "https://a.example/p"}),
            ),
            (
                json!({"type": "mini_program", "titleList": ["张三"], "objectName": "点餐", "content": "今日菜单", "linkUrl": "pages/index"}),
                json!({"type": 210, "titleList": ["张三"], "objectName": "点餐", "receivedContent": "今日菜单", "originalContent": "pages/index"}),
            ),
        ] {
            let item = judged(body.clone()).unwrap();
            assert_eq!(item, expected, "{body}");
            // What this makes is also a good item for the general route.
            command_item::check("", item).unwrap();
        }
    }

    #[test]
    fn refusals_name_their_fields() {
        let many: Vec<String> = (0..101).map(|number| number.to_string()).collect();
        let ten: Vec<String> = (0..10).map(|number| number.to_string()).collect();
        for (body, status, fields) in [
            (json!({}), 400, vec!["type", "titleList"]),
            (json!({"type": "voice", "titleList": ["a"]}), 400, vec!["type"]),
            (json!({"type": "text", "titleList": []}), 400, vec!["titleList", "content"]),
            (json!({"type": "text", "titleList": ["a", " "], "content": "x"}), 400, vec!["titleList[1]"]),
            (json!({"type": "text", "titleList": many, "content": "x"}), 422, vec!["titleList"]),
            (
                json!({"type": "text", "titleList": ["字".repeat(65)], "content": "x"}),
                422,
                vec!["titleList[0]"],
            ),
            (
                json!({"type": "image", "titleList": ten, "fileUrl": "https://a.example/x.png"}),
                422,
                vec!["titleList"],
            ),
            (json!({"type": "image", "titleList": ["a"]}), 400, vec!["fileUrl"]),
            (
                json!({"type": "image", "titleList": ["a"], "fileUrl": "https://a.example/X.WebP?q"}),
                422,
                vec!["fileUrl"],
            ),
            (
                json!({"type": "file", "titleList": ["a"], "fileUrl": "ftp://a.example/x"}),
                400,
                vec!["fileUrl"],
            ),
            (
                json!({"type": "file", "titleList": ["a"], "fileUrl": "https://a.example/x", "fileType": "exe"}),
                400,
                vec!["fileType"],
            ),
            (json!({"type": "link", "titleList": ["a"]}), 400, vec!["objectName", "linkUrl"]),
            (json!({"type": "mini_program", "titleList": ["a"]}), 400, vec!["objectName", "content"]),
            (
                json!({"type": "text", "titleList": ["a"], "content": "x", "priority": 101, "expiresIn": 0}),
                400,
                vec!["priority", "expiresIn"],
            ),
            (
                json!({"type": "text", "titleList": ["a"], "content": "x", "expiresIn": 604_801}),
                400,
                vec!["expiresIn"],
            ),
        ] {
            let expected: BTreeSet<String> = fields.into_iter().map(str::to_owned).collect();
            assert_eq!(judged(body.clone()), Err((status, expected)), "{body}");
        }
    }

    #[test]
    fn reserved_characters_in_receivers_are_a_warning() {
        let request = SendMessageRequest {
            message_type: Some("text".to_owned()),
            title_list: Some(vec!["张三".to_owned(), "a-b".to_owned()]),
            content: Some("x".to_owned()),
            ..SendMessageRequest::default()
        };
        let command = prepare(&request).unwrap();
        assert_eq!(
            command.warnings.iter().map(|warning| warning.field.as_str()).collect::<Vec<_>>(),
            ["titleList[1]"]
        );
    }

    proptest! {
        #[test]
        fn never_panics(kind in prop::option::of(prop::sample::select(vec!["text", "image", "video", "file", "link", "mini_program", "x"])),
                        titles in prop::option::of(prop::collection::vec(".{0,70}", 0..12)),
                        content in prop::option::of(".*"), url in prop::option::of("(https?://)?[a-z.]{0,9}/.*"),
                        name in prop::option::of(".*"), priority in prop::option::of(any::<i64>())) {
            let request = SendMessageRequest {
                message_type: kind.map(str::to_owned), title_list: titles, content, file_url: url, object_name: name, priority,
                ..SendMessageRequest::default()
            };
            if let Ok(command) = prepare(&request) {
                let item: Value = serde_json::from_str(&command.item).unwrap();
                prop_assert!(command_item::check("", item).is_ok());
            }
        }
    }
}
