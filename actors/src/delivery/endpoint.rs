//! The actor of one endpoint.
//!
//! - *Owns:* the order of its deliveries, what is in flight. Its health lies on the [`EndpointBoard`].
//! - *Started by:* the router, at the first delivery. *Supervised:* temporary.
//! - *Mailbox:* [`SPEC`]; when it is full, or more is known than fits, a delivery is left to the sweep.
//! - *Lost on crash:* the calls under way and their answers, unless recorded.
//! - *Recovered from:* rows still pending, sent again by the sweep with the same `webhook-id`.
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt, AsyncContext, Context, Handler, Message, SpawnHandle, WrapFuture};
use chrono::TimeDelta;
use tokio::sync::Semaphore;
use workbot_schema::deliveries::{Delivery, DeliveryState};
use workbot_schema::fields::Ts;
use workbot_schema::ids::DeliveryId;

use super::attempt::{self, Step};
use super::board::EndpointBoard;
use super::counters::count;
use super::outcome::{Attempted, fall_back, unsent};
use super::queue::{DeliveryQueue, Dropped, QueueLimits};
use super::record::{self, Stored};
use super::slot::Slot;
use super::{Deliver, DeliveryParts, EndpointIdle, ResumeEndpoint, pull};
use crate::kernel::{ActorRef, ActorStats, Backoff, ChildSpec, Lane, Policy, Posted, RestartLimit, post};

/// How endpoints are run.
pub const SPEC: ChildSpec = ChildSpec {
    kind: "delivery",
    policy: Policy::Temporary,
    restarts: RestartLimit { max: 0, within: Duration::ZERO },
    backoff: Backoff { min: Duration::ZERO, max: Duration::ZERO },
    mailbox_capacity: 1_024,
    lane: Lane::Work,
};

/// Replies fetched at the same time.
const PULLS: usize = 64;
/// Deliveries known beyond those that wait: under way, or about to be written off.
const KNOWN_BEYOND: usize = 1_024;
/// Ended deliveries remembered, against rows the sweep read before they ended.
const ENDED: usize = 256;
/// A row younger than this comes from the journal's event and is not read again.
const FRESH: TimeDelta = TimeDelta::seconds(1);

/// Whether an endpoint that said it is idle may be retired now. To be asked by the only one that sends to it.
pub fn may_retire(actor: &ActorRef<DeliveryActor>, board: &EndpointBoard, endpoint: &str) -> bool {
    actor.stats().depth() == 0 && board.is_idle(endpoint)
}

/// Looks what is due.
#[derive(Message)]
#[rtype(result = "()")]
struct TickQueue;

struct Known {
    delivery: Arc<Delivery>,
    /// The row may have moved since it was read.
    is_doubtful: bool,
    /// The callback before a pull.
    posted: Option<Attempted>,
}

#[derive(Default)]
struct Ended {
    order: VecDeque<DeliveryId>,
    ids: HashSet<DeliveryId>,
}

impl Ended {
    fn add(&mut self, id: DeliveryId) {
        if self.order.len() >= ENDED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        if self.ids.insert(id.clone()) {
            self.order.push_back(id);
        }
    }
}

/// The actor.
pub struct DeliveryActor {
    parts: DeliveryParts,
    endpoint: Arc<str>,
    stats: Arc<ActorStats>,
    slot: Arc<Slot>,
    /// Everything here: waiting, under way, being recorded.
    known: HashMap<DeliveryId, Known>,
    posts: DeliveryQueue<DeliveryId>,
    pulls: DeliveryQueue<DeliveryId>,
    ended: Ended,
    gate: Arc<Semaphore>,
    busy_until: Duration,
    wake: Option<(Duration, SpawnHandle)>,
}

impl DeliveryActor {
    /// The actor of `endpoint`; takes up the health its predecessor left.
    pub fn new(parts: DeliveryParts, endpoint: Arc<str>, stats: Arc<ActorStats>) -> Self {
        let limits = parts.settings.limits;
        let slot = parts.board.open(&endpoint, parts.clock.monotonic_ms());
        Self {
            endpoint,
            stats,
            slot,
            known: HashMap::new(),
            posts: DeliveryQueue::new(limits),
            pulls: DeliveryQueue::new(QueueLimits { in_flight: PULLS, ..limits }),
            ended: Ended::default(),
            gate: Arc::new(Semaphore::new(limits.in_flight)),
            busy_until: parts.monotonic(),
            wake: None,
            parts,
        }
    }

