//! The listening server: sockets, workers, time-outs. Signals are ours, not its.
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::HttpServer;
use actix_web::dev::Server;
use actix_web::rt::net::TcpStream;
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::state::Edge;

/// Connections the kernel holds until a worker takes them.
const BACKLOG: i32 = 4_096;
/// A peer that acknowledges nothing for so long is gone (RFC 5482).
const USER_TIMEOUT: Duration = Duration::from_secs(30);
/// An idle connection is closed after this.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Bytes the kernel buffers for a slow reader: what is sent to a frozen phone stays small.
const SEND_BUFFER: usize = 256 * 1_024;
/// A worker that stops waits for its requests so long.
const SHUTDOWN_SECS: u64 = 5;

/// A server that is bound and ready to be run.
pub struct Bound {
    /// Where it listens, with the port the system gave.
    pub address: SocketAddr,
    /// To be awaited; its handle stops it.
    pub server: Server,
}

/// Binds and prepares the server; requests are answered 503 until the edge is opened.
pub fn bind(edge: Edge) -> io::Result<Bound> {
    let settings = &edge.settings().server;
    let host: IpAddr =
        settings.host.parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let listener = listen(SocketAddr::new(host, settings.port))?;
    let address = listener.local_addr()?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if settings.workers == 0 { cores } else { settings.workers };
    let (connections, head) = (settings.connections_per_worker, settings.request_head_timeout_ms);
    let accepting = edge.clone();
    let server = HttpServer::new(move || super::app(edge.clone()))
        .workers(workers)
        .max_connections(connections)
        .client_request_timeout(Duration::from_millis(head))
        .client_disconnect_timeout(Duration::from_secs(2))
        .keep_alive(KEEP_ALIVE)
        .shutdown_timeout(SHUTDOWN_SECS)
        .disable_signals()
        .on_connect(move |connection, _extensions| {
            accepting.counters().connections.add(1);
            if let Some(stream) = connection.downcast_ref::<TcpStream>() {
                tune(stream);
            }
        })
        .listen(listener)?
        .run();
    Ok(Bound { address, server })
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        // `::` listens on IPv4 as well.
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Small packets go at once, and a peer that vanished is noticed without our writing to it being read.
fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_tcp_user_timeout(Some(USER_TIMEOUT)))
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER));
    if let Err(error) = tuned {
        log::debug!(error:% = error; "a connection could not be tuned");
    }
}

#[cfg(test)]
mod tests {
    use actix_web::rt::time::timeout;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use workbot_actors::kernel::Clock;

    use super::*;
    use crate::settings::Settings;

    async fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    #[actix_web::test]
    async fn answers_before_anything_is_started_and_cuts_slow_heads() {
        let mut settings = Settings::default();
        settings.server.host = "127.0.0.1".to_owned();
        settings.server.port = 0;
        settings.server.workers = 1;
        settings.server.request_head_timeout_ms = 100;
        let edge = Edge::new(std::sync::Arc::new(settings), Clock::system());
        let Bound { address, server } = bind(edge.clone()).unwrap();
        assert_ne!(address.port(), 0);
        let handle = server.handle();
        let running = actix_web::rt::spawn(server);
        let close = "Host: a\r\nConnection: close\r\n\r\n";
        let alive = ask(address, &format!("GET /healthz HTTP/1.1\r\n{close}")).await;
        assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
        let gated = ask(address, &format!("GET /readyz HTTP/1.1\r\n{close}")).await;
        assert!(gated.starts_with("HTTP/1.1 503") && gated.contains("\"error\":\"unavailable\""), "{gated}");
        let slow = ask(address, "GET /healthz HTTP/1.1\r\nHost:").await;
        assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");
        assert_eq!(edge.counters().connections.get(), 3);
        handle.stop(true).await;
        timeout(Duration::from_secs(30), running).await.unwrap().unwrap().unwrap();
    }
}
