//! Pure: what happened to each customer message of the demo, told by ids alone.
//!
//! ```text
//! said (app id) ─▶ acknowledged (server id) ─▶ platform called ─▶ replied (command id) ─▶ executed ─▶ platform told ─▶ state
//! ```
//! The parts may come in another order than this; each side only notes what it sees under the id it knows.
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;
use workbot_robot_sim::histogram::Histogram;

/// Messages kept; beyond, the oldest is counted and forgotten once it is complete.
const KEPT_MAX: usize = 20_000;

/// Who answers a message, and so what its story is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The AI platform: it is called, replies and is told the result.
    Platform,
    /// The robot's own flow: the platform is told the result alone.
    Flow,
    /// The flow, on a WorkTool phone: its app may lose a result with its connection, so the story ends with the execution.
    Worktool,
}

#[derive(Debug)]
struct Message {
    way: Way,
    place: String,
    text: String,
    at: Instant,
    /// Server ids; more than one means that it was stored twice.
    ids: Vec<String>,
}

/// What followed a stored message.
#[derive(Debug, Default)]
struct Turn {
    called_at: Option<Instant>,
    /// Distinct deliveries.
    calls: Vec<String>,
    /// Distinct commands that answer it.
    commands: Vec<String>,
    answer: String,
}

/// What followed an accepted command.
#[derive(Debug, Default)]
struct Reply {
    executed_at: Option<Instant>,
    executions: u32,
    /// Pushes that the server knew to be confirmed.
    doubled_pushes: u32,
    /// What the phone wrote into the chat.
    content: String,
    is_shown: bool,
    told_at: Option<Instant>,
    /// Distinct deliveries.
    tellings: Vec<String>,
    state: Option<String>,
}

/// Everything added up.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Messages that customers wrote.
    pub said: u64,
    /// Acknowledged by the server.
    pub acked: u64,
    /// Messages whose callback came.
    pub called: u64,
    /// Commands accepted as replies.
    pub commands: u64,
    /// Commands executed by a phone.
    pub executed: u64,
    /// Commands whose result callback came.
    pub told: u64,
    /// Commands whose state was looked up and is succeeded.
    pub succeeded: u64,
    /// Deliveries made again under their old id, as is allowed after a kill.
    pub repeats: u64,
    /// Messages on whose way something is missing.
    pub lost: u64,
    /// Messages stored, delivered, answered or executed more than once, and commands that answer none.
    pub doubled: u64,
    /// From what the customer wrote until the platform was called.
    pub call: Histogram,
    /// … until the phone had executed the reply.
    pub execution: Histogram,
    /// … until the platform knew the result.
    pub telling: Histogram,
}

/// An answered message, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Who wrote, where.
    pub place: String,
    /// What.
    pub text: String,
    /// What was answered.
    pub answer: String,
    /// From the message to the execution.
    pub executed_in: Duration,
    /// From the message to the result callback, if there was one.
    pub told_in: Option<Duration>,
    /// The state found.
    pub state: String,
}

/// All messages of the demo. Time comes in; nothing waits.
#[derive(Debug, Default)]
pub struct Book {
    messages: HashMap<String, Message>,
    turns: HashMap<String, Turn>,
    replies: HashMap<String, Reply>,
    order: VecDeque<String>,
    /// Of what is forgotten.
    past: Tally,
    repeats: u64,
}

impl Book {
    /// A customer wrote something; the phone reports it under `app_id`.
    pub fn said(&mut self, way: Way, app_id: &str, (place, text): (String, String), now: Instant) {
        while self.order.len() >= KEPT_MAX {
            let Some(oldest) = self.order.front().filter(|id| self.is_complete(id)).cloned() else { break };
            self.forget(&oldest);
        }
        self.messages.insert(app_id.to_owned(), Message { way, place, text, at: now, ids: Vec::new() });
        self.order.push_back(app_id.to_owned());
    }

    /// A text that no message of the demo has had.
    pub fn numbered(&self, text: &str) -> String {
        format!(
            "{text}（第 {} 条）",
            self.past.said.saturating_add(u64::try_from(self.order.len()).unwrap_or(0))
        )
    }

    /// The server acknowledged it under its own id.
    pub fn acked(&mut self, app_id: &str, message_id: &str) {
        if let Some(message) = self.messages.get_mut(app_id) {
            note(&mut message.ids, message_id);
        }
    }

    /// The platform was called with a message. A delivery made again has its old id.
    pub fn called(&mut self, message_id: &str, delivery: &str, now: Instant) {
        let turn = self.turns.entry(message_id.to_owned()).or_default();
        turn.called_at.get_or_insert(now);
        self.repeats += u64::from(!note(&mut turn.calls, delivery));
    }

    /// The platform's reply was accepted as a command.
    pub fn replied(&mut self, message_id: &str, command_id: &str, answer: &str) {
        let turn = self.turns.entry(message_id.to_owned()).or_default();
        note(&mut turn.commands, command_id);
        answer.clone_into(&mut turn.answer);
    }

    /// The messages of this way whose answer is not known yet, by the app's id.
    pub fn unanswered(&self, way: Way) -> Vec<String> {
        let is_open = |id: &&String| {
            self.messages.get(*id).is_some_and(|message| message.way == way)
                && self.turn_of(id).is_none_or(|turn| turn.commands.is_empty())
        };
        self.order.iter().filter(is_open).cloned().collect()
    }

    /// A phone executed a command and wrote this.
    pub fn executed(&mut self, command_id: &str, content: &str, now: Instant) {
        let reply = self.replies.entry(command_id.to_owned()).or_default();
        content.clone_into(&mut reply.content);
        reply.executed_at.get_or_insert(now);
        reply.executions += 1;
    }

