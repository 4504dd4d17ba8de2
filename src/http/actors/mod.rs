//! The running actors, for operators.
pub mod list;
pub mod restart;
pub mod stop;
