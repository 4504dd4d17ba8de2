//! What happens to runs inside a transaction.
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::result::Error as DieselError;
use diesel::sql_types::Bool;

use super::{FlowExecution, NewRun, RunCheckpoint};
use crate::fields::Ts;
use crate::for_both;
use crate::ids::{MessageId, RunId};
use crate::messages::MessageReason;
use crate::store::prelude::*;
use crate::tables::{flow_executions, session_messages};

crate::statement_names! {
    Insert,
    Save,
    ClaimMessage,
    MergeMessage,
}

/// Runs that may still move, as a literal: behind a parameter neither database can tell that their index applies.
pub(crate) fn is_open() -> SqlLiteral<Bool> {
    sql("flow_executions.status IN ('running', 'waiting')")
}

/// Messages that a run may answer: undecided, or given back because nobody could be told.
fn is_unanswered() -> SqlLiteral<Bool> {
    sql("(session_messages.reason IS NULL OR session_messages.reason = 'callback_failed')")
}

/// What became of a run that should begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Started {
    /// It began; these messages are settled as merged.
    New(Vec<MessageId>),
    /// It had begun before.
    Existed,
    /// Its first message is settled or gone.
    Settled,
}

for_both! {
    use {
        crate::sessions::operations => sessions,
        crate::token_usage => token_usage,
    }

    /// Stores a run, claims its messages, and notes the conversation.
    pub async fn start(connection: &mut Conn, run: &NewRun, seq: i64, now: Ts) -> Result<Started, DieselError> {
        let id = &run.execution.id;
        let is_answer = run.execution.retry_of.is_none();
        if is_answer {
            // First, because what a write has changed stays changed when it stops.
            let claimed = diesel::update(
                session_messages::table
                    .find(&run.execution.message_id)
                    .filter(is_unanswered())
                    .filter(session_messages::run_id.is_null().or(session_messages::run_id.ne(id.as_str()).assume_not_null())),
            )
            .set((
                session_messages::run_id.eq(Some(id.as_str())),
                session_messages::starts.eq(session_messages::starts + 1),
            ))
            .cached::<name::ClaimMessage>()
            .execute(connection)
            .await?;
            if claimed == 0 {
                let known: i64 = flow_executions::table
                    .filter(flow_executions::id.eq(id))
                    .count()
                    .get_result(connection)
                    .await?;
                return Ok(if known > 0 { Started::Existed } else { Started::Settled });
            }
        }
        let mut execution = run.execution.clone();
        execution.seq = seq;
        if let Some(spent) = &run.spent {
            execution.tokens += spent.tokens;
            execution.cost_micros += spent.cost_micros;
        }
        let inserted = diesel::insert_into(flow_executions::table)
            .values(&execution)
            .on_conflict_do_nothing()
            .cached::<name::Insert>()
            .execute(connection)
            .await?;
        if inserted == 0 {
            return Ok(Started::Existed);
        }
        let mut merged = Vec::new();
        for message in run.messages.iter().filter(|message| is_answer && **message != execution.message_id) {
            let touched = diesel::update(session_messages::table.find(message).filter(is_unanswered()))
                .set((
                    session_messages::run_id.eq(Some(id.as_str())),
                    session_messages::reason.eq(Some(MessageReason::Merged)),
                    session_messages::reason_detail.eq(Some(execution.message_id.as_str())),
                    session_messages::settled_at.eq(Some(now)),
                ))
                .cached::<name::MergeMessage>()
                .execute(connection)
                .await?;
            if touched > 0 {
                merged.push(message.clone());
            }
        }
        if let Some(session) = &run.session {
            sessions::note(connection, session).await?;
        }
        if let Some(spent) = &run.spent {
            token_usage::add(connection, execution.robot_uuid, spent).await?;
        }
        Ok(Started::New(merged))
    }

    /// Writes where a run has come to, unless somebody wrote since; whether it did.
    pub async fn save(connection: &mut Conn, checkpoint: &RunCheckpoint, now: Ts) -> Result<bool, DieselError> {
        let (tokens, cost) =
            checkpoint.spent.as_ref().map_or((0, 0), |spent| (spent.tokens, spent.cost_micros));
        let touched = diesel::update(
            flow_executions::table
                .filter(flow_executions::id.eq(&checkpoint.id))
                .filter(flow_executions::step.eq(checkpoint.step_before)),
        )
        .set((
            flow_executions::status.eq(checkpoint.status),
            flow_executions::step.eq(flow_executions::step + 1),
            flow_executions::context.eq(&checkpoint.context),
            flow_executions::state.eq(&checkpoint.state),
            flow_executions::nodes.eq(&checkpoint.nodes),
            flow_executions::error_code.eq(&checkpoint.error_code),
            flow_executions::error.eq(&checkpoint.error),
            flow_executions::tokens.eq(flow_executions::tokens + tokens),
            flow_executions::cost_micros.eq(flow_executions::cost_micros + cost),
            flow_executions::duration_ms.eq(checkpoint.duration_ms),
            flow_executions::due_at.eq(checkpoint.due_at),
            flow_executions::finished_at.eq(checkpoint.status.is_final().then_some(now)),
        ))
        .cached::<name::Save>()
        .execute(connection)
        .await?;
        if touched == 0 {
            return Ok(false);
        }
        if let Some(spent) = &checkpoint.spent {
            token_usage::add(connection, checkpoint.robot_uuid, spent).await?;
        }
        Ok(true)
    }

    /// Somebody begins to work on a run again: one start and one step more, so that whoever worked on it before has lost. The run as
    /// it is then, or `None` when it moved or ended.
    pub async fn resume(connection: &mut Conn, id: &RunId, step: i32) -> Result<Option<FlowExecution>, DieselError> {
        let touched = diesel::update(
            flow_executions::table
                .filter(flow_executions::id.eq(id))
                .filter(flow_executions::step.eq(step))
                .filter(is_open()),
        )
        .set((
            flow_executions::step.eq(flow_executions::step + 1),
            flow_executions::starts.eq(flow_executions::starts + 1),
        ))
        .execute(connection)
        .await?;
        if touched == 0 {
            return Ok(None);
        }
        flow_executions::table
            .filter(flow_executions::id.eq(id))
            .select(FlowExecution::as_select())
            .first(connection)
            .await
            .optional()
    }
}
