//! Notifications that are due: sent beside each other, few a channel, each attempt written down. The row alone counts: what was
//! under way when the process ended is sent once more, with the same id.
//!
//! ```text
//!  pending ── attempt ─▶ sent            attempts: at once, then after 1 s, 5 s, 30 s
//!     ▲          └─ failed, may work later ─┐      what cannot work is given up at once
//!     └───────────── due_at ◀───────────────┘
//! ```
use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use workbot_schema::alert_notifications::{self, AlertNotification, NotificationAttempt, NotificationState};
use workbot_schema::batch::Record;
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{ChannelId, NotificationId};
use workbot_schema::notification_channels;

use super::AlertParts;
use super::channels::{SendError, Sending, Sent};
use super::counters::count;
use super::notice::Notice;

/// Waits before the second, third and fourth attempt.
pub const RETRY_DELAYS: [TimeDelta; 3] =
    [TimeDelta::seconds(1), TimeDelta::seconds(5), TimeDelta::seconds(30)];
/// Attempts under way, all channels together.
const IN_FLIGHT: usize = 16;
/// Attempts under way over one channel: a dead one must not take every place.
const PER_CHANNEL: usize = 2;
/// Notifications that may wait for one channel; older ones are given up.
const BACKLOG: usize = 100;
/// Rows read at a time.
const ROWS: i64 = 500;
/// An outcome that cannot be written is tried so often.
const WRITES: u32 = 3;
/// … with so much time in between.
const AGAIN: Duration = Duration::from_secs(1);

/// Where an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    UnderWay,
    /// Its end is being written, without an attempt.
    GivenUp,
    /// Over since the rows were read last: rows read before may still show it as due.
    Over,
}

/// What is under way.
#[derive(Debug, Default)]
pub(super) struct Courier {
    places: HashMap<NotificationId, (ChannelId, Place)>,
    is_asking: bool,
}

/// What is done with a row that is due.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Errand {
    /// It is sent.
    Send(Box<AlertNotification>),
    /// Too many wait for its channel.
    GiveUp(Box<AlertNotification>),
}

impl Courier {
    /// Whether rows may be read now; they are being read from here on.
    pub(super) fn ask(&mut self) -> bool {
        if self.is_asking || self.under_way() >= IN_FLIGHT {
            return false;
        }
        self.is_asking = true;
        self.places.retain(|_id, (_channel, place)| *place != Place::Over);
        true
    }

    /// Rows came (or did not); what is to be done with them.
    pub(super) fn take(&mut self, rows: Vec<AlertNotification>) -> Vec<Errand> {
        self.is_asking = false;
        let mut waiting: HashMap<ChannelId, usize> = HashMap::new();
        for row in &rows {
            *waiting.entry(row.channel_id.clone()).or_default() += 1;
        }
        let mut errands = Vec::new();
        for row in rows {
            if self.places.contains_key(&row.id) {
                continue;
            }
            let backlog = waiting.entry(row.channel_id.clone()).or_default();
            let is_too_much = *backlog > BACKLOG;
            let has_place = self.under_way() < IN_FLIGHT && self.over_channel(&row.channel_id) < PER_CHANNEL;
            if !is_too_much && !has_place {
                continue;
            }
            *backlog -= 1;
            let place = if is_too_much { Place::GivenUp } else { Place::UnderWay };
            self.places.insert(row.id.clone(), (row.channel_id.clone(), place));
            let row = Box::new(row);
            errands.push(if is_too_much { Errand::GiveUp(row) } else { Errand::Send(row) });
        }
        errands
    }

    /// An attempt is over.
    pub(super) fn over(&mut self, id: &NotificationId) {
        if let Some((_channel, place)) = self.places.get_mut(id) {
            *place = Place::Over;
        }
    }

    fn under_way(&self) -> usize {
        self.places.values().filter(|(_channel, place)| *place == Place::UnderWay).count()
    }

    fn over_channel(&self, channel: &ChannelId) -> usize {
        let is_here = |(of, place): &&(ChannelId, Place)| of == channel && *place == Place::UnderWay;
        self.places.values().filter(is_here).count()
    }
}

/// Rows that are due.
pub(super) async fn due(parts: AlertParts) -> Vec<AlertNotification> {
    match alert_notifications::list_due(&parts.db, Ts::new(parts.clock.now()), ROWS).await {
        Ok(rows) => rows,
        Err(error) => {
            count(&parts.counters.cut_short);
            log::debug!(error:% = error; "notifications wait for the store");
            Vec::new()
        }
    }
}

