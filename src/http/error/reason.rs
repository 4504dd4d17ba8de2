//! The reasons behind an [`ApiError`](super::ApiError): each with its stable code and its sentence.
use std::borrow::Cow;

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use workbot_actors::delivery::address_policy::{AddressError, FORBIDDEN_CODE};
use workbot_schema::commands::CommandState;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotId;
use workbot_schema::wire::flow::Problem;

use super::Fields;

type Text = Cow<'static, str>;

/// The request itself is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRequest {
    /// Not JSON; where it breaks.
    Json(String),
    /// Broken off before its end, or unreadable.
    Incomplete,
    /// The path is known, the method is not.
    Method {
        /// Methods that are.
        allow: String,
    },
    /// The body did not come in time.
    Slow,
    /// The body is too large.
    TooLarge {
        /// Bytes allowed.
        limit_bytes: usize,
    },
    /// Not `application/json` in UTF-8.
    MediaType,
}

impl BadRequest {
    pub(super) fn answer(&self) -> (StatusCode, &'static str, Text) {
        match self {
            Self::Json(place) => (
                StatusCode::BAD_REQUEST,
                "invalid_json",
                format!("请求体不是合法的 JSON（{place}），请检查格式与 UTF-8 编码").into(),
            ),
            Self::Incomplete => (StatusCode::BAD_REQUEST, "invalid_request", "请求不完整，请重新发送".into()),
            Self::Method { allow } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                format!("该接口不支持此请求方法，请使用 {allow}").into(),
            ),
            Self::Slow => {
                (StatusCode::REQUEST_TIMEOUT, "request_timeout", "请求体传输过慢，请检查网络后重试".into())
            }
            Self::TooLarge { limit_bytes } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "payload_too_large",
                format!("请求体超过 {limit_bytes} 字节，请减小内容后重试").into(),
            ),
            Self::MediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                "请使用 Content-Type: application/json 并以 UTF-8 编码发送".into(),
            ),
        }
    }
}

/// Well-formed, but against a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// Fields against rules.
    Fields(Fields),
    /// An address WorkBot must not call.
    Address {
        /// Wire path of the field.
        field: String,
        /// Why.
        error: AddressError,
    },
    /// A flow that cannot be saved or published so.
    Flow(Vec<Problem>),
}

impl Rule {
    pub(super) fn answer(&self) -> (&'static str, Text, Value) {
        match self {
            Self::Fields(fields) => {
                ("rule_violated", fields.sentence("请求不符合业务规则").into(), json!({ "fields": fields }))
            }
            Self::Address { field, error } => (
                FORBIDDEN_CODE,
                error.message().into(),
                json!({ "fields": Fields::one(field.clone(), error.message()) }),
            ),
            Self::Flow(problems) => {
                let first = problems.first().map_or("", |problem| problem.message.as_str());
                let more = if problems.len() > 1 {
                    format!("等 {} 处问题", problems.len())
                } else {
                    String::new()
                };
                (
                    "flow_invalid",
                    format!("流程有误：{first}{more}，请修正后重试").into(),
                    json!({ "problems": problems }),
                )
            }
        }
    }
}

/// Who is asking?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unauthorized {
    /// No credential.
    Missing,
    /// Not one of ours, or for another purpose.
    Wrong,
    /// Too old.
    Expired,
    /// Revoked: activated again, logged out, key withdrawn.
    Revoked,
    /// A refresh token that was exchanged before: its family is over.
    Reused,
    /// A console session that ended, or never was.
    Session,
    /// Not the code that was sent, or too late.
    Code,
    /// A login link that is used up, too old, or never was.
    Ticket,
}

impl Unauthorized {
    pub(super) fn answer(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => {
                ("unauthorized", "缺少登录凭证，请登录，或在请求头携带 Authorization: Bearer <token>")
            }
            Self::Wrong => ("unauthorized", "登录凭证无效，请检查凭证类型或重新获取"),
            Self::Expired => ("token_expired", "登录凭证已过期，请刷新或重新获取"),
            Self::Revoked => ("unauthorized", "登录凭证已失效，请重新激活或重新登录"),
            Self::Reused => ("token_reused", "刷新令牌已被使用过，为安全起见相关令牌已全部作废，请重新激活"),
            Self::Session => ("session_expired", "登录状态已失效，请重新登录"),
            Self::Code => ("sms_code_wrong", "验证码错误或已失效，请核对后重试或重新获取"),
            Self::Ticket => ("ticket_invalid", "登录链接无效、已使用或已过期，请重新获取"),
        }
    }
}