    /// A phone got a command that the server knew to be confirmed.
    pub fn pushed_again(&mut self, command_id: &str) {
        self.replies.entry(command_id.to_owned()).or_default().doubled_pushes += 1;
    }

    /// The platform was told a result; true the first time.
    pub fn told(&mut self, command_id: &str, delivery: &str, now: Instant) -> bool {
        let reply = self.replies.entry(command_id.to_owned()).or_default();
        let is_first = reply.told_at.is_none();
        reply.told_at.get_or_insert(now);
        self.repeats += u64::from(!note(&mut reply.tellings, delivery));
        is_first
    }

    /// The state of a command was looked up.
    pub fn state(&mut self, command_id: &str, state: &str) {
        let reply = self.replies.entry(command_id.to_owned()).or_default();
        reply.state = Some(state.to_owned());
    }

    /// The whole story of a command, once, when all of it is known.
    pub fn story(&mut self, command_id: &str) -> Option<Answered> {
        let reply = self.replies.get(command_id).filter(|reply| !reply.is_shown)?;
        let state = reply.state.clone()?;
        let (executed_at, told_at, content) = (reply.executed_at?, reply.told_at, reply.content.clone());
        let answers = |turn: &Turn| turn.commands.iter().any(|id| id == command_id);
        let (message_id, turn) = self.turns.iter().find(|(_, turn)| answers(turn))?;
        let message = self.messages.values().find(|message| message.ids.contains(message_id))?;
        if told_at.is_none() && message.way != Way::Worktool {
            return None;
        }
        let answered = Answered {
            place: message.place.clone(),
            text: message.text.clone(),
            answer: if turn.answer.is_empty() { content } else { turn.answer.clone() },
            executed_in: executed_at.saturating_duration_since(message.at),
            told_in: told_at.map(|told_at| told_at.saturating_duration_since(message.at)),
            state,
        };
        self.replies.entry(command_id.to_owned()).or_default().is_shown = true;
        Some(answered)
    }

    /// Messages on whose way something is still missing.
    pub fn open(&self) -> usize {
        self.order.iter().filter(|id| !self.is_complete(id)).count()
    }

    /// Messages that the server has acknowledged and on whose way something is still missing.
    pub fn under_way(&self) -> usize {
        let is_acked = |id: &String| self.messages.get(id).is_some_and(|message| !message.ids.is_empty());
        self.order.iter().filter(|id| is_acked(id) && !self.is_complete(id)).count()
    }

    /// Everything so far; what is open counts as lost.
    pub fn tally(&self) -> Tally {
        let mut tally = self.past.clone();
        tally.repeats = self.repeats;
        let known: HashSet<&String> = self.turns.values().flat_map(|turn| &turn.commands).collect();
        let strays = self.replies.keys().filter(|id| !known.contains(id)).count();
        tally.doubled += u64::try_from(strays).unwrap_or(u64::MAX);
        for id in &self.order {
            self.count(id, &mut tally);
        }
        tally
    }

    fn turn_of(&self, app_id: &str) -> Option<&Turn> {
        self.turns.get(self.messages.get(app_id)?.ids.first()?)
    }

    fn is_complete(&self, app_id: &str) -> bool {
        let Some(turn) = self.turn_of(app_id) else { return false };
        let reply = turn.commands.first().and_then(|id| self.replies.get(id));
        let way = self.messages.get(app_id).map(|message| message.way);
        (turn.called_at.is_some() || way != Some(Way::Platform))
            && reply.is_some_and(|reply| {
                let is_told = reply.told_at.is_some() && reply.state.as_deref() == Some("succeeded");
                reply.executed_at.is_some() && (is_told || way == Some(Way::Worktool))
            })
    }

    fn count(&self, app_id: &str, tally: &mut Tally) {
        let Some(message) = self.messages.get(app_id) else { return };
        tally.said += 1;
        tally.acked += u64::from(!message.ids.is_empty());
        tally.lost += u64::from(!self.is_complete(app_id));
        let mut is_doubled = message.ids.len() > 1;
        for turn in message.ids.iter().filter_map(|id| self.turns.get(id)) {
            if let Some(called_at) = turn.called_at {
                tally.called += 1;
                tally.call.record(called_at.saturating_duration_since(message.at));
            }
            is_doubled |= turn.calls.len() > 1 || turn.commands.len() > 1;
            tally.commands += u64::try_from(turn.commands.len()).unwrap_or(u64::MAX);
            for reply in turn.commands.iter().filter_map(|id| self.replies.get(id)) {
                if let Some(executed_at) = reply.executed_at {
                    tally.executed += 1;
                    tally.execution.record(executed_at.saturating_duration_since(message.at));
                }
                if let Some(told_at) = reply.told_at {
                    tally.told += 1;
                    tally.telling.record(told_at.saturating_duration_since(message.at));
                }
                tally.succeeded += u64::from(reply.state.as_deref() == Some("succeeded"));
                is_doubled |= reply.executions > 1 || reply.doubled_pushes > 0 || reply.tellings.len() > 1;
            }
        }
        tally.doubled += u64::from(is_doubled);
    }

    fn forget(&mut self, app_id: &str) {
        let mut past = std::mem::take(&mut self.past);
        self.count(app_id, &mut past);
        self.past = past;
        self.order.pop_front();
        let ids = self.messages.remove(app_id).map(|message| message.ids).unwrap_or_default();
        for turn in ids.iter().filter_map(|id| self.turns.remove(id)) {
            for command in turn.commands {
                self.replies.remove(&command);
            }
        }
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

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
