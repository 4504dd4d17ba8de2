//! The app without its socket: time comes in, frames come out. Pure.
mod execute;
mod hear;
mod outgoing;
mod screens;

use std::collections::{HashMap, VecDeque};

use serde_json::{Map, Value, json};

use super::chat::{Bubble, Chat};
use super::frames;
use crate::random::Random;

pub use outgoing::{About, Event, Outgoing};

/// An id older than this is forgotten when another new one comes.
const REMEMBERED_MS: u64 = 30_000;

/// How an app is set up; all times are milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppConfig {
    pub link_id: String,
    /// Manufacturer and model.
    pub device: String,
    /// What 503 tells.
    pub my_name: String,
    /// Keep-alive and look at a dead link; 5,000 in the real app.
    pub beat_ms: u64,
    /// How long a command takes.
    pub execution_ms: u64,
    /// How often unread chats are looked at while reading.
    pub read_ms: u64,
    /// A chat that was read is shown once more after this.
    pub reread_ms: u64,
    /// Bubbles on a screen.
    pub height: usize,
    /// The switch for encryption: of what it sends only.
    pub is_encrypted: bool,
    /// Results that never leave the phone, of 1,000.
    pub lost_results_permille: u16,
    /// Screens that are reported twice in a row, of 1,000.
    pub repeated_screens_permille: u16,
    pub seed: u64,
    /// Keeps what was carried out for [`App::executed`]; a long run takes it as events instead.
    pub keeps_executed: bool,
}

impl AppConfig {
    /// A real phone.
    pub fn new(link_id: impl Into<String>) -> Self {
        Self {
            link_id: link_id.into(),
            device: "Xiaomi M2012K11AC".into(),
            my_name: "管家".into(),
            beat_ms: 5_000,
            execution_ms: 2_000,
            read_ms: 1_000,
            reread_ms: 5_000,
            height: 8,
            is_encrypted: false,
            lost_results_permille: 0,
            repeated_screens_permille: 0,
            seed: 1,
            keeps_executed: true,
        }
    }

    /// The same phone, 50 times as fast.
    #[must_use]
    pub fn fast(mut self) -> Self {
        for time in [&mut self.beat_ms, &mut self.execution_ms, &mut self.read_ms, &mut self.reread_ms] {
            *time /= 50;
        }
        self
    }
}

/// Where the socket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    #[default]
    Down,
    /// What is sent now waits, and arrives in one burst.
    Connecting,
    Open,
}

/// What an app counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AppCounters {
    pub connects: u64,
    pub confirms: u64,
    /// Frames whose id was known: confirmed again, not executed.
    pub repeats: u64,
    pub results: u64,
    pub screens: u64,
    /// Chats with something new that were shown.
    pub unread_screens: u64,
    /// Frames that came encrypted.
    pub sealed: u64,
    /// Frames of its own that it had no connection for.
    pub lost: u64,
    /// Of these, results.
    pub lost_results: u64,
    /// Commands it does not know: nothing happened.
    pub ignored: u64,
    /// Commands that fell out of the queue, by 304 or by its own faults.
    pub dropped: u64,
    /// Toasts shown.
    pub toasts: u64,
    pub bad_frames: u64,
}

impl AppCounters {
    /// Adds another app's counts.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in [
            (&mut self.connects, other.connects),
            (&mut self.confirms, other.confirms),
            (&mut self.repeats, other.repeats),
            (&mut self.results, other.results),
            (&mut self.screens, other.screens),
            (&mut self.unread_screens, other.unread_screens),
            (&mut self.sealed, other.sealed),
            (&mut self.lost, other.lost),
            (&mut self.lost_results, other.lost_results),
            (&mut self.ignored, other.ignored),
            (&mut self.dropped, other.dropped),
            (&mut self.toasts, other.toasts),
            (&mut self.bad_frames, other.bad_frames),
        ] {
            *sum += count;
        }
    }
}

/// A command that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Executed {
    pub message_id: String,
    pub number: i64,
    pub item: Map<String, Value>,
}

#[derive(Debug, Clone)]
struct Queued {
    /// Text of the frame: all items of one share it.
    key: String,
    message_id: String,
    item: Map<String, Value>,
}

impl Queued {
    fn executed(&self) -> Executed {
        let number = self.item.get("type").and_then(whole).unwrap_or_default();
        Executed { message_id: self.message_id.clone(), number, item: self.item.clone() }
    }
}

/// The app.
#[derive(Debug)]
pub struct App {
    config: AppConfig,
    link: Link,
    /// Frames for the socket, oldest first.
    out: VecDeque<Outgoing>,
    is_reading: bool,
    is_paused: bool,
    seen: HashMap<String, u64>,
    queue: VecDeque<Queued>,
    running: Option<(Queued, u64)>,
    chats: Vec<Chat>,
    rereads: Vec<(usize, u64)>,
    next_beat_ms: u64,
    next_read_ms: u64,
    executed: Vec<Executed>,
    /// Taken by whoever keeps the books; without one they are not kept.
    events: Option<Vec<Event>>,
    random: Random,
    toasts: Vec<i64>,
    counters: AppCounters,
}

impl App {
    /// An app whose service starts at `now_ms`: it is about to connect.
    pub fn new(config: AppConfig, now_ms: u64) -> Self {
        let mut app = Self {
            next_beat_ms: now_ms + config.beat_ms,
            next_read_ms: now_ms,
            random: Random::new(config.seed),
            config,
            link: Link::Down,
            out: VecDeque::new(),
            // The accessibility service starts with reading on; the first connection does not switch it off.
            is_reading: false,
            is_paused: false,
            seen: HashMap::new(),
            queue: VecDeque::new(),
            running: None,
            chats: Vec::new(),
            rereads: Vec::new(),
            executed: Vec::new(),
            events: None,
            toasts: Vec::new(),
            counters: AppCounters::default(),
        };
        app.connect(now_ms, false);
        app
    }

