//! One simulated phone: a task that owns the socket, and this handle.
//!
//! ```text
//! Connecting ──► Online(n) ──► Offline(why) ──► Connecting …   or  Ended(why)
//! ```
//! A manual phone answers nothing by itself (except pings and heartbeats) and the caller drives it; an automatic one
//! follows its `Behaviour`. Both de-duplicate by (commandId, attempt) and count the same things.
mod automatic;
mod config;
mod control;
mod shared;
mod socket;
mod task;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

use crate::chat::ChatMessage;
use crate::command::{Command, Outcome};
use crate::dialect::Down;
use crate::error::SimError;
use crate::link;
use crate::time::within;

pub use config::{Heartbeat, Mode, PhoneConfig};
pub use control::Receipt;
pub use shared::{Incoming, LinkState, PhoneCounters};

use control::{Control, Request};
use shared::Shared;

/// Requests waiting for the task; a full queue makes the caller wait, within its deadline.
const CONTROLS_MAX: usize = 64;
/// For the task to take and carry out one request.
const CONTROL_DEADLINE: Duration = Duration::from_secs(15);

/// Handle of a running phone; dropping it ends the phone without a close frame.
#[derive(Debug)]
pub struct Phone {
    robot: String,
    shared: Arc<Shared>,
    controls: mpsc::Sender<Request>,
}

impl Phone {
    /// Starts a phone and waits until the server has taken it in; a refusal or close is the error.
    pub async fn connect(config: PhoneConfig) -> Result<Self, SimError> {
        let deadline = config.connect_timeout;
        let phone = Self::start(config)?;
        phone.wait_online(deadline).await?;
        Ok(phone)
    }

    /// Starts a phone that connects in the background.
    pub fn start(config: PhoneConfig) -> Result<Self, SimError> {
        let target = link::Target { base: link::parse_base(&config.url)?, source: config.source };
        let shared = Arc::new(Shared::new(config.inbox_max));
        let (controls, requests) = mpsc::channel(CONTROLS_MAX);
        let robot = config.robot.clone();
        tokio::spawn(task::Task::new(config, target, Arc::clone(&shared), requests).run());
        Ok(Self { robot, shared, controls })
    }

    /// The robot's name as configured.
    pub fn robot(&self) -> &str {
        &self.robot
    }

    /// The counts so far.
    pub fn counters(&self) -> PhoneCounters {
        self.shared.counters()
    }

    /// Where the connection stands.
    pub fn link(&self) -> LinkState {
        self.shared.link()
    }

    /// Results not proven to have arrived, and chat messages not acknowledged.
    pub fn pending(&self) -> (usize, usize) {
        self.shared.pending()
    }

    /// Waits until the phone is online; answers the socket's number. An end without reconnect is the error.
    pub async fn wait_online(&self, deadline: Duration) -> Result<u64, SimError> {
        let look = || match self.shared.link() {
            LinkState::Online(socket) => Ok(Some(socket)),
            LinkState::Ended(error) => Err(error),
            LinkState::Connecting | LinkState::Offline(_) => Ok(None),
        };
        self.shared.wait(deadline, "online", look).await
    }

    /// Waits until the socket has ended; answers how.
    pub async fn wait_ended(&self, deadline: Duration) -> Result<SimError, SimError> {
        let look = || match self.shared.link() {
            LinkState::Offline(error) | LinkState::Ended(error) => Ok(Some(error)),
            LinkState::Connecting | LinkState::Online(_) => Ok(None),
        };
        self.shared.wait(deadline, "end of the socket", look).await
    }

    /// Waits until the counters satisfy `wanted`; answers them.
    pub async fn wait_counters(
        &self,
        deadline: Duration,
        wanted: impl Fn(&PhoneCounters) -> bool,
    ) -> Result<PhoneCounters, SimError> {
        let look = || Ok(Some(self.shared.counters()).filter(&wanted));
        self.shared.wait(deadline, "counters", look).await
    }

    /// Takes the first kept frame for which `wanted` answers something; others stay kept.
    pub async fn next_where<T>(
        &self,
        deadline: Duration,
        name: &str,
        wanted: impl Fn(&Incoming) -> Option<T>,
    ) -> Result<T, SimError> {
        let look = || match self.shared.take(&wanted) {
            Some(found) => Ok(Some(found)),
            None => match self.shared.link() {
                LinkState::Ended(error) => Err(error),
                _ => Ok(None),
            },
        };
        self.shared.wait(deadline, name, look).await
    }

    /// Takes the next command, in order of arrival.
    pub async fn next_command(&self, deadline: Duration) -> Result<Command, SimError> {
        let wanted = |incoming: &Incoming| match &incoming.down {
            Down::Command(command) => Some(command.clone()),
            _ => None,
        };
        self.next_where(deadline, "command", wanted).await
    }

    /// Takes the next frame whose `type` field is `kind`, as JSON.
    pub async fn next_frame(&self, kind: &str, deadline: Duration) -> Result<Value, SimError> {
        let wanted = |incoming: &Incoming| {
            let found = incoming.raw.get("type").and_then(Value::as_str) == Some(kind);
            found.then(|| incoming.raw.clone())
        };
        self.next_where(deadline, kind, wanted).await
    }

