//! The OpenAPI document: the routes of the table, with what they have in common.
use std::collections::BTreeMap;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi as _};

use super::Described;
use super::auth::SESSION_COOKIE;

/// The document of this program.
pub fn openapi() -> OpenApi {
    Described::openapi()
}

/// The failures every route may answer; the codes stand in `error`.
pub struct Failures;

impl IntoResponses for Failures {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        [
            ("400", "请求参数或 JSON 有误：invalid_request、invalid_json"),
            ("401", "未登录或凭证失效：unauthorized、token_expired、token_reused、session_expired"),
            ("403", "没有权限，CSRF 校验失败，或机器人已停用、到期：forbidden、csrf_failed、robot_disabled、robot_expired"),
            ("404", "不存在，或不属于调用者"),
            ("405", "请求方法不支持：method_not_allowed"),
            ("409", "状态冲突：version_conflict、idempotency_mismatch、idempotency_in_progress 等"),
            ("413", "请求体过大：payload_too_large"),
            ("415", "不是 JSON：unsupported_media_type"),
            ("422", "不符合业务规则：rule_violated 等"),
            ("429", "请求过于频繁：rate_limited、queue_full；见 Retry-After"),
            ("500", "服务器内部错误：internal_error"),
            ("503", "启动、停机或数据库不可用：unavailable；见 Retry-After"),
        ]
        .into_iter()
        .map(|(status, description)| {
            let content = Content::new(Some(Ref::from_schema_name("FailureBody")));
            let response =
                ResponseBuilder::new().description(description).content("application/json", content).build();
            (status.to_owned(), RefOr::T(response))
        })
        .collect()
    }
}

/// How callers identify themselves.
pub struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("robot", "机器人访问令牌（激活或刷新时获得）"),
            ("platform", "平台密钥 wbk_…（控制台创建）"),
            ("user", "用户令牌（workbot token 生成）"),
            ("metrics", "server.metrics_token"),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
        for (name, parameter, description) in [
            ("link", "robotId", "机器人的链接号，等同于密码"),
            ("callbackKey", "key", "机器人的回调密钥，与 robotId（链接号）一起使用"),
        ] {
            let value = ApiKeyValue::with_description(parameter, description);
            components.add_security_scheme(name, SecurityScheme::ApiKey(ApiKey::Query(value)));
        }
        let value = ApiKeyValue::with_description(
            SESSION_COOKIE,
            "控制台会话（登录后由浏览器携带）；除 GET 外的请求还需请求头 X-CSRF-Token，其值与 Cookie workbot_csrf 相同",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(value)));
        for item in document.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
            operations.into_iter().flatten().for_each(take_sessions);
        }
    }
}

/// Whoever may come with a user's token may come with a session.
fn take_sessions(operation: &mut Operation) {
    let user = SecurityRequirement::new("user", Vec::<String>::new());
    if let Some(ways) = operation.security.as_mut().filter(|ways| ways.contains(&user)) {
        ways.push(SecurityRequirement::new("session", Vec::<String>::new()));
    }
}
