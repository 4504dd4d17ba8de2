use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

use super::tests::{Scene, bubble};
use super::*;

/// A window of a chat: rows `from..to`.
fn window(chat: &[(bool, String)], from: usize, to: usize) -> Snapshot {
    let bubbles = chat[from..to].iter().map(|(is_own, text)| {
        if *is_own { bubble(Sender::Own, "", text) } else { bubble(Sender::Other, "甲", text) }
    });
    Snapshot { room_type: 1, titles: vec!["群".into()], bubbles: bubbles.collect() }
}

proptest! {
    /// Distinct texts, any windows: each message is reported at most once, and exactly once when it came after the first
    /// snapshot and was ever on the screen.
    #[test]
    fn distinct_texts_through_any_windows(
        own in proptest::collection::vec(any::<bool>(), 3..ROWS),
        windows in proptest::collection::vec((any::<u16>(), 1_usize..12), 1..60),
    ) {
        let chat: Vec<(bool, String)> =
            own.iter().enumerate().map(|(number, own)| (*own, format!("第 {number} 条消息"))).collect();
        let mut scene = Scene::default();
        let mut reports: BTreeMap<String, usize> = BTreeMap::new();
        let (mut visible, mut first_end) = (BTreeSet::new(), None);
        for (start, length) in windows {
            let from = usize::from(start) % chat.len();
            let to = (from + length).min(chat.len());
            first_end.get_or_insert(to);
            visible.extend(from..to);
            for message in scene.see(&window(&chat, from, to)) {
                *reports.entry(message.raw_spoken).or_default() += 1;
            }
        }
        let first_end = first_end.unwrap_or_default();
        for (number, (is_own, text)) in chat.iter().enumerate() {
            let count = reports.get(text).copied().unwrap_or_default();
            prop_assert!(count <= 1, "{text}: {count}");
            prop_assert!(count == 0 || visible.contains(&number));
            if number >= first_end && visible.contains(&number) {
                prop_assert_eq!(count, 1, "{} was on the screen", text);
            }
            if number + 1 == first_end {
                prop_assert_eq!(count, usize::from(!is_own), "the last of the first snapshot");
            }
        }
    }

    /// A long chat, seen at its end through any heights.
    #[test]
    fn long_chats_seen_at_their_end(steps in proptest::collection::vec((0_usize..7, 1_usize..10), 1..120)) {
        let mut chat: Vec<(bool, String)> = (0..20).map(|number| (false, format!("第 {number} 条消息"))).collect();
        let mut scene = Scene::default();
        let mut reports: BTreeMap<String, usize> = BTreeMap::new();
        scene.see(&window(&chat, 12, 20));
        let mut expected = BTreeSet::new();
        for (more, length) in steps {
            for _ in 0..more {
                chat.push((false, format!("第 {} 条消息", chat.len())));
            }
            let to = chat.len();
            let from = to.saturating_sub(length);
            expected.extend((from..to).filter(|number| *number >= 20));
            for message in scene.see(&window(&chat, from, to)) {
                *reports.entry(message.raw_spoken).or_default() += 1;
            }
        }
        prop_assert!(reports.values().all(|count| *count == 1), "{reports:?}");
        prop_assert_eq!(reports.len(), expected.len());
    }

    /// Few texts that repeat, seen at the end of the chat through one height, each screen with something of the one before:
    /// never more reports of a text than messages with it.
    #[test]
    fn repeated_texts_at_the_end_of_a_chat(
        letters in 1_u8..5,
        height in 3_usize..10,
        steps in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..9), 1..40),
    ) {
        let mut chat: Vec<(bool, String)> = Vec::new();
        let mut scene = Scene::default();
        let mut reports: BTreeMap<String, usize> = BTreeMap::new();
        for new in steps {
            let some = new.iter().take(height - 1);
            chat.extend(some.map(|letter| (false, char::from(b'a' + letter % letters).to_string())));
            for message in scene.see(&window(&chat, chat.len().saturating_sub(height), chat.len())) {
                *reports.entry(message.raw_spoken).or_default() += 1;
            }
        }
        for (text, count) in reports {
            let written = chat.iter().filter(|(_own, other)| *other == text).count();
            prop_assert!(count <= written, "{text}: {count} of {written}");
        }
    }

    /// Equal texts in a row are told apart as long as each screen shows one that is known.
    #[test]
    fn equal_texts_that_come_one_by_one(count in 1_usize..8) {
        let mut scene = Scene::default();
        let mut reports = 0;
        for end in 1..=count {
            let chat: Vec<(bool, String)> =
                std::iter::once((false, "开始".to_owned())).chain((1..end).map(|_| (false, "哈哈".to_owned()))).collect();
            reports += scene.see(&window(&chat, 0, end)).len();
        }
        prop_assert_eq!(reports, count);
    }

    #[test]
    fn memories_survive_their_text(text in "[~^0-9a-f]{0,120}") {
        if let Some(memory) = ChatMemory::from_text(&text) {
            prop_assert_eq!(ChatMemory::from_text(&memory.to_text()), Some(memory));
        }
    }
}
