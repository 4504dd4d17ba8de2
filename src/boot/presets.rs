//! What a new installation begins with. Written once: what was changed, switched off or deleted stays so.
use workbot_actors::alert;
use workbot_schema::fields::Ts;
use workbot_schema::presets::{self, Presets};
use workbot_schema::store::{Db, StoreResult};

/// Everything that is seeded.
pub fn presets(now: Ts) -> Presets {
    Presets {
        channels: alert::presets::channels(now),
        rules: alert::presets::rules(now),
        ..Presets::default()
    }
}

/// Writes what is not there yet.
pub async fn seed(db: &Db, now: Ts) -> StoreResult<()> {
    let written = presets::seed(db, &presets(now), now).await?;
    if written > 0 {
        log::info!(rows = written; "presets were written");
    }
    Ok(())
}
