//! Header of one frame as a client sends it (RFC 6455 §5.2).

use bytes::{Buf, Bytes};

use super::ProtocolFault;

const FINAL: u8 = 0x80;
const RESERVED: u8 = 0x70;
const OPCODE: u8 = 0x0f;
const MASKED: u8 = 0x80;
const LENGTH: u8 = 0x7f;

/// Most bytes of a header: two, a length of eight, a mask of four.
const LONGEST: usize = 14;
const LONGEST_CONTROL_PAYLOAD: u8 = 125;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn parse(bits: u8) -> Result<Self, ProtocolFault> {
        Ok(match bits {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => return Err(ProtocolFault::UnknownOpcode(other)),
        })
    }

    pub(super) const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A complete, valid header; whether its frame fits the message is the decoder's to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) opcode: Opcode,
    pub(super) is_final: bool,
    pub(super) length: u64,
    pub(super) mask: [u8; 4],
}

#[derive(Debug, PartialEq, Eq)]
enum Parsed {
    /// The header and how many bytes it took.
    Complete(Header, usize),
    /// Bytes needed before more can be said.
    Needs(usize),
}

/// Each rule is checked as soon as the bytes it needs are there.
fn parse(bytes: &[u8]) -> Result<Parsed, ProtocolFault> {
    let [first, second, rest @ ..] = bytes else {
        return Ok(Parsed::Needs(2));
    };
    if first & RESERVED != 0 {
        return Err(ProtocolFault::ReservedBits);
    }
    let opcode = Opcode::parse(first & OPCODE)?;
    let is_final = first & FINAL != 0;
    if second & MASKED == 0 {
        return Err(ProtocolFault::Unmasked);
    }
    let short_length = second & LENGTH;
    if opcode.is_control() {
        if !is_final {
            return Err(ProtocolFault::ControlFragmented);
        }
        if short_length > LONGEST_CONTROL_PAYLOAD {
            return Err(ProtocolFault::ControlTooLong);
        }
    }
    let (length, rest, size) = match short_length {
        126 => {
            let Some((length, rest)) = rest.split_first_chunk::<2>() else {
                return Ok(Parsed::Needs(8));
            };
            (u64::from(u16::from_be_bytes(*length)), rest, 8)
        }
        127 => {
            let Some((length, rest)) = rest.split_first_chunk::<8>() else {
                return Ok(Parsed::Needs(14));
            };
            (u64::from_be_bytes(*length), rest, 14)
        }
        short => (u64::from(short), rest, 6),
    };
    let is_minimal = match size {
        8 => length >= 126,
        14 => length > u64::from(u16::MAX) && length >> 63 == 0,
        _ => true,
    };
    if !is_minimal {
        return Err(ProtocolFault::LengthEncoding);
    }
    match rest.first_chunk::<4>() {
        Some(mask) => Ok(Parsed::Complete(Header { opcode, is_final, length, mask: *mask }, size)),
        None => Ok(Parsed::Needs(size)),
    }
}

/// Takes headers off chunks, keeping the bytes of one that is cut between two.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    bytes: [u8; LONGEST],
    filled: usize,
}

impl HeaderReader {
    /// The next header, or none when the chunk ended before it.
    pub(super) fn read(&mut self, chunk: &mut Bytes) -> Result<Option<Header>, ProtocolFault> {
        if self.filled == 0
            && let Parsed::Complete(header, size) = parse(chunk)?
        {
            chunk.advance(size);
            return Ok(Some(header));
        }
        loop {
            let (filled, free) = self.bytes.split_at_mut(self.filled);
            match parse(filled)? {
                Parsed::Complete(header, _) => {
                    self.filled = 0;
                    return Ok(Some(header));
                }
                Parsed::Needs(_) if chunk.is_empty() => return Ok(None),
                Parsed::Needs(size) => {
                    let missing = size.saturating_sub(filled.len()).min(chunk.len());
                    if let Some(target) = free.get_mut(..missing) {
                        chunk.copy_to_slice(target);
                    }
                    self.filled += missing;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(opcode: Opcode, is_final: bool, length: u64, size: usize) -> Result<Parsed, ProtocolFault> {
        Ok(Parsed::Complete(Header { opcode, is_final, length, mask: [1, 2, 3, 4] }, size))
    }

    #[test]
    fn headers() {
        use ProtocolFault::*;
        let long = |first: u8, length: u64| {
            let mut bytes = vec![first, 0xff];
            bytes.extend_from_slice(&length.to_be_bytes());
            bytes.extend_from_slice(&[1, 2, 3, 4]);
            bytes
        };
        let cases: Vec<(Vec<u8>, Result<Parsed, ProtocolFault>)> = vec![
            (vec![], Ok(Parsed::Needs(2))),
            (vec![0x81], Ok(Parsed::Needs(2))),
            (vec![0x81, 0x80], Ok(Parsed::Needs(6))),
            (vec![0x81, 0x85, 1, 2, 3, 4], complete(Opcode::Text, true, 5, 6)),
            (vec![0x02, 0x80, 1, 2, 3, 4], complete(Opcode::Binary, false, 0, 6)),
            (vec![0x80, 0xfe, 0], Ok(Parsed::Needs(8))),
            (vec![0x80, 0xfe, 0, 126, 1, 2, 3, 4], complete(Opcode::Continuation, true, 126, 8)),
            (vec![0x80, 0xfe, 0, 125], Err(LengthEncoding)),
            (vec![0x81, 0xff, 0], Ok(Parsed::Needs(14))),
            (long(0x81, 1 << 40), complete(Opcode::Text, true, 1 << 40, 14)),
            (long(0x81, (1 << 63) - 1), complete(Opcode::Text, true, (1 << 63) - 1, 14)),
            (long(0x81, 1 << 63), Err(LengthEncoding)),
            (long(0x81, 65_535), Err(LengthEncoding)),
            (long(0x81, 65_536), complete(Opcode::Text, true, 65_536, 14)),
            (vec![0xc1, 0x80], Err(ReservedBits)),
            (vec![0xa1, 0x80], Err(ReservedBits)),
            (vec![0x91, 0x80], Err(ReservedBits)),
            (vec![0x83, 0x80], Err(UnknownOpcode(3))),
            (vec![0x87, 0x80], Err(UnknownOpcode(7))),
            (vec![0x8b, 0x80], Err(UnknownOpcode(11))),
            (vec![0x8f, 0x80], Err(UnknownOpcode(15))),
            (vec![0x81, 0x05], Err(Unmasked)),
            (vec![0x09, 0x80], Err(ControlFragmented)),
            (vec![0x88, 0xfe], Err(ControlTooLong)),
            (vec![0x8a, 0xff], Err(ControlTooLong)),
            (vec![0x89, 0xfd, 1, 2, 3, 4], complete(Opcode::Ping, true, 125, 6)),
        ];
        for (bytes, expected) in cases {
            assert_eq!(parse(&bytes), expected, "{bytes:02x?}");
        }
    }

    #[test]
    fn a_header_may_be_cut_anywhere() {
        let bytes = [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4];
        for cut in 0..=bytes.len() {
            let (left, right) = bytes.split_at(cut);
            let mut reader = HeaderReader::default();
            let early = reader.read(&mut Bytes::copy_from_slice(left)).unwrap();
            let found = early.or_else(|| reader.read(&mut Bytes::copy_from_slice(right)).unwrap());
            assert_eq!(found.map(|header| header.length), Some(65_536), "cut at {cut}");
            assert_eq!(reader.filled, 0);
        }
    }
}
