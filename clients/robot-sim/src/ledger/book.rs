//! One line of the book for each command and each message.
use tokio::time::Instant;

use crate::command::Status;

/// How the server answered the submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    NotYet,
    Accepted,
    Refused,
    Unsure,
    Cancelled,
}

#[derive(Debug)]
pub(super) struct CommandEntry {
    pub robot: String,
    pub priority: i64,
    pub started_at: Instant,
    pub intended_at: Instant,
    pub answered_at: Option<Instant>,
    pub answered: Answered,
    /// Distinct command ids seen for this tag; more than one means that the submission was doubled.
    pub ids: Vec<String>,
    /// Place in the order of first arrivals over all phones.
    pub arrival: Option<u64>,
    /// Executions, whatever their outcome.
    pub executions: u32,
    /// Executions that somebody in the chat could see.
    pub effects: u32,
    /// Executions by another robot's phone.
    pub misdirected: u32,
    pub doubled_pushes: u32,
    pub is_visible: bool,
    /// Attempt and outcome of the latest execution, and the latest attempt whose result was written.
    pub outcome: Option<(u32, Status)>,
    pub reported_attempt: u32,
    /// The server shows another final state than the phone reported.
    pub is_misstated: bool,
}

impl CommandEntry {
    pub(super) fn new(robot: &str, priority: i64, started_at: Instant, intended_at: Instant) -> Self {
        Self {
            robot: robot.to_owned(),
            priority,
            started_at,
            intended_at,
            answered_at: None,
            answered: Answered::NotYet,
            ids: Vec::new(),
            arrival: None,
            executions: 0,
            effects: 0,
            misdirected: 0,
            doubled_pushes: 0,
            is_visible: false,
            outcome: None,
            reported_attempt: 0,
            is_misstated: false,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.answered == Answered::Accepted && self.executions == 0
    }

    /// Empty where the wire of the phone has another id than the answer.
    pub(super) fn note_id(&mut self, id: &str) {
        if !id.is_empty() {
            note(&mut self.ids, id);
        }
    }

    pub(super) fn note_execution(&mut self, robot: &str, has_effect: bool) {
        self.executions = self.executions.saturating_add(1);
        self.effects = self.effects.saturating_add(u32::from(has_effect));
        self.misdirected = self.misdirected.saturating_add(u32::from(robot != self.robot));
    }

    pub(super) fn note_outcome(&mut self, attempt: u32, status: Status) {
        if self.outcome.is_none_or(|(latest, _)| attempt >= latest) {
            self.outcome = Some((attempt, status));
        }
    }

    /// The state the server must show in the end; `None` when the phone has kept its result to itself.
    pub(super) fn reported_state(&self) -> Option<&'static str> {
        let (attempt, status) = self.outcome?;
        (self.reported_attempt >= attempt).then_some(match status {
            Status::Success => "succeeded",
            Status::Partial => "partial",
            Status::Failed => "failed",
        })
    }

    /// Accepted, but nothing was executed, or its result was reported and is not there.
    pub(super) fn is_lost(&self) -> bool {
        self.is_open() || self.is_misstated
    }

    /// What happened to it, for people.
    pub(super) fn story(&self) -> String {
        format!(
            "{:?} as {}, executed {} times ({} seen in the chat), pushed {} times although confirmed, phone reported {}, state {}",
            self.answered,
            self.ids.join(" and "),
            self.executions,
            self.effects,
            self.doubled_pushes,
            self.reported_state().unwrap_or("nothing"),
            if self.is_misstated { "differs" } else { "agrees or was not looked up" }
        )
    }

    /// The chat saw it twice, it has two ids, or the server pushed what it knew to be confirmed.
    pub(super) fn is_doubled(&self) -> bool {
        self.effects > 1 || self.ids.len() > 1 || self.doubled_pushes > 0
    }
}

#[derive(Debug)]
pub(super) struct MessageEntry {
    pub said_at: Instant,
    pub wants_callback: bool,
    pub wants_reply: bool,
    pub is_acked: bool,
    /// It certainly reached the server, which never says so itself.
    pub is_shown: bool,
    /// Distinct server ids; more than one means that de-duplication failed.
    pub server_ids: Vec<String>,
    /// Distinct deliveries.
    pub callbacks: Vec<String>,
    /// Deliveries made again under the same id.
    pub callback_repeats: u32,
    /// Distinct commands that carried a reply.
    pub replies: Vec<String>,
    pub doubled_pushes: u32,
}

impl MessageEntry {
    pub(super) fn new(said_at: Instant, wants_callback: bool, wants_reply: bool) -> Self {
        Self {
            said_at,
            wants_callback,
            wants_reply,
            is_acked: false,
            is_shown: false,
            server_ids: Vec::new(),
            callbacks: Vec::new(),
            callback_repeats: 0,
            replies: Vec::new(),
            doubled_pushes: 0,
        }
    }

    pub(super) fn note_server_id(&mut self, id: &str) {
        if !id.is_empty() {
            note(&mut self.server_ids, id);
        }
    }

    pub(super) fn note_callback(&mut self, delivery: &str) {
        if !note(&mut self.callbacks, delivery) {
            self.callback_repeats = self.callback_repeats.saturating_add(1);
        }
    }

    pub(super) fn note_reply(&mut self, command_id: &str) {
        note(&mut self.replies, command_id);
    }

    pub(super) fn is_open(&self) -> bool {
        !self.is_acked || self.is_lost()
    }

    /// Acknowledged, but what had to follow did not; or shown and not stored.
    pub(super) fn is_lost(&self) -> bool {
        if self.is_shown && !self.is_acked {
            return true;
        }
        let no_callback = self.wants_callback && self.callbacks.is_empty();
        let no_reply = self.wants_reply && self.replies.is_empty();
        self.is_acked && (no_callback || no_reply)
    }

    /// What happened to it, for people.
    pub(super) fn story(&self) -> String {
        format!(
            "stored as {}, handed out as {}, answered by {}",
            self.server_ids.join(" and "),
            self.callbacks.join(" and "),
            self.replies.join(" and ")
        )
    }

    /// Stored, delivered or answered more than once.
    pub(super) fn is_doubled(&self) -> bool {
        self.server_ids.len() > 1
            || self.callbacks.len() > 1
            || self.replies.len() > 1
            || self.doubled_pushes > 0
    }
}

/// Adds an id to a short list; false when it is there already.
fn note(list: &mut Vec<String>, id: &str) -> bool {
    let is_new = !list.iter().any(|known| known == id);
    if is_new {
        list.push(id.to_owned());
    }
    is_new
}
