//! Activation codes, the devices that used them, and the tokens robots get.
pub mod operations;
pub mod queries;
use diesel::prelude::{Insertable, Queryable, Selectable};

use crate::fields::Ts;
use crate::ids::{RobotId, RobotUuid, UserId};
use crate::robots::Robot;
use crate::tables::{activation_codes, refresh_tokens};

/// A code as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = activation_codes, treat_none_as_default_value = false)]
pub struct ActivationCode {
    /// 8 characters of `A-Z2-9` without look-alikes.
    pub code: String,
    /// Codes made together share it.
    pub batch: String,
    /// Service time of the robot, days from the first activation.
    pub validity_days: i32,
    /// Who will own the robot.
    pub bound_user_id: Option<UserId>,
    /// Who made it; owns the robot when nobody is bound.
    pub created_by: Option<UserId>,
    /// The robot it made.
    pub robot_uuid: Option<RobotUuid>,
    /// Taken out of use.
    pub is_disabled: bool,
    /// Free text.
    pub note: Option<String>,
    /// An unused code works until then.
    pub expires_at: Ts,
    /// First activation.
    pub activated_at: Option<Ts>,
    /// Made at.
    pub created_at: Ts,
}

crate::text_enum! {
    /// What can be said of a code.
    pub enum CodeStatus {
        /// Not used yet.
        Unused = "unused",
        /// In use.
        Active = "active",
        /// Too old, or the service time is over.
        Expired = "expired",
        /// Taken out of use.
        Disabled = "disabled",
        /// There is no such code.
        Unknown = "unknown",
    }
}

impl ActivationCode {
    /// Who will own the robot.
    pub fn owner(&self) -> Option<UserId> {
        self.bound_user_id.clone().or_else(|| self.created_by.clone())
    }

    /// The status at `now`; `service_ends` is that of its robot.
    pub fn status(&self, service_ends: Option<Ts>, now: Ts) -> CodeStatus {
        if self.is_disabled {
            CodeStatus::Disabled
        } else if self.robot_uuid.is_some() {
            if service_ends.is_some_and(|end| end <= now) { CodeStatus::Expired } else { CodeStatus::Active }
        } else if self.expires_at <= now {
            CodeStatus::Expired
        } else {
            CodeStatus::Unused
        }
    }
}

/// A phone asks to be activated.
#[derive(Debug, Clone)]
pub struct Activation {
    /// The code as typed, upper case.
    pub code: String,
    /// The phone's own id.
    pub device_id: String,
    /// Everything it said of itself.
    pub device_info: serde_json::Value,
    /// The family of the tokens it will get.
    pub family: String,
    /// Hash of the refresh token it will get.
    pub refresh_hash: String,
    /// End of the refresh token.
    pub refresh_expires_at: Ts,
    /// Robots a user may have; admins have no limit.
    pub robots_per_user: i64,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Activated {
    /// A new robot.
    First(Box<Robot>),
    /// The same phone again: new tokens.
    Again(Box<Robot>),
    /// No such code.
    UnknownCode,
    /// The code or the service time is over.
    Expired,
    /// Taken out of use.
    Disabled,
    /// Another phone has it.
    Bound {
        /// The robot it made.
        robot_id: RobotId,
        /// When.
        activated_at: Ts,
    },
    /// The user has as many robots as allowed.
    LimitReached(i64),
}

/// A refresh token as it is stored (its hash).
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refresh_tokens, treat_none_as_default_value = false)]
pub struct RefreshToken {
    /// SHA-256, hex.
    pub token_hash: String,
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// Its family.
    pub family: String,
    /// Until.
    pub expires_at: Ts,
    /// When it was exchanged.
    pub used_at: Option<Ts>,
    /// Made at.
    pub created_at: Ts,
}

/// A refresh token is presented.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// Hash of the presented one.
    pub presented_hash: String,
    /// Hash of the one that replaces it.
    pub next_hash: String,
    /// End of that.
    pub next_expires_at: Ts,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Rotated {
    /// The robot and its family.
    Done {
        /// The robot.
        robot: Box<Robot>,
        /// The family that goes on.
        family: String,
    },
    /// Never made, or its family is over.
    Unknown,
    /// Too old.
    Expired,
    /// Exchanged before: the family is revoked now.
    Reused(RobotUuid),
    /// The robot may not serve now; the token stays as it was.
    Refused(crate::robots::RobotRefusal),
}
