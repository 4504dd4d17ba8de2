//! Which command of ours a platform's result is for.
//!
//! | the id it names | then |
//! |---|---|
//! | a command of ours, or a call of which there is one command | that one |
//! | an answer of the platform's | the command of that call whose item stands in `rawMsg` |
//! | unknown, and a call of the robot is under way | the same, once that call is written down |
//! | still unknown | what was handed over without a clear answer and has this item: now it has one |
use std::time::Duration;

use serde_json::{Map, Value};
use workbot_actors::cloud::matching;
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::commands::queries;
use workbot_schema::ids::{BatchId, CommandId};
use workbot_schema::worktool::cloud_sends;

use crate::http::error::ApiResult;
use crate::http::state::AppState;

/// Longest id that can exist.
const ID_BYTES: usize = 64;
/// A result that overtook the answer to its call waits for it; the webhook is answered within 3 s.
const CALL: Duration = Duration::from_millis(2_200);

/// A command, and the attempt that was sent when that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Which.
    pub id: CommandId,
    /// Which attempt.
    pub attempt: Option<i32>,
}

/// The robot's command that a result names, or none.
pub async fn find(
    state: &AppState,
    entry: &RobotEntry,
    id: CommandId,
    fields: &Map<String, Value>,
) -> ApiResult<Option<Target>> {
    if id.0.len() > ID_BYTES || id.0.contains('\0') {
        return Ok(None);
    }
    let raw = matching::raw_of(fields);
    if let Some(known) = known(state, entry, &id, raw.as_ref()).await? {
        return Ok(Some(known));
    }
    if state.cloud_calls.settled(entry.uuid, CALL).await
        && let Some(known) = known(state, entry, &id, raw.as_ref()).await?
    {
        return Ok(Some(known));
    }
    let Some(raw) = raw else { return Ok(None) };
    let uncertain = cloud_sends::list_uncertain(&state.db, entry.uuid, state.now()).await?;
    let meant = uncertain.into_iter().find(|command| matching::is_in(&command.item, &raw));
    Ok(meant.map(|command| Target { id: command.id, attempt: Some(command.attempt) }))
}

async fn known(
    state: &AppState,
    entry: &RobotEntry,
    id: &CommandId,
    raw: Option<&Map<String, Value>>,
) -> ApiResult<Option<Target>> {
    let of = |id: CommandId| Some(Target { id, attempt: None });
    if queries::find(&state.db, id.clone()).await?.is_some() {
        return Ok(of(id.clone()));
    }
    let call = cloud_sends::list_call(&state.db, entry.uuid, id.0.clone()).await?;
    if let Some((command, attempt)) = matching::find(&call, raw) {
        return Ok(Some(Target { id: command.id.clone(), attempt: Some(*attempt) }));
    }
    let mut batch = queries::list_batch(&state.db, BatchId(id.0.clone())).await?;
    batch.retain(|command| command.robot_uuid == entry.uuid);
    let only = batch.pop().filter(|_last| batch.is_empty());
    Ok(only.and_then(|command| of(command.id)))
}
