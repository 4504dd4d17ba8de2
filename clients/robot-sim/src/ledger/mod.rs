//! The book of sequence numbers: what was promised, what happened, what is missing or happened twice.
//!
//! ```text
//! command: begun ──► accepted (200) | refused | unsure ──► received ──► executed (effect or not) ──► reported
//! message: begun ──► acknowledged ──► callback received ──► reply executed
//! ```
mod book;
mod tally;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use crate::chat::ChatMessage;
use crate::command::{Command, Outcome};
use crate::histogram::Histogram;
use crate::observer::Observer;
use crate::tag::{Tag, TagKind};
use book::{Answered, CommandEntry, MessageEntry};

pub use tally::{CommandTally, LedgerReport, MessageTally};

/// How a submission was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// Answered with success under this command id: must be executed exactly once.
    Accepted(String),
    /// Refused: must not be executed.
    Refused(u16),
    /// No answer: may or may not be executed, but not twice.
    Unsure,
    /// Withdrawn by the caller after acceptance: must be executed at most once.
    Cancelled,
}

#[derive(Debug, Default)]
struct Book {
    commands: HashMap<Tag, CommandEntry>,
    messages: HashMap<Tag, MessageEntry>,
    arrivals: u64,
    /// Commands accepted and not executed yet.
    open: u64,
    /// Messages without something that has to follow.
    open_messages: u64,
    /// Broken promises about commands without a line in the book.
    stray_doubled: u64,
    waiters: HashMap<Tag, oneshot::Sender<()>>,
    latencies: Latencies,
}

/// Latencies measured while the book is kept.
#[derive(Debug, Clone, Default)]
pub struct Latencies {
    /// REST request begun (or intended) until the answer.
    pub answer: Histogram,
    /// REST request begun (or intended) until the command frame is at the phone.
    pub push: Histogram,
    /// REST request begun (or intended) until the result is visible outside.
    pub total: Histogram,
    /// Chat message said until acknowledged.
    pub message: Histogram,
    /// Chat message said until its callback arrived.
    pub callback: Histogram,
    /// Chat message said until the phone executed a reply to it.
    pub reply: Histogram,
}

/// Shared by senders, phones and platform; every method is short and never waits.
#[derive(Debug, Default)]
pub struct Ledger {
    book: Mutex<Book>,
    changed: Notify,
}

impl Ledger {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// A command is about to be submitted; latencies count from `intended_at`.
    pub fn begin_command(&self, tag: Tag, robot: &str, priority: i64, intended_at: Instant) {
        let started_at = Instant::now();
        let mut book = self.book.lock();
        book.commands
            .insert(tag, CommandEntry::new(robot, priority, started_at, intended_at.min(started_at)));
    }

    /// The submission was answered, or not.
    pub fn answer_command(&self, tag: Tag, submission: Submission) {
        let now = Instant::now();
        let mut guard = self.book.lock();
        let book = &mut *guard;
        let Some(entry) = book.commands.get_mut(&tag) else { return };
        let was_open = entry.is_open();
        entry.answered_at = Some(now);
        entry.answered = match submission {
            Submission::Accepted(id) => {
                book.latencies.answer.record(now.saturating_duration_since(entry.intended_at));
                entry.note_id(&id);
                Answered::Accepted
            }
            Submission::Refused(_) => Answered::Refused,
            Submission::Unsure => Answered::Unsure,
            Submission::Cancelled => Answered::Cancelled,
        };
        let is_open = entry.is_open();
        shift(&mut book.open, was_open, is_open);
        drop(guard);
        self.changed.notify_waiters();
    }

    /// The same submission was made again and answered with success under this id, which must be the first one.
    pub fn command_answered_again(&self, tag: Tag, id: &str) {
        if let Some(entry) = self.book.lock().commands.get_mut(&tag) {
            entry.note_id(id);
        }
    }

    /// The result of a command is visible by REST or callback; only the first time counts.
    pub fn result_visible(&self, tag: Tag) {
        let mut guard = self.book.lock();
        let book = &mut *guard;
        let Some(entry) = book.commands.get_mut(&tag) else { return };
        if !entry.is_visible {
            entry.is_visible = true;
            book.latencies.total.record(entry.intended_at.elapsed());
        }
    }

