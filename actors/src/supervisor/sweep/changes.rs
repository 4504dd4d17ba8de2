//! Robots that memory does not know rightly: at start, and after another process (the command line) changed them.
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::loading;
use workbot_schema::store::{StoreError, StoreResult};

use super::{SweepParts, in_time};
use crate::kernel::post;
use crate::supervisor::router::{Admit, Refresh};

/// Robots of one page.
const PAGE: i64 = 500;
/// A change may become visible so long after the time it carries.
const OVERLAP: TimeDelta = TimeDelta::seconds(30);

/// The newest change seen so far.
#[derive(Debug, Default)]
pub(super) struct Watermark(Option<Ts>);

/// Brings in the robots third parties believe to be online; those that do not come back become offline, and that is told.
pub(super) async fn load_announced(parts: &SweepParts) -> StoreResult<()> {
    let mut after = None;
    loop {
        let ids = in_time(loading::list_announced_online(&parts.db, after, PAGE)).await?;
        let Some(last) = ids.last().copied() else { return Ok(()) };
        let profiles = in_time(loading::list_profiles(&parts.db, ids)).await?;
        if let Err(error) = post(&parts.router, Admit(profiles)) {
            return Err(StoreError::Unavailable(format!("router: {error}")));
        }
        after = Some(last);
    }
}

/// Brings in robots on hosted platforms: no phone of theirs ever connects, so nobody else would.
pub(super) async fn load_cloud(parts: &SweepParts) -> StoreResult<()> {
    let mut after = None;
    loop {
        let ids = in_time(loading::list_in_cloud(&parts.db, after, PAGE)).await?;
        let Some(last) = ids.last().copied() else { return Ok(()) };
        let unknown: Vec<RobotUuid> =
            ids.into_iter().filter(|robot| parts.directory.find(*robot).is_none()).collect();
        if !unknown.is_empty() {
            let profiles = in_time(loading::list_profiles(&parts.db, unknown)).await?;
            if let Err(error) = post(&parts.router, Admit(profiles)) {
                return Err(StoreError::Unavailable(format!("router: {error}")));
            }
        }
        after = Some(last);
    }
}

/// Reads again what changed since the last look and is newer than in memory.
pub(super) async fn refresh(parts: &SweepParts, watermark: &mut Watermark) -> StoreResult<()> {
    let since = watermark.0.unwrap_or_else(|| parts.now()).plus(-OVERLAP);
    let (mut after, mut stale) = (None, Vec::new());
    loop {
        let page = in_time(loading::list_changed_page(&parts.db, since, after, PAGE)).await?;
        let is_last_page = i64::try_from(page.len()).unwrap_or(PAGE) < PAGE;
        stale.extend(
            page.iter()
                .filter(|(robot, version, _at)| is_older(parts, *robot, *version))
                .map(|(robot, ..)| *robot),
        );
        after = page.last().map(|(robot, _version, at)| (*at, *robot)).or(after);
        if is_last_page {
            break;
        }
    }
    for ids in stale.chunks(500) {
        let profiles = in_time(loading::list_profiles(&parts.db, ids.to_vec())).await?;
        parts.counters.refreshed.fetch_add(u64::try_from(ids.len()).unwrap_or(0), Ordering::Relaxed);
        if let Err(error) = post(&parts.router, Refresh(profiles)) {
            return Err(StoreError::Unavailable(format!("router: {error}")));
        }
    }
    let newest = after.map(|(at, _robot)| at).max(watermark.0);
    watermark.0 = newest.or(Some(since.plus(OVERLAP)));
    Ok(())
}

fn is_older(parts: &SweepParts, robot: RobotUuid, version: i64) -> bool {
    parts.directory.find(robot).is_some_and(|entry| entry.profile().robot.version < version)
}
