//! What the journal, the sweep and people have to say to conversations.
use std::sync::Arc;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, WrapFuture};
use workbot_schema::configuration::ConfigurationKind;
use workbot_schema::ids::{RunId, SessionId};
use workbot_schema::messages::{Direction, SessionMessage};
use workbot_schema::sessions::{Session, SessionAct, loading};

use super::{LookAfter, RouterActor};
use crate::journal::Event;
use crate::kernel::Posted;
use crate::session::orders::{Change, Retry, SessionError, SessionIdle};
use crate::session::takeover::PHONE;

/// Conversations of a group that a person takes over by typing in it.
const ROOM: i64 = 200;

impl RouterActor {
    pub(super) fn converse(&mut self, event: &Event, ctx: &mut Context<Self>) {
        match event {
            Event::MessageStored(message) if message.direction == Direction::Out => self.typed(message, ctx),
            Event::MessageStored(message) if message.reason.is_none() => self.parts.sessions.arrive(message),
            Event::MessageReopened { robot, session, .. } => {
                self.parts.sessions.look((*robot, session.clone()), None);
            }
            Event::CommandMoved { command, .. } => self.parts.sessions.tell(command),
            Event::SessionChanged(session) => self.parts.sessions.changed(session),
            Event::Configured { kind: ConfigurationKind::Persona | ConfigurationKind::Flow, .. } => {
                self.read_designs(ctx);
            }
            _ => {}
        }
    }

    /// Somebody typed on the robot's own phone: the conversations there are theirs.
    fn typed(&self, message: &Arc<SessionMessage>, ctx: &mut Context<Self>) {
        let (db, message, idle) = (self.parts.db.clone(), Arc::clone(message), self.parts.takeover_idle);
        let idle_before = self.now().plus(-idle);
        let found = async move {
            let (robot, group) = (message.robot_uuid, message.group_name.clone());
            let user = Some(message.received_name.clone()).filter(|_name| group.is_empty());
            let since = Some(idle_before).filter(|_since| user.is_none());
            let rooms = loading::list_room(&db, robot, (group, user), since, ROOM).await;
            (message, rooms)
        };
        ctx.spawn(found.into_actor(self).map(move |(message, rooms), actor, _ctx| {
            let rooms = rooms.unwrap_or_else(|error| {
                log::warn!(error:% = error; "the conversations of a chat somebody typed in cannot be read");
                Vec::new()
            });
            let mut ids: Vec<SessionId> = rooms.into_iter().map(|row| row.id).collect();
            if ids.is_empty() && message.group_name.is_empty() {
                ids.push(SessionId::of(message.robot_uuid, "", &message.received_name));
            }
            for id in ids {
                let row = Session { id: id.clone(), ..Session::of(&message) };
                let act = SessionAct::HumanTyped { by: PHONE.to_owned(), idle_before };
                actor.parts.sessions.typed(Change {
                    robot: message.robot_uuid,
                    session: id,
                    act,
                    row: Some(Box::new(row)),
                });
            }
        }));
    }

    fn read_designs(&self, ctx: &mut Context<Self>) {
        let (library, db) = (self.parts.library.clone(), self.parts.db.clone());
        let reading = async move {
            if let Err(error) = library.reload(&db, false).await {
                log::warn!(error:% = error; "personas and flows cannot be read; the sweep tries again");
            }
        };
        ctx.spawn(reading.into_actor(self));
    }
}

impl Handler<Posted<LookAfter>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<LookAfter>, _ctx: &mut Self::Context) {
        let (LookAfter { robot, session, permit }, _handling) = posted.open(self.now_ms());
        self.parts.sessions.look((robot, session), permit);
    }
}

impl Handler<Posted<SessionIdle>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<SessionIdle>, _ctx: &mut Self::Context) {
        let (SessionIdle { session }, _handling) = posted.open(self.now_ms());
        self.parts.sessions.retire_idle(&session);
    }
}

impl Handler<Posted<Change>> for RouterActor {
    type Result = ResponseFuture<Result<Session, SessionError>>;

    /// The place in the mailbox is free again at once: how long a person waits must not hold up the journal.
    fn handle(&mut self, posted: Posted<Change>, _ctx: &mut Self::Context) -> Self::Result {
        let (change, _handling) = posted.open(self.now_ms());
        Box::pin(self.parts.sessions.change(change))
    }
}

impl Handler<Posted<Retry>> for RouterActor {
    type Result = ResponseFuture<Result<RunId, SessionError>>;

    fn handle(&mut self, posted: Posted<Retry>, _ctx: &mut Self::Context) -> Self::Result {
        let (retry, _handling) = posted.open(self.now_ms());
        Box::pin(self.parts.sessions.retry(retry))
    }
}
