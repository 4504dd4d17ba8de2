//! WorkTool's own routes, for its unmodified phone app and for whoever already speaks to its public API.
//!
//! ```text
//! robotId (a link id, the secret) + key? ─▶ Link ─▶ handler ─▶ 200 {code:200, message, data}
//!                                             └─ refused ─────▶ 200 {code:500, message}   over a limit ▶ 429   no JSON ▶ 400
//! hosted platform ─ robotId + callback key ─▶ webhook ─▶ {code:0}
//! ```
//!
//! The link id is answered only to whoever presented it; nothing else that leaves these routes carries it.
pub mod answer;
pub mod binding;
pub mod callback_add;
pub mod callback_bind;
pub mod callback_del;
pub mod callback_delete;
pub mod callback_get;
pub mod callback_test;
pub mod chat_history;
pub mod check_update;
pub mod connect;
pub mod connection_test;
pub mod content;
pub mod corp_list;
pub mod demo;
pub mod group_list;
pub mod link;
pub mod list_raw_message;
pub mod multipart;
pub mod online;
pub mod online_infos;
pub mod paging;
pub mod parameters;
pub mod probe;
pub mod qa_log;
pub mod raw_msg_list;
pub mod refused;
pub mod robot_info;
pub mod robot_info_update;
pub mod send_raw_message;
pub mod shanghai;
pub mod upload;
pub mod version;
pub mod webhook;
