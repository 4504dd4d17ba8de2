//! Many WorkTool apps and the senders that keep them busy, with the same verdict as native phones get.
//!
//! ```text
//! connect (reading) ──► load (commands, chatter, faults) ──► executed ──► settle ──► history and results ──► report
//! ```
//! The app is told nothing back, so what it said counts only when its connection lived on for a while; the server's own lists
//! say what became of that.
mod books;
mod chaos;
mod history;
mod report;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::{Instant, sleep, sleep_until};

use super::PARALLEL_CALLS;
use super::config::{FleetConfig, Way};
use super::report::ConnectReport;
use super::sender::Sender;
use crate::dialect::worktool::{App, AppConfig, AppCounters, Chat, WorktoolPhone, WorktoolPhoneConfig};
use crate::error::SimError;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::link::source_for;
use crate::random::Random;
use crate::rest::Rest;
use crate::tag::Tag;

use books::Books;

pub use chaos::AppFaults;
pub use report::WorktoolReport;

/// Groups every phone is in; commands go to them in turn.
const GROUPS: u64 = 7;
/// In so many of them people write, so that each is seen more than once.
const LIVELY: u64 = 2;
/// What was said last is proven after this, and a lost connection comes back.
const SETTLE: Duration = Duration::from_secs(7);
/// For shown messages to be in the server's history, and results in its list.
const FOUND: Duration = Duration::from_secs(30);
/// From one look at those to the next.
const LOOK: Duration = Duration::from_millis(500);
/// Lost and doubled ones that are named in the log.
const BROKEN_MAX: usize = 50;

/// A set of apps with their senders.
pub struct WorktoolFleet {
    config: FleetConfig,
    faults: Option<AppFaults>,
    app: AppConfig,
    sender: Arc<Sender>,
    books: Arc<Books>,
    phones: Vec<WorktoolPhone>,
    connect: ConnectReport,
}

impl WorktoolFleet {
    /// Phones that are not connected yet: one for each link id, set up like `app`.
    pub fn new(
        config: FleetConfig,
        link_ids: Vec<String>,
        app: AppConfig,
        faults: Option<AppFaults>,
    ) -> Result<Self, SimError> {
        let identity = |link_id| Identity { robot_id: link_id, ..Identity::default() };
        let identities = link_ids.into_iter().map(identity).collect();
        let config = FleetConfig { way: Way::Worktool, identities, result_sample: 0, ..config };
        let sender = Sender::new(&config)?;
        let books = Arc::new(Books::new(Arc::clone(&config.ledger)));
        let phones = Vec::new();
        Ok(Self { config, faults, app, sender, books, phones, connect: ConnectReport::default() })
    }

    /// An app that carries commands out at once and otherwise keeps the real app's times.
    pub fn quick_app() -> AppConfig {
        AppConfig { execution_ms: 20, read_ms: 250, keeps_executed: false, ..AppConfig::new("") }
    }

