//! What is known of one endpoint, kept beside its actor so that it survives it.
use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use workbot_schema::deliveries::{Delivery, DeliveryKind};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{RobotId, RobotUuid};

use super::schedule::{Effect, EndpointHealth, PauseRule};

/// Calls that success rate and P95 look back on.
const RECENT: usize = 100;

/// One endpoint as the console shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSnapshot {
    /// Its id.
    pub endpoint: String,
    /// Whose; for the check of rights.
    #[serde(skip)]
    pub robot_uuid: RobotUuid,
    /// Whose.
    pub robot_id: Option<RobotId>,
    /// Where to.
    pub url: String,
    /// What was called back since the start of the server.
    pub kinds: Vec<DeliveryKind>,
    /// Share of the last 100 calls that were taken, 0..1; none before the first.
    pub success_rate: Option<f64>,
    /// 95 of the last 100 calls were not longer, milliseconds.
    pub p95_ms: Option<u64>,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Since when deliveries fail without a call.
    pub paused_since: Option<Ts>,
    /// Deliveries that wait.
    pub waiting: usize,
    /// Deliveries under way.
    pub in_flight: usize,
    /// Deliveries dropped from a full backlog.
    pub dropped: u64,
}

/// Health and numbers of one endpoint.
#[derive(Debug)]
pub struct Slot {
    endpoint: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    robot: Option<RobotUuid>,
    robot_id: Option<RobotId>,
    url: String,
    kinds: Vec<DeliveryKind>,
    health: EndpointHealth,
    paused_since: Option<Ts>,
    recent: VecDeque<(bool, u64)>,
    waiting: usize,
    in_flight: usize,
    dropped: u64,
    touched_ms: u64,
}

/// How a call ended, for the health of its endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// The endpoint works, whatever it thinks of the message.
    pub is_alive: bool,
    /// How long it took.
    pub duration_ms: u64,
    /// When it ended, monotonic.
    pub ended: Duration,
    /// When it ended.
    pub ended_at: Ts,
}

impl Slot {
    pub(super) fn new(endpoint: &str, now_ms: u64) -> Self {
        let state = State { touched_ms: now_ms, ..State::default() };
        Self { endpoint: endpoint.to_owned(), state: Mutex::new(state) }
    }

    /// Whether deliveries fail without a call.
    pub fn is_paused(&self) -> bool {
        self.state.lock().health.paused_since().is_some()
    }

    /// When it was last of use, monotonic milliseconds.
    pub(super) fn touched_ms(&self) -> u64 {
        self.state.lock().touched_ms
    }

    /// Notes what a delivery says of the endpoint.
    pub(super) fn note(&self, delivery: &Delivery, now_ms: u64) {
        let mut state = self.state.lock();
        state.touched_ms = now_ms;
        if state.robot.is_none() {
            state.robot = Some(delivery.robot_uuid);
            state.url.clone_from(&delivery.url);
        }
        if !state.kinds.contains(&delivery.kind) {
            state.kinds.push(delivery.kind);
        }
    }

    /// Notes the public id of the robot.
    pub(super) fn note_robot(&self, robot_id: &RobotId) {
        let mut state = self.state.lock();
        if state.robot_id.is_none() {
            state.robot_id = Some(robot_id.clone());
        }
    }

    /// Notes how full the queue is.
    pub(super) fn show(&self, waiting: usize, in_flight: usize) {
        let mut state = self.state.lock();
        (state.waiting, state.in_flight) = (waiting, in_flight);
    }

    pub(super) fn count_dropped(&self) {
        let mut state = self.state.lock();
        state.dropped = state.dropped.saturating_add(1);
    }

    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state.lock();
        state.waiting == 0 && state.in_flight == 0
    }

    /// Takes a call's end; what follows is logged here, once.
    pub(super) fn on_call(&self, call: Call, rule: PauseRule) -> Option<Effect> {
        let mut state = self.state.lock();
        if state.recent.len() >= RECENT {
            state.recent.pop_front();
        }
        state.recent.push_back((call.is_alive, call.duration_ms));
        let effect = state.health.on_outcome(call.is_alive, call.ended, rule);
        state.apply(&self.endpoint, effect, call.ended_at);
        effect
    }

    /// Whether a probe is due; it is the caller's to make then.
    pub(super) fn take_probe(&self, now: Duration, rule: PauseRule) -> bool {
        self.state.lock().health.take_probe(now, rule)
    }

    /// Serves again by an operator's order; whether it was paused.
    pub fn resume(&self, now: Ts) -> bool {
        let mut state = self.state.lock();
        let effect = state.health.on_resume();
        state.apply(&self.endpoint, effect, now);
        effect.is_some()
    }

    /// As the console shows it; `None` before the first delivery.
    pub fn snapshot(&self) -> Option<EndpointSnapshot> {
        let state = self.state.lock();
        Some(EndpointSnapshot {
            endpoint: self.endpoint.clone(),
            robot_uuid: state.robot?,
            robot_id: state.robot_id.clone(),
            url: state.url.clone(),
            kinds: state.kinds.clone(),
            success_rate: success_rate(&state.recent),
            p95_ms: p95(&state.recent),
            consecutive_failures: state.health.consecutive_failures(),
            paused_since: state.paused_since,
            waiting: state.waiting,
            in_flight: state.in_flight,
            dropped: state.dropped,
        })
    }
}

impl State {
    fn apply(&mut self, endpoint: &str, effect: Option<Effect>, now: Ts) {
        let robot = self.robot_id.as_ref().map_or("", |id| id.as_str());
        match effect {
            Some(Effect::Pause { consecutive_failures, .. }) => {
                self.paused_since = Some(now);
                log::warn!(robot = robot, endpoint = endpoint, failures = consecutive_failures;
                    "a callback endpoint fails for too long and is paused");
            }
            Some(Effect::Resume { .. }) => {
                self.paused_since = None;
                log::info!(robot = robot, endpoint = endpoint; "a paused callback endpoint is served again");
            }
            None => {}
        }
    }
}

fn success_rate(recent: &VecDeque<(bool, u64)>) -> Option<f64> {
    let total = u32::try_from(recent.len()).ok().filter(|total| *total > 0)?;
    let alive = u32::try_from(recent.iter().filter(|(is_alive, _)| *is_alive).count()).ok()?;
    Some(f64::from(alive) / f64::from(total))
}

/// Nearest rank.
fn p95(recent: &VecDeque<(bool, u64)>) -> Option<u64> {
    let mut durations: Vec<u64> = recent.iter().map(|(_, duration_ms)| *duration_ms).collect();
    durations.sort_unstable();
    durations.get((durations.len() * 95).div_ceil(100).checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_look_at_the_last_hundred_calls() {
        let mut recent = VecDeque::new();
        assert_eq!((success_rate(&recent), p95(&recent)), (None, None));
        recent.push_back((true, 7));
        assert_eq!((success_rate(&recent), p95(&recent)), (Some(1.0), Some(7)));
        let recent: VecDeque<(bool, u64)> = (1..=100).map(|number| (number % 4 != 0, number)).collect();
        assert_eq!((success_rate(&recent), p95(&recent)), (Some(0.75), Some(95)));
    }
}
