//! Pure: 64 bits that stand for a bubble, the same in every version of the program.
use aws_lc_rs::digest::{Context, SHA256};
use workbot_schema::wire::worktool::snapshot::{Bubble, Sender};

use super::room::Room;

/// The fingerprint of a bubble: sender, kind, name line, texts; not what stands above it.
pub(super) fn of(bubble: &Bubble) -> u64 {
    let sender = match bubble.sender {
        Sender::Other => "0",
        Sender::Own => "1",
        Sender::System => "2",
    };
    let kind = bubble.text_type.to_string();
    let names = bubble.names.iter().map(String::as_str);
    let texts = bubble.lines.iter().filter(|line| line.feature != 0).map(|line| line.text.as_str());
    let count = bubble.names.len().to_string();
    let parts = [sender, kind.as_str(), count.as_str()].into_iter().chain(names).chain(texts);
    let hash = hash(parts);
    hash.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte))
}

/// The id of a message of which the phone tells none: made of the frame it came in and of what was known after it, so that a
/// frame that is stored twice gives the same ids.
pub(super) fn message_id(room: &Room, frame_id: &str, memory: &str, number: usize) -> String {
    let number = number.to_string();
    let hash = hash([room.key().as_str(), frame_id, memory, number.as_str()]);
    format!("wt_{}", hex::encode(hash.iter().take(20).copied().collect::<Vec<u8>>()))
}

/// Each part with its length before it, so that no two lists of parts look alike.
fn hash<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part.len().to_string().as_bytes());
        context.update(b":");
        context.update(part.as_bytes());
    }
    context.finish().as_ref().to_vec()
}
