//! What commands do on the phone.
use serde_json::{Map, Value, json};

use super::{About, App, Event, Outgoing, Queued, frames, whole};
use crate::dialect::worktool::chat::{Bubble, Chat};

/// Carried out by the open app; everything else is ignored without a word.
pub(super) fn is_known(number: i64) -> bool {
    matches!(
        number,
        201 | 203..=211 | 213 | 214 | 218..=230 | 233 | 234 | 303 | 501..=503 | 505..=509
    )
}

impl App {
    /// A command has been carried out.
    pub(super) fn finish(&mut self, command: &Queued, started_ms: u64, now_ms: u64) {
        let item = &command.item;
        let number = item.get("type").and_then(whole).unwrap_or_default();
        self.note(|| Event::Executed(command.executed()));
        if self.config.keeps_executed {
            self.executed.push(command.executed());
        }
        let outcome = self.carry_out(number, item);
        if let Some((code, reason)) = outcome {
            let took_ms = now_ms.saturating_sub(started_ms);
            let mut raw = item.clone();
            raw.insert("messageId".into(), command.message_id.as_str().into());
            if number == 507 {
                let people: Vec<&String> = self
                    .chats
                    .iter()
                    .filter(|chat| matches!(chat.room_type, 2 | 4))
                    .filter_map(|chat| chat.titles.first())
                    .collect();
                raw.insert("nameList".into(), json!(people));
            }
            let report = frames::result(&raw, code, reason, started_ms, took_ms);
            self.counters.results += 1;
            let id =
                if command.message_id.is_empty() { frames::own_id() } else { command.message_id.clone() };
            let text = self.envelope(frames::RESULT, &id, json!([report]));
            let is_lost = self.random.hits(self.config.lost_results_permille);
            if is_lost || !self.send(Outgoing { text, about: About::Result(id) }) {
                self.counters.lost_results += 1;
            }
        }
    }

    /// Error code and words of the result; none = there is none.
    fn carry_out(&mut self, number: i64, item: &Map<String, Value>) -> Option<(i64, &'static str)> {
        match number {
            201 => {
                self.is_reading = false;
                None
            }
            203 | 204 | 208..=211 | 218 | 221 | 224 => Some(self.send_bubbles(number, item)),
            225 => (!self.has_group(item)).then_some((201_101, "查找聊天窗失败")),
            206 => {
                let name = text(item, "groupName");
                if !self.has_group(item) {
                    self.add_chat(Chat::new(1, &[name.as_str()]));
                }
                Some((0, ""))
            }
            501 => {
                for name in texts(item, "selectList") {
                    self.report_group(&name);
                }
                None
            }
            508 => {
                let names: Vec<String> = self
                    .chats
                    .iter()
                    .filter(|chat| matches!(chat.room_type, 1 | 3))
                    .filter_map(|chat| chat.titles.last().cloned())
                    .collect();
                for name in names {
                    self.report_group(&name);
                }
                Some((0, ""))
            }
            503 => {
                let name = self.config.my_name.clone();
                self.report(json!({"type": 503, "myInfo": {"name": name, "alias": "", "gender": "男", "corporation": "某公司"}}));
                self.report(json!({"type": 506, "titleList": ["某公司"]}));
                None
            }
            303 | 502 | 505 | 506 => None,
            _ => Some((0, "")),
        }
    }

    /// The screen is shown before and after a bubble is sent.
    fn send_bubbles(&mut self, number: i64, item: &Map<String, Value>) -> (i64, &'static str) {
        let content = text(item, "receivedContent");
        if matches!(number, 203 | 204) && content.is_empty() {
            return (101_011, "数据格式错误");
        }
        let mut code = 0;
        for title in texts(item, "titleList") {
            let Some(place) = self.chats.iter().position(|chat| chat.is_called(&title)) else {
                code = 201_102;
                continue;
            };
            if self.is_reading {
                self.show_screen(place);
            }
            let (text_type, text) = if matches!(number, 203 | 204) {
                let people: String =
                    texts(item, "atList").iter().map(|name| format!("@{name}\u{2005}")).collect();
                (1, format!("{people}{content}"))
            } else {
                (9, text(item, "objectName"))
            };
            self.show(&title, Bubble { sender: 1, name: String::new(), text_type, text });
            if self.is_reading {
                self.show_screen(place);
            }
        }
        if code == 0 { (0, "") } else { (code, "发送消息失败") }
    }

    fn has_group(&self, item: &Map<String, Value>) -> bool {
        let name = text(item, "groupName");
        self.chats.iter().any(|chat| chat.is_called(&name))
    }

    fn report_group(&mut self, name: &str) {
        if self.chats.iter().any(|chat| chat.is_called(name)) {
            self.report(json!({"type": 501, "groupName": name, "groupOwner": "甲", "groupNumber": 2, "nameList": ["甲", "乙"]}));
        }
    }
}

fn text(item: &Map<String, Value>, name: &str) -> String {
    item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn texts(item: &Map<String, Value>, name: &str) -> Vec<String> {
    let list = item.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}
