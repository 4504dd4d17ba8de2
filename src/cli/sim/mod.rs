//! `workbot sim`: simulated phones against any server, and the verdict: what was lost, what was doubled.
//!
//! ```text
//! codes (file or database) ─▶ activate ─┬▶ connect ─▶ load ─▶ drain ─▶ look up ─▶ report, `lost L, doubled D`
//! link ids (file or database) ──────────┘ phones with the WorkTool app: [`apps`]
//! ```
mod apps;
mod open_files;
mod order;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};
use workbot_robot_sim::fleet::ConnectReport;
use workbot_robot_sim::{Fleet, FleetConfig, Ledger, Report};

use self::order::Credentials;
use super::args::{CodesCreateArgs, RobotsCreateArgs, SimArgs, SimDialect};
use super::error::CliError;
use super::{block_on, codes, output, robots};
use crate::boot::{logging, shutdown};
use crate::settings::logging::LoggingSettings;
use crate::settings::{Loaded, Settings};

/// Codes made at once.
const CODES_MAX: u32 = 1_000;
/// Service time of robots whose codes are made here.
const CODE_DAYS: u32 = 365;
/// From one progress line to the next.
const PROGRESS: Duration = Duration::from_secs(5);

/// Runs the phones; an error unless nothing was lost and nothing doubled.
pub fn run(args: SimArgs, loaded: Loaded) -> Result<(), CliError> {
    let logging = LoggingSettings { file: String::new(), ..loaded.settings.logging.clone() };
    logging::start(&logging, &loaded.settings.data_folder())?;
    let has_database =
        ["database.url", "server.data_dir"].iter().any(|key| loaded.origins.contains_key(*key));
    let file = match order::file(&args)? {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| {
            CliError::usage(format!(
                "{} cannot be read ({error}); name the file with one credential a line",
                path.display()
            ))
        })?),
        None => None,
    };
    let credentials = match order::credentials(&args, file.as_deref(), has_database)? {
        Credentials::Given(given) => given,
        Credentials::Make(count) => match args.dialect {
            SimDialect::Native => make_codes(count, loaded.into_settings()?)?,
            SimDialect::Worktool => make_link_ids(count, &loaded.into_settings()?)?,
        },
    };
    open_files::ensure(u64::try_from(credentials.len()).map_err(CliError::failed)?)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(CliError::failed)?;
    let is_clean = match args.dialect {
        SimDialect::Native => runtime.block_on(simulate(&args, &credentials))?.is_clean(),
        SimDialect::Worktool => runtime.block_on(apps::simulate(&args, credentials))?.is_clean(),
    };
    if is_clean {
        Ok(())
    } else {
        Err(CliError::failed("commands or messages were lost or doubled; the server's log has their ids"))
    }
}

fn make_link_ids(count: u32, settings: &Settings) -> Result<Vec<String>, CliError> {
    let name = "模拟手机".to_owned();
    let args = RobotsCreateArgs { name, worktool: true, user: None, count: Some(count), json: false };
    let mut made = Vec::new();
    block_on(async {
        let robots = robots::create(args, settings).await?;
        made.extend(robots.into_iter().filter_map(|robot| robot.link_id));
        Ok(())
    })?;
    Ok(made)
}

fn make_codes(count: u32, settings: Settings) -> Result<Vec<String>, CliError> {
    let mut made = Vec::new();
    block_on(async {
        let mut left = count;
        while left > 0 {
            let count = left.min(CODES_MAX);
            let args = CodesCreateArgs { count, days: CODE_DAYS, user: None, expires_at: None, json: false };
            made.extend(codes::create(args, &settings).await?.into_iter().map(|code| code.code));
            left -= count;
        }
        Ok(())
    })?;
    Ok(made)
}

async fn simulate(args: &SimArgs, codes: &[String]) -> Result<Report, CliError> {
    let signal = shutdown::on_signal().map_err(CliError::failed)?;
    let identities = Fleet::activate(&args.url, codes).await.map_err(|error| {
        CliError::failed(format!("the phones cannot be activated at {}: {error}", args.url))
    })?;
    tell(&format!("{} phones activated at {}", identities.len(), args.url));
    let config: FleetConfig = order::fleet(args, identities);
    let ledger = Arc::clone(&config.ledger);
    let mut fleet = Fleet::new(config).map_err(CliError::failed)?;
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
    fleet.stop().await.map_err(CliError::failed)?;
    Ok(report)
}

fn tell_connect(connect: &ConnectReport) -> Result<(), CliError> {
    if connect.online == 0 {
        return Err(CliError::failed("no phone came online; look into the server's log"));
    }
    tell(&format!("{} phones online after {:.1?}, {} not", connect.online, connect.took, connect.failed));
    Ok(())
}

/// A line every few seconds, for ever.
async fn progress(ledger: &Ledger) {
    let started = Instant::now();
    let mut ticks = interval_at(started + PROGRESS, PROGRESS);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let report = ledger.report();
        let (commands, messages) = (report.commands, report.messages);
        tell(&format!(
            "{:>4} s: commands accepted {}, executed {}, open {}; messages acknowledged {}, open {}; doubled {}",
            started.elapsed().as_secs(),
            commands.accepted,
            commands.executed,
            ledger.open_commands(),
            messages.acked,
            ledger.open_messages(),
            report.doubled()
        ));
    }
}

fn limits_note(wanted: f64, limited: u64, reached: u64) -> String {
    format!(
        "the server's limits held the load back: {limited} answers were 429, {reached} commands a second were reached instead of {wanted}; \
         for a load run start the server with WORKBOT_LIMITS__ENABLED=false"
    )
}

fn tell(line: &str) {
    output::report(&format!("{line}\n"));
}