    pub fn link(&self) -> Link {
        self.link
    }

    pub fn counters(&self) -> AppCounters {
        self.counters
    }

    /// What was carried out, in order.
    pub fn executed(&self) -> &[Executed] {
        &self.executed
    }

    /// What happened since the last time; from the first call on it is kept for the next.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.events.replace(Vec::new()).unwrap_or_default()
    }

    pub(super) fn note(&mut self, event: impl FnOnce() -> Event) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }

    /// Codes of the toasts it showed.
    pub fn toasts(&self) -> &[i64] {
        &self.toasts
    }

    /// Whether it reports chats.
    pub fn is_reading(&self) -> bool {
        self.is_reading
    }

    /// The chats.
    pub fn chats(&self) -> &[Chat] {
        &self.chats
    }

    /// Stops and starts carrying out commands, as the user can in the float window; heartbeats go on.
    pub fn pause(&mut self, is_paused: bool) {
        self.is_paused = is_paused;
    }

    /// A chat appears in the list.
    pub fn add_chat(&mut self, chat: Chat) {
        self.chats.push(chat);
    }

    /// Somebody writes into a chat (the first whose title it is).
    pub fn say(&mut self, title: &str, name: &str, text: &str) {
        self.show(title, Bubble { sender: 0, name: name.into(), text_type: 1, text: text.into() });
    }

    /// A bubble appears in a chat.
    pub fn show(&mut self, title: &str, bubble: Bubble) {
        if let Some(chat) = self.chats.iter_mut().find(|chat| chat.is_called(title)) {
            chat.is_unread |= bubble.sender != 1;
            chat.bubbles.push(bubble);
        }
    }

    /// The next frame for an open socket.
    pub fn take_frame(&mut self) -> Option<Outgoing> {
        if self.link == Link::Open { self.out.pop_front() } else { None }
    }

    /// The handshake is done: what waited goes out in one burst, then the login line.
    pub fn opened(&mut self) {
        self.link = Link::Open;
        self.counters.connects += 1;
        let line = frames::login_line(&self.config.link_id, &self.config.device);
        self.report(line);
    }

    /// The connection is gone, or could not be made. Nobody notices before the next beat.
    pub fn closed(&mut self) {
        self.link = Link::Down;
        self.counters.lost += u64::try_from(self.out.len()).unwrap_or_default();
        self.out.clear();
    }

    /// When [`Self::tick`] has something to do at the latest.
    pub fn next_tick_ms(&self) -> u64 {
        let running = self.running.as_ref().map(|(_command, done_ms)| *done_ms);
        let starts = (self.running.is_none() && !self.is_paused && !self.queue.is_empty()).then_some(0);
        let reads = self.is_reading.then_some(self.next_read_ms);
        [Some(self.next_beat_ms), running, starts, reads].into_iter().flatten().min().unwrap_or_default()
    }

    /// Time has come to `now_ms`.
    pub fn tick(&mut self, now_ms: u64) {
        while self.next_beat_ms <= now_ms {
            self.next_beat_ms += self.config.beat_ms;
            self.beat(now_ms);
        }
        if self.running.as_ref().is_some_and(|(_command, done_ms)| *done_ms <= now_ms)
            && let Some((command, done_ms)) = self.running.take()
        {
            self.finish(&command, done_ms.saturating_sub(self.config.execution_ms), now_ms);
        }
        if self.running.is_none()
            && !self.is_paused
            && let Some(command) = self.queue.pop_front()
        {
            self.running = Some((command, now_ms + self.config.execution_ms));
        }
        if self.is_reading && self.running.is_none() && self.next_read_ms <= now_ms {
            self.next_read_ms = now_ms + self.config.read_ms;
            self.read(now_ms);
        }
    }

    fn beat(&mut self, now_ms: u64) {
        if self.link == Link::Down {
            self.is_reading = false;
            self.connect(now_ms, true);
        } else {
            self.say_nothing(frames::heartbeat());
        }
    }

    fn connect(&mut self, now_ms: u64, is_again: bool) {
        self.link = Link::Connecting;
        if is_again {
            self.say_nothing(frames::heartbeat());
        }
        self.say_nothing(frames::clock(now_ms));
    }

    fn say_nothing(&mut self, text: String) {
        self.send(Outgoing { text, about: About::Nothing });
    }

    /// Whether it may arrive.
    fn send(&mut self, frame: Outgoing) -> bool {
        let is_taken = self.link != Link::Down;
        if is_taken {
            self.out.push_back(frame);
        } else {
            self.counters.lost += 1;
        }
        is_taken
    }

    /// Reports an item of its own, such as a friend or a QR code.
    pub fn report(&mut self, item: Value) {
        self.report_about(item, About::Nothing);
    }

    fn report_about(&mut self, item: Value, about: About) {
        let text = self.envelope(frames::ITEMS, &frames::own_id(), json!([item]));
        self.send(Outgoing { text, about });
    }

    /// Writes any text, whatever it is.
    pub fn send_raw(&mut self, text: &str) {
        self.say_nothing(text.to_owned());
    }

    fn envelope(&self, socket_type: i64, message_id: &str, list: Value) -> String {
        frames::envelope(socket_type, message_id, list, self.config.is_encrypted)
    }
}

/// A whole number, also as text: the app reads both.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.trim().parse().ok())
}
