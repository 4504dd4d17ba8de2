//! Robots that are not in memory: one look-up in the store, however many ask.
use std::collections::hash_map::Entry;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, Context, Handler, ResponseFuture, WrapFuture};
use tokio::sync::oneshot;
use workbot_schema::robots::loading;
use workbot_schema::robots::queries::{RobotKey, RobotProfile};
use workbot_schema::store::{StoreError, StoreResult};

use super::{LOADS_MAX, Loaded, RouterActor};
use crate::kernel::Posted;
use crate::supervisor::directory::{LoadError, LoadRobot, LoadedRobot};

/// A look-up ends after this; its askers wait a second longer.
const LOOK_UP: Duration = Duration::from_secs(3);

type Found = StoreResult<Option<(RobotProfile, i64)>>;

impl RouterActor {
    /// Queues for a look-up and begins it unless it is under way.
    fn load(
        &mut self,
        key: RobotKey,
        ctx: &mut Context<Self>,
    ) -> Result<oneshot::Receiver<Loaded>, LoadError> {
        let (reply, answer) = oneshot::channel();
        let count = self.loading.len();
        match self.loading.entry(key.clone()) {
            Entry::Occupied(mut waiting) => waiting.get_mut().push(reply),
            Entry::Vacant(_) if count >= LOADS_MAX => {
                self.parts.counters.refused_loads.fetch_add(1, Ordering::Relaxed);
                return Err(LoadError("too many look-ups are under way".to_owned()));
            }
            Entry::Vacant(place) => {
                place.insert(vec![reply]);
                self.ask_store(key, ctx);
            }
        }
        Ok(answer)
    }

    fn ask_store(&self, key: RobotKey, ctx: &mut Context<Self>) {
        self.parts.counters.loads.fetch_add(1, Ordering::Relaxed);
        let (db, asked) = (self.parts.db.clone(), key.clone());
        let found = async move {
            match tokio::time::timeout(LOOK_UP, loading::find_loaded(&db, asked)).await {
                Ok(found) => found,
                Err(_elapsed) => Err(StoreError::Unavailable("no answer within 3 s".to_owned())),
            }
        };
        ctx.spawn(found.into_actor(self).map(|found, actor, ctx| actor.found(key, found, ctx)));
    }

    fn found(&mut self, key: RobotKey, found: Found, ctx: &mut Context<Self>) {
        if let Ok(Some((profile, _queued))) = &found
            && self.changed_meanwhile.remove(&profile.robot.id)
        {
            // What was read may be older than an event that has passed already.
            return self.ask_store(key, ctx);
        }
        let waiting = self.loading.remove(&key).unwrap_or_default();
        if self.loading.is_empty() {
            self.changed_meanwhile.clear();
        }
        let loaded: Loaded = match found {
            Ok(None) => Ok(None),
            Ok(Some((profile, queued))) => {
                Ok(Some(LoadedRobot(self.parts.directory.admit(profile, queued, self.now_ms()))))
            }
            Err(error) => {
                log::warn!(error:% = error; "a robot could not be looked up");
                Err(LoadError(error.to_string()))
            }
        };
        for reply in waiting {
            // An asker that has gone needs no answer.
            drop(reply.send(loaded.clone()));
        }
    }
}

impl Handler<Posted<LoadRobot>> for RouterActor {
    type Result = ResponseFuture<Loaded>;

    /// The place in the mailbox is free again at once: look-ups are bounded by themselves, and must not hold up the journal.
    fn handle(&mut self, posted: Posted<LoadRobot>, ctx: &mut Self::Context) -> Self::Result {
        let (LoadRobot(key), _handling) = posted.open(self.now_ms());
        if let Some(entry) = self.parts.directory.find_key(&key) {
            let is_there = entry.profile().robot.deleted_at.is_none();
            return Box::pin(async move { Ok(is_there.then_some(LoadedRobot(entry))) });
        }
        let answer = self.load(key, ctx);
        Box::pin(async move {
            match answer?.await {
                Ok(loaded) => loaded,
                Err(_router_restarted) => Err(LoadError("the look-up was cut off".to_owned())),
            }
        })
    }
}
