//! Identifiers. Never sorted by: order is `seq` (see ADR 005).
use std::fmt;

use chrono::{DateTime, Utc};
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The database identity of a robot: 36 characters in rows, 16 bytes in memory. On the wire: `robotUuid`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
#[serde(transparent)]
pub struct RobotUuid(pub Uuid);

impl RobotUuid {
    /// A new random identity.
    pub fn generate() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for RobotUuid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl<DB: Backend> FromSql<Text, DB> for RobotUuid
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
        let text = String::from_sql(bytes)?;
        Ok(Self(Uuid::parse_str(&text)?))
    }
}

impl ToSql<Text, diesel::sqlite::Sqlite> for RobotUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::sqlite::Sqlite>) -> serialize::Result {
        out.set_value(self.to_string());
        Ok(serialize::IsNull::No)
    }
}

impl ToSql<Text, diesel::pg::Pg> for RobotUuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, diesel::pg::Pg>) -> serialize::Result {
        use std::io::Write;
        write!(out, "{self}")?;
        Ok(serialize::IsNull::No)
    }
}

macro_rules! text_id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The text of the id.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl<DB: Backend> FromSql<Text, DB> for $name
        where
            String: FromSql<Text, DB>,
        {
            fn from_sql(bytes: DB::RawValue<'_>) -> deserialize::Result<Self> {
                String::from_sql(bytes).map(Self)
            }
        }

        impl<DB: Backend> ToSql<Text, DB> for $name
        where
            str: ToSql<Text, DB>,
        {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
                <str as ToSql<Text, DB>>::to_sql(self.0.as_str(), out)
            }
        }
    };
}

text_id!(
    /// The public identity of a robot: `robot_<ms>_<6 lower-case alphanumerics>`.
    RobotId
);
text_id!(
    /// A command; the same text is `sendId`, `messageId` and `commandId` on the wire.
    CommandId
);
text_id!(
    /// Several commands accepted in one WorkTool-style call.
    BatchId
);
text_id!(
    /// An inbound message, runs through everything that happens because of it: `msg_<ms>_<rand>`.
    MessageId
);
text_id!(
    /// A conversation: stable for (robot, room, sender).
    SessionId
);
text_id!(
    /// One callback to a third party; equal on every attempt (`webhook-id`).
    DeliveryId
);
text_id!(
    /// A person with a login.
    UserId
);
text_id!(
    /// A session of the console (not its cookie).
    UserSessionId
);
text_id!(
    /// A platform key (not the key itself).
    PlatformKeyId
);
text_id!(
    /// A configured model (not the provider's name of it).
    ModelId
);
text_id!(
    /// A persona.
    PersonaId
);
text_id!(
    /// A message template.
    TemplateId
);
text_id!(
    /// A flow.
    FlowId
);
text_id!(
    /// One run of a flow.
    RunId
);
text_id!(
    /// An alert that was raised.
    AlertId
);
text_id!(
    /// A rule that raises alerts.
    AlertRuleId
);
text_id!(
    /// A way to tell people of an alert.
    ChannelId
);
text_id!(
    /// One alert told over one channel.
    NotificationId
);
text_id!(
    /// One call to a model.
    AiCallId
);

/// Where the milliseconds of a [`BatchId`] begin (2010-11-04).
const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// `length` random lower-case alphanumerics from the operating system's generator.
pub fn random_text(length: usize) -> String {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let block = Uuid::new_v4();
        for byte in block.as_bytes() {
            // Two of sixteen bytes carry fixed version bits; values of 252 and above would favour early letters.
            if let Some(letter) =
                ALPHABET.get(usize::from(*byte % 36)).filter(|_| text.len() < length && *byte < 252)
            {
                text.push(char::from(*letter));
            }
        }
    }
    text
}

impl RobotId {
    /// A new public robot id.
    pub fn generate(now: DateTime<Utc>) -> Self {
        Self(format!("robot_{}_{}", now.timestamp_millis(), random_text(6)))
    }
}

impl CommandId {
    /// A new command id in the format of seed 001.
    pub fn generate(now: DateTime<Utc>) -> Self {
        Self(format!("msg_{}_{}", now.timestamp_millis(), random_text(9)))
    }
}

impl BatchId {
    /// A new batch id as WorkTool writes it: 19 digits (41 bits of milliseconds, 22 random bits), which fit a signed 64-bit number.
    pub fn generate(now: DateTime<Utc>) -> Self {
        let millis = now.timestamp_millis().saturating_sub(SNOWFLAKE_EPOCH_MS).max(0);
        let random = i64::try_from(Uuid::new_v4().as_u64_pair().1 & 0x003f_ffff).unwrap_or_default();
        Self(((millis & 0x01ff_ffff_ffff) << 22 | random).to_string())
    }
}

impl MessageId {
    /// A new message id in the format of seed 003.
    pub fn generate(now: DateTime<Utc>) -> Self {
        Self(format!("msg_{}_{}", now.timestamp_millis(), random_text(9)))
    }
}

