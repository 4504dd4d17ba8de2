//! Robots: activation, tokens, presence, messages, commands, settings.
pub mod ack;
pub mod activate;
pub mod callback_bind;
pub mod callback_delete;
pub mod callback_get;
pub mod callback_view;
pub mod cancel;
pub mod change;
pub mod command_lookup;
pub mod command_result;
pub mod command_state;
pub mod command_view;
pub mod commands;
pub mod connect;
pub mod create;
pub mod delete;
pub mod detail;
pub mod disable;
pub mod enable;
pub mod failure;
pub mod heartbeat;
pub mod kick;
pub mod link;
pub mod list;
pub mod maker;
pub mod members;
pub mod messages;
pub mod own;
pub mod poll;
pub mod refresh_token;
pub mod robot_fields;
pub mod robot_info_update;
pub mod robot_view;
pub mod rotation;
pub mod secret;
pub mod secret_rotate;
pub mod send_message;
pub mod statistics;
pub mod submission;
pub mod switch;
pub mod verify;
pub mod visibility;

#[cfg(test)]
mod socket_tests;
#[cfg(test)]
mod tests;
