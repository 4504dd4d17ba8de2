//! `workbot robots create`: robots without an activation code.
use serde::Serialize;
use uuid::Uuid;
use workbot_schema::activation::RefreshToken;
use workbot_schema::batch::{Record, Write};
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::UserId;
use workbot_schema::robots::{Robot, RobotKind};

use super::args::{RobotsCommand, RobotsCreateArgs};
use super::error::CliError;
use super::{output, store};
use crate::http::auth::Tokens;
use crate::http::auth::token::hash_of;
use crate::http::robots::secret::{SecretKind, random_secret};
use crate::settings::Settings;

/// A new robot as `--json` shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MadeRobot {
    /// Public id.
    pub robot_id: String,
    /// Database id.
    pub robot_uuid: String,
    /// What a WorkTool phone is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// Key of the hosted platform's webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_key: Option<String>,
    /// Access token of a native robot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Refresh token of a native robot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

#[derive(Debug, Serialize)]
struct Document {
    robots: Vec<MadeRobot>,
}

/// Makes robots and prints what a phone needs of each.
pub async fn run(command: RobotsCommand, settings: Settings) -> Result<(), CliError> {
    let RobotsCommand::Create(args) = command;
    let (is_json, is_many) = (args.json, args.count.is_some());
    let mut robots = create(args, &settings).await?;
    if is_json && is_many {
        return output::print_document(&Document { robots });
    }
    if is_json {
        let robot = robots.pop().ok_or_else(|| CliError::failed("no robot was made"))?;
        return output::print_document(&robot);
    }
    robots.iter().try_for_each(|robot| {
        let secret = robot.link_id.as_ref().or(robot.token.as_ref()).cloned().unwrap_or_default();
        output::print_line(&format!("{} {secret}", robot.robot_id))
    })
}

/// Makes robots.
pub async fn create(args: RobotsCreateArgs, settings: &Settings) -> Result<Vec<MadeRobot>, CliError> {
    let db = store::open(settings).await?;
    let owner = match &args.user {
        Some(phone) => Some(store::user(&db, phone).await?.id),
        None => None,
    };
    let data = settings.data_folder();
    let tokens = Tokens::new(&data.ensure_jwt_secret(&settings.tokens)?, &settings.tokens);
    let sealer = Sealer::new(&data.ensure_sealing_key(&settings.tokens)?).map_err(CliError::failed)?;
    let count = args.count.unwrap_or(1);
    let (mut made, mut writes) = (Vec::new(), Vec::new());
    for number in 1..=count {
        let name = if args.count.is_some() { format!("{} {number}", args.name) } else { args.name.clone() };
        let (robot, write) = if args.worktool {
            worktool(name, owner.clone(), &sealer)?
        } else {
            native(name, owner.clone(), &tokens)?
        };
        made.push(robot);
        writes.push(write);
    }
    store::write(&db, writes).await?;
    Ok(made)
}

fn worktool(name: String, owner: Option<UserId>, sealer: &Sealer) -> Result<(MadeRobot, Write), CliError> {
    let mut robot = Robot::new(RobotKind::Worktool, name, owner, store::now());
    let key = random_secret().map_err(CliError::failed)?;
    let place = SecretKind::CallbackKey.place(robot.id);
    robot.secrets.0.callback_key = Some(sealer.seal(&place, &key).map_err(CliError::failed)?);
    let made = MadeRobot {
        robot_id: robot.robot_id.to_string(),
        robot_uuid: robot.id.to_string(),
        link_id: robot.link_id.clone(),
        callback_key: Some(key),
        token: None,
        refresh_token: None,
    };
    Ok((made, vec![Record::Robot(Box::new(robot))]))
}

fn native(name: String, owner: Option<UserId>, tokens: &Tokens) -> Result<(MadeRobot, Write), CliError> {
    let now = store::now();
    let mut robot = Robot::new(RobotKind::Native, name, owner, now);
    let family = Uuid::new_v4().simple().to_string();
    robot.token_family = Some(family.clone());
    let access = tokens.robot(&robot, now).map_err(CliError::failed)?;
    let refresh = tokens.refresh(&family, now).map_err(CliError::failed)?;
    let made = MadeRobot {
        robot_id: robot.robot_id.to_string(),
        robot_uuid: robot.id.to_string(),
        link_id: None,
        callback_key: None,
        token: Some(access.token),
        refresh_token: Some(refresh.token.clone()),
    };
    let stored = RefreshToken {
        token_hash: hash_of(refresh.token.as_bytes()),
        robot_uuid: robot.id,
        family,
        expires_at: refresh.expires_at,
        used_at: None,
        created_at: now,
    };
    Ok((made, vec![Record::Robot(Box::new(robot)), Record::RefreshToken(stored)]))
}