impl DeliveryId {
    /// A new delivery id.
    pub fn generate() -> Self {
        Self(format!("dlv_{}", Uuid::now_v7().simple()))
    }
}

impl SessionId {
    /// The conversation of one sender in one room of one robot (UUIDv5 of the three, so it never changes).
    pub fn of(robot: RobotUuid, room: &str, sender: &str) -> Self {
        let name = format!("{}\u{1f}{}", room, sender);
        Self(format!("ses_{}", Uuid::new_v5(&robot.0, name.as_bytes()).simple()))
    }
}

impl UserId {
    /// A new user id.
    pub fn generate() -> Self {
        Self(Uuid::new_v4().to_string())
    }
}

impl PlatformKeyId {
    /// A new platform key id.
    pub fn generate() -> Self {
        Self(format!("pk_{}", Uuid::new_v4().simple()))
    }
}

macro_rules! random_ids {
    ($($name:ident),+) => {
        $(impl $name {
            /// A new random id, 36 characters.
            pub fn generate() -> Self {
                Self(Uuid::new_v4().to_string())
            }
        })+
    };
}

random_ids!(UserSessionId, ModelId, PersonaId, TemplateId, FlowId, AlertRuleId, ChannelId);

impl RunId {
    /// The run that answers a message: the same however often it is asked for.
    pub fn of(message: &MessageId) -> Self {
        let name = format!("run\u{1f}{message}");
        Self(format!("run_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple()))
    }

    /// A new run that repeats another.
    pub fn generate() -> Self {
        Self(format!("run_{}", Uuid::now_v7().simple()))
    }
}

impl CommandId {
    /// The command that one visit of a node of a run sends: the same however often the node is replayed, so it is stored once.
    pub fn of_run(run: &RunId, node: &str, visit: u32, index: u32) -> Self {
        let name = format!("{run}\u{1f}{node}\u{1f}{visit}\u{1f}{index}");
        Self(format!("msg_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple()))
    }
}

impl AlertId {
    /// A new alert id.
    pub fn generate() -> Self {
        Self(format!("alert_{}", Uuid::now_v7().simple()))
    }
}

impl NotificationId {
    /// An alert over a channel is told once, however often that is asked for.
    pub fn of(alert: &AlertId, channel: &ChannelId) -> Self {
        let name = format!("{alert}\u{1f}{channel}");
        Self(format!("ntf_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).simple()))
    }
}

impl AiCallId {
    /// A new call id.
    pub fn generate() -> Self {
        Self(format!("call_{}", Uuid::now_v7().simple()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_text_has_the_length_and_alphabet() {
        for length in [0, 1, 6, 30, 100] {
            let text = random_text(length);
            assert_eq!(text.len(), length);
            assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
        }
    }

    #[test]
    fn batch_ids_are_positive_numbers_that_ascend_with_time() {
        let at = |secs: i64| BatchId::generate(DateTime::from_timestamp(secs, 0).unwrap());
        let (early, late) = (at(1_700_000_000), at(1_800_000_000));
        for id in [&early, &late] {
            assert_eq!((id.0.len(), id.0.parse::<i64>().is_ok_and(|id| id > 0)), (19, true));
        }
        assert!(early.0 < late.0 && early != at(1_700_000_000));
        assert!(at(-5_000_000_000).0.parse::<i64>().unwrap() >= 0);
    }

    #[test]
    fn derived_ids_are_stable_and_separate_their_parts() {
        let message = MessageId::from("msg_1");
        let run = RunId::of(&message);
        assert_eq!(run, RunId::of(&message));
        assert_ne!(run, RunId::of(&MessageId::from("msg_2")));
        let command = CommandId::of_run(&run, "send_command", 1, 0);
        assert_eq!(command, CommandId::of_run(&run, "send_command", 1, 0));
        for other in [
            CommandId::of_run(&run, "send_command", 1, 1),
            CommandId::of_run(&run, "send_command", 2, 0),
            CommandId::of_run(&run, "other", 1, 0),
            CommandId::of_run(&RunId::generate(), "send_command", 1, 0),
        ] {
            assert_ne!(command, other);
        }
        let (alert, channel) = (AlertId::generate(), ChannelId::generate());
        assert_eq!(NotificationId::of(&alert, &channel), NotificationId::of(&alert, &channel));
        assert!(run.0.len() <= 64 && channel.0.len() == 36 && AiCallId::generate().0.len() <= 64);
    }

    #[test]
    fn session_is_stable_and_separates_room_and_sender() {
        let robot = RobotUuid::generate();
        assert_eq!(SessionId::of(robot, "群", "甲"), SessionId::of(robot, "群", "甲"));
        assert_ne!(SessionId::of(robot, "群甲", ""), SessionId::of(robot, "群", "甲"));
        assert_ne!(SessionId::of(RobotUuid::generate(), "群", "甲"), SessionId::of(robot, "群", "甲"));
    }
}
