//! WorkTool's hosted platform as its public API describes it, and the ways it fails.
//!
//! ```text
//! WorkBot ──► /wework/sendRawMessage ──► record ──► answer ──► (carried out) ──► result webhook ──► WorkBot
//!        └──► /robot/robotInfo/online
//! ```
mod serve;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::error::SimError;
use crate::rest::Rest;
use crate::time::millis;

/// How a call with commands is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HostedAnswer {
    /// Taken.
    #[default]
    Ok,
    /// HTTP 429 with so many seconds.
    TooMany(u64),
    /// HTTP 429 in the body alone.
    TooManyInBody,
    /// HTTP 500, and nothing is carried out.
    Error,
    /// HTTP 500, although everything is carried out.
    ErrorAfterTaking,
    /// Taken and carried out, but the answer never comes.
    Hang,
    /// Taken and carried out, and the connection breaks before the answer.
    Break,
    /// The robot id is unknown, as the real platform says it.
    UnknownRobot,
    /// Calls with more than one command are refused, as are commands whose content is `坏`.
    Picky,
}

/// When results are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Telling {
    /// By hand.
    #[default]
    Never,
    /// Before the call is answered.
    Before,
    /// So long after.
    After(Duration),
}

/// One call as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct HostedCall {
    pub robot_id: String,
    pub key: String,
    pub idempotency_key: String,
    pub items: Vec<Value>,
    /// The id answered, or that would have been; empty when it was not taken.
    pub id: String,
}

#[derive(Debug)]
struct State {
    answer: HostedAnswer,
    telling: Telling,
    /// What the platform says of the robot; none = HTTP 500.
    online: Option<bool>,
    /// Calls are refused unless they carry it.
    key: Option<String>,
    calls: Vec<HostedCall>,
    probes: u64,
    ids: u64,
    webhook: Option<(Rest, String)>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
}

/// A running platform; dropping it stops listening.
#[derive(Debug)]
pub struct HostedPlatform {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

impl Drop for HostedPlatform {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl HostedPlatform {
    /// Starts one whose robots are online.
    pub async fn start() -> Result<Self, SimError> {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at an address, as one that comes back.
    pub async fn start_at(address: SocketAddr) -> Result<Self, SimError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| SimError::Address(format!("{address}: {error}")))?;
        let address = listener.local_addr().map_err(|error| SimError::Address(error.to_string()))?;
        let state = State {
            answer: HostedAnswer::Ok,
            telling: Telling::Never,
            online: Some(true),
            key: None,
            calls: Vec::new(),
            probes: 0,
            ids: 1_784_417_250_785_046_528,
            webhook: None,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Notify::new() });
        let listener = tokio::spawn(serve::listen(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, listener })
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes how calls are answered, from now on.
    pub fn set_answer(&self, answer: HostedAnswer) {
        self.shared.state.lock().answer = answer;
    }

    /// Changes what it says of the robot; none = HTTP 500.
    pub fn set_online(&self, online: Option<bool>) {
        self.shared.state.lock().online = online;
    }

    /// Calls must carry this key from now on.
    pub fn set_key(&self, key: &str) {
        self.shared.state.lock().key = Some(key.to_owned());
    }

    /// Tells results to a webhook (path and query below the client's base).
    pub fn tell(&self, rest: Rest, path: String, telling: Telling) {
        let mut state = self.shared.state.lock();
        state.webhook = Some((rest, path));
        state.telling = telling;
    }

    /// Calls with commands so far, taken or not.
    pub fn calls(&self) -> Vec<HostedCall> {
        self.shared.state.lock().calls.clone()
    }

    /// Questions whether the robot is online so far.
    pub fn probes(&self) -> u64 {
        self.shared.state.lock().probes
    }

    /// Contents of what was carried out, in order.
    pub fn carried_out(&self) -> Vec<String> {
        let calls = self.calls();
        let taken = calls.iter().filter(|call| !call.id.is_empty()).flat_map(|call| &call.items);
        taken.filter_map(|item| item.get("receivedContent")?.as_str().map(str::to_owned)).collect()
    }

    /// Waits until the calls are as wanted; answers them.
    pub async fn wait(
        &self,
        deadline: Duration,
        wanted: impl Fn(&[HostedCall]) -> bool,
    ) -> Result<Vec<HostedCall>, SimError> {
        let until = Instant::now() + deadline;
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let calls = self.calls();
            if wanted(&calls) {
                return Ok(calls);
            }
            if timeout_at(until, changed).await.is_err() {
                let wanted = format!("calls of the platform, not {calls:?}");
                return Err(SimError::Deadline { wanted, after_ms: millis(deadline) });
            }
        }
    }

    /// Tells the result of one item of a call, as the platform's callback of type 1 does.
    pub async fn report(&self, id: &str, item: &Value, code: i64) -> Result<(), SimError> {
        report(&self.shared, id, item, code).await
    }
}

async fn report(shared: &Shared, id: &str, item: &Value, code: i64) -> Result<(), SimError> {
    let Some((rest, path)) = shared.state.lock().webhook.clone() else { return Ok(()) };
    let mut raw = item.clone();
    if let Some(raw) = raw.as_object_mut() {
        // What the real one adds.
        raw.insert("messageId".into(), id.into());
        raw.insert("showMessageHistory".into(), false.into());
        raw.entry("textType").or_insert_with(|| 0.into());
    }
    let titles = item.get("titleList").cloned().unwrap_or_else(|| json!([]));
    let (success, fail) = if code == 0 { (titles, json!([])) } else { (json!([]), titles) };
    let body = json!({"messageId": id, "errorCode": code, "errorReason": "", "runTime": 1_666_238_534_935_i64,
        "timeCost": 2.5, "type": item.get("type"), "rawMsg": raw.to_string(), "successList": success, "failList": fail});
    rest.post(&path, &body).await?.expect_status(200)?;
    Ok(())
}
