//! People: how they come in, who is logged in, who may do what, and what was changed by whom.
pub mod admin;
pub mod audit_logs;
pub mod cookies;
pub mod end_session;
pub mod entrance;
pub mod info;
pub mod login;
pub mod logins;
pub mod logout;
pub mod send_sms;
pub mod sessions;
pub mod ticket;
