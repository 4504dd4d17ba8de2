//! Pure: where a viewer stands in each of its channels, and what it is told next.
//!
//! | state | rows | `stat` |
//! |---|---|---|
//! | single events | every one, in order | once a second |
//! | batches | at most 200 a frame, the rest counted as `skipped` | once a second |
//! | batches, 4 of them not acknowledged | none; it goes on where it stood | once a second |
//! | idle (a hidden tab) | none; it goes on where it stood | once a second |
use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};
use workbot_schema::commands::CommandState;

use super::event::{Channel, Kind, MonitorEvent, Source};
use super::filter::Filter;
use super::ring::Read;

/// Rows of one batch.
pub const BATCH_ROWS: usize = 200;
/// Batches that may be on their way.
pub const CREDIT: usize = 4;
/// Single events told at a time; the next ones follow at once.
pub const SINGLES: usize = 200;
/// Things under way that are counted exactly.
const OPEN_MAX: usize = 10_000;

/// Something to tell a viewer.
#[derive(Debug, Clone)]
pub enum Told {
    /// One event.
    Event(Channel, Arc<MonitorEvent>),
    /// Events between two numbers.
    Batch {
        /// Of which channel.
        channel: Channel,
        /// After which number, and up to which.
        range: (i64, i64),
        /// How many were left out.
        skipped: usize,
        /// The last ones.
        events: Vec<Arc<MonitorEvent>>,
    },
    /// Events that are no longer there.
    Gap {
        /// Of which channel.
        channel: Channel,
        /// First and last number.
        range: (i64, i64),
    },
}

#[derive(Debug, Default)]
struct Counts {
    rate: u64,
    succeeded: u64,
    failed: u64,
    open: HashSet<String>,
}

impl Counts {
    fn count(&mut self, event: &MonitorEvent) {
        match event.kind {
            Kind::MessageReceived | Kind::MessageSent | Kind::AlertTriggered => self.rate += 1,
            _ => {}
        }
        match (&event.source, event.kind) {
            (Source::Command(command), Kind::CommandSent) => self.open(command.id.as_str()),
            (Source::Command(command), Kind::CommandResult) => {
                self.open.remove(command.id.as_str());
                let is_good = matches!(command.state, CommandState::Succeeded | CommandState::Partial);
                self.end(is_good);
            }
            (Source::Run(run, _place), Kind::NodeExecuted) if !run.status.is_final() => {
                self.open(run.id.as_str())
            }
            (Source::Run(run, None), _) => {
                self.rate += 1;
                self.open.remove(run.id.as_str());
                self.end(run.error_code.is_none());
            }
            (Source::Notification(notification), _) => self.end(notification.error.is_none()),
            _ => {}
        }
    }

    fn open(&mut self, id: &str) {
        if self.open.len() < OPEN_MAX {
            self.open.insert(id.to_owned());
        }
    }

    fn end(&mut self, is_good: bool) {
        if is_good {
            self.succeeded += 1;
        } else {
            self.failed += 1;
        }
    }
}

#[derive(Debug)]
struct Watched {
    channel: Channel,
    filter: Filter,
    /// Everything up to here was told or left out.
    position: i64,
    /// Everything up to here was counted.
    counted: i64,
    counts: Counts,
}

impl Watched {
    fn wants(&self, event: &MonitorEvent) -> bool {
        event.kind.is_on(self.channel) && self.filter.passes(event)
    }
}

/// One who watches.
#[derive(Debug)]
pub struct Viewer {
    channels: Vec<Watched>,
    is_batched: bool,
    is_idle: bool,
    unacknowledged: Vec<i64>,
    skipped: u64,
}

impl Viewer {
    /// One who watches these channels from `after` on.
    pub fn new(channels: &[Channel], after: i64, is_batched: bool) -> Self {
        let mut viewer =
            Self { channels: Vec::new(), is_batched, is_idle: false, unacknowledged: Vec::new(), skipped: 0 };
        channels.iter().for_each(|channel| viewer.watch(*channel, Filter::default(), after));
        viewer
    }

    /// Whether a channel is watched.
    pub fn watches(&self, channel: Channel) -> bool {
        self.channels.iter().any(|watched| watched.channel == channel)
    }

    /// Watches a channel (anew) from `after` on, in batches from now on.
    pub fn subscribe(&mut self, channel: Channel, filter: Filter, after: i64) {
        self.is_batched = true;
        self.unsubscribe(channel);
        self.watch(channel, filter, after);
    }

    fn watch(&mut self, channel: Channel, filter: Filter, after: i64) {
        self.channels.push(Watched {
            channel,
            filter,
            position: after,
            counted: after,
            counts: Counts::default(),
        });
    }

