//! How many commands wait, counted anew: the numbers in memory are kept by events, and events may be lost.
use std::collections::HashMap;
use std::sync::atomic::Ordering;

use workbot_schema::commands::queries;
use workbot_schema::ids::RobotUuid;
use workbot_schema::store::StoreResult;

use super::{SweepParts, in_time};

/// Without a reason it is counted this often, milliseconds.
const EVERY_MS: u64 = 60_000;

/// What was known when it was counted last.
#[derive(Debug, Default)]
pub(super) struct Counted {
    at_ms: u64,
    unpublished: u64,
    router_restarts: u32,
}

/// Counts when events were lost, or from time to time; wakes who has work.
pub(super) async fn correct(parts: &SweepParts, counted: &mut Counted) -> StoreResult<()> {
    let now = Counted {
        at_ms: parts.clock.monotonic_ms(),
        unpublished: parts.journal.counters().unpublished.load(Ordering::Relaxed),
        router_restarts: parts.router.stats().restarts(),
    };
    let is_lost = now.unpublished != counted.unpublished || now.router_restarts != counted.router_restarts;
    if !is_lost && now.at_ms.saturating_sub(counted.at_ms) < EVERY_MS {
        return Ok(());
    }
    let mut before: HashMap<RobotUuid, i64> = HashMap::new();
    parts.directory.visit(|entry| {
        before.insert(entry.uuid, entry.queued.load(Ordering::Relaxed));
    });
    let depths = in_time(queries::list_depths(&parts.db)).await?;
    let depths: HashMap<RobotUuid, i64> =
        depths.into_iter().map(|depth| (depth.robot_uuid, depth.depth)).collect();
    parts.directory.visit(|entry| {
        let Some(before) = before.get(&entry.uuid) else { return };
        let depth = depths.get(&entry.uuid).copied().unwrap_or_default();
        // A number that moved while the store was asked is right by its events, and counted again later.
        let corrected = entry.queued.compare_exchange(*before, depth, Ordering::Relaxed, Ordering::Relaxed);
        if corrected.is_ok() && depth > 0 && entry.is_connected() {
            entry.wake();
        }
    });
    *counted = now;
    Ok(())
}
