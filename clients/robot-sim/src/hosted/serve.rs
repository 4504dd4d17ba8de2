//! The platform's connections.
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::{HostedAnswer, HostedCall, Shared, Telling, report};
use crate::error::SimError;
use crate::platform::http::{HttpRequest, read_request};

/// A connection without a request for this long is closed.
const IDLE: Duration = Duration::from_secs(60);
/// A hanging answer ends after this.
const HANG: Duration = Duration::from_secs(600);

/// What goes back.
enum Back {
    Answer { status: u16, header: Option<String>, body: Value },
    Nothing,
    Hang,
}

pub(super) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    // Its connections end with it, kept alive or not.
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _peer)) => {
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    if let Err(error) = converse(&shared, stream).await {
                        log::debug!("a call to the hosted platform ended: {error}");
                    }
                });
            }
            Err(error) => {
                log::warn!("the hosted platform cannot accept: {error}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(shared: &Arc<Shared>, stream: TcpStream) -> Result<(), SimError> {
    let lost = |error: std::io::Error| SimError::Lost(error.to_string());
    let (reader, mut writer) = stream.into_split();
    let mut reader = BufReader::new(reader);
    loop {
        let request = match timeout(IDLE, read_request(&mut reader)).await {
            Ok(Ok(Some(request))) => request,
            Ok(Ok(None)) | Err(_) => return Ok(()),
            Ok(Err(error)) => return Err(error),
        };
        match answer(shared, &request).await {
            Back::Nothing => return Ok(()),
            Back::Hang => {
                sleep(HANG).await;
                return Ok(());
            }
            Back::Answer { status, header, body } => {
                let body = body.to_string();
                let header = header.map(|header| format!("{header}\r\n")).unwrap_or_default();
                let head = format!(
                    "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\n{header}content-length: {}\r\n\r\n",
                    body.len()
                );
                writer.write_all(head.as_bytes()).await.map_err(lost)?;
                writer.write_all(body.as_bytes()).await.map_err(lost)?;
                writer.flush().await.map_err(lost)?;
            }
        }
    }
}

fn plain(status: u16, body: Value) -> Back {
    Back::Answer { status, header: None, body }
}

fn refusal(code: i64, message: &str) -> Back {
    plain(200, json!({"code": code, "message": message, "data": null}))
}

async fn answer(shared: &Arc<Shared>, request: &HttpRequest) -> Back {
    let parameter = |name: &str| {
        let pairs = url::form_urlencoded::parse(request.query.as_bytes());
        pairs.into_iter().find(|(known, _value)| known == name).map(|(_name, value)| value.into_owned())
    };
    let key = parameter("key").unwrap_or_default();
    let is_stranger = shared.state.lock().key.as_deref().is_some_and(|right| right != key);
    let answered = match request.path.as_str() {
        _ if is_stranger => refusal(501_012, "机器人密钥错误"),
        "/robot/robotInfo/online" => online(shared),
        "/wework/sendRawMessage" => {
            let call = HostedCall {
                robot_id: parameter("robotId").unwrap_or_default(),
                key,
                idempotency_key: request.header("idempotency-key").unwrap_or_default().to_owned(),
                items: items_of(&request.body),
                id: String::new(),
            };
            take(shared, call).await
        }
        _ => plain(404, json!({"code": 404, "message": "not found"})),
    };
    shared.changed.notify_waiters();
    answered
}

fn items_of(body: &[u8]) -> Vec<Value> {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    body.get("list").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn online(shared: &Shared) -> Back {
    let mut state = shared.state.lock();
    state.probes += 1;
    match state.online {
        Some(online) => plain(200, json!({"code": 200, "message": "操作成功", "data": online})),
        None => plain(500, json!({})),
    }
}

async fn take(shared: &Arc<Shared>, mut call: HostedCall) -> Back {
    let (answer, telling) = {
        let state = shared.state.lock();
        (state.answer, state.telling)
    };
    let is_bad = |item: &Value| item.get("receivedContent").and_then(Value::as_str) == Some("坏");
    let refused = match answer {
        HostedAnswer::Ok | HostedAnswer::ErrorAfterTaking | HostedAnswer::Hang | HostedAnswer::Break => None,
        HostedAnswer::TooMany(secs) => Some(Back::Answer {
            status: 429,
            header: Some(format!("retry-after: {secs}")),
            body: json!({"code": 429, "message": "请求过于频繁"}),
        }),
        HostedAnswer::TooManyInBody => Some(refusal(429, "请求过于频繁")),
        HostedAnswer::Error => Some(plain(500, json!({}))),
        HostedAnswer::UnknownRobot => Some(refusal(500, "机器人编号不存在")),
        HostedAnswer::Picky if call.items.len() > 1 || call.items.iter().any(is_bad) => {
            Some(refusal(101_011, "数据格式错误"))
        }
        HostedAnswer::Picky => None,
    };
    if let Some(refused) = refused {
        shared.state.lock().calls.push(call);
        return refused;
    }
    let id = {
        let mut state = shared.state.lock();
        state.ids += 1;
        call.id = state.ids.to_string();
        state.calls.push(call.clone());
        call.id.clone()
    };
    shared.changed.notify_waiters();
    tell(shared, &call, telling).await;
    match answer {
        HostedAnswer::Hang => Back::Hang,
        HostedAnswer::Break => Back::Nothing,
        HostedAnswer::ErrorAfterTaking => plain(500, json!({})),
        _ => plain(200, json!({"code": 200, "message": "操作成功", "data": id})),
    }
}

async fn tell(shared: &Arc<Shared>, call: &HostedCall, telling: Telling) {
    let work = {
        let (shared, call) = (Arc::clone(shared), call.clone());
        async move {
            for item in &call.items {
                if let Err(error) = report(&shared, &call.id, item, 0).await {
                    log::debug!("a result was not taken: {error}");
                }
            }
        }
    };
    match telling {
        Telling::Never => {}
        Telling::Before => {
            // It is on its way when the call is answered; the receiver may wait for that answer.
            tokio::spawn(work);
            sleep(Duration::from_millis(300)).await;
        }
        Telling::After(pause) => {
            tokio::spawn(async move {
                sleep(pause).await;
                work.await;
            });
        }
    }
}
