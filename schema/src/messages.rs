//! Messages from and to chats.
pub mod feed;
pub mod history;

use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;
use diesel::sql_types::{Nullable, Text};

use crate::fields::Ts;
use crate::for_both;
use crate::ids::{CommandId, MessageId, RobotUuid, SessionId};
use crate::store::prelude::*;
use crate::tables::session_messages;

crate::text_enum! {
    /// From a person, or to one.
    pub enum Direction {
        /// Somebody wrote it.
        In = "in",
        /// The robot (or somebody on its phone) wrote it.
        Out = "out",
    }
}

crate::text_enum! {
    /// How a message came in.
    pub enum Entrance {
        /// The native socket.
        Socket = "socket",
        /// `POST /api/robot/messages`.
        Rest = "rest",
        /// A phone's snapshot of a chat.
        Snapshot = "snapshot",
        /// The hosted platform's webhook.
        Webhook = "webhook",
    }
}

crate::text_enum! {
    /// Why a message was or was not answered; empty while undecided.
    pub enum MessageReason {
        /// An answer went out.
        Answered = "answered",
        /// A group message that did not mention the robot.
        NotMentioned = "not_mentioned",
        /// The robot only reads.
        ReadOnly = "read_only",
        /// A person has the chat.
        TakenOver = "taken_over",
        /// Answered together with another message.
        Merged = "merged",
        /// The same message came before.
        Duplicate = "duplicate",
        /// The third party has it.
        CallbackPending = "callback_pending",
        /// The third party could not be told.
        CallbackFailed = "callback_failed",
        /// Dropped from a full backlog.
        CallbackBacklog = "callback_backlog",
        /// The rules answered because the model failed.
        RuleReply = "rule_reply",
        /// The answer waits for the robot.
        QueuedOffline = "queued_offline",
        /// The token budget of the day is spent.
        BudgetSpent = "budget_spent",
        /// The answer was not sent in its time.
        Expired = "expired",
        /// The run failed.
        Failed = "failed",
    }
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = session_messages, treat_none_as_default_value = false)]
pub struct SessionMessage {
    /// The id that runs through everything.
    pub id: MessageId,
    /// Place in the order of the server.
    pub seq: i64,
    /// Whose chat.
    pub robot_uuid: RobotUuid,
    /// Which conversation.
    pub session_id: SessionId,
    /// The phone's or platform's id, ≤ 128 characters.
    pub app_message_id: Option<String>,
    /// The same while a repeat must be recognised (24 h).
    pub dedup_id: Option<String>,
    /// Hash of room, sender and text.
    pub content_hash: String,
    /// In or out.
    pub direction: Direction,
    /// 1 external group, 2 external contact, 3 internal group, 4 internal contact.
    pub room_type: i32,
    /// The phone's id of the sender.
    pub sender_id: Option<String>,
    /// Shown name of the sender.
    pub received_name: String,
    /// Group name, empty in private chats.
    pub group_name: String,
    /// Group remark, empty in private chats.
    pub group_remark: String,
    /// Text without the mention of the robot.
    pub spoken: String,
    /// Text as written.
    pub raw_spoken: String,
    /// Kind of content, 0..999.
    pub text_type: i32,
    /// Whether the robot was mentioned.
    pub at_me: bool,
    /// Picture in the file store.
    pub file_name: Option<String>,
    /// How it came in.
    pub entrance: Entrance,
    /// Why it was or was not answered.
    pub reason: Option<MessageReason>,
    /// More about the reason.
    pub reason_detail: Option<String>,
    /// The run that answers it.
    pub run_id: Option<String>,
    /// How often a run was started for it.
    pub starts: i32,
    /// The command that carried it out (direction out) or answers it.
    pub command_id: Option<CommandId>,
    /// When the phone says it was written.
    pub sent_at: Option<Ts>,
    /// When the reason was set.
    pub settled_at: Option<Ts>,
    /// When it arrived.
    pub created_at: Ts,
}

/// What the journal answers for a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// New; its place in the order.
    New(i64),
    /// Known already under this id.
    Existed(MessageId),
}

/// Two equal texts of one sender in one room are one message within this time when one of them has no id.
pub const REPEAT_WINDOW: chrono::TimeDelta = chrono::TimeDelta::seconds(3);

diesel::define_sql_function! {
    /// The first value that is not null.
    fn coalesce(first: Nullable<Text>, second: Nullable<Text>) -> Nullable<Text>;
}

crate::statement_names! {
    SettleFrom,
    SettleNew,
    Reopen,
}

