//! What a run showed.
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::ledger::LedgerReport;
use crate::phone::PhoneCounters;
use crate::time::millis;

/// How a mass connect went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectReport {
    pub online: u64,
    pub failed: u64,
    /// Until the last phone was online or given up.
    pub took: Duration,
}

/// Everything a run counted; its text ends with the line `lost L, doubled D`.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub robots: u64,
    pub connect: ConnectReport,
    /// From the first submission until the load stopped.
    pub load_took: Duration,
    /// From there until everything was executed.
    pub drain_took: Duration,
    pub is_drained: bool,
    /// Answers to submissions that said 429.
    pub limited: u64,
    pub ledger: LedgerReport,
    pub phones: PhoneCounters,
    /// Final states found after the drain.
    pub states: BTreeMap<String, u64>,
}

impl Report {
    /// Promises to deliver that were broken.
    pub fn lost(&self) -> u64 {
        self.ledger.lost()
    }

    /// Promises not to repeat that were broken.
    pub fn doubled(&self) -> u64 {
        self.ledger.doubled()
    }

    /// Whether nothing was lost and nothing doubled.
    pub fn is_clean(&self) -> bool {
        self.lost() == 0 && self.doubled() == 0
    }

    /// Accepted commands per second of load.
    pub fn accepted_per_second(&self) -> u64 {
        let accepted = self.ledger.commands.accepted.saturating_mul(1_000);
        accepted.checked_div(millis(self.load_took)).unwrap_or(0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "robots {}, online {}, failed to connect {}, all connected in {:.1?}",
            self.robots, self.connect.online, self.connect.failed, self.connect.took
        )?;
        writeln!(
            out,
            "load {:.1?} ({} accepted/s), drain {:.1?} ({})",
            self.load_took,
            self.accepted_per_second(),
            self.drain_took,
            if self.is_drained { "complete" } else { "stopped by its deadline" }
        )?;
        let phones = &self.phones;
        writeln!(
            out,
            "phones: connects {}, cuts {}, stalls {}, commands {}, executed {}, redelivered {} (unflagged {}), unasked attempts {}, acks {}, results {}, errors {}",
            phones.connects,
            phones.cuts,
            phones.stalls,
            phones.commands,
            phones.executed,
            phones.memory.redelivered,
            phones.memory.unflagged,
            phones.memory.unasked_attempts,
            phones.acks,
            phones.results,
            phones.errors
        )?;
        if !self.states.is_empty() {
            let states: Vec<String> =
                self.states.iter().map(|(state, count)| format!("{state} {count}")).collect();
            writeln!(out, "states looked up: {}", states.join(", "))?;
        }
        write!(out, "{}", self.ledger)
    }
}
