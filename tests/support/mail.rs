//! A mail server that takes everything and keeps it; plain, for scenarios.
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// A mail as it came.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub to: Vec<String>,
    pub data: String,
}

/// The server, on a free port of this machine.
pub struct MailServer {
    pub port: u16,
    mails: mpsc::UnboundedReceiver<Mail>,
}

impl MailServer {
    /// A running server.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = mpsc::unbounded_channel();
        actix_web::rt::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                // A client that hangs up is no failure of the server.
                drop(serve(stream, &sender).await);
            }
        });
        Self { port, mails }
    }

    /// The next mail.
    pub async fn next(&mut self, deadline: Duration) -> Mail {
        tokio::time::timeout(deadline, self.mails.recv()).await.expect("a mail in time").unwrap()
    }
}

async fn serve(stream: TcpStream, mails: &mpsc::UnboundedSender<Mail>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    let mut mail = Mail::default();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer: &[u8] = match line.split([' ', ':']).next().unwrap_or_default().trim() {
            "RCPT" => {
                mail.to.extend(line.split(['<', '>']).nth(1).map(str::to_owned));
                b"250 ok\r\n"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut data = Vec::new();
                while !data.ends_with(b"\r\n.\r\n") {
                    data.push(stream.read_u8().await?);
                }
                mail.data = String::from_utf8(data).unwrap();
                mails.send(mail.clone()).unwrap();
                b"250 queued\r\n"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await?;
    }
}
