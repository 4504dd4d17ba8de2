//! A small typed client for the REST routes that phones and AI platforms use.
mod answer;

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::chat::ChatMessage;
use crate::error::SimError;
use crate::identity::{Device, Identity};
use crate::link::parse_base;

pub use answer::{Answer, Envelope};

/// A client for one server with one credential; cheap to clone, connections are shared.
#[derive(Clone)]
pub struct Rest {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
    headers: Vec<(String, String)>,
    deadline: Duration,
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Rest").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Rest {
    /// A client without credential; every call ends within 30 s.
    pub fn new(base: &str) -> Result<Self, SimError> {
        let deadline = Duration::from_secs(30);
        parse_base(base)?;
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()
            .map_err(|error| SimError::Address(error.to_string()))?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, token: None, headers: Vec::new(), deadline })
    }

    /// The same client with a bearer token.
    #[must_use]
    pub fn with_token(&self, token: impl Into<String>) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same client with one more header on every call, such as `Idempotency-Key`.
    #[must_use]
    pub fn with_header(&self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut changed = self.clone();
        changed.headers.push((name.into(), value.into()));
        changed
    }

    /// The same client with another deadline per call.
    #[must_use]
    pub fn with_deadline(&self, deadline: Duration) -> Self {
        Self { deadline, ..self.clone() }
    }

    /// The server's address as given.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Any GET; `path` starts with `/` and may hold a query.
    pub async fn get(&self, path: &str) -> Result<Answer, SimError> {
        self.call(Method::GET, path, None).await
    }

    /// Any POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, SimError> {
        self.call(Method::POST, path, Some(body.to_string())).await
    }

    /// Any PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Result<Answer, SimError> {
        self.call(Method::PUT, path, Some(body.to_string())).await
    }

    /// Any DELETE.
    pub async fn delete(&self, path: &str) -> Result<Answer, SimError> {
        self.call(Method::DELETE, path, None).await
    }

    /// Any POST with exactly this body, JSON or not, sent as `application/json`.
    pub async fn post_raw(&self, path: &str, body: impl Into<String>) -> Result<Answer, SimError> {
        self.call(Method::POST, path, Some(body.into())).await
    }

    /// `POST /api/robot-ids/verify`.
    pub async fn verify(&self, code: &str, device_id: &str) -> Result<Answer, SimError> {
        self.post("/api/robot-ids/verify", &json!({"code": code, "deviceId": device_id})).await
    }

    /// `POST /api/robot-ids/activate`.
    pub async fn activate(&self, code: &str, device: &Device) -> Result<Answer, SimError> {
        self.post("/api/robot-ids/activate", &json!({"code": code, "deviceInfo": device})).await
    }

    /// Activates and reads the tokens; anything but 200 and 201 is the error.
    pub async fn activated(&self, code: &str, device: &Device) -> Result<Identity, SimError> {
        self.activate(code, device).await?.expect_ok()?.data()
    }

    /// `POST /api/robot/refresh-token`.
    pub async fn refresh(&self, refresh_token: &str) -> Result<Answer, SimError> {
        self.post("/api/robot/refresh-token", &json!({"refreshToken": refresh_token})).await
    }

    /// `POST /api/heartbeat`.
    pub async fn heartbeat(&self) -> Result<Answer, SimError> {
        self.post("/api/heartbeat", &json!({"timestamp": crate::time::now_ms(), "batteryLevel": 80})).await
    }

    /// `POST /api/robot/messages`.
    pub async fn post_message(&self, robot_id: &str, message: &ChatMessage) -> Result<Answer, SimError> {
        self.post("/api/robot/messages", &message.body(robot_id)).await
    }

    /// `POST /api/robot/send-message` with any body.
    pub async fn send_message(&self, body: &Value) -> Result<Answer, SimError> {
        self.post("/api/robot/send-message", body).await
    }

    /// `POST /api/robot/send-message` with a text.
    pub async fn send_text(
        &self,
        robot_id: &str,
        titles: &[&str],
        content: &str,
    ) -> Result<Answer, SimError> {
        let body = json!({"robotId": robot_id, "type": "text", "titleList": titles, "content": content});
        self.send_message(&body).await
    }

    /// `POST /api/robot/commands` with raw items.
    pub async fn send_commands(&self, robot_id: &str, list: &[Value]) -> Result<Answer, SimError> {
        self.post("/api/robot/commands", &json!({"robotId": robot_id, "list": list})).await
    }

    /// `GET /api/robot/commands/{id}`: state and history.
    pub async fn command(&self, id: &str) -> Result<Answer, SimError> {
        self.get(&format!("/api/robot/commands/{id}")).await
    }

    /// Asks for a command's record until `wanted` says yes to its `state`; answers the record. Refusals that ask for patience and
    /// a server that is away are waited out.
    pub async fn wait_state(
        &self,
        id: &str,
        deadline: Duration,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Value, SimError> {
        let until = Instant::now() + deadline;
        let mut pause = Duration::from_millis(5);
        loop {
            let (problem, wait) = match self.command(id).await {
                Ok(answer) if matches!(answer.status, 429 | 503) => {
                    let wait = Duration::from_secs(answer.retry_after().unwrap_or(1));
                    if answer.status == 429 && Instant::now() + wait > until {
                        return Err(SimError::Limited { after_ms: crate::time::millis(deadline) });
                    }
                    (format!("HTTP {}", answer.status), wait)
                }
                Ok(answer) => {
                    let answer = answer.expect_ok()?;
                    let state = answer.text("/state")?;
                    if wanted(&state) {
                        return Ok(answer.envelope.data);
                    }
                    (state, pause)
                }
                Err(error) if error.is_transient() => (error.to_string(), Duration::from_millis(200)),
                Err(error) => return Err(error),
            };
            if Instant::now() + wait > until {
                let wanted = format!("wanted state of command {id}, it is {problem}");
                return Err(SimError::Deadline { wanted, after_ms: crate::time::millis(deadline) });
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }

    /// `DELETE /api/robot/commands/{id}`.
    pub async fn cancel(&self, id: &str) -> Result<Answer, SimError> {
        self.delete(&format!("/api/robot/commands/{id}")).await
    }

    /// `GET /api/robot/commands` as a polling app, waiting on the server up to `wait_secs`.
    pub async fn poll(&self, robot_id: &str, wait_secs: u32) -> Result<Answer, SimError> {
        self.get(&format!("/api/robot/commands?robotId={robot_id}&wait={wait_secs}")).await
    }

    /// `POST /api/robot/commands/{id}/ack`.
    pub async fn ack(&self, id: &str) -> Result<Answer, SimError> {
        self.post(&format!("/api/robot/commands/{id}/ack"), &json!({})).await
    }

    /// `POST /api/robot/command-result` with any body.
    pub async fn command_result(&self, body: &Value) -> Result<Answer, SimError> {
        self.post("/api/robot/command-result", body).await
    }

    /// `POST /api/robot/command-result` that reports success for these titles.
    pub async fn report_success(
        &self,
        robot_id: &str,
        id: &str,
        titles: &[&str],
    ) -> Result<Answer, SimError> {
        self.command_result(&json!({
            "robotId": robot_id, "commandId": id, "errorCode": 0, "errorReason": "", "executionTimeMs": 1_200,
            "successList": titles, "failList": [],
        }))
        .await
    }

    /// `POST /api/result`, the short alias.
    pub async fn short_result(&self, id: &str, status: &str, result: &Value) -> Result<Answer, SimError> {
        self.post("/api/result", &json!({"commandId": id, "status": status, "result": result})).await
    }

    /// `POST /api/robot/robotInfo/update`; `fields` beside `robotId`.
    pub async fn update_info(&self, robot_id: &str, fields: &Value) -> Result<Answer, SimError> {
        let mut body = fields.clone();
        if let Some(map) = body.as_object_mut() {
            map.insert("robotId".into(), robot_id.into());
        }
        self.post("/api/robot/robotInfo/update", &body).await
    }

    /// Switches the message callback on for every message.
    pub async fn bind_messages(&self, robot_id: &str, callback_url: &str) -> Result<Answer, SimError> {
        let fields = json!({"openCallback": 1, "replyAll": 1, "callbackUrl": callback_url});
        self.update_info(robot_id, &fields).await
    }

    /// `POST /api/robot/robotInfo/callBack/bind`: 0 QR code, 1 result, 5 online, 6 offline.
    pub async fn bind_callback(&self, robot_id: &str, kind: u8, url: &str) -> Result<Answer, SimError> {
        let body = json!({"robotId": robot_id, "type": kind, "callBackUrl": url});
        self.post("/api/robot/robotInfo/callBack/bind", &body).await
    }

    /// `GET /api/robot/robotInfo/callBack/get`.
    pub async fn callbacks(&self, robot_id: &str) -> Result<Answer, SimError> {
        self.get(&format!("/api/robot/robotInfo/callBack/get?robotId={robot_id}")).await
    }

    /// `POST /api/robot/robotInfo/callBack/deleteByType`.
    pub async fn delete_callback(&self, robot_id: &str, kind: u8) -> Result<Answer, SimError> {
        let body = json!({"robotId": robot_id, "type": kind});
        self.post("/api/robot/robotInfo/callBack/deleteByType", &body).await
    }

    /// `POST /api/robot/robotInfo/secret/rotate`.
    pub async fn rotate_secret(&self, robot_id: &str) -> Result<Answer, SimError> {
        self.post("/api/robot/robotInfo/secret/rotate", &json!({"robotId": robot_id})).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<String>) -> Result<Answer, SimError> {
        let started = Instant::now();
        let mut request = self.http.request(method, format!("{}{path}", self.base)).timeout(self.deadline);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let failed = |error: reqwest::Error| SimError::Request(describe(&error));
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers = headers
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        let body = response.text().await.map_err(failed)?;
        let envelope = serde_json::from_str(&body).unwrap_or_default();
        Ok(Answer { status, envelope, headers, body, took: started.elapsed() })
    }
}

/// The error with its causes; reqwest alone says only "error sending request".
fn describe(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
