//! `GET /ws/connect`: the socket of a native phone.
//!
//! Without a token the answer is 401 before the upgrade, too many connects are 429. Everything else that is wrong is told to the
//! socket: the upgrade is answered and the only frame is the close, so that the app reads a code it knows.
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::{Bytes, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::IntoParams;
use workbot_actors::robot::login::{RobotLogin, SocketDialect};
use workbot_actors::robot::{refuse_upgrade, upgrade};
use workbot_actors::supervisor::directory::RobotEntry;
use workbot_schema::fields::Ts;
use workbot_schema::robots::RobotRefusal;
use workbot_schema::robots::queries::{RobotKey, RobotProfile};

use crate::http::auth::bearer::bearer;
use crate::http::auth::token::RobotClaims;
use crate::http::error::{ApiError, ApiResult, Limited};
use crate::http::extract::{ClientAddress, Query};
use crate::http::guard::sockets::SocketTicket;
use crate::http::openapi::Failures;
use crate::http::state::{AppState, Edge, State};

#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
/// The token, for clients that cannot set headers.
pub struct ConnectQuery {
    /// The robot's access token.
    pub token: Option<String>,
}

/// Why a socket is closed as soon as it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Token,
    Robot,
    Device,
}

impl Refusal {
    fn close(self) -> (u16, &'static str) {
        match self {
            Self::Token => (4001, "token or service is over"),
            Self::Robot => (4002, "robot unknown"),
            Self::Device => (4003, "token belongs to another device"),
        }
    }
}

/// Opens the socket of a phone.
#[utoipa::path(
    get,
    path = "/ws/connect",
    operation_id = "connect_robot",
    tag = "长连接",
    summary = "机器人长连接（WebSocket）",
    description = "令牌放在 Authorization 头或 token 参数中，可附带 X-Device-Id。握手后若令牌无效、机器人不存在或设备不符，只会收到关闭帧 4001、4002 或 4003；每分钟连接超过 15 次返回 429。",
    security(("robot" = [])),
    params(ConnectQuery, ("X-Device-Id" = Option<String>, Header, description = "设备编号，与令牌不符时以 4003 关闭")),
    responses(
        (status = 101, description = "已升级；第一帧为 connected", content_type = "application/json",
            example = json!({"type": "connected", "data": {"robotId": "robot_1703123456789_abc123",
                "timestamp": 1703123456789_i64, "heartbeatIntervalMs": 10000}, "timestamp": 1703123456789_i64, "messageId": "srv_1"})),
        Failures
    )
)]
pub async fn connect(
    edge: Edge,
    state: State,
    client: ClientAddress,
    Query(query): Query<ConnectQuery>,
    request: HttpRequest,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    let token = match (bearer(&request), query.token) {
        (Ok(token), _) => token.to_owned(),
        (Err(_absent), Some(token)) if !token.is_empty() => token,
        (Err(reason), _) => return Err(ApiError::Unauthorized(reason)),
    };
    let entry = match admit(&state, &request, &token).await? {
        Ok(entry) => entry,
        Err(refusal) => {
            let (code, reason) = refusal.close();
            log::debug!(code = code, reason = reason; "socket refused");
            return Ok(refuse_upgrade(&request, payload, code, reason)
                .unwrap_or_else(|error| error.error_response()));
        }
    };
    if state.settings.limits.enabled {
        entry
            .admit_connect(state.clock.monotonic_ms())
            .map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
    }
    let ticket = edge.sockets().admit(client.address)?;
    // A valid token is the proof others have to give first.
    ticket.register();
    let login =
        RobotLogin { entry, dialect: SocketDialect::Native, address: Some(client.address.to_string()) };
    match upgrade(&request, payload, login, Arc::clone(&state.robot_sockets)) {
        Ok(response) => Ok(hold(response, ticket)),
        Err(error) => Ok(error.error_response()),
    }
}

