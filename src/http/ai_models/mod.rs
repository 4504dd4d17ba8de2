//! Models that can be asked: their rows, versions, health and figures.
pub mod change;
pub mod create;
pub mod delete;
pub mod detail;
pub mod health;
pub mod list;
pub mod model_fields;
pub mod model_view;
pub mod probe;
pub mod rollback;
pub mod stats;
pub mod versions;
