//! One open socket of a phone: writing with a deadline, reading until the close frame.
use std::collections::VecDeque;
use std::time::Duration;

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use crate::error::SimError;
use crate::link::{Socket, reset_on_drop};
use crate::time::millis;

/// Unanswered keep-alives remembered; more are sent but prove nothing.
const PROBES_MAX: usize = 1_000;
/// How long a failed write looks for the close frame that explains it.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Why a connection is over.
#[derive(Debug)]
pub(super) enum End {
    /// The server or the network ended it.
    Other(SimError),
    /// This phone dropped it, by its behaviour or on request.
    Own,
    /// The handle wants a new connection at once.
    Reconnect,
    /// The phone is to stop.
    Stop,
}

pub(super) type Step<T> = Result<T, End>;

#[derive(Debug)]
pub(super) struct Line {
    socket: Socket,
    /// From 1, over the phone's life.
    pub number: u64,
    pub is_online: bool,
    pub ready_by: Instant,
    pub is_reading: bool,
    pub is_silent: bool,
    /// Ends this phone's stall by dropping the connection.
    pub stalled_until: Option<Instant>,
    pub heartbeat_every: Option<Duration>,
    pub heartbeat_due: Option<Instant>,
    pub probes: VecDeque<Instant>,
    has_unflushed: bool,
    write_timeout: Duration,
}

impl Line {
    pub(super) fn new(socket: Socket, number: u64, ready_by: Instant, write_timeout: Duration) -> Self {
        Self {
            socket,
            number,
            is_online: false,
            ready_by,
            is_reading: true,
            is_silent: false,
            stalled_until: None,
            heartbeat_every: None,
            heartbeat_due: None,
            probes: VecDeque::new(),
            has_unflushed: false,
            write_timeout,
        }
    }

    /// Buffers a message; `flush` sends it.
    pub(super) async fn write(&mut self, message: Message) -> Step<()> {
        self.has_unflushed = true;
        let written = timeout(self.write_timeout, self.socket.feed(message)).await;
        self.judge(written.ok()).await
    }

    /// Sends what is buffered, within the write time-out.
    pub(super) async fn flush(&mut self) -> Step<()> {
        if !self.has_unflushed {
            return Ok(());
        }
        self.has_unflushed = false;
        let flushed = timeout(self.write_timeout, self.socket.flush()).await;
        self.judge(flushed.ok()).await
    }

    /// Waits for the next message.
    pub(super) async fn read(&mut self) -> Step<Message> {
        let read = self.socket.next().await;
        self.understand(read)
    }

    /// The next message if it is there already.
    pub(super) fn read_ready(&mut self) -> Option<Step<Message>> {
        let read = self.socket.next().now_or_never()?;
        Some(self.understand(read))
    }

    pub(super) fn note_probe(&mut self, now: Instant) {
        if self.probes.len() < PROBES_MAX {
            self.probes.push_back(now);
        }
    }

    /// Sends what is buffered, then drops the connection at the end of the caller's scope.
    pub(super) async fn prepare_drop(&mut self, reset: bool) {
        if let Err(end) = self.flush().await {
            log::debug!("flush before dropping the socket failed: {end:?}");
        }
        if reset && let Err(error) = reset_on_drop(&self.socket) {
            log::debug!("reset of the socket failed: {error}");
        }
    }

    /// Closes in good order and waits shortly for the answer, not for the end of the connection.
    pub(super) async fn close(&mut self, code: u16, reason: String) {
        let frame = CloseFrame { code: code.into(), reason: reason.into() };
        let closing = async {
            self.socket.close(Some(frame)).await?;
            while let Some(read) = self.socket.next().await {
                if matches!(read?, Message::Close(_)) {
                    break;
                }
            }
            Ok::<(), WsError>(())
        };
        match timeout(Duration::from_secs(1), closing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => log::debug!("close ended with: {error}"),
            Err(elapsed) => log::debug!("close was not answered: {elapsed}"),
        }
    }

    async fn judge(&mut self, written: Option<Result<(), WsError>>) -> Step<()> {
        let error = match written {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => SimError::Lost(error.to_string()),
            None => SimError::Deadline { wanted: "write".into(), after_ms: millis(self.write_timeout) },
        };
        let words = async {
            loop {
                match self.read().await {
                    Ok(_message) => {}
                    Err(end) => return end,
                }
            }
        };
        match timeout(LAST_WORDS, words).await {
            Ok(End::Other(closed @ SimError::Closed { .. })) => Err(End::Other(closed)),
            _ => Err(End::Other(error)),
        }
    }

    fn understand(&mut self, read: Option<Result<Message, WsError>>) -> Step<Message> {
        let error = match read {
            Some(Ok(Message::Close(frame))) => {
                let (code, reason) = frame
                    .map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
                SimError::Closed { code, reason }
            }
            Some(Ok(message)) => {
                self.has_unflushed |= matches!(message, Message::Ping(_));
                return Ok(message);
            }
            Some(Err(error)) => SimError::Lost(error.to_string()),
            None => SimError::Lost("end of stream".into()),
        };
        Err(End::Other(error))
    }
}