    /// Insists that no command comes for `quiet`.
    pub async fn expect_no_command(&self, quiet: Duration) -> Result<(), SimError> {
        match self.next_command(quiet).await {
            Err(SimError::Deadline { .. }) => Ok(()),
            Err(error) => Err(error),
            Ok(command) => Err(SimError::Unexpected {
                wanted: "no command".into(),
                got: format!(
                    "{} attempt {} (redelivered {})",
                    command.id, command.attempt, command.redelivered
                ),
            }),
        }
    }

    /// Writes an `ack`.
    pub async fn ack(&self, command: &Command) -> Result<(), SimError> {
        self.ask(Control::Ack(command.clone())).await
    }

    /// Writes a `result`; the first one for an (id, attempt) counts as its execution.
    pub async fn result(&self, command: &Command, outcome: Outcome) -> Result<(), SimError> {
        self.ask(Control::Result(command.clone(), outcome)).await
    }

    /// Takes the next command, acknowledges it and reports success.
    pub async fn serve_next(&self, deadline: Duration) -> Result<Command, SimError> {
        let command = self.next_command(deadline).await?;
        self.ack(&command).await?;
        self.result(&command, Outcome::success(&command)).await?;
        Ok(command)
    }

    /// Writes any text frame.
    pub async fn send_raw(&self, text: impl Into<String>) -> Result<(), SimError> {
        self.send_message(Message::text(text.into())).await
    }

    /// Writes any WebSocket message: binary, ping, close.
    pub async fn send_message(&self, message: Message) -> Result<(), SimError> {
        self.ask(Control::Raw(message)).await
    }

    /// Writes a `heartbeat`.
    pub async fn heartbeat(&self) -> Result<(), SimError> {
        self.ask(Control::Heartbeat).await
    }

    /// Writes the bare `{"type":"ping"}`.
    pub async fn ping(&self) -> Result<(), SimError> {
        self.ask(Control::Ping).await
    }

    /// Answers a `config` frame; `refusal` makes it a `config_nack`.
    pub async fn answer_config(&self, frame: &Value, refusal: Option<&str>) -> Result<(), SimError> {
        let field =
            |name: &str| frame.get("data").and_then(|data| data.get(name)).cloned().unwrap_or(Value::Null);
        let config_type = field("configType").as_str().unwrap_or_default().to_owned();
        let refusal = refusal.map(str::to_owned);
        self.ask(Control::Config { config_type, version: field("version"), refusal }).await
    }

    /// Hands a chat message to the outbox, which repeats it under its id until the server acknowledges it.
    pub async fn say(&self, message: ChatMessage) -> Result<(), SimError> {
        self.ask(Control::Say(message, None)).await
    }

    /// Says something and waits for the acknowledgement.
    pub async fn say_until_acked(
        &self,
        message: ChatMessage,
        deadline: Duration,
    ) -> Result<Receipt, SimError> {
        let (acked, receipt) = oneshot::channel();
        self.ask(Control::Say(message, Some(acked))).await?;
        within(deadline, "message_ack", receipt).await?.map_err(|error| SimError::Lost(error.to_string()))
    }

    /// Stops reading without closing: the server's writes pile up. Heartbeats go on.
    pub async fn stop_reading(&self) -> Result<(), SimError> {
        self.ask(Control::StopReading { silent: false }).await
    }

    /// Stops reading and writing without closing, as a phone in a tunnel does.
    pub async fn go_silent(&self) -> Result<(), SimError> {
        self.ask(Control::StopReading { silent: true }).await
    }

    /// Reads and writes again.
    pub async fn resume_reading(&self) -> Result<(), SimError> {
        self.ask(Control::ResumeReading).await
    }

    /// Drops the connection without a close frame; a reconnecting phone comes back by its backoff.
    pub async fn disconnect(&self) -> Result<(), SimError> {
        self.ask(Control::Disconnect { reset: false, stay_away: None }).await
    }

    /// Resets the TCP connection: what is on the way is lost.
    pub async fn reset(&self) -> Result<(), SimError> {
        self.ask(Control::Disconnect { reset: true, stay_away: None }).await
    }

    /// Drops the connection and comes back after `away` at the earliest (or by `reconnect`).
    pub async fn go_offline(&self, away: Duration) -> Result<(), SimError> {
        self.ask(Control::Disconnect { reset: false, stay_away: Some(away) }).await
    }

    /// Closes in good order.
    pub async fn close(&self, code: u16, reason: &str) -> Result<(), SimError> {
        self.ask(Control::Close { code, reason: reason.to_owned() }).await
    }

    /// Connects at once, dropping a living connection; also for phones without a reconnect rule.
    pub async fn reconnect(&self, deadline: Duration) -> Result<u64, SimError> {
        self.ask(Control::Reconnect).await?;
        self.wait_online(deadline).await
    }

    /// Ends the phone for good and waits for it.
    pub async fn stop(&self) -> Result<(), SimError> {
        match self.ask(Control::Stop).await {
            Ok(()) | Err(SimError::Stopped) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn ask(&self, control: Control) -> Result<(), SimError> {
        let (done, answer) = oneshot::channel();
        let exchange = async {
            let request = Request { control, done };
            if self.controls.send(request).await.is_err() {
                return Err(SimError::Stopped);
            }
            answer.await.unwrap_or(Err(SimError::Stopped))
        };
        within(CONTROL_DEADLINE, "phone task", exchange).await?
    }
}

#[cfg(test)]
mod tests;
