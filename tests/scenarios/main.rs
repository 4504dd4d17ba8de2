//! Every promise of WorkBot as a scenario against the real program; one binary, a module a promise.

#[cfg(test)]
#[path = "../activate/mod.rs"]
mod activate;
#[cfg(test)]
#[path = "../ai_api/mod.rs"]
mod ai_api;
#[cfg(test)]
#[path = "../alerts/mod.rs"]
mod alerts;
#[cfg(test)]
#[path = "../architecture/mod.rs"]
mod architecture;
#[cfg(test)]
#[path = "../callbacks/mod.rs"]
mod callbacks;
#[cfg(test)]
#[path = "../commands/mod.rs"]
mod commands;
#[cfg(test)]
#[path = "../connect/mod.rs"]
mod connect;
#[cfg(test)]
#[path = "../crash/mod.rs"]
mod crash;
#[cfg(test)]
#[path = "../demo/mod.rs"]
mod demo;
#[cfg(test)]
#[path = "../faults/mod.rs"]
mod faults;
#[cfg(test)]
#[path = "../flow_answers/mod.rs"]
mod flow_answers;
#[cfg(test)]
#[path = "../login/mod.rs"]
mod login;
#[cfg(test)]
#[path = "../messages/mod.rs"]
mod messages;
#[cfg(test)]
#[path = "../monitor/mod.rs"]
mod monitor;
#[cfg(test)]
#[path = "../offline_then_reconnect/mod.rs"]
mod offline_then_reconnect;
#[cfg(test)]
#[path = "../ops/mod.rs"]
mod ops;
#[cfg(test)]
#[path = "../presets/mod.rs"]
mod presets;
#[cfg(test)]
#[path = "../races/mod.rs"]
mod races;
#[cfg(test)]
#[path = "../robots/mod.rs"]
mod robots;
#[cfg(test)]
#[path = "../second_login/mod.rs"]
mod second_login;
#[cfg(test)]
#[path = "../send_message/mod.rs"]
mod send_message;
#[cfg(test)]
#[path = "../shutdown_drains/mod.rs"]
mod shutdown_drains;
#[cfg(test)]
#[path = "../store/mod.rs"]
mod store;
#[cfg(test)]
#[path = "../supervision/mod.rs"]
mod supervision;
#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;
#[cfg(test)]
#[path = "../worktool_cloud/mod.rs"]
mod worktool_cloud;
#[cfg(test)]
#[path = "../worktool_phone/mod.rs"]
mod worktool_phone;
#[cfg(test)]
#[path = "../worktool_rest/mod.rs"]
mod worktool_rest;
#[cfg(test)]
#[path = "../worktool_store/mod.rs"]
mod worktool_store;
