//! One robot in memory.
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use workbot_schema::batch::Fence;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::robots::queries::RobotProfile;

use super::limits::{LimitRates, RobotLimits};
use super::reservation::Arriving;
use crate::kernel::Postbox;
use crate::robot::orders::RobotOrder;

/// Whether a robot is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nobody knows yet: the server has just started.
    Unknown,
    /// A frame or heartbeat came in time.
    Online,
    /// None came in time.
    Offline,
}

impl Presence {
    fn of(number: u8) -> Self {
        match number {
            1 => Self::Online,
            2 => Self::Offline,
            _ => Self::Unknown,
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Unknown => 0,
            Self::Online => 1,
            Self::Offline => 2,
        }
    }
}

/// Why a robot is there or not, as presence callbacks tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresenceReason {
    /// The server has just started.
    Started,
    /// Its socket came.
    Connected,
    /// It sent something by HTTP.
    Heard,
    /// Its socket ended.
    Disconnected,
    /// Nothing came in time.
    Silent,
    /// Tokens revoked, robot disabled or deleted, service over.
    Refused,
}

impl PresenceReason {
    const ALL: [Self; 6] =
        [Self::Started, Self::Connected, Self::Heard, Self::Disconnected, Self::Silent, Self::Refused];

    /// Words for people.
    pub fn text(self) -> &'static str {
        match self {
            Self::Started => "server started",
            Self::Connected => "connected",
            Self::Heard => "heard from",
            Self::Disconnected => "disconnected",
            Self::Silent => "no frame in time",
            Self::Refused => "token or service is over",
        }
    }

    fn number(self) -> u8 {
        Self::ALL
            .iter()
            .zip(0_u8..)
            .find(|(reason, _number)| **reason == self)
            .map_or(0, |(_, number)| number)
    }

    fn of(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or(Self::Started)
    }
}

/// The socket of a robot that is connected.
#[derive(Clone)]
pub struct Socket {
    /// Which login.
    pub generation: u64,
    /// Where orders go.
    pub orders: Postbox<RobotOrder>,
    /// Row in the connection log.
    pub connection_id: Arc<str>,
    /// Since when.
    pub since: Ts,
}

/// One robot: settings, presence, limits. Read by everybody, changed by the router (and, in its atomics, by its own socket).
pub struct RobotEntry {
    /// Whose.
    pub uuid: RobotUuid,
    /// The buckets; a reconnect refills nothing.
    pub limits: RobotLimits,
    /// Commands that wait, about: kept by the events of the journal.
    pub queued: AtomicI64,
    pub(super) arriving: Arriving,
    /// Set before a wake-up, cleared by the robot before it claims.
    pub has_work: AtomicBool,
    /// A 304 waits, which needs no free place on the phone; cleared by the robot before it claims.
    pub has_clear: AtomicBool,
    /// Long polls that wait for work; told by every wake-up.
    pub pollers: tokio::sync::Notify,
    pub(super) profile: RwLock<Arc<RobotProfile>>,
    pub(super) generation: Arc<AtomicU64>,
    pub(super) socket: RwLock<Option<Socket>>,
    pub(super) presence: AtomicU8,
    pub(super) presence_since_ms: AtomicU64,
    presence_reason: AtomicU8,
    last_frame_ms: AtomicU64,
    last_seen_wall_ms: AtomicI64,
    last_result_ms: AtomicU64,
    connects: Mutex<Vec<u64>>,
    connects_max: usize,
}

impl RobotEntry {
    /// An entry for a profile from the store; `queued` as counted there.
    pub fn new(profile: RobotProfile, queued: i64, rates: LimitRates, now_ms: u64) -> Self {
        Self {
            uuid: profile.robot.id,
            limits: RobotLimits::new(rates),
            queued: AtomicI64::new(queued),
            arriving: Arriving::default(),
            has_work: AtomicBool::new(false),
            has_clear: AtomicBool::new(false),
            pollers: tokio::sync::Notify::new(),
            last_seen_wall_ms: AtomicI64::new(profile.robot.last_seen_at.map_or(0, Ts::millis)),
            profile: RwLock::new(Arc::new(profile)),
            generation: Arc::new(AtomicU64::new(0)),
            socket: RwLock::new(None),
            presence: AtomicU8::new(0),
            presence_since_ms: AtomicU64::new(now_ms),
            presence_reason: AtomicU8::new(0),
            last_frame_ms: AtomicU64::new(now_ms),
            last_result_ms: AtomicU64::new(0),
            connects: Mutex::new(Vec::new()),
            connects_max: usize::try_from(rates.connects_per_minute).unwrap_or(usize::MAX),
        }
    }

