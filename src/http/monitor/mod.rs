//! What is looked at: live events, lists, figures, and why a message was or was not answered.
pub mod ai_stats;
pub mod client_frame;
pub mod messages;
pub mod socket;
pub mod viewing;
pub mod why;
