//! Rows for the suite.
use chrono::{DateTime, TimeDelta};
use workbot_schema::batch::Record;
use workbot_schema::batch::{self, BatchContext, Outcome, Write};
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::commands::{CommandSource, NewCommand};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, MessageId, RobotUuid, SessionId};
use workbot_schema::messages::{Direction, Entrance, SessionMessage};
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::Db;

/// A fixed moment, and `secs` later.
pub fn at(secs: i64) -> Ts {
    Ts::new(DateTime::from_timestamp_millis(1_760_000_000_000).unwrap()).plus(TimeDelta::seconds(secs))
}

/// Runs writes in one batch at a moment; numbers start at `seq`.
pub async fn write(db: &Db, writes: Vec<Write>, seq: i64, now: Ts) -> Vec<Vec<Outcome>> {
    let timeouts = ResultTimeouts { plain_secs: 120, file_secs: 300 };
    let context = BatchContext { first_seq: seq, now, timeouts };
    batch::apply(db, writes, context).await.unwrap().into_iter().map(Result::unwrap).collect()
}

/// A stored robot.
pub async fn robot(db: &Db) -> Robot {
    let robot = Robot::new(RobotKind::Native, "客服".to_owned(), None, at(0));
    write(db, vec![vec![Record::Robot(Box::new(robot.clone()))]], 1, at(0)).await;
    robot
}

/// A text command.
pub fn command(robot: RobotUuid, id: &str, priority: i32) -> NewCommand {
    let item = format!(r#"{{"type":203,"titleList":["张三"],"receivedContent":"{id}"}}"#);
    NewCommand {
        id: CommandId::from(id),
        robot_uuid: robot,
        batch_id: None,
        command_type: 203,
        size_bytes: i32::try_from(item.len()).unwrap(),
        item,
        file_name: None,
        priority,
        can_retry: true,
        source: CommandSource::SendMessage,
        request_id: None,
        message_id: None,
        session_id: None,
        resend_of: None,
        expires_at: at(86_400),
        created_at: at(0),
        is_offline: false,
    }
}

/// A chat message.
pub fn message(robot: RobotUuid, id: &str, app_id: Option<&str>, text: &str, now: Ts) -> SessionMessage {
    SessionMessage {
        id: MessageId::from(id),
        seq: 0,
        robot_uuid: robot,
        session_id: SessionId::of(robot, "群", "张三"),
        app_message_id: app_id.map(str::to_owned),
        dedup_id: app_id.map(str::to_owned),
        content_hash: format!("{:032x}", text.len() * 31 + usize::from(text.as_bytes()[0])),
        direction: Direction::In,
        room_type: 1,
        sender_id: None,
        received_name: "张三".to_owned(),
        group_name: "群".to_owned(),
        group_remark: String::new(),
        spoken: text.to_owned(),
        raw_spoken: text.to_owned(),
        text_type: 1,
        at_me: true,
        file_name: None,
        entrance: Entrance::Rest,
        reason: None,
        reason_detail: None,
        run_id: None,
        starts: 0,
        command_id: None,
        sent_at: Some(now),
        settled_at: None,
        created_at: now,
    }
}
