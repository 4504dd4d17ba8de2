//! What the subcommands that work on the database share: they need no running server and disturb none.
use chrono::Utc;
use workbot_schema::batch::{self, BatchContext, Write};
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::fields::Ts;
use workbot_schema::sequences;
use workbot_schema::store::{Db, migrate};
use workbot_schema::users::{self, User};

use super::error::CliError;
use crate::boot::options;
use crate::settings::Settings;

/// Opens the configured database with every migration applied.
pub async fn open(settings: &Settings) -> Result<Db, CliError> {
    settings.data_folder().ensure()?;
    let db = Db::open(&options::store(settings)).await.map_err(CliError::failed)?;
    migrate::up(&db).await.map_err(CliError::failed)?;
    Ok(db)
}

/// Makes writes that stand or fall together, one after the other, in slices small enough not to hold up a running server.
pub async fn write(db: &Db, writes: Vec<Write>) -> Result<(), CliError> {
    const SLICE: usize = 100;
    for slice in writes.chunks(SLICE) {
        let rows = slice.iter().map(Vec::len).sum::<usize>();
        let count = i64::try_from(rows).map_err(CliError::failed)?;
        let first_seq = sequences::reserve(db, sequences::SEQ, count).await.map_err(CliError::failed)?;
        // No command is moved here, so the time-outs do not matter.
        let timeouts = ResultTimeouts { plain_secs: 0, file_secs: 0 };
        let context = BatchContext { first_seq, now: now(), timeouts };
        for outcome in batch::apply(db, slice.to_vec(), context).await.map_err(CliError::failed)? {
            outcome.map_err(CliError::failed)?;
        }
    }
    Ok(())
}

/// The user of a phone; an error that says how to make one when there is none.
pub async fn user(db: &Db, phone: &str) -> Result<User, CliError> {
    let found = users::find_by_phone(db, phone.to_owned()).await.map_err(CliError::failed)?;
    found.ok_or_else(|| {
        CliError::failed(format!(
            "no user has the phone {phone}; make one with `workbot users create --phone {phone} --role user`"
        ))
    })
}

/// Now, as rows have it.
pub fn now() -> Ts {
    Ts::new(Utc::now())
}
