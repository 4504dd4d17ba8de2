//! The directory: every robot in memory, one sharded map, read by everybody without a message, written by the router.
//!
//! Entries come from the store at the first touch and are refreshed by the journal's events; what another process changed is
//! read again within 5 s by the sweep.
pub mod entry;
pub mod limits;
pub mod reservation;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix::Message;
use dashmap::DashMap;
pub use entry::{Presence, PresenceReason, RobotEntry, Socket};
pub use limits::{Bucket, LimitRates, RobotLimits};
pub use reservation::Reservation;
use workbot_schema::ids::{RobotId, RobotUuid, UserId};
use workbot_schema::robots::Robot;
use workbot_schema::robots::queries::{RobotKey, RobotProfile};

use crate::kernel::{AskError, Postbox, ask};

/// How long a look-up in the store may take.
const LOAD: Duration = Duration::from_secs(4);

/// Asks the router to bring a robot in from the store.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<Option<LoadedRobot>, LoadError>")]
pub struct LoadRobot(pub RobotKey);

/// An entry the router brought in.
#[derive(Clone)]
pub struct LoadedRobot(pub Arc<RobotEntry>);

/// The store could not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot look a robot up: {0}")]
pub struct LoadError(pub String);

impl LoadError {
    /// Always transient.
    pub fn class(&self) -> workbot_schema::class::Class {
        workbot_schema::class::Class::Transient
    }
}

impl From<AskError> for LoadError {
    fn from(error: AskError) -> Self {
        Self(error.to_string())
    }
}

#[derive(Default)]
struct Maps {
    entries: DashMap<RobotUuid, Arc<RobotEntry>>,
    by_id: DashMap<RobotId, RobotUuid>,
    by_link: DashMap<String, RobotUuid>,
    connected: AtomicUsize,
}

impl Maps {
    fn find(&self, uuid: RobotUuid) -> Option<Arc<RobotEntry>> {
        self.entries.get(&uuid).map(|entry| Arc::clone(entry.value()))
    }

    fn find_key(&self, key: &RobotKey) -> Option<Arc<RobotEntry>> {
        let uuid = match key {
            RobotKey::Uuid(uuid) => *uuid,
            RobotKey::Id(id) => *self.by_id.get(id)?.value(),
            RobotKey::Link(link) => *self.by_link.get(link)?.value(),
        };
        self.find(uuid)
    }
}

/// The reading side; clone freely.
#[derive(Clone)]
pub struct Directory {
    maps: Arc<Maps>,
    loader: Postbox<LoadRobot>,
}

/// The writing side: the router's alone.
#[derive(Clone)]
pub struct DirectoryWriter {
    maps: Arc<Maps>,
    rates: LimitRates,
}

/// Both sides of an empty directory; `loader` is the router's mailbox.
pub fn open(loader: Postbox<LoadRobot>, writer: &DirectoryWriter) -> Directory {
    Directory { maps: Arc::clone(&writer.maps), loader }
}

impl Directory {
    /// A robot that is in memory.
    pub fn find(&self, uuid: RobotUuid) -> Option<Arc<RobotEntry>> {
        self.maps.find(uuid)
    }

    /// A robot that is in memory, by any of its names; deleted ones are not found.
    pub fn find_key(&self, key: &RobotKey) -> Option<Arc<RobotEntry>> {
        self.maps.find_key(key).filter(|entry| entry.profile().robot.deleted_at.is_none())
    }

    /// A robot by any of its names, from memory or from the store; deleted ones are not found.
    pub async fn get(&self, key: RobotKey) -> Result<Option<Arc<RobotEntry>>, LoadError> {
        if let Some(entry) = self.maps.find_key(&key) {
            return Ok((entry.profile().robot.deleted_at.is_none()).then_some(entry));
        }
        let loaded = ask(&self.loader, LoadRobot(key), LOAD).await??;
        Ok(loaded.map(|LoadedRobot(entry)| entry))
    }

    /// Every entry that is in memory.
    pub fn entries(&self) -> Vec<Arc<RobotEntry>> {
        self.maps.entries.iter().map(|entry| Arc::clone(entry.value())).collect()
    }

    /// Shows every entry that is in memory to `look`, which must be quick: a part of the map is locked meanwhile.
    pub fn visit(&self, mut look: impl FnMut(&Arc<RobotEntry>)) {
        self.maps.entries.iter().for_each(|entry| look(entry.value()));
    }

    /// How many are connected, and how many are in memory.
    pub fn count(&self) -> (usize, usize) {
        (self.maps.connected.load(Ordering::Acquire), self.maps.entries.len())
    }
}

impl DirectoryWriter {
    /// The writing side of an empty directory.
    pub fn new(rates: LimitRates) -> Self {
        Self { maps: Arc::new(Maps::default()), rates }
    }

    /// A robot that is in memory.
    pub fn find(&self, uuid: RobotUuid) -> Option<Arc<RobotEntry>> {
        self.maps.find(uuid)
    }

    /// A robot that is in memory, by any of its names.
    pub fn find_key(&self, key: &RobotKey) -> Option<Arc<RobotEntry>> {
        self.maps.find_key(key)
    }

