//! The HTTP edge. The table below is the whole API on one screen; the OpenAPI document is made from the same lines.
//!
//! ```text
//! request ─▶ frame (id, gate, counters) ─▶ route ─▶ extractors (body, credential) ─▶ handler ─▶ Reply or ApiError
//!              ▲                                                                                   │
//!              └──────────── body of a failure, security headers, the one log line ◀───────────────┘
//! ```
//!
//! To add an endpoint: write its file with one handler and its `#[utoipa::path]` (with an example and [`openapi::Failures`]), and
//! add its line to the table. In the handler's arguments the credential stands before the body, so that a stranger's body is not
//! judged. In the handler: `caller.robot(&state, robot_id, action)` (or `caller.may(action)`), `state.begin(&key, …)` for a
//! creation, then the limit of the robot ([`auth::take_request`]), then the fields, then the write.
pub mod activation_codes;
pub mod actors;
pub mod ai_message_templates;
pub mod ai_models;
pub mod ai_personas;
pub mod alert_rules;
pub mod alerts;
pub mod audit;
pub mod auth;
pub mod call_stats;
pub mod callbacks;
pub mod commands;
pub mod configure;
pub mod console;
pub mod debugger;
pub mod envelope;
pub mod error;
pub mod extract;
pub mod flow_executions;
pub mod flows;
pub mod guard;
pub mod monitor;
pub mod notification_channels;
pub mod openapi;
pub mod ops;
pub mod platform_keys;
pub mod robots;
pub mod route;
pub mod server;
pub mod services;
pub mod sessions;
pub mod state;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub mod users;
pub mod versions;
pub mod worktool;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::from_fn;
use actix_web::{App, Error, web};
use openapi::Security;

pub use error::{ApiError, ApiResult};
use route::At;
pub use services::Services;
pub use state::{AppState, Edge, State};

/// Makes of the table both the routes and the description of the API, so that they cannot differ.
macro_rules! table {
    ($($path:literal => { $($method:ident $($segment:ident)::+),+ $(,)? })+) => {
        /// Every path with its methods.
        pub fn routes() -> Vec<At> {
            vec![$(At::new($path)$(.on(stringify!($method), route::method::$method().to($($segment)::+)))+),+]
        }

        #[derive(utoipa::OpenApi)]
        #[openapi(
            info(title = "WorkBot", description = "企业微信机器人服务接口"),
            paths($($($($segment)::+,)+)+),
            components(schemas(envelope::FailureBody, monitor::client_frame::ClientFrame)),
            modifiers(&Security)
        )]
        pub(crate) struct Described;
    };
}

