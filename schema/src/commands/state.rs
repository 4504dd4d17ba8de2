//! Who may move a command from which state to which: the only place that decides it.
//!
//! ```text
//!            ┌──────────── retryable failure (attempt + 1) ───────────┐
//!            ▼                                                        │
//!  queued ──claim──▶ sent ──confirm──▶ confirmed ──result──▶ succeeded | partial | failed
//!    │ │  ▲            │                   │
//!    │ │  └─ put back ─┤                   │
//!    │ └─expire▶expired └──── no answer ────┴──▶ unknown ──late result──▶ succeeded | partial | failed
//!    └─cancel▶cancelled
//! ```
use chrono::TimeDelta;

use crate::fields::Ts;

crate::text_enum! {
    /// The state of a command.
    pub enum CommandState {
        /// Waits for the robot.
        Queued = "queued",
        /// May have been pushed.
        Sent = "sent",
        /// The phone has it.
        Confirmed = "confirmed",
        /// Carried out for every target.
        Succeeded = "succeeded",
        /// Carried out for some targets.
        Partial = "partial",
        /// Carried out for none.
        Failed = "failed",
        /// Not pushed in its time.
        Expired = "expired",
        /// Taken back before it was pushed.
        Cancelled = "cancelled",
        /// Pushed, and no result came in time.
        Unknown = "unknown",
    }
}

impl CommandState {
    /// Nothing moves it any more.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Partial | Self::Failed | Self::Expired | Self::Cancelled)
    }

    /// As the seeds write it on the wire: `queued` is `pending`.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Queued => "pending",
            other => other.as_str(),
        }
    }
}

/// The highest attempt: the first push and three retries.
pub const MAX_ATTEMPT: i32 = 4;
/// A retry waits this long.
pub const RETRY_DELAY: TimeDelta = TimeDelta::seconds(1);
/// Error codes after which another try may work (details of the phone's error list).
pub const RETRYABLE: [i32; 4] = [201_101, 201_103, 201_104, 201_107];
/// A result of this attempt is the server's own: it carried the command out itself and never pushed it.
pub const SERVER_ATTEMPT: i32 = 0;
/// Failed without a code.
pub const UNSPECIFIED_ERROR: i32 = 501_000;

/// What a phone says about one execution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExecutionResult {
    /// The attempt it speaks of; the latest pushed one when absent.
    pub attempt: Option<i32>,
    /// 0 is success.
    pub error_code: i32,
    /// The phone's words.
    pub error_reason: String,
    /// Targets that were served.
    pub success_list: Vec<String>,
    /// Targets that were not.
    pub fail_list: Vec<String>,
    /// The phone said "partial" itself.
    pub is_partial: bool,
    /// Start of the execution, milliseconds since 1970.
    pub run_time_ms: Option<i64>,
    /// Length of the execution in seconds.
    pub time_cost_secs: Option<f64>,
    /// The result as it came, JSON, for the record.
    pub raw: Option<String>,
}

impl ExecutionResult {
    /// The final state this result stands for.
    pub fn verdict(&self) -> CommandState {
        let is_mixed = !self.success_list.is_empty() && !self.fail_list.is_empty();
        if self.is_partial || is_mixed {
            CommandState::Partial
        } else if self.error_code == 0 {
            CommandState::Succeeded
        } else {
            CommandState::Failed
        }
    }
}

/// What happens to a command.
#[derive(Debug, Clone, PartialEq)]
pub enum CommandEvent {
    /// The phone confirms receipt.
    Confirm {
        /// The attempt it confirms; the latest when absent.
        attempt: Option<i32>,
    },
    /// The phone reports an execution.
    Result(ExecutionResult),
    /// Somebody takes it back.
    Cancel {
        /// Who and why, for the history.
        detail: String,
    },
    /// Its time is over.
    Expire,
    /// No answer came in time.
    GiveUp {
        /// What was waited for.
        detail: String,
    },
    /// What was claimed was certainly not handed over (the hosted platform refused the call): it waits again, as the same attempt.
    PutBack {
        /// Not claimed before.
        not_before: Ts,
    },
    /// A sweep looked and it is too early: look again at the given time.
    Postpone(Ts),
    /// The wall clock was set forward over its end: it may wait until then.
    Extend(Ts),
}

/// The part of a row the decision needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    /// Where the command is.
    pub state: CommandState,
    /// The present attempt.
    pub attempt: i32,
    /// Whether the robot allows retries of failed results.
    pub can_retry: bool,
    /// When it expires.
    pub expires_at: Ts,
}

