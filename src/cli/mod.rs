//! The command line: one file a subcommand, one `match` that calls them.
//!
//! To add a subcommand whose arguments stand in `args.rs`:
//! 1. write `src/cli/<name>.rs` with `pub async fn run(args: <Name>Args, settings: Settings) -> Result<(), CliError>`;
//! 2. add `pub mod <name>;`, its variant in [`Command`] (the doc comment is its help), and its flags, if it has any
//!    that set keys, in `Command::flags`;
//! 3. add its arm in `dispatch`: `Command::Serve(args) => block_on(serve::run(args, loaded.into_settings()?))`.
//!
//! The settings a command gets are complete and checked. Logging is started by the commands that log (those that run
//! for long) with `boot::logging::start(&settings.logging, &settings.data_folder())`. Standard output is written
//! through [`output`] alone: with `--json` exactly one document, everything else goes to standard error.

pub mod args;
pub mod check;
pub mod codes;
pub mod config;
pub mod demo;
pub mod error;
pub mod migrate;
pub mod openapi;
pub mod output;
pub mod parse;
pub mod robots;
pub mod serve;
pub mod sim;
pub mod store;
pub mod token;
pub mod users;

use crate::settings::{Flag, Loaded, Sources};
use args::{
    CodesCommand, ConfigCommand, DemoArgs, GlobalArgs, MigrateArgs, RobotsCommand, ServeArgs, SimArgs,
    TokenArgs, UsersCommand,
};
use clap::{Parser, Subcommand};
use error::CliError;
use std::ffi::OsString;
use std::future::Future;

/// A self-hosted server for WeCom robot phones.
#[derive(Debug, Clone, Parser)]
#[command(name = "workbot", version, propagate_version = true)]
#[command(
    after_help = "Configuration: `workbot config print` lists every key, `workbot check` finds every mistake."
)]
pub struct Cli {
    /// Flags every subcommand accepts.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Serve phones, platforms and operators until SIGTERM
    Serve(ServeArgs),
    /// Show the whole job: server, phones and an AI platform, with a kill in the middle
    Demo(DemoArgs),
    /// Simulate phones against a server and tell what was lost or doubled
    Sim(SimArgs),
    /// Read the configuration and tell every problem at once
    Check,
    /// Show the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Bring the database up to date (the server does it by itself)
    Migrate(MigrateArgs),
    /// Activation codes for phones
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Robots
    #[command(subcommand)]
    Robots(RobotsCommand),
    /// People with a login
    #[command(subcommand)]
    Users(UsersCommand),
    /// A bearer token for scripts
    Token(TokenArgs),
    /// Print the OpenAPI document
    Openapi,
}

impl Command {
    /// The keys set by flags of this subcommand.
    fn flags(&self) -> Vec<Flag> {
        match self {
            Self::Serve(args) => args.listen.flags(),
            Self::Demo(_)
            | Self::Sim(_)
            | Self::Check
            | Self::Config(_)
            | Self::Migrate(_)
            | Self::Codes(_)
            | Self::Robots(_)
            | Self::Users(_)
            | Self::Token(_)
            | Self::Openapi => Vec::new(),
        }
    }
}

/// Parses, runs, reports; the answer is the exit code: 0 done, 1 failed, 2 bad usage or configuration.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors; clap knows which stream each belongs to.
            error.print().unwrap_or_default();
            return if error.use_stderr() { error::REFUSED } else { error::DONE };
        }
    };
    let global = cli.global.clone();
    let mut flags = cli.global.flags();
    flags.extend(cli.command.flags());
    let sources = Sources::of_process(cli.global.config, flags);
    match dispatch(cli.command, global, Loaded::from_sources(&sources)) {
        Ok(()) => error::DONE,
        Err(error) => {
            output::report(&error.report());
            error.exit_code()
        }
    }
}

fn dispatch(command: Command, global: GlobalArgs, loaded: Loaded) -> Result<(), CliError> {
    match command {
        Command::Check => check::run(loaded),
        Command::Config(command) => config::run(command, loaded),
        Command::Serve(args) => block_on(serve::run(args, loaded.into_settings()?)),
        // Its settings are its own, whatever this process finds.
        Command::Demo(args) => block_on(demo::run(args, global)),
        Command::Sim(args) => sim::run(args, loaded),
        Command::Migrate(args) => block_on(migrate::run(args, loaded.into_settings()?)),
        Command::Codes(command) => block_on(codes::run(command, loaded.into_settings()?)),
        Command::Robots(command) => block_on(robots::run(command, loaded.into_settings()?)),
        Command::Users(command) => block_on(users::run(command, loaded.into_settings()?)),
        Command::Token(args) => block_on(token::run(args, loaded.into_settings()?)),
        Command::Openapi => openapi::run(),
    }
}

/// Runs a command that needs the runtime: one actix system on this thread.
pub fn block_on(work: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    actix_rt::System::new().block_on(work)
}

#[cfg(test)]
mod tests;
