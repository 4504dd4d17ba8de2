//! Pure: one connection of a robot. Frames, claims and results in, effects out.
//!
//! ```text
//! attached ─▶ take unconfirmed ─▶ push them ─▶ claim ─▶ push ─▶ … ack ─▶ stored ─▶ slot free ─▶ claim
//!                  ▲                             │ failed or unknown
//!                  └─────────────────────────────┘
//! ```
//! At most one claim is under way. A slot of the window is freed by what the journal answered, never by the frame itself.
mod inbound;
mod io;
mod pushing;
mod window;

use workbot_schema::commands::{CommandState, RobotCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::CommandId;
use workbot_schema::wire::native::RobotConfig;

pub use io::{Effect, Input, Taken, World};
pub use window::Window;

use super::dialect::Reply;
use super::orders::CloseCause;
use super::pacing::{Allowance, Pacer, WindowLimit};
use super::submission::CLEAR_QUEUE;

/// A socket that must close waits so long for the answers of its writes, milliseconds.
const GRACE_MS: u64 = 1_500;
/// A retry is looked for after at most so long, milliseconds.
const RETRY_MS: u64 = 60_000;

/// What a connection is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreSettings {
    /// What may be unconfirmed (`commands.in_flight`, `commands.in_flight_bytes`).
    pub window: WindowLimit,
    /// Frames that make no sense within a minute that close the socket (`limits.bad_frames_per_minute`).
    pub bad_frames: usize,
    /// What phones are told.
    pub heartbeat_interval_ms: u64,
    /// Result time-out; the files' own one is in `file_timeout_ms`.
    pub plain_timeout_ms: u64,
    /// Result time-out of files.
    pub file_timeout_ms: u64,
    /// WorkTool phones: how long the app may take to confirm.
    pub confirm_timeout_ms: u64,
    /// WorkTool phones: commands without a result on the phone.
    pub worktool_unfinished: u32,
    /// The phone may forget an id of long ago when another one comes.
    pub is_forgetful: bool,
}

impl CoreSettings {
    /// For a phone with the WorkTool app: its window is what may be without a result, its memory is short.
    pub fn for_worktool(self) -> Self {
        let window = WindowLimit { commands: self.worktool_unfinished, ..self.window };
        Self { window, is_forgetful: true, ..self }
    }
}

