//! WebSocket frames of a robot's socket, read within stated bounds.
//!
//! ```text
//! request payload ──chunks──▶ FrameStream ──▶ Decoder ──▶ InboundFrame … then Close or a FrameEnd
//!                                  │             └─ header · message · InboundBudget
//!                                  └─ yields to the runtime after 64 steps without a frame
//! ```
//!
//! The stream is added to a `WebsocketContext` with `ctx.add_stream`; the context's own decoder is fed
//! nothing. Why the parser is ours: `actix_http::ws::Codec` wants a whole frame in its buffer before it
//! looks at the declared length, so a header that declares 1 TiB is buffered until memory ends; it neither
//! assembles fragments nor checks text; it has no bound on fragments; it can neither refuse bad text before
//! the frame is complete nor share a memory limit between sockets. What it does check (reserved bits,
//! opcodes, masks, fragment order, close payloads) is a few lines here. Sending stays with the context's codec.
//!
//! Bounds, per socket: a message is refused by its declared or accumulated length (1009); a message has at
//! most [`FrameLimits::max_fragments`] frames of which [`FrameLimits::max_empty_fragments`] may be empty
//! (1008: legal by the protocol, refused by policy); a header needs 14 bytes and a control frame 125, and
//! nothing else is kept between polls. Over all sockets: [`InboundBudget`] (1013). A message whose bytes are
//! all at hand never touches the budget, so small messages pass while large ones are refused.
//! Not ours to bound: the server's read buffer, which keeps the most one burst filled (measured: 108 KiB).
mod budget;
mod decoder;
mod end;
mod header;
mod message;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_http::ws::CloseReason;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};

pub use self::budget::InboundBudget;
use self::decoder::Decoder;
pub use self::end::{FrameEnd, ProtocolFault};

/// Chunks and frames taken in one poll before the runtime gets its turn back.
const STEPS_PER_POLL: usize = 64;

/// A complete message or control frame from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundFrame {
    /// Text message, assembled and valid UTF-8.
    Text(String),
    /// Binary message, assembled; only when [`FrameLimits::accept_binary`] is set.
    Binary(Bytes),
    /// Ping to be answered by a pong with the same bytes, at most 125 (RFC 6455 §5.5.2).
    Ping(Bytes),
    /// Pong, asked for or not (RFC 6455 §5.5.3).
    Pong(Bytes),
    /// Close to be echoed unless we sent one first; the last item of the stream (RFC 6455 §5.5.1).
    Close(Option<CloseReason>),
}

/// Limits of one socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameLimits {
    /// Longest message in bytes, assembled; longer ones end the stream with 1009.
    pub max_message_bytes: usize,
    /// Most frames of one message; one more ends the stream with 1008.
    pub max_fragments: u32,
    /// Most empty frames of one message before its last; one more ends the stream with 1008.
    pub max_empty_fragments: u32,
    /// Whether binary messages are read; otherwise their header ends the stream with 1003.
    pub accept_binary: bool,
}

impl Default for FrameLimits {
    /// 16 MiB, in pieces of 64 bytes at the smallest on average, and text only.
    fn default() -> Self {
        Self {
            max_message_bytes: 16 * 1024 * 1024,
            max_fragments: 262_144,
            max_empty_fragments: 64,
            accept_binary: false,
        }
    }
}

/// Frames of one socket: any number of `Ok`, then a close frame or exactly one `Err`, then the end.
///
/// After its end it has dropped the payload, so the server discards what the peer still sends.
#[derive(Debug)]
pub struct FrameStream<S> {
    payload: Option<S>,
    chunk: Bytes,
    decoder: Decoder,
}

impl<S> FrameStream<S> {
    /// Reads frames of a client from `payload`; `budget` is the one of all sockets.
    pub fn new(payload: S, limits: FrameLimits, budget: Arc<InboundBudget>) -> Self {
        Self { payload: Some(payload), chunk: Bytes::new(), decoder: Decoder::new(limits, budget) }
    }

    fn finish(&mut self) {
        self.payload = None;
        self.chunk = Bytes::new();
        self.decoder.discard();
    }
}

impl<S, E> Stream for FrameStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    type Item = Result<InboundFrame, FrameEnd>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        for _ in 0..STEPS_PER_POLL {
            let Some(payload) = this.payload.as_mut() else {
                return Poll::Ready(None);
            };
            if this.chunk.is_empty() {
                match payload.poll_next_unpin(context) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(Some(Ok(chunk))) => this.chunk = chunk,
                    Poll::Ready(Some(Err(_)) | None) => {
                        this.finish();
                        return Poll::Ready(Some(Err(FrameEnd::PeerGone)));
                    }
                }
            }
            let step = this.decoder.step(&mut this.chunk);
            if this.chunk.is_empty() {
                // An empty slice still pins the server's read buffer it was cut from.
                this.chunk = Bytes::new();
            }
            match step {
                Ok(None) => {}
                Ok(Some(frame)) => {
                    if matches!(frame, InboundFrame::Close(_)) {
                        this.finish();
                    }
                    return Poll::Ready(Some(Ok(frame)));
                }
                Err(end) => {
                    this.finish();
                    return Poll::Ready(Some(Err(end)));
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}
