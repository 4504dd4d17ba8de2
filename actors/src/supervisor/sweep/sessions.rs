//! Conversations with something to do that nobody does: after a restart, a crash or a full mailbox.
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::Semaphore;
use workbot_schema::batch::Record;
use workbot_schema::ids::{RobotUuid, SessionId};
use workbot_schema::sessions::{SessionAct, SessionChange, loading, queries};
use workbot_schema::store::StoreResult;

use super::{SweepParts, in_time};
use crate::kernel::post;
use crate::supervisor::router::LookAfter;

/// Conversations taken up at a time.
const AT_A_TIME: usize = 32;
/// Runs that are due, of one round.
const DUE: i64 = 500;
/// Conversations looked for at a time.
const FORGOTTEN: i64 = 10_000;
/// Every so many rounds it is looked for what was forgotten; at the start at once.
const EVERY: u64 = 5;
/// Of one round, so long is waited for places.
const PATIENCE: Duration = Duration::from_millis(800);
/// Idle takeovers ended in one round.
const TAKEOVERS: i64 = 200;

/// What one round leaves to the next.
#[derive(Debug)]
pub(super) struct Backlog {
    waiting: VecDeque<(RobotUuid, SessionId)>,
    places: Arc<Semaphore>,
    /// The newest place that was seen the last time; what is older has been left lying. None = nothing was seen yet.
    seen_to: Option<i64>,
}

impl Default for Backlog {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), places: Arc::new(Semaphore::new(AT_A_TIME)), seen_to: None }
    }
}

/// Sends conversations that nobody looks after to their actors, which ignore what they do already: the oldest first, some at a time.
pub(super) async fn look_after(parts: &SweepParts, backlog: &mut Backlog, round: u64) -> StoreResult<()> {
    let mut due = in_time(loading::list_due(&parts.db, parts.now(), DUE)).await?;
    let mut known = std::collections::HashSet::new();
    due.retain(|place| known.insert(place.clone()));
    for (robot, session) in due {
        send(parts, LookAfter { robot, session, permit: None });
    }
    if backlog.waiting.is_empty() && round % EVERY == 1 {
        find(parts, backlog).await?;
        end_takeovers(parts).await?;
    }
    let until = tokio::time::Instant::now() + PATIENCE;
    while let Some((robot, session)) = backlog.waiting.front().cloned() {
        let place = tokio::time::timeout_at(until, Arc::clone(&backlog.places).acquire_owned()).await;
        let Ok(Ok(permit)) = place else { break };
        if !send(parts, LookAfter { robot, session, permit: Some(permit) }) {
            break;
        }
        backlog.waiting.pop_front();
    }
    Ok(())
}

/// What was there at the last look and still is has been forgotten; at the first look everything is.
async fn find(parts: &SweepParts, backlog: &mut Backlog) -> StoreResult<()> {
    let unsettled = in_time(queries::list_unsettled(&parts.db, None, FORGOTTEN)).await?;
    let seen_to = backlog.seen_to.unwrap_or(i64::MAX);
    let newest = unsettled.iter().map(|unsettled| unsettled.seq).max().unwrap_or(0);
    let forgotten = unsettled.into_iter().filter(|unsettled| unsettled.seq <= seen_to);
    backlog.waiting = forgotten.map(|unsettled| (unsettled.robot_uuid, unsettled.session_id)).collect();
    backlog.seen_to = Some(newest);
    let count = u64::try_from(backlog.waiting.len()).unwrap_or(0);
    parts.counters.conversations.fetch_add(count, Ordering::Relaxed);
    Ok(())
}

/// Gives conversations back whose person did nothing for long.
async fn end_takeovers(parts: &SweepParts) -> StoreResult<()> {
    let idle_before = parts.now().plus(-parts.takeover_idle);
    let idle = in_time(queries::list_idle_takeovers(&parts.db, idle_before, TAKEOVERS)).await?;
    let changes = idle.into_iter().map(|row| {
        let act = SessionAct::Expire { idle_before };
        Record::Session(Box::new(SessionChange { id: row.id, session: None, act }))
    });
    // A person who does something meanwhile keeps the conversation: each is a write of its own.
    let written =
        futures_util::future::join_all(changes.map(|change| parts.journal.write(vec![change]))).await;
    if written.iter().any(Result::is_err) {
        log::warn!("idle takeovers are left to the next round: the journal did not take them");
    }
    Ok(())
}

fn send(parts: &SweepParts, look: LookAfter) -> bool {
    match post(&parts.router, look) {
        Ok(()) => true,
        Err(error) => {
            // It is found again.
            log::debug!(error:% = error; "the router is busy; conversations are looked after later");
            false
        }
    }
}
