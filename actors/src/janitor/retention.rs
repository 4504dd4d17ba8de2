//! What is deleted after its time, slice by slice.
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use workbot_schema::fields::Ts;
use workbot_schema::retention::{self, Kept, SLICE};
use workbot_schema::store::{StoreError, StoreResult};

use super::{JanitorParts, files};
use crate::kernel::clock::millis;

/// Pause between two slices: the journal writes meanwhile.
const PAUSE: Duration = Duration::from_millis(20);
/// One slice.
const SLICE_TIME: Duration = Duration::from_secs(15);
/// Repeat keys of messages, answers to idempotency keys and codes by SMS count for this long.
const REPEATS: TimeDelta = TimeDelta::hours(24);
/// Rooms that brought nothing new are remembered at least so long: what is forgotten is seen for the first time again, and its
/// last bubble is news.
const ROOM_DAYS: u32 = 180;
/// Deleted robots of one round.
const ROBOTS: i64 = 100;

/// How long things are kept, in days (0 = for ever), and how often that is looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetentionPolicy {
    /// Chat messages and their files, runs and conversations.
    pub message_days: u32,
    /// Finished commands.
    pub command_days: u32,
    /// Callbacks and their attempts.
    pub delivery_days: u32,
    /// Logs of phones, connections and models' health.
    pub log_days: u32,
    /// Calls to models with what was said, and what they cost by day.
    pub ai_days: u32,
    /// Alerts and what was told of them.
    pub alert_days: u32,
    /// The audit log.
    pub audit_days: u32,
    /// Deleted robots, with what hangs on them.
    pub deleted_robot_days: u32,
    /// Time between two rounds.
    pub interval: Duration,
}

impl Default for RetentionPolicy {
    fn default() -> Self {
        Self {
            message_days: 30,
            command_days: 30,
            delivery_days: 7,
            log_days: 7,
            ai_days: 90,
            alert_days: 180,
            audit_days: 0,
            deleted_robot_days: 30,
            interval: Duration::from_secs(3_600),
        }
    }
}

impl RetentionPolicy {
    pub(super) fn interval_ms(&self) -> u64 {
        millis(self.interval)
    }

    /// What is older than this goes.
    pub fn before(&self, kept: Kept, now: Ts) -> Ts {
        let days = |days: u32| match days {
            0 => Ts::new(DateTime::UNIX_EPOCH),
            days => now.plus(-TimeDelta::days(i64::from(days))),
        };
        match kept {
            Kept::Messages | Kept::Runs | Kept::Sessions => days(self.message_days),
            Kept::Rooms if self.message_days == 0 => days(0),
            Kept::Rooms => days(self.message_days.max(ROOM_DAYS)),
            Kept::Commands | Kept::CloudSends => days(self.command_days),
            Kept::Deliveries | Kept::Attempts => days(self.delivery_days),
            Kept::RobotLogs | Kept::Connections | Kept::HealthChecks => days(self.log_days),
            Kept::AiCalls | Kept::TokenUsage => days(self.ai_days),
            Kept::Alerts => days(self.alert_days),
            Kept::Audit => days(self.audit_days),
            Kept::Idempotency | Kept::LoginCodes => now.plus(-REPEATS),
            Kept::RefreshTokens | Kept::LoginTickets | Kept::UserSessions => now,
        }
    }
}

/// One round over everything; a failure ends it, the next round begins anew. Repeat keys before `forgotten` are gone
/// already; up to where they are now.
pub(super) async fn round(parts: JanitorParts, mut forgotten: Option<Ts>) -> Option<Ts> {
    match purge(&parts, &mut forgotten).await {
        Ok(()) => {
            parts.counters.rounds.fetch_add(1, Ordering::Relaxed);
        }
        Err(error) => log::warn!(error:% = error; "old rows are deleted in the next round"),
    }
    forgotten
}

async fn purge(parts: &JanitorParts, forgotten: &mut Option<Ts>) -> StoreResult<()> {
    let now = Ts::new(parts.clock.now());
    let repeats = now.plus(-REPEATS);
    while let Some(reached) = in_time(retention::forget_repeat_keys(&parts.db, *forgotten, repeats)).await? {
        *forgotten = Some(reached);
        tokio::time::sleep(PAUSE).await;
    }
    *forgotten = Some(repeats);
    for kept in Kept::ALL {
        let before = parts.policy.before(kept, now);
        loop {
            let rows = in_time(retention::purge(&parts.db, kept, before)).await?;
            parts.counters.rows.fetch_add(u64::try_from(rows).unwrap_or(0), Ordering::Relaxed);
            if i64::try_from(rows).unwrap_or(SLICE) < SLICE {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    purge_robots(parts, now).await?;
    match &parts.files {
        Some(folder) => files::remove_unnamed(parts, folder).await,
        None => Ok(()),
    }
}

async fn purge_robots(parts: &JanitorParts, now: Ts) -> StoreResult<()> {
    let before = now.plus(-TimeDelta::days(i64::from(parts.policy.deleted_robot_days)));
    for robot in in_time(retention::list_deleted_robots(&parts.db, before, ROBOTS)).await? {
        while !in_time(retention::purge_robot(&parts.db, robot)).await? {
            tokio::time::sleep(PAUSE).await;
        }
        log::info!(robot:% = robot; "a robot deleted long ago is gone for good");
    }
    Ok(())
}

async fn in_time<T>(slice: impl Future<Output = StoreResult<T>>) -> StoreResult<T> {
    match tokio::time::timeout(SLICE_TIME, slice).await {
        Ok(outcome) => outcome,
        Err(_elapsed) => Err(StoreError::Unavailable("no answer within 15 s".to_owned())),
    }
}
