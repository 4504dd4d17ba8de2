//! Entries of the audit log, made by the request that changes something.
use serde_json::Value;
use workbot_schema::batch::Record;
use workbot_schema::fields::Json;
use workbot_schema::logs::AuditLog;

use super::Caller;
use crate::http::extract::{ClientAddress, RequestId};
use crate::http::state::AppState;

/// What the audit log needs of a request.
#[derive(Debug, Clone)]
pub struct Audit {
    /// Who.
    pub actor: String,
    /// Where from.
    pub address: String,
    /// Which request.
    pub request_id: String,
}

impl Audit {
    /// Of a caller.
    pub fn of(caller: &Caller, client: ClientAddress, request: &RequestId) -> Self {
        Self {
            actor: caller.name(),
            address: client.address.to_string(),
            request_id: request.as_str().to_owned(),
        }
    }

    /// An entry: a verb such as `robot.update`, a thing such as `robot/<id>`, and what changed, without secrets.
    pub fn record(&self, state: &AppState, action: &str, object: String, detail: Value) -> Record {
        Record::Audit(AuditLog {
            seq: 0,
            actor: self.actor.clone(),
            action: action.to_owned(),
            object,
            detail: Json(detail),
            address: Some(self.address.clone()),
            request_id: Some(self.request_id.clone()),
            created_at: state.now(),
        })
    }
}
