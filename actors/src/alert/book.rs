//! The rules and channels in memory: judged by whoever asks, at once and without a message; read again when one was changed.
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use workbot_schema::alert_notifications::AlertNotification;
use workbot_schema::alert_rules;
use workbot_schema::fields::{Document, Ts};
use workbot_schema::ids::{AlertId, AlertRuleId, ChannelId, UserId};
use workbot_schema::notification_channels::{self, NotificationChannel};
use workbot_schema::store::{Db, StoreResult};

use super::notice::Notice;
use super::rules::{Facts, Rule, RuleMatch, Subject};

/// Everything that is known, as of one moment.
#[derive(Debug, Default)]
struct Pages {
    rules: Vec<Arc<Rule>>,
    channels: HashMap<ChannelId, Arc<NotificationChannel>>,
}

/// The book; clones share it.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    pages: RwLock<Arc<Pages>>,
    /// Whoever reads holds it, so that older pages never replace newer ones.
    reading: tokio::sync::Mutex<()>,
    unreadable: AtomicU64,
}

impl RuleBook {
    /// The book as the store has it.
    pub async fn load(db: &Db) -> StoreResult<Self> {
        let book = Self::default();
        book.reload(db).await?;
        Ok(book)
    }

    /// Reads everything again; what was committed before the call is in the book afterwards. A rule that cannot be understood is
    /// left out, counted and logged.
    pub async fn reload(&self, db: &Db) -> StoreResult<()> {
        let _turn = self.shared.reading.lock().await;
        let rows = alert_rules::list_all(db).await?;
        let channels = notification_channels::list_all(db).await?;
        let mut rules = Vec::with_capacity(rows.len());
        for row in rows.into_iter().filter(|row| row.is_active) {
            let id = row.id.clone();
            match Rule::read(row) {
                Ok(rule) => rules.push(Arc::new(rule)),
                Err(problem) => {
                    self.shared.unreadable.fetch_add(1, Ordering::Relaxed);
                    log::warn!(rule = id.as_str(), field = problem.field; "an alert rule cannot be judged");
                }
            }
        }
        let channels = channels.into_iter().map(|row| (row.id.clone(), Arc::new(row))).collect();
        *self.shared.pages.write() = Arc::new(Pages { rules, channels });
        Ok(())
    }

    /// The rules that message, intent and alert of one robot fulfil, in the order they were made. `only` narrows them; empty = all.
    pub fn evaluate(
        &self,
        subject: Subject<'_>,
        facts: &Facts<'_>,
        only: &[AlertRuleId],
        now: Ts,
    ) -> Vec<RuleMatch> {
        let pages = self.pages();
        let asked = |rule: &&Arc<Rule>| only.is_empty() || only.contains(&rule.row.id);
        pages
            .rules
            .iter()
            .filter(asked)
            .filter(|rule| rule.is_awake(now) && rule.covers(subject))
            .filter_map(|rule| rule.meets(facts).map(|met| rule.matched(met)))
            .collect()
    }

    /// The notifications of an alert over channels that are switched on and may be used for `owner` (shared ones, and the owner's).
    pub fn notifications(
        &self,
        alert: &AlertId,
        channel_ids: &[ChannelId],
        owner: Option<&UserId>,
        notice: &Notice,
        now: Ts,
    ) -> Vec<AlertNotification> {
        let pages = self.pages();
        let body = Document::of(notice).unwrap_or_default();
        let mut told: Vec<AlertNotification> = Vec::with_capacity(channel_ids.len());
        for channel in channel_ids.iter().filter_map(|id| pages.channels.get(id)) {
            let is_allowed = channel.owner_id.is_none() || channel.owner_id.as_ref() == owner;
            let is_new = !told.iter().any(|known| known.channel_id == channel.id);
            if channel.is_active && is_allowed && is_new {
                let kind = (&channel.id, channel.channel_type);
                told.push(AlertNotification::new(alert, kind, body.clone(), now));
            }
        }
        told
    }

    /// A channel, switched on or not.
    pub fn channel(&self, id: &ChannelId) -> Option<Arc<NotificationChannel>> {
        self.pages().channels.get(id).cloned()
    }

    /// Rules that could not be understood when they were read.
    pub fn unreadable(&self) -> u64 {
        self.shared.unreadable.load(Ordering::Relaxed)
    }

    /// Every rule that is switched on.
    pub(super) fn rules(&self) -> Vec<Arc<Rule>> {
        self.pages().rules.clone()
    }

    fn pages(&self) -> Arc<Pages> {
        Arc::clone(&self.shared.pages.read())
    }
}
