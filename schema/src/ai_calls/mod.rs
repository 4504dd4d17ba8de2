//! Calls to models: what they took, and what was said.
pub mod queries;
pub mod tally;

use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::for_both;
use crate::ids::{AiCallId, MessageId, ModelId, PersonaId, RobotUuid, RunId, SessionId};
use crate::store::prelude::*;
use crate::tables::{ai_call_logs, ai_io_logs};

crate::text_enum! {
    /// What a model was asked for.
    pub enum AiPurpose {
        /// What somebody wants.
        Intent = "intent",
        /// An answer.
        Reply = "reply",
        /// A report.
        Report = "report",
        /// Whether it is there.
        Health = "health",
        /// Somebody tried it.
        Debug = "debug",
    }
}

crate::text_enum! {
    /// How a call went.
    pub enum AiCallStatus {
        /// It answered.
        Ok = "ok",
        /// It did not.
        Failed = "failed",
    }
}

/// A call as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ai_call_logs, treat_none_as_default_value = false)]
pub struct AiCallLog {
    /// Place in the order of the server.
    pub seq: i64,
    /// Id.
    pub id: AiCallId,
    /// In which run.
    pub run_id: Option<RunId>,
    /// For which robot.
    pub robot_uuid: Option<RobotUuid>,
    /// In which conversation.
    pub session_id: Option<SessionId>,
    /// Because of which message.
    pub message_id: Option<MessageId>,
    /// Which model; none = the rules.
    pub model_id: Option<ModelId>,
    /// Whose wire.
    pub provider: String,
    /// The provider's name of the model.
    pub model_name: String,
    /// For what.
    pub purpose: AiPurpose,
    /// How it went.
    pub status: AiCallStatus,
    /// Class of the failure.
    pub error_class: Option<String>,
    /// The failure.
    pub error: Option<String>,
    /// How many models were asked in this turn so far, this one included.
    pub tries: i32,
    /// Milliseconds it took.
    pub duration_ms: i64,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// What they cost, ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// When it was made.
    pub created_at: Ts,
    /// Who spoke; none when no persona did.
    pub persona_id: Option<PersonaId>,
}

/// What was said in a call.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ai_io_logs)]
pub struct AiIoLog {
    /// Place in the order of the server; that of its call.
    pub seq: i64,
    /// Which call.
    pub call_id: AiCallId,
    /// What was sent, secrets masked.
    pub input: String,
    /// What came back.
    pub output: String,
}

/// A call and what was said in it; `seq` is filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AiCall {
    /// The call.
    pub log: AiCallLog,
    /// What was sent, secrets masked.
    pub input: String,
    /// What came back.
    pub output: String,
}

crate::statement_names! {
    InsertCall,
    InsertIo,
}

/// Text as both databases can keep it.
fn stored(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

for_both! {
    /// Stores a call and what was said.
    pub async fn insert(connection: &mut Conn, call: &AiCall, seq: i64) -> Result<(), DieselError> {
        let mut log = call.log.clone();
        log.seq = seq;
        log.error = log.error.as_deref().map(stored);
        let id = log.id.clone();
        let inserted = diesel::insert_into(ai_call_logs::table)
            .values(&log)
            .on_conflict_do_nothing()
            .cached::<name::InsertCall>()
            .execute(connection)
            .await?;
        if inserted > 0 {
            diesel::insert_into(ai_io_logs::table)
                .values(&AiIoLog { seq, call_id: id, input: stored(&call.input), output: stored(&call.output) })
                .cached::<name::InsertIo>()
                .execute(connection)
                .await?;
        }
        Ok(())
    }
}
