//! The gateway rows of the performance table, against the real release server.
//!
//! `cargo run --release -p workbot-benches --bin load -- [gateway|all] [--quick|--full] [--json] [--postgres URL]`
use std::io::Write as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use tokio::task::LocalSet;
use url::Url;
use workbot_benches::Outcome;
use workbot_benches::database::Databases;
use workbot_benches::floor::{self, FloorKind};
use workbot_benches::program::find_workbot;
use workbot_benches::report::Report;
use workbot_benches::rows::{Plan, Size, answers, disk, flush, growth, memory, push, storm};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Row {
    Disk,
    Push,
    Floor,
    Memory,
    Flush,
    Growth,
    Storm,
    Answers,
}

#[derive(Debug, Subcommand)]
enum Group {
    /// Phones and commands
    Gateway,
    /// Everything there is
    All,
    /// A server that does nothing but push (started by the runs themselves)
    #[command(hide = true)]
    Floor { kind: FloorKind },
}

/// Measures the server under load; prints, never asserts.
#[derive(Debug, Parser)]
#[command(name = "load")]
struct Arguments {
    #[command(subcommand)]
    group: Option<Group>,
    /// Run on databases made on this PostgreSQL server instead of SQLite
    #[arg(long, global = true, value_name = "URL")]
    postgres: Option<Url>,
    /// Less of everything: half a minute
    #[arg(long, global = true)]
    quick: bool,
    /// More of it: 19,000 robots
    #[arg(long, global = true, conflicts_with = "quick")]
    full: bool,
    /// Print one JSON document
    #[arg(long, global = true)]
    json: bool,
    /// Only these rows
    #[arg(long, global = true, value_enum, value_delimiter = ',')]
    only: Vec<Row>,
    /// Commands of one push figure
    #[arg(long, global = true, value_name = "N")]
    commands: Option<usize>,
    /// The server's binary (default: the release build, made when it is missing)
    #[arg(long, global = true, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Where data folders are made; its disk is the one that is measured
    #[arg(long, global = true, value_name = "DIR")]
    folder: Option<PathBuf>,
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    if let Some(Group::Floor { kind }) = arguments.group {
        return floor::run(kind);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(arguments))
}

async fn run(arguments: Arguments) -> Outcome<()> {
    let folders = arguments.folder.unwrap_or_else(std::env::temp_dir).join("workbot-load");
    std::fs::create_dir_all(&folders)?;
    let size = match (arguments.quick, arguments.full) {
        (true, _) => Size::QUICK,
        (_, true) => Size::FULL,
        _ => Size::STANDARD,
    };
    let size = Size { commands: arguments.commands.unwrap_or(size.commands).max(1), ..size };
    let databases = arguments.postgres.map_or(Databases::Sqlite, Databases::Postgres);
    let plan = Plan { workbot: find_workbot(arguments.program)?, folders, databases, size };
    let rows = if arguments.only.is_empty() { Row::value_variants() } else { arguments.only.as_slice() };
    let mut report = Report::default();
    setting(&plan, &mut report);
    for row in rows {
        writeln!(std::io::stderr(), "load: {row:?}")?;
        match row {
            Row::Disk => disk::run(&plan, &mut report)?,
            Row::Push => push::workbot(&plan, &mut report).await?,
            Row::Floor => push::floors(&plan, &mut report).await?,
            Row::Memory => memory::run(&plan, &mut report).await?,
            Row::Flush => flush::run(&plan, &mut report).await?,
            Row::Growth => growth::run(&plan, &mut report).await?,
            Row::Storm => storm::run(&plan, &mut report).await?,
            Row::Answers => answers::run(&plan, &mut report).await?,
        }
    }
    report.print(&mut std::io::stdout().lock(), arguments.json)
}

fn setting(plan: &Plan, report: &mut Report) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    report.note("cores", format!("{cores}, shared by server and load client"));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    report.note("load average before", load.split_whitespace().take(3).collect::<Vec<_>>().join(" "));
    report.note("database", plan.databases.name());
    report.note("server", format!("workbot {}, limits off, log level info", env!("CARGO_PKG_VERSION")));
}
