//! An AI platform with its key.
use std::sync::Arc;

use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;
use workbot_schema::platform_keys::{PlatformKey, Scope};
use workbot_schema::users::{Role, User};

use super::token::hash_of;
use crate::http::error::{ApiError, ApiResult, Forbidden, Unauthorized};
use crate::http::extract::ClientAddress;
use crate::http::state::AppState;
use crate::settings::network::Network;
use workbot_schema::robots::Robot;

/// A platform key that is valid, used from an address it allows, of a maker who is still active.
#[derive(Clone)]
pub struct PlatformKeyAuth {
    /// The key.
    pub key: Arc<PlatformKey>,
    /// Who made it.
    pub maker: Arc<User>,
}

impl PlatformKeyAuth {
    /// Checks a key: 401 when unknown, revoked or expired, 403 from another address.
    pub async fn check(state: &AppState, key: &str, client: ClientAddress) -> ApiResult<Self> {
        let key = state.platform_key(hash_of(key.as_bytes())).await?;
        let key = key.ok_or(ApiError::Unauthorized(Unauthorized::Wrong))?;
        validity(&key, state.now()).map_err(ApiError::Unauthorized)?;
        let maker = state.user(&key.owner_id).await?.filter(|user| user.is_active);
        let maker = maker.ok_or(ApiError::Unauthorized(Unauthorized::Revoked))?;
        if !is_allowed(&key.ip_allow.0, client) {
            return Err(ApiError::Forbidden(Forbidden::Address));
        }
        if state.key_uses.is_news(&key.id, state.clock.monotonic_ms()) {
            state.journal.log(Record::PlatformKeyUsed(key.id.clone()));
        }
        Ok(Self { key, maker })
    }

    /// 403 unless the key has the scope.
    pub fn require(&self, scope: Scope) -> ApiResult<()> {
        if self.key.scopes.0.contains(&scope) { Ok(()) } else { Err(ApiError::Forbidden(Forbidden::Scope)) }
    }

    /// Whether the key reaches a robot: one of its maker's, and one of those it names when it names any.
    ///
    /// An administrator's key that names robots reaches them whoever owns them, and robots without an owner.
    pub fn reaches(&self, robot: &Robot) -> bool {
        let names = &self.key.robot_ids.0;
        let is_named = names.iter().any(|name| name == robot.robot_id.as_str());
        let is_own = robot.owner_id.as_ref() == Some(&self.key.owner_id);
        let is_admins = self.maker.role == Role::Admin && (is_named || robot.owner_id.is_none());
        (is_own || is_admins) && (names.is_empty() || is_named)
    }
}

fn validity(key: &PlatformKey, now: Ts) -> Result<(), Unauthorized> {
    if key.revoked_at.is_some() {
        Err(Unauthorized::Revoked)
    } else if key.expires_at.is_some_and(|end| end <= now) {
        Err(Unauthorized::Expired)
    } else {
        Ok(())
    }
}

/// Whether a list of addresses and ranges allows a client; an empty list allows all, an unreadable entry nobody.
fn is_allowed(list: &[String], client: ClientAddress) -> bool {
    list.is_empty()
        || list.iter().filter_map(|text| Network::parse(text)).any(|network| network.contains(client.address))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};
    use workbot_schema::fields::Json;
    use workbot_schema::ids::{PlatformKeyId, UserId};
    use workbot_schema::robots::RobotKind;

    use super::*;

    fn now() -> Ts {
        Ts::new(DateTime::UNIX_EPOCH)
    }

    fn auth(role: Role, robot_ids: &[&str]) -> PlatformKeyAuth {
        let key = PlatformKey {
            id: PlatformKeyId::generate(),
            key_hash: String::new(),
            key_hint: String::new(),
            name: String::new(),
            owner_id: UserId::from("maker"),
            scopes: Json(vec![Scope::Send]),
            robot_ids: Json(robot_ids.iter().map(|id| (*id).to_owned()).collect()),
            ip_allow: Json(Vec::new()),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
            created_at: now(),
        };
        let maker = User {
            id: UserId::from("maker"),
            phone: String::new(),
            name: None,
            role,
            is_active: true,
            token_epoch: 0,
            created_at: now(),
            updated_at: now(),
            last_login_at: None,
        };
        PlatformKeyAuth { key: Arc::new(key), maker: Arc::new(maker) }
    }

    fn robot(id: &str, owner: Option<&str>) -> Robot {
        let mut robot = Robot::new(RobotKind::Native, String::new(), owner.map(UserId::from), now());
        robot.robot_id = id.into();
        robot
    }

    #[test]
    fn reach_is_owner_and_list() {
        for (role, list, id, owner, expected) in [
            (Role::User, &[][..], "r1", Some("maker"), true),
            (Role::User, &[], "r1", Some("other"), false),
            (Role::User, &[], "r1", None, false),
            (Role::User, &["r1"], "r1", Some("other"), false),
            (Role::User, &["r2"], "r1", Some("maker"), false),
            (Role::User, &["r1"], "r1", Some("maker"), true),
            (Role::Admin, &[], "r1", None, true),
            (Role::Admin, &[], "r1", Some("other"), false),
            (Role::Admin, &["r1"], "r1", Some("other"), true),
            (Role::Admin, &["r2"], "r1", None, false),
        ] {
            assert_eq!(auth(role, list).reaches(&robot(id, owner)), expected, "{role} {list:?} {owner:?}");
        }
    }

    #[test]
    fn validity_and_scope() {
        let good = auth(Role::User, &[]);
        assert_eq!(validity(&good.key, now()), Ok(()));
        assert!(good.require(Scope::Send).is_ok() && good.require(Scope::Config).is_err());
        let mut key = good.key.as_ref().clone();
        key.expires_at = Some(now());
        assert_eq!(validity(&key, now()), Err(Unauthorized::Expired));
        assert_eq!(validity(&key, now().plus(TimeDelta::seconds(-1))), Ok(()));
        key.revoked_at = Some(now());
        assert_eq!(validity(&key, now()), Err(Unauthorized::Revoked));
    }

    #[test]
    fn address_lists() {
        let client = ClientAddress { address: "10.1.2.3".parse().unwrap(), is_forwarded_by_stranger: false };
        for (list, expected) in [
            (vec![], true),
            (vec!["10.0.0.0/8"], true),
            (vec!["10.1.2.4", "garbage"], false),
            (vec!["garbage"], false),
        ] {
            let list: Vec<String> = list.into_iter().map(str::to_owned).collect();
            assert_eq!(is_allowed(&list, client), expected, "{list:?}");
        }
    }
}
