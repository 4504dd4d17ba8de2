//! Flows: drafts, what is wrong with them, publishing, versions, import and export.
pub mod change;
pub mod create;
pub mod delete;
pub mod detail;
pub mod export;
pub mod flow_fields;
pub mod flow_view;
pub mod import;
pub mod list;
pub mod publish;
pub mod rollback;
pub mod validate;
pub mod versions;
