//! The tree: who is started in which order, who is told what, and what is due.
pub mod cloud;
pub mod directory;
pub mod due;
pub mod endpoints;
pub mod lock;
pub mod presence;
pub mod residents;
pub mod root;
pub mod router;
pub mod routing;
#[cfg(test)]
#[path = "scene_tests.rs"]
pub(crate) mod scene;
pub mod sessions;
pub mod sweep;
pub mod tree;
