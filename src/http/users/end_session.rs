//! `DELETE /api/user/sessions/{id}`: one of one's own sessions ends.
use actix_web::web::Path;
use serde_json::{Value, json};
use workbot_schema::accounts::{AccountAct, AccountDone};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::ids::UserSessionId;

use crate::http::audit::Origin;
use crate::http::auth::{Caller, UserToken};
use crate::http::envelope::{Empty, Envelope, Reply};
use crate::http::error::{ApiError, ApiResult, Missing};
use crate::http::openapi::Failures;
use crate::http::state::{AppState, State};

/// Ends a session.
#[utoipa::path(
    delete,
    path = "/api/user/sessions/{id}",
    operation_id = "end_login",
    tag = "用户",
    summary = "结束登录会话",
    description = "只能结束自己的会话；该会话的请求随即返回 401，实时连接 5 秒内收到 bye 并关闭。",
    security(("user" = [])),
    params(("id" = String, Path, description = "会话编号")),
    responses(
        (status = 200, description = "已结束", body = Envelope<Empty>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {}})),
        Failures
    )
)]
pub async fn end_session(
    state: State,
    user: UserToken,
    origin: Origin,
    id: Path<String>,
) -> ApiResult<Reply> {
    let id = UserSessionId(id.into_inner());
    let detail = json!({"sessionId": id});
    end(&state, user, &origin, id, ("user.session.end", detail)).await?;
    Reply::ok(&Empty {})
}

/// Ends a session of a person: 404 when it is not theirs.
pub async fn end(
    state: &AppState,
    user: UserToken,
    origin: &Origin,
    id: UserSessionId,
    (action, detail): (&str, Value),
) -> ApiResult<()> {
    let person = user.user.id.clone();
    let audit = origin.audit(&Caller::User(user), action, format!("user/{person}"), detail, state.now());
    let act = AccountAct::EndSession { id, user: person };
    match state.journal.write(vec![Record::Account(Box::new(act)), audit]).await?.into_iter().next() {
        Some(Outcome::Account(done)) => match *done {
            AccountDone::Session(hash) => {
                state.logins.sessions.forget(&hash);
                Ok(())
            }
            _ => Err(ApiError::NotFound(Missing::Login)),
        },
        _ => Err(ApiError::Internal(
            "the journal answered the end of a session with something else".to_owned(),
        )),
    }
}
