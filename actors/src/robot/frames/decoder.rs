//! From chunks to frames: a machine without clock and runtime.

use std::sync::Arc;

use actix_http::ws::{CloseCode, CloseReason};
use bytes::Bytes;

use super::budget::Reservation;
use super::header::{Header, HeaderReader, Opcode};
use super::message::{Mask, Message, append_unmasked};
use super::{FrameEnd, FrameLimits, InboundBudget, InboundFrame, ProtocolFault};

/// Least room made for an unfinished message, unless it is known to be shorter.
const LEAST_ROOM_BYTES: usize = 256;

/// A frame whose header was accepted and whose payload is still arriving.
#[derive(Debug)]
struct OpenFrame {
    opcode: Opcode,
    is_final: bool,
    remaining: usize,
    mask: Mask,
}

/// Reads the frames of one client in order; after an error it is of no more use.
#[derive(Debug)]
pub(super) struct Decoder {
    limits: FrameLimits,
    header: HeaderReader,
    frame: Option<OpenFrame>,
    control: Vec<u8>,
    message: Option<Message>,
    held: Reservation,
}

impl Decoder {
    pub(super) fn new(limits: FrameLimits, budget: Arc<InboundBudget>) -> Self {
        Self {
            limits,
            header: HeaderReader::default(),
            frame: None,
            control: Vec::new(),
            message: None,
            held: Reservation::new(budget),
        }
    }

    /// Frees everything held for frames and messages that are not complete.
    pub(super) fn discard(&mut self) {
        self.frame = None;
        self.control = Vec::new();
        self.message = None;
        self.held.release();
    }

    /// Takes at most one frame, or the rest of the chunk, and answers what that completed.
    pub(super) fn step(&mut self, chunk: &mut Bytes) -> Result<Option<InboundFrame>, FrameEnd> {
        let frame = match self.frame.take() {
            Some(frame) => frame,
            None => match self.header.read(chunk)? {
                Some(header) => self.accept(&header)?,
                None => return Ok(None),
            },
        };
        if frame.opcode.is_control() {
            self.read_control(frame, chunk)
        } else if self.message.is_none() && frame.is_final && frame.remaining <= chunk.len() {
            read_whole(frame, chunk).map(Some)
        } else {
            self.read_piece(frame, chunk)
        }
    }

    /// Judges a header by what came before it, before a byte of its payload is kept.
    fn accept(&mut self, header: &Header) -> Result<OpenFrame, FrameEnd> {
        let limits = self.limits;
        let mask = Mask::new(header);
        let received = match (header.opcode, &mut self.message) {
            (Opcode::Continuation, None) => return Err(ProtocolFault::ContinuationOfNothing.into()),
            (Opcode::Text | Opcode::Binary, Some(_)) => {
                return Err(ProtocolFault::MessageInsideMessage.into());
            }
            (Opcode::Binary, None) if !limits.accept_binary => return Err(FrameEnd::BinaryRefused),
            (Opcode::Continuation, Some(message)) => message.length(),
            (Opcode::Text | Opcode::Binary | Opcode::Close | Opcode::Ping | Opcode::Pong, _) => 0,
        };
        let too_big = |received: usize| FrameEnd::TooBig {
            bytes: u64::try_from(received).unwrap_or(u64::MAX).saturating_add(header.length),
            limit: limits.max_message_bytes,
        };
        let remaining = usize::try_from(header.length).unwrap_or(usize::MAX);
        if !header.opcode.is_control() && received.saturating_add(remaining) > limits.max_message_bytes {
            return Err(too_big(received));
        }
        let frame = OpenFrame { opcode: header.opcode, is_final: header.is_final, remaining, mask };
        if !frame.is_final {
            self.message.get_or_insert_with(|| start(frame.opcode));
        }
        if !frame.opcode.is_control()
            && let Some(message) = &mut self.message
        {
            message.fragments += 1;
            message.empty_fragments += u32::from(remaining == 0 && !frame.is_final);
            if message.fragments > limits.max_fragments
                || message.empty_fragments > limits.max_empty_fragments
            {
                return Err(FrameEnd::TooManyFragments);
            }
        }
        Ok(frame)
    }

