//! A message that is being put together from the pieces of its frames.

use bytes::{Buf, Bytes};

use super::header::Header;
use super::{FrameEnd, InboundFrame};

/// Bytes unmasked at once on the stack before they are checked as text.
const SCRATCH_BYTES: usize = 1024;

/// The masking key, turned to the next payload byte (RFC 6455 §5.3).
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask([u8; 4]);

impl Mask {
    pub(super) const fn new(header: &Header) -> Self {
        Self(header.mask)
    }

    /// Unmasks the next bytes of the payload.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        let [a, b, c, d] = self.0;
        // Sixteen bytes at a time is what the compiler turns into vector instructions.
        let wide = [a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d];
        let mut blocks = bytes.chunks_exact_mut(wide.len());
        for block in &mut blocks {
            for (byte, key) in block.iter_mut().zip(wide) {
                *byte ^= key;
            }
        }
        for (byte, key) in blocks.into_remainder().iter_mut().zip(wide) {
            *byte ^= key;
        }
        self.0.rotate_left(bytes.len() % 4);
    }
}

/// Text that grows by bytes: every byte is checked once, and a wrong one is refused when it arrives.
#[derive(Debug, Default)]
struct TextBuffer {
    text: String,
    /// First bytes of a character whose rest has not arrived: at most three.
    tail: [u8; 4],
    tail_length: usize,
}

impl TextBuffer {
    fn append(&mut self, mut bytes: &[u8]) -> Result<(), FrameEnd> {
        while self.tail_length > 0
            && let Some((byte, rest)) = bytes.split_first()
        {
            if let Some(slot) = self.tail.get_mut(self.tail_length) {
                *slot = *byte;
            }
            bytes = rest;
            self.tail_length += 1;
            let (tail, _) = self.tail.split_at(self.tail_length);
            match std::str::from_utf8(tail) {
                Ok(character) => {
                    self.text.push_str(character);
                    self.tail_length = 0;
                }
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(FrameEnd::InvalidUtf8),
            }
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => self.text.push_str(text),
            Err(error) if error.error_len().is_some() => return Err(FrameEnd::InvalidUtf8),
            Err(error) => {
                let (valid, tail) = bytes.split_at(error.valid_up_to());
                self.text.push_str(std::str::from_utf8(valid).unwrap_or_default());
                for (slot, byte) in self.tail.iter_mut().zip(tail) {
                    *slot = *byte;
                }
                self.tail_length = tail.len();
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<String, FrameEnd> {
        if self.tail_length == 0 { Ok(self.text) } else { Err(FrameEnd::InvalidUtf8) }
    }
}

#[derive(Debug)]
enum Body {
    Text(TextBuffer),
    Binary(Vec<u8>),
}

/// A message between its first byte and its last.
#[derive(Debug)]
pub(super) struct Message {
    body: Body,
    /// Frames begun so far.
    pub(super) fragments: u32,
    /// Frames without a byte among them.
    pub(super) empty_fragments: u32,
}

impl Message {
    pub(super) fn text() -> Self {
        Self { body: Body::Text(TextBuffer::default()), fragments: 0, empty_fragments: 0 }
    }

    pub(super) const fn binary() -> Self {
        Self { body: Body::Binary(Vec::new()), fragments: 0, empty_fragments: 0 }
    }

    /// Bytes received so far.
    pub(super) fn length(&self) -> usize {
        match &self.body {
            Body::Text(buffer) => buffer.text.len() + buffer.tail_length,
            Body::Binary(bytes) => bytes.len(),
        }
    }

    /// Makes room for `bytes` in all, exactly.
    pub(super) fn reserve(&mut self, bytes: usize) {
        match &mut self.body {
            Body::Text(buffer) => buffer.text.reserve_exact(bytes.saturating_sub(buffer.text.len())),
            Body::Binary(buffer) => buffer.reserve_exact(bytes.saturating_sub(buffer.len())),
        }
    }

    /// Appends a masked piece of a frame's payload.
    pub(super) fn append(&mut self, mut piece: Bytes, mask: &mut Mask) -> Result<(), FrameEnd> {
        match &mut self.body {
            Body::Text(buffer) => {
                let mut scratch = [0; SCRATCH_BYTES];
                while !piece.is_empty() {
                    let (part, _) = scratch.split_at_mut(piece.len().min(SCRATCH_BYTES));
                    piece.copy_to_slice(part);
                    mask.apply(part);
                    buffer.append(part)?;
                }
            }
            Body::Binary(bytes) => append_unmasked(bytes, &piece, mask),
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<InboundFrame, FrameEnd> {
        match self.body {
            Body::Text(buffer) => buffer.finish().map(InboundFrame::Text),
            Body::Binary(bytes) => Ok(InboundFrame::Binary(bytes.into())),
        }
    }
}

/// Appends `piece` to `target` without its mask.
pub(super) fn append_unmasked(target: &mut Vec<u8>, piece: &[u8], mask: &mut Mask) {
    let start = target.len();
    target.extend_from_slice(piece);
    let (_, added) = target.split_at_mut(start);
    mask.apply(added);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(pieces: &[&[u8]]) -> Result<String, FrameEnd> {
        let mut buffer = TextBuffer::default();
        for piece in pieces {
            buffer.append(piece)?;
        }
        buffer.finish()
    }

    #[test]
    fn text_may_be_cut_inside_a_character() {
        let text = "é中𝄞\u{10ffff}a";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let (left, right) = text.as_bytes().split_at(second);
                let (left, middle) = left.split_at(first);
                assert_eq!(text_of(&[left, middle, right]).as_deref(), Ok(text));
            }
        }
    }

    #[test]
    fn wrong_text_is_refused_at_its_first_wrong_byte() {
        let cases: [&[u8]; 8] = [
            b"\xff",
            b"\x80",
            b"\xc0",
            b"\xe0\x80",
            b"\xed\xa0",
            b"\xf0\x80",
            b"\xf4\x90",
            b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90",
        ];
        for case in cases {
            let mut buffer = TextBuffer::default();
            let (last, valid) = case.split_last().unwrap();
            for byte in valid {
                assert_eq!(buffer.append(&[*byte]), Ok(()), "{case:02x?}");
            }
            assert_eq!(buffer.append(&[*last]), Err(FrameEnd::InvalidUtf8), "{case:02x?}");
        }
    }

    #[test]
    fn text_may_not_end_inside_a_character() {
        assert_eq!(text_of(&[b"a\xe4", b"\xb8"]), Err(FrameEnd::InvalidUtf8));
        assert_eq!(text_of(&[b"\xe4\xb8", b"a"]), Err(FrameEnd::InvalidUtf8));
    }

    #[test]
    fn a_mask_goes_on_where_it_stopped() {
        let payload: Vec<u8> = (0..100).collect();
        let masked: Vec<u8> =
            payload.iter().zip([7, 11, 13, 17].iter().cycle()).map(|(a, b)| a ^ b).collect();
        for cut in 0..=masked.len() {
            let mut mask = Mask([7, 11, 13, 17]);
            let (left, right) = masked.split_at(cut);
            let mut bytes = Vec::new();
            append_unmasked(&mut bytes, left, &mut mask);
            append_unmasked(&mut bytes, right, &mut mask);
            assert_eq!(bytes, payload);
        }
    }
}
