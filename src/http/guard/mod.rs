//! What stands between the world and the handlers: gate, frame, limits, memory.
pub mod body_memory;
pub mod counters;
pub mod failure_limit;
pub mod frame;
pub mod gate;
pub mod headers;
pub mod idempotency;
pub mod in_flight;
pub mod keyed_buckets;
pub mod sockets;
