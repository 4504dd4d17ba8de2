//! Opening the socket: address, source spread, upgrade, and the abrupt end.
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error as WsError, http};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use url::Url;

use crate::dialect::Upgrade;
use crate::error::SimError;
use crate::time::within;

/// An open phone socket.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Phones per loopback source address: few enough for a server's cap on sockets per address.
const PHONES_PER_SOURCE: u32 = 64;
/// Read buffer of a phone; the library's own default would cost gigabytes for a large fleet.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Where to connect.
#[derive(Debug, Clone)]
pub struct Target {
    /// `http`, `https`, `ws` or `wss`; a path before the dialect's own is kept.
    pub base: Url,
    /// Local address to connect from, honoured for IPv4 loopback targets only.
    pub source: Option<Ipv4Addr>,
}

/// Reads a base address such as `http://127.0.0.1:5000`.
pub fn parse_base(text: &str) -> Result<Url, SimError> {
    let url = Url::parse(text).map_err(|error| SimError::Address(format!("{text}: {error}")))?;
    match (url.scheme(), url.host_str()) {
        ("http" | "https" | "ws" | "wss", Some(_)) => Ok(url),
        _ => Err(SimError::Address(format!("{text}: needs http, https, ws or wss and a host"))),
    }
}

/// The loopback source for a phone index: 64 phones share one of 127.1.0.1, 127.1.0.2, …
pub fn source_for(index: u32) -> Ipv4Addr {
    let number = index / PHONES_PER_SOURCE;
    let part = |value: u32| u8::try_from(value).unwrap_or(u8::MAX);
    Ipv4Addr::new(
        127,
        part(1 + (number / (254 * 256)) % 250),
        part((number / 254) % 256),
        part(1 + number % 254),
    )
}

/// Connects and upgrades within `deadline`.
pub async fn open(target: &Target, upgrade: &Upgrade, deadline: Duration) -> Result<Socket, SimError> {
    within(deadline, "open socket", open_now(target, upgrade)).await?
}

/// Ends the connection with a TCP reset when it is dropped next.
pub fn reset_on_drop(socket: &Socket) -> Result<(), SimError> {
    let stream = match socket.get_ref() {
        MaybeTlsStream::Plain(stream) => stream,
        MaybeTlsStream::Rustls(stream) => stream.get_ref().0,
        _ => return Ok(()),
    };
    stream.set_zero_linger().map_err(|error| SimError::Lost(error.to_string()))
}

async fn open_now(target: &Target, upgrade: &Upgrade) -> Result<Socket, SimError> {
    let stream = connect(target).await?;
    let request = request(target, upgrade)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    match client_async_tls_with_config(request, stream, Some(config), None).await {
        Ok((socket, _response)) => Ok(socket),
        Err(WsError::Http(response)) => Err(refused(&response)),
        Err(error) => Err(SimError::Lost(error.to_string())),
    }
}

async fn connect(target: &Target) -> Result<TcpStream, SimError> {
    let host = target.base.host_str().unwrap_or("127.0.0.1");
    let default_port = if is_tls(&target.base) { 443 } else { 80 };
    let port = target.base.port().unwrap_or(default_port);
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = match bare.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port),
        Err(_not_an_ip) => tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| SimError::Address(format!("{host}: {error}")))?
            .next()
            .ok_or_else(|| SimError::Address(format!("{host}: no address")))?,
    };
    let lost = |error: std::io::Error| SimError::Lost(error.to_string());
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }.map_err(lost)?;
    if let (Some(source), true) = (target.source, address.ip().is_loopback() && address.is_ipv4()) {
        socket.set_reuseaddr(true).map_err(lost)?;
        socket.bind(SocketAddr::new(source.into(), 0)).map_err(lost)?;
    }
    let stream = socket.connect(address).await.map_err(lost)?;
    stream.set_nodelay(true).map_err(lost)?;
    Ok(stream)
}

fn request(target: &Target, upgrade: &Upgrade) -> Result<http::Request<()>, SimError> {
    let scheme = if is_tls(&target.base) { "wss" } else { "ws" };
    let host = target.base.host_str().unwrap_or("127.0.0.1");
    let port = target.base.port().map(|port| format!(":{port}")).unwrap_or_default();
    let prefix = target.base.path().trim_end_matches('/');
    let address = format!("{scheme}://{host}{port}{prefix}{}", upgrade.target);
    let unusable = |error: &dyn std::fmt::Display| SimError::Address(error.to_string());
    let mut request = address.as_str().into_client_request().map_err(|error| unusable(&error))?;
    for (name, value) in &upgrade.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|error| unusable(&error))?;
        let value = HeaderValue::try_from(value.as_str()).map_err(|error| unusable(&error))?;
        request.headers_mut().insert(name, value);
    }
    Ok(request)
}

fn refused(response: &http::Response<Option<Vec<u8>>>) -> SimError {
    let retry_after =
        response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
    let body = response.body().as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    SimError::Refused { status: response.status().as_u16(), retry_after, body: body.into_owned() }
}

fn is_tls(base: &Url) -> bool {
    matches!(base.scheme(), "https" | "wss")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn sources_are_loopback_and_shared_by_sixty_four() {
        let mut uses: HashMap<Ipv4Addr, u32> = HashMap::new();
        for index in 0..40_000 {
            let source = source_for(index);
            assert!(source.is_loopback() && source.octets()[3] != 0 && source.octets()[3] != 255, "{source}");
            *uses.entry(source).or_default() += 1;
        }
        assert!(uses.values().all(|count| *count <= PHONES_PER_SOURCE));
    }

    #[test]
    fn bases_need_a_known_scheme_and_a_host() {
        assert!(parse_base("http://127.0.0.1:5000").is_ok() && parse_base("wss://x/y").is_ok());
        assert!(parse_base("127.0.0.1:5000").is_err() && parse_base("ftp://x").is_err());
    }

    #[test]
    fn the_request_keeps_prefix_port_and_headers() {
        let target = Target { base: parse_base("https://host:8443/bot/").unwrap(), source: None };
        let upgrade = Upgrade {
            target: "/ws/connect?token=t".into(),
            headers: vec![("X-Device-Id".into(), "d".into())],
        };
        let request = request(&target, &upgrade).unwrap();
        assert_eq!(request.uri().to_string(), "wss://host:8443/bot/ws/connect?token=t");
        assert_eq!(request.headers()["x-device-id"], "d");
    }
}
