//! Rules, channels and open alerts, from the store.
use std::collections::HashSet;

use workbot_schema::ids::{AlertId, AlertRuleId, RobotUuid};
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::store::StoreError;
use workbot_schema::{alert_rules, alerts, notification_channels};

use super::board::Scope;
use super::{AlertParts, raising};

/// Open alerts read at a start.
const OPEN_MAX: i64 = 10_000;

/// Number and versions of rules and channels.
pub(super) type Mark = ((i64, i64), (i64, i64));

/// What was read.
pub(super) struct Read {
    pub(super) mark: Mark,
    /// Open alerts about numbers; the first time only.
    pub(super) open: Option<Vec<(AlertRuleId, Scope, AlertId)>>,
}

/// Reads what differs from `before`; `None` when the store could not be asked.
pub(super) async fn read(parts: AlertParts, before: Option<Mark>, is_first: bool) -> Option<Read> {
    let read = async {
        let mark = (alert_rules::mark(&parts.db).await?, notification_channels::mark(&parts.db).await?);
        if before != Some(mark) {
            parts.book.reload(&parts.db).await?;
        }
        let open = if is_first { Some(alerts::queries::list_open(&parts.db, OPEN_MAX).await?) } else { None };
        Ok::<_, StoreError>((mark, open))
    };
    match read.await {
        Ok((mark, open)) => {
            let open: Option<Vec<_>> = open.map(|open| open.iter().filter_map(raising::case_of).collect());
            if let Some(open) = &open {
                bring_in(&parts, open).await;
            }
            Some(Read { mark, open })
        }
        Err(error) => {
            log::debug!(error:% = error; "rules wait for the store");
            None
        }
    }
}

/// Robots with an open alert are brought into memory, so that its end is seen.
async fn bring_in(parts: &AlertParts, open: &[(AlertRuleId, Scope, AlertId)]) {
    let robots: HashSet<RobotUuid> = open
        .iter()
        .filter_map(|(_rule, scope, _alert)| match scope {
            Scope::Robot(uuid) => Some(*uuid),
            Scope::Fleet => None,
        })
        .collect();
    for robot in robots {
        if let Err(error) = parts.directory.get(RobotKey::Uuid(robot)).await {
            log::debug!(error:% = error; "a robot with an open alert cannot be looked up");
        }
    }
}
