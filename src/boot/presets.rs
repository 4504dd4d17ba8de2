//! What a new installation begins with. Written once: what was changed, switched off or deleted stays so.
use workbot_actors::preset::{self, PresetError};
use workbot_actors::{alert, session};
use workbot_schema::fields::Ts;
use workbot_schema::presets::{self, Presets};
use workbot_schema::store::Db;

use super::server::ServerError;

/// Everything that is seeded.
pub fn presets(now: Ts) -> Result<Presets, PresetError> {
    Ok(Presets {
        flows: session::library::flows(now),
        channels: alert::presets::channels(now),
        rules: alert::presets::rules(now),
        ..preset::rows(now)?
    })
}

/// Writes what is not there yet.
pub async fn seed(db: &Db, now: Ts) -> Result<(), ServerError> {
    let presets = presets(now).map_err(|error| ServerError::Part(error.to_string()))?;
    let written = presets::seed(db, &presets, now).await?;
    if written > 0 {
        log::info!(rows = written; "presets were written");
    }
    Ok(())
}
