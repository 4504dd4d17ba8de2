//! One change of something that is configured: written with its audit record, answered in the words of the API.
use serde_json::Value;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Configured, Edited};

use super::audit::Origin;
use super::auth::{Caller, UserToken};
use super::error::{ApiError, ApiResult, Conflict, Missing};
use super::state::AppState;

/// What is changed, and what the audit log says of it.
pub struct Change {
    /// The change.
    pub edit: ConfigurationEdit,
    /// A verb such as `alert_rule.update`.
    pub action: &'static str,
    /// A thing such as `alert_rule/<id>`.
    pub object: String,
    /// What changed, without secrets.
    pub detail: Value,
    /// What is answered when it is not there.
    pub missing: Missing,
}

impl AppState {
    /// Rules and channels were changed: they hold from the answer on. A store that is away now is asked again by the alerts.
    pub async fn refresh_rules(&self) {
        if let Err(error) = self.alerts.book.reload(&self.db).await {
            log::debug!(error:% = error; "changed rules are read again later");
        }
    }
}

/// A change by somebody, for a write.
pub fn configuration(user: &UserToken, edit: ConfigurationEdit) -> Configuration {
    Configuration { edit, author: user.user.id.to_string(), note: None }
}

/// Writes a change; the row as it is then. 404, 409 `version_conflict`, `preset_protected` or `in_use`.
pub async fn configure(
    state: &AppState,
    user: &UserToken,
    origin: &Origin,
    change: Change,
) -> ApiResult<Configured> {
    let caller = Caller::User(user.clone());
    let audit = origin.audit(&caller, change.action, change.object, change.detail, state.now());
    let edit = Record::Configure(Box::new(configuration(user, change.edit)));
    match state.journal.write(vec![edit, audit]).await?.into_iter().next() {
        Some(Outcome::Configured(edited)) => match *edited {
            Edited::Done(configured) => Ok(configured),
            Edited::Missing => Err(ApiError::NotFound(change.missing)),
            Edited::Conflict(current) => Err(ApiError::Conflict(Conflict::Version { current })),
            Edited::Protected => Err(ApiError::Conflict(Conflict::PresetProtected)),
            Edited::InUse(count) => Err(ApiError::Conflict(Conflict::InUse(count))),
        },
        _ => Err(ApiError::Internal("the journal answered a change with something else".to_owned())),
    }
}
