//! `workbot users create`: people with a login.
use serde::Serialize;
use workbot_schema::store::Db;
use workbot_schema::users::{self, Role, User};

use super::args::{RoleArg, UsersCommand, UsersLinkArgs};
use super::error::CliError;
use super::{output, store};
use crate::boot::login_link;
use crate::settings::Settings;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    user_id: String,
    phone: String,
    role: Role,
    created: bool,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Admin => Self::Admin,
            RoleArg::Operator => Self::Operator,
            RoleArg::Developer => Self::Developer,
            RoleArg::Viewer => Self::Viewer,
            RoleArg::User => Self::User,
        }
    }
}

/// Makes the user. One that exists with that role is fine; one with another role is an error.
pub async fn run(command: UsersCommand, settings: Settings) -> Result<(), CliError> {
    let args = match command {
        UsersCommand::Create(args) => args,
        UsersCommand::Link(args) => return link(args, settings).await,
    };
    let db = store::open(&settings).await?;
    let (user, created) = ensure(&db, &args.phone, args.role.into()).await?;
    if args.json {
        return output::print_document(&Document {
            user_id: user.id.to_string(),
            phone: user.phone,
            role: user.role,
            created,
        });
    }
    let verb = if created { "created" } else { "exists" };
    output::print_line(&format!("{verb}: {} {} {}", user.phone, user.role, user.id))
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LinkDocument {
    path: String,
    expires_at: String,
}

/// Makes a login link.
async fn link(args: UsersLinkArgs, settings: Settings) -> Result<(), CliError> {
    let db = store::open(&settings).await?;
    let user = store::user(&db, &args.phone).await?;
    if !user.is_active {
        return Err(CliError::failed(format!("the user {} is switched off", user.phone)));
    }
    let link = login_link::of_user(&db, user.id, store::now()).await.map_err(CliError::failed)?;
    if args.json {
        return output::print_document(&LinkDocument { path: link.path, expires_at: link.expires_at.iso() });
    }
    output::print_line(&link.text(&settings))
}

/// The user of a phone with a role, made when there is none.
pub async fn ensure(db: &Db, phone: &str, role: Role) -> Result<(User, bool), CliError> {
    let user = User::new(phone.to_owned(), role, store::now());
    let (user, created) = users::ensure(db, user).await.map_err(CliError::failed)?;
    if user.role == role {
        Ok((user, created))
    } else {
        Err(CliError::failed(format!(
            "the phone {phone} belongs to a user with the role {}, not {role}",
            user.role
        )))
    }
}
