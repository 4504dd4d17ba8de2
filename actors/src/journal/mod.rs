//! The journal: the single writer of hot rows, by adaptive group commit.
//!
//! - *Owns:* the write side of the store, the server's number sequence.
//! - *Started by:* the supervisor, first of all actors. *Supervised:* permanent.
//! - *Mailbox:* none: writes wait in the lines of [`JournalHandle`] (promises ≤ 10,000 or 64 MiB, then `Full`; logs ≤ 5,000,
//!   then dropped and counted).
//! - *Lost on crash:* the answers of the batch in flight (`NoAnswer`); its rows stand or fall with the transaction.
//! - *Recovered from:* the lines, which outlive the actor.
//!
//! ```text
//! write ─▶ line ─▶ gather (all that waits, ≤ 500 rows) ─▶ one transaction ─▶ events to router, monitor ─▶ answers
//!            ▲                                                                                              │
//!            └────────────────── while a commit is in flight, the next batch gathers ◀──────────────────────┘
//! ```
//! No timer: an idle journal commits at once, a busy one in large batches, as large as end in good time ([`pace`]).
mod conversation_event;
pub mod event;
pub mod handle;
pub mod pace;
pub mod queue;
pub mod recovery;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;

use actix::{Actor, AsyncContext, Context, WrapFuture};
pub use event::{Event, Published};
pub use handle::{JournalCounters, JournalError, JournalHandle, Written};
pub use queue::JournalLimits;
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::store::Db;

use crate::kernel::{ActorStats, Postbox};

/// What the journal needs to run.
#[derive(Clone)]
pub struct JournalParts {
    /// Where it writes.
    pub db: Db,
    /// The lines it empties.
    pub handle: JournalHandle,
    /// Result time-outs of commands.
    pub timeouts: ResultTimeouts,
    /// Who must know before anybody is answered; the journal waits for it when it is full.
    pub router: Postbox<Published>,
    /// Who is told when there is room.
    pub listeners: Arc<[Postbox<Published>]>,
}

/// The actor.
pub struct JournalActor {
    parts: JournalParts,
    stats: Arc<ActorStats>,
}

impl JournalActor {
    /// A journal over its parts; begins to write when it is started.
    pub fn new(parts: JournalParts, stats: Arc<ActorStats>) -> Self {
        Self { parts, stats }
    }
}

impl Actor for JournalActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.spawn(writer::run(self.parts.clone(), Arc::clone(&self.stats)).into_actor(self));
    }
}
