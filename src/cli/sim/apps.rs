//! A run of phones with the WorkTool app: nothing is activated, commands go through `/wework/sendRawMessage`.
use std::sync::Arc;

use workbot_robot_sim::{WorktoolFleet, WorktoolReport};

use super::super::args::SimArgs;
use super::super::error::CliError;
use super::super::output;
use super::{limits_note, order, progress, tell, tell_connect};
use crate::boot::shutdown;

/// Runs the apps and prints what came of it.
pub async fn simulate(args: &SimArgs, link_ids: Vec<String>) -> Result<WorktoolReport, CliError> {
    let signal = shutdown::on_signal().map_err(CliError::failed)?;
    let (config, faults) = order::apps(args, link_ids.len());
    let ledger = Arc::clone(&config.ledger);
    let app = WorktoolFleet::quick_app();
    let mut fleet = WorktoolFleet::new(config, link_ids, app, faults).map_err(CliError::failed)?;
    let connect = fleet.connect_all().await.map_err(CliError::failed)?;
    tell_connect(&connect)?;
    let run = fleet.run_until(async {
        let name = signal.await;
        tell(&format!("{name}: no more load; waiting for what is under way"));
    });
    let report = tokio::select! {
        report = run => report.map_err(CliError::failed)?,
        () = progress(&ledger) => return Err(CliError::failed("the clock has ended")),
    };
    if report.limited > 0 {
        tell(&limits_note(args.rate, report.limited, report.accepted_per_second()));
    }
    output::print_line(&report.to_string())?;
    Ok(report)
}