async fn admit(
    state: &AppState,
    request: &HttpRequest,
    token: &str,
) -> ApiResult<Result<Arc<RobotEntry>, Refusal>> {
    let now = state.now();
    let claims = match state.tokens.check_robot(token, now) {
        Ok(claims) => claims,
        Err(_refused) => return Ok(Err(Refusal::Token)),
    };
    let Some(entry) = state.directory.get(RobotKey::Uuid(claims.robot())).await? else {
        return Ok(Err(Refusal::Robot));
    };
    let device = request.headers().get("x-device-id").map(|device| device.as_bytes());
    let judged = judge(&entry.profile(), &claims, device, now);
    Ok(judged.map(|()| entry))
}

/// Whether a token whose signature is good opens the socket of its robot.
fn judge(
    profile: &RobotProfile,
    claims: &RobotClaims,
    device: Option<&[u8]>,
    now: Ts,
) -> Result<(), Refusal> {
    if profile.robot.token_family.as_deref() != Some(claims.fam.as_str()) {
        return Err(Refusal::Token);
    }
    match profile.robot.refusal(now) {
        None => {}
        Some(RobotRefusal::Deleted) => return Err(Refusal::Robot),
        Some(RobotRefusal::Disabled | RobotRefusal::Expired) => return Err(Refusal::Token),
    }
    // A robot made by hand has a token of no device.
    let is_other = device.is_some_and(|device| !claims.dev.is_empty() && device != claims.dev.as_bytes());
    if is_other { Err(Refusal::Device) } else { Ok(()) }
}

/// The ticket is given back when the body of the response, which is the socket, ends.
pub fn hold(response: HttpResponse, ticket: SocketTicket) -> HttpResponse {
    response.map_body(|_head, body| BoxBody::new(Held { body, _ticket: ticket }))
}

struct Held {
    body: BoxBody,
    _ticket: SocketTicket,
}

impl MessageBody for Held {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use workbot_schema::robots::{Robot, RobotKind};

    use super::*;
    use crate::http::auth::Tokens;
    use crate::settings::Secret;
    use crate::settings::tokens::TokensSettings;

    fn now() -> Ts {
        Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
    }

    #[test]
    fn who_may_open_the_socket() {
        let mut robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, now());
        robot.device_id = Some("phone".to_owned());
        robot.token_family = Some("family".to_owned());
        let tokens = Tokens::new(&Secret::new("s".repeat(32)), &TokensSettings::default());
        let claims =
            |robot: &Robot| tokens.check_robot(&tokens.robot(robot, now()).unwrap().token, now()).unwrap();
        let own = claims(&robot);
        let handmade = claims(&Robot { device_id: None, ..robot.clone() });
        type Case<'a> = (fn(&mut Robot), &'a RobotClaims, Option<&'a [u8]>, Result<(), Refusal>);
        let cases: [Case<'_>; 8] = [
            (|_robot| {}, &own, None, Ok(())),
            (|_robot| {}, &own, Some(b"phone"), Ok(())),
            (|_robot| {}, &own, Some(b"other"), Err(Refusal::Device)),
            (|_robot| {}, &handmade, Some(b"any"), Ok(())),
            (|robot| robot.token_family = Some("next".to_owned()), &own, None, Err(Refusal::Token)),
            (|robot| robot.is_enabled = false, &own, Some(b"other"), Err(Refusal::Token)),
            (|robot| robot.deleted_at = Some(robot.created_at), &own, None, Err(Refusal::Robot)),
            (
                |robot| robot.service_expires_at = Some(robot.created_at.plus(TimeDelta::seconds(-1))),
                &own,
                None,
                Err(Refusal::Token),
            ),
        ];
        for (place, (change, claims, device, expected)) in cases.into_iter().enumerate() {
            let mut robot = robot.clone();
            change(&mut robot);
            let profile = RobotProfile { robot, bindings: Vec::new(), members: Vec::new() };
            assert_eq!(judge(&profile, claims, device, now()), expected, "case {place}");
        }
    }
}