    /// Watches a channel no longer.
    pub fn unsubscribe(&mut self, channel: Channel) {
        self.channels.retain(|watched| watched.channel != channel);
    }

    /// Everything up to a number has been shown.
    pub fn acknowledge(&mut self, seq: i64) {
        self.unacknowledged.retain(|waiting| *waiting > seq);
    }

    /// Whether rows are wanted at all.
    pub fn set_idle(&mut self, is_idle: bool) {
        self.is_idle = is_idle;
    }

    /// Whether events come in batches.
    pub fn is_batched(&self) -> bool {
        self.is_batched
    }

    /// Whether rows may be told now.
    pub fn takes_rows(&self) -> bool {
        !self.is_idle && (!self.is_batched || self.unacknowledged.len() < CREDIT)
    }

    /// The number after which the ring must be read.
    pub fn reads_after(&self) -> i64 {
        let takes_rows = self.takes_rows();
        self.channels
            .iter()
            .map(|watched| if takes_rows { watched.position.min(watched.counted) } else { watched.counted })
            .min()
            .unwrap_or(i64::MAX)
    }

    /// Rows that were left out so far.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// What to tell after the ring was read; `sees` = whether this person may see an event. True when there is more to tell at once.
    pub fn advance(&mut self, read: &Read, sees: &dyn Fn(&MonitorEvent) -> bool) -> (Vec<Told>, bool) {
        let mut told = Vec::new();
        let seen: Vec<&Arc<MonitorEvent>> = read.events.iter().filter(|event| sees(event)).collect();
        let last = read.events.last().map(|event| event.seq);
        for watched in &mut self.channels {
            let from = watched.counted;
            for event in seen.iter().filter(|event| event.seq > from) {
                if watched.wants(event) {
                    watched.counts.count(event);
                }
            }
            watched.counted = last.unwrap_or(from).max(from);
        }
        if !self.takes_rows() {
            return (told, false);
        }
        if let Some((_from, to)) = read.gap {
            for watched in self.channels.iter_mut().filter(|watched| watched.position < to) {
                told.push(Told::Gap {
                    channel: watched.channel,
                    range: (watched.position.saturating_add(1), to),
                });
                watched.position = to;
                watched.counted = watched.counted.max(to);
            }
        }
        let Some(last) = last else { return (told, false) };
        if self.is_batched {
            self.batches(&seen, last, &mut told);
            (told, false)
        } else {
            let has_more = self.singles(&seen, last, &mut told);
            (told, has_more)
        }
    }

    fn batches(&mut self, seen: &[&Arc<MonitorEvent>], last: i64, told: &mut Vec<Told>) {
        for watched in &mut self.channels {
            let from = watched.position;
            if from >= last {
                continue;
            }
            if self.unacknowledged.len() >= CREDIT {
                return;
            }
            let mut events: Vec<Arc<MonitorEvent>> = seen
                .iter()
                .filter(|event| event.seq > from && watched.wants(event))
                .map(|event| Arc::clone(event))
                .collect();
            watched.position = last;
            if events.is_empty() {
                continue;
            }
            let skipped = events.len().saturating_sub(BATCH_ROWS);
            events.drain(..skipped);
            self.skipped = self.skipped.saturating_add(u64::try_from(skipped).unwrap_or(0));
            self.unacknowledged.push(last);
            told.push(Told::Batch {
                channel: watched.channel,
                range: (from.saturating_add(1), last),
                skipped,
                events,
            });
        }
    }

    fn singles(&mut self, seen: &[&Arc<MonitorEvent>], last: i64, told: &mut Vec<Told>) -> bool {
        let mut room = SINGLES;
        for event in seen {
            let wanted = self
                .channels
                .iter()
                .filter(|watched| event.seq > watched.position && watched.wants(event))
                .count();
            if wanted > room {
                return true;
            }
            room -= wanted;
            for watched in self.channels.iter_mut().filter(|watched| event.seq > watched.position) {
                if watched.wants(event) {
                    told.push(Told::Event(watched.channel, Arc::clone(event)));
                }
                watched.position = event.seq;
            }
        }
        for watched in &mut self.channels {
            watched.position = watched.position.max(last);
        }
        false
    }

    /// The counters of every channel; `rate` is what came since they were told last.
    pub fn stats(&mut self) -> Vec<(Channel, Value)> {
        self.channels
            .iter_mut()
            .filter(|watched| watched.channel != Channel::Actors)
            .map(|watched| {
                let counts = &mut watched.counts;
                let rate = std::mem::take(&mut counts.rate);
                let data = json!({
                    "channel": watched.channel.name(),
                    "rate": rate,
                    "ok": counts.succeeded,
                    "failed": counts.failed,
                    "processing": counts.open.len(),
                });
                (watched.channel, data)
            })
            .collect()
    }
}
