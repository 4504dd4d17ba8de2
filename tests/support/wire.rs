//! A WebSocket written by hand, byte by byte, for frames that no library would send.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(60);

/// The header of a masked frame with this first byte and declared length; the mask is zero, so that bytes go as they are.
pub fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(0x80 | u8::try_from(length).unwrap()),
        126..65_536 => {
            header.push(0x80 | 126);
            header.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend([0; 4]);
    header
}

/// A whole masked frame.
pub fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, u64::try_from(payload.len()).unwrap());
    frame.extend(payload);
    frame
}

/// The two ways of an upgraded connection.
pub struct Wire {
    reader: OwnedReadHalf,
    writer: OwnedWriteHalf,
}

impl Wire {
    /// Upgrades with a token.
    pub async fn open(url: &str, token: &str) -> Self {
        let address = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET /ws/connect?token={token} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(DEADLINE, stream.read_u8()).await.unwrap().unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        let (reader, writer) = stream.into_split();
        Self { reader, writer }
    }

    /// Writes bytes until they are written or the server has had enough; whether all were taken.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        timeout(DEADLINE, self.writer.write_all(bytes)).await.expect("the server reads or hangs up").is_ok()
    }

    /// Reads so many bytes of whatever comes, and no more.
    pub async fn read(&mut self, count: usize) {
        let mut bytes = vec![0; count];
        timeout(DEADLINE, self.reader.read_exact(&mut bytes)).await.expect("bytes in time").unwrap();
    }

    /// Reads frames until the close frame; its code, or none when the connection ends without one.
    pub async fn close_code(&mut self) -> Option<u16> {
        timeout(DEADLINE, close_code(&mut self.reader)).await.expect("an end in time")
    }

    /// Writes a chunk again and again while reading; the close code.
    pub async fn close_code_of_flood(mut self, chunk: Vec<u8>, times: usize) -> Option<u16> {
        let mut writer = self.writer;
        let writes = tokio::spawn(async move {
            for _ in 0..times {
                if writer.write_all(&chunk).await.is_err() {
                    break;
                }
            }
            // Kept open: the server has to end it.
            std::future::pending::<()>().await;
            drop(writer);
        });
        let code = timeout(DEADLINE, close_code(&mut self.reader)).await.expect("an end in time");
        writes.abort();
        code
    }
}

async fn close_code(reader: &mut OwnedReadHalf) -> Option<u16> {
    loop {
        let first = reader.read_u8().await.ok()?;
        let length = match reader.read_u8().await.ok()? {
            126 => u64::from(reader.read_u16().await.ok()?),
            127 => reader.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        reader.read_exact(&mut payload).await.ok()?;
        if first & 0x0f == 8 {
            return Some(payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code)));
        }
    }
}
