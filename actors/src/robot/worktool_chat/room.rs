//! Pure: which chat a snapshot shows, by the texts of its title bar. There is no id.
use aws_lc_rs::digest::{SHA256, digest};
use workbot_schema::wire::worktool::snapshot::Snapshot;

/// What a room is remembered under: 32 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey(String);

impl RoomKey {
    /// The text of it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i32,
    /// Name of the group, or of the person as this phone shows it.
    pub name: String,
    /// The group's remark on this phone, else empty.
    pub remark: String,
    /// Where the person is from (`＠微信`), else empty.
    pub origin: String,
}

impl Room {
    /// The room of a snapshot; none when the phone does not know where it is.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        let is_origin = |title: &&String| title.starts_with('＠');
        let mut names = snapshot.titles.iter().filter(|title| !is_origin(title));
        let first = names.next()?.clone();
        let (name, remark, origin) = match snapshot.room_type {
            // `[remark, group]`; the group's name stays when a remark comes or goes.
            1 | 3 => match names.next_back() {
                Some(name) => (name.clone(), first, String::new()),
                None => (first, String::new(), String::new()),
            },
            2 | 4 => {
                let origin = snapshot.titles.iter().skip(1).find(is_origin).cloned().unwrap_or_default();
                (first, String::new(), origin)
            }
            _ => return None,
        };
        Some(Self { room_type: snapshot.room_type, name, remark, origin })
    }

    /// Whether it is a group.
    pub fn is_group(&self) -> bool {
        matches!(self.room_type, 1 | 3)
    }

    /// What it is called in a command that is for it: the remark hides the name.
    pub fn title(&self) -> &str {
        if self.remark.is_empty() { &self.name } else { &self.remark }
    }

    /// Whether a command's title means it.
    pub fn is_called(&self, title: &str) -> bool {
        let title = title.trim();
        !title.is_empty() && (title == self.name || title == self.remark)
    }

    /// What it is remembered under.
    pub fn key(&self) -> RoomKey {
        let kind = if self.is_group() { "group" } else { "person" };
        let text = [kind, &self.name, &self.origin].join("\u{1f}");
        let hash = digest(&SHA256, text.as_bytes());
        RoomKey(hex::encode(hash.as_ref().iter().take(16).copied().collect::<Vec<u8>>()))
    }
}
