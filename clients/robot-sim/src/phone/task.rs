//! The task behind a phone: connects, reads, writes what is due, comes back.
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::automatic::Action;
use super::config::{Heartbeat, PhoneConfig};
use super::control::{Control, Receipt, Request};
use super::shared::{LinkState, PhoneCounters, Shared};
use super::socket::{End, Line, Step};
use crate::dialect::Up;
use crate::error::SimError;
use crate::link::{self, Socket, Target};
use crate::memory::Memory;
use crate::outbox::Outbox;
use crate::random::Random;
use crate::schedule::{Agenda, earliest};
use crate::time::now_ms;

/// Actions waiting before the phone stops reading until some are done.
const AGENDA_MAX: usize = 10_000;
/// Frames taken in one go before what they caused is written.
const READ_BATCH: usize = 32;
/// Wake-up when nothing at all is due.
const IDLE: Duration = Duration::from_secs(3_600);

pub(super) struct Task {
    pub config: PhoneConfig,
    pub shared: Arc<Shared>,
    pub memory: Memory,
    pub outbox: Outbox,
    pub agenda: Agenda<Action>,
    pub random: Random,
    pub counters: PhoneCounters,
    pub receipts: HashMap<String, oneshot::Sender<Receipt>>,
    /// When the command in execution is done.
    pub busy_until: Instant,
    pub started_at: Instant,
    target: Target,
    requests: mpsc::Receiver<Request>,
    sockets: u64,
    stay_away: Option<Duration>,
}

impl Task {
    pub(super) fn new(
        config: PhoneConfig,
        target: Target,
        shared: Arc<Shared>,
        requests: mpsc::Receiver<Request>,
    ) -> Self {
        Self {
            memory: Memory::new(config.confirm_grace),
            outbox: Outbox::new(config.message_ack_timeout),
            agenda: Agenda::default(),
            random: Random::new(config.seed),
            counters: PhoneCounters::default(),
            receipts: HashMap::new(),
            busy_until: Instant::now(),
            started_at: Instant::now(),
            sockets: 0,
            stay_away: None,
            config,
            shared,
            target,
            requests,
        }
    }

    /// Runs until the handle stops it or is dropped.
    pub(super) async fn run(mut self) {
        let mut failures = 0;
        loop {
            self.shared.set_link(LinkState::Connecting);
            let end = match self.open().await {
                Ok(socket) => self.serve(socket, &mut failures).await,
                Err(end) => {
                    self.counters.connect_failures += 1;
                    end
                }
            };
            failures += 1;
            self.publish();
            if !self.is_back_after(end, failures).await {
                break;
            }
        }
        self.shared.set_link(LinkState::Ended(SimError::Stopped));
    }

    pub(super) fn publish(&self) {
        let counters = PhoneCounters { memory: self.memory.counters(), ..self.counters };
        self.shared.publish(counters, self.memory.unreported(), self.outbox.len());
    }

    /// Writes one utterance; silently nothing when the dialect has no words for it.
    pub(super) async fn write(&mut self, line: &mut Line, up: Up<'_>) -> Step<()> {
        let Some(text) = self.config.dialect.encode(up, now_ms()) else { return Ok(()) };
        self.counters.frames_out += 1;
        line.write(text.into()).await
    }

    async fn open(&mut self) -> Step<Socket> {
        let upgrade = self.config.dialect.upgrade(&self.config.credentials);
        let target = self.target.clone();
        let opening = link::open(&target, &upgrade, self.config.connect_timeout);
        tokio::pin!(opening);
        loop {
            tokio::select! {
                opened = &mut opening => return opened.map_err(End::Other),
                request = self.requests.recv() => {
                    if let Some(End::Stop) = self.on_request_offline(request) {
                        return Err(End::Stop);
                    }
                }
            }
        }
    }

    async fn serve(&mut self, socket: Socket, failures: &mut u32) -> End {
        self.sockets += 1;
        let ready_by = Instant::now() + self.config.connect_timeout;
        let mut line = Line::new(socket, self.sockets, ready_by, self.config.write_timeout);
        let end = match self.greet(&mut line).await {
            Ok(()) => self.converse(&mut line).await,
            Err(end) => end,
        };
        if line.is_online {
            *failures = 0;
            self.counters.disconnects += 1;
        } else {
            self.counters.connect_failures += 1;
        }
        end
    }

