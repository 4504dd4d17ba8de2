//! For those who run the server: is it alive, can it serve, how is it doing, what does it offer.
pub mod docs;
pub mod healthz;
pub mod metrics;
pub mod metrics_page;
pub mod readyz;
pub mod socket_metrics;
pub mod tree_metrics;