    /// Shows every entry that is in memory to `look`, which must be quick: a part of the map is locked meanwhile.
    pub fn visit(&self, mut look: impl FnMut(&Arc<RobotEntry>)) {
        self.maps.entries.iter().for_each(|entry| look(entry.value()));
    }

    /// Brings a robot in, unless it is there; the entry that is there now.
    pub fn admit(&self, profile: RobotProfile, queued: i64, now_ms: u64) -> Arc<RobotEntry> {
        let uuid = profile.robot.id;
        let entry = Arc::clone(
            self.maps
                .entries
                .entry(uuid)
                .or_insert_with(|| Arc::new(RobotEntry::new(profile, queued, self.rates, now_ms)))
                .value(),
        );
        self.index(&entry);
        entry
    }

    fn index(&self, entry: &RobotEntry) {
        let profile = entry.profile();
        self.maps.by_id.insert(profile.robot.robot_id.clone(), entry.uuid);
        if let Some(link) = &profile.robot.link_id {
            self.maps.by_link.insert(link.clone(), entry.uuid);
        }
    }

    /// Replaces everything that is known of a robot in memory, unless that is newer; the entry and what was known before.
    pub fn refresh(&self, profile: RobotProfile) -> Option<(Arc<RobotEntry>, Arc<RobotProfile>)> {
        let entry = self.maps.find(profile.robot.id)?;
        let present = entry.profile();
        if present.robot.version <= profile.robot.version {
            *entry.profile.write() = Arc::new(profile);
            self.index(&entry);
        }
        Some((entry, present))
    }

    /// Replaces the row of a robot in memory.
    pub fn change_robot(&self, robot: &Robot) -> Option<Arc<RobotEntry>> {
        let entry = self.maps.entries.get(&robot.id).map(|entry| Arc::clone(entry.value()))?;
        let present = entry.profile();
        // Events come in commit order, reads by the sweep may not: an older row never replaces a newer one.
        if present.robot.version <= robot.version {
            let profile = RobotProfile { robot: robot.clone(), ..present.as_ref().clone() };
            *entry.profile.write() = Arc::new(profile);
            self.index(&entry);
        }
        Some(entry)
    }

    /// Replaces the members of a robot in memory.
    pub fn change_members(&self, robot: &Robot, users: &[UserId]) -> Option<Arc<RobotEntry>> {
        let entry = self.change_robot(robot)?;
        let mut profile = entry.profile().as_ref().clone();
        profile.members = users.to_vec();
        *entry.profile.write() = Arc::new(profile);
        Some(entry)
    }

    /// Forgets the token family of a robot in memory: its tokens are refused from now on.
    pub fn revoke_tokens(&self, robot: RobotUuid) -> Option<Arc<RobotEntry>> {
        let entry = self.maps.find(robot)?;
        let mut profile = entry.profile().as_ref().clone();
        profile.robot.token_family = None;
        *entry.profile.write() = Arc::new(profile);
        Some(entry)
    }

    /// Replaces one binding of a robot in memory.
    pub fn change_binding(
        &self,
        robot: &Robot,
        binding_type: i32,
        url: Option<String>,
    ) -> Option<Arc<RobotEntry>> {
        let entry = self.change_robot(robot)?;
        let mut profile = entry.profile().as_ref().clone();
        profile.bindings.retain(|(present, _url)| *present != binding_type);
        profile.bindings.extend(url.map(|url| (binding_type, url)));
        profile.bindings.sort();
        *entry.profile.write() = Arc::new(profile);
        Some(entry)
    }

    /// Gives the robot to a new login: raises the generation and returns the socket that must go.
    pub fn attach(
        &self,
        entry: &RobotEntry,
        socket: impl FnOnce(u64) -> Socket,
        now_ms: u64,
    ) -> (u64, Option<Socket>) {
        let generation = entry.generation.fetch_add(1, Ordering::AcqRel) + 1;
        let socket = socket(generation);
        // It has just proved alive, whenever it was heard before.
        entry.touch(now_ms, socket.since);
        let before = entry.socket.write().replace(socket);
        if before.is_none() {
            self.maps.connected.fetch_add(1, Ordering::AcqRel);
        }
        // The new login claims at once; a flag its predecessor left unread must not swallow the next wake-up.
        entry.has_work.store(false, Ordering::Release);
        entry.set_presence(Presence::Online, PresenceReason::Connected, now_ms);
        (generation, before)
    }

    /// Frees the robot when `generation` is still the present login; whether it was.
    pub fn detach(&self, entry: &RobotEntry, generation: u64) -> bool {
        let mut socket = entry.socket.write();
        let is_present = socket.as_ref().is_some_and(|socket| socket.generation == generation);
        if is_present {
            *socket = None;
            self.maps.connected.fetch_sub(1, Ordering::AcqRel);
            // A dead login never claims again.
            entry.generation.fetch_add(1, Ordering::AcqRel);
        }
        is_present
    }

    /// Notes whether the robot is there, and why; whether that changed.
    pub fn set_presence(
        &self,
        entry: &RobotEntry,
        presence: Presence,
        reason: PresenceReason,
        now_ms: u64,
    ) -> bool {
        entry.set_presence(presence, reason, now_ms)
    }
}
