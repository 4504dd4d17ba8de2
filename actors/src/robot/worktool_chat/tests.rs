use workbot_schema::wire::worktool::snapshot::Line;

use super::*;

const SENTENCE: usize = 6;

pub(super) fn bubble(sender: Sender, name: &str, text: &str) -> Bubble {
    let line = |feature, text: &str| Line { feature, text: text.to_owned() };
    Bubble {
        sender,
        text_type: if sender == Sender::System { 0 } else { 1 },
        names: if name.is_empty() { Vec::new() } else { vec![name.to_owned()] },
        lines: match sender {
            Sender::System => vec![line(0, text)],
            Sender::Other | Sender::Own => vec![line(2, text)],
        },
    }
}

/// One bubble a word: `>x` is the robot's, `|x` a system row, anything else Jia's. A letter stands for a whole sentence.
pub(super) fn group(words: &str) -> Snapshot {
    let sentence = |word: &str| if word.len() == 1 { word.repeat(SENTENCE) } else { word.to_owned() };
    let bubbles =
        words.split_whitespace().map(|word| match (word.strip_prefix('>'), word.strip_prefix('|')) {
            (Some(text), _) => bubble(Sender::Own, "", &sentence(text)),
            (_, Some(text)) => bubble(Sender::System, "", text),
            _ => bubble(Sender::Other, "甲", &sentence(word)),
        });
    Snapshot { room_type: 1, titles: vec!["备注".into(), "测试群".into()], bubbles: bubbles.collect() }
}

/// A phone's room over several snapshots; what each brought.
#[derive(Default)]
pub(super) struct Scene {
    pub memory: Option<ChatMemory>,
    pub names: RobotNames,
    pub sent: SentTexts,
    looks: u32,
}

impl Scene {
    pub fn see(&mut self, snapshot: &Snapshot) -> Vec<InboundMessage> {
        self.looks += 1;
        let room = Room::of(snapshot).unwrap();
        let frame_id = format!("frame{}", self.looks);
        let circumstances =
            Circumstances { names: &self.names, sent: &self.sent, frame_id: &frame_id, now_ms: 0 };
        let news = look(self.memory.as_ref(), &room, snapshot, circumstances);
        if let Some(memory) = news.memory {
            assert!(memory.count() <= ROWS);
            assert_eq!(ChatMemory::from_text(&memory.to_text()).as_ref(), Some(&memory));
            self.memory = Some(memory);
        }
        news.messages
    }

