//! Starts actors, sees them end, and starts the permanent ones again, each time with fresh state.
//!
//! ```text
//!            ┌────────────────────────── backoff ◀──────────────┐
//!            ▼                                                  │ limit not used up
//! supervise ─▶ factory ─▶ running ─▶ ended (stop or panic) ─▶ permanent? ─no─▶ on_end, once
//!                                                               │ limit used up    ▲
//!                                                               └── escalated ─────┘
//! ```
//! The context is driven by a task of its own whose end is awaited: a panic shows as the task's, and by then the mailbox
//! is closed and all state dropped. actix's own supervisor sees no panic and keeps the broken state.
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use actix::dev::channel::{AddressReceiver, channel};
use actix::{Actor, ActorContext, ActorFutureExt, Addr, AsyncContext, Context, WrapFuture};
use workbot_schema::wire::actor_snapshot::ActorState;

use super::arbiters::Arbiters;
use super::child::{ChildSpec, Policy};
use super::clock::{Clock, millis};
use super::exit::{Ended, ExitReason, OnEnd};
use super::mailbox::{ActorRef, WeakActorRef};
use super::registry::{Registration, Registry};
use super::restart::{RestartWindow, Verdict};
use super::stats::ActorStats;

/// What every part of the tree is started with. Clones share everything.
#[derive(Clone)]
pub struct Kernel {
    pub clock: Clock,
    pub registry: Registry,
    pub arbiters: Arbiters,
}

impl Kernel {
    /// A kernel with an empty registry.
    pub fn new(clock: Clock, arbiters: Arbiters) -> Self {
        Self { registry: Registry::new(clock.clone()), clock, arbiters }
    }
}

/// Starts the actor `id` on the arbiter its spec names and looks after it from there. The reference takes messages at
/// once. `factory` runs on that arbiter for every incarnation and must not block; it gets the counters, which the actor
/// keeps for work that does not come by mail. When the last reference is gone the actor stops and stays away. `on_end`
/// is told once that it will not come back, unless [`ActorRef::retire`] or the loss of all references meant it.
pub fn supervise<A, F>(
    kernel: &Kernel,
    spec: &ChildSpec,
    id: &str,
    parent: Option<Arc<str>>,
    factory: F,
    on_end: OnEnd,
) -> ActorRef<A>
where
    A: Actor<Context = Context<A>>,
    F: Fn(&mut Context<A>, Arc<ActorStats>) -> A + Send + 'static,
{
    let stats = ActorStats::new(spec.kind, id, parent, spec.mailbox_capacity, kernel.clock.now());
    let registration = kernel.registry.register(Arc::clone(&stats));
    let actor = ActorRef::supervised(stats);
    let receiver = open(&actor);
    let life = Life { kernel: kernel.clone(), spec: *spec, registration, actor: actor.downgrade(), on_end };
    let arbiter = kernel.arbiters.pick(spec.lane, id);
    // A dead arbiter drops the closure and with it the mailbox: every post then answers that it is closed.
    if !arbiter.spawn_fn(move || drop(actix_rt::spawn(life.run(receiver, factory)))) {
        log::error!(kind = spec.kind, id = id; "actor {id} has no arbiter to live on");
    }
    actor
}

/// A new mailbox for the next incarnation. Unbounded for actix: the places of the stats are the bound.
fn open<A: Actor<Context = Context<A>>>(actor: &ActorRef<A>) -> AddressReceiver<A> {
    let (sender, receiver) = channel(0);
    actor.seat(Some(Addr::new(sender)));
    receiver
}

/// The supervising side of one actor, from its first start to its last end.
struct Life<A: Actor> {
    kernel: Kernel,
    spec: ChildSpec,
    registration: Registration,
    actor: WeakActorRef<A>,
    on_end: OnEnd,
}

