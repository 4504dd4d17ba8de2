//! `POST /robot/robotInfo/update`: who answers and where messages are posted. The phone calls it from its own settings page, with
//! the link id in the query and in the body.
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::robots::operations::Updated;
use workbot_schema::robots::queries::{RobotKey, find_profile};
use workbot_schema::wire::native::{read_number, read_text};
use workbot_schema::wire::worktool::cipher;

use super::answer::{Refusals, WorkToolAnswer, done_without_data};
use super::content::Content;
use super::link::Link;
use super::parameters::{LinkParameters, Parameters};
use super::refused::Refused;
use crate::http::audit::Origin;
use crate::http::envelope::Reply;
use crate::http::error::{ApiError, Conflict, Missing};
use crate::http::extract::json::Nul;
use crate::http::robots::robot_fields::{RobotFields, Tools, prepare};
use crate::http::robots::secret::random_bytes;
use crate::http::state::{AppState, State};

/// Tries against changes that others make at the same time.
const TRIES: usize = 3;
/// `openCallback` of WeChat's dialogue platform.
const DIALOGUE_PLATFORM: i32 = 2;

/// What may change; for the description only, the fields are read leniently.
#[derive(Debug, Clone, ToSchema)]
pub struct UpdateFields {
    /// Link id, when the query has none.
    #[schema(rename = "robotId")]
    pub robot_id: Option<String>,
    /// 0 off, 1 the third party answers.
    #[schema(rename = "openCallback")]
    pub open_callback: Option<i32>,
    /// −1 read only, 0 private chats and @robot, 1 everything; a number or a text.
    #[schema(rename = "replyAll", value_type = Option<String>)]
    pub reply_all: Option<Value>,
    /// Where messages are posted; empty clears it.
    #[schema(rename = "callbackUrl")]
    pub callback_url: Option<String>,
    /// 1 form-data, 2 JSON.
    #[schema(rename = "callBackRequestType")]
    pub call_back_request_type: Option<i32>,
    /// 1 = commands to the phone are encrypted.
    #[schema(rename = "encryptType")]
    pub encrypt_type: Option<i32>,
}

/// Changes the settings of a robot; absent fields stay as they are.
#[utoipa::path(
    post,
    path = "/robot/robotInfo/update",
    operation_id = "worktool_update_robot",
    tag = "WorkTool 兼容接口",
    summary = "设置消息回调",
    description = "只修改给出的字段，不会探测回调地址。robotId 可以放在查询参数或请求体中。",
    security(("link" = [])),
    params(LinkParameters),
    request_body(content = UpdateFields,
        example = json!({"openCallback": 1, "replyAll": 1, "callbackUrl": "https://ai.example.com/callback"})),
    responses(
        (status = 200, description = "已修改", body = WorkToolAnswer<Option<String>>,
            example = json!({"code": 200, "message": "操作成功", "data": null})),
        Refusals
    )
)]
pub async fn robot_info_update(
    state: State,
    origin: Origin,
    parameters: Parameters,
    content: Content,
) -> Result<Reply, Refused> {
    // Who asks may stand in the body; one that is no JSON is refused only after the link id of the query is.
    let body = content.json::<Map<String, Value>>(&state, Nul::Refuse).await;
    let named = body.as_ref().ok().and_then(|body| read_text(body, "robotId"));
    let id = parameters.robot_id().or(named.as_deref());
    if let (Err(error), None) = (&body, id) {
        return Err(error.clone().into());
    }
    let link = Link::admit(&state, origin.client, id, parameters.key()).await?;
    link.take()?;
    let fields = fields(&body?)?;
    change(&state, &link, &origin, fields).await?;
    Ok(done_without_data()?)
}

