//! The only two ways to send: [`post`] and [`ask`]. Both are bounded by the mailbox of the receiver and counted.
//!
//! ```text
//! post(ref, M) ─▶ place taken? ─no─▶ Full, counted        Posted<M> { M, place }
//!                     │yes                                   │ open(now)          │ never opened
//!                     └─▶ mailbox ─closed─▶ Closed, counted   ▼                    ▼
//!                             └──────────▶ handler ─▶ (M, Handling) ─▶ handled    dropped
//! ```
//! The place travels inside the message, so depth is right whatever becomes of it: handled, lost with its actor, given
//! up by its asker. The bound of actix itself is switched off, because it gives every clone of an address a place more.
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix::dev::ToEnvelope;
use actix::prelude::SendError;
use actix::{Actor, Addr, Handler, Message};
use parking_lot::RwLock;
use thiserror::Error;
use workbot_schema::class::Class;

use super::place::{Handling, Place};
use super::stats::ActorStats;

/// Why a message was not taken in. It is gone: what must not be lost is stored first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PostError {
    #[error("mailbox full")]
    Full,
    #[error("mailbox closed")]
    Closed,
}

impl PostError {
    /// Always transient: queues drain and actors come back.
    pub fn class(&self) -> Class {
        match self {
            Self::Full | Self::Closed => Class::Transient,
        }
    }
}

/// Why there is no answer. After `Timeout` and a late `Closed` the message may or may not have been handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AskError {
    #[error("mailbox full")]
    Full,
    #[error("mailbox closed")]
    Closed,
    #[error("no answer in time")]
    Timeout,
}

impl AskError {
    /// Always transient: queues drain and actors come back.
    pub fn class(&self) -> Class {
        match self {
            Self::Full | Self::Closed | Self::Timeout => Class::Transient,
        }
    }
}

impl From<PostError> for AskError {
    fn from(error: PostError) -> Self {
        match error {
            PostError::Full => Self::Full,
            PostError::Closed => Self::Closed,
        }
    }
}

/// Answer on its way; `None` when the receiver ended without answering.
pub type Answer<R> = Pin<Box<dyn Future<Output = Option<R>> + Send>>;

/// Something that takes messages `M`; sent to through [`post`] and [`ask`].
pub trait Target<M>: Send + Sync
where
    M: Message + Send + 'static,
    M::Result: Send,
{
    /// Counters of the receiver.
    fn stats(&self) -> &Arc<ActorStats>;
    /// Takes the message in at once or refuses it at once.
    fn deliver(&self, message: M) -> Result<(), PostError>;
    /// Takes the message in at once and promises an answer, or refuses it at once.
    fn request(&self, message: M) -> Result<Answer<M::Result>, PostError>;
}

/// Sends without waiting. The caller follows the receiver's documented rule for a full mailbox.
pub fn post<M, T>(target: &T, message: M) -> Result<(), PostError>
where
    M: Message + Send + 'static,
    M::Result: Send,
    T: Target<M> + ?Sized,
{
    target.deliver(message)
}

/// Sends at once (not at the first poll) and waits up to `deadline` for the answer. The deadline is the receiver's own
/// plus one second. A message whose asker has gone before it is handled is never handled.
pub fn ask<M, T>(
    target: &T,
    message: M,
    deadline: Duration,
) -> impl Future<Output = Result<M::Result, AskError>> + Send + use<M, T>
where
    M: Message + Send + 'static,
    M::Result: Send,
    T: Target<M> + ?Sized,
{
    let request = target.request(message);
    async move {
        match tokio::time::timeout(deadline, request?).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(AskError::Closed),
            Err(_elapsed) => Err(AskError::Timeout),
        }
    }
}

/// A message in a mailbox, with the place it takes. Actors implement `Handler<Posted<M>>` for what others send.
#[derive(Debug)]
pub struct Posted<M> {
    message: M,
    place: Place,
}

impl<M: Message> Message for Posted<M> {
    type Result = M::Result;
}

impl<M> Posted<M> {
    /// The message, and the guard that shows it as current until dropped and then counts it. First line of a handler;
    /// a handler that goes on in a future moves the guard into it when the place shall stay taken that long.
    pub fn open(self, now_ms: u64) -> (M, Handling) {
        (self.message, self.place.begin(name_of::<M>(), now_ms))
    }

    pub(super) fn new(message: M, stats: &Arc<ActorStats>) -> Result<Self, PostError> {
        let place = Place::take(stats).ok_or(PostError::Full)?;
        Ok(Self { message, place })
    }

    pub(super) fn refuse(self) {
        self.place.refuse();
    }
}

/// Name of a message type without its path and parameters.
fn name_of<M>() -> &'static str {
    let full = std::any::type_name::<M>();
    let bare = full.split('<').next().unwrap_or(full);
    bare.rsplit("::").next().unwrap_or(bare)
}

