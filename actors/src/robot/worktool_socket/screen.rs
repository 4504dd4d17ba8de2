//! Screens of a phone: looked at one after the other, stored with what they brought.
use std::sync::atomic::Ordering;

use actix::{ActorFutureExt, AsyncContext, WrapFuture};
use workbot_schema::batch::{Record, Write};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{DeliveryId, MessageId};
use workbot_schema::messages::Entrance;
use workbot_schema::wire::inbound_message::InboundMessage;
use workbot_schema::wire::worktool::snapshot::Snapshot;
use workbot_schema::worktool::WorktoolFact;
use workbot_schema::worktool::chats::{self, WorktoolChat};
use workbot_schema::worktool::contacts::ContactSource;
use workbot_schema::worktool::groups::GroupFacts;

use crate::robot::message_plan::{Stamp, plan};
use crate::robot::worktool_chat::{ChatMemory, Circumstances, News, Room, RoomKey, look};
use crate::robot::{Context, RobotActor};

impl RobotActor {
    /// Lays a screen against its room; nothing is read meanwhile.
    pub(super) fn look(&mut self, frame_id: String, snapshot: Snapshot, ctx: &mut Context) {
        let Some(side) = &mut self.worktool else { return };
        let Some(room) = Room::of(&snapshot) else {
            log::debug!(robot = self.robot_id().as_str(); "a screen of no room");
            return;
        };
        let key = room.key();
        if side.rooms.get(&key).is_some() {
            return self.look_here(room, key, &frame_id, &snapshot, ctx);
        }
        let (db, robot, text) = (self.parts.db.clone(), self.login.entry.uuid, key.as_str().to_owned());
        let find = async move { chats::find(&db, robot, text).await };
        ctx.wait(find.into_actor(self).map(move |found, actor, ctx| match found {
            Ok(row) => {
                let memory = row.and_then(|row| ChatMemory::from_text(&row.memory));
                if let Some(side) = &mut actor.worktool {
                    side.rooms.put(key.clone(), memory);
                }
                actor.look_here(room, key, &frame_id, &snapshot, ctx);
            }
            // The next screen of the room brings the same.
            Err(error) => {
                log::warn!(robot = actor.robot_id().as_str(), error:% = error; "a screen is not looked at");
            }
        }));
    }

    fn look_here(
        &mut self,
        room: Room,
        key: RoomKey,
        frame_id: &str,
        snapshot: &Snapshot,
        ctx: &mut Context,
    ) {
        let now_ms = self.parts.clock.monotonic_ms();
        let Some(side) = &mut self.worktool else { return };
        let circumstances = Circumstances { names: &side.names, sent: &side.sent, frame_id, now_ms };
        let memory = side.rooms.get(&key).flatten();
        let News { memory, messages } = look(memory, &room, snapshot, circumstances);
        if memory.is_none() && messages.is_empty() {
            return;
        }
        let count = u64::try_from(messages.len()).unwrap_or_default();
        let written = self.parts.journal.write(self.news(&room, &key, memory.as_ref(), messages));
        ctx.wait(written.into_actor(self).map(move |outcome, actor, _ctx| {
            let Some(side) = &mut actor.worktool else { return };
            match (outcome, memory) {
                (Ok(_stored), memory) => {
                    actor.parts.messages.counters().stored.fetch_add(count, Ordering::Relaxed);
                    if memory.is_some() {
                        side.rooms.put(key, memory);
                    }
                }
                (Err(error), _) => {
                    side.rooms.forget(&key);
                    log::warn!(robot = actor.robot_id().as_str(), error:% = error; "a screen is not stored");
                }
            }
        }));
    }

    /// One write: the room's memory, what is known of the group or person, and every message with its callback.
    fn news(
        &self,
        room: &Room,
        key: &RoomKey,
        memory: Option<&ChatMemory>,
        messages: Vec<InboundMessage>,
    ) -> Write {
        let robot = self.login.entry.uuid;
        let now = self.parts.clock.now();
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
        let profile = self.login.entry.profile();
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
}