impl Default for CoreSettings {
    fn default() -> Self {
        Self {
            window: WindowLimit::default(),
            bad_frames: 20,
            heartbeat_interval_ms: 10_000,
            plain_timeout_ms: 120_000,
            file_timeout_ms: 300_000,
            confirm_timeout_ms: 10_000,
            worktool_unfinished: 2,
            is_forgetful: false,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The robot is not ours yet.
    Waiting,
    Open {
        since: Ts,
    },
    /// Closes when nothing is under way any more, or then.
    Closing {
        cause: CloseCause,
        at_ms: u64,
    },
    Closed,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Core {
    settings: CoreSettings,
    phase: Phase,
    window: Window,
    /// Places taken by commands that are confirmed and not done.
    held: usize,
    pacer: Pacer,
    /// There may be something to claim.
    has_work: bool,
    /// What is `sent` must be read before anything is claimed.
    must_align: bool,
    /// Some of it did not fit and waits for a slot; nothing new goes before it.
    has_leftover: bool,
    /// The limit of the claim under way.
    claiming: Option<i64>,
    is_stopped: bool,
    receiving: u32,
    reporting: u32,
    /// Nothing is claimed before.
    pause_ms: u64,
    /// A retry becomes due then.
    retry_ms: Option<u64>,
    /// The phone may forget that it has this one when it gets another: none is pushed until it is confirmed, or then.
    doubt: Option<Box<(CommandId, u64)>>,
    bad_frames_ms: Vec<u64>,
    config: Option<Box<(RobotConfig, i64)>>,
    acked_version: Option<i64>,
}

impl Core {
    /// A connection that has not got its robot yet.
    pub fn new(settings: CoreSettings) -> Self {
        Self {
            settings,
            phase: Phase::Waiting,
            window: Window::default(),
            held: 0,
            pacer: Pacer::default(),
            has_work: false,
            must_align: true,
            has_leftover: false,
            claiming: None,
            is_stopped: false,
            receiving: 0,
            reporting: 0,
            pause_ms: 0,
            retry_ms: None,
            doubt: None,
            bad_frames_ms: Vec::new(),
            config: None,
            acked_version: None,
        }
    }

    /// So many places of the window are taken by commands that are confirmed and not done.
    pub fn hold(&mut self, held: usize) {
        self.held = held;
    }

    /// Commands pushed and not known to be confirmed.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Whether no further frame may be read until the latest confirmation or result is stored.
    pub fn is_crowded(&self) -> bool {
        self.reporting >= inbound::REPORTING
    }

    /// The version of the settings the phone took last.
    pub fn acked_version(&self) -> Option<i64> {
        self.acked_version
    }

    /// When [`Input::Tick`] is due.
    pub fn next_tick_ms(&self) -> Option<u64> {
        match self.phase {
            Phase::Closing { at_ms, .. } => Some(at_ms),
            Phase::Open { .. } => {
                let wants_claim =
                    (self.has_work || self.must_align) && self.claiming.is_none() && !self.is_stopped;
                let doubt_ms = self.doubt.as_ref().map(|doubt| doubt.1);
                let claim_ms = (wants_claim && self.pause_ms > 0).then_some(self.pause_ms);
                [claim_ms, self.retry_ms, self.window.next_check_ms(), doubt_ms].into_iter().flatten().min()
            }
            Phase::Waiting | Phase::Closed => None,
        }
    }

    /// One step; after the close effect there are no others.
    pub fn step(&mut self, input: Input, world: &mut World<'_>) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.phase == Phase::Closed {
            return effects;
        }
        self.take(input, world, &mut effects);
        self.claim_if_possible(world, &mut effects);
        self.close_if_due(world.now_ms, &mut effects);
        effects
    }

    fn take(&mut self, input: Input, world: &mut World<'_>, effects: &mut Vec<Effect>) {
        match input {
            Input::Attached { robot_id, config, version, since } => {
                if self.phase != Phase::Waiting {
                    return;
                }
                self.phase = Phase::Open { since };
                let heartbeat_interval_ms = self.settings.heartbeat_interval_ms;
                effects.push(Effect::Send(Reply::Connected { robot_id, heartbeat_interval_ms }));
                self.configure(config, version, effects);
                self.has_work = true;
            }
            Input::Frame(frame, over_limit) => self.frame(frame, over_limit, world.now_ms, effects),
            Input::Wake => self.has_work = true,
            Input::Configure(config, version) => self.configure(config, version, effects),
            Input::StopClaiming => self.is_stopped = true,
            Input::Close(cause) => self.close(cause, world.now_ms),
            Input::Unconfirmed(taken, is_complete) => self.unconfirmed(taken, is_complete, world, effects),
            Input::Claimed(taken) => self.claimed(taken, world, effects),
            Input::Stored { reference, outcome } => {
                self.receiving = self.receiving.saturating_sub(1);
                effects.push(Effect::Send(match outcome {
                    Ok(message_id) => Reply::MessageAck { reference, message_id: message_id.0 },
                    Err(retry_after) => Reply::MessageNack { reference, retry_after },
                }));
            }
            Input::Moved(id, moved) => self.moved(&id, moved.map(|moved| moved.command), world),
            Input::Lost(id) => {
                self.reporting = self.reporting.saturating_sub(1);
                if let Some(slot) = self.window.find(&id, None) {
                    slot.is_confirming = false;
                }
            }
            Input::Checked(id, row) => {
                if row.is_some() && self.window.settle(&id, row) {
                    self.room_was_made(world.queued);
                }
            }
            Input::Tick => {
                if self.retry_ms.is_some_and(|at_ms| at_ms <= world.now_ms) {
                    self.retry_ms = None;
                    self.has_work = true;
                }
                self.end_doubt(Some(world.now_ms));
                effects.extend(self.window.overdue(world.now_ms).into_iter().map(Effect::Check));
            }
        }
    }

    fn configure(&mut self, config: RobotConfig, version: i64, effects: &mut Vec<Effect>) {
        let is_open = matches!(self.phase, Phase::Open { .. });
        let is_known = self.config.as_ref().is_some_and(|known| known.0 == config);
        if is_open && !is_known {
            effects.push(Effect::Send(Reply::Config { config: config.clone(), version }));
            self.config = Some(Box::new((config, version)));
        }
    }

    fn moved(&mut self, id: &CommandId, row: Option<RobotCommand>, world: &World<'_>) {
        self.reporting = self.reporting.saturating_sub(1);
        if let Some(slot) = self.window.find(id, None) {
            slot.is_confirming = false;
        }
        if let Some(row) = &row
            && row.state == CommandState::Queued
            && let Some(not_before) = row.not_before
        {
            let wait_ms = u64::try_from(not_before.millis().saturating_sub(world.now.millis())).unwrap_or(0);
            let at_ms = world.now_ms.saturating_add(wait_ms.min(RETRY_MS));
            self.retry_ms = Some(self.retry_ms.map_or(at_ms, |earlier_ms| earlier_ms.min(at_ms)));
        }
        if self.window.settle(id, row.map(|row| (row.state, row.attempt))) {
            self.room_was_made(world.queued);
        }
    }

    /// The depth is kept by events and may be late, so it is asked only when nothing is on its way any more.
    fn room_was_made(&mut self, queued: i64) {
        self.must_align |= std::mem::take(&mut self.has_leftover);
        self.has_work |= queued > 0 && self.window.count() == 0;
        self.end_doubt(None);
    }

    fn claim_if_possible(&mut self, world: &mut World<'_>, effects: &mut Vec<Effect>) {
        let is_open = matches!(self.phase, Phase::Open { .. });
        let is_busy = self.claiming.is_some() || self.has_leftover || self.doubt.is_some();
        if !is_open || is_busy || self.is_stopped || world.now_ms < self.pause_ms {
            return;
        }
        self.pause_ms = 0;
        let window = self.settings.window;
        if self.must_align {
            // More than can be open at once: what is not shown then waits for a slot.
            let limit = i64::from(window.commands).saturating_mul(2);
            self.claiming = Some(limit);
            effects.push(Effect::TakeUnconfirmed(limit));
        } else if self.has_work {
            let open = self.window.count().saturating_add(self.held);
            match self.pacer.allow(window, open, self.window.bytes(), world.tokens) {
                // It empties the queue on the phone: a place there is not needed for it, and would be long in coming.
                Allowance::NoRoom if self.held > 0 && world.has_clear => {
                    self.claiming = Some(1);
                    effects.push(Effect::ClaimOnly(CLEAR_QUEUE));
                }
                Allowance::NoRoom => {}
                Allowance::Later(wait_ms) => self.pause_ms = world.now_ms.saturating_add(wait_ms),
                Allowance::Now(limit) => {
                    self.claiming = Some(limit.commands);
                    self.has_work = false;
                    effects.push(Effect::Claim(limit));
                }
            }
        }
    }

    fn close(&mut self, cause: CloseCause, now_ms: u64) {
        if !matches!(self.phase, Phase::Closing { .. }) {
            let grace_ms = if cause == CloseCause::Flooding { 0 } else { GRACE_MS };
            self.phase = Phase::Closing { cause, at_ms: now_ms.saturating_add(grace_ms) };
        }
    }

    fn close_if_due(&mut self, now_ms: u64, effects: &mut Vec<Effect>) {
        if let Phase::Closing { cause, at_ms } = self.phase
            && (now_ms >= at_ms || (self.receiving == 0 && self.reporting == 0))
        {
            self.phase = Phase::Closed;
            effects.push(Effect::Close(cause));
        }
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
