//! One command on the phone.
use std::sync::Arc;

use workbot_schema::commands::{ExecutionResult, RobotCommand};
use workbot_schema::ids::CommandId;

use super::{Act, GRACE_MS, PhoneSettings};
use crate::robot::dialect::Inbound;
use crate::robot::dialect::worktool::gather;
use crate::robot::dialect::worktool::translation::Awaits;

/// Where a command is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Written to the socket.
    Pushed,
    /// The phone has it; that is being stored.
    Received,
    /// The phone has it, and the row says so.
    Confirmed,
    /// How it ended is being stored.
    Reported,
}

/// A confirmed command without a result, for the next socket of the phone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// Which.
    pub id: CommandId,
    /// Which attempt.
    pub attempt: i32,
    /// WorkTool type number.
    pub command_type: i32,
    /// What ends it.
    pub awaits: Awaits,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub id: CommandId,
    pub attempt: i32,
    pub command_type: i32,
    pub awaits: Awaits,
    pub stage: Stage,
    /// When its row is looked at, because nothing came.
    pub check_ms: u64,
    /// The frame, until it is confirmed or was sent twice, and when it is sent again.
    resend: Option<(Arc<str>, u64)>,
    /// What was reported so far, and when it is taken as all.
    gathered: Option<(ExecutionResult, u64)>,
    /// Since when a failure would have been reported.
    silent_since_ms: u64,
    settings: PhoneSettings,
}

impl Slot {
    pub fn pushed(
        command: &RobotCommand,
        awaits: Awaits,
        frame: Arc<str>,
        settings: PhoneSettings,
        now_ms: u64,
    ) -> Self {
        let row = Unfinished {
            id: command.id.clone(),
            attempt: command.attempt,
            command_type: command.command_type,
            awaits,
        };
        let resend_ms = now_ms.saturating_add(settings.confirm_timeout_ms);
        let slot = Self::inherited(row, settings, now_ms);
        Self { stage: Stage::Pushed, resend: Some((frame, resend_ms)), ..slot }
    }

    pub fn inherited(row: Unfinished, settings: PhoneSettings, now_ms: u64) -> Self {
        let mut slot = Self {
            id: row.id,
            attempt: row.attempt,
            command_type: row.command_type,
            awaits: row.awaits,
            stage: Stage::Confirmed,
            check_ms: 0,
            resend: None,
            gathered: None,
            silent_since_ms: now_ms,
            settings,
        };
        slot.postpone(now_ms);
        slot
    }

    pub fn unfinished(&self) -> Option<Unfinished> {
        (self.stage == Stage::Confirmed).then(|| Unfinished {
            id: self.id.clone(),
            attempt: self.attempt,
            command_type: self.command_type,
            awaits: self.awaits.clone(),
        })
    }

    /// When anything but silence is due.
    pub fn next_ms(&self) -> Option<u64> {
        let resend_ms = self.resend.as_ref().map(|(_frame, at_ms)| *at_ms);
        let gathered_ms = self.gathered.as_ref().map(|(_result, at_ms)| *at_ms);
        [Some(self.check_ms), resend_ms, gathered_ms].into_iter().flatten().min()
    }

    /// When silence means success, once nothing stands before it on the phone.
    pub fn silence_ms(&self) -> Option<u64> {
        (self.awaits == Awaits::Failure && self.stage == Stage::Confirmed)
            .then(|| self.silent_since_ms.saturating_add(self.settings.silence_ms))
    }

    /// A sign of life: its time starts again.
    pub fn postpone(&mut self, now_ms: u64) {
        let timeout_ms = match self.command_type {
            208 | 209 | 218 => self.settings.file_timeout_ms,
            _ => self.settings.plain_timeout_ms,
        };
        self.check_ms = now_ms.saturating_add(timeout_ms).saturating_add(GRACE_MS);
        self.silent_since_ms = now_ms;
    }

    /// The phone has it.
    pub fn receive(&mut self) {
        self.stage = Stage::Received;
        self.resend = None;
    }

    /// The row says so.
    pub fn confirm(&mut self, now_ms: u64) {
        self.resend = None;
        if matches!(self.stage, Stage::Pushed | Stage::Received) {
            self.stage = Stage::Confirmed;
            self.postpone(now_ms);
        }
    }

    /// The frame once more, when it is time.
    pub fn take_resend(&mut self, now_ms: u64) -> Option<Arc<str>> {
        self.resend.take_if(|(_frame, at_ms)| *at_ms <= now_ms).map(|(frame, _at_ms)| frame)
    }

    /// Adds a report; the result when every target was reported on.
    pub fn gather(&mut self, result: ExecutionResult, targets: &[String], now_ms: u64) -> Option<Act> {
        let known = match self.gathered.take() {
            Some((mut known, _at_ms)) => {
                gather::merge(&mut known, result);
                known
            }
            None => result,
        };
        if gather::is_complete(&known, targets) {
            return Some(self.finish(known));
        }
        self.gathered = Some((known, now_ms.saturating_add(self.settings.quiet_ms)));
        None
    }

    /// What was gathered, when no more is expected.
    pub fn take_gathered(&mut self, now_ms: u64) -> Option<ExecutionResult> {
        self.gathered.take_if(|(_known, at_ms)| *at_ms <= now_ms).map(|(known, _at_ms)| known)
    }

    /// How it ended.
    pub fn finish(&mut self, result: ExecutionResult) -> Act {
        self.stage = Stage::Reported;
        let result = ExecutionResult { attempt: Some(self.attempt), ..result };
        Act::Core(Inbound::Result { id: self.id.clone(), result: Box::new(result) })
    }
}