/// What to write.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// The event does not apply; the row stays.
    Lost,
    /// Only the time of the next look changes.
    Postpone(Ts),
    /// Only its end changes, and with it the time of the next look.
    Extend(Ts),
    /// The row moves.
    Move {
        /// The new state.
        state: CommandState,
        /// The new attempt.
        attempt: i32,
        /// Not claimed before.
        not_before: Option<Ts>,
        /// Next look by the sweep.
        due_at: Option<Ts>,
        /// For the history.
        detail: String,
    },
    /// A failed attempt is put on record while an earlier or later one goes on.
    Note {
        /// For the history.
        detail: String,
    },
}

fn settle(state: CommandState, attempt: i32, detail: String) -> Decision {
    Decision::Move { state, attempt, not_before: None, due_at: None, detail }
}

/// Decides what `event` does to a command at `now`; `result_timeout` runs from a confirmation.
pub fn decide(present: Present, event: &CommandEvent, now: Ts, result_timeout: TimeDelta) -> Decision {
    use CommandState::{Cancelled, Confirmed, Expired, Queued, Sent, Unknown};
    // Between two attempts the row is queued again, and what was pushed last is the attempt before.
    let pushed = if present.state == Queued { present.attempt - 1 } else { present.attempt };
    match (event, present.state) {
        (CommandEvent::Confirm { attempt }, Sent) if attempt.is_none_or(|attempt| attempt == pushed) => {
            Decision::Move {
                state: Confirmed,
                attempt: present.attempt,
                not_before: None,
                due_at: Some(now.plus(result_timeout)),
                detail: String::new(),
            }
        }
        (CommandEvent::Confirm { .. }, _) => Decision::Lost,
        (CommandEvent::Result(result), Queued) if pushed == 0 => {
            if result.attempt != Some(SERVER_ATTEMPT) {
                return Decision::Lost;
            }
            settle(result.verdict(), present.attempt, result.error_reason.clone())
        }
        (CommandEvent::Result(result), Queued | Sent | Confirmed | Unknown) => {
            decide_result(present, pushed, result, now)
        }
        (CommandEvent::Result(_), _) => Decision::Lost,
        (CommandEvent::Cancel { detail }, Queued) => settle(Cancelled, present.attempt, detail.clone()),
        (CommandEvent::Cancel { .. }, _) => Decision::Lost,
        (CommandEvent::Expire, Queued) => settle(Expired, present.attempt, String::new()),
        (CommandEvent::Expire, _) => Decision::Lost,
        (CommandEvent::GiveUp { detail }, Sent | Confirmed) => {
            settle(Unknown, present.attempt, detail.clone())
        }
        (CommandEvent::GiveUp { .. }, _) => Decision::Lost,
        (CommandEvent::PutBack { not_before }, Sent) => Decision::Move {
            state: Queued,
            attempt: present.attempt,
            not_before: Some(*not_before),
            due_at: Some((*not_before).min(present.expires_at)),
            detail: String::new(),
        },
        (CommandEvent::PutBack { .. }, _) => Decision::Lost,
        (CommandEvent::Postpone(due_at), Queued | Sent | Confirmed) => Decision::Postpone(*due_at),
        (CommandEvent::Postpone(_), _) => Decision::Lost,
        (CommandEvent::Extend(expires_at), Queued | Sent) if *expires_at > present.expires_at => {
            Decision::Extend(*expires_at)
        }
        (CommandEvent::Extend(_), _) => Decision::Lost,
    }
}

/// Whether another try may mend what a result reports.
pub fn may_retry(result: &ExecutionResult) -> bool {
    result.verdict() == CommandState::Failed
        && result.success_list.is_empty()
        && RETRYABLE.contains(&result.error_code)
}

fn decide_result(present: Present, pushed: i32, result: &ExecutionResult, now: Ts) -> Decision {
    let verdict = result.verdict();
    let of = result.attempt.unwrap_or(pushed);
    if !(1..=pushed).contains(&of) {
        // The phone cannot have carried out what was never pushed to it.
        return Decision::Lost;
    }
    let detail = match verdict {
        CommandState::Succeeded => String::new(),
        _ if result.error_reason.is_empty() => format!("{}", result.error_code),
        _ => format!("{} {}", result.error_code, result.error_reason),
    };
    let is_older = of < present.attempt;
    if is_older && verdict == CommandState::Failed {
        // The failure of an attempt that was given up for a newer one changes nothing.
        return Decision::Note { detail };
    }
    let is_tried_again = may_retry(result)
        && present.can_retry
        && present.attempt < MAX_ATTEMPT
        && present.state != CommandState::Unknown
        && present.expires_at > now.plus(RETRY_DELAY);
    if is_tried_again {
        let at = now.plus(RETRY_DELAY);
        return Decision::Move {
            state: CommandState::Queued,
            attempt: present.attempt + 1,
            not_before: Some(at),
            due_at: Some(at),
            detail,
        };
    }
    settle(verdict, if is_older { of } else { present.attempt }, detail)
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
