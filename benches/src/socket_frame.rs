//! WebSocket frames (RFC 6455 §5.2) as a phone needs them: whole frames in, masked text out.

/// Text.
pub const TEXT: u8 = 1;
/// Close.
pub const CLOSE: u8 = 8;
/// Ping.
pub const PING: u8 = 9;
/// Pong.
pub const PONG: u8 = 10;

/// A frame of the server, unmasked and whole.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Opcode.
    pub opcode: u8,
    /// What it carries.
    pub payload: &'a [u8],
    /// Bytes of the frame with its head.
    pub length: usize,
}

/// The frame at the beginning of `bytes`; none when it is not complete.
pub fn read(bytes: &[u8]) -> Option<Frame<'_>> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (head, size) = match second & 0x7f {
        126 => (4, u64::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?)),
        short => (2, u64::from(short)),
    };
    let length = head + usize::try_from(size).ok()?;
    Some(Frame { opcode: first & 0x0f, payload: bytes.get(head..length)?, length })
}

/// Appends a frame of a client. The mask is zero, which costs nothing and is as valid as any other.
pub fn write(out: &mut Vec<u8>, opcode: u8, parts: &[&[u8]]) {
    let size: usize = parts.iter().map(|part| part.len()).sum();
    out.push(0x80 | opcode);
    match (u8::try_from(size), u16::try_from(size)) {
        (Ok(short), _) if short < 126 => out.push(0x80 | short),
        (_, Ok(medium)) => {
            out.push(0x80 | 126);
            out.extend_from_slice(&medium.to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend_from_slice(&u64::try_from(size).unwrap_or(u64::MAX).to_be_bytes());
        }
    }
    out.extend_from_slice(&[0; 4]);
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_three_sizes_are_read_when_they_are_whole() {
        for size in [0_usize, 125, 126, 65_535, 65_536] {
            let mut written = Vec::new();
            write(&mut written, TEXT, &[&vec![b'x'; size]]);
            // A server's frame has neither the mask bit nor the mask.
            let head = written.len() - size - 4;
            written[1] &= 0x7f;
            written.drain(head..head + 4);
            assert_eq!(read(&written[..written.len() - 1]), None, "{size}");
            written.push(0xff);
            let frame = read(&written).unwrap();
            assert_eq!((frame.opcode, frame.payload.len(), frame.length), (TEXT, size, written.len() - 1));
        }
    }
}