    /// Control frames may stand between the fragments of a message and leave it untouched.
    fn read_control(
        &mut self,
        mut frame: OpenFrame,
        chunk: &mut Bytes,
    ) -> Result<Option<InboundFrame>, FrameEnd> {
        let piece = chunk.split_to(frame.remaining.min(chunk.len()));
        if self.control.is_empty() {
            self.control.reserve_exact(frame.remaining);
        }
        append_unmasked(&mut self.control, &piece, &mut frame.mask);
        frame.remaining -= piece.len();
        if frame.remaining > 0 {
            self.frame = Some(frame);
            return Ok(None);
        }
        let payload = std::mem::take(&mut self.control);
        Ok(Some(match frame.opcode {
            Opcode::Close => InboundFrame::Close(parse_close(&payload)?),
            Opcode::Ping => InboundFrame::Ping(payload.into()),
            _ => InboundFrame::Pong(payload.into()),
        }))
    }

    fn read_piece(
        &mut self,
        mut frame: OpenFrame,
        chunk: &mut Bytes,
    ) -> Result<Option<InboundFrame>, FrameEnd> {
        let piece = chunk.split_to(frame.remaining.min(chunk.len()));
        let mut message = self.message.take().unwrap_or_else(|| start(frame.opcode));
        self.make_room(&mut message, &frame, piece.len())?;
        frame.remaining -= piece.len();
        message.append(piece, &mut frame.mask)?;
        if frame.remaining == 0 && frame.is_final {
            self.held.release();
            return message.finish().map(Some);
        }
        self.message = Some(message);
        if frame.remaining > 0 {
            self.frame = Some(frame);
        }
        Ok(None)
    }

    /// Grows by doubling, never beyond what may still come, and only by what the budget grants.
    ///
    /// Room follows the bytes that arrived, not those declared: a header alone reserves nothing.
    fn make_room(&mut self, message: &mut Message, frame: &OpenFrame, piece: usize) -> Result<(), FrameEnd> {
        let received = message.length();
        let needed = received + piece;
        if needed <= self.held.bytes() {
            return Ok(());
        }
        let ceiling = match frame.is_final {
            true => received + frame.remaining,
            false => self.limits.max_message_bytes,
        };
        let doubled = self.held.bytes().saturating_mul(2).max(LEAST_ROOM_BYTES);
        let room = doubled.min(ceiling).max(needed);
        if !self.held.grow_to(room) {
            return Err(FrameEnd::OverBudget);
        }
        message.reserve(room);
        Ok(())
    }

    #[cfg(test)]
    pub(super) const fn held_bytes(&self) -> usize {
        self.held.bytes()
    }
}

fn start(opcode: Opcode) -> Message {
    if opcode == Opcode::Binary { Message::binary() } else { Message::text() }
}

/// The common case, a message in one frame that is all at hand: one copy, one check, no budget.
fn read_whole(mut frame: OpenFrame, chunk: &mut Bytes) -> Result<InboundFrame, FrameEnd> {
    let mut bytes = Vec::with_capacity(frame.remaining);
    append_unmasked(&mut bytes, &chunk.split_to(frame.remaining), &mut frame.mask);
    if frame.opcode == Opcode::Binary {
        return Ok(InboundFrame::Binary(bytes.into()));
    }
    String::from_utf8(bytes).ok().map(InboundFrame::Text).ok_or(FrameEnd::InvalidUtf8)
}

/// Payload of a close frame: nothing, or a code that may be sent and a reason in UTF-8 (RFC 6455 §5.5.1, §7.4).
fn parse_close(payload: &[u8]) -> Result<Option<CloseReason>, FrameEnd> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return if payload.is_empty() { Ok(None) } else { Err(ProtocolFault::ClosePayload.into()) };
    };
    let code = u16::from_be_bytes(*code);
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(ProtocolFault::CloseCode(code).into());
    }
    let reason = std::str::from_utf8(reason).ok().ok_or(FrameEnd::InvalidUtf8)?;
    let description = (!reason.is_empty()).then(|| reason.to_owned());
    Ok(Some(CloseReason { code: CloseCode::from(code), description }))
}
