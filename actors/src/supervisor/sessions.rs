//! The living actors of conversations: started at the first thing that happens in one, put away when they have had nothing to do,
//! never more than `session.max_resident`. The map is shared, so it survives the router.
//!
//! Everything that sends to a conversation lives on the core lane, so that "nothing waits, retire it" cannot be overtaken. When
//! all that live are busy and one more is wanted, its work is left to the store; the sweep brings it again.
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;
use workbot_schema::commands::{CommandSource, CommandState, RobotCommand};
use workbot_schema::ids::{RobotUuid, RunId, SessionId};
use workbot_schema::messages::SessionMessage;
use workbot_schema::sessions::Session;

use super::residents::Residents;
use super::tree;
use crate::kernel::{ActorRef, AskError, Ended, ExitReason, Kernel, PostError, Target, ask, post, supervise};
use crate::session::counters::count;
use crate::session::orders::{Arrive, Change, Changed, Look, ORDER, Retire, Retry, SessionError, Tell};
use crate::session::seat::Seat;
use crate::session::{SPEC, SessionActor, SessionCounters, SessionParts};

/// Conversations whose crashes are remembered; when there are more, all are forgotten.
const CRASHED_MAX: usize = 1_000;

/// The living conversations; clone freely.
#[derive(Clone)]
pub struct Sessions {
    shared: Arc<Shared>,
}

struct Shared {
    kernel: Kernel,
    counters: Arc<SessionCounters>,
    /// Given once everything a conversation needs exists; the router that starts them is a part of that.
    parts: OnceLock<SessionParts>,
    residents: Mutex<Residents<SessionId, Resident>>,
    crashed: Mutex<HashMap<SessionId, u32>>,
    /// The server stops: nobody is started any more.
    is_closed: AtomicBool,
}

#[derive(Clone)]
struct Resident {
    actor: ActorRef<SessionActor>,
    seat: Arc<Seat>,
}

impl Resident {
    /// Whether it has nothing to do and nothing waits for it.
    fn may_retire(&self) -> bool {
        self.actor.stats().depth() == 0 && self.seat.is_idle()
    }
}

