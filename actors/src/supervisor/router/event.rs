//! Events of committed writes, in commit order.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::{AsyncContext, Context, Handler};
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::Robot;

use super::{Admit, HINTS_MAX, Judged, JudgedRobot, Refresh, RouterActor};
use crate::journal::{Event, Published};
use crate::kernel::{Posted, post};
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::robot::submission::CLEAR_QUEUE;
use crate::supervisor::directory::{PresenceReason, RobotEntry};
use crate::supervisor::routing::{Consequence, QueueEffect, WakeUp, consequence, on_moved};

impl RouterActor {
    fn follow(&mut self, event: &Event, ctx: &mut Context<Self>) {
        self.converse(event, ctx);
        match event {
            Event::PlacesKept(places) => {
                self.give_back();
                self.places = Some(Arc::clone(places));
            }
            Event::CommandQueued(command) => {
                if !self.is_counted(command.robot_uuid) {
                    let effect = QueueEffect { delta: 1, wake: WakeUp::Now };
                    self.count(command.robot_uuid, effect, ctx);
                } else if let Some(entry) = self.parts.directory.find(command.robot_uuid) {
                    entry.wake();
                }
                if command.command_type == CLEAR_QUEUE
                    && let Some(entry) = self.parts.directory.find(command.robot_uuid)
                {
                    entry.wake_to_clear();
                }
            }
            Event::CommandMoved { command, from } => {
                let effect = on_moved(*from, command.state, command.not_before, self.now());
                self.count(command.robot_uuid, effect, ctx);
            }
            Event::CommandsCancelled { robot, ids } => {
                let delta = -i64::try_from(ids.len()).unwrap_or(i64::MAX);
                self.count(*robot, QueueEffect { delta, wake: WakeUp::Never }, ctx);
            }
            Event::DeliveryQueued(delivery) => self.parts.endpoints.deliver(Arc::clone(delivery)),
            Event::RobotChanged(robot) => self.change(robot),
            Event::MembersChanged { robot, users } => {
                let entry = self.parts.directory.change_members(robot, users);
                self.known(robot.id, entry, |_actor, _entry| {});
            }
            Event::TokensRevoked(robot) => {
                let entry = self.parts.directory.revoke_tokens(*robot);
                self.known(*robot, entry, |actor, entry| {
                    actor.close(entry, CloseCause::Refused, PresenceReason::Refused);
                });
            }
            Event::BindingChanged { robot, binding_type, url } => {
                let entry = self.parts.directory.change_binding(robot, *binding_type, url.clone());
                self.known(robot.id, entry, |_actor, _entry| {});
            }
            Event::MessageStored(_)
            | Event::MessageSettled { .. }
            | Event::MessageReopened { .. }
            | Event::DeliveryMoved(_)
            | Event::Configured { .. }
            | Event::RunStarted(_)
            | Event::RunSaved(_)
            | Event::SessionChanged(_)
            | Event::AlertRaised { .. }
            | Event::AlertChanged(_)
            | Event::NotificationQueued(_)
            | Event::NotificationMoved(_)
            | Event::AiCalled(_) => {}
        }
    }

    /// Whether a place was kept for a command that is in the queue now: then it is counted with that.
    fn is_counted(&self, robot: RobotUuid) -> bool {
        self.places.as_ref().is_some_and(|places| places.robot() == robot && places.arrive())
    }

    /// What was kept for commands that were not stored.
    fn give_back(&mut self) {
        if let Some(places) = self.places.take() {
            places.release();
        }
    }

    /// Acts on an entry, or remembers that a robot that is just being read has changed.
    fn known(
        &mut self,
        robot: RobotUuid,
        entry: Option<Arc<RobotEntry>>,
        act: impl FnOnce(&mut Self, &Arc<RobotEntry>),
    ) {
        match entry {
            Some(entry) => act(self, &entry),
            None if self.loading.is_empty() => {}
            None => {
                self.changed_meanwhile.insert(robot);
            }
        }
    }

