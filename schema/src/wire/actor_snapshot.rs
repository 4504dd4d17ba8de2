//! What the console and the metrics see of one actor.
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One row of `GET /api/admin/actors`: the actor as it was when its counters were read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActorSnapshot {
    /// Name of the actor, unique among the living of its kind.
    pub id: String,
    /// Kind of actor, as the tree names it.
    pub kind: String,
    /// Id of the actor above it; absent for the root.
    pub parent: Option<String>,
    pub state: ActorState,
    pub mailbox: MailboxSnapshot,
    /// Messages, frames and timer ticks dealt with since it was first started.
    pub handled: u64,
    /// Messages refused since it was first started, because the mailbox was full or closed.
    pub refused: u64,
    pub restarts: u32,
    /// How it ended last; absent while it never ended.
    pub last_exit: Option<ExitReason>,
    /// When the present state began.
    pub since: DateTime<Utc>,
    /// What it works on at this moment; absent when idle.
    pub current: Option<CurrentMessage>,
    /// Only for actors that guard an outside service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerState>,
}

/// How many messages were taken in and not yet finished, and how many fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MailboxSnapshot {
    pub depth: u32,
    pub capacity: u32,
}

/// The message being handled and for how many milliseconds already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentMessage {
    pub message: String,
    pub since_ms: u64,
}

/// Where an actor is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActorState {
    /// Made, its first turn not yet run.
    Starting,
    /// Takes messages.
    Running,
    /// Ended and waiting for its next start; messages are refused.
    Restarting,
    /// Ended for good, as meant.
    Stopped,
    /// Ended for good, by a panic or after too many restarts.
    Failed,
}

/// How an actor ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExitReason {
    /// It stopped by itself or was told to.
    Stopped,
    /// A handler panicked.
    Panicked,
    /// It ended too often within its restart window.
    Escalated,
}

/// Gate in front of an outside service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerState {
    Closed,
    Open,
    HalfOpen,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_has_the_documented_names() {
        let row = ActorSnapshot {
            id: "a-1".into(),
            kind: "a".into(),
            parent: Some("root".into()),
            state: ActorState::Running,
            mailbox: MailboxSnapshot { depth: 1, capacity: 16 },
            handled: 7,
            refused: 2,
            restarts: 3,
            last_exit: Some(ExitReason::Panicked),
            since: DateTime::UNIX_EPOCH,
            current: Some(CurrentMessage { message: "Deliver".into(), since_ms: 12 }),
            breaker: Some(BreakerState::HalfOpen),
        };
        let json = serde_json::to_value(&row).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "id": "a-1", "kind": "a", "parent": "root", "state": "running",
                "mailbox": {"depth": 1, "capacity": 16}, "handled": 7, "refused": 2, "restarts": 3,
                "lastExit": "panicked", "since": "1970-01-01T00:00:00Z",
                "current": {"message": "Deliver", "sinceMs": 12}, "breaker": "half_open"
            })
        );
        assert_eq!(serde_json::from_value::<ActorSnapshot>(json).unwrap(), row);
    }
}
