//! Mechanism without one domain word: how actors are reached, counted, shown, ended and started again.
//!
//! Rules for every actor:
//! - Others reach it through [`post`] and [`ask`] only, with an [`ActorRef`] or, across folders, a [`Postbox`].
//!   It implements `Handler<Posted<M>>` for what is sent to it and opens the message in the first line:
//!   `let (message, _handling) = posted.open(self.clock.monotonic_ms());`. What it says to itself
//!   (`ctx.notify`, timers, streams) is `Handler<M>` and marks itself by [`ActorStats::handling`].
//! - Its mailbox has a bound, and its doc says what senders do when it is full. Messages in progress count while
//!   their guard lives, so a guard moved into a future bounds the work under way as well.
//! - A message that was taken in may still be lost when its actor ends: mailbox content is never the only copy.
//! - Every ask has a deadline: the receiver's own plus one second. Asks go down the tree, never up.
//! - Permanent actors are started by [`supervise()`] and born by their factory each time; temporary ones started
//!   elsewhere hold a [`Registration`], whose drop tells how they ended.
//! - Time is read from a [`Clock`] in the handler and handed to pure code as a value; memory counts in monotonic
//!   milliseconds, rows in UTC.
//! - Input over [`INLINE_BYTES`] is parsed by [`Offload`].
pub mod arbiters;
pub mod backoff;
pub mod child;
pub mod clock;
pub mod exit;
pub mod mailbox;
#[cfg(test)]
mod mailbox_tests;
pub mod offload;
mod place;
pub mod postbox;
pub mod registry;
pub mod restart;
pub mod stats;
pub mod supervise;
#[cfg(test)]
mod supervise_tests;

pub use arbiters::{Arbiters, Lane};
pub use backoff::Backoff;
pub use child::{ChildSpec, Policy};
pub use clock::Clock;
pub use exit::{Ended, ExitReason, OnEnd};
pub use mailbox::{ActorRef, AskError, PostError, Posted, Target, WeakActorRef, ask, post};
pub use offload::{INLINE_BYTES, Offload, OffloadCounts, OffloadError};
pub use place::Handling;
pub use postbox::{Delivery, Inbox, Postbox};
pub use registry::{Registration, Registry};
pub use restart::{RestartLimit, RestartWindow, Verdict};
pub use stats::ActorStats;
pub use supervise::{Kernel, supervise};
