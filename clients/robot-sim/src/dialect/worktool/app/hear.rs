//! What the app does with a frame.
use serde_json::{Map, Value, json};

use super::{About, App, Event, Outgoing, Queued, REMEMBERED_MS, execute, frames, whole};
use crate::dialect::worktool::cipher;

impl App {
    /// A text frame from the server. Binary ones are not even looked at.
    pub fn frame(&mut self, text: &str, now_ms: u64) {
        let Ok(Value::Object(frame)) = serde_json::from_str::<Value>(text) else {
            self.counters.bad_frames += 1;
            return self.report(json!({"type": 302, "log": "数据格式错误"}));
        };
        if frame.get("socketType").and_then(whole) != Some(frames::ITEMS) {
            return;
        }
        let message_id = frame.get("messageId").and_then(Value::as_str).unwrap_or_default().to_owned();
        if !message_id.is_empty() && !self.is_new(&message_id, now_ms) {
            return;
        }
        self.counters.sealed += u64::from(is_sealed(&frame));
        let Some(list) = items_of(&frame) else {
            return self.report(json!({"type": 302, "log": "空指令列表"}));
        };
        let mut items: Vec<Map<String, Value>> = Vec::new();
        for item in list.iter().filter_map(Value::as_object) {
            if !items.contains(item) {
                items.push(item.clone());
            }
        }
        for item in items {
            self.receive(Queued { key: text.to_owned(), message_id: message_id.clone(), item }, now_ms);
        }
    }

    /// Confirms, and tells whether the frame is carried out.
    fn is_new(&mut self, message_id: &str, now_ms: u64) -> bool {
        self.counters.confirms += 1;
        let text = self.envelope(frames::CONFIRM, message_id, json!([]));
        self.send(Outgoing { text, about: About::Confirm(message_id.to_owned()) });
        if self.seen.contains_key(message_id) {
            self.counters.repeats += 1;
            self.note(|| Event::Repeated(message_id.to_owned()));
            return false;
        }
        self.seen.retain(|_id, at_ms| now_ms.saturating_sub(*at_ms) <= REMEMBERED_MS);
        self.seen.insert(message_id.to_owned(), now_ms);
        true
    }

    fn receive(&mut self, command: Queued, now_ms: u64) {
        self.note(|| Event::Received(command.executed()));
        match command.item.get("type").and_then(whole) {
            Some(102) => {
                self.counters.toasts += 1;
                self.toasts.extend(command.item.get("errorCode").and_then(whole));
            }
            Some(202) => {
                self.is_reading = true;
                self.next_read_ms = now_ms;
            }
            Some(304) => {
                self.counters.dropped += u64::try_from(self.queue.len()).unwrap_or_default();
                self.queue.clear();
            }
            Some(number) if execute::is_known(number) => {
                // All items of a frame share its key, and each removes those before it.
                let before = self.queue.len();
                self.queue.retain(|queued| queued.key != command.key);
                self.counters.dropped += u64::try_from(before - self.queue.len()).unwrap_or_default();
                self.queue.push_back(command);
                // A free executor takes it before the next item of the frame comes.
                if self.running.is_none() && !self.is_paused {
                    self.running =
                        self.queue.pop_front().map(|first| (first, now_ms + self.config.execution_ms));
                }
            }
            _ => self.counters.ignored += 1,
        }
    }
}

/// The items of a frame, decrypted when the frame says so, whatever the app's own switch.
fn items_of(frame: &Map<String, Value>) -> Option<Vec<Value>> {
    if !is_sealed(frame) {
        return frame.get("list")?.as_array().cloned();
    }
    let clear = cipher::decrypt(frame.get("encryptedList")?.as_str()?)?;
    serde_json::from_str(&clear).ok()
}

fn is_sealed(frame: &Map<String, Value>) -> bool {
    frame.get("encryptType").and_then(whole) == Some(1)
}
