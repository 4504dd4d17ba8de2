//! What the routes of one alert share: finding it for somebody, and moving it.
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::Deserialize;
use utoipa::ToSchema;
use workbot_schema::alerts::{Alert, AlertAct, AlertStatus, queries};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::ids::AlertId;

use super::alert_view::AlertView;
use crate::http::audit::Origin;
use crate::http::auth::{Action, Caller, Reach};
use crate::http::error::{ApiError, ApiResult, Conflict, Fields, Missing};
use crate::http::extract::body::{check_type, read_bytes};
use crate::http::extract::json::{Nul, parse};
use crate::http::state::{AppState, Edge};

/// Longest note, in characters.
const NOTE_CHARS: usize = 500;

/// What somebody writes about it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct NoteRequest {
    /// At most 500 characters.
    pub note: Option<String>,
}

/// A note, or no body at all.
pub struct Note(pub Option<String>);

impl FromRequest for Note {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let edge = Edge::of(&request)?;
            let (bytes, _permit) = read_bytes(&edge, &request, payload, false).await?;
            if bytes.is_empty() {
                return Ok(Self(None));
            }
            check_type(&request)?;
            let note =
                parse::<NoteRequest>(&bytes, Nul::Refuse)?.value.note.map(|note| note.trim().to_owned());
            let mut wrong = Fields::new();
            wrong.expect_length("note", note.as_deref().unwrap_or_default(), NOTE_CHARS);
            wrong.into_invalid()?;
            Ok(Self(note.filter(|note| !note.is_empty())))
        })
    }
}

/// An alert within somebody's reach, and the public id of its robot. 404 when it is not there or not theirs; one about no robot is
/// there for those who see every robot.
pub async fn find(
    state: &AppState,
    caller: &Caller,
    id: String,
    action: Action,
) -> ApiResult<(Alert, Option<String>)> {
    let reach = caller.may(action)?;
    let missing = ApiError::NotFound(Missing::Alert);
    let Some(alert) = queries::find(&state.db, AlertId(id)).await? else { return Err(missing) };
    let Some(robot) = alert.robot_uuid else {
        return if reach == Reach::All { Ok((alert, None)) } else { Err(missing) };
    };
    match caller.robot(state, Some(&robot.to_string()), action).await {
        Ok(entry) => Ok((alert, Some(entry.profile().robot.robot_id.to_string()))),
        // Its robot was deleted: what was raised stays for those who see everything.
        Err(ApiError::NotFound(_)) if reach == Reach::All => Ok((alert, Some(robot.to_string()))),
        Err(ApiError::NotFound(_)) => Err(missing),
        Err(error) => Err(error),
    }
}

/// Moves an alert and writes down who did; one that is there already stays as it is.
pub async fn change(
    state: &AppState,
    caller: &Caller,
    origin: &Origin,
    id: String,
    act: AlertAct,
    note: Option<String>,
) -> ApiResult<AlertView> {
    let (alert, robot_id) = find(state, caller, id, Action::HandleAlerts).await?;
    let by = caller.user_id().map_or_else(|| caller.name(), ToString::to_string);
    let verb = match act {
        AlertAct::Acknowledge => "alert.ack",
        AlertAct::Resolve => "alert.resolve",
    };
    let detail = serde_json::json!({"code": alert.code, "note": note});
    let audit = origin.audit(caller, verb, format!("alert/{}", alert.id), detail, state.now());
    let change = Record::AlertChange { id: alert.id.clone(), change: act, by, note };
    let moved = match state.journal.write(vec![change, audit]).await?.into_iter().next() {
        Some(Outcome::AlertMoved { alert, .. }) => *alert,
        Some(Outcome::Missing) => return Err(ApiError::NotFound(Missing::Alert)),
        _ => return Err(ApiError::Internal("the journal answered an alert with something else".to_owned())),
    };
    if act == AlertAct::Acknowledge && moved.status == AlertStatus::Resolved {
        return Err(ApiError::Conflict(Conflict::AlertResolved));
    }
    Ok(AlertView::new(&moved, robot_id))
}
