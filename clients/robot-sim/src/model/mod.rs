//! Scripted language models: one server that speaks four wires and fails in every way a real service does.
//!
//! ```text
//! WorkBot ──► /…/chat/completions (OpenAI) ──► count, keep ──► script of the model ──► answer, or one of the failures
//!        ├──► /…/v1/messages (Claude)                │
//!        ├──► /…/chat-messages (Dify)                └─ intents by keyword when JSON is wanted, else a reply
//!        └──► /…/v3/chat, /retrieve, /message/list (Coze)
//! ```
mod mode;
mod serve;
mod wire;

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
use crate::time::millis;

pub use mode::{Mode, ModelScript};
pub use wire::{Asked, ModelWire};

/// Connections served at once; more wait in the listen queue.
const CONNECTIONS_MAX: usize = 4_096;

/// An intent that is answered when a message holds a word.
#[derive(Debug, Clone, PartialEq)]
pub struct KeywordIntent {
    pub keyword: String,
    pub intent: String,
    pub confidence: f64,
}

impl KeywordIntent {
    /// The intent of a keyword.
    pub fn new(keyword: &str, intent: &str, confidence: f64) -> Self {
        Self { keyword: keyword.to_owned(), intent: intent.to_owned(), confidence }
    }
}

/// How the models are set up.
#[derive(Debug, Clone)]
pub struct ModelsConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What a model does that has no script of its own.
    pub script: ModelScript,
    /// Intents by keyword, the first that fits; none fits = `chat` 0.6.
    pub intents: Vec<KeywordIntent>,
    /// What is replied; `{message}` stands for the message.
    pub reply: String,
    /// The key that must come with each call; none = any.
    pub key: Option<String>,
    /// Calls kept for `calls`; the oldest is dropped beyond.
    pub kept_max: usize,
    /// Coze: how often a chat says that it is not done yet.
    pub coze_polls: u32,
}

impl Default for ModelsConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            script: ModelScript::always(Mode::Ok),
            intents: vec![
                KeywordIntent::new("退款", "service", 0.95),
                KeywordIntent::new("售后", "service", 0.93),
                KeywordIntent::new("骗子", "risk", 0.97),
                KeywordIntent::new("举报", "risk", 0.96),
                KeywordIntent::new("价格", "consult", 0.9),
            ],
            reply: "您好，关于“{message}”，我来为您处理。".into(),
            key: None,
            kept_max: 10_000,
            coze_polls: 1,
        }
    }
}

/// What the models counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ModelCounters {
    pub connections: u64,
    /// Questions, whatever became of them; asking whether a Coze chat is done is none.
    pub calls: u64,
    /// Of these, those that wanted JSON.
    pub intents: u64,
    /// Of these, those without the right key.
    pub unauthorised: u64,
    /// Requests for paths that no wire knows.
    pub unknown: u64,
    /// Connections that ended in the middle of a call.
    pub broken: u64,
}

/// One question as it came.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCall {
    pub wire: ModelWire,
    /// The model (or bot) that was asked.
    pub model: String,
    pub asked: Asked,
    /// The whole body.
    pub body: Value,
    pub at: Instant,
}

#[derive(Debug)]
struct State {
    scripts: HashMap<String, ModelScript>,
    default: ModelScript,
    counters: ModelCounters,
    by_model: HashMap<String, u64>,
    kept: VecDeque<ModelCall>,
    chats: HashMap<String, Chat>,
    next_chat: u64,
}

/// A Coze chat under way.
#[derive(Debug, Clone)]
struct Chat {
    text: String,
    polls_left: u32,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Notify,
    intents: Vec<KeywordIntent>,
    reply: String,
    key: Option<String>,
    kept_max: usize,
    coze_polls: u32,
    permits: Arc<Semaphore>,
}

/// Handle of running models; dropping it stops listening.
#[derive(Debug)]
pub struct Models {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: JoinHandle<()>,
}

impl Drop for Models {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Models {
    /// Starts listening.
    pub async fn start(config: ModelsConfig) -> Result<Self, SimError> {
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| SimError::Address(format!("{}: {error}", config.listen)))?;
        let address = listener.local_addr().map_err(|error| SimError::Address(error.to_string()))?;
        let state = State {
            scripts: HashMap::new(),
            default: config.script,
            counters: ModelCounters::default(),
            by_model: HashMap::new(),
            kept: VecDeque::new(),
            chats: HashMap::new(),
            next_chat: 1,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changed: Notify::new(),
            intents: config.intents,
            reply: config.reply,
            key: config.key,
            kept_max: config.kept_max,
            coze_polls: config.coze_polls,
            permits: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        });
        let listener = tokio::spawn(serve::listen(listener, Arc::clone(&shared)));
        Ok(Self { address, shared, listener })
    }

    /// The address listened on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What a model of this wire has as its base address.
    pub fn base(&self, wire: ModelWire) -> String {
        match wire {
            ModelWire::OpenaiChat | ModelWire::Dify => format!("http://{}/v1", self.address),
            ModelWire::Claude | ModelWire::Coze => format!("http://{}", self.address),
        }
    }

    /// What one model does from now on.
    pub fn set_script(&self, model: &str, script: ModelScript) {
        self.shared.state.lock().scripts.insert(model.to_owned(), script);
    }

    /// What one model does from now on, always the same.
    pub fn set_mode(&self, model: &str, mode: Mode) {
        self.set_script(model, ModelScript::always(mode));
    }

    /// What models without a script of their own do from now on.
    pub fn set_default(&self, script: ModelScript) {
        self.shared.state.lock().default = script;
    }

    /// The counts so far.
    pub fn counters(&self) -> ModelCounters {
        self.shared.state.lock().counters
    }

    /// Questions to one model so far.
    pub fn count(&self, model: &str) -> u64 {
        self.shared.state.lock().by_model.get(model).copied().unwrap_or(0)
    }

    /// Every question kept, oldest first.
    pub fn calls(&self) -> Vec<ModelCall> {
        self.shared.state.lock().kept.iter().cloned().collect()
    }

    /// Waits until `calls` questions came to one model.
    pub async fn wait_count(&self, model: &str, calls: u64, deadline: Duration) -> Result<(), SimError> {
        let until = Instant::now() + deadline;
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.count(model) >= calls {
                return Ok(());
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                let wanted = format!("{calls} questions to {model}");
                return Err(SimError::Deadline { wanted, after_ms: millis(deadline) });
            }
        }
    }
}

#[cfg(test)]
mod tests;