    /// The state the server must show for a command in the end; `None` when its phone has reported nothing.
    pub fn reported_state(&self, tag: Tag) -> Option<&'static str> {
        self.book.lock().commands.get(&tag).and_then(CommandEntry::reported_state)
    }

    /// The final state of a command was looked up, whenever that was: it counts as seen, but says nothing about latency. One that
    /// differs from what the phone reported is a lost result.
    pub fn state_looked_up(&self, tag: Tag, is_as_reported: bool) {
        if let Some(entry) = self.book.lock().commands.get_mut(&tag) {
            entry.is_visible = true;
            entry.is_misstated = !is_as_reported;
        }
    }

    /// A chat message is about to be said. `wants_callback` and `wants_reply` say what counts as lost later.
    pub fn begin_message(&self, tag: Tag, wants_callback: bool, wants_reply: bool) {
        let entry = MessageEntry::new(Instant::now(), wants_callback, wants_reply);
        let mut book = self.book.lock();
        if book.messages.insert(tag, entry).is_none() {
            book.open_messages += 1;
        }
    }

    /// A chat message was on a screen that certainly reached the server: it must be stored once.
    pub fn message_shown(&self, tag: Tag) {
        let mut guard = self.book.lock();
        let book = &mut *guard;
        if let Entry::Vacant(place) = book.messages.entry(tag) {
            place.insert(MessageEntry { is_shown: true, ..MessageEntry::new(Instant::now(), false, false) });
            book.open_messages += 1;
        }
    }

    /// A shown message was found so many times in the server's history.
    pub fn message_found(&self, tag: Tag, copies: usize) {
        self.change_message(tag, |entry, _latencies| {
            entry.is_acked = copies > 0;
            (0..copies).for_each(|copy| entry.note_server_id(&copy.to_string()));
        });
    }

    /// A chat message that could not even be handed over is taken out again.
    pub fn withdraw_message(&self, tag: Tag) {
        let mut book = self.book.lock();
        if book.messages.remove(&tag).is_some_and(|entry| entry.is_open()) {
            book.open_messages = book.open_messages.saturating_sub(1);
        }
        drop(book);
        self.changed.notify_waiters();
    }

    /// A chat message was acknowledged as durable under this server id.
    pub fn message_acked(&self, tag: Tag, server_message_id: &str) {
        self.change_message(tag, |entry, latencies| {
            if !entry.is_acked {
                latencies.message.record(entry.said_at.elapsed());
            }
            entry.is_acked = true;
            entry.note_server_id(server_message_id);
        });
    }

    /// A message callback arrived. The same `webhook-id` again is a repeat of one delivery, not a doubling.
    pub fn callback_received(&self, tag: Tag, server_message_id: &str, webhook_id: Option<&str>) {
        self.change_message(tag, |entry, latencies| {
            if entry.callbacks.is_empty() {
                latencies.callback.record(entry.said_at.elapsed());
            }
            entry.note_server_id(server_message_id);
            entry.note_callback(webhook_id.unwrap_or(server_message_id));
        });
    }

    fn reply_executed(&self, tag: Tag, command_id: &str) {
        self.change_message(tag, |entry, latencies| {
            if entry.replies.is_empty() {
                latencies.reply.record(entry.said_at.elapsed());
            }
            entry.note_reply(command_id);
        });
    }

    fn change_message(&self, tag: Tag, change: impl FnOnce(&mut MessageEntry, &mut Latencies)) {
        let mut guard = self.book.lock();
        let book = &mut *guard;
        let Some(entry) = book.messages.get_mut(&tag) else { return };
        let was_open = entry.is_open();
        change(entry, &mut book.latencies);
        let is_open = entry.is_open();
        shift(&mut book.open_messages, was_open, is_open);
        drop(guard);
        self.changed.notify_waiters();
    }

    /// Resolves when a phone has executed the command; one waiter a tag.
    pub fn when_executed(&self, tag: Tag) -> oneshot::Receiver<()> {
        let (waiter, executed) = oneshot::channel();
        self.book.lock().waiters.insert(tag, waiter);
        executed
    }

    /// Accepted commands that no phone has executed yet.
    pub fn open_commands(&self) -> u64 {
        self.book.lock().open
    }

    /// Messages that still lack an acknowledgement, a wanted callback or a wanted reply.
    pub fn open_messages(&self) -> u64 {
        self.book.lock().open_messages
    }

    /// Waits until nothing is open; false when the deadline came first.
    pub async fn wait_drained(&self, deadline: Duration) -> bool {
        let until = Instant::now() + deadline;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.open_commands() == 0 && self.open_messages() == 0 {
                return true;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return false;
            }
        }
    }

    /// Waits until every accepted command was carried out; false when the deadline came first.
    pub async fn wait_executed(&self, deadline: Duration) -> bool {
        let until = Instant::now() + deadline;
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.open_commands() == 0 {
                return true;
            }
            if tokio::time::timeout_at(until, changed).await.is_err() {
                return false;
            }
        }
    }

    /// Accepted commands whose result nobody has seen from outside yet, with their ids and robots.
    pub fn unseen_results(&self) -> Vec<(Tag, String, String)> {
        let book = self.book.lock();
        let unseen = book
            .commands
            .iter()
            .filter(|(_, entry)| entry.answered == Answered::Accepted && !entry.is_visible);
        unseen
            .filter_map(|(tag, entry)| Some((*tag, entry.ids.first()?.clone(), entry.robot.clone())))
            .collect()
    }

    /// Sentences about at most so many lost or doubled commands and messages.
    pub fn broken(&self, count: usize) -> Vec<String> {
        let book = self.book.lock();
        let commands = book.commands.iter().filter(|(_, entry)| entry.is_lost() || entry.is_doubled());
        let commands =
            commands.map(|(tag, entry)| format!("command {tag} of {}: {}", entry.robot, entry.story()));
        let messages = book.messages.iter().filter(|(_, entry)| entry.is_lost() || entry.is_doubled());
        let messages = messages.map(|(tag, entry)| format!("message {tag}: {}", entry.story()));
        commands.chain(messages).take(count).collect()
    }

    /// The latencies so far.
    pub fn latencies(&self) -> Latencies {
        self.book.lock().latencies.clone()
    }

    /// Counts everything; call it when the run has drained.
    pub fn report(&self) -> LedgerReport {
        let book = self.book.lock();
        LedgerReport {
            commands: CommandTally::of(&book.commands),
            messages: MessageTally::of(&book.messages),
            stray_doubled: book.stray_doubled,
            latencies: book.latencies.clone(),
        }
    }
}

