//! The living actors of callback endpoints, started at the first delivery. The map is shared, so it survives the router.
//!
//! Everything that sends to an endpoint lives on the core lane, so that "nothing waits, retire it" cannot be overtaken.
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use workbot_schema::deliveries::Delivery;

use super::tree;
use crate::delivery::{Deliver, DeliveryActor, DeliveryParts, EndpointBoard, ResumeEndpoint, may_retire};
use crate::kernel::{ActorRef, Kernel, PostError, post, supervise};

/// The living endpoints; clone freely.
#[derive(Clone)]
pub struct Endpoints {
    shared: Arc<Shared>,
}

struct Shared {
    kernel: Kernel,
    board: EndpointBoard,
    /// Given once everything an endpoint needs exists; the router that starts them is a part of that.
    parts: OnceLock<DeliveryParts>,
    actors: DashMap<Arc<str>, ActorRef<DeliveryActor>>,
    /// The server stops: nobody is started any more.
    is_closed: AtomicBool,
}

impl Endpoints {
    /// No endpoint yet; `board` keeps their health.
    pub fn new(kernel: Kernel, board: EndpointBoard) -> Self {
        let (parts, actors) = (OnceLock::new(), DashMap::new());
        let is_closed = AtomicBool::new(false);
        Self { shared: Arc::new(Shared { kernel, board, parts, actors, is_closed }) }
    }

    /// Gives what endpoints are made of; only the first call counts.
    pub fn equip(&self, parts: DeliveryParts) {
        if self.shared.parts.set(parts).is_err() {
            log::error!("endpoints were equipped twice");
        }
    }

    /// Hands a delivery to its endpoint, which is started if need be; one that cannot be handed over is left to the sweep.
    pub fn deliver(&self, delivery: Arc<Delivery>) {
        let Some(actor) = self.find_or_start(&delivery.endpoint) else { return };
        if post(&actor, Deliver(Arc::clone(&delivery))) != Err(PostError::Closed) {
            return;
        }
        // It ended between two messages; the next one takes over.
        self.shared.actors.remove_if(&*delivery.endpoint, |_endpoint, present| present.is_same(&actor));
        if let Some(actor) = self.find_or_start(&delivery.endpoint)
            && let Err(error) = post(&actor, Deliver(Arc::clone(&delivery)))
        {
            log::debug!(endpoint = delivery.endpoint.as_str(), error:% = error; "a delivery is left to the sweep");
        }
    }

    /// Ends the pause of an endpoint; whether it was paused.
    pub fn resume(&self, endpoint: &str) -> bool {
        let was_paused = self.shared.board.resume(endpoint, self.shared.kernel.clock.now().into());
        if let Some(actor) = self.find(endpoint)
            && let Err(error) = post(&actor, ResumeEndpoint)
        {
            log::debug!(endpoint = endpoint, error:% = error; "an endpoint resumes with its next delivery");
        }
        was_paused
    }

    /// Retires an endpoint that says it has nothing to do, if that is still so.
    pub fn retire_idle(&self, endpoint: &str) {
        if let Some(actor) = self.find(endpoint)
            && may_retire(&actor, &self.shared.board, endpoint)
        {
            self.shared.actors.remove(endpoint);
            actor.retire();
        }
    }

    /// Retires every endpoint and starts none any more; calls under way are cut off and made again after the next start.
    pub fn retire_all(&self) {
        self.shared.is_closed.store(true, Ordering::Release);
        self.shared.actors.retain(|_endpoint, actor| {
            actor.retire();
            false
        });
    }

    /// Health and counters of all endpoints.
    pub fn board(&self) -> &EndpointBoard {
        &self.shared.board
    }

    /// Calls under way to all endpoints.
    pub fn in_flight(&self) -> usize {
        self.shared.board.list().iter().map(|endpoint| endpoint.in_flight).sum()
    }

    /// The actor of an endpoint, if it lives.
    pub fn find(&self, endpoint: &str) -> Option<ActorRef<DeliveryActor>> {
        self.shared.actors.get(endpoint).map(|actor| actor.value().clone())
    }

    fn find_or_start(&self, endpoint: &str) -> Option<ActorRef<DeliveryActor>> {
        let Some(parts) = self.shared.parts.get() else {
            log::error!(endpoint = endpoint; "a delivery came before endpoints can be started");
            return None;
        };
        let endpoint: Arc<str> = Arc::from(endpoint);
        Some(match self.shared.actors.entry(Arc::clone(&endpoint)) {
            Entry::Occupied(living) => living.get().clone(),
            // Asked under the lock of the place, so that nobody is started behind the one who retires all.
            Entry::Vacant(_place) if self.shared.is_closed.load(Ordering::Acquire) => return None,
            Entry::Vacant(place) => place.insert(self.start(parts.clone(), endpoint)).value().clone(),
        })
    }

    fn start(&self, parts: DeliveryParts, endpoint: Arc<str>) -> ActorRef<DeliveryActor> {
        let (id, ended) = (Arc::clone(&endpoint), Arc::clone(&endpoint));
        let living = self.clone();
        let on_end = move |_ended| {
            living.shared.actors.remove_if(&ended, |_endpoint, actor| !actor.is_up());
        };
        supervise(
            &self.shared.kernel,
            &tree::ENDPOINT,
            &id,
            Some(Arc::from(tree::ROUTER_ID)),
            move |_ctx, stats| DeliveryActor::new(parts.clone(), Arc::clone(&endpoint), stats),
            Box::new(on_end),
        )
    }
}

#[cfg(test)]
mod tests {
    use workbot_schema::deliveries::endpoint_of;
    use workbot_schema::wire::presence_callback::PresenceCallback;

    use super::*;
    use crate::supervisor::scene::Scene;

    #[actix::test]
    async fn nobody_is_started_after_all_were_retired() {
        let scene = Scene::open().await;
        let entry = scene.robot(|_robot| {}).await;
        let robot = entry.profile().robot.clone();
        let delivery = |url: &str| {
            Arc::new(PresenceCallback::new(&robot, true, "meant", scene.now()).delivery(
                &robot,
                url,
                scene.now(),
            ))
        };
        let (before, after) = ("https://a.example/before", "https://a.example/after");
        scene.endpoints.deliver(delivery(before));
        assert!(scene.endpoints.find(&endpoint_of(robot.id, before)).is_some());
        scene.endpoints.retire_all();
        for url in [before, after] {
            scene.endpoints.deliver(delivery(url));
            assert!(scene.endpoints.find(&endpoint_of(robot.id, url)).is_none());
        }
    }
}