table! {
    "/api/robot-ids/verify"                      => { post robots::verify::verify }
    "/api/robot-ids/activate"                    => { post robots::activate::activate }
    "/api/robot/refresh-token"                   => { post robots::refresh_token::refresh_token }
    "/api/heartbeat"                             => { post robots::heartbeat::heartbeat }
    "/ws/connect"                                => { get robots::connect::connect }
    "/api/robot/messages"                        => { post robots::messages::messages }
    "/api/robot/send-message"                    => { post robots::send_message::send_message }
    "/api/robot/commands"                        => { get robots::poll::poll, post robots::commands::commands }
    "/api/robot/commands/{messageId}"            => { get robots::command_state::command_state, delete robots::cancel::cancel }
    "/api/robot/commands/{messageId}/ack"        => { post robots::ack::ack }
    "/api/robot/command-result"                  => { post robots::command_result::command_result }
    "/api/result"                                => { post robots::command_result::result }
    "/api/robot/robotInfo/update"                => { post robots::robot_info_update::robot_info_update }
    "/api/robot/robotInfo/callBack/bind"         => { post robots::callback_bind::callback_bind }
    "/api/robot/robotInfo/callBack/get"          => { get robots::callback_get::callback_get }
    "/api/robot/robotInfo/callBack/deleteByType" => { post robots::callback_delete::callback_delete }
    "/api/robot/robotInfo/secret/rotate"         => { post robots::secret_rotate::secret_rotate }
    "/api/robots"                                => { get robots::list::list, post robots::create::create }
    "/api/robots/{robotId}"                      => { get robots::detail::detail, put robots::change::change, delete robots::delete::delete }
    "/api/robots/{robotId}/statistics"           => { get robots::statistics::statistics }
    "/api/robots/{robotId}/link"                 => { get robots::link::link }
    "/api/robots/{robotId}/members"              => { put robots::members::members }
    "/api/robots/{robotId}/kick"                 => { post robots::kick::kick }
    "/api/robots/{robotId}/enable"               => { post robots::enable::enable }
    "/api/robots/{robotId}/disable"              => { post robots::disable::disable }
    "/api/admin/activation-codes"                => { get activation_codes::list::list, post activation_codes::create::create }
    "/api/admin/activation-codes/{code}/disable" => { post activation_codes::disable::disable }
    "/api/admin/unbind-device"                   => { post activation_codes::unbind_device::unbind_device }
    "/api/commands"                              => { get commands::list::list }
    "/api/commands/{id}"                         => { get commands::detail::detail }
    "/api/commands/{id}/resend"                  => { post commands::resend::resend }
    "/api/commands/{id}/cancel"                  => { post commands::cancel::cancel }
    "/api/commands/{id}/priority"                => { post commands::priority::priority }
    "/api/offline-queue"                         => { get commands::offline_queue::offline_queue }
    "/api/callbacks/deliveries"                  => { get callbacks::deliveries::deliveries }
    "/api/callbacks/deliveries/{id}"             => { get callbacks::delivery::delivery }
    "/api/callbacks/deliveries/{id}/replay"      => { post callbacks::replay::replay }
    "/api/callbacks/test"                        => { post callbacks::test_event::test_event }
    "/api/callbacks/endpoints"                   => { get callbacks::endpoints::endpoints }
    "/api/callbacks/endpoints/{id}/resume"       => { post callbacks::resume::resume }
    "/api/alerts"                                => { get alerts::list::list }
    "/api/alerts/{id}"                           => { get alerts::detail::detail }
    "/api/alerts/{id}/ack"                       => { post alerts::ack::ack }
    "/api/alerts/{id}/resolve"                   => { post alerts::resolve::resolve }
    "/api/alert-rules"                           => { get alert_rules::list::list, post alert_rules::create::create }
    "/api/alert-rules/{id}"                      => { get alert_rules::detail::detail, put alert_rules::change::change, delete alert_rules::delete::delete }
    "/api/notification-channels"                 => { get notification_channels::list::list, post notification_channels::create::create }
    "/api/notification-channels/{id}"            => { get notification_channels::detail::detail, put notification_channels::change::change, delete notification_channels::delete::delete }
    "/api/notification-channels/{id}/test"       => { post notification_channels::test::test }
    "/api/platform-keys"                         => { get platform_keys::list::list, post platform_keys::create::create }
    "/api/platform-keys/{id}"                    => { delete platform_keys::revoke::revoke }
    "/api/user/send-sms"                         => { post users::send_sms::send_sms }
    "/api/user/login"                            => { post users::login::login }
    "/api/user/ticket"                           => { post users::ticket::ticket }
    "/api/user/logout"                           => { post users::logout::logout }
    "/api/user/info"                             => { get users::info::info }
    "/api/user/sessions"                         => { get users::sessions::sessions }
    "/api/user/sessions/{id}"                    => { delete users::end_session::end_session }
    "/api/admin/users"                           => { get users::admin::list::list, post users::admin::create::create }
    "/api/admin/users/{id}"                      => { get users::admin::detail::detail, put users::admin::change::change }
    "/api/admin/users/{id}/sign-out"             => { post users::admin::sign_out::sign_out }
    "/api/admin/audit-logs"                      => { get users::audit_logs::audit_logs }
    "/api/admin/actors"                          => { get actors::list::list }
    "/api/admin/actors/{id}/stop"                => { post actors::stop::stop }
    "/api/admin/actors/{id}/restart"             => { post actors::restart::restart }
    "/api/sessions"                              => { get sessions::list::list }
    "/api/sessions/{id}"                         => { get sessions::detail::detail }
    "/api/sessions/{id}/takeover"                => { post sessions::takeover::takeover }
    "/api/sessions/{id}/release"                 => { post sessions::release::release }
    "/api/flow-executions"                       => { get flow_executions::list::list }
    "/api/flow-executions/{id}"                  => { get flow_executions::detail::detail }
    "/api/flow-executions/{id}/retry"            => { post flow_executions::retry::retry }
    "/api/ai/models"                             => { get ai_models::list::list, post ai_models::create::create }
    "/api/ai/models/{id}"                        => { get ai_models::detail::detail, put ai_models::change::change, delete ai_models::delete::delete }
    "/api/ai/models/{id}/versions"               => { get ai_models::versions::list }
    "/api/ai/models/{id}/rollback"               => { post ai_models::rollback::rollback }
    "/api/ai/models/{id}/health"                 => { get ai_models::health::health }
    "/api/ai/models/{id}/stats"                  => { get ai_models::stats::stats }
    "/api/ai/models/{id}/probe"                  => { post ai_models::probe::probe }
    "/api/ai/personas"                           => { get ai_personas::list::list, post ai_personas::create::create }
    "/api/ai/personas/{id}"                      => { get ai_personas::detail::detail, put ai_personas::change::change, delete ai_personas::delete::delete }
    "/api/ai/personas/{id}/versions"             => { get ai_personas::versions::list }
    "/api/ai/personas/{id}/diff"                 => { get ai_personas::diff::diff }
    "/api/ai/personas/{id}/rollback"             => { post ai_personas::rollback::rollback }
    "/api/ai/personas/{id}/stats"                => { get ai_personas::stats::stats }
    "/api/ai/templates"                          => { get ai_message_templates::list::list, post ai_message_templates::create::create }
    "/api/ai/templates/categories"               => { get ai_message_templates::categories::categories }
    "/api/ai/templates/{id}"                     => { get ai_message_templates::detail::detail, put ai_message_templates::change::change, delete ai_message_templates::delete::delete }
    "/api/ai/templates/{id}/versions"            => { get ai_message_templates::versions::list }
    "/api/ai/templates/{id}/rollback"            => { post ai_message_templates::rollback::rollback }
    "/api/ai/templates/{id}/test"                => { post ai_message_templates::test::test }
    "/api/ai/debug/intent"                       => { post debugger::intent::intent }
    "/api/ai/debug/reply"                        => { post debugger::reply::reply }
    "/api/ai/debug/batch"                        => { post debugger::batch::batch }
    "/api/ai/debug/benchmark"                    => { post debugger::benchmark::benchmark }
    "/api/ai/debug/advice"                       => { post debugger::advice::advice }
    "/api/flows"                                 => { get flows::list::list, post flows::create::create }
    "/api/flows/import"                          => { post flows::import::import }
    "/api/flows/{id}"                            => { get flows::detail::detail, put flows::change::change, delete flows::delete::delete }
    "/api/flows/{id}/validate"                   => { post flows::validate::validate }
    "/api/flows/{id}/publish"                    => { post flows::publish::publish }
    "/api/flows/{id}/versions"                   => { get flows::versions::list }
    "/api/flows/{id}/rollback"                   => { post flows::rollback::rollback }
    "/api/flows/{id}/export"                     => { get flows::export::export }
    "/ws/monitor"                                => { get monitor::socket::watch }
    "/api/monitor/messages"                      => { get monitor::messages::messages }
    "/api/monitor/ai/stats"                      => { get monitor::ai_stats::ai_stats }
    "/api/messages/{id}/why"                     => { get monitor::why::why }
    "/webserver/wework/"                         => { get worktool::connect::host_test }
    "/webserver/wework/{linkId}"                 => { get worktool::connect::connect }
    "/wework/sendRawMessage"                     => { post worktool::send_raw_message::send_raw_message }
    "/wework/listRawMessage"                     => { get worktool::list_raw_message::list_raw_message }
    "/robot/rawMsg/list"                         => { get worktool::raw_msg_list::raw_msg_list }
    "/robot/qaLog/list"                          => { get worktool::qa_log::qa_log }
    "/robot/wework/message"                      => { get worktool::chat_history::chat_history }
    "/robot/wework/group/list"                   => { get worktool::group_list::group_list }
    "/robot/robotInfo/get"                       => { get worktool::robot_info::get }
    "/robot/robotInfo/get-detail"                => { get worktool::robot_info::get_detail }
    "/robot/robotInfo/online"                    => { get worktool::online::online }
    "/robot/robotInfo/onlineInfos"               => { get worktool::online_infos::online_infos }
    "/robot/robotInfo/version"                   => { get worktool::version::version }
    "/robot/robotInfo/corpList"                  => { get worktool::corp_list::corp_list }
    "/robot/robotInfo/update"                    => { post worktool::robot_info_update::robot_info_update }
    "/robot/robotInfo/callBack/bind"             => { post worktool::callback_bind::callback_bind }
    "/robot/robotInfo/callBack/get"              => { get worktool::callback_get::callback_get }
    "/robot/robotInfo/callBack/deleteByType"     => { post worktool::callback_delete::callback_delete }
    "/robot/robotInfo/callBack/add"              => { post worktool::callback_add::callback_add }
    "/robot/robotInfo/callBack/del"              => { post worktool::callback_del::callback_del }
    "/robot/robotInfo/callBack/test/{robotId}"   => { post worktool::callback_test::callback_test }
    "/appUpdate/checkUpdate"                     => { get worktool::check_update::check_update }
    "/fileUpload/upload"                         => { post worktool::upload::upload }
    "/test"                                      => { get worktool::connection_test::connection_test }
    "/thirdQa2"                                  => { post worktool::demo::echo }
    "/thirdQa3"                                  => { post worktool::demo::silent }
    "/api/worktool/callback"                     => { post worktool::webhook::message::callback }
    "/api/worktool/callback/message"             => { post worktool::webhook::message::message }
    "/api/worktool/callback/command"             => { post worktool::webhook::command::command }
    "/api/worktool/callback/result"              => { post worktool::webhook::command::result }
    "/api/worktool/callback/qrcode"              => { post worktool::webhook::qrcode::qrcode }
    "/api/worktool/callback/status"              => { post worktool::webhook::status::status }
    "/healthz"                                   => { get ops::healthz::healthz }
    "/readyz"                                    => { get ops::readyz::readyz }
    "/metrics"                                   => { get ops::metrics::metrics }
    "/api/openapi.json"                          => { get ops::docs::document }
    "/api/docs"                                  => { get ops::docs::docs }
}

/// The application of one worker.
pub fn app(
    edge: Edge,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(edge)
        .wrap(from_fn(guard::frame::frame))
        .configure(|config| {
            for at in routes() {
                config.service(at);
            }
        })
        .route("/", web::route().guard(route::method::reads()).to(console::page))
        .service(ops::docs::page())
        .default_service(web::to(console::elsewhere))
}