    fn count(&mut self, robot: RobotUuid, effect: QueueEffect, ctx: &mut Context<Self>) {
        let entry = self.parts.directory.find(robot);
        self.known(robot, entry, |actor, entry| {
            let queued = entry.queued.fetch_add(effect.delta, Ordering::Relaxed).saturating_add(effect.delta);
            match effect.wake {
                WakeUp::Now if queued > 0 => entry.wake(),
                WakeUp::At(at) => actor.wake_later(entry, at, ctx),
                WakeUp::Now | WakeUp::Never => {}
            }
        });
    }

    /// A hint that comes earlier than the sweep.
    fn wake_later(
        &mut self,
        entry: &Arc<RobotEntry>,
        at: workbot_schema::fields::Ts,
        ctx: &mut Context<Self>,
    ) {
        if self.hints >= HINTS_MAX {
            return;
        }
        self.hints += 1;
        let wait = (at.utc() - self.parts.clock.now()).to_std().unwrap_or_default();
        let entry = Arc::clone(entry);
        ctx.run_later(wait, move |actor, _ctx| {
            actor.hints = actor.hints.saturating_sub(1);
            entry.wake();
        });
    }

    fn change(&mut self, robot: &Robot) {
        let before = self.parts.directory.find(robot.id).map(|entry| entry.profile());
        let entry = self.parts.directory.change_robot(robot);
        self.known(robot.id, entry, |actor, entry| {
            if let Some(before) = before {
                actor.consequences(&before.robot, entry);
            }
        });
    }

    /// What a change means for the socket of a robot.
    pub(super) fn consequences(&self, before: &Robot, entry: &RobotEntry) {
        let after = entry.profile();
        match consequence(before, &after.robot, self.now()) {
            Consequence::Nothing => {}
            Consequence::Refuse => self.close(entry, CloseCause::Refused, PresenceReason::Refused),
            Consequence::Configure => {
                if let Some(socket) = entry.socket()
                    && let Err(error) = post(&socket.orders, RobotOrder::Configure)
                {
                    let robot = after.robot.robot_id.as_str();
                    log::debug!(robot = robot, error:% = error; "a robot gets its settings with the next connect");
                }
            }
        }
    }

    fn follow_judgement(&self, judged: JudgedRobot) {
        let Some(entry) = self.parts.directory.find(judged.robot) else { return };
        if entry.generation() != judged.generation {
            return;
        }
        match judged.close {
            Some(cause) => self.close(&entry, cause, judged.reason),
            None => {
                let now_ms = self.now_ms();
                self.parts.directory.set_presence(&entry, judged.presence, judged.reason, now_ms);
            }
        }
    }
}

impl Handler<Posted<Published>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Published>, ctx: &mut Self::Context) {
        let (Published { events, .. }, _handling) = posted.open(self.now_ms());
        for event in events.iter() {
            self.follow(event, ctx);
        }
        self.give_back();
    }
}

impl Handler<Posted<Judged>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Judged>, _ctx: &mut Self::Context) {
        let (Judged(robots), _handling) = posted.open(self.now_ms());
        robots.into_iter().for_each(|judged| self.follow_judgement(judged));
    }
}

impl Handler<Posted<Admit>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Admit>, _ctx: &mut Self::Context) {
        let (Admit(profiles), _handling) = posted.open(self.now_ms());
        for (profile, queued) in profiles {
            self.parts.directory.admit(profile, queued, self.now_ms());
        }
    }
}

impl Handler<Posted<Refresh>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Refresh>, _ctx: &mut Self::Context) {
        let (Refresh(profiles), _handling) = posted.open(self.now_ms());
        for (profile, queued) in profiles {
            let Some((entry, before)) = self.parts.directory.refresh(profile) else { continue };
            // Commands made by another process tell nobody either.
            entry.queued.store(queued, Ordering::Relaxed);
            self.consequences(&before.robot, &entry);
        }
    }
}
