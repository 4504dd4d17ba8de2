//! Who has a robot: a newer login replaces the older one, which is given a moment to end first.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use actix::{Handler, ResponseFuture};
use tokio::sync::oneshot;
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;
use workbot_schema::logs::RobotConnection;

use super::{REPLACE, RouterActor};
use crate::kernel::{Posted, post};
use crate::robot::login::{Attach, AttachError, Attached, Detach};
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::supervisor::directory::{Presence, PresenceReason, RobotEntry, Socket};

type Answer = Result<Attached, AttachError>;

impl RouterActor {
    /// Gives the robot away at once; the receiver resolves when the login before has ended.
    fn attach(&mut self, attach: &Attach) -> Result<(Attached, Option<oneshot::Receiver<()>>), AttachError> {
        if self.is_stopping() {
            return Err(AttachError::Stopping);
        }
        let entry = self.parts.directory.find(attach.uuid).ok_or(AttachError::Unknown)?;
        if entry.profile().robot.refusal(self.now()).is_some() {
            return Err(AttachError::Refused);
        }
        let socket = |generation| Socket {
            generation,
            orders: attach.orders.clone(),
            connection_id: Arc::clone(&attach.connection_id),
            since: attach.since,
        };
        let (generation, before) = self.parts.directory.attach(&entry, socket, self.now_ms());
        self.log_opened(attach, generation);
        let ended = before.and_then(|before| self.replace(&entry, &before));
        Ok((Attached { generation }, ended))
    }

    fn replace(&mut self, entry: &RobotEntry, before: &Socket) -> Option<oneshot::Receiver<()>> {
        self.parts.counters.replaced.fetch_add(1, Ordering::Relaxed);
        self.log_closed(before, Some(CloseCause::Replaced.code()), CloseCause::Replaced.reason());
        if post(&before.orders, RobotOrder::Close(CloseCause::Replaced)).is_err() {
            // It has ended already, or is frozen: its generation is dead either way.
            self.parts.counters.cut_off.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let (end, ended) = oneshot::channel();
        self.replacing.retain(|_login, waiting| !waiting.is_closed());
        self.replacing.insert((entry.uuid, before.generation), end);
        Some(ended)
    }

    fn detach(&mut self, detach: &Detach) {
        // Dropping the sender tells the login that waits, if it still does.
        drop(self.replacing.remove(&(detach.uuid, detach.generation)));
        let Some(entry) = self.parts.directory.find(detach.uuid) else { return };
        let Some(socket) = entry.socket().filter(|socket| socket.generation == detach.generation) else {
            return;
        };
        if self.parts.directory.detach(&entry, detach.generation) {
            let now_ms = self.now_ms();
            self.parts.directory.set_presence(
                &entry,
                Presence::Offline,
                PresenceReason::Disconnected,
                now_ms,
            );
            self.log_closed(&socket, detach.code, &detach.reason);
        }
    }

    fn log_opened(&self, attach: &Attach, generation: u64) {
        self.parts.journal.log(Record::ConnectionOpened(Box::new(RobotConnection {
            id: attach.connection_id.to_string(),
            robot_uuid: attach.uuid,
            generation: i64::try_from(generation).unwrap_or(i64::MAX),
            dialect: attach.dialect.name().to_owned(),
            address: attach.address.as_deref().map(|address| address.chars().take(64).collect()),
            opened_at: attach.since,
            closed_at: None::<Ts>,
            close_code: None,
            close_reason: None,
        })));
    }

    pub(super) fn log_closed(&self, socket: &Socket, code: Option<u16>, reason: &str) {
        self.parts.journal.log(Record::ConnectionClosed {
            id: socket.connection_id.to_string(),
            code: code.map(i32::from),
            reason: reason.to_owned(),
        });
    }
}

impl Handler<Posted<Attach>> for RouterActor {
    type Result = ResponseFuture<Answer>;

    /// The place in the mailbox is free again at once: a login that waits must not hold up the journal.
    fn handle(&mut self, posted: Posted<Attach>, _ctx: &mut Self::Context) -> Self::Result {
        let (attach, _handling) = posted.open(self.now_ms());
        let attached = self.attach(&attach);
        let counters = Arc::clone(&self.parts.counters);
        Box::pin(async move {
            let (attached, ended) = attached?;
            if let Some(ended) = ended
                && tokio::time::timeout(REPLACE, ended).await.is_err()
            {
                counters.cut_off.fetch_add(1, Ordering::Relaxed);
            }
            Ok(attached)
        })
    }
}

impl Handler<Posted<Detach>> for RouterActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Detach>, _ctx: &mut Self::Context) {
        let (detach, _handling) = posted.open(self.now_ms());
        self.detach(&detach);
    }
}
