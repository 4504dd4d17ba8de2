//! A scripted AI platform: receives callbacks, records them, answers as told, replies by REST.
//!
//! ```text
//! WorkBot ──► /message ──► record ──► script ──► answer ──► (Later) send-message ──► WorkBot
//!        └──► /result, /event, /pull
//! ```
pub(crate) mod http;
mod script;
mod serve;
mod signature;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::error::SimError;
use crate::ledger::Ledger;
use crate::rest::Rest;
use crate::time::millis;

pub use script::{Answer, Hook, Script};
pub use signature::{Signatures, Verdict};

/// Connections served at once; more wait in the listen queue.
const CONNECTIONS_MAX: usize = 4_096;

/// One call as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    pub hook: Hook,
    pub method: String,
    pub path: String,
    pub query: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
    /// The body as JSON, `null` when it is none.
    pub json: Value,
    pub signatures: Signatures,
    pub at: Instant,
}

impl Received {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// A string field of the body, empty when absent.
    pub fn field(&self, name: &str) -> &str {
        self.json.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

/// How the platform is set up.
#[derive(Debug, Clone)]
pub struct PlatformConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    pub message: Script,
    pub result: Script,
    pub event: Script,
    pub pull: Script,
    /// Replies go through this client; `Later` answers without one are counted as failed replies.
    pub rest: Option<Rest>,
    /// Robot id → access token; robots not listed use the client's own credential.
    pub tokens: HashMap<String, String>,
    /// Signing secrets to check with.
    pub secrets: Vec<String>,
    /// Told about callbacks and results that carry a tag.
    pub ledger: Option<Arc<Ledger>>,
    /// Calls kept for `next` and `received`; the oldest is dropped beyond, and counted.
    pub kept_max: usize,
    /// A `Later` reply is tried again (same idempotency key) until it is accepted or this long has passed.
    pub reply_deadline: Duration,
}

impl Default for PlatformConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            message: Script::always(Answer::Ok),
            result: Script::always(Answer::Ok),
            event: Script::always(Answer::Ok),
            pull: Script::always(Answer::Empty),
            rest: None,
            tokens: HashMap::new(),
            secrets: Vec::new(),
            ledger: None,
            kept_max: 10_000,
            reply_deadline: Duration::from_secs(60),
        }
    }
}

/// What the platform counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlatformCounters {
    pub connections: u64,
    pub calls: u64,
    pub messages: u64,
    pub results: u64,
    pub events: u64,
    pub pulls: u64,
    /// Calls with a signature that does not fit.
    pub invalid_signatures: u64,
    pub replies_accepted: u64,
    pub replies_failed: u64,
    /// Connections that ended in the middle of a call, or with something that is no HTTP.
    pub broken: u64,
    pub kept_dropped: u64,
}

#[derive(Debug)]
struct State {
    kept: VecDeque<Received>,
    counters: PlatformCounters,
    scripts: HashMap<Hook, Script>,
    secrets: Vec<String>,
    tokens: HashMap<String, String>,
    rest: Option<Rest>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    ledger: Option<Arc<Ledger>>,
    kept_max: usize,
    reply_deadline: Duration,
    permits: Arc<Semaphore>,
}

/// Handle of a running platform; dropping it stops listening.
#[derive(Debug)]
pub struct Platform {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Platform {
    /// Starts listening.
    pub async fn start(config: PlatformConfig) -> Result<Self, SimError> {
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| SimError::Address(format!("{}: {error}", config.listen)))?;
        let address = listener.local_addr().map_err(|error| SimError::Address(error.to_string()))?;
        let scripts = HashMap::from([
            (Hook::Message, config.message),
            (Hook::Result, config.result),
            (Hook::Event, config.event),
            (Hook::Pull, config.pull),
        ]);
        let state = State {
            kept: VecDeque::new(),
            counters: PlatformCounters::default(),
            scripts,
            secrets: config.secrets,
            tokens: config.tokens,
            rest: config.rest,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Notify::new(),
            ledger: config.ledger,
            kept_max: config.kept_max,
            reply_deadline: config.reply_deadline,
            permits: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        });
        let listener = tokio::spawn(serve::listen(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, listener })
    }

    /// The address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The full address of a hook.
    pub fn url(&self, hook: Hook) -> String {
        let path = match hook {
            Hook::Message => "message",
            Hook::Result => "result",
            Hook::Event => "event",
            Hook::Pull => "pull",
            Hook::Other => "other",
        };
        format!("http://{}/{path}", self.address)
    }

    /// Replaces the answers of a hook.
    pub fn set_script(&self, hook: Hook, script: Script) {
        self.shared.state.lock().scripts.insert(hook, script);
    }

    /// Replaces the secrets to check with.
    pub fn set_secrets(&self, secrets: Vec<String>) {
        self.shared.state.lock().secrets = secrets;
    }

    /// Sets the client that replies go through.
    pub fn set_rest(&self, rest: Rest) {
        self.shared.state.lock().rest = Some(rest);
    }

    /// Adds a robot's access token for replies.
    pub fn add_token(&self, robot_id: impl Into<String>, token: impl Into<String>) {
        self.shared.state.lock().tokens.insert(robot_id.into(), token.into());
    }

    /// The counts so far.
    pub fn counters(&self) -> PlatformCounters {
        self.shared.state.lock().counters
    }

    /// Everything kept for a hook, oldest first, without taking it.
    pub fn received(&self, hook: Hook) -> Vec<Received> {
        self.shared.state.lock().kept.iter().filter(|received| received.hook == hook).cloned().collect()
    }

    /// Takes the oldest kept call of a hook, waiting for one.
    pub async fn next(&self, hook: Hook, deadline: Duration) -> Result<Received, SimError> {
        self.next_where(hook, deadline, |_| true).await
    }

    /// Takes the oldest kept call of a hook that `wanted` says yes to, waiting for one.
    pub async fn next_where(
        &self,
        hook: Hook,
        deadline: Duration,
        wanted: impl Fn(&Received) -> bool,
    ) -> Result<Received, SimError> {
        self.wait(deadline, &format!("call of {hook:?}"), |state| {
            let index = state.kept.iter().position(|received| received.hook == hook && wanted(received))?;
            state.kept.remove(index)
        })
        .await
    }

    /// Waits until the counters satisfy `wanted`; answers them.
    pub async fn wait_counters(
        &self,
        deadline: Duration,
        wanted: impl Fn(&PlatformCounters) -> bool,
    ) -> Result<PlatformCounters, SimError> {
        self.wait(deadline, "platform counters", |state| Some(state.counters).filter(&wanted)).await
    }

    async fn wait<T>(
        &self,
        deadline: Duration,
        wanted: &str,
        look: impl Fn(&mut State) -> Option<T>,
    ) -> Result<T, SimError> {
        let until = Instant::now() + deadline;
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let found = look(&mut self.shared.state.lock());
            if let Some(found) = found {
                return Ok(found);
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return Err(SimError::Deadline { wanted: wanted.to_owned(), after_ms: millis(deadline) });
            }
        }
    }
}

#[cfg(test)]
mod tests;