fn shift(count: &mut u64, was: bool, is: bool) {
    match (was, is) {
        (false, true) => *count += 1,
        (true, false) => *count = count.saturating_sub(1),
        _ => {}
    }
}

impl Observer for Ledger {
    fn on_received(&self, _robot: &str, command: &Command, _fresh: bool) {
        let Some(tag) = command.tag().filter(|tag| tag.kind == TagKind::Command) else { return };
        let mut guard = self.book.lock();
        let book = &mut *guard;
        book.arrivals += 1;
        let arrival = book.arrivals;
        let Some(entry) = book.commands.get_mut(&tag) else { return };
        entry.note_id(&command.id);
        if entry.arrival.is_none() {
            entry.arrival = Some(arrival);
            book.latencies.push.record(entry.intended_at.elapsed());
        }
    }

    fn on_doubled(&self, _robot: &str, command: &Command) {
        let mut guard = self.book.lock();
        let book = &mut *guard;
        let tag = command.tag();
        if let Some(entry) = tag.and_then(|tag| book.commands.get_mut(&tag)) {
            entry.doubled_pushes += 1;
        } else if let Some(entry) = tag.and_then(|tag| book.messages.get_mut(&tag)) {
            entry.doubled_pushes += 1;
        } else {
            book.stray_doubled += 1;
        }
    }

    fn on_executed(&self, robot: &str, command: &Command, outcome: &Outcome) {
        let Some(tag) = command.tag() else { return };
        if tag.kind == TagKind::Message {
            return self.reply_executed(tag, &command.id);
        }
        let mut guard = self.book.lock();
        let book = &mut *guard;
        let Some(entry) = book.commands.get_mut(&tag) else { return };
        let was_open = entry.is_open();
        entry.note_execution(robot, outcome.has_effect());
        entry.note_outcome(command.attempt, outcome.status);
        let is_open = entry.is_open();
        shift(&mut book.open, was_open, is_open);
        if let Some(waiter) = book.waiters.remove(&tag)
            && waiter.send(()).is_err()
        {
            log::trace!("nobody waits for {tag} any more");
        }
        drop(guard);
        self.changed.notify_waiters();
    }

    fn on_reported(&self, _robot: &str, command: &Command) {
        let Some(tag) = command.tag() else { return };
        if let Some(entry) = self.book.lock().commands.get_mut(&tag) {
            entry.reported_attempt = entry.reported_attempt.max(command.attempt);
        }
    }

    fn on_message_acked(&self, _robot: &str, message: &ChatMessage, server_message_id: &str) {
        if let Some(tag) = message.tag() {
            self.message_acked(tag, server_message_id);
        }
    }
}

#[cfg(test)]
mod tests;
