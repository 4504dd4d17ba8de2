//! The platform's connections: read, record, answer, reply.
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWrite, AsyncWriteExt, BufReader, copy, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use super::http::{HttpRequest, read_request, write_response};
use super::script::{Answer, Hook, fill, inline_body};
use super::signature::{Verdict, check};
use super::{PlatformCounters, Received, Shared};
use crate::error::SimError;
use crate::tag::Tag;
use crate::time::now_ms;

/// A connection without a request for this long is closed.
const IDLE: Duration = Duration::from_secs(120);
/// A hanging answer ends when the caller goes away, or after this time.
const HANG_MAX: Duration = Duration::from_secs(600);
const GOOD: &str = r#"{"code":0,"message":"success"}"#;

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
                        log::debug!("platform connection ended: {error}");
                    }
                    drop(permit);
                });
            }
            Err(error) => {
                log::warn!("platform cannot accept: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

impl Shared {
    fn count(&self, change: impl FnOnce(&mut PlatformCounters)) {
        change(&mut self.state.lock().counters);
        self.changed.notify_waiters();
    }

    fn record(&self, request: &HttpRequest) -> (Received, Answer) {
        let hook = Hook::of(&request.path);
        let mut state = self.state.lock();
        let signatures = check(|name| request.header(name), &request.body, &state.secrets, now_ms() / 1_000);
        let received = Received {
            hook,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            json: serde_json::from_slice(&request.body).unwrap_or(Value::Null),
            signatures,
            at: Instant::now(),
        };
        let counters = &mut state.counters;
        counters.calls += 1;
        match hook {
            Hook::Message => counters.messages += 1,
            Hook::Result => counters.results += 1,
            Hook::Event => counters.events += 1,
            Hook::Pull => counters.pulls += 1,
            Hook::Other => {}
        }
        if signatures.plain == Verdict::Invalid || signatures.standard == Verdict::Invalid {
            counters.invalid_signatures += 1;
        }
        let answer = state.scripts.get_mut(&hook).map_or(Answer::Ok, |script| script.take_next());
        if self.kept_max > 0 {
            if state.kept.len() >= self.kept_max {
                state.kept.pop_front();
                state.counters.kept_dropped += 1;
            }
            state.kept.push_back(received.clone());
        }
        drop(state);
        self.changed.notify_waiters();
        self.enter(&received);
        (received, answer)
    }

    /// Enters tagged calls in the ledger.
    fn enter(&self, received: &Received) {
        let Some(ledger) = &self.ledger else { return };
        match received.hook {
            Hook::Message => {
                if let Some(tag) = Tag::find(received.field("spoken")) {
                    ledger.callback_received(tag, received.field("messageId"), received.header("webhook-id"));
                }
            }
            Hook::Result => {
                if let Some(tag) = Tag::find(received.field("rawMsg")) {
                    ledger.result_visible(tag);
                }
            }
            Hook::Event | Hook::Pull | Hook::Other => {}
        }
    }
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
        let (received, mut answer) = shared.record(&request);
        while let Answer::After(delay, then) = answer {
            sleep(delay).await;
            answer = *then;
        }
        match answer {
            Answer::Drop => return Ok(()),
            Answer::Hang => {
                return match timeout(HANG_MAX, copy(&mut reader, &mut sink())).await {
                    Ok(Ok(_)) | Err(_) => Ok(()),
                    Ok(Err(error)) => Err(SimError::Lost(error.to_string())),
                };
            }
            Answer::Drip(pause) => drip(&mut writer, pause).await?,
            Answer::Later { text, delay } => {
                write_json(&mut writer, 200, GOOD).await?;
                let text = fill(&text, &received.json);
                tokio::spawn(reply(Arc::clone(shared), received, text, delay));
            }
            Answer::Empty => write_response(&mut writer, 204, "application/json", b"").await?,
            other => {
                let (status, body) = whole(other, &received.json);
                write_json(&mut writer, status, &body).await?;
            }
        }
        if !request.keeps_alive {
            return Ok(());
        }
    }
}

fn whole(answer: Answer, body: &Value) -> (u16, String) {
    match answer {
        Answer::Inline(text) => (200, inline_body(&fill(&text, body))),
        Answer::Status(status) => (status, "{}".into()),
        Answer::Code(code, message) => (200, json!({"code": code, "message": message}).to_string()),
        Answer::Body(text) => (200, text),
        Answer::WrongJson => (200, "{\"code\":0,".into()),
        _ => (200, GOOD.into()),
    }
}

async fn write_json<W: AsyncWrite + Unpin>(writer: &mut W, status: u16, body: &str) -> Result<(), SimError> {
    write_response(writer, status, "application/json; charset=utf-8", body.as_bytes()).await
}

async fn drip<W: AsyncWrite + Unpin>(writer: &mut W, pause: Duration) -> Result<(), SimError> {
    let text = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{GOOD}",
        GOOD.len()
    );
    for byte in text.bytes() {
        writer.write_all(&[byte]).await.map_err(|error| SimError::Lost(error.to_string()))?;
        sleep(pause).await;
    }
    Ok(())
}

/// Sends the reply until it is accepted, refused for good, or too late; one idempotency key keeps it single.
async fn reply(shared: Arc<Shared>, received: Received, text: String, delay: Duration) {
    sleep(delay).await;
    let robot_id = received.field("robotId").to_owned();
    let (rest, token) = {
        let state = shared.state.lock();
        (state.rest.clone(), state.tokens.get(&robot_id).cloned())
    };
    let Some(mut rest) = rest else {
        log::warn!(robot = robot_id.as_str(); "a reply is scripted, but the platform has no client");
        return shared.count(|counters| counters.replies_failed += 1);
    };
    if let Some(token) = token {
        rest = rest.with_token(token);
    }
    let rest = rest.with_header("Idempotency-Key", format!("reply-{}", received.field("messageId")));
    let group = received.field("groupName");
    let title = if group.is_empty() { received.field("receivedName") } else { group };
    let until = Instant::now() + shared.reply_deadline;
    loop {
        let (problem, pause) = match rest.send_text(&robot_id, &[title], &text).await {
            Ok(answer) if answer.is_ok() => return shared.count(|counters| counters.replies_accepted += 1),
            Ok(answer) if answer.status == 429 || answer.status >= 500 => {
                let pause = Duration::from_secs(answer.retry_after().unwrap_or(1).min(5));
                (format!("HTTP {}", answer.status), pause)
            }
            Ok(answer) => (format!("HTTP {} {}", answer.status, answer.envelope.message), Duration::MAX),
            Err(error) => (error.to_string(), Duration::from_millis(500)),
        };
        let is_over = Instant::now().checked_add(pause).is_none_or(|next| next > until);
        if is_over {
            log::warn!(robot = robot_id.as_str(), message = received.field("messageId");
                "reply was not accepted: {problem}");
            return shared.count(|counters| counters.replies_failed += 1);
        }
        sleep(pause).await;
    }
}
