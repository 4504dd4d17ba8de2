//! What the app reads of chats.
use serde_json::json;

use super::{About, App};

impl App {
    pub(super) fn read(&mut self, now_ms: u64) {
        let unread: Vec<usize> = self
            .chats
            .iter()
            .enumerate()
            .filter(|(_place, chat)| chat.is_unread)
            .map(|(place, _chat)| place)
            .collect();
        self.counters.unread_screens += u64::try_from(unread.len()).unwrap_or_default();
        for place in &unread {
            self.show_screen(*place);
            self.rereads.push((*place, now_ms + self.config.reread_ms));
        }
        let due: Vec<usize> = self
            .rereads
            .iter()
            .filter(|(_place, at_ms)| *at_ms <= now_ms)
            .map(|(place, _at_ms)| *place)
            .collect();
        self.rereads.retain(|(_place, at_ms)| *at_ms > now_ms);
        for place in due {
            self.show_screen(place);
        }
    }

    /// Looks at a chat and reports what is on the screen.
    pub(super) fn show_screen(&mut self, place: usize) {
        let (height, is_long_run) = (self.config.height, !self.config.keeps_executed);
        let Some(chat) = self.chats.get_mut(place) else { return };
        chat.is_unread = false;
        let name = chat.titles.first().cloned().unwrap_or_default();
        let screen = chat.screen(height);
        let about = About::Screen { room: chat.titles.join("\n"), texts: chat.shown(height) };
        if is_long_run {
            chat.forget_old(height);
        }
        self.counters.screens += 1;
        self.report(json!({"type": 301, "log": format!("聊天: {name}")}));
        if self.random.hits(self.config.repeated_screens_permille) {
            self.report_about(screen.clone(), about.clone());
        }
        self.report_about(screen, about);
    }
}