    fn take(&mut self, delivery: Arc<Delivery>, ctx: &mut Context<Self>) {
        let is_strange = *delivery.endpoint != *self.endpoint || delivery.state != DeliveryState::Pending;
        if is_strange || self.known.contains_key(&delivery.id) || self.ended.ids.contains(&delivery.id) {
            return;
        }
        if self.known.len() >= self.parts.settings.limits.waiting.saturating_add(KNOWN_BEYOND) {
            count(&self.parts.board.counters().deferred);
            return;
        }
        self.slot.note(&delivery, self.parts.clock.monotonic_ms());
        let is_doubtful = delivery.attempts > 0 || self.parts.clock.now() - delivery.created_at.utc() > FRESH;
        let known = Known { delivery: Arc::clone(&delivery), is_doubtful, posted: None };
        self.known.insert(delivery.id.clone(), known);
        let dropped = if delivery.attempts == 0 {
            self.posts.push(delivery.id.clone(), &delivery.chat, self.parts.monotonic())
        } else {
            self.restore(&delivery)
        };
        self.drop_oldest(dropped, ctx);
    }

    /// Puts a delivery whose earlier attempt failed into the queue.
    fn restore(&mut self, delivery: &Delivery) -> Option<Dropped<DeliveryId>> {
        let due = self.due(delivery);
        self.posts.restore(delivery.id.clone(), &delivery.chat, due, self.parts.monotonic())
    }

    /// The row's wall time as monotonic time.
    fn due(&self, delivery: &Delivery) -> Duration {
        let wait = delivery.due_at.map(|due_at| due_at.utc() - self.parts.clock.now());
        // No delay is longer, unless the clock was set back since the row was written.
        let longest = self.parts.settings.retry_delays.iter().max().copied().unwrap_or_default();
        let wait = wait.and_then(|wait| wait.to_std().ok()).unwrap_or_default().min(longest);
        self.parts.monotonic().saturating_add(wait)
    }

    fn drop_oldest(&mut self, dropped: Option<Dropped<DeliveryId>>, ctx: &mut Context<Self>) {
        if let Some(Dropped { id, dropped }) = dropped {
            self.slot.count_dropped();
            count(&self.parts.board.counters().dropped);
            if dropped == 1 {
                log::warn!(endpoint = &*self.endpoint; "a callback endpoint is too slow; its oldest callbacks are dropped");
            }
            self.write_off(id, DeliveryState::Dropped, "the backlog of the endpoint is full", ctx);
        }
    }

    /// Ends a delivery without a call.
    fn write_off(
        &mut self,
        id: DeliveryId,
        state: DeliveryState,
        error: &'static str,
        ctx: &mut Context<Self>,
    ) {
        let Some(known) = self.known.get(&id) else { return };
        let (parts, delivery) = (self.parts.clone(), Arc::clone(&known.delivery));
        let work = async move {
            let mut write = unsent(&delivery, state, error);
            if let Ok(Some(profile)) = parts.profile(delivery.robot_uuid).await {
                fall_back(&mut write, &delivery, &profile.robot.settings.0);
            }
            match record::store(&parts, &delivery, write, None).await {
                Stored::Row(row) => {
                    if row.state == DeliveryState::Failed {
                        count(&parts.board.counters().failed);
                    }
                    Step::Moved(row)
                }
                Stored::Over => Step::Over,
                Stored::GaveUp => Step::Forgotten,
            }
        };
        self.spawn(id, work, ctx);
    }

    /// Starts what may start, shows how full it is, and sets the timer.
    fn pump(&mut self, ctx: &mut Context<Self>) {
        let now = self.parts.monotonic();
        if self.slot.is_paused() {
            self.refuse_waiting(now, ctx);
        }
        for id in self.posts.next(now) {
            self.call(id, ctx);
        }
        for id in self.pulls.next(now) {
            self.fetch(id, ctx);
        }
        let waiting = self.posts.waiting().saturating_add(self.pulls.waiting());
        self.slot.show(waiting, self.known.len().saturating_sub(waiting));
        if !self.known.is_empty() {
            self.busy_until = now;
        }
        self.arm(now, ctx);
    }

    /// The endpoint is paused: what waits fails at once, but for a probe that is due.
    fn refuse_waiting(&mut self, now: Duration, ctx: &mut Context<Self>) {
        let mut waiting = self.posts.clear_waiting().into_iter().peekable();
        if waiting.peek().is_some()
            && self.slot.take_probe(now, self.parts.settings.pause)
            && let Some(probe) = waiting.next()
        {
            self.call(probe, ctx);
        }
        for id in waiting {
            self.write_off(
                id,
                DeliveryState::Failed,
                "the endpoint is paused because it fails for too long",
                ctx,
            );
        }
    }

    fn call(&mut self, id: DeliveryId, ctx: &mut Context<Self>) {
        let Some(known) = self.known.get(&id) else { return };
        let (delivery, is_doubtful) = (Arc::clone(&known.delivery), known.is_doubtful);
        self.spawn(id, attempt::run(self.parts.clone(), Arc::clone(&self.slot), delivery, is_doubtful), ctx);
    }

