//! One look at every entry in memory: who is silent, who still has work, whose presence is to be told.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use workbot_schema::fields::Ts;
use workbot_schema::robots::RobotKind;
use workbot_schema::wire::actor_snapshot::ActorState;

use super::SweepParts;
use super::announcements::is_announcement_due;
use crate::kernel::clock::millis;
use crate::kernel::{Target, post};
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::supervisor::directory::{Presence, PresenceReason, RobotEntry, Socket};
use crate::supervisor::presence::{Heard, Judgement, judge};
use crate::supervisor::router::JudgedRobot;

/// Presence events of one tick.
const ANNOUNCED_MAX: usize = 500;

/// What a look found.
#[derive(Default)]
pub(super) struct Survey {
    /// For the router.
    pub judged: Vec<JudgedRobot>,
    /// Robots whose presence held long enough to be told.
    pub announce: Vec<Arc<RobotEntry>>,
}

/// Looks at every entry; wakes and probes at once, leaves the rest to the caller.
pub(super) fn survey(parts: &SweepParts, now_ms: u64, tick_ms: u64) -> Survey {
    let (now, debounce_ms) = (parts.now(), millis(parts.settings.event_debounce));
    let mut survey = Survey::default();
    parts.directory.visit(|entry| {
        if entry.profile().robot.kind == RobotKind::WorktoolCloud {
            parts.cloud.keep(entry);
        }
        let generation = entry.generation();
        let socket = entry.socket();
        let verdict = look(parts, entry, socket.as_ref(), (now, now_ms, tick_ms));
        if let Some((presence, reason, close)) = verdict {
            survey.judged.push(JudgedRobot { robot: entry.uuid, generation, presence, reason, close });
            return;
        }
        if socket.is_some()
            && entry.queued.load(Ordering::Relaxed) > 0
            && !entry.has_work.load(Ordering::Acquire)
        {
            parts.counters.woken.fetch_add(1, Ordering::Relaxed);
            entry.wake();
        }
        if socket.is_some() && entry.has_clear.load(Ordering::Acquire) {
            entry.wake_to_clear();
        }
        if survey.announce.len() < ANNOUNCED_MAX && is_announcement_due(entry, debounce_ms, now_ms) {
            survey.announce.push(Arc::clone(entry));
        }
    });
    survey
}

type Verdict = (Presence, PresenceReason, Option<CloseCause>);

fn look(
    parts: &SweepParts,
    entry: &RobotEntry,
    socket: Option<&Socket>,
    (now, now_ms, tick_ms): (Ts, u64, u64),
) -> Option<Verdict> {
    let profile = entry.profile();
    if let Some(socket) = socket {
        if profile.robot.refusal(now).is_some() {
            return Some((Presence::Offline, PresenceReason::Refused, Some(CloseCause::Refused)));
        }
        let is_dead =
            matches!(Target::stats(&socket.orders).state(), ActorState::Stopped | ActorState::Failed);
        if is_dead {
            // It ended without a word: a panic, or its detach met a router that was down.
            return Some((Presence::Offline, PresenceReason::Disconnected, Some(CloseCause::Silent)));
        }
    }
    let heard = Heard {
        is_connected: socket.is_some(),
        presence: entry.presence(),
        since_ms: entry.presence_since_ms(),
        last_frame_ms: entry.last_frame_ms(),
    };
    match (judge(heard, parts.offline_ms(profile.robot.kind), tick_ms, now_ms), socket) {
        (Judgement::Becomes(presence, reason), _) => Some((presence, reason, None)),
        (Judgement::GiveUp, _) => {
            parts.counters.silenced.fetch_add(1, Ordering::Relaxed);
            Some((Presence::Offline, PresenceReason::Silent, Some(CloseCause::Silent)))
        }
        (Judgement::Probe, Some(socket)) => {
            if let Err(error) = post(&socket.orders, RobotOrder::Probe) {
                let robot = profile.robot.robot_id.as_str();
                log::debug!(robot = robot, error:% = error; "a silent robot takes no probe");
            }
            None
        }
        (Judgement::Same | Judgement::Probe, _) => None,
    }
}
