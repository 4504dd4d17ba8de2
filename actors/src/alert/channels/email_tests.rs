//! E-mail against a mail server of our own: plain, STARTTLS, TLS, with and without login, and one that refuses.
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use workbot_schema::notification_channels::{ChannelType, NotificationChannel};

use super::scene_tests::{LONG, sealed, sending, tools};
use super::{SendError, Sent};

/// What came in.
#[derive(Debug, Clone, Default, PartialEq)]
struct Mail {
    is_secret: bool,
    login: Option<String>,
    from: String,
    to: Vec<String>,
    data: String,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    Starttls,
    Tls,
    /// Knows no STARTTLS although it should.
    Downgraded,
    /// Refuses every receiver for good.
    NoReceiver,
    /// Is too busy.
    Busy,
}

/// A mail server on a free port.
struct MailServer {
    port: u16,
    ca: String,
    mails: mpsc::UnboundedReceiver<Mail>,
}

impl MailServer {
    async fn start(kind: Kind) -> Self {
        let (ca, acceptor) = certificates();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _peer)) = listener.accept().await {
                // A client that hangs up is no failure of the server.
                drop(serve(stream, kind, acceptor.clone(), sender.clone()).await);
            }
        });
        Self { port, ca, mails }
    }

    async fn mail(&mut self) -> Mail {
        tokio::time::timeout(LONG, self.mails.recv()).await.unwrap().unwrap()
    }
}

/// A certificate authority, and a server certificate of it for `localhost`.
fn certificates() -> (String, TlsAcceptor) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let leaf =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], key)
        .unwrap();
    (issuer.pem(), TlsAcceptor::from(Arc::new(config)))
}

async fn serve(
    stream: TcpStream,
    kind: Kind,
    acceptor: TlsAcceptor,
    mails: mpsc::UnboundedSender<Mail>,
) -> std::io::Result<()> {
    if kind == Kind::Tls {
        let stream = acceptor.accept(stream).await?;
        return talk(stream, kind, true, true, &mails).await.map(drop);
    }
    if let Some(stream) = talk(stream, kind, false, true, &mails).await? {
        let stream = acceptor.accept(stream).await?;
        talk(stream, kind, true, false, &mails).await?;
    }
    Ok(())
}

/// One conversation; gives the stream back when the client wants encryption.
async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    kind: Kind,
    is_secret: bool,
    greets: bool,
    mails: &mpsc::UnboundedSender<Mail>,
) -> std::io::Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    if greets {
        stream.write_all(b"220 mail.test ESMTP\r\n").await?;
    }
    let mut mail = Mail { is_secret, ..Mail::default() };
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        let command = line.trim_end().to_owned();
        let word = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" if kind == Kind::Starttls && !is_secret => "250-mail.test\r\n250 STARTTLS\r\n".to_owned(),
            "EHLO" => "250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
            "STARTTLS" => {
                stream.write_all(b"220 go ahead\r\n").await?;
                return Ok(Some(stream.into_inner()));
            }
            "AUTH" => {
                let token = command.rsplit(' ').next().unwrap_or_default();
                mail.login =
                    Some(String::from_utf8(STANDARD.decode(token).unwrap()).unwrap().replace('\0', ":"));
                "235 ok\r\n".to_owned()
            }
            "MAIL" if kind == Kind::Busy => "451 try later\r\n".to_owned(),
            "MAIL" => {
                mail.from = address(&command);
                "250 ok\r\n".to_owned()
            }
            "RCPT" if kind == Kind::NoReceiver => "550 no such user\r\n".to_owned(),
            "RCPT" => {
                mail.to.push(address(&command));
                "250 ok\r\n".to_owned()
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut data = Vec::new();
                while !data.ends_with(b"\r\n.\r\n") {
                    data.push(stream.read_u8().await?);
                }
                mail.data = String::from_utf8(data).unwrap();
                mails.send(mail.clone()).unwrap();
                "250 queued\r\n".to_owned()
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(None);
            }
            _ => "250 ok\r\n".to_owned(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

fn address(command: &str) -> String {
    command.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn channel(server: &MailServer, security: &str, more: Value) -> NotificationChannel {
    let mut config = json!({
        "host": "localhost", "port": server.port, "security": security, "from": "WorkBot <bot@example.com>",
        "to": ["a@example.com", "值班 <b@example.com>"], "caCertificate": server.ca,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    sealed(ChannelType::Email, config, &[("password", "geheim")])
}

async fn send(channel: &NotificationChannel) -> Result<Sent, SendError> {
    tokio::time::timeout(LONG, tools().send(channel, &sending("风险词"))).await.unwrap()
}

#[tokio::test]
async fn a_mail_arrives_by_every_security() {
    for (kind, security, is_secret) in
        [(Kind::Plain, "none", false), (Kind::Starttls, "starttls", true), (Kind::Tls, "tls", true)]
    {
        let mut server = MailServer::start(kind).await;
        let login = json!({"username": "bot@example.com"});
        let sent = send(&channel(&server, security, login)).await.unwrap();
        assert!(sent.detail.contains("2 个") && sent.records.is_empty(), "{}", sent.detail);
        let mail = server.mail().await;
        assert_eq!(mail.is_secret, is_secret, "{security}");
        assert_eq!(mail.login.as_deref(), Some(":bot@example.com:geheim"));
        assert_eq!((mail.from.as_str(), mail.to.len()), ("bot@example.com", 2));
        let id = sending("").id;
        assert!(mail.data.contains(&format!("Message-ID: <{id}@example.com>")), "{}", mail.data);
        assert!(mail.data.contains("Subject: =?utf-8?b?"), "{}", mail.data);
    }
}

#[tokio::test]
async fn without_a_user_nobody_logs_in() {
    let mut server = MailServer::start(Kind::Plain).await;
    send(&channel(&server, "none", json!({}))).await.unwrap();
    assert_eq!(server.mail().await.login, None);
}

#[tokio::test]
async fn encryption_that_was_asked_for_is_never_given_up() {
    let mut server = MailServer::start(Kind::Downgraded).await;
    let login = json!({"username": "bot@example.com"});
    assert!(send(&channel(&server, "starttls", login)).await.is_err());
    assert!(server.mails.try_recv().is_err(), "nothing was said in plain");
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    let server = MailServer::start(Kind::Tls).await;
    let stranger = MailServer::start(Kind::Plain).await;
    let mut channel = channel(&server, "tls", json!({}));
    channel.config.0["caCertificate"] = json!(stranger.ca);
    let error = send(&channel).await.unwrap_err();
    assert!(error.to_string().to_lowercase().contains("certificate"), "{error}");
    // The right authority, but another name.
    let mut channel = self::channel(&server, "tls", json!({}));
    channel.config.0["host"] = json!("127.0.0.1");
    assert!(send(&channel).await.is_err());
}

#[tokio::test]
async fn refusals_stay_and_busy_servers_are_asked_again() {
    let server = MailServer::start(Kind::NoReceiver).await;
    let error = send(&channel(&server, "none", json!({}))).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(text) if text.contains("550")), "{error:?}");
    let server = MailServer::start(Kind::Busy).await;
    let error = send(&channel(&server, "none", json!({}))).await.unwrap_err();
    assert!(matches!(error, SendError::Later(_)), "{error:?}");
    let mut gone = channel(&server, "none", json!({}));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    gone.config.0["port"] = json!(listener.local_addr().unwrap().port());
    drop(listener);
    let error = send(&gone).await.unwrap_err();
    assert!(matches!(error, SendError::Later(_)), "{error:?}");
}
