//! Pure: what is new in a snapshot of a WorkTool phone's screen.
//!
//! The app reports no messages, only the bubbles it sees, again and again. So each room has a memory of the last 50
//! bubbles as fingerprints, and a snapshot is laid against it:
//!
//! ```text
//! memory   ^ A B C ~ X Y Z        (^ = nothing before it is news, ~ = something may have been missed before it)
//! snapshot         Y Z N M        N and M are new
//! ```
//! What cannot be decided, and how it is taken:
//! - two equal texts of one sender in a row look like one seen twice, unless what stood before them is on the screen too;
//! - a screen that repeats an earlier one line by line is the earlier one;
//! - a bubble that changed on the screen (a link that was still loading) is the same bubble; where a row tells that a
//!   message was taken back, the next one is new;
//! - when so much came between two screens that nothing of the first is left, everyday texts on the second may be taken for
//!   new or for known wrongly, longer ones not;
//! - what goes back further than the memory is news again.
//!
//! In doubt nothing is reported, so that nobody is answered twice.
mod alignment;
mod backlog;
mod fingerprint;
mod memory;
mod message;
mod room;
mod rooms;
mod sent_texts;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::worktool::snapshot::{Bubble, Sender, Snapshot};

pub use self::backlog::{Backlog, Screen};
pub use self::memory::{ChatMemory, ROWS};
pub use self::message::RobotNames;
pub use self::room::{Room, RoomKey};
pub use self::rooms::{RESIDENT, Rooms};
pub use self::sent_texts::SentTexts;

use self::alignment::{Seen, absorb};

/// Words of the row that stands where a message was taken back.
const RECALL: &str = "撤回";
/// A text of at least so many characters is no everyday word such as 好的 or 谢谢.
const TELLING: usize = 4;

/// What the diff needs beside memory and snapshot.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// Names mentions are written with.
    pub names: &'a RobotNames,
    /// What the server itself had sent to chats lately.
    pub sent: &'a SentTexts,
    /// Id of the frame, part of the ids of its messages.
    pub frame_id: &'a str,
    /// Monotonic milliseconds.
    pub now_ms: u64,
}

/// What a snapshot brought.
#[derive(Debug, Clone, PartialEq)]
pub struct News {
    /// The memory afterwards; none = it is as before and need not be written.
    pub memory: Option<ChatMemory>,
    /// In the order of the screen; somebody typed those with `is_from_self` on the phone.
    pub messages: Vec<InboundMessage>,
}

impl News {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.memory.is_none() && self.messages.is_empty()
    }
}

/// Lays a snapshot against the memory of its room. The caller keeps the new memory only together with the messages: what
/// could not be stored is found again in the next snapshot.
pub fn look(
    memory: Option<&ChatMemory>,
    room: &Room,
    snapshot: &Snapshot,
    circumstances: Circumstances<'_>,
) -> News {
    let bubbles: Vec<(&Bubble, Seen)> = rows(snapshot);
    let seen: Vec<Seen> = bubbles.iter().map(|(_bubble, seen)| *seen).collect();
    let Some(memory) = memory else { return first_sight(room, snapshot, &bubbles, circumstances) };
    let (after, new) = absorb(memory, &seen);
    let after = Some(after).filter(|after| after != memory);
    let fresh =
        bubbles.iter().zip(&new).filter(|(_row, is_new)| **is_new).map(|((bubble, _seen), _)| *bubble);
    let own = |bubble: &Bubble| bubble.sender == Sender::Own;
    let typed = |bubble: &Bubble| !circumstances.sent.explains(room, bubble, circumstances.now_ms);
    let reported: Vec<&Bubble> = fresh.filter(|bubble| !own(bubble) || typed(bubble)).collect();
    News {
        messages: messages(room, &reported, after.as_ref().unwrap_or(memory), circumstances),
        memory: after,
    }
}

/// Of a room that was never seen only the last bubble is news, and only when somebody else wrote it. A screen on which
/// nothing could be read is no sight; one with system rows alone is: what follows is new.
fn first_sight(
    room: &Room,
    snapshot: &Snapshot,
    bubbles: &[(&Bubble, Seen)],
    circumstances: Circumstances<'_>,
) -> News {
    if snapshot.bubbles.is_empty() {
        return News { memory: None, messages: Vec::new() };
    }
    let memory = ChatMemory::begin(bubbles.iter().map(|(_bubble, seen)| seen.print).collect());
    let last = bubbles.last().map(|(bubble, _seen)| *bubble).filter(|bubble| bubble.sender == Sender::Other);
    let reported: Vec<&Bubble> = last.into_iter().collect();
    News { messages: messages(room, &reported, &memory, circumstances), memory: Some(memory) }
}

fn messages(
    room: &Room,
    bubbles: &[&Bubble],
    after: &ChatMemory,
    circumstances: Circumstances<'_>,
) -> Vec<InboundMessage> {
    let state = after.to_text();
    let place = |number: usize| fingerprint::message_id(room, circumstances.frame_id, &state, number);
    let written = |(number, bubble): (usize, &&Bubble)| {
        message::message(room, bubble, circumstances.names, place(number))
    };
    bubbles.iter().enumerate().map(written).collect()
}

/// The bubbles that count: system rows come and go, and say only whether a message was taken back before the next one.
fn rows(snapshot: &Snapshot) -> Vec<(&Bubble, Seen)> {
    let mut is_after_recall = false;
    let mut rows = Vec::new();
    for bubble in &snapshot.bubbles {
        if bubble.sender == Sender::System {
            is_after_recall |= bubble.lines.iter().any(|line| line.text.contains(RECALL));
        } else {
            let is_telling = bubble.text().chars().count() >= TELLING;
            rows.push((bubble, Seen { print: fingerprint::of(bubble), is_after_recall, is_telling }));
            is_after_recall = false;
        }
    }
    rows
}
