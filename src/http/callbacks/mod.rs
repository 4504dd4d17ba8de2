//! Callbacks as they were made: deliveries, endpoints, and both by hand.
pub mod deliveries;
pub mod delivery;
pub mod delivery_view;
pub mod endpoints;
pub mod replay;
pub mod resume;
pub mod test_event;
