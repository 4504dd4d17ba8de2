//! `workbot token`: a bearer token for scripts.
use serde::Serialize;

use super::args::TokenArgs;
use super::error::CliError;
use super::{output, store};
use crate::http::auth::Tokens;
use crate::settings::Settings;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    token: String,
    expires_at: String,
}

/// Makes a token for the user of a phone.
pub async fn run(args: TokenArgs, settings: Settings) -> Result<(), CliError> {
    let db = store::open(&settings).await?;
    let user = store::user(&db, &args.phone).await?;
    if !user.is_active {
        return Err(CliError::failed(format!("the user {} is switched off", user.phone)));
    }
    let secret = settings.data_folder().ensure_jwt_secret(&settings.tokens)?;
    let signed = Tokens::new(&secret, &settings.tokens)
        .user(&user.id, user.token_epoch, args.ttl.as_secs(), store::now())
        .map_err(CliError::failed)?;
    if args.json {
        return output::print_document(&Document {
            token: signed.token,
            expires_at: signed.expires_at.iso(),
        });
    }
    output::print_line(&signed.token)
}
