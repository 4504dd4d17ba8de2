//! The models' connections: read, count, answer as told.
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufReader, copy, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::mode::Mode;
use super::wire::{Asked, ModelWire};
use super::{Chat, ModelCall, ModelCounters, Shared};
use crate::error::SimError;
use crate::platform::http::{HttpRequest, read_request};

/// A connection without a request for this long is closed.
const IDLE: Duration = Duration::from_secs(120);
/// A hanging or endless answer ends when the caller goes away, or after this time.
const HANG_MAX: Duration = Duration::from_secs(600);
/// Chats remembered.
const CHATS_MAX: usize = 10_000;

pub(super) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let permit = Arc::clone(&shared.permits).acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move {
                    shared.count(|counters| counters.connections += 1);
                    if let Err(error) = converse(&shared, stream).await {
                        shared.count(|counters| counters.broken += 1);
                        log::debug!("a model's connection ended: {error}");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                log::warn!("a model cannot accept: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// What is sent back whole.
struct Whole {
    status: u16,
    retry_after: Option<u64>,
    content_type: &'static str,
    body: String,
}

impl Whole {
    fn json(status: u16, body: &Value) -> Self {
        Self { status, retry_after: None, content_type: "application/json", body: body.to_string() }
    }
}

impl Shared {
    fn count(&self, change: impl FnOnce(&mut ModelCounters)) {
        change(&mut self.state.lock().counters);
        self.changed.notify_waiters();
    }

    /// Counts a question and says what the model does with it.
    fn record(&self, call: ModelCall) -> Mode {
        let mut state = self.state.lock();
        state.counters.calls += 1;
        if call.asked.wants_json {
            state.counters.intents += 1;
        }
        *state.by_model.entry(call.model.clone()).or_default() += 1;
        let mode = match state.scripts.get_mut(&call.model) {
            Some(script) => script.take_next(),
            None => state.default.take_next(),
        };
        if self.kept_max > 0 {
            if state.kept.len() >= self.kept_max {
                state.kept.pop_front();
            }
            state.kept.push_back(call);
        }
        drop(state);
        self.changed.notify_waiters();
        mode
    }

    /// What a good model says.
    fn text(&self, asked: &Asked) -> String {
        let message = asked.message();
        if !asked.wants_json {
            return self.reply.replace("{message}", message);
        }
        let found = self.intents.iter().find(|intent| message.contains(&intent.keyword));
        let (intent, confidence) =
            found.map_or(("chat", 0.6), |found| (found.intent.as_str(), found.confidence));
        json!({"intent": intent, "confidence": confidence, "entities": {}}).to_string()
    }

    fn is_authorised(&self, request: &HttpRequest) -> bool {
        let Some(key) = &self.key else { return true };
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        bearer.or_else(|| request.header("x-api-key")) == Some(key)
    }

    /// A good answer with this text; a Coze chat is only begun by it.
    fn good(&self, wire: ModelWire, model: &str, text: String) -> Whole {
        if wire != ModelWire::Coze {
            return Whole::json(200, &wire.answer(model, &text));
        }
        let mut state = self.state.lock();
        if state.chats.len() >= CHATS_MAX {
            state.chats.clear();
        }
        let id = format!("chat{}", state.next_chat);
        state.next_chat += 1;
        state.chats.insert(id.clone(), Chat { text, polls_left: self.coze_polls });
        Whole::json(200, &chat(&id, false))
    }

    /// The later questions of a Coze chat.
    fn coze(&self, request: &HttpRequest) -> Whole {
        let id = request.query.split('&').find_map(|pair| pair.strip_prefix("chat_id=")).unwrap_or_default();
        let mut state = self.state.lock();
        let Some(known) = state.chats.get_mut(id) else {
            return Whole::json(200, &json!({"code": 4_200, "msg": "the chat does not exist"}));
        };
        if request.path.ends_with("/message/list") {
            return Whole::json(200, &ModelWire::Coze.answer("", &known.text));
        }
        let is_done = known.polls_left == 0;
        known.polls_left = known.polls_left.saturating_sub(1);
        Whole::json(200, &chat(id, is_done))
    }
}

fn chat(id: &str, is_done: bool) -> Value {
    let status = if is_done { "completed" } else { "in_progress" };
    let mut data = json!({"id": id, "conversation_id": "conversation", "bot_id": "bot", "status": status});
    if let Some(object) = data.as_object_mut().filter(|_object| is_done) {
        let usage = json!({"token_count": 150, "input_count": 100, "output_count": 50});
        object.insert("usage".into(), usage);
    }
    json!({"code": 0, "msg": "", "data": data})
}

async fn converse(shared: &Arc<Shared>, stream: TcpStream) -> Result<(), SimError> {
    stream.set_nodelay(true).map_err(|error| SimError::Lost(error.to_string()))?;
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let request = match timeout(IDLE, read_request(&mut reader)).await {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) | Err(_) => return Ok(()),
            Ok(Err(error)) => return Err(error),
        };
        let whole = match ModelWire::of(&request.path) {
            None => {
                shared.count(|counters| counters.unknown += 1);
                Whole::json(404, &json!({"error": {"message": "no such path", "code": "not_found"}}))
            }
            Some(ModelWire::Coze) if request.method == "GET" => shared.coze(&request),
            Some(wire) => match ask(shared, wire, &request).await {
                Reaction::Whole(whole) => whole,
                Reaction::Drop => return Ok(()),
                Reaction::Hang => {
                    // The caller's going away is the only end but time.
                    drop(timeout(HANG_MAX, copy(&mut reader, &mut sink())).await);
                    return Ok(());
                }
                Reaction::Endless(pause) => {
                    drop(timeout(HANG_MAX, endless(&mut writer, pause)).await);
                    return Ok(());
                }
            },
        };
        write(&mut writer, &whole).await?;
        if !request.keeps_alive {
            return Ok(());
        }
    }
}

enum Reaction {
    Whole(Whole),
    Drop,
    Hang,
    Endless(Duration),
}

async fn ask(shared: &Shared, wire: ModelWire, request: &HttpRequest) -> Reaction {
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let (model, asked) = (wire.model(&body), wire.asked(&body));
    let call = ModelCall {
        wire,
        model: model.clone(),
        asked: asked.clone(),
        body: body.clone(),
        at: Instant::now(),
    };
    let mut mode = shared.record(call);
    if !shared.is_authorised(request) {
        shared.count(|counters| counters.unauthorised += 1);
        mode = Mode::Status(401);
    }
    if let Err(missing) = wire.check(&body) {
        let text = format!("invalid request: {missing}");
        return Reaction::Whole(Whole::json(400, &wire.error(400, "invalid_request_error", &text)));
    }
    while let Mode::After(delay, then) = mode {
        sleep(delay).await;
        mode = *then;
    }
    let error = |status: u16, code: &str| Whole::json(status, &wire.error(status, code, "as scripted"));
    let good = |text: String| Reaction::Whole(shared.good(wire, &model, text));
    let raw = |content_type, body: &str| {
        Reaction::Whole(Whole { status: 200, retry_after: None, content_type, body: body.to_owned() })
    };
    match mode {
        Mode::Ok | Mode::After(..) => good(shared.text(&asked)),
        Mode::Text(text) => good(text),
        Mode::Status(status) => Reaction::Whole(error(status, "scripted")),
        Mode::TooMany(secs) => {
            Reaction::Whole(Whole { retry_after: Some(secs), ..error(429, "rate_limit_exceeded") })
        }
        Mode::NoCredit => Reaction::Whole(error(402, "insufficient_balance")),
        Mode::ErrorBody => Reaction::Whole(Whole { status: 200, ..error(500, "server_error") }),
        Mode::Hang => Reaction::Hang,
        Mode::Drop => Reaction::Drop,
        Mode::Garbage => raw("text/html", "<html><body>502 Bad Gateway</body></html>"),
        Mode::Stream => raw(
            "text/event-stream",
            "data: {\"choices\":[{\"delta\":{\"content\":\"你\"}}]}\n\ndata: [DONE]\n\n",
        ),
        Mode::Endless(pause) => Reaction::Endless(pause),
        Mode::Empty => good(String::new()),
        Mode::Huge(bytes) => good("长".repeat(bytes.div_ceil(3))),
        Mode::NotJson => good("我认为这位客户想要退款。".into()),
    }
}

async fn write<W: AsyncWrite + Unpin>(writer: &mut W, whole: &Whole) -> Result<(), SimError> {
    let Whole { status, retry_after, content_type, body } = whole;
    let reason = if *status < 400 { "OK" } else { "Error" };
    let wait = retry_after.map(|secs| format!("retry-after: {secs}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {content_type}\r\n{wait}content-length: {}\r\n\r\n",
        body.len()
    );
    let bytes = [head.as_bytes(), body.as_bytes()].concat();
    writer.write_all(&bytes).await.map_err(lost)?;
    writer.flush().await.map_err(lost)
}

async fn endless<W: AsyncWrite + Unpin>(writer: &mut W, pause: Duration) -> Result<(), SimError> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    writer.write_all(head.as_bytes()).await.map_err(lost)?;
    loop {
        writer.write_all(b"10\r\n{\"choices\": [   \r\n").await.map_err(lost)?;
        writer.flush().await.map_err(lost)?;
        sleep(pause).await;
    }
}

fn lost(error: std::io::Error) -> SimError {
    SimError::Lost(error.to_string())
}