    fn fetch(&mut self, id: DeliveryId, ctx: &mut Context<Self>) {
        let Some(known) = self.known.get_mut(&id) else { return };
        let (delivery, posted) = (Arc::clone(&known.delivery), known.posted.take());
        let (parts, slot, gate) = (self.parts.clone(), Arc::clone(&self.slot), Arc::clone(&self.gate));
        self.spawn(id, pull::run(parts, slot, gate, delivery, posted), ctx);
    }

    fn spawn(&self, id: DeliveryId, work: impl Future<Output = Step> + 'static, ctx: &mut Context<Self>) {
        ctx.spawn(work.into_actor(self).map(|step, actor, ctx| {
            actor.follow(id, step, ctx);
            actor.pump(ctx);
        }));
    }

    fn follow(&mut self, id: DeliveryId, step: Step, ctx: &mut Context<Self>) {
        match step {
            Step::Moved(row) if row.state == DeliveryState::Pending => {
                let due = self.due(&row);
                let dropped = if self.posts.contains(&id) {
                    self.posts.retry(&id, due)
                } else {
                    // A probe was taken out of the queue before.
                    self.restore(&row)
                };
                self.known.insert(id, Known { delivery: Arc::from(row), is_doubtful: false, posted: None });
                self.drop_oldest(dropped, ctx);
            }
            Step::Moved(_) | Step::Over => {
                self.forget(&id);
                self.ended.add(id);
            }
            Step::Orphaned => {
                self.posts.finish(&id);
                self.pulls.finish(&id);
                self.write_off(id, DeliveryState::Failed, "the robot was deleted", ctx);
            }
            Step::Forgotten => self.forget(&id),
            Step::Pull(posted) => {
                self.posts.finish(&id);
                if let Some(known) = self.known.get_mut(&id) {
                    known.posted = posted.map(|posted| *posted);
                }
                // Replies come when they come: no pull waits for another one of its chat.
                let dropped = self.pulls.push(id.clone(), id.as_str(), self.parts.monotonic());
                self.drop_oldest(dropped, ctx);
            }
        }
    }

    fn forget(&mut self, id: &DeliveryId) {
        self.posts.finish(id);
        self.pulls.finish(id);
        self.known.remove(id);
    }

    fn arm(&mut self, now: Duration, ctx: &mut Context<Self>) {
        let work = self.posts.next_wake().into_iter().chain(self.pulls.next_wake()).min();
        let idle = self.known.is_empty().then(|| self.busy_until.saturating_add(self.parts.settings.idle));
        let next = work.into_iter().chain(idle).min();
        if let Some((at, handle)) = self.wake.take() {
            if next == Some(at) {
                self.wake = Some((at, handle));
                return;
            }
            ctx.cancel_future(handle);
        }
        if let Some(at) = next {
            let wait = at.saturating_sub(now).max(Duration::from_millis(1));
            self.wake = Some((at, ctx.notify_later(TickQueue, wait)));
        }
    }
}

impl Actor for DeliveryActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.pump(ctx);
    }
}

impl Handler<Posted<Deliver>> for DeliveryActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Deliver>, ctx: &mut Self::Context) {
        let (Deliver(delivery), _handling) = posted.open(self.parts.clock.monotonic_ms());
        self.take(delivery, ctx);
        self.pump(ctx);
    }
}

impl Handler<Posted<ResumeEndpoint>> for DeliveryActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<ResumeEndpoint>, ctx: &mut Self::Context) {
        let (ResumeEndpoint, _handling) = posted.open(self.parts.clock.monotonic_ms());
        self.slot.resume(Ts::new(self.parts.clock.now()));
        self.pump(ctx);
    }
}

impl Handler<TickQueue> for DeliveryActor {
    type Result = ();

    fn handle(&mut self, TickQueue: TickQueue, ctx: &mut Self::Context) {
        let _handling = self.stats.handling("TickQueue", self.parts.clock.monotonic_ms());
        self.wake = None;
        let now = self.parts.monotonic();
        if self.known.is_empty() && now.saturating_sub(self.busy_until) >= self.parts.settings.idle {
            // A full router is told again after another idle time.
            if let Err(error) =
                post(&self.parts.router, EndpointIdle { endpoint: Arc::clone(&self.endpoint) })
            {
                log::debug!(endpoint = &*self.endpoint, error:% = error; "the router did not hear of an idle endpoint");
            }
            self.busy_until = now;
        }
        self.pump(ctx);
    }
}

#[cfg(test)]
#[path = "endpoint_tests.rs"]
mod tests;
