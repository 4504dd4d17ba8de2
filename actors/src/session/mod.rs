//! Conversations: one actor per (robot, room, sender), messages strictly in order, at most one turn at a time.
//!
//! ```text
//!  journal ═MessageStored═▶ router ─Arrive─▶ SessionActor ─ burst ─▶ turn ─▶ run (flow) ─asks─▶ providers
//!  journal ═CommandMoved══▶ router ─Tell───▶     │   ▲                        │
//!  sweep ─forgotten, due──▶ router ─Look───▶     │   └── one write: run, command, alert, reason ─▶ journal
//!  console ─take over─────▶ router ─Change─▶     └─SessionIdle─▶ router ─Retire─▶
//! ```
//! Work is messages without a reason and runs that are not over; both are rows. What an actor forgets, the sweep finds.
//! Everything that sends to a session is the router, so that "nothing waits, retire it" cannot be overtaken.
mod actor;
mod asking;
pub mod burst;
mod changes;
pub mod checkpoint;
pub mod core;
pub mod counters;
pub mod history;
pub mod library;
pub mod live_run;
mod loading;
pub mod notice;
mod oracle;
pub mod orders;
mod progress;
pub mod reasons;
pub mod reply;
mod resumes;
pub mod seat;
pub mod seed;
mod storing;
pub mod takeover;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use actor::{SPEC, SessionActor};
use burst::BurstRule;
use chrono::TimeDelta;
use core::CoreRules;
pub use counters::SessionCounters;
pub use library::Library;
pub use orders::{SessionError, SessionHandle};
use storing::Storage;
use workbot_schema::fields::Ts;
use workbot_schema::store::Db;
use workbot_schema::store::files::FileStore;

use crate::alert::RuleBook;
use crate::journal::JournalHandle;
use crate::kernel::{Clock, Postbox};
use crate::provider::Providers;
use crate::supervisor::directory::Directory;
use orders::SessionIdle;

/// How conversations behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSettings {
    /// Bursts and takeovers.
    pub core: CoreRules,
    /// A conversation ends after so much silence.
    pub idle: TimeDelta,
    /// A reply is not sent later than this.
    pub reply_expiry: TimeDelta,
    /// Time of one turn, all its questions together.
    pub turn_budget: Duration,
    /// Commands that may wait for one robot; beyond that a reply is refused.
    pub queue_max: i64,
    /// An actor that has had nothing to do for so long may go.
    pub put_away: Duration,
    /// Actors that live at a time.
    pub max_resident: usize,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self {
            core: CoreRules {
                burst: BurstRule { quiet: TimeDelta::seconds(2), max: TimeDelta::seconds(6) },
                takeover_idle: TimeDelta::minutes(30),
            },
            idle: TimeDelta::minutes(30),
            reply_expiry: TimeDelta::minutes(30),
            turn_budget: Duration::from_secs(20),
            queue_max: 10_000,
            put_away: Duration::from_secs(60),
            max_resident: 20_000,
        }
    }
}

/// What every conversation is made of; clone freely.
#[derive(Clone)]
pub struct SessionParts {
    /// Time.
    pub clock: Clock,
    /// Where work is found.
    pub db: Db,
    /// Where it is written down.
    pub journal: JournalHandle,
    /// Robots in memory.
    pub directory: Directory,
    /// Pictures of messages.
    pub files: FileStore,
    /// Models and rules.
    pub providers: Providers,
    /// Personas and flows.
    pub library: Library,
    /// Alert rules and channels.
    pub rules: RuleBook,
    /// Who is told of idle conversations.
    pub router: Postbox<SessionIdle>,
    /// How conversations behave.
    pub settings: Arc<SessionSettings>,
    /// The server is about to stop: no turn is begun.
    pub is_stopping: Arc<AtomicBool>,
    /// Counters.
    pub counters: Arc<SessionCounters>,
}

impl SessionParts {
    fn now(&self) -> Ts {
        Ts::new(self.clock.now())
    }

    fn now_ms(&self) -> u64 {
        self.clock.monotonic_ms()
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    fn storage(&self) -> Storage {
        Storage { journal: self.journal.clone(), db: self.db.clone() }
    }
}
