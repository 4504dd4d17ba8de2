//! What handlers take out of a request.
pub mod body;
pub mod client;
pub mod idempotency_key;
pub mod json;
pub mod nullable;
pub mod query;
pub mod request_id;

pub use body::{Body, MessageBody, PhoneBody};
pub use client::ClientAddress;
pub use idempotency_key::IdempotencyKey;
pub use nullable::nullable;
pub use query::{Paging, PagingQuery, Query};
pub use request_id::RequestId;
