//! One suite, both databases: what the store promises.
mod catalogue;
mod commands;
mod messages;
mod plans;
mod robots;
mod rows;
mod tls;
mod upkeep;
