//! Presence events: told when a state has held long enough and differs from the last one told.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use futures_util::future::join_all;
use workbot_schema::batch::{Record, Write};
use workbot_schema::fields::Ts;
use workbot_schema::robots::RobotChanges;
use workbot_schema::wire::presence_callback::PresenceCallback;

use super::SweepParts;
use crate::supervisor::directory::{Presence, RobotEntry};
use crate::supervisor::presence::is_news;

/// Whether the presence of a robot is to be told now.
pub(super) fn is_announcement_due(entry: &RobotEntry, debounce_ms: u64, now_ms: u64) -> bool {
    let profile = entry.profile();
    let held_ms = now_ms.saturating_sub(entry.presence_since_ms());
    let told = profile.robot.last_event_state.as_deref();
    profile.robot.deleted_at.is_none() && is_news(entry.presence(), held_ms, told, debounce_ms)
}

/// Writes the state and its callback, if one is bound, in one write a robot.
pub(super) async fn announce(parts: &SweepParts, entries: Vec<Arc<RobotEntry>>) {
    let (now, now_ms) = (parts.now(), parts.clock.monotonic_ms());
    let writes: Vec<_> = entries
        .iter()
        .filter_map(|entry| announcement(entry, now, now_ms))
        .map(|write| parts.journal.write(write))
        .collect();
    if writes.is_empty() || parts.is_stopping() {
        return;
    }
    let mut failed = 0_usize;
    for written in join_all(writes).await {
        match written {
            Ok(_outcomes) => {
                parts.counters.announced.fetch_add(1, Ordering::Relaxed);
            }
            Err(_told_by_the_journal) => failed += 1,
        }
    }
    if failed > 0 {
        log::warn!(robots = failed; "presence events wait: the journal did not take them");
    }
}

fn announcement(entry: &RobotEntry, now: Ts, now_ms: u64) -> Option<Write> {
    let is_online = match entry.presence() {
        Presence::Unknown => return None,
        Presence::Online => true,
        Presence::Offline => false,
    };
    let profile = entry.profile();
    let ago = i64::try_from(now_ms.saturating_sub(entry.presence_since_ms())).unwrap_or_default();
    let since = now.plus(TimeDelta::try_milliseconds(-ago).unwrap_or_default());
    let callback = PresenceCallback::new(&profile.robot, is_online, entry.presence_reason().text(), since);
    let changes = RobotChanges {
        last_event_state: Some(Some(callback.event.to_owned())),
        last_seen_at: entry.last_seen_at().map(Some),
        ..RobotChanges::default()
    };
    let mut write = vec![Record::UpdateRobot { id: entry.uuid, changes: Box::new(changes), expected: None }];
    let bound = profile.bindings.iter().find(|(binding_type, _url)| *binding_type == callback.callback_type);
    if let Some((_type, url)) = bound {
        write.push(Record::Delivery(Box::new(callback.delivery(&profile.robot, url, now))));
    }
    Some(write)
}
