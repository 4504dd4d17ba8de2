//! Where a request comes from, when proxies may or may not be believed.
use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpRequest};

use crate::http::error::ApiError;
use crate::http::state::Edge;
use crate::settings::network::Network;

/// The address of the client: the peer, or what a trusted proxy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientAddress {
    /// The address.
    pub address: IpAddr,
    /// True when somebody who is not trusted claims to forward for another.
    pub is_forwarded_by_stranger: bool,
}

impl ClientAddress {
    /// Judges a peer and its `X-Forwarded-For` lines: the last entry that is not a trusted proxy is the client.
    pub fn judge(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
        let peer = peer.to_canonical();
        let lines = || headers.get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        if !is_trusted(peer) {
            let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
            return Self { address: peer, is_forwarded_by_stranger: is_forwarded };
        }
        let mut address = peer;
        let entries: Vec<&str> = lines().flat_map(|line| line.split(',')).map(str::trim).collect();
        for entry in entries.iter().rev() {
            // What a trusted proxy could not write properly ends the chain: nothing before it can be believed.
            let Some(named) = parse_address(entry) else { break };
            address = named;
            if !is_trusted(named) {
                break;
            }
        }
        Self { address, is_forwarded_by_stranger: false }
    }

    /// Judges a request; loopback when there is no peer (in-process tests).
    pub fn of(request: &HttpRequest, trusted: &[Network]) -> Self {
        let peer = request.peer_addr().map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.ip());
        Self::judge(peer, request.headers(), trusted)
    }

    /// Whether the client is on this machine, as far as can be told.
    pub fn is_local(&self) -> bool {
        self.address.is_loopback() && !self.is_forwarded_by_stranger
    }
}

/// An address, with or without port and brackets.
fn parse_address(text: &str) -> Option<IpAddr> {
    let parsed = text.parse::<IpAddr>().ok();
    let bracketed = || {
        text.strip_prefix('[').and_then(|rest| rest.split(']').next()).and_then(|inner| inner.parse().ok())
    };
    let with_port = || text.rsplit_once(':').and_then(|(address, _port)| address.parse::<IpAddr>().ok());
    parsed.or_else(bracketed).or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

impl FromRequest for ClientAddress {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Edge::of(request).map(|edge| Self::of(request, &edge.settings().server.trusted_proxies)))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    #[test]
    fn only_trusted_proxies_may_speak_for_others() {
        let trusted = [Network::parse("10.0.0.0/8").unwrap(), Network::parse("127.0.0.1").unwrap()];
        for (peer, forwarded, client) in [
            ("203.0.113.5", None, "203.0.113.5"),
            ("203.0.113.5", Some("1.1.1.1"), "203.0.113.5"),
            ("10.0.0.1", Some("1.1.1.1"), "1.1.1.1"),
            ("10.0.0.1", Some("6.6.6.6, 1.1.1.1, 10.2.2.2"), "1.1.1.1"),
            ("10.0.0.1", Some("10.3.3.3, 10.2.2.2"), "10.3.3.3"),
            ("10.0.0.1", Some("1.1.1.1, garbage"), "10.0.0.1"),
            ("10.0.0.1", None, "10.0.0.1"),
            ("::ffff:10.0.0.1", Some("[2001:db8::1]:443"), "2001:db8::1"),
            ("127.0.0.1", Some("1.1.1.1:5000"), "1.1.1.1"),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(forwarded) = forwarded {
                headers.insert(
                    HeaderName::from_static("x-forwarded-for"),
                    HeaderValue::from_str(forwarded).unwrap(),
                );
            }
            let judged = ClientAddress::judge(peer.parse().unwrap(), &headers, &trusted);
            assert_eq!(judged.address, client.parse::<IpAddr>().unwrap(), "{peer} {forwarded:?}");
        }
    }

    #[test]
    fn a_strange_proxy_on_this_machine_is_not_local() {
        let mut headers = HeaderMap::new();
        let local: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(ClientAddress::judge(local, &headers, &[]).is_local());
        headers.insert(HeaderName::from_static("x-forwarded-for"), HeaderValue::from_static("127.0.0.1"));
        assert!(!ClientAddress::judge(local, &headers, &[]).is_local());
    }
}
