//! The router: what the journal made true goes in, messages go out. The only writer of the directory.
//!
//! - *Owns:* the write side of the directory, look-ups under way, logins that wait for their predecessor.
//! - *Started by:* the root. *Supervised:* permanent.
//! - *Mailbox:* [`ROUTER`](super::tree::ROUTER). Full: the journal waits before its next batch, so pressure reaches the edge;
//!   logins and look-ups are refused and come again.
//! - *Lost on crash:* events in the mailbox, look-ups and logins under way (their askers are told), timers of retries.
//! - *Recovered from:* the directory and the endpoints are shared and live on; the sweep counts queues anew and wakes.
//!
//! ```text
//! journal ═Published═▶ router ─▶ entry.queued, wake-up ─▶ robot's socket
//!   edge ─LoadRobot──▶   │  ├──▶ Deliver ─▶ endpoint
//!  sweep ─LookAfter──▶   │  ├──▶ Arrive, Tell, Look, Change, Retry ─▶ conversation
//!  robot ─Attach─────▶   │  └──▶ Configure, Close ─▶ robot's socket
//!  sweep ─Judged─────▶   ▼
//!                    directory ◀─ read by everybody
//! ```
mod conversations;
mod event;
mod load;
mod login;
mod messages;
mod stop;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actix::{Actor, Context, Handler};
use chrono::TimeDelta;
pub use messages::{
    Admit, CloseRobots, Judged, JudgedRobot, LookAfter, Refresh, ResumeCallbacks, StopClaims,
};
use tokio::sync::oneshot;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::store::Db;

use super::directory::{
    DirectoryWriter, LoadError, LoadedRobot, Presence, PresenceReason, Reservation, RobotEntry,
};
use super::endpoints::Endpoints;
use super::sessions::Sessions;
use crate::delivery::EndpointIdle;
use crate::journal::JournalHandle;
use crate::kernel::{ActorStats, Clock, Posted, post};
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::session::Library;

/// A login waits so long for the one it replaces.
const REPLACE: Duration = Duration::from_secs(2);
/// Look-ups under way; more are refused.
const LOADS_MAX: usize = 4_096;
/// Timers of retries; later ones are left to the sweep.
const HINTS_MAX: usize = 10_000;

/// Counters of the router; all only grow.
#[derive(Debug, Default)]
pub struct RouterCounters {
    /// Look-ups that asked the store.
    pub loads: AtomicU64,
    /// Look-ups refused because too many were under way.
    pub refused_loads: AtomicU64,
    /// Sockets that were replaced by a newer login.
    pub replaced: AtomicU64,
    /// Replaced sockets that did not go in time.
    pub cut_off: AtomicU64,
}

/// What the router needs to run; shared, so that the next incarnation finds it as it was.
#[derive(Clone)]
pub struct RouterParts {
    /// Time.
    pub clock: Clock,
    /// Where robots are looked up.
    pub db: Db,
    /// Where connections are logged.
    pub journal: JournalHandle,
    /// Every robot in memory.
    pub directory: DirectoryWriter,
    /// Callback endpoints.
    pub endpoints: Endpoints,
    /// Conversations.
    pub sessions: Sessions,
    /// Personas and flows.
    pub library: Library,
    /// A person who did nothing for so long has lost a conversation.
    pub takeover_idle: TimeDelta,
    /// The server is about to stop: nobody is let in.
    pub is_stopping: Arc<AtomicBool>,
    /// Counters.
    pub counters: Arc<RouterCounters>,
}

type Loaded = Result<Option<LoadedRobot>, LoadError>;

/// The actor.
pub struct RouterActor {
    parts: RouterParts,
    _stats: Arc<ActorStats>,
    /// Who waits for a look-up, by what it asks for.
    loading: HashMap<RobotKey, Vec<oneshot::Sender<Loaded>>>,
    /// Robots not in memory that changed while something was looked up.
    changed_meanwhile: HashSet<RobotUuid>,
    /// Who waits for a replaced login to end.
    replacing: HashMap<(RobotUuid, u64), oneshot::Sender<()>>,
    hints: usize,
    /// Kept for the commands of the events that come next.
    places: Option<Arc<Reservation>>,
}

impl RouterActor {
    /// A router over its parts.
    pub fn new(parts: RouterParts, stats: Arc<ActorStats>) -> Self {
        Self {
            parts,
            _stats: stats,
            loading: HashMap::new(),
            changed_meanwhile: HashSet::new(),
            replacing: HashMap::new(),
            hints: 0,
            places: None,
        }
    }

    fn now(&self) -> Ts {
        Ts::new(self.parts.clock.now())
    }

    fn now_ms(&self) -> u64 {
        self.parts.clock.monotonic_ms()
    }

    /// Ends the present login of a robot: it never claims again, whether it takes the order or not.
    fn close(&self, entry: &RobotEntry, cause: CloseCause, reason: PresenceReason) {
        let Some(socket) = entry.socket() else { return };
        self.parts.directory.detach(entry, socket.generation);
        self.parts.directory.set_presence(entry, Presence::Offline, reason, self.now_ms());
        self.log_closed(&socket, Some(cause.code()), cause.reason());
        if let Err(error) = post(&socket.orders, RobotOrder::Close(cause)) {
            log::debug!(robot:% = entry.profile().robot.robot_id, error:% = error; "a robot does not take its close and is cut off");
        }
    }

    fn is_stopping(&self) -> bool {
        self.parts.is_stopping.load(Ordering::Acquire)
    }
}

impl Actor for RouterActor {
    type Context = Context<Self>;
}

impl Handler<Posted<EndpointIdle>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<EndpointIdle>, _ctx: &mut Self::Context) {
        let (EndpointIdle { endpoint }, _handling) = posted.open(self.now_ms());
        self.parts.endpoints.retire_idle(&endpoint);
    }
}

impl Handler<Posted<ResumeCallbacks>> for RouterActor {
    type Result = bool;

    fn handle(&mut self, posted: Posted<ResumeCallbacks>, _ctx: &mut Self::Context) -> bool {
        let (ResumeCallbacks { endpoint }, _handling) = posted.open(self.now_ms());
        self.parts.endpoints.resume(&endpoint)
    }
}
