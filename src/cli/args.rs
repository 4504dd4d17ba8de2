//! What each subcommand accepts. The structs only hold what was typed; the work is in the file of the subcommand.

use super::parse::{parse_phone, parse_rate, parse_time, parse_time_span};
use crate::settings::Flag;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Flags every subcommand accepts, before or after its name.
#[derive(Debug, Clone, Default, Args)]
pub struct GlobalArgs {
    /// Configuration file, read after config/workbot.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Data folder (server.data_dir)
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<String>,
    /// Database (database.url): sqlite:PATH or postgres://…
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
}

impl GlobalArgs {
    /// The keys these flags set.
    pub fn flags(&self) -> Vec<Flag> {
        let data_dir =
            self.data_dir.clone().map(|text| Flag { name: "--data-dir", key: "server.data_dir", text });
        let url =
            self.database_url.clone().map(|text| Flag { name: "--database-url", key: "database.url", text });
        data_dir.into_iter().chain(url).collect()
    }
}

/// Where `serve` and `demo` listen.
#[derive(Debug, Clone, Default, Args)]
pub struct ListenArgs {
    /// Port; 0 takes a free one and prints it (server.port)
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Address to listen on (server.host)
    #[arg(long, value_name = "ADDRESS")]
    pub host: Option<IpAddr>,
}

impl ListenArgs {
    /// The keys these flags set.
    pub fn flags(&self) -> Vec<Flag> {
        let port = self.port.map(|port| Flag { name: "--port", key: "server.port", text: port.to_string() });
        let host = self.host.map(|host| Flag { name: "--host", key: "server.host", text: host.to_string() });
        port.into_iter().chain(host).collect()
    }
}

/// `workbot serve`
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Where to listen.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Stop when standard input ends, so that the server goes with the program that holds its other end
    #[arg(long, hide = true)]
    pub until_input_ends: bool,
}

/// `workbot demo`
#[derive(Debug, Clone, Default, Args)]
pub struct DemoArgs {
    /// Where to listen; 127.0.0.1 unless told otherwise.
    #[command(flatten)]
    pub listen: ListenArgs,
    /// Stop by itself after this many seconds
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
}

/// What a simulated phone speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SimDialect {
    /// The frames of the WorkBot app.
    Native,
    /// The frames of the WorkTool app.
    Worktool,
}

/// `workbot sim`
#[derive(Debug, Clone, Args)]
pub struct SimArgs {
    /// Server to connect to
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:5000")]
    pub url: String,
    /// Phones to simulate (default: one for each line of the file, else 10)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub robots: Option<u32>,
    /// What the phones speak
    #[arg(long, value_enum, default_value_t = SimDialect::Native)]
    pub dialect: SimDialect,
    /// Commands a second over all phones; 0 only holds the sockets
    #[arg(long, value_name = "R", default_value_t = 10.0, value_parser = parse_rate)]
    pub rate: f64,
    /// What goes wrong on real phones: doubled confirms, lost results, repeated screens, dead sockets, reconnects
    #[arg(long)]
    pub chaos: bool,
    /// Activation codes, one a line (native)
    #[arg(long, value_name = "FILE", conflicts_with = "link_ids")]
    pub codes: Option<PathBuf>,
    /// Link ids, one a line (worktool)
    #[arg(long, value_name = "FILE")]
    pub link_ids: Option<PathBuf>,
    /// How long to run
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    pub seconds: u64,
}

/// `workbot config …`
#[derive(Debug, Clone, Subcommand)]
pub enum ConfigCommand {
    /// Print every key with its meaning, default and present value; secrets are hidden
    Print(ConfigPrintArgs),
}

/// `workbot config print`
#[derive(Debug, Clone, Default, Args)]
pub struct ConfigPrintArgs {
    /// Print the defaults, whatever is configured
    #[arg(long, hide = true)]
    pub defaults: bool,
}

/// `workbot migrate`
#[derive(Debug, Clone, Default, Args)]
pub struct MigrateArgs {
    /// Undo the last N migrations instead
    #[arg(long, value_name = "N")]
    pub down: Option<u32>,
}

/// `workbot codes …`
#[derive(Debug, Clone, Subcommand)]
pub enum CodesCommand {
    /// Make activation codes
    Create(CodesCreateArgs),
}

/// `workbot codes create`
#[derive(Debug, Clone, Args)]
pub struct CodesCreateArgs {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub count: u32,
    /// Service time of the robot in days, from its activation
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=36_500))]
    pub days: u32,
    /// Phone of the user the codes belong to
    #[arg(long, value_name = "PHONE", value_parser = parse_phone)]
    pub user: Option<String>,
    /// Last moment an unused code can be activated (default: in 365 days), such as 2027-01-31 or 2027-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub expires_at: Option<DateTime<Utc>>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `workbot robots …`
#[derive(Debug, Clone, Subcommand)]
pub enum RobotsCommand {
    /// Make a robot
    Create(RobotsCreateArgs),
}

/// `workbot robots create`
#[derive(Debug, Clone, Args)]
pub struct RobotsCreateArgs {
    /// Name; of several robots each gets a number behind it
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// For a WorkTool phone: prints its link id
    #[arg(long)]
    pub worktool: bool,
    /// Phone of the owner
    #[arg(long, value_name = "PHONE", value_parser = parse_phone)]
    pub user: Option<String>,
    /// How many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub count: Option<u32>,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `workbot users …`
#[derive(Debug, Clone, Subcommand)]
pub enum UsersCommand {
    /// Make a user; one that exists with that role is left as it is
    Create(UsersCreateArgs),
    /// Print a link that logs a user in to the console, once, within 10 minutes
    Link(UsersLinkArgs),
}

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoleArg {
    /// Everything.
    Admin,
    /// Own and assigned robots: read, commands, takeover, alerts.
    Operator,
    /// Models, personas, templates, flows, alert rules.
    Developer,
    /// Reads everything but secrets.
    Viewer,
    /// Own robots.
    User,
}

impl RoleArg {
    /// The role as it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Operator => "operator",
            Self::Developer => "developer",
            Self::Viewer => "viewer",
            Self::User => "user",
        }
    }
}

/// `workbot users create`
#[derive(Debug, Clone, Args)]
pub struct UsersCreateArgs {
    /// Phone, 11 digits
    #[arg(long, value_name = "PHONE", value_parser = parse_phone)]
    pub phone: String,
    /// Role
    #[arg(long, value_enum)]
    pub role: RoleArg,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `workbot users link`
#[derive(Debug, Clone, Args)]
pub struct UsersLinkArgs {
    /// Phone of the user
    #[arg(long, value_name = "PHONE", value_parser = parse_phone)]
    pub phone: String,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}

/// `workbot token`
#[derive(Debug, Clone, Args)]
pub struct TokenArgs {
    /// Phone of the user
    #[arg(long, value_name = "PHONE", value_parser = parse_phone)]
    pub phone: String,
    /// How long the token holds, such as 30m, 1h or 7d
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_time_span)]
    pub ttl: Duration,
    /// Print one JSON document
    #[arg(long)]
    pub json: bool,
}
