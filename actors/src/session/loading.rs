//! What an actor begins with: its robot, its messages that wait, its runs that are not over, what was said.
use std::sync::Arc;

use workbot_schema::commands::{RobotCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::FlowExecution;
use workbot_schema::ids::{RobotUuid, SessionId};
use workbot_schema::messages::SessionMessage;
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::sessions::loading::{self, LoadLimits, SessionLoad};
use workbot_schema::store::{StoreError, StoreResult};
use workbot_schema::wire::flow::StandardContext;

use super::SessionParts;
use super::core::WAITING_MAX;
use super::live_run::LiveRun;
use crate::supervisor::directory::RobotEntry;

/// Unfinished runs taken up at a time.
const RUNS: i64 = 50;
/// Earlier turns that are read.
const TURNS: i64 = 5;

/// An unfinished run, ready to be gone on with.
pub(super) struct OpenRun {
    /// The run; none when its row cannot be read.
    pub(super) live: Option<Box<LiveRun>>,
    /// Its first message.
    pub(super) message: Option<Arc<SessionMessage>>,
    /// The command of its reply.
    pub(super) command: Option<RobotCommand>,
    /// Its row.
    pub(super) row: FlowExecution,
}

/// Everything an actor begins with.
pub(super) struct Loaded {
    /// The robot; none when it was deleted.
    pub(super) entry: Option<Arc<RobotEntry>>,
    /// What the store knows.
    pub(super) load: SessionLoad,
    /// The runs of it.
    pub(super) runs: Vec<OpenRun>,
}

/// Looks all of it up.
pub(super) async fn load(
    parts: SessionParts,
    robot: RobotUuid,
    id: SessionId,
    since: Ts,
) -> StoreResult<Loaded> {
    let found = parts.directory.get(RobotKey::Uuid(robot)).await;
    let entry = found.map_err(|error| StoreError::Unavailable(error.to_string()))?;
    let limits = LoadLimits {
        messages: i64::try_from(WAITING_MAX).unwrap_or(i64::MAX),
        runs: RUNS,
        turns: TURNS,
        turns_since: since,
    };
    let mut load = loading::load(&parts.db, id, limits).await?;
    let answered: Vec<Arc<SessionMessage>> =
        std::mem::take(&mut load.answered).into_iter().map(Arc::new).collect();
    let mut runs = Vec::with_capacity(load.runs.len());
    for row in std::mem::take(&mut load.runs) {
        let message = answered.iter().find(|message| message.id == row.message_id).cloned();
        runs.push(open(&parts, row, message).await?);
    }
    Ok(Loaded { entry, load, runs })
}

/// Makes a run of its row.
pub(super) async fn open(
    parts: &SessionParts,
    row: FlowExecution,
    message: Option<Arc<SessionMessage>>,
) -> StoreResult<OpenRun> {
    let flow = parts.library.flow(&parts.db, &row.flow_id, row.flow_version).await?;
    let live = LiveRun::restore(row.clone(), flow, message.as_deref(), parts.now_ms());
    let sent =
        live.as_ref().and_then(|live| live.run.state.commands.first().map(|news| news.send_id.clone()));
    let command = match sent {
        Some(id) => queries::find(&parts.db, id).await?,
        None => None,
    };
    Ok(OpenRun { live: live.map(Box::new), message, command, row })
}

/// What was asked and answered in earlier turns, oldest first: when, the text, the reply.
pub(super) fn earlier(load: &SessionLoad) -> Vec<(Ts, String, Option<String>)> {
    let turns = load.turns.iter().rev();
    turns
        .filter_map(|turn| {
            let context: StandardContext = turn.context.read().ok()?;
            let is_said = context.send_id.is_some();
            Some((turn.started_at, context.original_message, context.ai_response.filter(|_text| is_said)))
        })
        .collect()
}
