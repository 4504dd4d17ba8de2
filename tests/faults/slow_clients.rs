//! Clients that send a byte now and then: each ends with a time-out, and nobody else notices.
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::one_command;
use crate::on_both;
use crate::support::database::Backend;
use crate::support::instance::resident_kib;
use crate::support::server::TestServer;

on_both!(slow_heads_and_bodies);

/// Longer than every time-out that is tried here.
const LONGEST: Duration = Duration::from_secs(40);

/// Sends `whole` at once, then `dripping` a byte at a time for ever; what the server says until it ends the connection.
async fn drip(address: SocketAddr, whole: &str, dripping: u8) -> String {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let whole = whole.to_owned();
    let writes = async move {
        if writer.write_all(whole.as_bytes()).await.is_ok() {
            while dripping != 0 && writer.write_all(&[dripping]).await.is_ok() {
                sleep(Duration::from_millis(300)).await;
            }
        }
        std::future::pending::<()>().await;
        drop(writer);
    };
    let mut said = Vec::new();
    let reads = timeout(LONGEST, reader.read_to_end(&mut said));
    tokio::select! {
        ended = reads => match ended.expect("a slow client is cut off") {
            Ok(_) => {}
            Err(reset) => said.extend(format!("({reset})").into_bytes()),
        },
        () = writes => {}
    }
    String::from_utf8_lossy(&said).into_owned()
}

async fn slow_heads_and_bodies(backend: Backend) {
    let server = TestServer::builder(backend)
        .set("limits.enabled", false)
        .set("server.request_head_timeout_ms", 1_500)
        .set("presence.native_offline_secs", 4)
        .set("presence.heartbeat_interval_ms", 1_000)
        .start()
        .await;
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    one_command(&phone, &rest, &robot.robot_id, "before").await;
    let before_kib = resident_kib(server.program().pid());
    let address: SocketAddr = server.url().trim_start_matches("http://").parse().unwrap();
    let body = "POST /api/robot-ids/verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{";
    let chunked = "POST /api/robot-ids/verify HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n3";
    let upgrade = format!(
        "GET /ws/connect?token={} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Vers",
        robot.token
    );
    let kinds: [(&str, &str, u8, &str); 6] = [
        ("slow head", "GET /healthz HTTP/1.1\r\nX-Slow: ", b'a', "408"),
        ("silent", "", 0, "408"),
        ("head without end", "GET /healthz HTTP/1.1\r\nHost: a\r\n", 0, "408"),
        ("slow upgrade", &upgrade, b'i', "408"),
        ("slow body", body, b' ', "408"),
        ("slow chunk size", chunked, b'0', "4"),
    ];
    let clients = join_all(kinds.iter().map(async |(name, whole, byte, status)| {
        let answers = join_all((0..60).map(|_| drip(address, whole, *byte))).await;
        for answer in &answers {
            let is_told = answer.is_empty() || answer.starts_with(&format!("HTTP/1.1 {status}"));
            assert!(is_told || answer.starts_with('('), "{name}: {answer}");
        }
        let told = answers.iter().filter(|answer| answer.starts_with("HTTP/1.1 4")).count();
        println!("{backend:?}: {name}: {} ended, {told} of them with a status", answers.len());
    }));
    let mut commands = 0;
    let others = async {
        loop {
            one_command(&phone, &rest, &robot.robot_id, "beside").await;
            commands += 1;
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        _ended = clients => {}
        () = others => {}
    }
    let after_kib = resident_kib(server.program().pid());
    println!("{backend:?}: {commands} commands beside them; {before_kib} KiB before, {after_kib} KiB after");
    assert!(commands > 20, "{commands} commands went through beside the slow clients");
    assert!(after_kib < before_kib + 40 * 1_024, "{before_kib} KiB before, {after_kib} KiB after");
    assert_eq!(phone.counters().connects, 1);
    one_command(&phone, &rest, &robot.robot_id, "after").await;
}
