//! One change of something that is configured: written with its audit record, answered in the words of the API.
use std::time::Duration;

use serde_json::Value;
use workbot_actors::kernel::ask;
use workbot_actors::provider::Reread;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Configured, Edited};

use super::audit::Origin;
use super::auth::{Caller, UserToken};
use super::error::{ApiError, ApiResult, Conflict, Missing};
use super::state::AppState;

/// Longest wait for changed models to be read.
const REREAD: Duration = Duration::from_secs(2);

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

    /// Models or templates were changed: they hold from the answer on. A desk that is busy reads them a little later.
    pub async fn refresh_models(&self) {
        if let Err(error) = ask(&self.reread_models, Reread, REREAD).await {
            log::debug!(error:% = error; "changed models are read again later");
        }
    }

    /// Personas or flows were changed: they hold from the answer on. The sweep reads again what cannot be read now.
    pub async fn refresh_designs(&self) {
        if let Err(error) = self.library.reload(&self.db, true).await {
            log::debug!(error:% = error; "changed designs are read again later");
        }
    }
}

/// A change by somebody, for a write.
pub fn configuration(user: &UserToken, edit: ConfigurationEdit) -> Configuration {
    noted(user, edit, None)
}

/// The same with a reason for the list of versions.
pub fn noted(user: &UserToken, edit: ConfigurationEdit, note: Option<String>) -> Configuration {
    Configuration { edit, author: user.user.id.to_string(), note }
}

/// Writes a change; the row as it is then. 404, 409 `version_conflict`, `preset_protected` or `in_use`.
pub async fn configure(
    state: &AppState,
    user: &UserToken,
    origin: &Origin,
    change: Change,
) -> ApiResult<Configured> {
    configure_noted(state, user, origin, change, None).await
}

/// The same with a reason for the list of versions.
pub async fn configure_noted(
    state: &AppState,
    user: &UserToken,
    origin: &Origin,
    change: Change,
    note: Option<String>,
) -> ApiResult<Configured> {
    let caller = Caller::User(user.clone());
    let audit = origin.audit(&caller, change.action, change.object, change.detail, state.now());
    let edit = Record::Configure(Box::new(noted(user, change.edit, note)));
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
