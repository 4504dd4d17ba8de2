//! A lean phone: one socket, prefix matching instead of parsing, one shared read buffer.
use std::cell::{Cell, RefCell};
use std::io::{Error, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::time::{Instant, MissedTickBehavior};

use crate::ledger::{Ledger, number_in};
use crate::socket_frame::{self, Frame};

/// A heartbeat so often.
const HEARTBEAT: Duration = Duration::from_secs(12);
/// A connect may take so long.
const PATIENCE: Duration = Duration::from_secs(20);
/// After a failure the next try comes then.
const AGAIN: Duration = Duration::from_millis(100);
/// Connects under way at once.
const CONNECTING: usize = 256;
const SCRATCH: usize = 65_536;

const COMMAND: &[u8] = br#"{"type":"command","data":{"commandId":""#;
const CONNECTED: &[u8] = br#"{"type":"connected""#;
const REDELIVERED: &[u8] = br#""redelivered":true"#;

/// What all phones of a run share.
pub struct Shared {
    /// Where to connect to.
    pub server: Cell<SocketAddr>,
    /// Who counts.
    pub ledger: RefCell<Rc<Ledger>>,
    /// Whether results are reported after the acks.
    pub is_reporting: Cell<bool>,
    /// Phones whose last word from the server was that they are connected.
    pub connected: Cell<usize>,
    /// The number above changed.
    pub changed: Notify,
    /// Tries to connect that failed.
    pub failures: Cell<u64>,
    /// Sockets that ended.
    pub ends: Cell<u64>,
    /// Commands in which no number was found.
    pub strange: Cell<u64>,
    connecting: Semaphore,
    scratch: RefCell<Vec<u8>>,
}

impl Shared {
    /// Nothing is connected yet.
    pub fn new(server: SocketAddr) -> Self {
        Self {
            server: Cell::new(server),
            ledger: RefCell::new(Rc::new(Ledger::default())),
            is_reporting: Cell::new(false),
            connected: Cell::new(0),
            changed: Notify::new(),
            failures: Cell::new(0),
            ends: Cell::new(0),
            strange: Cell::new(0),
            connecting: Semaphore::new(CONNECTING),
            scratch: RefCell::new(vec![0; SCRATCH]),
        }
    }

    fn count(&self, is_connected: bool) {
        let count = self.connected.get();
        self.connected.set(if is_connected { count + 1 } else { count.saturating_sub(1) });
        self.changed.notify_waiters();
    }
}

/// Bytes of the upgrade request of one phone.
pub fn upgrade_request(path: &str, token: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    .into_bytes()
}

/// A loopback address of its own for each phone, so that ports never run out.
pub fn source_of(index: usize) -> IpAddr {
    let part = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
    IpAddr::V4(Ipv4Addr::new(127, 10 + part(index / 62_500), part(index / 250 % 250), part(index % 250) + 1))
}

/// Keeps one phone connected until the task is aborted.
pub async fn run(shared: Rc<Shared>, index: usize, upgrade: Vec<u8>) {
    loop {
        let Ok(permit) = shared.connecting.acquire().await else { return };
        let opened = tokio::time::timeout(PATIENCE, open(&shared, index, &upgrade)).await;
        match opened {
            Ok(Ok((stream, rest))) => {
                drop(permit);
                let mut phone = Phone { shared: &shared, is_connected: false, out: Vec::new() };
                // However it ended, the phone comes back.
                phone.serve(&stream, rest).await.unwrap_or_default();
                if phone.is_connected {
                    shared.count(false);
                }
                shared.ends.set(shared.ends.get() + 1);
            }
            Ok(Err(_)) | Err(_) => {
                shared.failures.set(shared.failures.get() + 1);
                // The permit is kept meanwhile: a server that is away is not asked by everybody.
                tokio::time::sleep(AGAIN).await;
                drop(permit);
            }
        }
    }
}

async fn open(shared: &Shared, index: usize, upgrade: &[u8]) -> std::io::Result<(TcpStream, Vec<u8>)> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(source_of(index), 0))?;
    let mut stream = socket.connect(shared.server.get()).await?;
    stream.set_nodelay(true)?;
    stream.write_all(upgrade).await?;
    let mut head = Vec::with_capacity(512);
    loop {
        if stream.read_buf(&mut head).await? == 0 {
            return Err(Error::from(ErrorKind::UnexpectedEof));
        }
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            if !head.starts_with(b"HTTP/1.1 101") {
                return Err(Error::other("the upgrade was refused"));
            }
            return Ok((stream, head.split_off(end + 4)));
        }
    }
}

