//! Callbacks to third parties: one actor per endpoint, a row per callback, every attempt written down.
//!
//! ```text
//!              Deliver                    at most 8 in flight, in order per chat
//!  journal ─▶ router ─▶ DeliveryActor ─▶ [ queue ] ─▶ attempt ─▶ POST ─▶ third party
//!                sweep ─▶     │                          │ no reply in it, and pull mode
//!                             │ EndpointIdle             ▼
//!                             ▼                        pull ─▶ GET … GET
//!                          router                        │
//!                                  one write: attempt, why the message was answered, the reply as a command ─▶ journal
//! ```
//! The row is the only thing that counts: what an actor forgets, the sweep finds by `due_at` and sends again with the same
//! `webhook-id`. A recorded outcome is never repeated but by the retries a robot opted in to.
pub mod address_policy;
pub mod address_range;
mod attempt;
pub mod board;
pub mod body;
pub mod command;
pub mod counters;
pub mod endpoint;
pub mod http_client;
pub mod outcome;
#[cfg(test)]
mod pause_tests;
pub mod pull;
#[cfg(test)]
mod pull_tests;
pub mod queue;
mod record;
pub mod replay;
pub mod reply;
#[cfg(test)]
#[path = "scene_tests.rs"]
mod scene;
pub mod schedule;
pub mod signature;
pub mod signing;
pub mod slot;

use std::sync::Arc;
use std::time::Duration;

use actix::Message;
pub use board::EndpointBoard;
use chrono::TimeDelta;
pub use counters::DeliveryCounters;
pub use endpoint::{DeliveryActor, may_retire};
pub use slot::EndpointSnapshot;
use workbot_schema::deliveries::Delivery;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::queries::{self, RobotKey, RobotProfile};
use workbot_schema::store::files::FileStore;
use workbot_schema::store::{Db, StoreResult};

use crate::journal::JournalHandle;
use crate::kernel::{Clock, Postbox};
use crate::supervisor::directory::Directory;
use http_client::HttpClient;
use queue::QueueLimits;
use schedule::{PauseRule, RETRY_DELAYS};

/// A callback waits: from the journal's event, the sweep or a restart. One that is known, over or not this endpoint's is
/// ignored, so it may be sent as often as wanted. When the mailbox is full it is left to the sweep.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct Deliver(pub Arc<Delivery>);

/// An operator wants a paused endpoint to be called again.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct ResumeEndpoint;

/// An endpoint had nothing to do for a while. The router, its only sender, asks [`may_retire`], forgets it and retires it; when
/// it does not, it is told again.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct EndpointIdle {
    /// Which.
    pub endpoint: Arc<str>,
}

/// How callbacks are made.
#[derive(Debug, Clone)]
pub struct DeliverySettings {
    /// Time for one call, from resolving the name to the last byte.
    pub budget: Duration,
    /// Bounds of one endpoint's queue.
    pub limits: QueueLimits,
    /// Waits between attempts, for robots that opted in to retries.
    pub retry_delays: Vec<Duration>,
    /// When an endpoint is paused.
    pub pause: PauseRule,
    /// Pull mode: time between two questions.
    pub pull_interval: Duration,
    /// Pull mode: time until it gives up.
    pub pull_timeout: Duration,
    /// An inline reply is not sent after.
    pub reply_expiry: TimeDelta,
    /// Commands that may wait for one robot; beyond that a reply is refused.
    pub queue_max: i64,
    /// Nothing to do for so long: the actor may go.
    pub idle: Duration,
}

impl Default for DeliverySettings {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(3),
            limits: QueueLimits::default(),
            retry_delays: RETRY_DELAYS.to_vec(),
            pause: PauseRule::default(),
            pull_interval: Duration::from_secs(1),
            pull_timeout: Duration::from_secs(30),
            reply_expiry: TimeDelta::seconds(1_800),
            queue_max: 10_000,
            idle: Duration::from_secs(60),
        }
    }
}

/// What every endpoint is made of; clone freely.
#[derive(Clone)]
pub struct DeliveryParts {
    /// Time.
    pub clock: Clock,
    /// Where outcomes are written.
    pub journal: JournalHandle,
    /// Rows are read again when in doubt.
    pub db: Db,
    /// Robots in memory.
    pub directory: Directory,
    /// The way out.
    pub http: HttpClient,
    /// Pictures of messages.
    pub files: FileStore,
    /// Opens signing secrets.
    pub sealer: Arc<Sealer>,
    /// Health of all endpoints.
    pub board: EndpointBoard,
    /// Who is told of idle endpoints.
    pub router: Postbox<EndpointIdle>,
    /// How callbacks are made.
    pub settings: Arc<DeliverySettings>,
}

impl DeliveryParts {
    /// Monotonic time, for queues and health.
    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.clock.monotonic_ms())
    }

    /// A robot from memory or, since nothing is asked of the router, from the store; `None` when it was deleted.
    async fn profile(&self, robot: RobotUuid) -> StoreResult<Option<Arc<RobotProfile>>> {
        let known = self.directory.find(robot).map(|entry| entry.profile());
        let profile = match known {
            Some(profile) => Some(profile),
            None => queries::find_profile(&self.db, RobotKey::Uuid(robot)).await?.map(Arc::new),
        };
        Ok(profile.filter(|profile| profile.robot.deleted_at.is_none()))
    }
}
