//! Column types with an implementation per database.
pub mod document;
pub mod json;
pub mod sealed;
pub mod text_enum;
pub mod time;

pub use document::Document;
pub use json::{Json, JsonDoc};
pub use time::{Ts, UtcTime};