struct Phone<'a> {
    shared: &'a Shared,
    is_connected: bool,
    out: Vec<u8>,
}

impl Phone<'_> {
    async fn serve(&mut self, stream: &TcpStream, rest: Vec<u8>) -> std::io::Result<()> {
        let mut partial = rest;
        let mut heartbeat = tokio::time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        if !partial.is_empty() {
            let used = self.frames(&partial);
            partial.drain(..used);
        }
        loop {
            self.flush(stream).await?;
            tokio::select! {
                biased;
                ready = stream.readable() => ready?,
                _now = heartbeat.tick() => {
                    socket_frame::write(&mut self.out, socket_frame::TEXT, &[br#"{"type":"ping"}"#]);
                    continue;
                }
            }
            let mut scratch = self.shared.scratch.borrow_mut();
            let count = match stream.try_read(&mut scratch) {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            };
            let bytes = scratch.get(..count).unwrap_or_default();
            if partial.is_empty() {
                let used = self.frames(bytes);
                partial.extend_from_slice(bytes.get(used..).unwrap_or_default());
            } else {
                partial.extend_from_slice(bytes);
                let used = self.frames(&partial);
                partial.drain(..used);
            }
            if partial.is_empty() {
                partial = Vec::new();
            }
        }
    }

    /// Takes all whole frames; how many bytes that was.
    fn frames(&mut self, bytes: &[u8]) -> usize {
        let mut used = 0;
        while let Some(frame) = socket_frame::read(bytes.get(used..).unwrap_or_default()) {
            used += frame.length;
            self.frame(&frame);
        }
        used
    }

    fn frame(&mut self, frame: &Frame<'_>) {
        match frame.opcode {
            socket_frame::TEXT => {}
            socket_frame::PING => {
                socket_frame::write(&mut self.out, socket_frame::PONG, &[frame.payload]);
                return;
            }
            socket_frame::CLOSE => {
                socket_frame::write(&mut self.out, socket_frame::CLOSE, &[frame.payload]);
                return;
            }
            _ => return,
        }
        let payload = frame.payload;
        if let Some(rest) = payload.strip_prefix(COMMAND) {
            let id = rest.split(|byte| *byte == b'"').next().unwrap_or_default();
            match number_in(rest) {
                Some(number) => {
                    // The mark stands behind the content; only a second push has it.
                    let is_redelivered = rest.windows(REDELIVERED.len()).any(|bytes| bytes == REDELIVERED);
                    self.shared.ledger.borrow().receive(number, is_redelivered);
                }
                None => self.shared.strange.set(self.shared.strange.get() + 1),
            }
            let ack: &[&[u8]] = &[br#"{"type":"ack","data":{"commandId":""#, id, br#""}}"#];
            socket_frame::write(&mut self.out, socket_frame::TEXT, ack);
            if self.shared.is_reporting.get() {
                let tail = r#"","status":"success","errorCode":0,"successList":["张三"],"failList":[],"executionTimeMs":120}}"#;
                let result: &[&[u8]] = &[br#"{"type":"result","data":{"commandId":""#, id, tail.as_bytes()];
                socket_frame::write(&mut self.out, socket_frame::TEXT, result);
            }
        } else if payload.starts_with(CONNECTED) && !self.is_connected {
            self.is_connected = true;
            self.shared.count(true);
        }
    }

    async fn flush(&mut self, stream: &TcpStream) -> std::io::Result<()> {
        let mut sent = 0;
        while sent < self.out.len() {
            match stream.try_write(self.out.get(sent..).unwrap_or_default()) {
                Ok(count) => sent += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        Ok(())
    }
}
