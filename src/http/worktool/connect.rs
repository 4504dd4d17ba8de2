//! `GET /webserver/wework/{linkId}`: the socket of a phone with the unmodified WorkTool app.
//!
//! The app shows nothing of an HTTP status and comes back every 5 s whatever it was answered, so a phone that is not served is
//! told why by a toast. Its host test may come without a link id at all.
use std::sync::Arc;

use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use workbot_actors::robot::login::{RobotLogin, SocketDialect};
use workbot_actors::robot::{turn_away, upgrade};
use workbot_schema::robots::RobotKind;
use workbot_schema::wire::error_code;
use workbot_schema::wire::worktool::downstream;

use super::link::Link;
use crate::http::error::{ApiError, ApiResult, Limited};
use crate::http::extract::ClientAddress;
use crate::http::openapi::Failures;
use crate::http::robots::connect::hold;
use crate::http::state::{Edge, State};

/// Opens the socket of a WorkTool phone.
#[utoipa::path(
    get,
    path = "/webserver/wework/{linkId}",
    operation_id = "connect_worktool_phone",
    tag = "WorkTool 兼容接口",
    summary = "WorkTool 手机长连接（WebSocket）",
    description = "未修改的 WorkTool 应用使用，linkId 为链接号。链接号不存在、机器人已停用或服务到期时也会升级，随后弹出提示并在 10 秒后以 1000 关闭；每分钟连接超过 15 次返回 429。",
    params(("linkId" = String, Path, description = "链接号")),
    responses(
        (status = 101, description = "已升级；第一帧开启消息接收", content_type = "application/json",
            example = json!({"socketType": 2, "list": [{"type": 202}, {"type": 503}]})),
        Failures
    )
)]
pub async fn connect(
    edge: Edge,
    state: State,
    client: ClientAddress,
    link_id: Path<String>,
    request: HttpRequest,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    open(&edge, &state, client, Some(link_id.as_str()), &request, payload).await
}

/// The app's host test while no link id is entered.
#[utoipa::path(
    get,
    path = "/webserver/wework/",
    operation_id = "test_worktool_host",
    tag = "WorkTool 兼容接口",
    summary = "WorkTool 主机测试（WebSocket）",
    responses(
        (status = 101, description = "已升级；收到第一帧即测试成功", content_type = "application/json",
            example = json!({"socketType": 2, "list": [{"type": 202}, {"type": 503}]})),
        Failures
    )
)]
pub async fn host_test(
    edge: Edge,
    state: State,
    client: ClientAddress,
    request: HttpRequest,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    open(&edge, &state, client, None, &request, payload).await
}

async fn open(
    edge: &Edge,
    state: &State,
    client: ClientAddress,
    link_id: Option<&str>,
    request: &HttpRequest,
    payload: Payload,
) -> ApiResult<HttpResponse> {
    let ticket = edge.sockets().admit(client.address)?;
    let answer = match Link::find(state, client, link_id).await {
        Ok(link) if link.entry.profile().robot.kind == RobotKind::Worktool => {
            if link.entry.profile().robot.refusal(state.now()).is_some() {
                turn_away(request, payload, &downstream::toast(error_code::TOAST_OTHER))
            } else {
                if state.settings.limits.enabled {
                    link.entry
                        .admit_connect(state.clock.monotonic_ms())
                        .map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
                }
                // The link id is the proof others have to give first.
                ticket.register();
                let login = RobotLogin {
                    entry: Arc::clone(&link.entry),
                    dialect: SocketDialect::Worktool,
                    address: Some(client.address.to_string()),
                };
                upgrade(request, payload, login, Arc::clone(&state.robot_sockets))
            }
        }
        Ok(_) | Err(ApiError::NotFound(_)) => {
            turn_away(request, payload, &downstream::toast(error_code::TOAST_UNKNOWN_ROBOT))
        }
        Err(error) => return Err(error),
    };
    match answer {
        Ok(response) => Ok(hold(response, ticket)),
        Err(error) => Ok(error.error_response()),
    }
}
