//! Message templates: ready-made sentences with variables; their rows, versions and use.
pub mod categories;
pub mod change;
pub mod create;
pub mod delete;
pub mod detail;
pub mod list;
pub mod rollback;
pub mod template_fields;
pub mod template_view;
pub mod test;
pub mod versions;