impl<A: Actor<Context = Context<A>>> Life<A> {
    async fn run<F>(self, mut receiver: AddressReceiver<A>, factory: F)
    where
        F: Fn(&mut Context<A>, Arc<ActorStats>) -> A + 'static,
    {
        let factory = Rc::new(factory);
        let mut window = RestartWindow::new(self.spec.restarts);
        loop {
            let (reason, is_asked) = self.incarnation(receiver, &factory).await;
            self.stats().record_exit(reason);
            if reason == ExitReason::Panicked {
                self.kernel.registry.count_failure();
            }
            let Some(actor) = self.wanted() else { return self.end_as_meant(reason) };
            actor.seat(None);
            drop(actor);
            if self.spec.policy == Policy::Temporary {
                return self.end(reason);
            }
            // An end that somebody asked for says nothing about the actor's health.
            let verdict = if is_asked {
                Verdict::Restart { attempt: 1 }
            } else {
                window.record(self.kernel.clock.monotonic_ms())
            };
            let Verdict::Restart { attempt } = verdict else {
                return self.escalate(reason);
            };
            self.wait(attempt, reason).await;
            let Some(actor) = self.wanted() else { return self.end_as_meant(reason) };
            self.stats().record_restart();
            receiver = open(&actor);
        }
    }

    /// One life of the actor, until all of it is dropped; how it ended, and whether somebody had asked for that.
    async fn incarnation<F>(&self, receiver: AddressReceiver<A>, factory: &Rc<F>) -> (ExitReason, bool)
    where
        F: Fn(&mut Context<A>, Arc<ActorStats>) -> A + 'static,
    {
        let (stats, clock, factory) =
            (Arc::clone(self.stats()), self.kernel.clock.clone(), Rc::clone(factory));
        let is_asked = Rc::new(Cell::new(false));
        let asked = Rc::clone(&is_asked);
        let task = actix_rt::spawn(async move {
            let mut ctx = Context::with_receiver(receiver);
            let actor = factory(&mut ctx, Arc::clone(&stats));
            stats.enter(ActorState::Running, clock.now());
            let stop = async move {
                stats.stopping().await;
                asked.set(true);
            };
            ctx.spawn(stop.into_actor(&actor).map(|(), _actor, ctx| ctx.stop()));
            ctx.into_future(actor).await;
        });
        match task.await {
            Err(error) if error.is_panic() => (ExitReason::Panicked, false),
            Ok(()) | Err(_) => (ExitReason::Stopped, is_asked.get()),
        }
    }

    /// Waits before a restart; a stop request meanwhile cuts the wait short.
    async fn wait(&self, attempt: u32, reason: ExitReason) {
        let delay = self.spec.backoff.delay(attempt, rand::random());
        let (kind, id, delay_ms) = (self.spec.kind, self.stats().id(), millis(delay));
        log::warn!(kind = kind, id = id, reason:? = reason, attempt = attempt, delay_ms = delay_ms;
            "actor {id} ended and is started again in {delay_ms} ms");
        self.stats().enter(ActorState::Restarting, self.kernel.clock.now());
        drop(tokio::time::timeout(delay, self.stats().stopping()).await);
    }

    /// The actor, unless everybody let go of it or it was retired.
    fn wanted(&self) -> Option<ActorRef<A>> {
        self.actor.upgrade().filter(|actor| !actor.is_retired())
    }

    fn end_as_meant(self, reason: ExitReason) {
        log::debug!(kind = self.spec.kind, id = self.stats().id(), reason:? = reason; "actor ended as meant");
        self.registration.close(reason);
    }

    fn escalate(self, reason: ExitReason) {
        let (id, restarts) = (self.stats().id(), self.stats().restarts());
        log::error!(kind = self.spec.kind, id = id, reason:? = reason, restarts = restarts;
            "actor {id} ended too often and stays down");
        self.kernel.registry.count_failure();
        self.end(ExitReason::Escalated);
    }

    fn end(self, reason: ExitReason) {
        let stats = Arc::clone(self.stats());
        if reason == ExitReason::Panicked {
            log::error!(kind = self.spec.kind, id = stats.id(); "actor {} panicked", stats.id());
        }
        self.registration.close(reason);
        let ended =
            Ended { kind: self.spec.kind, id: stats.id().to_owned(), reason, restarts: stats.restarts() };
        (self.on_end)(ended);
    }

    fn stats(&self) -> &Arc<ActorStats> {
        self.registration.stats()
    }
}
