//! Screens of a phone: a room at a time, stored with what they brought. One over the robot's 600 a minute waits and is looked at
//! together with those that come to its room meanwhile; none is dropped.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, WrapFuture};
use parking_lot::Mutex;
use workbot_schema::batch::{Record, Write};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{DeliveryId, MessageId};
use workbot_schema::messages::Entrance;
use workbot_schema::store::StoreResult;
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::worktool::snapshot::Snapshot;
use workbot_schema::worktool::WorktoolFact;
use workbot_schema::worktool::chats::{self, WorktoolChat};
use workbot_schema::worktool::contacts::ContactSource;
use workbot_schema::worktool::groups::GroupFacts;

use crate::robot::message_plan::{Stamp, plan};
use crate::robot::socket::SocketParts;
use crate::robot::worktool_chat::{
    Backlog, ChatMemory, Circumstances, News, RobotNames, Room, RoomKey, Rooms, Screen, SentTexts, look,
};
use crate::robot::{Context, RobotActor};
use crate::supervisor::directory::RobotEntry;

/// So long nothing is read when as many screens wait as may.
const BREATH: Duration = Duration::from_millis(100);

/// What the screens of a phone are laid against, and those that wait.
#[derive(Default)]
pub(super) struct Sight {
    pub names: RobotNames,
    pub sent: SentTexts,
    rooms: Rooms,
    backlog: Backlog,
}

impl RobotActor {
    /// A screen has come.
    pub(super) fn look(&mut self, frame_id: String, snapshot: Snapshot, ctx: &mut Context) {
        let Some(side) = &self.worktool else { return };
        let Some(screen) = Screen::of(frame_id, snapshot) else {
            log::debug!(robot = self.robot_id().as_str(); "a screen of no room");
            return;
        };
        let is_full = {
            let mut sight = side.sight.lock();
            sight.backlog.add(screen);
            sight.backlog.is_full()
        };
        self.look_on(ctx);
        if is_full {
            // The phone's frames wait in its socket meanwhile.
            ctx.wait(tokio::time::sleep(BREATH).into_actor(self));
        }
    }

    /// Looks at the room that waits longest, as soon as that is within the robot's limit.
    fn look_on(&mut self, ctx: &mut Context) {
        let entry = Arc::clone(&self.login.entry);
        let Some(side) = self.worktool.as_mut().filter(|side| !side.is_looking) else { return };
        if side.sight.lock().backlog.is_empty() {
            return;
        }
        side.is_looking = true;
        match entry.limits.inbound.take() {
            Ok(()) => {
                // A task of its own: what was seen is stored although the connection ends meanwhile.
                let task = actix_rt::spawn(see(Arc::clone(&self.parts), entry, Arc::clone(&side.sight)));
                // Nothing is read before it is stored.
                ctx.wait(task.into_actor(self).map(|_ended, actor, ctx| actor.looked(ctx)));
            }
            Err(wait) => {
                self.parts.counters.merged_screens.fetch_add(1, Ordering::Relaxed);
                ctx.spawn(tokio::time::sleep(wait).into_actor(self).map(|(), actor, ctx| actor.looked(ctx)));
            }
        }
    }

    fn looked(&mut self, ctx: &mut Context) {
        if let Some(side) = &mut self.worktool {
            side.is_looking = false;
        }
        self.look_on(ctx);
    }

    /// The socket ends: what still waits is looked at without it.
    pub(super) fn look_at_rest(&self) {
        let Some(side) = self.worktool.as_ref().filter(|_side| self.lease.is_some()) else { return };
        if side.sight.lock().backlog.is_empty() {
            return;
        }
        let (parts, entry) = (Arc::clone(&self.parts), Arc::clone(&self.login.entry));
        let sight = Arc::clone(&side.sight);
        actix_rt::spawn(async move {
            while !sight.lock().backlog.is_empty() {
                see(Arc::clone(&parts), Arc::clone(&entry), Arc::clone(&sight)).await;
            }
        });
    }
}

