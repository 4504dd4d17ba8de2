//! Pure: screens that came faster than they may be stored. None is dropped: the screens of a room wait together, are laid against
//! its memory one after the other, and are stored by one write.
use std::collections::VecDeque;

use workbot_schema::wire::worktool::snapshot::Snapshot;

use super::room::{Room, RoomKey};

/// Screens that may wait for one robot; then no further frame is read until one room was looked at.
const SCREENS: usize = 64;

/// A screen of a room.
#[derive(Debug, Clone, PartialEq)]
pub struct Screen {
    /// Which room.
    pub room: Room,
    /// Its key.
    pub key: RoomKey,
    /// Id of the frame, if it had one.
    pub frame_id: String,
    /// What it shows.
    pub snapshot: Snapshot,
}

impl Screen {
    /// The screen of a frame; none when the phone does not know where it is.
    pub fn of(frame_id: String, snapshot: Snapshot) -> Option<Self> {
        let room = Room::of(&snapshot)?;
        let key = room.key();
        Some(Self { room, key, frame_id, snapshot })
    }
}

/// The screens that wait, oldest first.
#[derive(Debug, Default)]
pub struct Backlog {
    screens: VecDeque<Screen>,
}

impl Backlog {
    /// A screen has come. One that shows what the one before it in its room showed says nothing new.
    pub fn add(&mut self, screen: Screen) {
        let before = self.screens.iter().rev().find(|before| before.key == screen.key);
        if before.is_none_or(|before| before.snapshot != screen.snapshot) {
            self.screens.push_back(screen);
        }
    }

    /// Every screen of the room that waits longest, in order.
    pub fn take(&mut self) -> Vec<Screen> {
        let Some(first) = self.screens.pop_front() else { return Vec::new() };
        let key = first.key.clone();
        let mut taken = vec![first];
        let (same, others) =
            std::mem::take(&mut self.screens).into_iter().partition(|screen| screen.key == key);
        let same: VecDeque<Screen> = same;
        taken.extend(same);
        self.screens = others;
        taken
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.screens.is_empty()
    }

    /// Whether no further screen may come.
    pub fn is_full(&self) -> bool {
        self.screens.len() >= SCREENS
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn screen(group: &str, text: &str) -> Screen {
        let bubble = json!({"sender": 0, "textType": 1, "nameList": ["甲"], "itemMessageList": [{"feature": 2, "text": text}]});
        let item = json!({"roomType": 1, "titleList": [group], "messageList": [bubble]});
        Screen::of(text.to_owned(), Snapshot::read(item.as_object().unwrap())).unwrap()
    }

    #[test]
    fn rooms_come_in_turn_with_all_their_screens() {
        let mut backlog = Backlog::default();
        for (group, text) in [("a", "1"), ("b", "1"), ("a", "1"), ("a", "2"), ("b", "2"), ("a", "1")] {
            backlog.add(screen(group, text));
        }
        let names = |screens: Vec<Screen>| -> Vec<String> {
            screens.into_iter().map(|screen| format!("{}{}", screen.room.name, screen.frame_id)).collect()
        };
        assert_eq!(names(backlog.take()), ["a1", "a2", "a1"], "a repeated screen waits once");
        assert_eq!(names(backlog.take()), ["b1", "b2"]);
        assert!(backlog.is_empty() && backlog.take().is_empty());
    }

    #[test]
    fn it_is_full_in_the_end() {
        let mut backlog = Backlog::default();
        for number in 0..SCREENS {
            assert!(!backlog.is_full());
            backlog.add(screen("a", &number.to_string()));
        }
        assert!(backlog.is_full());
    }
}
