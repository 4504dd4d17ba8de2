//! What the routes of one conversation share: finding it for somebody, and changing who has it.
use workbot_actors::session::orders::Change;
use workbot_schema::ids::SessionId;
use workbot_schema::sessions::{Session, SessionAct, queries};

use super::session_view::SessionView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::state::AppState;

/// A conversation within somebody's reach, and the public id of its robot; 404 when it is not there or not theirs.
pub async fn find(
    state: &AppState,
    caller: &Caller,
    id: String,
    action: Action,
) -> ApiResult<(Session, String)> {
    caller.may(action)?;
    let missing = || ApiError::NotFound(Missing::Session);
    let session = queries::find(&state.db, SessionId(id)).await?.ok_or_else(missing)?;
    match caller.robot(state, Some(&session.robot_uuid.to_string()), action).await {
        Ok(entry) => Ok((session, entry.profile().robot.robot_id.to_string())),
        Err(ApiError::NotFound(_)) => Err(missing()),
        Err(error) => Err(error),
    }
}

/// Takes a conversation over or gives it back, and writes down who did.
pub async fn change(
    state: &AppState,
    caller: &Caller,
    origin: &Origin,
    id: String,
    act: SessionAct,
) -> ApiResult<SessionView> {
    let (session, robot_id) = find(state, caller, id, Action::TakeOver).await?;
    let verb = match act {
        SessionAct::TakeOver { .. } => "session.takeover",
        _ => "session.release",
    };
    let (robot, id) = (session.robot_uuid, session.id);
    let object = format!("session/{id}");
    let changed = state.conversations.change(Change { robot, session: id, act, row: None }).await?;
    let audit = origin.audit(caller, verb, object, serde_json::json!({"robotId": robot_id}), state.now());
    state.journal.write(vec![audit]).await?;
    Ok(SessionView::new(state, changed, robot_id))
}
