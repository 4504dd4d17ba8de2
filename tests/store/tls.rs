//! What goes over the wire to PostgreSQL before anything else: encryption is asked for when the URL does, and never given up.
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use workbot_schema::store::{Db, StoreOptions};

/// The request for encryption (PostgreSQL protocol, SSLRequest): length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// A TLS handshake record.
const HANDSHAKE: u8 = 22;

/// The first eight bytes a client sends, and the first byte after the server's answer to them (`None` = it hung up).
async fn opening(sslmode: &str, answer: u8) -> ([u8; 8], Option<u8>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("postgres://workbot:secret@127.0.0.1:{port}/workbot?sslmode={sslmode}");
    let client = actix_web::rt::spawn(async move { Db::open(&StoreOptions::new(url)).await.map(drop) });
    let served = async {
        let (mut stream, _address) = listener.accept().await.unwrap();
        let mut first = [0; 8];
        stream.read_exact(&mut first).await.unwrap();
        stream.write_all(&[answer]).await.unwrap();
        let mut next = [0];
        let read = stream.read(&mut next).await.unwrap_or(0);
        (first, (read > 0).then_some(next[0]))
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), served).await.unwrap();
    client.abort();
    seen
}

#[actix_web::test]
async fn a_url_that_asks_for_encryption_never_goes_on_in_plain_text() {
    for sslmode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(opening(sslmode, b'N').await, (SSL_REQUEST, None), "{sslmode}: refused by the server");
        assert_eq!(opening(sslmode, b'S').await, (SSL_REQUEST, Some(HANDSHAKE)), "{sslmode}: granted");
    }
}

#[actix_web::test]
async fn a_url_that_does_not_ask_is_plain() {
    let (first, _next) = opening("disable", b'N').await;
    assert_ne!(first, SSL_REQUEST);
}
