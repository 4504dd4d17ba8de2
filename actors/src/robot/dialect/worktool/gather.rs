//! One result out of several.
use workbot_schema::commands::ExecutionResult;

/// Puts a further report to what is known of the same execution: the first error stays, targets add up.
pub(super) fn merge(known: &mut ExecutionResult, further: ExecutionResult) {
    if known.error_code == 0 && further.error_code != 0 {
        known.error_code = further.error_code;
        known.error_reason = further.error_reason;
    }
    for name in further.success_list {
        if !known.success_list.contains(&name) {
            known.success_list.push(name);
        }
    }
    for name in further.fail_list {
        if !known.fail_list.contains(&name) {
            known.fail_list.push(name);
        }
    }
    known.run_time_ms = known.run_time_ms.or(further.run_time_ms);
    known.time_cost_secs = match (known.time_cost_secs, further.time_cost_secs) {
        (Some(one), Some(other)) => Some(one + other),
        (one, other) => one.or(other),
    };
    // Several reports are no single one that could be kept as it came.
    known.raw = None;
}

/// One result of the reports of one frame; none when there are none.
pub(super) fn one(reports: impl IntoIterator<Item = ExecutionResult>) -> Option<ExecutionResult> {
    let mut reports = reports.into_iter();
    let mut first = reports.next()?;
    reports.for_each(|further| merge(&mut first, further));
    Some(first)
}

/// Whether every target was reported on.
pub(super) fn is_complete(known: &ExecutionResult, targets: &[String]) -> bool {
    !targets.is_empty()
        && targets.iter().all(|name| known.success_list.contains(name) || known.fail_list.contains(name))
}
