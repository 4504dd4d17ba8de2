//! Commands whose time has come.
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use futures_util::future::join_all;
use workbot_schema::batch::Record;
use workbot_schema::commands::{RobotCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::store::StoreResult;

use super::{SweepParts, in_time};
use crate::supervisor::directory::RobotEntry;
use crate::supervisor::due::{ClockSet, RobotView, decide};

/// Commands of one round.
const LIMIT: i64 = 500;

/// Acts on every due command by compare-and-set; what the journal does not take is due again.
pub(super) async fn act_on_due(parts: &SweepParts, clock_set: Option<ClockSet>) -> StoreResult<()> {
    let due = in_time(queries::list_due(&parts.db, parts.now(), LIMIT)).await?;
    if due.is_empty() {
        return Ok(());
    }
    let writes: Vec<_> = due.iter().filter_map(|command| act(parts, command, clock_set)).collect();
    let mut failed = 0_usize;
    for written in join_all(writes).await {
        match written {
            Ok(_outcomes) => {
                parts.counters.commands.fetch_add(1, Ordering::Relaxed);
            }
            Err(_told_by_the_journal) => failed += 1,
        }
    }
    if failed > 0 {
        log::warn!(commands = failed; "due commands are left to the next round: the journal did not take them");
    }
    Ok(())
}

fn act(
    parts: &SweepParts,
    command: &RobotCommand,
    clock_set: Option<ClockSet>,
) -> Option<impl Future<Output = crate::journal::Written> + use<>> {
    let entry = parts.directory.find(command.robot_uuid);
    let now = parts.now();
    let view = entry.as_deref().map(|entry| view(entry, now, parts.clock.monotonic_ms())).unwrap_or_default();
    let view = RobotView { clock_set, ..view };
    let due = decide(command, view, now, parts.settings.timeouts.of(command.command_type))?;
    if let Some(entry) = entry.filter(|_entry| due.is_wake) {
        entry.wake();
    }
    Some(parts.journal.write(vec![Record::CommandEvent {
        robot: None,
        id: command.id.clone(),
        event: Box::new(due.event),
        callback: None,
    }]))
}

fn view(entry: &RobotEntry, now: Ts, now_ms: u64) -> RobotView {
    let last_result_at = Some(entry.last_result_ms()).filter(|at_ms| *at_ms > 0).map(|at_ms| {
        let ago = i64::try_from(now_ms.saturating_sub(at_ms)).unwrap_or(i64::MAX);
        now.plus(TimeDelta::try_milliseconds(-ago).unwrap_or(TimeDelta::MIN))
    });
    RobotView { connected_since: entry.socket().map(|socket| socket.since), last_result_at, clock_set: None }
}
