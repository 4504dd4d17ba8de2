//! What the rest of the supervisor says to the router.
use std::sync::Arc;

use actix::Message;
use tokio::sync::OwnedSemaphorePermit;
use workbot_schema::ids::{RobotUuid, SessionId};
use workbot_schema::robots::queries::RobotProfile;

use crate::robot::orders::CloseCause;
use crate::supervisor::directory::{Presence, PresenceReason};

/// Robots read from the store at start, with how many commands wait for each.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Admit(pub Vec<(RobotProfile, i64)>);

/// Robots that another process changed, as they are now, with how many commands wait for each.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Refresh(pub Vec<(RobotProfile, i64)>);

/// What the sweep found out about one robot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JudgedRobot {
    /// Which.
    pub robot: RobotUuid,
    /// The login that was judged; another one is left alone.
    pub generation: u64,
    /// What it counts as.
    pub presence: Presence,
    /// Why.
    pub reason: PresenceReason,
    /// Its socket must go.
    pub close: Option<CloseCause>,
}

/// What the sweep found out in one tick.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Judged(pub Vec<JudgedRobot>);

/// An operator wants a paused endpoint to be called again; whether it was paused.
#[derive(Debug, Clone, Message)]
#[rtype(result = "bool")]
pub struct ResumeCallbacks {
    /// Which.
    pub endpoint: Arc<str>,
}

/// The server is about to stop: no robot claims from now on; how many were told.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "usize")]
pub struct StopClaims;

/// The server stops: every socket is closed with 1012; how many.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "usize")]
pub struct CloseRobots;

/// A conversation has something to do that nobody does. The permit is held until it is done.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct LookAfter {
    /// Whose chat.
    pub robot: RobotUuid,
    /// Which.
    pub session: SessionId,
    /// Bounds how many are taken up at a time.
    pub permit: Option<OwnedSemaphorePermit>,
}