    /// The book of this run.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.config.ledger
    }

    /// The phones, in the order of the link ids.
    pub fn phones(&self) -> &[WorktoolPhone] {
        &self.phones
    }

    /// Starts every phone and waits until each reads chats or the deadline has passed.
    pub async fn connect_all(&mut self) -> Result<ConnectReport, SimError> {
        let started = Instant::now();
        self.phones.clear();
        let mut starts = Vec::new();
        for (index, identity) in self.config.identities.iter().enumerate() {
            starts.push(self.phone_config(u32::try_from(index).unwrap_or(u32::MAX), &identity.robot_id));
        }
        for config in starts {
            let phone = WorktoolPhone::start(config)?;
            phone.with(furnish);
            self.phones.push(phone);
        }
        let online = self.wait_reading(1, self.config.connect_deadline).await;
        let failed = u64::try_from(self.phones.len()).unwrap_or(u64::MAX) - online;
        self.connect = ConnectReport { online, failed, took: started.elapsed() };
        Ok(self.connect)
    }

    /// Waits until every phone reads chats on its connection of this number, from 1, or a later one; how many do.
    pub async fn wait_reading(&self, connects: u64, deadline: Duration) -> u64 {
        let until = Instant::now() + deadline;
        let is_there = |app: &App| app.counters().connects >= connects && app.is_reading();
        let waits = self.phones.iter().map(|phone| async move {
            let left = until.saturating_duration_since(Instant::now());
            phone.wait(left, "reading", is_there).await.is_ok()
        });
        let answers: Vec<bool> =
            stream::iter(waits).buffer_unordered(self.phones.len().max(1)).collect().await;
        u64::try_from(answers.iter().filter(|is_there| **is_there).count()).unwrap_or(u64::MAX)
    }

    /// Submits `count` commands to every robot, in certain order per robot, connected or not.
    pub async fn submit_each(&self, count: u64) {
        let rows = (0..self.config.identities.len()).map(|index| self.sender.submit_row(index, count));
        stream::iter(rows).buffer_unordered(64).collect::<Vec<()>>().await;
    }

    /// Connects (unless that was done), loads, drains, and reports; the load ends early when `stop` resolves.
    pub async fn run_until(&mut self, stop: impl Future<Output = ()>) -> Result<WorktoolReport, SimError> {
        if self.phones.is_empty() {
            self.connect_all().await?;
        }
        let started = Instant::now();
        let until = started + Duration::from_secs(self.config.seconds);
        let load = async { tokio::join!(self.sender.run(until), self.chatter(until), self.trouble(until)) };
        tokio::select! {
            ((), (), ()) = load => {}
            () = stop => {}
        }
        let load_took = started.elapsed();
        let mut report = self.drain().await;
        report.load_took = load_took;
        Ok(report)
    }

    /// Waits for everything open, looks up what the server remembers, and counts.
    pub async fn drain(&self) -> WorktoolReport {
        let started = Instant::now();
        for phone in &self.phones {
            phone.stay_away(false);
        }
        let ledger = &self.config.ledger;
        let is_drained = ledger.wait_executed(self.config.drain_deadline).await;
        let drain_took = started.elapsed();
        sleep(SETTLE).await;
        self.find_messages().await;
        let states = self.look_up_results().await;
        for broken in ledger.broken(BROKEN_MAX) {
            log::warn!("{broken}");
        }
        let mut apps = AppCounters::default();
        for phone in &self.phones {
            apps.add(&phone.with(|app| app.counters()));
        }
        WorktoolReport {
            phones: u64::try_from(self.config.identities.len()).unwrap_or(u64::MAX),
            connect: self.connect,
            load_took: Duration::ZERO,
            drain_took,
            is_drained,
            limited: self.sender.limited(),
            ledger: ledger.report(),
            apps,
            states,
        }
    }

    fn phone_config(&self, index: u32, link_id: &str) -> WorktoolPhoneConfig {
        let faults = self.faults;
        let app = AppConfig {
            link_id: link_id.to_owned(),
            seed: self.config.seed.wrapping_mul(0x0001_0000_01B3) ^ u64::from(index),
            lost_results_permille: faults.map_or(0, |faults| faults.lost_results_permille),
            repeated_screens_permille: faults.map_or(0, |faults| faults.repeated_screens_permille),
            ..self.app.clone()
        };
        WorktoolPhoneConfig {
            source: self.config.spreads_sources.then(|| source_for(index)),
            slow_handshake: faults.map(|faults| faults.slow_handshake),
            witness: Some(self.books.clone()),
            ..WorktoolPhoneConfig::new(&self.config.url, app)
        }
    }

    async fn chatter(&self, until: Instant) {
        let (rate, count) = (self.config.messages_per_second, self.phones.len());
        if rate == 0 || count == 0 {
            return;
        }
        let period_nanos = 1_000_000_000 / u64::from(rate);
        let started = Instant::now();
        let due = |sequence: u64| started + Duration::from_nanos(period_nanos.saturating_mul(sequence - 1));
        for sequence in 1_u64.. {
            if due(sequence) >= until {
                return;
            }
            sleep_until(due(sequence)).await;
            let index = usize::try_from(sequence).unwrap_or(usize::MAX) % count;
            let stream = u32::try_from(index).unwrap_or(u32::MAX);
            let tag = Tag::message(self.config.run, stream, sequence);
            let text = tag.padded(self.config.payload_bytes);
            if let Some(phone) = self.phones.get(index) {
                let turn = sequence / u64::try_from(count).unwrap_or(1).max(1);
                let (group, name) = (format!("群{}", turn % LIVELY), format!("客户{}", sequence % 11));
                phone.with(|app| app.say(&group, &name, &text));
            }
        }
    }

    /// The app's own faults, again and again.
    async fn trouble(&self, until: Instant) {
        let Some(faults) = self.faults else { return };
        let mut random = Random::new(self.config.seed ^ 0x4845_5244);
        let mut away: Vec<(Instant, usize)> = Vec::new();
        loop {
            let now = Instant::now();
            away.retain(|(back, index)| {
                let is_over = *back <= now;
                if let Some(phone) = self.phones.get(*index).filter(|_phone| is_over) {
                    phone.stay_away(false);
                }
                !is_over
            });
            for (index, phone) in self.phones.iter().enumerate() {
                if !random.hits(faults.cut_permille) {
                    continue;
                }
                if random.hits(faults.away_permille) {
                    phone.stay_away(true);
                    away.push((now + random.between(Duration::ZERO, faults.away), index));
                } else {
                    phone.cut();
                }
            }
            if now + faults.every >= until {
                return;
            }
            sleep(faults.every).await;
        }
    }

    /// Asks the history of every robot until each shown message is in it, and how often.
    async fn find_messages(&self) {
        let Ok(rest) = Rest::new(&self.config.url) else { return };
        let until = Instant::now() + FOUND;
        loop {
            let calls = self.config.identities.iter().map(|identity| {
                let (rest, link_id) = (rest.clone(), identity.robot_id.clone());
                async move { history::copies(&rest, &link_id).await }
            });
            let mut answers = stream::iter(calls).buffer_unordered(PARALLEL_CALLS);
            while let Some(answer) = answers.next().await {
                match answer {
                    Ok(copies) => copies
                        .into_iter()
                        .for_each(|(tag, count)| self.config.ledger.message_found(tag, count)),
                    Err(error) => log::warn!("a history cannot be read: {error}"),
                }
            }
            if self.config.ledger.open_messages() == 0 || Instant::now() > until {
                return;
            }
            sleep(LOOK).await;
        }
    }

    /// Whether the server knows what apps have certainly reported.
    async fn look_up_results(&self) -> BTreeMap<String, u64> {
        let mut states = BTreeMap::new();
        let Ok(rest) = Rest::new(&self.config.url) else { return states };
        let ledger = &self.config.ledger;
        let certain =
            ledger.unseen_results().into_iter().filter(|(tag, ..)| ledger.reported_state(*tag).is_some());
        let count = if self.sender.limited() > 0 { self.phones.len() } else { usize::MAX };
        let calls = certain.take(self.config.state_checks.min(count)).map(|(tag, id, link_id)| {
            let rest = rest.clone();
            async move { (tag, self.look_up(&rest, &link_id, &id).await) }
        });
        let mut found = stream::iter(calls).buffer_unordered(PARALLEL_CALLS);
        while let Some((tag, state)) = found.next().await {
            let state = match state {
                Ok(Some(state)) => {
                    ledger.state_looked_up(tag, ledger.reported_state(tag) == Some(state));
                    state
                }
                Ok(None) => {
                    ledger.state_looked_up(tag, false);
                    "none"
                }
                Err(error) => {
                    log::warn!("the result of {tag} cannot be looked up: {error}");
                    "not looked up"
                }
            };
            *states.entry(state.to_owned()).or_insert(0) += 1;
        }
        states
    }

    async fn look_up(&self, rest: &Rest, link_id: &str, id: &str) -> Result<Option<&'static str>, SimError> {
        let until = Instant::now() + FOUND;
        loop {
            let state = history::state(rest, link_id, id).await?;
            if state.is_some() || Instant::now() > until {
                return Ok(state);
            }
            sleep(LOOK).await;
        }
    }
}

/// The chats of every phone.
fn furnish(app: &mut App) {
    for group in 0..GROUPS {
        app.add_chat(Chat::new(1, &[&format!("群{group}")]));
    }
}
