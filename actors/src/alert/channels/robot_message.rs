//! A chat of one of our robots: a command, stored in the same write as the outcome, so it is sent once.
use serde_json::json;
use workbot_schema::batch::Record;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::ids::{CommandId, NotificationId, RobotId, UserId};
use workbot_schema::robots::queries::RobotKey;

use super::{ChannelTools, SendError, Sending, Sent};

/// Sends a text.
const TEXT: i32 = 203;
/// A notification that waits longer for its robot is not sent any more.
const EXPIRY: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// The only command of a notification.
fn command_id(notification: &NotificationId) -> CommandId {
    let name = notification.as_str().bytes().collect::<Vec<u8>>();
    CommandId(format!("ntc_{}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &name).simple()))
}

/// Makes the command. A channel with an owner uses its owner's robots only.
pub(super) async fn send(
    tools: &ChannelTools,
    owner: Option<&UserId>,
    robot_id: &str,
    target: &str,
    at: &[String],
    sending: &Sending,
) -> Result<Sent, SendError> {
    let found = tools.directory.get(RobotKey::Id(RobotId::from(robot_id))).await;
    let entry = found
        .map_err(|error| SendError::Later(error.to_string()))?
        .ok_or_else(|| SendError::Refused("the robot is not there any more".to_owned()))?;
    let profile = entry.profile();
    let robot = &profile.robot;
    if owner.is_some() && robot.owner_id.as_ref() != owner {
        return Err(SendError::Refused("the robot belongs to somebody else".to_owned()));
    }
    let now = tools.now();
    let mut item = json!({"type": TEXT, "titleList": [target], "receivedContent": sending.notice.text()});
    if let (false, Some(item)) = (at.is_empty(), item.as_object_mut()) {
        item.insert("atList".to_owned(), json!(at));
    }
    let item = item.to_string();
    let is_offline = !entry.is_connected();
    let command = NewCommand {
        id: command_id(&sending.id),
        robot_uuid: robot.id,
        batch_id: None,
        command_type: TEXT,
        size_bytes: i32::try_from(item.len()).unwrap_or(i32::MAX),
        item,
        file_name: None,
        priority: 0,
        can_retry: robot.settings.0.command_retry,
        source: CommandSource::System,
        request_id: None,
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: now.plus(EXPIRY),
        created_at: now,
        is_offline,
    };
    let detail =
        if is_offline { "指令已排队，机器人上线后发送" } else { "指令已下发给机器人" };
    Ok(Sent { detail: detail.to_owned(), records: vec![Record::Command(Box::new(command))] })
}
