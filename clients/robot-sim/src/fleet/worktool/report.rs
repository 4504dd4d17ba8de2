//! What a run of apps showed.
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::dialect::worktool::AppCounters;
use crate::fleet::ConnectReport;
use crate::ledger::LedgerReport;
use crate::time::millis;

/// Everything a run counted; its text ends with the line `lost L, doubled D`.
#[derive(Debug, Clone, Default)]
pub struct WorktoolReport {
    pub phones: u64,
    pub connect: ConnectReport,
    /// From the first submission until the load stopped.
    pub load_took: Duration,
    /// From there until everything was carried out.
    pub drain_took: Duration,
    pub is_drained: bool,
    /// Answers to submissions that said 429.
    pub limited: u64,
    pub ledger: LedgerReport,
    pub apps: AppCounters,
    /// What the server says of commands after the drain.
    pub states: BTreeMap<String, u64>,
}

impl WorktoolReport {
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

impl fmt::Display for WorktoolReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "WorkTool phones {}, reading {}, not reading {}, all after {:.1?}",
            self.phones, self.connect.online, self.connect.failed, self.connect.took
        )?;
        writeln!(
            out,
            "load {:.1?} ({} accepted/s), drain {:.1?} ({})",
            self.load_took,
            self.accepted_per_second(),
            self.drain_took,
            if self.is_drained { "complete" } else { "stopped by its deadline" }
        )?;
        let apps = &self.apps;
        writeln!(
            out,
            "apps: connects {}, confirms {}, ids repeated {}, results {} ({} lost on the way), screens {}, frames lost without a connection {}, dropped by the app {}, toasts {}",
            apps.connects,
            apps.confirms,
            apps.repeats,
            apps.results,
            apps.lost_results,
            apps.screens,
            apps.lost,
            apps.dropped,
            apps.toasts
        )?;
        if !self.states.is_empty() {
            let states: Vec<String> =
                self.states.iter().map(|(state, count)| format!("{state} {count}")).collect();
            writeln!(out, "results looked up: {}", states.join(", "))?;
        }
        write!(out, "{}", self.ledger)
    }
}
