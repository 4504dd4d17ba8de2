//! What the hosted WorkTool platform calls here: messages, results, QR codes, presence of the robots it serves.
pub mod command;
pub mod key;
pub mod message;
pub mod qrcode;
pub mod status;
mod target;

use serde_json::{Map, Value};
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::logs::RobotLog;
use workbot_schema::wire::native::read_number;

use crate::http::envelope::{Empty, Reply};
use crate::http::error::ApiResult;

/// Longest text of a log line, characters.
const LINE_CHARS: usize = 2_000;

/// What every webhook is answered once its content is durable.
fn taken() -> ApiResult<Reply> {
    Reply::ok(&Empty {})
}

/// Something the platform told that is only written down.
fn line(robot: RobotUuid, kind: &str, fields: &Map<String, Value>, now: Ts) -> Record {
    let text = Value::Object(fields.clone()).to_string();
    Record::RobotLog(RobotLog {
        seq: 0,
        robot_uuid: robot,
        kind: kind.to_owned(),
        code: fields.get("type").and_then(read_number),
        text: text.chars().take(LINE_CHARS).collect::<String>().replace("\\u0000", "\u{fffd}"),
        created_at: now,
    })
}
