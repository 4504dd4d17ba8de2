//! Robots: who they are, whom they belong to, how they are set.
pub mod loading;
pub mod members;
pub mod operations;
pub mod queries;
pub mod settings;
pub mod statistics;

use diesel::prelude::{Insertable, Queryable, Selectable};

pub use settings::{RobotSecrets, RobotSettings};

use crate::fields::{Json, Ts};
use crate::ids::{RobotId, RobotUuid, UserId};
use crate::tables::robots;

crate::text_enum! {
    /// What speaks for the robot.
    pub enum RobotKind {
        /// Our own app, activated with a code.
        Native = "native",
        /// A phone with the WorkTool app, known by its link id.
        Worktool = "worktool",
        /// A robot on WorkTool's hosted platform.
        WorktoolCloud = "worktool_cloud",
    }
}

/// A robot as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = robots, treat_none_as_default_value = false)]
pub struct Robot {
    /// `robotUuid`.
    pub id: RobotUuid,
    /// `robotId`.
    pub robot_id: RobotId,
    /// What speaks for it.
    pub kind: RobotKind,
    /// Shown name.
    pub name: String,
    /// Whose it is; none = seen by admins only.
    pub owner_id: Option<UserId>,
    /// Secret path segment of WorkTool phones.
    pub link_id: Option<String>,
    /// Chooses the persona.
    pub robot_group: Option<String>,
    /// Chooses the persona.
    pub robot_type: Option<String>,
    /// Preferred model.
    pub ai_model_id: Option<String>,
    /// Own persona.
    pub persona_id: Option<String>,
    /// Own flow.
    pub flow_id: Option<String>,
    /// Everything that only configures.
    pub settings: Json<RobotSettings>,
    /// Sealed secrets.
    pub secrets: Json<RobotSecrets>,
    /// Switched off robots cannot connect.
    pub is_enabled: bool,
    /// The phone it is bound to.
    pub device_id: Option<String>,
    /// What the phone said of itself.
    pub device_info: Option<Json<serde_json::Value>>,
    /// The only family of tokens that is valid.
    pub token_family: Option<String>,
    /// End of service.
    pub service_expires_at: Option<Ts>,
    /// Last presence event sent to the third party (`online`, `offline`).
    pub last_event_state: Option<String>,
    /// Last frame of the last connection, written when it ends.
    pub last_seen_at: Option<Ts>,
    /// Raised by every change.
    pub version: i64,
    /// Made at.
    pub created_at: Ts,
    /// Changed at.
    pub updated_at: Ts,
    /// Deleted at; gone 30 days later.
    pub deleted_at: Option<Ts>,
    /// False while the owner is switched off; kept equal by the writes that change owner or user.
    pub is_owner_active: bool,
}

impl Robot {
    /// A new robot of a kind with default settings.
    pub fn new(kind: RobotKind, name: String, owner: Option<UserId>, now: Ts) -> Self {
        let link_id = match kind {
            RobotKind::Native => None,
            RobotKind::Worktool | RobotKind::WorktoolCloud => {
                Some(format!("wt{}", crate::ids::random_text(30)))
            }
        };
        Self {
            id: RobotUuid::generate(),
            robot_id: RobotId::generate(now.utc()),
            kind,
            name,
            owner_id: owner,
            link_id,
            robot_group: None,
            robot_type: None,
            ai_model_id: None,
            persona_id: None,
            flow_id: None,
            settings: Json(RobotSettings::of_kind(kind)),
            secrets: Json(RobotSecrets::default()),
            is_enabled: true,
            device_id: None,
            device_info: None,
            token_family: None,
            service_expires_at: None,
            last_event_state: None,
            last_seen_at: None,
            version: 1,
            created_at: now,
            updated_at: now,
            deleted_at: None,
            is_owner_active: true,
        }
    }

    /// Whether it may serve at `now`; the reason when it may not.
    pub fn refusal(&self, now: Ts) -> Option<RobotRefusal> {
        if self.deleted_at.is_some() {
            Some(RobotRefusal::Deleted)
        } else if !self.is_enabled || !self.is_owner_active {
            Some(RobotRefusal::Disabled)
        } else if self.service_expires_at.is_some_and(|end| end <= now) {
            Some(RobotRefusal::Expired)
        } else {
            None
        }
    }
}

/// Why a robot may not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RobotRefusal {
    /// Soft-deleted: unknown to everybody but admins.
    Deleted,
    /// Switched off, or its owner is.
    Disabled,
    /// Its service time is over.
    Expired,
}

/// What changes in a robot; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RobotChanges {
    /// Shown name.
    pub name: Option<String>,
    /// New owner.
    pub owner_id: Option<Option<UserId>>,
    /// Persona group.
    pub robot_group: Option<Option<String>>,
    /// Persona type.
    pub robot_type: Option<Option<String>>,
    /// Preferred model.
    pub ai_model_id: Option<Option<String>>,
    /// Own persona.
    pub persona_id: Option<Option<String>>,
    /// Own flow.
    pub flow_id: Option<Option<String>>,
    /// All settings at once (read, changed, written).
    pub settings: Option<RobotSettings>,
    /// All secrets at once.
    pub secrets: Option<RobotSecrets>,
    /// On or off.
    pub is_enabled: Option<bool>,
    /// Valid family of tokens.
    pub token_family: Option<Option<String>>,
    /// End of service.
    pub service_expires_at: Option<Option<Ts>>,
    /// Bound device.
    pub device_id: Option<Option<String>>,
    /// Last presence event sent.
    pub last_event_state: Option<Option<String>>,
    /// Last frame.
    pub last_seen_at: Option<Option<Ts>>,
    /// Soft delete.
    pub deleted_at: Option<Option<Ts>>,
}
