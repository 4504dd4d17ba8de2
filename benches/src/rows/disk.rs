//! The disk's own part: one fdatasync after another.
use super::Plan;
use crate::Outcome;
use crate::disk::sync_times;
use crate::report::Report;

const ROUNDS: u32 = 500;
const ROW: &str = "disk: append 4 KiB + fdatasync";

/// Measures.
pub fn run(plan: &Plan, report: &mut Report) -> Outcome<()> {
    let times = sync_times(&plan.folders, ROUNDS)?;
    report.add_times(ROW, ["p50", "p95", "p99"], &times);
    report.add(ROW, "rate", 1.0 / times.mean().as_secs_f64().max(1e-9), "/s");
    Ok(())
}