/// Runs one errand to its record; the id, so that its place becomes free.
pub(super) async fn run(parts: AlertParts, errand: Errand) -> NotificationId {
    let (row, outcome) = match errand {
        Errand::GiveUp(row) => {
            (row, Err(SendError::Refused("too many notifications wait for this channel".to_owned())))
        }
        Errand::Send(row) => {
            let outcome = send(&parts, &row).await;
            (row, outcome)
        }
    };
    let now = Ts::new(parts.clock.now());
    let records = match outcome {
        Ok(sent) => {
            count(&parts.counters.sent);
            let mut records = vec![attempt(&row, NotificationState::Sent, None, None)];
            records.extend(sent.records);
            records
        }
        Err(error) => {
            let tries = usize::try_from(row.attempts).unwrap_or(usize::MAX);
            let delay = RETRY_DELAYS.get(tries).filter(|_delay| error.class() == Class::Transient);
            count(if delay.is_some() { &parts.counters.retried } else { &parts.counters.failed });
            let state = if delay.is_some() { NotificationState::Pending } else { NotificationState::Failed };
            let text = error.text();
            log::info!(notification = row.id.as_str(), channel = row.channel_id.as_str(),
                attempt = row.attempts + 1, error = text.as_str(), is_final = delay.is_none();
                "a notification could not be sent");
            vec![attempt(&row, state, Some(text), delay.map(|delay| now.plus(*delay)))]
        }
    };
    store(&parts, &row.id, records).await;
    row.id
}

async fn send(parts: &AlertParts, row: &AlertNotification) -> Result<Sent, SendError> {
    let channel = match parts.book.channel(&row.channel_id) {
        Some(channel) => channel,
        // It may be younger than the book.
        None => match notification_channels::find(&parts.db, row.channel_id.clone()).await {
            Ok(Some(channel)) => std::sync::Arc::new(channel),
            Ok(None) => return Err(SendError::Refused("the channel was deleted".to_owned())),
            Err(error) => return Err(SendError::Later(error.to_string())),
        },
    };
    if !channel.is_active {
        return Err(SendError::Refused("the channel is switched off".to_owned()));
    }
    let notice: Notice = row.body.read().map_err(|error| SendError::Config(format!("body: {error}")))?;
    parts.tools.send(&channel, &Sending { id: row.id.clone(), notice }).await
}

fn attempt(
    row: &AlertNotification,
    state: NotificationState,
    error: Option<String>,
    due_at: Option<Ts>,
) -> Record {
    Record::NotificationAttempt(Box::new(NotificationAttempt {
        id: row.id.clone(),
        attempts_before: row.attempts,
        state,
        error,
        due_at,
    }))
}

/// Writes an outcome down; when that does not work at all, the row stays due and is sent once more.
async fn store(parts: &AlertParts, id: &NotificationId, records: Vec<Record>) {
    for _write in 0..WRITES {
        match parts.journal.write(records.clone()).await {
            Ok(_outcomes) => return,
            Err(error) if error.class() == Class::Transient => {
                log::debug!(notification = id.as_str(), error:% = error; "an outcome waits for the store");
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) => {
                log::error!(notification = id.as_str(), error:% = error; "an outcome cannot be written");
                return;
            }
        }
    }
    count(&parts.counters.cut_short);
    log::warn!(notification = id.as_str(); "an outcome could not be written; the notification may be sent once more");
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use workbot_schema::fields::Document;
    use workbot_schema::ids::AlertId;
    use workbot_schema::notification_channels::ChannelType;

    use super::*;

    fn row(channel: &str) -> AlertNotification {
        let now = Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let kind = (&ChannelId::from(channel), ChannelType::Webhook);
        AlertNotification::new(&AlertId::generate(), kind, Document::default(), now)
    }

    #[test]
    fn a_dead_channel_takes_few_places_and_few_wait_for_it() {
        let mut courier = Courier::default();
        assert!(courier.ask());
        assert!(!courier.ask(), "one question at a time");
        let mut rows: Vec<_> = (0..BACKLOG + 5).map(|_number| row("dead")).collect();
        rows.push(row("other"));
        let errands = courier.take(rows.clone());
        let given_up = errands.iter().filter(|errand| matches!(errand, Errand::GiveUp(_))).count();
        assert_eq!(given_up, 5, "the oldest beyond the bound");
        let sent: Vec<_> = errands
            .iter()
            .filter_map(|errand| match errand {
                Errand::Send(row) => Some(row.channel_id.as_str()),
                Errand::GiveUp(_) => None,
            })
            .collect();
        assert_eq!(sent, ["dead", "dead", "other"]);
    }

    #[test]
    fn what_ends_while_rows_are_read_is_not_sent_again() {
        let mut courier = Courier::default();
        let first = row("a");
        assert!(courier.ask());
        assert_eq!(courier.take(vec![first.clone()]).len(), 1);
        assert!(courier.ask());
        courier.over(&first.id);
        assert!(courier.take(vec![first.clone()]).is_empty(), "the rows are older than its end");
        assert!(courier.ask());
        assert_eq!(courier.take(vec![first]).len(), 1, "a retry that is due");
    }
}