/// Where the address of an actor is kept; empty while the actor is down.
struct Seat<A: Actor> {
    addr: RwLock<Option<Arc<Addr<A>>>>,
    stats: Arc<ActorStats>,
    owned: bool,
    retired: AtomicBool,
}

impl<A: Actor> Drop for Seat<A> {
    fn drop(&mut self) {
        // Nobody can reach a supervised actor any more; it would wait for ever.
        if self.owned {
            self.stats.request_stop();
        }
    }
}

/// A reference to an actor, good across its restarts; closed while the actor is down. Cloning is one counter.
pub struct ActorRef<A: Actor> {
    seat: Arc<Seat<A>>,
}

impl<A: Actor> Clone for ActorRef<A> {
    fn clone(&self) -> Self {
        Self { seat: Arc::clone(&self.seat) }
    }
}

impl<A: Actor> ActorRef<A> {
    /// A reference to an actor that runs already and is never restarted (a socket actor). Such an actor calls
    /// `ctx.set_mailbox_capacity(0)` first, so that the bound of `stats` alone decides.
    pub fn new(addr: Addr<A>, stats: Arc<ActorStats>) -> Self {
        Self::made(Some(Arc::new(addr)), stats, false)
    }

    pub(super) fn supervised(stats: Arc<ActorStats>) -> Self {
        Self::made(None, stats, true)
    }

    fn made(addr: Option<Arc<Addr<A>>>, stats: Arc<ActorStats>, owned: bool) -> Self {
        let seat = Seat { addr: RwLock::new(addr), stats, owned, retired: AtomicBool::new(false) };
        Self { seat: Arc::new(seat) }
    }

    /// Stops the actor at its next turn and for good; what still waits in its mailbox is dropped.
    pub fn retire(&self) {
        self.seat.retired.store(true, Ordering::Relaxed);
        self.seat.stats.request_stop();
    }

    pub(super) fn is_retired(&self) -> bool {
        self.seat.retired.load(Ordering::Relaxed)
    }

    pub(super) fn seat(&self, addr: Option<Addr<A>>) {
        let next = addr.map(Arc::new);
        drop(std::mem::replace(&mut *self.seat.addr.write(), next));
    }

    /// A reference that does not keep the actor alive.
    pub fn downgrade(&self) -> WeakActorRef<A> {
        WeakActorRef { seat: Arc::downgrade(&self.seat) }
    }

    /// Whether a message sent now would find somebody.
    pub fn is_up(&self) -> bool {
        self.addr().is_ok_and(|addr| addr.connected())
    }

    /// Counters of the actor.
    pub fn stats(&self) -> &Arc<ActorStats> {
        &self.seat.stats
    }

    /// Whether both refer to the same actor.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.seat, &other.seat)
    }

    fn addr(&self) -> Result<Arc<Addr<A>>, PostError> {
        self.seat.addr.read().clone().ok_or(PostError::Closed)
    }

    fn reach<M>(&self, message: M) -> Result<(Arc<Addr<A>>, Posted<M>), PostError> {
        let addr = self.addr().inspect_err(|_closed| self.seat.stats.record_refused())?;
        Ok((addr, Posted::new(message, &self.seat.stats)?))
    }
}

impl<A, M> Target<M> for ActorRef<A>
where
    A: Actor + Handler<Posted<M>>,
    A::Context: ToEnvelope<A, Posted<M>>,
    M: Message + Send + 'static,
    M::Result: Send,
{
    fn stats(&self) -> &Arc<ActorStats> {
        &self.seat.stats
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that posts: bounded and counted around it")]
    fn deliver(&self, message: M) -> Result<(), PostError> {
        let (addr, posted) = self.reach(message)?;
        let (error, posted) = match addr.try_send(posted) {
            Ok(()) => {
                self.seat.stats.record_posted();
                return Ok(());
            }
            Err(SendError::Full(posted)) => (PostError::Full, posted),
            Err(SendError::Closed(posted)) => (PostError::Closed, posted),
        };
        posted.refuse();
        Err(error)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks: bounded, counted, and under a deadline"
    )]
    fn request(&self, message: M) -> Result<Answer<M::Result>, PostError> {
        let (addr, posted) = self.reach(message)?;
        if !addr.connected() {
            posted.refuse();
            return Err(PostError::Closed);
        }
        let answer = addr.send(posted);
        self.seat.stats.record_posted();
        Ok(Box::pin(async move { answer.await.ok() }))
    }
}

/// A reference that does not keep the actor alive.
pub struct WeakActorRef<A: Actor> {
    seat: Weak<Seat<A>>,
}

impl<A: Actor> Clone for WeakActorRef<A> {
    fn clone(&self) -> Self {
        Self { seat: Weak::clone(&self.seat) }
    }
}

impl<A: Actor> WeakActorRef<A> {
    /// The full reference, while somebody else still holds one.
    pub fn upgrade(&self) -> Option<ActorRef<A>> {
        self.seat.upgrade().map(|seat| ActorRef { seat })
    }
}