/// The fields of ours that WorkTool's stand for.
fn fields(body: &Map<String, Value>) -> Result<RobotFields, Refused> {
    let number = |name: &str| match body.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => match read_number(value) {
            Some(number) => Ok(Some(number)),
            None => Err(Refused::because(format!("{name} 必须是整数"))),
        },
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let open_callback = number("openCallback")?;
    if open_callback == Some(DIALOGUE_PLATFORM) {
        return Err(Refused::because("暂不支持微信对话开放平台，请使用第三方回调（openCallback 为 1）"));
    }
    let encrypt_type = number("encryptType")?;
    if encrypt_type.is_some_and(|kind| kind != 0 && kind != 1) {
        return Err(Refused::because("encryptType 只能是 0 或 1"));
    }
    // The app knows one key only: with another one it could not read a single command.
    if text("secretKey").is_some_and(|key| !key.is_empty() && key != cipher::PUBLISHED_KEY) {
        return Err(Refused::because("应用内置了通讯密钥，无法使用自定义的 secretKey，请去掉该字段"));
    }
    Ok(RobotFields {
        open_callback,
        reply_all: number("replyAll")?,
        callback_url: text("callbackUrl").or_else(|| text("callBackUrl")).map(Some),
        callback_request_type: number("callBackRequestType")?,
        encrypt_type,
        ..RobotFields::default()
    })
}

/// Writes fields; a change that another overtakes is made again on what is there then.
async fn change(state: &AppState, link: &Link, origin: &Origin, fields: RobotFields) -> Result<(), Refused> {
    let mut current = 0;
    for _try in 0..TRIES {
        let present = find_profile(&state.db, RobotKey::Uuid(link.entry.uuid)).await?;
        let present = present.ok_or(ApiError::NotFound(Missing::Robot))?;
        let tools = Tools { addresses: state.addresses, sealer: &state.sealer, random: random_bytes()? };
        let prepared = prepare(fields.clone(), &present.robot, &tools)?;
        if prepared.names.is_empty() {
            return Ok(());
        }
        let update = Record::UpdateRobot {
            id: present.robot.id,
            changes: Box::new(prepared.changes),
            expected: Some(present.robot.version),
        };
        let detail = serde_json::json!({"fields": prepared.names});
        let audit = link.audit(origin, "robot.update", detail, state.now());
        match state.journal.write(vec![update, audit]).await?.into_iter().next() {
            Some(Outcome::Robot(updated)) => match *updated {
                Updated::Done(_robot) => return Ok(()),
                Updated::VersionConflict(other) => current = other,
                Updated::Missing => return Err(ApiError::NotFound(Missing::Robot).into()),
            },
            _ => {
                let text = "the journal answered a change with something else".to_owned();
                return Err(ApiError::Internal(text).into());
            }
        }
    }
    Err(ApiError::Conflict(Conflict::Version { current }).into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<RobotFields, Refused> {
        let Value::Object(body) = body else { panic!("an object") };
        fields(&body)
    }

    #[test]
    fn bodies_of_phones_and_clients() {
        let phone = read(json!({"robotId": "wt1", "replyAll": 0})).unwrap();
        assert_eq!(phone, RobotFields { reply_all: Some(0), ..RobotFields::default() });
        for body in [
            json!({"openCallback": 1, "replyAll": "1", "callbackUrl": "https://a.example/c"}),
            json!({"openCallback": "1", "replyAll": 1, "callBackUrl": "https://a.example/c", "encryptType": 0}),
        ] {
            let fields = read(body).unwrap();
            assert_eq!((fields.open_callback, fields.reply_all), (Some(1), Some(1)));
            assert_eq!(fields.callback_url, Some(Some("https://a.example/c".to_owned())));
        }
        assert_eq!(read(json!({"replyAll": "-1"})).unwrap().reply_all, Some(-1));
        assert_eq!(read(json!({"replyAll": "", "openCallback": null})).unwrap(), RobotFields::default());
        let sealed = json!({"encryptType": 1, "secretKey": cipher::PUBLISHED_KEY});
        assert_eq!(read(sealed).unwrap().encrypt_type, Some(1));
        for body in [
            json!({"openCallback": 2}),
            json!({"encryptType": 2}),
            json!({"encryptType": 1, "secretKey": "0000000000000000"}),
            json!({"replyAll": "all"}),
        ] {
            assert!(read(body.clone()).is_err(), "{body}");
        }
    }
}
