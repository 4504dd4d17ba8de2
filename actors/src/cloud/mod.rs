//! Robots on WorkTool's hosted platform: one actor each, which is to the rest of the program what a phone's socket is.
//!
//! ```text
//!  sweep ─▶ CloudRobots ─▶ CloudActor ═probe═▶ platform: it answers ─▶ Attach ─▶ router: online
//!                              │ Wake                                               │ silent, refused: Detach
//!                              ▼
//!         claim (sent) ─▶ POST sendRawMessage ─▶ taken: its id, then `confirmed`
//!                              │                 certainly not taken: put back, same attempt
//!                              └──────────────▶ nobody knows: unknown, never sent again
//!  platform ═webhook═▶ result ─▶ the command of that id (see [`matching`])
//! ```
//! The platform is not idempotent: a command whose call got no clear answer is not sent twice (ADR 12).
pub mod account;
mod actor;
pub mod answer;
pub mod calls;
pub mod gate;
pub mod matching;
mod turn;

use std::sync::Arc;
use std::time::Duration;

pub use actor::{CloudActor, SPEC};
pub use calls::CloudCalls;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::store::Db;
use workbot_schema::store::files::FileStore;

use crate::delivery::http_client::HttpClient;
use crate::journal::JournalHandle;
use crate::kernel::{Clock, Postbox};
use crate::robot::login::{Attach, Detach};
use gate::Gate;

/// How hosted platforms are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CloudSettings {
    /// Time for one call, from resolving the name to the last byte.
    pub budget: Duration,
    /// Commands of one call, at most.
    pub batch: u32,
    /// Commands a platform may have of one robot without having reported on them.
    pub unfinished: u32,
    /// A platform that said nothing for so long is asked whether it is there.
    pub probe: Duration,
    /// Calls a minute to one platform, all robots together.
    pub per_minute: Option<u32>,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            budget: Duration::from_secs(10),
            batch: 100,
            unfinished: 20,
            probe: Duration::from_secs(120),
            per_minute: Some(60),
        }
    }
}

/// What every cloud robot is made of; clone freely.
#[derive(Clone)]
pub struct CloudParts {
    /// Time.
    pub clock: Clock,
    /// Claims and outcomes.
    pub journal: JournalHandle,
    /// Reads.
    pub db: Db,
    /// Files of commands.
    pub files: FileStore,
    /// The way out: judged by the address policy before the call and at connect time.
    pub http: HttpClient,
    /// Opens the keys.
    pub sealer: Arc<Sealer>,
    /// Who gives the robot.
    pub attach: Postbox<Attach>,
    /// Who takes it back.
    pub detach: Postbox<Detach>,
    /// Calls of all robots to a platform.
    pub gate: Arc<Gate>,
    /// Calls under way, for results that overtake them.
    pub calls: CloudCalls,
    /// How platforms are called.
    pub settings: CloudSettings,
}