/// Lays the screens of one room against its memory, and stores what they brought.
async fn see(parts: Arc<SocketParts>, entry: Arc<RobotEntry>, sight: Arc<Mutex<Sight>>) {
    let screens = sight.lock().backlog.take();
    let Some(Screen { room, key, .. }) = screens.last().cloned() else { return };
    if let Err(error) = recall(&parts, &entry, &sight, &key).await {
        // The next screen of the room brings the same.
        return log::warn!(robot = entry.profile().robot.robot_id.as_str(), error:% = error; "a screen is not looked at");
    }
    let now_ms = parts.clock.monotonic_ms();
    let (memory, messages) = sight.lock().read(&screens, now_ms);
    if memory.is_none() && messages.is_empty() {
        return;
    }
    let count = u64::try_from(messages.len()).unwrap_or_default();
    let write = news(&parts, &entry, &room, &key, memory.as_ref(), messages);
    match parts.journal.write(write).await {
        Ok(_stored) => {
            parts.messages.counters().stored.fetch_add(count, Ordering::Relaxed);
            if memory.is_some() {
                sight.lock().rooms.put(key, memory);
            }
        }
        Err(error) => {
            sight.lock().rooms.forget(&key);
            log::warn!(robot = entry.profile().robot.robot_id.as_str(), error:% = error; "a screen is not stored");
        }
    }
}

/// Makes sure that the memory of a room is here.
async fn recall(
    parts: &SocketParts,
    entry: &RobotEntry,
    sight: &Mutex<Sight>,
    key: &RoomKey,
) -> StoreResult<()> {
    let is_here = sight.lock().rooms.get(key).is_some();
    if !is_here {
        let row = chats::find(&parts.db, entry.uuid, key.as_str().to_owned()).await?;
        let memory = row.and_then(|row| ChatMemory::from_text(&row.memory));
        sight.lock().rooms.put(key.clone(), memory);
    }
    Ok(())
}

impl Sight {
    /// The room's memory after these screens, if it changed, and what they brought.
    fn read(&mut self, screens: &[Screen], now_ms: u64) -> (Option<ChatMemory>, Vec<InboundMessage>) {
        let Self { names, sent, rooms, .. } = self;
        let known = screens.first().and_then(|screen| rooms.get(&screen.key)).flatten().cloned();
        let (mut changed, mut brought) = (None, Vec::new());
        for screen in screens {
            let circumstances = Circumstances { names, sent, frame_id: &screen.frame_id, now_ms };
            let before = changed.as_ref().or(known.as_ref());
            let News { memory, messages } = look(before, &screen.room, &screen.snapshot, circumstances);
            changed = memory.or(changed);
            brought.extend(messages);
        }
        (changed, brought)
    }
}

/// One write: the room's memory, what is known of the group or person, and every message with its callback.
fn news(
    parts: &SocketParts,
    entry: &RobotEntry,
    room: &Room,
    key: &RoomKey,
    memory: Option<&ChatMemory>,
    messages: Vec<InboundMessage>,
) -> Write {
    let robot = entry.uuid;
    let now = parts.clock.now();
    let mut write: Write = Vec::new();
    let mut keep = |fact| write.push(Record::Worktool { robot, fact: Box::new(fact) });
    if let Some(memory) = memory {
        keep(WorktoolFact::Chat(WorktoolChat {
            robot_uuid: robot,
            room: key.as_str().to_owned(),
            memory: memory.to_text(),
            seen_at: Ts::new(now),
        }));
    }
    if !messages.is_empty() {
        let inbound = messages.iter().filter(|message| !message.is_from_self).count();
        keep(if room.is_group() {
            WorktoolFact::Group(GroupFacts {
                name: room.name.clone(),
                remark: Some(room.remark.clone()).filter(|remark| !remark.is_empty()),
                room_type: Some(room.room_type),
                messages: i64::try_from(inbound).unwrap_or_default(),
                ..GroupFacts::default()
            })
        } else {
            WorktoolFact::Contacts(vec![room.name.clone()], ContactSource::Chat)
        });
    }
    let profile = entry.profile();
    for message in messages {
        let stamp = Stamp {
            message_id: MessageId::generate(now),
            delivery_id: DeliveryId::generate(),
            now: Ts::new(now),
        };
        write.extend(plan(&profile, message, None, Entrance::Snapshot, stamp).into_write());
    }
    write
}
