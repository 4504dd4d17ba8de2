//! `Idempotency-Key`: the first answer again, for every POST that creates something.
//!
//! ```text
//! begin ─ no key ───────────────────────────▶ Fresh
//!   │ remembered, same body ─────────────────▶ Replay        other body ─▶ 409 idempotency_mismatch
//!   │ under way ─ waits ≤ 5 s ─ looks again    still under way ─▶ 409 idempotency_in_progress
//!   └ unknown ──▶ Fresh(ticket) ─▶ take limits, check, build the answer ─▶ ticket.commit(answer, records)
//! ```
//! The remembered answer is the first record of the same write, so it is there exactly when the creation is; an answer that was
//! remembered in between stops the write. Refusals are not remembered, because nothing was written.
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use chrono::TimeDelta;
use workbot_schema::batch::{Outcome, Record, Write};
use workbot_schema::fields::Ts;
use workbot_schema::idempotency::{self, IdempotencyRecord};
use workbot_schema::ids::UserId;

use super::in_flight::{Entered, InFlight, Turn};
use crate::http::auth::hash_of;
use crate::http::envelope::Reply;
use crate::http::error::{ApiError, ApiResult, Conflict};
use crate::http::extract::IdempotencyKey;
use crate::http::state::AppState;

/// How long a second request waits for the first.
const PATIENCE: Duration = Duration::from_secs(5);

/// Credential and key.
type Slot = (String, String);

/// Creations under way, each with the hash of its request.
#[derive(Default)]
pub struct Idempotency {
    in_flight: InFlight<Slot, String>,
    /// Users whose robots are counted and made, one creation at a time.
    pub robot_makers: InFlight<UserId, ()>,
}

/// How a creation begins.
pub enum Started {
    /// Do it, and commit through the ticket.
    Fresh(Ticket),
    /// It was done before: answer this.
    Replay(Reply),
}

/// The right to do a creation once.
pub struct Ticket {
    key: Option<Held>,
}

struct Held {
    slot: Slot,
    hash: String,
    _turn: Turn<Slot, String>,
}

impl Held {
    fn record(&self, state: &AppState, status: StatusCode, response: String) -> IdempotencyRecord {
        IdempotencyRecord {
            token: self.slot.0.clone(),
            idempotency_key: self.slot.1.clone(),
            body_hash: self.hash.clone(),
            status: i32::from(status.as_u16()),
            response,
            created_at: state.now(),
        }
    }
}

/// What a commit did.
pub enum Committed {
    /// The outcomes of the records, in order.
    Done(Vec<Outcome>),
    /// Somebody else did it in between: answer this.
    Replay(Reply),
}

impl AppState {
    /// Begins a creation by `caller` (see [`Caller::name`](crate::http::auth::Caller::name)) with a body.
    pub async fn begin(&self, key: &IdempotencyKey, caller: &str, body: &[u8]) -> ApiResult<Started> {
        let Some(text) = &key.key else {
            return Ok(Started::Fresh(Ticket { key: None }));
        };
        let slot: Slot = (caller.to_owned(), text.clone());
        let hash = hash_of(&[key.route.as_bytes(), b"\n", body].concat());
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            match self.idempotency.in_flight.enter(slot.clone(), hash.clone()) {
                Entered::First(turn) => {
                    let since = self.idempotent_since();
                    let known = idempotency::find(&self.db, slot.0.clone(), slot.1.clone(), since).await?;
                    return match known {
                        Some(record) => self.replay(&record, &hash).map(Started::Replay),
                        None => Ok(Started::Fresh(Ticket { key: Some(Held { slot, hash, _turn: turn }) })),
                    };
                }
                Entered::Busy(other, _busy) if other != hash => {
                    return Err(ApiError::Conflict(Conflict::IdempotencyMismatch));
                }
                Entered::Busy(_same, busy) => {
                    let left = deadline.saturating_duration_since(tokio::time::Instant::now());
                    if left.is_zero() || !busy.wait(left).await {
                        return Err(ApiError::Conflict(Conflict::IdempotencyInProgress));
                    }
                }
            }
        }
    }

    fn idempotent_since(&self) -> Ts {
        let secs = i64::try_from(self.settings.limits.idempotency_secs).unwrap_or(i64::MAX);
        self.now().plus(-TimeDelta::try_seconds(secs).unwrap_or(TimeDelta::days(1)))
    }

    fn replay(&self, record: &IdempotencyRecord, hash: &str) -> ApiResult<Reply> {
        if record.body_hash != hash {
            return Err(ApiError::Conflict(Conflict::IdempotencyMismatch));
        }
        let body = if record.response.starts_with('{') {
            record.response.clone()
        } else {
            self.sealer.open(&place(&record.token, &record.idempotency_key), &record.response)?
        };
        let status = u16::try_from(record.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.ok_or_else(|| ApiError::Internal("remembered status".to_owned()))?;
        self.counters.replayed.add(1);
        Ok(Reply { status, body: Bytes::from(body), is_replay: true })
    }
}

fn place(token: &str, key: &str) -> String {
    format!("idempotency_keys.response/{token}/{key}")
}

impl Ticket {
    /// The record that remembers `reply`, for a service that writes it itself; none when no key was sent.
    pub fn record(&self, state: &AppState, reply: &Reply) -> Option<IdempotencyRecord> {
        let response = String::from_utf8_lossy(&reply.body).into_owned();
        self.key.as_ref().map(|held| held.record(state, reply.status, response))
    }

    /// The answer that was remembered in between, as such a service reports it.
    pub fn replay(&self, state: &AppState, known: &IdempotencyRecord) -> ApiResult<Reply> {
        match &self.key {
            Some(held) => state.replay(known, &held.hash),
            None => Err(ApiError::Internal("an answer was replayed without a key".to_owned())),
        }
    }

    /// Writes the records and remembers the answer with them.
    pub async fn commit(self, state: &AppState, reply: &Reply, records: Vec<Record>) -> ApiResult<Committed> {
        let response = String::from_utf8_lossy(&reply.body).into_owned();
        self.write(state, reply.status, response, records).await
    }

    /// The same for an answer that carries a secret: it is remembered sealed.
    pub async fn commit_secret(
        self,
        state: &AppState,
        reply: &Reply,
        records: Vec<Record>,
    ) -> ApiResult<Committed> {
        let plain = String::from_utf8_lossy(&reply.body).into_owned();
        let response = match &self.key {
            Some(held) => state.sealer.seal(&place(&held.slot.0, &held.slot.1), &plain)?,
            None => plain,
        };
        self.write(state, reply.status, response, records).await
    }

    async fn write(
        self,
        state: &AppState,
        status: StatusCode,
        response: String,
        records: Vec<Record>,
    ) -> ApiResult<Committed> {
        let Some(held) = self.key else {
            return Ok(Committed::Done(state.journal.write(records).await?));
        };
        let record = held.record(state, status, response);
        let mut write: Write = Vec::with_capacity(records.len() + 1);
        write.push(Record::Idempotency { record, since: state.idempotent_since() });
        write.extend(records);
        let mut outcomes = state.journal.write(write).await?.into_iter();
        match outcomes.next() {
            Some(Outcome::Remembered(known)) => state.replay(&known, &held.hash).map(Committed::Replay),
            _ => Ok(Committed::Done(outcomes.collect())),
        }
    }
}
