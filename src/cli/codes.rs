//! `workbot codes create`: activation codes.
use chrono::TimeDelta;
use serde::Serialize;
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;

use super::args::{CodesCommand, CodesCreateArgs};
use super::error::CliError;
use super::{output, store};
use crate::http::activation_codes::code::{CodeOrder, make_codes};
use crate::http::activation_codes::create::CODE_DAYS;
use crate::settings::Settings;

/// A new code as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeCode {
    /// The code.
    pub code: String,
    /// An unused code works until then.
    pub expires_at: String,
}

#[derive(Debug, Serialize)]
struct Document {
    codes: Vec<MadeCode>,
}

/// Makes codes; one line each, or one JSON document.
pub async fn run(command: CodesCommand, settings: Settings) -> Result<(), CliError> {
    let CodesCommand::Create(args) = command;
    let is_json = args.json;
    let codes = create(args, &settings).await?;
    if is_json {
        return output::print_document(&Document { codes });
    }
    codes.iter().try_for_each(|code| output::print_line(&code.code))
}

/// Makes codes.
pub async fn create(args: CodesCreateArgs, settings: &Settings) -> Result<Vec<MadeCode>, CliError> {
    let db = store::open(settings).await?;
    let now = store::now();
    let expires_at = args.expires_at.map_or_else(|| now.plus(TimeDelta::days(CODE_DAYS)), Ts::new);
    if expires_at <= now {
        return Err(CliError::usage("--expires-at must be in the future"));
    }
    let owner = match &args.user {
        Some(phone) => Some(store::user(&db, phone).await?.id),
        None => None,
    };
    let order = CodeOrder {
        count: usize::try_from(args.count).map_err(CliError::failed)?,
        validity_days: i32::try_from(args.days).map_err(CliError::failed)?,
        bound_user_id: owner,
        created_by: None,
        note: None,
        expires_at,
    };
    let codes = make_codes(&order, now);
    let made = codes
        .iter()
        .map(|code| MadeCode { code: code.code.clone(), expires_at: code.expires_at.iso() })
        .collect();
    store::write(&db, vec![vec![Record::Codes(codes)]]).await?;
    Ok(made)
}
