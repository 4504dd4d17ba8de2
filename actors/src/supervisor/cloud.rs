//! The living actors of robots on hosted platforms, kept by the sweep: one that ended is started again within a second.
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;

use super::directory::RobotEntry;
use super::tree;
use crate::cloud::account::Account;
use crate::cloud::{CloudActor, CloudParts};
use crate::kernel::{ActorRef, Kernel, post, supervise};
use crate::robot::orders::RobotOrder;

/// The living hosted robots; clone freely.
#[derive(Clone)]
pub struct CloudRobots {
    shared: Arc<Shared>,
}

struct Shared {
    kernel: Kernel,
    /// Given once everything a hosted robot needs exists; the router is a part of that.
    parts: OnceLock<CloudParts>,
    actors: DashMap<RobotUuid, Living>,
    /// The server stops: nobody is started any more.
    is_closed: AtomicBool,
}

struct Living {
    actor: ActorRef<CloudActor>,
    /// The version of the robot's settings it was told of.
    version: AtomicI64,
}

impl CloudRobots {
    /// No robot yet.
    pub fn new(kernel: Kernel) -> Self {
        let (parts, actors) = (OnceLock::new(), DashMap::new());
        Self { shared: Arc::new(Shared { kernel, parts, actors, is_closed: AtomicBool::new(false) }) }
    }

    /// Gives what hosted robots are made of; only the first call counts.
    pub fn equip(&self, parts: CloudParts) {
        if self.shared.parts.set(parts).is_err() {
            log::error!("hosted robots were equipped twice");
        }
    }

    /// Starts the actor of a robot that lives on a platform and may serve, and tells a living one that its settings changed.
    pub fn keep(&self, entry: &Arc<RobotEntry>) {
        let Some(parts) = self.shared.parts.get() else { return };
        let profile = entry.profile();
        let now = Ts::new(self.shared.kernel.clock.now());
        if !Account::is_complete(&profile.robot) || profile.robot.refusal(now).is_some() {
            return;
        }
        let version = profile.robot.version;
        match self.shared.actors.entry(entry.uuid) {
            Entry::Occupied(living) => {
                let living = living.get();
                if living.version.swap(version, Ordering::AcqRel) != version
                    && let Err(error) = post(&living.actor, RobotOrder::Configure)
                {
                    log::debug!(error:% = error; "a hosted robot sees its settings with its next probe");
                }
            }
            // Asked under the lock of the place, so that nobody is started behind the one who retires all.
            Entry::Vacant(_place) if self.shared.is_closed.load(Ordering::Acquire) => {}
            Entry::Vacant(place) => {
                let actor = self.start(parts.clone(), Arc::clone(entry));
                place.insert(Living { actor, version: AtomicI64::new(version) });
            }
        }
    }

    /// Retires every actor and starts none any more; what is being handed over becomes unknown at the next start.
    pub fn retire_all(&self) {
        self.shared.is_closed.store(true, Ordering::Release);
        self.shared.actors.retain(|_robot, living| {
            living.actor.retire();
            false
        });
    }

    fn start(&self, parts: CloudParts, entry: Arc<RobotEntry>) -> ActorRef<CloudActor> {
        let (robot, living) = (entry.uuid, self.clone());
        let id = entry.profile().robot.robot_id.to_string();
        let on_end = move |_ended| {
            living.shared.actors.remove_if(&robot, |_robot, living| !living.actor.is_up());
        };
        supervise(
            &self.shared.kernel,
            &tree::CLOUD_ROBOT,
            &id,
            Some(Arc::from(tree::ROUTER_ID)),
            move |_ctx, stats| CloudActor::new(parts.clone(), Arc::clone(&entry), stats),
            Box::new(on_end),
        )
    }
}
