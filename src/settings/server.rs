//! The process: where it listens, where it keeps its files, whom it trusts.

use super::network::Network;
use super::problem::Problems;
use super::secret::Secret;
use super::section::{Rules, section};
use std::net::IpAddr;
use std::path::PathBuf;

section! {
    /// The process: where it listens, where it keeps its files, whom it trusts.
    pub struct ServerSettings in "server" {
        /// Address to listen on; 0.0.0.0 is every interface, 127.0.0.1 this machine only.
        pub host: String = "0.0.0.0".to_owned();
        /// Port for REST, sockets, console and metrics; 0 takes a free one and prints it.
        pub port: u16 = 5_000;
        /// Address under which people and phones reach this server, such as `https://bot.example.com`. Login links are written with
        /// it, the console's socket takes pages from it, and with https the cookies of the console travel over TLS alone.
        pub public_url: String = String::new();
        /// Folder for the embedded database, secrets, received files and the log file. Back it up as a whole.
        pub data_dir: PathBuf = PathBuf::from("./data");
        /// True refuses settings that are only good for trying things out: SMS codes in the log (sms.provider).
        pub production: bool = false;
        /// Proxies whose X-Forwarded-For is believed; an address that is not listed can claim nothing.
        pub trusted_proxies: Vec<Network> = Vec::new();
        /// Bearer token for /metrics from other machines; empty leaves it open from loopback alone.
        pub metrics_token: Secret = Secret::default();
        /// HTTP worker threads; 0 is one a core.
        pub workers: usize = 0 => 0..=256;
        /// Connections one worker holds open; more wait in the kernel. Each open robot costs about 20 KiB.
        pub connections_per_worker: usize = 25_000 => 1..=1_000_000;
        /// Time a client has to send the head of its request, in milliseconds; slow ones are cut off.
        pub request_head_timeout_ms: u64 = 5_000 => 100..=120_000;
        /// Time a stop waits for turns and confirms that are under way, in seconds.
        pub drain_secs: u64 = 10 => 0..=300;
    }
}

impl Rules for ServerSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.host.parse::<IpAddr>().is_err() {
            problems.add(
                "server.host",
                format!("{:?} is not an IP address", self.host),
                "give one such as 0.0.0.0, 127.0.0.1 or ::",
            );
        }
        if !self.public_url.is_empty() && !is_web_address(&self.public_url) {
            problems.add(
                "server.public_url",
                format!("{:?} is not a web address", self.public_url),
                "give one such as https://bot.example.com, or leave it empty",
            );
        }
        if self.data_dir.as_os_str().is_empty() {
            problems.add("server.data_dir", "is empty", "name a folder such as ./data");
        }
        if self.metrics_token.is_set() && self.metrics_token.expose().len() < 16 {
            problems.add(
                "server.metrics_token",
                "is shorter than 16 characters",
                "give a longer one, for example from `openssl rand -hex 16`",
            );
        }
    }
}

/// True for an http or https address with a host.
pub(super) fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}
