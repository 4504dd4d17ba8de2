//! Pure: where and as whom a robot's platform is called.
use std::fmt;

use url::Url;
use workbot_schema::class::Class;
use workbot_schema::fields::sealed::{SealError, Sealer};
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::{Robot, RobotKind};

/// Why a platform cannot be called for a robot.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// `cloudBaseUrl` or `cloudRobotId` is not set.
    #[error("{0} is not set")]
    Missing(&'static str),
    /// The base URL is none.
    #[error("cloudBaseUrl is no address")]
    Address,
    /// The key cannot be opened.
    #[error("cloudKey: {0}")]
    Sealed(#[from] SealError),
}

impl AccountError {
    /// Permanent: other settings mend it.
    pub fn class(&self) -> Class {
        Class::Permanent
    }
}

/// The place the key of a robot is sealed for.
pub fn cloud_key_place(robot: RobotUuid) -> String {
    format!("robots.cloud_key/{robot}")
}

/// A robot's account on a platform.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    base: Url,
    robot_id: String,
    key: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Account").field("origin", &self.origin()).finish_non_exhaustive()
    }
}

impl Account {
    /// The account in a robot's settings.
    pub fn of(robot: &Robot, sealer: &Sealer) -> Result<Self, AccountError> {
        let settings = &robot.settings.0;
        let present = |text: &Option<String>, name| {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or(AccountError::Missing(name))
        };
        let base = present(&settings.cloud_base_url, "cloudBaseUrl")?;
        let base = Url::parse(&base).map_err(|_no_address| AccountError::Address)?;
        if base.cannot_be_a_base() || base.host_str().is_none() {
            return Err(AccountError::Address);
        }
        let sealed = robot.secrets.0.cloud_key.as_deref();
        let key = sealed.map(|sealed| sealer.open(&cloud_key_place(robot.id), sealed)).transpose()?;
        Ok(Self { base, robot_id: present(&settings.cloud_robot_id, "cloudRobotId")?, key })
    }

    /// Whether a robot lives on a platform and has all that is needed to call it; its key is not opened.
    pub fn is_complete(robot: &Robot) -> bool {
        let is_set = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        let settings = &robot.settings.0;
        robot.kind == RobotKind::WorktoolCloud
            && is_set(&settings.cloud_base_url)
            && is_set(&settings.cloud_robot_id)
    }

    /// Scheme, host and port: its robots share one limit.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Host and port, for the connection log.
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        self.base.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The address of a route with who asks in its query. It carries the key: never log it.
    pub fn url(&self, path: &str) -> String {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_fragment(None);
        {
            let mut query = url.query_pairs_mut();
            query.clear().append_pair("robotId", &self.robot_id);
            if let Some(key) = &self.key {
                query.append_pair("key", key);
            }
        }
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn robot(base: Option<&str>, id: Option<&str>) -> Robot {
        let now = DateTime::UNIX_EPOCH.into();
        let mut robot = Robot::new(RobotKind::WorktoolCloud, "管家".to_owned(), None, now);
        robot.settings.0.cloud_base_url = base.map(str::to_owned);
        robot.settings.0.cloud_robot_id = id.map(str::to_owned);
        robot
    }

    #[test]
    fn addresses() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let mut robot = robot(Some("https://api.example.com:8443/wt/?x=1"), Some(" wt1 "));
        let account = Account::of(&robot, &sealer).unwrap();
        assert_eq!(
            account.url("/wework/sendRawMessage"),
            "https://api.example.com:8443/wt/wework/sendRawMessage?robotId=wt1"
        );
        assert_eq!(
            (account.origin().as_str(), account.host().as_str()),
            ("https://api.example.com:8443", "api.example.com:8443")
        );
        robot.secrets.0.cloud_key = Some(sealer.seal(&cloud_key_place(robot.id), "a&b").unwrap());
        let account = Account::of(&robot, &sealer).unwrap();
        assert_eq!(account.url("/x"), "https://api.example.com:8443/wt/x?robotId=wt1&key=a%26b");
        assert!(!format!("{account:?}").contains("a&b"));
        robot.secrets.0.cloud_key = Some("rubbish".to_owned());
        assert!(matches!(Account::of(&robot, &sealer), Err(AccountError::Sealed(_))));
    }

    #[test]
    fn what_is_missing_is_named() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        for (base, id, expected) in [
            (None, Some("wt1"), AccountError::Missing("cloudBaseUrl")),
            (Some("https://a.example"), None, AccountError::Missing("cloudRobotId")),
            (Some("https://a.example"), Some(" "), AccountError::Missing("cloudRobotId")),
            (Some("mailto:a@b"), Some("wt1"), AccountError::Address),
            (Some("nonsense"), Some("wt1"), AccountError::Address),
        ] {
            assert_eq!(Account::of(&robot(base, id), &sealer), Err(expected), "{base:?} {id:?}");
        }
        assert!(Account::is_complete(&robot(Some("https://a.example"), Some("wt1"))));
        assert!(!Account::is_complete(&robot(Some("https://a.example"), None)));
    }
}