    fn words(&mut self, words: &str) -> String {
        let messages = self.see(&group(words));
        let word = |message: InboundMessage| {
            let mark = if message.is_from_self { ">" } else { "" };
            let text = message.raw_spoken;
            let is_letter = text.len() == SENTENCE && text.is_ascii();
            format!("{mark}{}", if is_letter { text.chars().take(1).collect() } else { text })
        };
        messages.into_iter().map(word).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn what_windows_bring() {
    // Each line: what the phone shows, one screen after the other, and what each screen brings.
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("first sight brings the last", &[("a b c", "c"), ("a b c", "")]),
        ("first sight of an answered room", &[("a b >c", ""), ("b >c d", "d")]),
        ("system rows are no last bubble", &[("a |joined", "a"), ("a |joined b", "b")]),
        ("a new room", &[("|added", ""), ("|added a b", "a b"), ("a b c", "c")]),
        ("overlap", &[("a b c", "c"), ("b c d e", "d e"), ("d e f", "f")]),
        ("shrinking and growing", &[("a b c d", "d"), ("c d", ""), ("d e", "e"), ("a b c d e f", "f")]),
        ("older rows are history", &[("c d", "d"), ("a b c d", ""), ("b c", ""), ("a b c d e", "e")]),
        ("a jump", &[("a b c", "c"), ("x y z", "x y z"), ("y z n", "n")]),
        (
            "a jump looked into later",
            &[("a b c", "c"), ("x y z", "x y z"), ("v w x", "v w"), ("b c d v", "d"), ("c d v w x y z", "")],
        ),
        (
            "pieces in any order",
            &[("a b", "b"), ("x y", "x y"), ("v w", "v w"), ("w x", ""), ("b v w x y z", "z")],
        ),
        (
            "equal texts, both on the screen",
            &[("a b", "b"), ("a b b", "b"), ("a b b b", "b"), ("b b b c", "c")],
        ),
        ("equal texts around an answer", &[("在吗", "在吗"), ("在吗 >在", ">在"), ("在吗 >在 在吗", "在吗")]),
        ("a repeated text after what is known", &[("ok x y", "y"), ("x y ok", "ok"), ("y ok ok", "ok")]),
        ("a recalled message", &[("a b c d e", "e"), ("a b d e |撤回了一条消息", ""), ("b d e f", "f")]),
        ("a recalled last message and another", &[("a b c d", "d"), ("a b c |你撤回了一条消息 e", "e")]),
        ("a changed last bubble", &[("a b c d", "d"), ("a b c D", ""), ("b c D e", "e")]),
        ("a cut first bubble", &[("a b c d", "d"), ("B c d e", "e")]),
        ("nothing on the screen", &[("", ""), ("a b", "b"), ("", ""), ("a b c", "c")]),
    ];
    for (name, screens) in cases {
        let mut scene = Scene::default();
        for (words, expected) in *screens {
            assert_eq!(scene.words(words), *expected, "{name}: {words}");
        }
    }
}

#[test]
fn what_stands_above_a_bubble_comes_and_goes() {
    let mut scene = Scene::default();
    let mut snapshot = group("a b c");
    assert_eq!(scene.see(&snapshot).len(), 1);
    snapshot.bubbles[0].lines.insert(0, Line { feature: 0, text: "上午 10:00".into() });
    assert!(scene.see(&snapshot).is_empty());
    snapshot.bubbles[0].names.push("＠微信".into());
    assert!(scene.see(&snapshot).is_empty(), "one changed line is no reason to report all again");
}

#[test]
fn nothing_new_is_nothing_to_write() {
    let mut scene = Scene::default();
    scene.words("a b c d");
    let room = Room::of(&group("a")).unwrap();
    for words in ["a b c d", "c d", "b c", "|row"] {
        let circumstances =
            Circumstances { names: &scene.names, sent: &scene.sent, frame_id: "f", now_ms: 0 };
        assert!(look(scene.memory.as_ref(), &room, &group(words), circumstances).is_empty(), "{words}");
    }
}

#[test]
fn the_memory_is_small_and_forgets_the_oldest() {
    let mut scene = Scene::default();
    for start in 0..200 {
        let words: Vec<String> = (start..start + 8).map(|number| format!("m{number}")).collect();
        let news = scene.words(&words.join(" "));
        assert_eq!(news, format!("m{}", start + 7));
    }
    let memory = scene.memory.unwrap();
    assert_eq!(memory.count(), ROWS);
    assert!(memory.to_text().len() <= ROWS * 17);
    for text in ["", "x", "^12", "0123456789abcdef", "^0123456789abcdeg", "^0123456789abcdef0"] {
        assert_eq!(ChatMemory::from_text(text), None, "{text}");
    }
}

#[test]
fn ids_are_told_apart_by_frame_state_and_place() {
    let mut scene = Scene::default();
    scene.words("a");
    let messages = scene.see(&group("a ha ha"));
    let ids: Vec<_> = messages.iter().map(|message| message.app_message_id.clone().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
    let room = Room::of(&group("a")).unwrap();
    let again = |frame_id| {
        let mut first = Scene::default();
        first.words("a");
        let circumstances = Circumstances { names: &first.names, sent: &first.sent, frame_id, now_ms: 0 };
        look(first.memory.as_ref(), &room, &group("a ha ha"), circumstances).messages[0]
            .app_message_id
            .clone()
            .unwrap()
    };
    assert_eq!(again("frame2"), ids[0], "a frame stored twice gives the same ids");
    assert_ne!(again("frame3"), ids[0]);
}

#[test]
fn fields_of_a_group_message() {
    let mut scene = Scene { names: RobotNames::new(["管家", "小管家", ""]), ..Scene::default() };
    let mut snapshot = group("x");
    snapshot.bubbles = vec![bubble(Sender::Other, "仑哥", "@小管家\u{2005}你好 @管家")];
    let message = scene.see(&snapshot).remove(0);
    assert_eq!((message.spoken.as_str(), message.raw_spoken.as_str()), ("你好", "@小管家\u{2005}你好 @管家"));
    assert_eq!((message.received_name.as_str(), message.group_name.as_str()), ("仑哥", "测试群"));
    assert_eq!((message.group_remark.as_str(), message.room_type, message.text_type), ("备注", 1, 1));
    assert!(message.at_me && !message.is_from_self);
    let texts = [("@别人 你好", false), ("管家", false), ("@管家", true)];
    for (text, expected) in texts {
        assert_eq!(scene.names.are_in(text), expected, "{text}");
        assert_eq!(RobotNames::default().are_in(text), text.contains('@'), "{text}: no name is known yet");
    }
}

#[test]
fn fields_of_a_private_message() {
    let mut scene = Scene::default();
    let mut snapshot = group("x");
    snapshot.room_type = 2;
    snapshot.titles = vec!["仑哥".into(), "＠微信".into()];
    snapshot.bubbles = vec![bubble(Sender::Other, "", "你好")];
    let message = scene.see(&snapshot).remove(0);
    assert_eq!((message.received_name.as_str(), message.group_name.as_str()), ("仑哥", ""));
    assert_eq!((message.room_type, message.at_me), (2, false));
}

#[test]
fn rooms_and_their_names() {
    let room = |room_type, titles: &[&str]| {
        let titles = titles.iter().map(|title| (*title).to_owned()).collect();
        Room::of(&Snapshot { room_type, titles, bubbles: Vec::new() })
    };
    assert_eq!(room(0, &["a"]), None);
    assert_eq!(room(1, &[]), None);
    assert_eq!(room(2, &["＠微信"]), None);
    let (plain, remarked) = (room(1, &["g"]).unwrap(), room(3, &["r", "g"]).unwrap());
    assert_eq!(plain.key(), remarked.key(), "a remark makes no other room");
    assert_eq!((plain.title(), remarked.title(), remarked.remark.as_str()), ("g", "r", "r"));
    assert!(
        remarked.is_called(" g ") && remarked.is_called("r") && !plain.is_called("") && !plain.is_called("r")
    );
    let person = room(2, &["g"]).unwrap();
    assert_ne!(person.key(), plain.key());
    assert_ne!(person.key(), room(2, &["g", "＠微信"]).unwrap().key());
    assert_eq!(person.key().as_str().len(), 32);
}

#[test]
fn what_a_person_typed_on_the_phone() {
    let mut scene = Scene { names: RobotNames::new(["管家"]), ..Scene::default() };
    let text =
        |content: &str| format!(r#"{{"type":203,"titleList":["备注"],"receivedContent":"{content}"}}"#);
    scene.sent.note(203, &text("您好，请问有什么可以帮您"), 0);
    scene.sent.note(203, &text("好的"), 0);
    scene.sent.note(203, r#"{"type":203,"titleList":["别的群"],"receivedContent":"别的内容在这里"}"#, 0);
    assert_eq!(scene.words("a"), "a");
    for (screen, expected) in [
        ("a >您好，请问有什么可以帮您", ""),
        ("a >您好，请问有什么可以帮您 >@甲好的", ""),
        (">@甲好的 >好的我来", ">好的我来"),
        (">好的我来 >别的内容在这里", ">别的内容在这里"),
        (">别的内容在这里 >【a】您好，请问有什么可以帮您", ""),
    ] {
        assert_eq!(scene.words(screen), expected, "{screen}");
    }
    let own = scene.see(&group(">【a】您好，请问有什么可以帮您 >我来处理")).remove(0);
    assert!(own.is_from_self && !own.at_me);
    assert_eq!((own.received_name.as_str(), own.group_name.as_str()), ("管家", "测试群"));
    let mut picture = group(">我来处理 >x");
    picture.bubbles[1].text_type = 2;
    let room = Room::of(&picture).unwrap();
    assert!(!scene.sent.explains(&room, &picture.bubbles[1], 0));
    scene.sent.note(218, r#"{"type":218,"titleList":["测试群"],"objectName":"a.png"}"#, 5);
    assert!(scene.sent.explains(&room, &picture.bubbles[1], 600_005));
    assert!(!scene.sent.explains(&room, &picture.bubbles[1], 600_006), "10 minutes are over");
}

#[test]
fn rooms_in_memory_are_the_last_used() {
    let mut rooms = Rooms::default();
    let key = |number: usize| {
        Room { room_type: 1, name: format!("g{number}"), remark: String::new(), origin: String::new() }.key()
    };
    for number in 0..RESIDENT {
        rooms.put(key(number), None);
    }
    assert_eq!(rooms.get(&key(0)), Some(None));
    rooms.put(key(RESIDENT), ChatMemory::from_text("^0123456789abcdef"));
    assert_eq!((rooms.count(), rooms.get(&key(1))), (RESIDENT, None));
    assert!(rooms.get(&key(0)).is_some() && rooms.get(&key(RESIDENT)).is_some_and(|memory| memory.is_some()));
    rooms.forget(&key(0));
    assert_eq!(rooms.get(&key(0)), None);
}
