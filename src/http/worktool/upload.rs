//! `POST /fileUpload/upload`: what command 509 makes the phone send.
use std::time::Duration;

use utoipa::ToSchema;
use workbot_schema::batch::Record;
use workbot_schema::logs::{RobotLog, UPLOADED};
use workbot_schema::store::StoreError;

use super::answer::{Refusals, WorkToolAnswer, done};
use super::content::LargeContent;
use super::link::Link;
use super::multipart::{boundary, parts};
use super::parameters::Parameters;
use super::refused::Refused;
use crate::http::auth::serving;
use crate::http::envelope::Reply;
use crate::http::error::{ApiError, ApiResult, BadRequest, Limited};
use crate::http::extract::ClientAddress;
use crate::http::state::{AppState, State};

/// Name of the part with the file.
const FILE: &str = "file";
/// How long the file store may take.
const STORE: Duration = Duration::from_secs(10);

/// The file.
#[derive(Debug, ToSchema)]
pub struct UploadForm {
    /// Its content.
    #[schema(value_type = String, format = Binary)]
    pub file: Vec<u8>,
}

/// Keeps a file of the phone; answers its name in the file store. The robot key is not asked for: the phone has none.
#[utoipa::path(
    post,
    path = "/fileUpload/upload",
    operation_id = "worktool_upload_file",
    tag = "WorkTool 兼容接口",
    summary = "手机上传文件",
    description = "509 指令会让手机调用此接口；文件保存在服务器上，与手机日志保留同样的时间。",
    security(("link" = [])),
    params(("robotId" = String, Query, description = "链接号")),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "文件名", body = WorkToolAnswer<String>,
            example = json!({"code": 200, "message": "操作成功",
                "data": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824.png"})),
        Refusals
    )
)]
pub async fn upload(
    state: State,
    client: ClientAddress,
    parameters: Parameters,
    content: LargeContent,
) -> Result<Reply, Refused> {
    let link = Link::find(&state, client, parameters.robot_id()).await?;
    serving(&link.entry, &state)?;
    link.entry.limits.inbound.take().map_err(|wait| ApiError::Limited(Limited::Requests, wait))?;
    let file = file_of(&content)?;
    let name = keep(&state, file).await?;
    let line = RobotLog {
        seq: 0,
        robot_uuid: link.entry.uuid,
        kind: UPLOADED.to_owned(),
        code: None,
        text: name.clone(),
        created_at: state.now(),
    };
    state.journal.write(vec![Record::RobotLog(line)]).await?;
    Ok(done(&name)?)
}

fn file_of(content: &LargeContent) -> Result<Vec<u8>, Refused> {
    let parted = boundary(&content.content_type).and_then(|boundary| parts(&content.bytes, boundary));
    let Some(parted) = parted else {
        return Err(ApiError::Request(BadRequest::Incomplete).into());
    };
    let file = parted.into_iter().find(|part| part.name == FILE && !part.content.is_empty());
    file.map(|part| part.content.to_vec()).ok_or_else(|| Refused::because("缺少 file 文件"))
}

async fn keep(state: &AppState, file: Vec<u8>) -> ApiResult<String> {
    match tokio::time::timeout(STORE, state.files.put(file)).await {
        Ok(stored) => Ok(stored?),
        Err(_elapsed) => Err(StoreError::Unavailable("file store: no answer in time".to_owned()).into()),
    }
}