    /// Settings, owner, bindings: one consistent view.
    pub fn profile(&self) -> Arc<RobotProfile> {
        Arc::clone(&self.profile.read())
    }

    /// The socket, if one is attached.
    pub fn socket(&self) -> Option<Socket> {
        self.socket.read().clone()
    }

    /// Whether a socket is attached.
    pub fn is_connected(&self) -> bool {
        self.socket.read().is_some()
    }

    /// The fence of one login.
    pub fn fence(&self, generation: u64) -> Fence {
        Fence { current: Arc::clone(&self.generation), mine: generation }
    }

    /// The present login.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Something came from the robot.
    pub fn touch(&self, now_ms: u64, now: Ts) {
        self.last_frame_ms.store(now_ms, Ordering::Relaxed);
        self.last_seen_wall_ms.store(now.millis(), Ordering::Relaxed);
    }

    /// When something came last, monotonic milliseconds.
    pub fn last_frame_ms(&self) -> u64 {
        self.last_frame_ms.load(Ordering::Relaxed)
    }

    /// When something came last, wall time.
    pub fn last_seen_at(&self) -> Option<Ts> {
        let millis = self.last_seen_wall_ms.load(Ordering::Relaxed);
        chrono::DateTime::from_timestamp_millis(millis).filter(|_moment| millis > 0).map(Ts::new)
    }

    /// A result came: the time-out of the other commands starts again.
    pub fn touch_result(&self, now_ms: u64) {
        self.last_result_ms.store(now_ms, Ordering::Relaxed);
    }

    /// When a result came last, monotonic milliseconds; 0 = never.
    pub fn last_result_ms(&self) -> u64 {
        self.last_result_ms.load(Ordering::Relaxed)
    }

    /// Whether it is there.
    pub fn presence(&self) -> Presence {
        Presence::of(self.presence.load(Ordering::Acquire))
    }

    /// Since when its presence is as it is, monotonic milliseconds.
    pub fn presence_since_ms(&self) -> u64 {
        self.presence_since_ms.load(Ordering::Acquire)
    }

    /// Why its presence is as it is.
    pub fn presence_reason(&self) -> PresenceReason {
        PresenceReason::of(self.presence_reason.load(Ordering::Acquire))
    }

    pub(super) fn set_presence(&self, presence: Presence, reason: PresenceReason, now_ms: u64) -> bool {
        let before = self.presence.swap(presence.number(), Ordering::AcqRel);
        let is_change = before != presence.number();
        if is_change {
            self.presence_since_ms.store(now_ms, Ordering::Release);
            self.presence_reason.store(reason.number(), Ordering::Release);
        }
        is_change
    }

    /// Counts a connect; how long to wait when there were too many in the last minute.
    pub fn admit_connect(&self, now_ms: u64) -> Result<(), std::time::Duration> {
        let mut connects = self.connects.lock();
        connects.retain(|at| now_ms.saturating_sub(*at) < 60_000);
        if connects.len() >= self.connects_max {
            let oldest = connects.first().copied().unwrap_or(now_ms);
            return Err(std::time::Duration::from_millis(60_000 - now_ms.saturating_sub(oldest).min(59_000)));
        }
        connects.push(now_ms);
        Ok(())
    }

    /// Says that there may be work; wakes the socket once until it has looked.
    pub fn wake(&self) {
        self.pollers.notify_waiters();
        if !self.has_work.swap(true, Ordering::AcqRel)
            && let Some(socket) = self.socket.read().as_ref()
            && crate::kernel::post(&socket.orders, RobotOrder::Wake).is_err()
        {
            // A full mailbox will be emptied and the flag read then; the sweep wakes again.
            self.has_work.store(false, Ordering::Release);
        }
    }
    /// Says that a 304 waits: the socket is told although it knows of other work.
    pub fn wake_to_clear(&self) {
        self.has_clear.store(true, Ordering::Release);
        self.has_work.store(false, Ordering::Release);
        self.wake();
    }
}
