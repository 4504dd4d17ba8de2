//! Sequence numbers inside contents: how loss, doubling and disorder are seen from outside the server.
use std::fmt;

/// What a tagged text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TagKind {
    /// A command submitted by REST.
    Command,
    /// A chat message sent by a phone; a reply carries the tag of the message it answers.
    Message,
}

/// Identity of one command or message over a whole run: `[c:run:stream:sequence]` or `[m:…]` in its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag {
    pub kind: TagKind,
    /// Distinguishes runs against the same server.
    pub run: u32,
    /// The robot's index within the run; each stream is numbered on its own.
    pub stream: u32,
    /// From 1, without gaps.
    pub sequence: u64,
}

impl Tag {
    /// A command's tag.
    pub fn command(run: u32, stream: u32, sequence: u64) -> Self {
        Self { kind: TagKind::Command, run, stream, sequence }
    }

    /// A chat message's tag.
    pub fn message(run: u32, stream: u32, sequence: u64) -> Self {
        Self { kind: TagKind::Message, run, stream, sequence }
    }

    /// The first tag in a text, if there is one.
    pub fn find(text: &str) -> Option<Self> {
        text.split('[')
            .skip(1)
            .find_map(|rest| rest.split_once(']').and_then(|(inner, _)| Self::parse(inner)))
    }

    /// The tag followed by filler up to `length_bytes`.
    pub fn padded(&self, length_bytes: usize) -> String {
        let mut text = self.to_string();
        while text.len() < length_bytes {
            text.push(char::from(b'a' + u8::try_from(text.len() % 26).unwrap_or(0)));
        }
        text
    }

    fn parse(inner: &str) -> Option<Self> {
        let mut parts = inner.split(':');
        let kind = match parts.next()? {
            "c" => TagKind::Command,
            "m" => TagKind::Message,
            _ => return None,
        };
        let run = parts.next()?.parse().ok()?;
        let stream = parts.next()?.parse().ok()?;
        let sequence = parts.next()?.parse().ok()?;
        parts.next().is_none().then_some(Self { kind, run, stream, sequence })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            TagKind::Command => 'c',
            TagKind::Message => 'm',
        };
        write!(formatter, "[{kind}:{}:{}:{}]", self.run, self.stream, self.sequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_again_in_any_text() {
        let tag = Tag::message(9, 3, 77);
        for text in [tag.to_string(), format!("[x] re {tag} [m:1:1:1]"), tag.padded(200)] {
            assert_eq!(Tag::find(&text), Some(tag), "{text}");
        }
        assert_eq!(tag.padded(200).len(), 200);
        for text in ["", "[", "[c:1:2]", "[c:1:2:3:4]", "[d:1:2:3]", "[c:-1:2:3]", "[c:1:2:3"] {
            assert_eq!(Tag::find(text), None, "{text}");
        }
    }
}
