//! Activation codes and device bindings: administrators only.
pub mod code;
pub mod create;
pub mod disable;
pub mod list;
pub mod unbind_device;
