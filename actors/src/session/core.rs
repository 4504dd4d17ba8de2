//! Pure: what a session does next.
//!
//! ```text
//!            arrive, reopen                    one turn at a time
//! store ─load─▶ [ waiting, by seq ] ─ burst ─▶ Turn ─────▶ …
//!                     │ taken over, too old
//!                     └──────────────────────▶ Settle
//! ```
//! What waits here also waits in the store: more than fits is left there and read again.
use std::collections::VecDeque;
use std::sync::Arc;

use chrono::TimeDelta;
use workbot_schema::fields::Ts;
use workbot_schema::messages::{MessageReason, SessionMessage};

use super::burst::{self, Arrival, Burst, BurstRule};
use super::reasons::EXPIRED_BY_RESTART;
use super::takeover::Takeover;

/// Messages that wait in memory; more are left to the store.
pub const WAITING_MAX: usize = 100;
/// What a restart finds is not answered when it is older.
pub const TOO_OLD: TimeDelta = TimeDelta::minutes(30);

/// How a session behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoreRules {
    /// How bursts are gathered.
    pub burst: BurstRule,
    /// A takeover ends when no person was heard for so long.
    pub takeover_idle: TimeDelta,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Nothing waits.
    Rest,
    /// More may come until then.
    Wait(Ts),
    /// The store has messages that are not here.
    Load,
    /// These are one turn.
    Turn(Vec<Arc<SessionMessage>>),
    /// These are not answered, for this reason.
    Settle {
        /// Which.
        messages: Vec<Arc<SessionMessage>>,
        /// Why.
        reason: MessageReason,
        /// More about it.
        detail: Option<&'static str>,
    },
}

#[derive(Debug)]
struct Waiting {
    message: Arc<SessionMessage>,
    is_urgent: bool,
    /// Found too old by a load.
    is_too_old: bool,
}

/// The messages that wait, and who has the conversation.
#[derive(Debug)]
pub struct SessionCore {
    rules: CoreRules,
    waiting: VecDeque<Waiting>,
    /// Everything up to here is waiting or was done.
    known_to: i64,
    is_more_in_store: bool,
    /// The newest message told of since a load was asked for.
    told_to: i64,
    takeover: Option<Takeover>,
}

impl SessionCore {
    /// A session that has still to load.
    pub fn new(rules: CoreRules) -> Self {
        Self {
            rules,
            waiting: VecDeque::new(),
            known_to: 0,
            is_more_in_store: true,
            told_to: 0,
            takeover: None,
        }
    }

    /// How many messages wait here.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// A message was stored. One that is known is ignored, so events may repeat what a load has found.
    pub fn arrive(&mut self, message: Arc<SessionMessage>, is_urgent: bool) {
        if message.seq <= self.known_to {
            return;
        }
        self.known_to = message.seq;
        self.told_to = message.seq;
        if self.is_more_in_store {
            // It waits behind what has still to be read, and will be read with it.
            return;
        }
        if self.waiting.len() >= WAITING_MAX {
            self.is_more_in_store = true;
            return;
        }
        self.waiting.push_back(Waiting { message, is_urgent, is_too_old: false });
    }

    /// The store may have messages of which nobody told.
    pub fn look_again(&mut self) {
        self.is_more_in_store = true;
    }

    /// The store was asked in vain; what it has is left to it until somebody tells.
    pub fn leave_to_store(&mut self) {
        self.is_more_in_store = false;
    }

    /// What the store has, oldest first; `is_all` = there is no more. `is_urgent` judges each.
    pub fn load(
        &mut self,
        messages: Vec<Arc<SessionMessage>>,
        is_all: bool,
        now: Ts,
        is_urgent: impl Fn(&SessionMessage) -> bool,
    ) {
        self.waiting = messages
            .into_iter()
            .take(WAITING_MAX)
            .map(|message| Waiting {
                is_urgent: is_urgent(&message),
                is_too_old: message.created_at.plus(TOO_OLD) <= now,
                message,
            })
            .collect();
        let newest = self.waiting.back().map_or(0, |waiting| waiting.message.seq);
        // What was told of meanwhile may not have been there yet when the store was read.
        self.is_more_in_store = !is_all || self.told_to > newest;
        self.known_to = self.known_to.max(newest);
    }

    /// Who has the conversation, as the store says.
    pub fn set_takeover(&mut self, takeover: Option<Takeover>) {
        self.takeover = takeover;
    }

    /// The takeover that holds now.
    pub fn takeover(&self, now: Ts) -> Option<&Takeover> {
        self.takeover.as_ref().filter(|takeover| takeover.holds(now, self.rules.takeover_idle))
    }

    /// Whether a takeover stands in the row that holds no more.
    pub fn is_takeover_over(&self, now: Ts) -> bool {
        self.takeover.is_some() && self.takeover(now).is_none()
    }

    /// Decides; to be asked when no turn is under way. What is given out does not wait any more.
    pub fn next(&mut self, now: Ts) -> Next {
        let Some(first) = self.waiting.front() else {
            if self.is_more_in_store {
                self.told_to = 0;
                return Next::Load;
            }
            return Next::Rest;
        };
        if first.is_too_old {
            let count = self.waiting.iter().take_while(|waiting| waiting.is_too_old).count();
            return Next::Settle {
                messages: self.take(count),
                reason: MessageReason::Expired,
                detail: Some(EXPIRED_BY_RESTART),
            };
        }
        if self.takeover(now).is_some() {
            let messages = self.take(self.waiting.len());
            return Next::Settle { messages, reason: MessageReason::TakenOver, detail: None };
        }
        let arrivals = self
            .waiting
            .iter()
            .map(|waiting| Arrival { at: waiting.message.created_at, is_urgent: waiting.is_urgent });
        match burst::decide(self.rules.burst, arrivals, now) {
            Burst::Empty => Next::Rest,
            // What is in the store may be urgent, or end the burst.
            Burst::Wait(_) if self.is_more_in_store => {
                self.told_to = 0;
                Next::Load
            }
            Burst::Wait(until) => Next::Wait(until),
            Burst::Take(count) => Next::Turn(self.take(count)),
        }
    }

    fn take(&mut self, count: usize) -> Vec<Arc<SessionMessage>> {
        self.waiting.drain(..count.min(self.waiting.len())).map(|waiting| waiting.message).collect()
    }
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