    async fn greet(&mut self, line: &mut Line) -> Step<()> {
        for text in self.config.dialect.greeting(self.sockets > 1, now_ms()) {
            self.counters.frames_out += 1;
            line.write(text.into()).await?;
        }
        line.flush().await
    }

    async fn converse(&mut self, line: &mut Line) -> End {
        loop {
            if let Err(end) = self.do_due(line).await {
                line.prepare_drop(false).await;
                return end;
            }
            let wake = self.next_wake(line);
            let can_read = line.is_reading && self.agenda.len() < AGENDA_MAX;
            let done = tokio::select! {
                request = self.requests.recv() => self.on_request(line, request).await,
                message = line.read(), if can_read => match message {
                    Ok(message) => self.on_messages(line, message).await,
                    Err(end) => Err(end),
                },
                () = sleep_until(wake) => Ok(()),
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    async fn on_messages(
        &mut self,
        line: &mut Line,
        first: tokio_tungstenite::tungstenite::Message,
    ) -> Step<()> {
        self.on_message(line, first).await?;
        for _ in 0..READ_BATCH {
            match line.read_ready() {
                Some(message) => self.on_message(line, message?).await?,
                None => break,
            }
        }
        Ok(())
    }

    /// Everything that is due now: own actions, chat messages, keep-alives; then one flush.
    async fn do_due(&mut self, line: &mut Line) -> Step<()> {
        let now = Instant::now();
        if !line.is_online && now >= line.ready_by {
            let after_ms = crate::time::millis(self.config.connect_timeout);
            return Err(End::Other(SimError::Deadline { wanted: "connected frame".into(), after_ms }));
        }
        if line.stalled_until.is_some_and(|until| until <= now) {
            self.counters.cuts += 1;
            return Err(End::Own);
        }
        if line.is_online && !line.is_silent {
            while let Some(action) = self.agenda.take_due(now) {
                self.act(line, action).await?;
            }
            while let Some(message) = self.outbox.take_due(now) {
                self.counters.messages_sent += 1;
                self.write(line, Up::Message(&message)).await?;
            }
            if line.heartbeat_due.is_some_and(|due| due <= now) {
                self.beat(line, Up::Heartbeat).await?;
                line.heartbeat_due = line.heartbeat_every.map(|every| now + every);
            }
        }
        self.publish();
        line.flush().await
    }

    pub(super) async fn beat(&mut self, line: &mut Line, up: Up<'_>) -> Step<()> {
        self.counters.heartbeats += 1;
        line.note_probe(Instant::now());
        self.write(line, up).await
    }

    /// Sets the keep-alive period once the server has named its own.
    pub(super) fn set_heartbeat(&self, line: &mut Line, announced: Option<Duration>) {
        line.heartbeat_every = match self.config.heartbeat {
            Heartbeat::Off => None,
            Heartbeat::Every(every) => Some(every),
            Heartbeat::Announced => Some(announced.unwrap_or(self.config.dialect.heartbeat_interval())),
        };
        line.heartbeat_due = line.heartbeat_every.map(|every| Instant::now() + every);
    }

    fn next_wake(&self, line: &Line) -> Instant {
        let idle = Instant::now() + IDLE;
        let opening = (!line.is_online).then_some(line.ready_by);
        let own = [self.agenda.next_due(), self.outbox.next_due(), line.heartbeat_due];
        let own = if line.is_online && !line.is_silent { earliest(own) } else { None };
        earliest([opening, line.stalled_until, own]).unwrap_or(idle)
    }

    /// Shows how the connection ended, waits as the rules say; false when the phone is over.
    async fn is_back_after(&mut self, end: End, failures: u32) -> bool {
        let stay_away = self.stay_away.take();
        let (error, wait) = match end {
            End::Stop => return false,
            End::Reconnect => return true,
            End::Own => (SimError::Lost("dropped by the phone".into()), self.wait(None, failures)),
            End::Other(error) => {
                let wait = self.wait(Some(&error), failures);
                (error, wait)
            }
        };
        let wait = match (wait, stay_away) {
            (Some(wait), Some(away)) => Some(wait.max(away)),
            (wait, away) => wait.or(away),
        };
        let until = Instant::now() + wait.unwrap_or(IDLE);
        let state = if wait.is_some() { LinkState::Offline(error) } else { LinkState::Ended(error) };
        self.shared.set_link(state);
        loop {
            tokio::select! {
                request = self.requests.recv() => match self.on_request_offline(request) {
                    Some(End::Stop) => return false,
                    Some(_) => return true,
                    None => {}
                },
                () = sleep_until(until), if wait.is_some() => return true,
            }
        }
    }

    fn wait(&mut self, error: Option<&SimError>, failures: u32) -> Option<Duration> {
        let backoff = self.config.reconnect?;
        if error.is_some_and(|error| !error.is_transient()) && !backoff.stubborn {
            return None;
        }
        let delay = backoff.delay(failures, &mut self.random);
        match error {
            Some(SimError::Refused { retry_after: Some(secs), .. }) => {
                Some(delay.max(Duration::from_secs(*secs)))
            }
            _ => Some(delay),
        }
    }

    fn on_request_offline(&mut self, request: Option<Request>) -> Option<End> {
        let Some(Request { control, done }) = request else { return Some(End::Stop) };
        let (answer, end) = match control {
            Control::Stop => (Ok(()), Some(End::Stop)),
            Control::Reconnect => {
                self.shared.set_link(LinkState::Connecting);
                (Ok(()), Some(End::Reconnect))
            }
            Control::Say(message, receipt) => (self.say(message, receipt), None),
            Control::Disconnect { stay_away: None, .. } => (Ok(()), None),
            _ => (Err(SimError::Lost("phone is offline".into())), None),
        };
        self.publish();
        self.answer(done, answer);
        end
    }

    async fn on_request(&mut self, line: &mut Line, request: Option<Request>) -> Step<()> {
        let Some(Request { control, done }) = request else { return Err(End::Stop) };
        let step = self.carry_out(line, control).await;
        let step = match step {
            Ok(Ok(())) if !line.is_silent => line.flush().await.map(Ok),
            other => other,
        };
        self.publish();
        match step {
            Ok(answer) => {
                self.answer(done, answer);
                Ok(())
            }
            Err(end) => {
                if matches!(end, End::Reconnect) {
                    self.shared.set_link(LinkState::Connecting);
                }
                let answer = match &end {
                    End::Other(error) => Err(error.clone()),
                    End::Own | End::Reconnect | End::Stop => Ok(()),
                };
                self.answer(done, answer);
                Err(end)
            }
        }
    }

    async fn carry_out(&mut self, line: &mut Line, control: Control) -> Step<Result<(), SimError>> {
        match control {
            Control::Ack(command) => self.write_ack(line, &command).await?,
            Control::Result(command, outcome) => self.report_by_hand(line, command, outcome).await?,
            Control::Raw(message) => {
                self.counters.frames_out += 1;
                line.write(message).await?;
            }
            Control::Heartbeat => self.beat(line, Up::Heartbeat).await?,
            Control::Ping => self.beat(line, Up::Ping).await?,
            Control::Config { config_type, version, refusal } => {
                let (config_type, version) = (config_type.as_str(), &version);
                let up = match &refusal {
                    Some(reason) => Up::ConfigNack { config_type, version, reason },
                    None => Up::ConfigAck { config_type, version },
                };
                self.write(line, up).await?;
            }
            Control::Say(message, receipt) => return Ok(self.say(message, receipt)),
            Control::StopReading { silent } => {
                line.is_reading = false;
                line.is_silent |= silent;
            }
            Control::ResumeReading => {
                line.is_reading = true;
                line.is_silent = false;
            }
            Control::Disconnect { reset, stay_away } => {
                self.stay_away = stay_away;
                self.counters.cuts += 1;
                line.prepare_drop(reset).await;
                return Err(End::Own);
            }
            Control::Close { code, reason } => {
                self.counters.cuts += 1;
                line.close(code, reason).await;
                return Err(End::Own);
            }
            Control::Reconnect => return Err(End::Reconnect),
            Control::Stop => {
                line.close(1000, "bye".into()).await;
                return Err(End::Stop);
            }
        }
        Ok(Ok(()))
    }

    fn say(
        &mut self,
        message: crate::chat::ChatMessage,
        receipt: Option<oneshot::Sender<Receipt>>,
    ) -> Result<(), SimError> {
        let message_id = message.message_id.clone();
        self.outbox.add(message, Instant::now())?;
        if let Some(receipt) = receipt {
            self.receipts.insert(message_id, receipt);
        }
        Ok(())
    }

    fn answer(&self, done: oneshot::Sender<Result<(), SimError>>, answer: Result<(), SimError>) {
        if done.send(answer).is_err() {
            log::debug!(robot = self.config.robot.as_str(); "nobody waits for the phone's answer any more");
        }
    }
}