for_both! {
    /// Stores a message unless it repeats one (by id, or by content within [`REPEAT_WINDOW`]).
    pub async fn insert(connection: &mut Conn, message: &SessionMessage) -> Result<Stored, DieselError> {
        if let Some(dedup_id) = &message.dedup_id {
            let same_id: Option<MessageId> = session_messages::table
                .filter(session_messages::robot_uuid.eq(message.robot_uuid))
                .filter(session_messages::dedup_id.eq(dedup_id))
                .select(session_messages::id)
                .first(connection)
                .await
                .optional()?;
            if let Some(id) = same_id {
                return Ok(Stored::Existed(id));
            }
        }
        // The row's arrival time decides, whichever entrance it came through.
        let recent = session_messages::table
            .filter(session_messages::robot_uuid.eq(message.robot_uuid))
            .filter(session_messages::content_hash.eq(&message.content_hash))
            .filter(session_messages::created_at.gt(message.created_at.plus(-REPEAT_WINDOW)))
            .order(session_messages::seq.asc())
            .select(session_messages::id);
        let same_content: Option<MessageId> = if message.dedup_id.is_some() {
            recent.filter(session_messages::app_message_id.is_null()).first(connection).await.optional()?
        } else {
            recent.first(connection).await.optional()?
        };
        if let Some(id) = same_content {
            return Ok(Stored::Existed(id));
        }
        diesel::insert_into(session_messages::table).values(message).execute(connection).await?;
        Ok(Stored::New(message.seq))
    }

    /// Sets why a message was or was not answered, unless that is known; false when it was. The command that answers it is noted, and
    /// stays noted when none is given.
    pub async fn settle(
        connection: &mut Conn,
        id: &MessageId,
        (reason, detail): (MessageReason, Option<&str>),
        command: Option<&CommandId>,
        from: Option<MessageReason>,
        now: Ts,
    ) -> Result<bool, DieselError> {
        let row = session_messages::table.find(id);
        let changes = (
            session_messages::reason.eq(Some(reason)),
            session_messages::reason_detail.eq(detail),
            session_messages::settled_at.eq(Some(now)),
            session_messages::command_id.eq(coalesce(command, session_messages::command_id)),
        );
        let touched = match from {
            Some(from) => {
                diesel::update(row.filter(session_messages::reason.eq(from))).set(changes).cached::<name::SettleFrom>().execute(connection).await?
            }
            None => diesel::update(row.filter(session_messages::reason.is_null())).set(changes).cached::<name::SettleNew>().execute(connection).await?,
        };
        Ok(touched > 0)
    }

    /// Takes back why a message was not answered, so that the robot's flow may answer it; false when that is not why.
    pub async fn reopen(
        connection: &mut Conn,
        id: &MessageId,
        from: MessageReason,
    ) -> Result<bool, DieselError> {
        let touched = diesel::update(
            session_messages::table.find(id).filter(session_messages::reason.eq(from)),
        )
        .set((
            session_messages::reason.eq(None::<MessageReason>),
            session_messages::reason_detail.eq(None::<String>),
            session_messages::settled_at.eq(None::<Ts>),
        ))
        .cached::<name::Reopen>()
        .execute(connection)
        .await?;
        Ok(touched > 0)
    }
}

/// A message, or `None`.
pub async fn find(db: &Db, id: MessageId) -> StoreResult<Option<SessionMessage>> {
    db!(db, read, |connection| {
        Ok(session_messages::table
            .find(&id)
            .select(SessionMessage::as_select())
            .first(connection)
            .await
            .optional()?)
    })
}

/// The undecided messages of a conversation, oldest first.
pub async fn list_unsettled(db: &Db, session: SessionId, limit: i64) -> StoreResult<Vec<SessionMessage>> {
    db!(db, read, |connection| {
        Ok(session_messages::table
            .filter(session_messages::session_id.eq(&session))
            .filter(session_messages::reason.is_null())
            // A literal: behind a parameter neither database can tell that the index of undecided messages applies.
            .filter(diesel::dsl::sql::<diesel::sql_types::Bool>("session_messages.direction = 'in'"))
            .order(session_messages::seq.asc())
            .limit(limit)
            .select(SessionMessage::as_select())
            .load(connection)
            .await?)
    })
}

/// Forgets the repeat keys of messages older than `before`; how many.
pub async fn forget_repeat_keys(db: &Db, before: Ts) -> StoreResult<usize> {
    db!(db, write, |connection| {
        Ok(diesel::update(
            session_messages::table
                .filter(session_messages::created_at.lt(before))
                .filter(session_messages::dedup_id.is_not_null()),
        )
        .set(session_messages::dedup_id.eq(None::<String>))
        .execute(connection)
        .await?)
    })
}
