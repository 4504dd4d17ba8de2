//! One keep-alive HTTP/1.1 connection to a server that is known: prepared bytes out, status and body in.
use std::io::{Error, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(20);
const HEAD_END: &[u8] = b"\r\n\r\n";
const LENGTH: &[u8] = b"content-length:";

/// A connection; answers must tell their length.
pub struct HttpClient {
    stream: TcpStream,
    buffer: Vec<u8>,
    body_at: usize,
}

impl HttpClient {
    /// Connects.
    pub async fn connect(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(2_048), body_at: 0 })
    }

    /// Sends a whole request and reads its whole answer; the status.
    pub async fn call(&mut self, request: &[u8]) -> std::io::Result<u16> {
        match tokio::time::timeout(PATIENCE, self.exchange(request)).await {
            Ok(status) => status,
            Err(_elapsed) => Err(Error::new(ErrorKind::TimedOut, "no answer in time")),
        }
    }

    /// A GET; status and body.
    pub async fn get(&mut self, path: &str) -> std::io::Result<(u16, String)> {
        let status = self.call(format!("GET {path} HTTP/1.1\r\nHost: load\r\n\r\n").as_bytes()).await?;
        Ok((status, String::from_utf8_lossy(self.body()).into_owned()))
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        self.buffer.get(self.body_at..).unwrap_or_default()
    }

    async fn exchange(&mut self, request: &[u8]) -> std::io::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut needed = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            if needed.is_none()
                && let Some(end) = self.buffer.windows(HEAD_END.len()).position(|bytes| bytes == HEAD_END)
            {
                self.body_at = end + HEAD_END.len();
                needed = Some(self.body_at + length_of(self.buffer.get(..end).unwrap_or_default()));
            }
            if needed.is_some_and(|needed| self.buffer.len() >= needed) {
                return status_of(&self.buffer)
                    .ok_or_else(|| Error::new(ErrorKind::InvalidData, "no status"));
            }
        }
    }
}

fn status_of(head: &[u8]) -> Option<u16> {
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

fn length_of(head: &[u8]) -> usize {
    head.split(|byte| *byte == b'\n')
        .find_map(|line| {
            let is_length = line.get(..LENGTH.len())?.eq_ignore_ascii_case(LENGTH);
            let value = is_length.then(|| line.get(LENGTH.len()..))??;
            std::str::from_utf8(value).ok()?.trim().parse().ok()
        })
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let head = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 12\r\nretry-after: 3";
        assert_eq!((status_of(head), length_of(head)), (Some(429), 12));
        assert_eq!(length_of(b"HTTP/1.1 204 No Content"), 0);
    }
}
