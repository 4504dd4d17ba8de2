//! Pure: what was read or claimed goes to the phone.
use chrono::TimeDelta;
use workbot_schema::commands::RobotCommand;

use super::{Core, Effect, Phase, Taken, World};

/// The WorkTool app knows an id for 30 s (protocol §1.8); less, for what the way takes.
const APP_MEMORY: TimeDelta = TimeDelta::seconds(20);

impl Core {
    pub(super) fn unconfirmed(
        &mut self,
        taken: Taken,
        is_complete: bool,
        world: &mut World<'_>,
        effects: &mut Vec<Effect>,
    ) {
        self.claiming = None;
        let Some(rows) = self.rows(taken, world.now_ms) else { return };
        self.must_align = false;
        self.has_leftover = !is_complete;
        if is_complete {
            self.window.align(&rows);
        }
        self.pacer.claimed(0);
        for row in rows {
            if self.window.contains(&row.id, row.attempt) {
                continue;
            }
            if self.doubt.is_none() && self.window.has_room(&row, self.settings.window) {
                self.push(row, world, effects);
            } else {
                self.has_leftover = true;
            }
        }
        self.has_work = true;
    }

    pub(super) fn claimed(&mut self, taken: Taken, world: &mut World<'_>, effects: &mut Vec<Effect>) {
        let limit = self.claiming.take().unwrap_or_default();
        let Some(rows) = self.rows(taken, world.now_ms) else { return };
        self.pacer.claimed(rows.len());
        // A full claim may have left something; a short one only when its bytes were too many (see `room_was_made`).
        self.has_work |= i64::try_from(rows.len()).is_ok_and(|count| count > 0 && count >= limit);
        for row in rows {
            if !self.window.contains(&row.id, row.attempt) {
                self.push(row, world, effects);
            }
        }
    }

    fn rows(&mut self, taken: Taken, now_ms: u64) -> Option<Vec<RobotCommand>> {
        match taken {
            // A closing socket pushes nothing: the next one finds the rows unconfirmed.
            Taken::Rows(rows) => matches!(self.phase, Phase::Open { .. }).then_some(rows),
            Taken::Stale => {
                self.is_stopped = true;
                None
            }
            Taken::Failed => {
                self.must_align = true;
                self.pause_ms = now_ms.saturating_add(self.pacer.failed());
                None
            }
        }
    }

    fn push(&mut self, command: RobotCommand, world: &World<'_>, effects: &mut Vec<Effect>) {
        let timeout_ms = match command.command_type {
            208 | 209 | 218 => self.settings.file_timeout_ms,
            _ => self.settings.plain_timeout_ms,
        };
        let is_redelivered = match self.phase {
            Phase::Open { since } => command.sent_at.is_some_and(|sent_at| sent_at < since),
            Phase::Waiting | Phase::Closing { .. } | Phase::Closed => false,
        };
        let is_old = command.sent_at.is_some_and(|sent_at| sent_at.plus(APP_MEMORY) <= world.now);
        if self.settings.is_forgetful && is_redelivered && is_old {
            let until_ms = world.now_ms.saturating_add(self.settings.confirm_timeout_ms);
            self.doubt = Some(Box::new((command.id.clone(), until_ms)));
        }
        self.window.open(&command, timeout_ms, world.now_ms);
        effects.push(Effect::Push { command: Box::new(command), is_redelivered });
    }

    /// Others may be pushed again once the one in doubt has left the window, or at its time.
    pub(super) fn end_doubt(&mut self, now_ms: Option<u64>) {
        let Some(doubt) = self.doubt.as_deref() else { return };
        let is_late = now_ms.is_some_and(|now_ms| doubt.1 <= now_ms);
        if is_late || self.window.find(&doubt.0, None).is_none() {
            self.doubt = None;
            self.must_align |= std::mem::take(&mut self.has_leftover);
            self.has_work = true;
        }
    }
}