/// Known, but not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forbidden {
    /// The role may not do this.
    Role,
    /// This kind of credential may not do this.
    Credential,
    /// The platform key lacks the scope.
    Scope,
    /// The platform key may not be used from here.
    Address,
    /// The key of a webhook is not the robot's.
    CallbackKey,
    /// A request of a browser without the CSRF token of its session.
    Csrf,
    /// A socket opened by a page of another site.
    Origin,
    /// The person is switched off.
    UserDisabled,
    /// The robot is switched off.
    RobotDisabled,
    /// The service time of the robot is over.
    RobotExpired,
    /// The code was taken out of use.
    CodeDisabled,
    /// The code or its service time is over.
    CodeExpired,
}

impl Forbidden {
    pub(super) fn answer(self) -> (&'static str, &'static str) {
        match self {
            Self::Role => ("forbidden", "当前角色没有此操作权限，请联系管理员"),
            Self::Credential => ("forbidden", "此类凭证不能调用该接口，请换用有权限的凭证"),
            Self::Scope => ("forbidden", "平台密钥缺少所需权限范围，请在控制台补充后重试"),
            Self::Address => ("forbidden", "当前 IP 不在平台密钥的允许列表中，请在控制台添加后重试"),
            Self::CallbackKey => ("forbidden", "回调密钥错误，请核对回调地址中的 key 参数"),
            Self::Csrf => (
                "csrf_failed",
                "请求缺少有效的 X-CSRF-Token，请携带 workbot_csrf Cookie 的值后重试，或重新登录",
            ),
            Self::Origin => ("forbidden", "请求来源与本站不一致，请从本站控制台访问"),
            Self::UserDisabled => ("user_disabled", "账号已停用，请联系管理员启用"),
            Self::RobotDisabled => ("robot_disabled", "机器人已停用，请联系管理员启用"),
            Self::RobotExpired => ("robot_expired", "机器人服务已到期，请联系管理员续期"),
            Self::CodeDisabled => ("activation_code_disabled", "激活码已停用，请联系管理员更换激活码"),
            Self::CodeExpired => ("activation_code_expired", "激活码已过期，请联系管理员更换激活码"),
        }
    }
}

/// Not there, or not yours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// No such route.
    Route,
    /// No such robot.
    Robot,
    /// No such activation code.
    ActivationCode,
    /// The code is bound to no device.
    Binding,
    /// No such command or batch.
    Command,
    /// No such message.
    Message,
    /// No such callback.
    Delivery,
    /// No such callback endpoint.
    Endpoint,
    /// No such platform key.
    PlatformKey,
    /// No such actor.
    Actor,
    /// No such user.
    User,
    /// No such session of a person.
    Login,
    /// No such alert.
    Alert,
    /// No such alert rule.
    AlertRule,
    /// No such notification channel.
    Channel,
    /// No such conversation.
    Session,
    /// No such run of a flow.
    Run,
    /// No such model.
    Model,
    /// No such persona.
    Persona,
    /// No such message template.
    Template,
    /// No such flow.
    Flow,
    /// No such older content.
    Version,
}

impl Missing {
    pub(super) fn answer(self) -> (&'static str, &'static str) {
        match self {
            Self::Route => ("route_not_found", "接口不存在，请对照 /api/openapi.json 检查路径"),
            Self::Robot => ("robot_not_found", "机器人不存在，请检查 robotId"),
            Self::ActivationCode => ("activation_code_unknown", "激活码不存在，请检查后重新输入"),
            Self::Binding => ("device_not_bound", "该激活码未绑定设备，无需解绑"),
            Self::Command => ("command_not_found", "指令不存在，请检查 messageId"),
            Self::Message => ("message_not_found", "消息不存在，请检查消息编号"),
            Self::Delivery => ("delivery_not_found", "回调记录不存在，请检查编号"),
            Self::Endpoint => ("endpoint_not_found", "回调地址不存在，请检查编号"),
            Self::PlatformKey => ("platform_key_not_found", "平台密钥不存在，请检查编号"),
            Self::Actor => ("actor_not_found", "该运行单元不存在或已结束，请刷新列表"),
            Self::User => ("user_not_found", "用户不存在，请检查用户编号"),
            Self::Login => ("session_not_found", "登录会话不存在或已结束，请刷新列表"),
            Self::Alert => ("alert_not_found", "告警不存在，请检查编号"),
            Self::AlertRule => ("alert_rule_not_found", "告警规则不存在，请检查编号"),
            Self::Channel => ("notification_channel_not_found", "通知渠道不存在，请检查编号"),
            Self::Session => ("session_not_found", "会话不存在，请检查会话编号"),
            Self::Run => ("execution_not_found", "流程执行记录不存在，请检查编号"),
            Self::Model => ("model_not_found", "模型不存在，请检查编号"),
            Self::Persona => ("persona_not_found", "角色不存在，请检查编号"),
            Self::Template => ("template_not_found", "话术模板不存在，请检查编号"),
            Self::Flow => ("flow_not_found", "流程不存在，请检查编号"),
            Self::Version => ("version_not_found", "没有这个版本，请先查询版本列表"),
        }
    }
}

