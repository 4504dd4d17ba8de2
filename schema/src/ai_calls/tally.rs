//! What calls to one model, or of one persona, came to over a time.
use super::{AiCallStatus, AiPurpose};
use crate::fields::Ts;
use crate::ids::{ModelId, PersonaId};
use crate::store::prelude::*;
use crate::tables::ai_call_logs;

/// Most calls that are looked at, the newest first.
pub const CALLS_MAX: i64 = 50_000;

/// Whose calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallsOf {
    /// Those to a model.
    Model(ModelId),
    /// Those in which a persona spoke.
    Persona(PersonaId),
}

/// Calls for one purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurposeTally {
    /// For what.
    pub purpose: AiPurpose,
    /// How many.
    pub total: u64,
    /// Those in vain.
    pub failed: u64,
}

/// The figures of a time. Signs of life are not among them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallTally {
    /// Calls.
    pub total: u64,
    /// Those in vain.
    pub failed: u64,
    /// Milliseconds of those that were answered, ascending.
    pub durations_ms: Vec<u64>,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
    /// By purpose, in the order of [`AiPurpose::ALL`]; those without a call are not there.
    pub purposes: Vec<PurposeTally>,
    /// There were more than [`CALLS_MAX`]; the older ones were left out.
    pub is_cut: bool,
}

type Row = (AiPurpose, AiCallStatus, i64, i64, i64, i64);

impl CallTally {
    fn of(rows: &[Row]) -> Self {
        let mut tally = Self { is_cut: count(rows.len()) >= CALLS_MAX.unsigned_abs(), ..Self::default() };
        for (_purpose, status, duration_ms, tokens_in, tokens_out, cost_micros) in rows {
            tally.total += 1;
            match status {
                AiCallStatus::Ok => tally.durations_ms.push(u64::try_from(*duration_ms).unwrap_or(0)),
                AiCallStatus::Failed => tally.failed += 1,
            }
            tally.tokens_in = tally.tokens_in.saturating_add(*tokens_in);
            tally.tokens_out = tally.tokens_out.saturating_add(*tokens_out);
            tally.cost_micros = tally.cost_micros.saturating_add(*cost_micros);
        }
        tally.durations_ms.sort_unstable();
        for purpose in AiPurpose::ALL {
            let own = || rows.iter().filter(|row| row.0 == *purpose);
            let failed = own().filter(|row| row.1 == AiCallStatus::Failed).count();
            let total = own().count();
            if total > 0 {
                let (total, failed) = (count(total), count(failed));
                tally.purposes.push(PurposeTally { purpose: *purpose, total, failed });
            }
        }
        tally
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

/// The figures since `since`.
pub async fn tally(db: &Db, of: CallsOf, since: Ts) -> StoreResult<CallTally> {
    let rows: Vec<Row> = db!(db, read, |connection| {
        let query = ai_call_logs::table
            .filter(ai_call_logs::created_at.ge(since))
            .filter(ai_call_logs::purpose.ne(AiPurpose::Health))
            .into_boxed::<DB>();
        let query = match of {
            CallsOf::Model(model) => query.filter(ai_call_logs::model_id.eq(model)),
            CallsOf::Persona(persona) => query.filter(ai_call_logs::persona_id.eq(persona)),
        };
        Ok::<_, StoreError>(
            query
                .order(ai_call_logs::seq.desc())
                .limit(CALLS_MAX)
                .select((
                    ai_call_logs::purpose,
                    ai_call_logs::status,
                    ai_call_logs::duration_ms,
                    ai_call_logs::tokens_in,
                    ai_call_logs::tokens_out,
                    ai_call_logs::cost_micros,
                ))
                .load(connection)
                .await?,
        )
    })?;
    Ok(CallTally::of(&rows))
}
