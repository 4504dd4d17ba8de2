//! `POST /api/ai/templates/{id}/test`: a template, filled in.
use actix_web::web::Path;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use workbot_actors::template::{render, validate};

use super::detail::find;
use crate::http::auth::{Action, UserToken};
use crate::http::envelope::{Envelope, Reply};
use crate::http::error::ApiResult;
use crate::http::extract::Body;
use crate::http::openapi::Failures;
use crate::http::state::State;

/// Values to fill in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TestRequest {
    /// By name; one is present when its key exists and is not null.
    #[schema(value_type = Object)]
    pub variables: Map<String, Value>,
}

/// A template, filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tested {
    /// The text; a variable without a value stands in it as it was written.
    pub text: String,
    /// Nothing is missing.
    pub is_valid: bool,
    /// Variables without a value, in order of appearance.
    pub missing: Vec<String>,
}

/// Fills a template in; nothing is sent and no use is counted.
#[utoipa::path(
    post,
    path = "/api/ai/templates/{id}/test",
    operation_id = "test_template",
    tag = "话术模板",
    summary = "测试话术模板",
    description = "以给出的变量填充模板。变量的值不会再次被当作模板；缺少的变量列在 missing 中，并在文本中保持原样。",
    security(("user" = [])),
    params(("id" = String, Path, description = "话术模板编号")),
    request_body(content = TestRequest, example = json!({"variables": {"userName": "张三"}})),
    responses(
        (status = 200, description = "填充结果", body = Envelope<Tested>,
            example = json!({"success": true, "code": 0, "message": "success", "data": {"text": "欢迎 张三 加入！",
                "isValid": true, "missing": []}})),
        Failures
    )
)]
pub async fn test(
    state: State,
    user: UserToken,
    id: Path<String>,
    body: Body<TestRequest>,
) -> ApiResult<Reply> {
    user.may(Action::ReadDesign)?;
    let template = find(&state, &user, id.into_inner()).await?;
    let variables = &body.value.variables;
    let checked = validate(&template.template, variables);
    let text = render(&template.template, variables).text;
    Reply::ok(&Tested { text, is_valid: checked.is_valid, missing: checked.missing })
}