/// The state of things is against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Another device has the code.
    CodeBound {
        /// The robot it made.
        robot_id: RobotId,
        /// When.
        activated_at: Ts,
    },
    /// The key was used for another request.
    IdempotencyMismatch,
    /// The first request with this key is still under way.
    IdempotencyInProgress,
    /// Somebody else changed it.
    Version {
        /// Its present version.
        current: i64,
    },
    /// The user has as many robots as allowed.
    RobotLimit(i64),
    /// The command has left the server.
    CommandPushed {
        /// Its state.
        state: CommandState,
    },
    /// A preset is switched off, not deleted.
    PresetProtected,
    /// So many others use it.
    InUse(i64),
    /// The alert is over.
    AlertResolved,
    /// Somebody else has the conversation.
    SessionTaken {
        /// A user id, or `phone`.
        by: String,
    },
    /// The run is not over.
    RunNotOver,
    /// No node of the run failed.
    NothingFailed,
    /// The phone belongs to another account.
    PhoneTaken,
    /// There would be no administrator left.
    LastAdmin,
}

impl Conflict {
    pub(super) fn answer(&self) -> (&'static str, &'static str, Value) {
        match self {
            Self::CodeBound { robot_id, activated_at } => (
                "activation_code_bound",
                "激活码已绑定其他设备，请更换激活码或联系管理员解绑",
                json!({ "existingRobotId": robot_id, "activatedAt": activated_at.iso() }),
            ),
            Self::IdempotencyMismatch => {
                ("idempotency_mismatch", "该 Idempotency-Key 已用于另一个请求，请更换新的键", Value::Null)
            }
            Self::IdempotencyInProgress => {
                ("idempotency_in_progress", "相同请求正在处理中，请稍后使用同一个键重试", Value::Null)
            }
            Self::Version { current } => (
                "version_conflict",
                "数据已被他人修改，请重新读取后再提交",
                json!({ "currentVersion": current }),
            ),
            Self::RobotLimit(most) => (
                "robot_limit_reached",
                "机器人数量已达上限，请先删除不用的机器人或联系管理员",
                json!({ "limit": most }),
            ),
            Self::CommandPushed { state } => (
                "command_already_pushed",
                "指令已下发，无法取消，请等待执行结果",
                json!({ "state": state.as_str() }),
            ),
            Self::PresetProtected => ("preset_protected", "预置内容不能删除，如不需要请停用", Value::Null),
            Self::InUse(count) => {
                ("in_use", "仍被其他配置使用，请先解除引用再删除", json!({ "count": count }))
            }
            Self::PhoneTaken => ("phone_taken", "该手机号已被其他用户使用，请更换手机号", Value::Null),
            Self::LastAdmin => ("last_admin", "这是最后一个管理员，请先指定另一名管理员再操作", Value::Null),
            Self::AlertResolved => ("alert_resolved", "告警已解决，无需再认领", Value::Null),
            Self::SessionTaken { by } => {
                ("session_taken_over", "会话已由他人接管，请待其释放后再接管", json!({ "takenOverBy": by }))
            }
            Self::RunNotOver => ("run_not_over", "流程仍在执行，请待其结束后再重试", Value::Null),
            Self::NothingFailed => {
                ("nothing_failed", "该次执行没有失败的节点，请选择从头或从某个节点重试", Value::Null)
            }
        }
    }
}

/// Too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Too many requests.
    Requests,
    /// Too many failed tries.
    Failures,
    /// Too many commands wait for the robot.
    Queue,
    /// Too many open sockets from one address.
    Sockets,
}

impl Limited {
    pub(super) fn answer(self) -> (&'static str, &'static str) {
        match self {
            Self::Requests => ("rate_limited", "请求过于频繁，请按 Retry-After 稍后重试"),
            Self::Failures => ("rate_limited", "失败次数过多，请按 Retry-After 稍后重试"),
            Self::Queue => ("queue_full", "该机器人等待中的指令已满，请待其上线处理后重试"),
            Self::Sockets => ("rate_limited", "该地址的连接数过多，请按 Retry-After 稍后重试"),
        }
    }
}
