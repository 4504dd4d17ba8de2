//! `workbot config print`: the whole configuration, commented, as it is in force. Creates nothing.

use super::args::{ConfigCommand, ConfigPrintArgs};
use super::error::CliError;
use super::output;
use crate::settings::{Loaded, print};

/// Prints valid TOML; refuses a configuration with problems, because its values are not in force.
pub fn run(command: ConfigCommand, loaded: Loaded) -> Result<(), CliError> {
    match command {
        ConfigCommand::Print(ConfigPrintArgs { defaults: true }) => {
            output::print_text(&print::render(&Loaded::default()))
        }
        ConfigCommand::Print(ConfigPrintArgs { defaults: false }) => {
            let text = print::render(&loaded);
            loaded.into_settings()?;
            output::print_text(&text)
        }
    }
}
