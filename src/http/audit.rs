//! Who changed what: an audit record for the write of the change itself.
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde_json::Value;
use workbot_schema::batch::Record;
use workbot_schema::fields::{Json, Ts};
use workbot_schema::logs::AuditLog;

use super::auth::Caller;
use super::error::ApiError;
use super::extract::{ClientAddress, RequestId};
use super::state::Edge;

/// Where a request comes from and what it is called.
#[derive(Debug, Clone)]
pub struct Origin {
    /// From where.
    pub client: ClientAddress,
    /// Its id.
    pub request: RequestId,
}

impl Origin {
    /// The record of a change; `detail` holds no secret.
    pub fn audit(&self, caller: &Caller, action: &str, object: String, detail: Value, now: Ts) -> Record {
        Record::Audit(AuditLog {
            seq: 0,
            actor: caller.name(),
            action: action.to_owned(),
            object,
            detail: Json(detail),
            address: Some(self.client.address.to_string()),
            request_id: Some(self.request.as_str().to_owned()),
            created_at: now,
        })
    }
}

impl FromRequest for Origin {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<RequestId>().cloned();
        let id = known.unwrap_or_else(|| RequestId::of(request.headers()));
        ready(Edge::of(request).map(|edge| Self {
            client: ClientAddress::of(request, &edge.settings().server.trusted_proxies),
            request: id,
        }))
    }
}
