//! Who may call a robot's webhooks: whoever knows its link id and its callback key, both in the query.
use std::pin::Pin;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::robots::queries::RobotKey;

use crate::http::auth::serving;
use crate::http::error::{ApiError, ApiResult, Forbidden, Limited, Missing};
use crate::http::extract::ClientAddress;
use crate::http::robots::secret::SecretKind;
use crate::http::state::{AppState, State};
use crate::http::worktool::link::{Link, is_right};
use crate::http::worktool::parameters::Parameters;

/// The robot a webhook tells of; one of its 600 a minute is taken.
pub struct WebhookRobot(pub Arc<RobotEntry>);

impl WebhookRobot {
    /// Checks link id and key: 404, 403, 429.
    pub async fn check(state: &AppState, client: ClientAddress, parameters: &Parameters) -> ApiResult<Self> {
        let entry = find(state, client, parameters.robot_id()).await?;
        let robot = entry.profile().robot.clone();
        let place = SecretKind::CallbackKey.place(robot.id);
        let sealed = robot.secrets.0.callback_key.as_deref();
        let right = sealed.map(|sealed| state.sealer.open(&place, sealed)).transpose()?;
        if !is_right(parameters.get("key"), right.as_deref()) {
            return Err(ApiError::Forbidden(Forbidden::CallbackKey));
        }
        serving(&entry, state)?;
        entry.limits.inbound.take().map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
        Ok(Self(entry))
    }
}

/// One platform address calls for many robots: those in memory are served even while it is refused because of unknown ones.
async fn find(state: &AppState, client: ClientAddress, id: Option<&str>) -> ApiResult<Arc<RobotEntry>> {
    let id = id.ok_or(ApiError::NotFound(Missing::Robot))?;
    match state.directory.find_key(&RobotKey::Link(id.to_owned())) {
        Some(entry) => Ok(entry),
        None => Link::find(state, client, Some(id)).await.map(|link| link.entry),
    }
}

impl FromRequest for WebhookRobot {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = ApiResult<Self>>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = State::of(&request)?;
            let client = ClientAddress::of(&request, &state.settings.server.trusted_proxies);
            Self::check(&state, client, &Parameters::read(request.query_string())).await
        })
    }
}
