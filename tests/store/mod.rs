//! One suite, both databases: what the store promises.
mod alerts;
mod catalogue;
mod chats;
mod commands;
mod configuration;
mod flow_rows;
mod forgetting;
mod logins;
mod messages;
mod models;
mod plans;
mod presets;
mod robots;
mod rows;
mod runs;
mod tls;
mod upkeep;