impl Sessions {
    /// No conversation yet; at most `max_resident` live at a time.
    pub fn new(kernel: Kernel, max_resident: usize) -> Self {
        let shared = Shared {
            kernel,
            counters: Arc::default(),
            parts: OnceLock::new(),
            residents: Mutex::new(Residents::new(max_resident)),
            crashed: Mutex::default(),
            is_closed: AtomicBool::new(false),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Gives what conversations are made of; only the first call counts.
    pub fn equip(&self, parts: SessionParts) {
        if self.shared.parts.set(parts).is_err() {
            log::error!("conversations were equipped twice");
        }
    }

    /// Counters of all conversations.
    pub fn counters(&self) -> &Arc<SessionCounters> {
        &self.shared.counters
    }

    /// How many live.
    pub fn len(&self) -> usize {
        self.shared.residents.lock().len()
    }

    /// Whether none lives.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The actor of a conversation, if it lives.
    pub fn find(&self, session: &SessionId) -> Option<ActorRef<SessionActor>> {
        self.shared.residents.lock().find(session).map(|resident| resident.actor.clone())
    }

    /// Turns under way.
    pub fn turning(&self) -> usize {
        self.shared.counters.turning.load(Ordering::Acquire)
    }

    /// A message without a reason was stored.
    pub fn arrive(&self, message: &Arc<SessionMessage>) {
        let place = (message.robot_uuid, message.session_id.clone());
        self.send(place, || Arrive(Arc::clone(message)));
    }

    /// A conversation may have something to do.
    pub fn look(&self, place: (RobotUuid, SessionId), permit: Option<OwnedSemaphorePermit>) {
        let Some(resident) = self.find_or_start(&place) else { return self.defer() };
        if let Err(error) = post(&resident.actor, Look(permit)) {
            // The permit is free again with the message; the sweep comes again.
            resident.seat.leave_more();
            log::debug!(session = place.1.as_str(), error:% = error; "a conversation is looked after later");
        }
    }

    /// A command has moved: a conversation hears of the end of its own ones, and that a robot which was away has one.
    pub fn tell(&self, command: &Arc<RobotCommand>) {
        let is_news = command.state.is_final()
            || command.state == CommandState::Unknown
            || (command.is_offline && command.state == CommandState::Confirmed);
        let session =
            command.session_id.clone().filter(|_session| command.source == CommandSource::Flow && is_news);
        if let Some(session) = session {
            self.send((command.robot_uuid, session), || Tell(Arc::clone(command)));
        }
    }

    /// The row of a conversation was changed; only one that lives must know.
    pub fn changed(&self, session: &Arc<Session>) {
        let living = self.shared.residents.lock().find(&session.id).cloned();
        if let Some(resident) = living
            && let Err(error) = post(&resident.actor, Changed(Arc::clone(session)))
        {
            log::debug!(session = session.id.as_str(), error:% = error; "a conversation learns of its change from the store");
        }
    }

    /// Hands on an order of a person.
    pub fn change(&self, change: Change) -> impl Future<Output = Result<Session, SessionError>> + use<> {
        let resident = self.find_or_start(&(change.robot, change.session.clone()));
        let asked = resident.map(|resident| ask(&resident.actor, change, ORDER));
        async move { asked.ok_or(SessionError::Away(AskError::Full))?.await? }
    }

    /// Tells a conversation that somebody typed on the phone.
    pub fn typed(&self, change: Change) {
        self.send((change.robot, change.session.clone()), || change.clone());
    }

    /// Hands on the wish to repeat a run.
    pub fn retry(&self, retry: Retry) -> impl Future<Output = Result<RunId, SessionError>> + use<> {
        let resident = self.find_or_start(&(retry.robot, retry.session.clone()));
        let asked = resident.map(|resident| ask(&resident.actor, retry, ORDER));
        async move { asked.ok_or(SessionError::Away(AskError::Full))?.await? }
    }

    /// Retires a conversation that says it has nothing to do, if that is still so.
    pub fn retire_idle(&self, session: &SessionId) {
        let mut residents = self.shared.residents.lock();
        if residents.find(session).is_some_and(Resident::may_retire)
            && let Some(resident) = residents.remove(session)
        {
            drop(residents);
            // It did what it had to: whatever crashed it is over.
            self.shared.crashed.lock().remove(session);
            retire(&resident);
        }
    }

    /// Retires every conversation and starts none any more; turns under way are taken up again after the next start.
    pub fn retire_all(&self) {
        self.shared.is_closed.store(true, Ordering::Release);
        let all: Vec<_> = self.shared.residents.lock().drain().collect();
        all.into_iter().for_each(|(_session, resident)| resident.actor.retire());
    }

    fn send<M>(&self, place: (RobotUuid, SessionId), message: impl Fn() -> M)
    where
        M: actix::Message + Send + 'static,
        M::Result: Send,
        ActorRef<SessionActor>: Target<M>,
    {
        let Some(resident) = self.find_or_start(&place) else { return self.defer() };
        let refused = match post(&resident.actor, message()) {
            Ok(()) => return,
            Err(PostError::Full) => PostError::Full,
            // It ended between two messages; the next one takes over.
            Err(PostError::Closed) => {
                self.forget(&place.1, &resident.actor);
                let Some(next) = self.find_or_start(&place) else { return self.defer() };
                match post(&next.actor, message()) {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
        };
        resident.seat.leave_more();
        count(&self.shared.counters.deferred);
        log::debug!(session = place.1.as_str(), error:% = refused; "something is left to the store");
    }

    fn defer(&self) {
        count(&self.shared.counters.deferred);
    }

    fn forget(&self, session: &SessionId, actor: &ActorRef<SessionActor>) {
        let mut residents = self.shared.residents.lock();
        if residents.find(session).is_some_and(|present| present.actor.is_same(actor)) {
            residents.remove(session);
        }
    }

    /// The actor of a conversation. `None` when all that live are busy, or the server stops.
    fn find_or_start(&self, place: &(RobotUuid, SessionId)) -> Option<Resident> {
        let Some(parts) = self.shared.parts.get() else {
            log::error!(session = place.1.as_str(); "a message came before conversations can be started");
            return None;
        };
        let mut residents = self.shared.residents.lock();
        if let Some(living) = residents.use_now(&place.1) {
            return Some(living.clone());
        }
        if self.shared.is_closed.load(Ordering::Acquire) {
            return None;
        }
        let evicted = if residents.is_full() { Some(residents.evict(Resident::may_retire)?) } else { None };
        let resident = self.start(parts.clone(), place.clone());
        residents.insert(place.1.clone(), resident.clone());
        drop(residents);
        if let Some((_session, idle)) = evicted {
            count(&self.shared.counters.evicted);
            retire(&idle);
        }
        Some(resident)
    }

    fn start(&self, parts: SessionParts, place: (RobotUuid, SessionId)) -> Resident {
        let seat = Arc::new(Seat::default());
        let (living, ended, own) = (self.clone(), place.1.clone(), Arc::clone(&seat));
        let crashes = self.shared.crashed.lock().get(&place.1).copied().unwrap_or(0);
        let on_end = move |end: Ended| living.over(&ended, end.reason);
        let id = place.1.clone();
        let actor = supervise(
            &self.shared.kernel,
            &SPEC,
            id.as_str(),
            Some(Arc::from(tree::ROUTER_ID)),
            move |_ctx, stats| {
                SessionActor::new(parts.clone(), place.clone(), Arc::clone(&own), crashes, stats)
            },
            Box::new(on_end),
        );
        Resident { actor, seat }
    }

    /// An actor ended by itself. Its next life counts the starts of whatever it takes up.
    fn over(&self, session: &SessionId, reason: ExitReason) {
        if reason == ExitReason::Panicked {
            let mut crashed = self.shared.crashed.lock();
            if crashed.len() >= CRASHED_MAX {
                crashed.clear();
            }
            let count = crashed.entry(session.clone()).or_default();
            *count = count.saturating_add(1);
        }
        let mut residents = self.shared.residents.lock();
        if residents.find(session).is_some_and(|present| !present.actor.is_up()) {
            residents.remove(session);
        }
    }
}

/// The last message of an actor that has nothing to do; its reference goes with the caller's.
fn retire(resident: &Resident) {
    if post(&resident.actor, Retire).is_err() {
        resident.actor.retire();
    }
}

#[cfg(test)]
#[path = "sessions_tests.rs"]
mod tests;
