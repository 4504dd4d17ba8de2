//! What a phone does about frames, and how an automatic one answers commands.
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::config::Mode;
use super::control::Receipt;
use super::shared::{Incoming, LinkState};
use super::socket::{End, Line, Step};
use super::task::Task;
use crate::behaviour::{Acking, Behaviour, Cut, Plan, Reporting};
use crate::command::{Command, Outcome};
use crate::dialect::{Down, Up};
use crate::memory::Push;
use crate::time::{micros, millis};

/// One thing an automatic phone does later. What belongs to a socket is dropped when that socket is gone.
#[derive(Debug)]
pub(super) enum Action {
    Ack { socket: u64, command: Arc<Command>, times: u8 },
    Execute { command: Arc<Command>, plan: Box<Plan> },
    Report { command: Arc<Command>, outcome: Outcome },
    Cut { socket: u64 },
    Stall { socket: u64, time: Duration },
}

impl Task {
    pub(super) async fn on_message(&mut self, line: &mut Line, message: Message) -> Step<()> {
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => {
                self.counters.unknown_frames += 1;
                return Ok(());
            }
            _ => return Ok(()),
        };
        self.counters.frames_in += 1;
        let is_kept = self.config.inbox_max > 0;
        for down in self.config.dialect.decode(text.as_str()) {
            let kept = is_kept.then(|| Incoming {
                raw: serde_json::from_str(text.as_str()).unwrap_or_else(|_| Value::String(text.to_string())),
                down: down.clone(),
                at: Instant::now(),
                socket: line.number,
            });
            let done = self.on_down(line, down).await;
            self.publish();
            if let Some(incoming) = kept {
                self.shared.keep(incoming);
            }
            done?;
        }
        Ok(())
    }

    async fn on_down(&mut self, line: &mut Line, down: Down) -> Step<()> {
        let now = Instant::now();
        match down {
            Down::Connected { heartbeat, .. } => self.on_connected(line, heartbeat, now).await?,
            Down::Command(command) => self.on_command(line, command, now),
            Down::Alive => {
                self.counters.heartbeat_answers += 1;
                if let Some(sent_at) = line.probes.pop_front() {
                    self.memory.on_evidence(sent_at);
                }
            }
            Down::MessageAck { message_id, server_message_id } => {
                self.on_message_ack(&message_id, server_message_id, now);
            }
            Down::MessageNack { message_id, retry_after } => {
                self.counters.message_nacks += 1;
                if !self.outbox.on_nack(&message_id, retry_after, now) {
                    log::debug!(robot = self.config.robot.as_str(), message = message_id.as_str();
                        "refusal of a message that is not held");
                }
            }
            Down::Config { config_type, version, .. } => {
                self.counters.configs += 1;
                if matches!(self.config.mode, Mode::Automatic(_)) {
                    let up = Up::ConfigAck { config_type: &config_type, version: &version };
                    self.write(line, up).await?;
                }
            }
            Down::Error { code, message } => {
                self.counters.errors += 1;
                log::debug!(robot = self.config.robot.as_str(), code = code.as_str();
                    "the server reports an error: {message}");
            }
            Down::Unknown => self.counters.unknown_frames += 1,
        }
        Ok(())
    }

    async fn on_connected(&mut self, line: &mut Line, heartbeat: Option<Duration>, now: Instant) -> Step<()> {
        self.set_heartbeat(line, heartbeat);
        if line.is_online {
            return Ok(());
        }
        line.is_online = true;
        self.counters.connects += 1;
        self.outbox.on_socket(now);
        let unreported = self.memory.on_socket();
        if matches!(self.config.mode, Mode::Automatic(_)) {
            for (command, outcome) in unreported {
                self.write_result(line, &command, &outcome).await?;
            }
        }
        self.publish();
        self.shared.set_link(LinkState::Online(line.number));
        Ok(())
    }

    fn on_message_ack(&mut self, message_id: &str, server_message_id: String, now: Instant) {
        let Some(acknowledged) = self.outbox.on_ack(message_id, now) else {
            self.counters.repeated_message_acks += 1;
            return;
        };
        self.counters.messages_acked += 1;
        if let Some(written) = acknowledged.written {
            self.memory.on_evidence(written);
        }
        if let Some(observer) = &self.config.observer {
            observer.on_message_acked(&self.config.robot, &acknowledged.message, &server_message_id);
        }
        if let Some(receipt) = self.receipts.remove(message_id)
            && receipt.send(Receipt { server_message_id, acknowledged }).is_err()
        {
            log::debug!(message = message_id; "nobody waits for the acknowledgement any more");
        }
    }

    fn on_command(&mut self, line: &Line, command: Command, now: Instant) {
        self.counters.commands += 1;
        let doubled_before = self.memory.counters().doubled;
        let push = self.memory.on_push(&command, line.number);
        if let Some(observer) = &self.config.observer {
            observer.on_received(&self.config.robot, &command, push == Push::Fresh);
            if self.memory.counters().doubled > doubled_before {
                observer.on_doubled(&self.config.robot, &command);
            }
        }
        let Mode::Automatic(behaviour) = self.config.mode else { return };
        let command = Arc::new(command);
        match push {
            Push::Fresh => self.schedule(&behaviour, line.number, command, now),
            Push::Repeat(outcome) => self.schedule_repeat(&behaviour, line.number, command, outcome, now),
        }
    }

    fn schedule(&mut self, behaviour: &Behaviour, socket: u64, command: Arc<Command>, now: Instant) {
        let plan = behaviour.plan(&command, &mut self.random);
        let ack_at = self.held_until(behaviour, now + plan.ack_delay);
        if plan.cut == Some(Cut::BeforeAck) {
            self.agenda.add(now, Action::Cut { socket });
        }
        if plan.acks > 0 {
            self.agenda.add(ack_at, Action::Ack { socket, command: Arc::clone(&command), times: plan.acks });
        }
        if plan.cut == Some(Cut::AfterAck) {
            self.agenda.add(ack_at, Action::Cut { socket });
        }
        if let Some(time) = plan.stall {
            self.agenda.add(ack_at, Action::Stall { socket, time });
        }
        let starts = if behaviour.is_serial { self.busy_until.max(now) } else { now };
        let done_at = starts + plan.delay;
        self.busy_until = self.busy_until.max(done_at);
        let report_at = self.held_until(behaviour, done_at);
        self.agenda.add(report_at, Action::Execute { command, plan: Box::new(plan) });
    }

    fn schedule_repeat(
        &mut self,
        behaviour: &Behaviour,
        socket: u64,
        command: Arc<Command>,
        outcome: Option<Outcome>,
        now: Instant,
    ) {
        if behaviour.acking != Acking::Never {
            self.agenda.add(now, Action::Ack { socket, command: Arc::clone(&command), times: 1 });
        }
        if let (Some(outcome), true) = (outcome, behaviour.reporting != Reporting::Never) {
            self.agenda.add(now, Action::Report { command, outcome });
        }
    }

    /// The next multiple of the burst period after the phone's start; the time itself without one.
    fn held_until(&self, behaviour: &Behaviour, at: Instant) -> Instant {
        let Some(period) = behaviour.burst else { return at };
        let period = micros(period).max(1);
        let since = micros(at.saturating_duration_since(self.started_at));
        self.started_at + Duration::from_micros(since.div_ceil(period).saturating_mul(period))
    }

    pub(super) async fn act(&mut self, line: &mut Line, action: Action) -> Step<()> {
        match action {
            Action::Ack { socket, command, times } if socket == line.number => {
                for _ in 0..times {
                    self.write_ack(line, &command).await?;
                }
            }
            Action::Cut { socket } if socket == line.number => return Err(self.cut(line).await),
            Action::Stall { socket, time } if socket == line.number => {
                self.counters.stalls += 1;
                line.flush().await?;
                line.is_reading = false;
                line.is_silent = true;
                line.stalled_until = Some(Instant::now() + time);
                log::trace!(robot = self.config.robot.as_str(), time_ms = millis(time); "phone stalls");
            }
            Action::Ack { .. } | Action::Cut { .. } | Action::Stall { .. } => {}
            Action::Report { command, outcome } => self.write_result(line, &command, &outcome).await?,
            Action::Execute { command, plan } => self.execute(line, &command, &plan).await?,
        }
        Ok(())
    }

    async fn execute(&mut self, line: &mut Line, command: &Arc<Command>, plan: &Plan) -> Step<()> {
        self.note_executed(command, &plan.outcome, plan.reports > 0);
        if plan.cut == Some(Cut::BeforeResult) {
            return Err(self.cut(line).await);
        }
        for _ in 0..plan.reports {
            self.write_result(line, command, &plan.outcome).await?;
        }
        if plan.ack_after_result {
            self.write_ack(line, command).await?;
        }
        if plan.cut == Some(Cut::AfterResult) {
            return Err(self.cut(line).await);
        }
        Ok(())
    }

    async fn cut(&mut self, line: &mut Line) -> End {
        self.counters.cuts += 1;
        let reset = matches!(self.config.mode, Mode::Automatic(behaviour) if behaviour.cut_by_reset);
        line.prepare_drop(reset).await;
        End::Own
    }

    fn note_executed(&mut self, command: &Arc<Command>, outcome: &Outcome, is_reported: bool) {
        if self.memory.on_executed(command, outcome, is_reported) {
            self.counters.executed += 1;
            if let Some(observer) = &self.config.observer {
                observer.on_executed(&self.config.robot, command, outcome);
            }
        }
    }

    pub(super) async fn report_by_hand(
        &mut self,
        line: &mut Line,
        command: Command,
        outcome: Outcome,
    ) -> Step<()> {
        let command = Arc::new(command);
        self.note_executed(&command, &outcome, true);
        self.write_result(line, &command, &outcome).await
    }

    pub(super) async fn write_ack(&mut self, line: &mut Line, command: &Command) -> Step<()> {
        self.counters.acks += 1;
        self.write(line, Up::Ack { command }).await?;
        self.memory.on_confirm_written(&command.key(), Instant::now());
        Ok(())
    }

    async fn write_result(&mut self, line: &mut Line, command: &Command, outcome: &Outcome) -> Step<()> {
        self.counters.results += 1;
        self.write(line, Up::Result { command, outcome }).await?;
        let now = Instant::now();
        self.memory.on_confirm_written(&command.key(), now);
        self.memory.on_result_written(command, now);
        if let Some(observer) = &self.config.observer {
            observer.on_reported(&self.config.robot, command);
        }
        Ok(())
    }
}
