//! `workbot migrate`: brings the database up to date, or takes migrations back.
use workbot_schema::store::{Db, migrate};

use super::args::MigrateArgs;
use super::error::CliError;
use super::output;
use crate::boot::options;
use crate::settings::Settings;

/// Applies what is missing, or undoes the last N; says what it did.
pub async fn run(args: MigrateArgs, settings: Settings) -> Result<(), CliError> {
    settings.data_folder().ensure()?;
    let db = Db::open(&options::store(&settings)).await.map_err(CliError::failed)?;
    let (verb, names) = match args.down {
        None => ("applied", migrate::up(&db).await.map_err(CliError::failed)?),
        Some(count) => {
            let count = usize::try_from(count).map_err(CliError::failed)?;
            ("reverted", migrate::down(&db, count).await.map_err(CliError::failed)?)
        }
    };
    if names.is_empty() {
        return output::print_line("nothing to do, the database is up to date");
    }
    names.iter().try_for_each(|name| output::print_line(&format!("{verb} {name}")))
}
