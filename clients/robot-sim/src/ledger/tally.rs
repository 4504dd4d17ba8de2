//! The book added up.
use std::collections::HashMap;
use std::fmt;

use tokio::time::Instant;

use super::Latencies;
use super::book::{Answered, CommandEntry, MessageEntry};
use crate::tag::Tag;

/// Commands added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CommandTally {
    pub submitted: u64,
    pub accepted: u64,
    pub refused: u64,
    /// No answer came.
    pub unsure: u64,
    pub cancelled: u64,
    pub executed: u64,
    /// Accepted and never executed.
    pub lost: u64,
    /// Visible twice, two ids for one submission, or pushed again after its confirm was certain.
    pub doubled: u64,
    /// Refused and executed all the same.
    pub executed_though_refused: u64,
    /// Arrived before one of the same robot and priority that was accepted before this one was begun.
    pub out_of_order: u64,
    /// Executed by another robot.
    pub misdirected: u64,
    /// Results seen from outside.
    pub visible: u64,
}

/// Chat messages added up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageTally {
    pub said: u64,
    pub acked: u64,
    pub unacked: u64,
    /// Messages whose callback arrived.
    pub called_back: u64,
    pub callback_repeats: u64,
    /// Messages with an executed reply.
    pub replied: u64,
    /// Acknowledged without the callback or reply that had to follow.
    pub lost: u64,
    /// Stored, delivered or answered more than once.
    pub doubled: u64,
}

/// The whole book.
#[derive(Debug, Clone, Default)]
pub struct LedgerReport {
    pub commands: CommandTally,
    pub messages: MessageTally,
    /// Broken promises about commands that nobody entered.
    pub stray_doubled: u64,
    pub latencies: Latencies,
}

impl LedgerReport {
    /// Commands and messages lost.
    pub fn lost(&self) -> u64 {
        self.commands.lost + self.messages.lost
    }

    /// Commands and messages doubled.
    pub fn doubled(&self) -> u64 {
        self.commands.doubled + self.messages.doubled + self.stray_doubled
    }
}

impl fmt::Display for LedgerReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CommandTally { submitted, accepted, refused, unsure, executed, out_of_order, .. } = self.commands;
        writeln!(
            out,
            "commands submitted {submitted}, accepted {accepted}, refused {refused}, unanswered {unsure}, executed {executed}, out of order {out_of_order}, for the wrong robot {}, refused but executed {}",
            self.commands.misdirected, self.commands.executed_though_refused
        )?;
        let MessageTally { said, acked, called_back, callback_repeats, replied, .. } = self.messages;
        writeln!(
            out,
            "messages said {said}, acknowledged {acked}, called back {called_back} (+{callback_repeats} repeats), answered {replied}"
        )?;
        let rows = [
            ("answer", &self.latencies.answer),
            ("push", &self.latencies.push),
            ("result", &self.latencies.total),
            ("message ack", &self.latencies.message),
            ("callback", &self.latencies.callback),
            ("reply", &self.latencies.reply),
        ];
        for (name, histogram) in rows.iter().filter(|(_, histogram)| histogram.count() > 0) {
            writeln!(out, "latency {name}: {histogram}")?;
        }
        write!(out, "lost {}, doubled {}", self.lost(), self.doubled())
    }
}

impl CommandTally {
    pub(super) fn of(commands: &HashMap<Tag, CommandEntry>) -> Self {
        let mut tally = Self { out_of_order: out_of_order(commands), ..Self::default() };
        for entry in commands.values() {
            tally.submitted += 1;
            match entry.answered {
                Answered::Accepted => tally.accepted += 1,
                Answered::Refused => tally.refused += 1,
                Answered::NotYet | Answered::Unsure => tally.unsure += 1,
                Answered::Cancelled => tally.cancelled += 1,
            }
            let is_executed = entry.executions > 0;
            tally.executed += u64::from(is_executed);
            tally.lost += u64::from(entry.is_lost());
            tally.doubled += u64::from(entry.is_doubled());
            tally.executed_though_refused += u64::from(is_executed && entry.answered == Answered::Refused);
            tally.misdirected += u64::from(entry.misdirected > 0);
            tally.visible += u64::from(entry.is_visible);
        }
        tally
    }
}

impl MessageTally {
    pub(super) fn of(messages: &HashMap<Tag, MessageEntry>) -> Self {
        let mut tally = Self::default();
        for entry in messages.values() {
            tally.said += 1;
            tally.acked += u64::from(entry.is_acked);
            tally.unacked += u64::from(!entry.is_acked);
            tally.called_back += u64::from(!entry.callbacks.is_empty());
            tally.callback_repeats += u64::from(entry.callback_repeats);
            tally.replied += u64::from(!entry.replies.is_empty());
            tally.lost += u64::from(entry.is_lost());
            tally.doubled += u64::from(entry.is_doubled());
        }
        tally
    }
}

/// Only pairs whose order is certain count: one accepted before the other was begun.
fn out_of_order(commands: &HashMap<Tag, CommandEntry>) -> u64 {
    let mut lanes: HashMap<(&str, i64), Vec<(u64, &CommandEntry)>> = HashMap::new();
    for entry in commands.values() {
        if let Some(arrival) = entry.arrival {
            lanes.entry((entry.robot.as_str(), entry.priority)).or_default().push((arrival, entry));
        }
    }
    let mut count = 0;
    for lane in lanes.values_mut() {
        lane.sort_unstable_by_key(|(arrival, _)| *arrival);
        let mut latest_begun: Option<Instant> = None;
        for (_, entry) in lane.iter() {
            let overtaken = match (entry.answered_at, latest_begun) {
                (Some(answered_at), Some(begun)) => {
                    entry.answered == Answered::Accepted && answered_at < begun
                }
                _ => false,
            };
            count += u64::from(overtaken);
            latest_begun = latest_begun.max(Some(entry.started_at));
        }
    }
    count
}
