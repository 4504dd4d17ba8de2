//! One transaction of many writes; on a failure once more with a savepoint per write, so that a bad one fails alone.
use std::sync::Arc;

use diesel::result::Error as DieselError;

use super::{Outcome, Record, Write};
use crate::class::Class;
use crate::commands::CommandEvent;
use crate::commands::operations::ResultTimeouts;
use crate::deliveries::Delivery;
use crate::fields::Ts;
use crate::for_both;
use crate::messages::Stored;
use crate::store::prelude::*;
use crate::store::{postgres, sqlite};

/// What a batch needs beside its records.
#[derive(Debug, Clone, Copy)]
pub struct BatchContext {
    /// The first number of the batch; one per record is used.
    pub first_seq: i64,
    /// The time of the batch.
    pub now: Ts,
    /// Result time-outs of commands.
    pub timeouts: ResultTimeouts,
}

/// The outcome of each write, in order; an error means that nothing at all was written, as far as is known.
pub async fn apply(
    db: &Db,
    writes: impl Into<Arc<[Write]>>,
    context: BatchContext,
) -> StoreResult<Vec<StoreResult<Vec<Outcome>>>> {
    let writes: Arc<[Write]> = writes.into();
    match db {
        Db::Sqlite(sqlite) => {
            sqlite::on_thread(sqlite.write.clone(), move |connection| {
                crate::store::db::lite::now(lite::batch(connection, &writes, context))
            })
            .await
        }
        Db::Postgres(postgres) => {
            let mut connection = postgres.write().await?;
            postgres::write(pg::batch(&mut connection, &writes, context)).await
        }
    }
}

fn numbered(writes: &[Write], first_seq: i64) -> impl Iterator<Item = (&Write, i64)> {
    let mut next = first_seq;
    writes.iter().map(move |write| {
        let seq = next;
        next = next.saturating_add(i64::try_from(write.len()).unwrap_or(i64::MAX));
        (write, seq)
    })
}

for_both! {
    use {
        crate::accounts::operations => accounts,
        crate::activation::operations => activation,
        crate::batch::conversation => conversation,
        crate::bindings => bindings,
        crate::commands::moves => moves,
        crate::commands::operations => commands,
        crate::deliveries => deliveries,
        crate::idempotency => idempotency,
        crate::logs => logs,
        crate::messages => messages,
        crate::platform_keys => platform_keys,
        crate::robots::members => members,
        crate::robots::operations => robots,
        crate::worktool => worktool,
    }

    /// Runs a batch on an open connection.
    pub async fn batch(
        connection: &mut Conn,
        writes: &[Write],
        context: BatchContext,
    ) -> StoreResult<Vec<StoreResult<Vec<Outcome>>>> {
        let together: StoreResult<Vec<Vec<Outcome>>> = connection
            .transaction::<_, StoreError, _>(async |connection| {
                let mut outcomes = Vec::with_capacity(writes.len());
                for (write, seq) in numbered(writes, context.first_seq) {
                    outcomes.push(one(connection, write, seq, context).await?);
                }
                Ok(outcomes)
            })
            .await;
        match together {
            Ok(outcomes) => Ok(outcomes.into_iter().map(Ok).collect()),
            Err(error) if error.class() == Class::Transient => Err(error),
            Err(error) if writes.len() == 1 => Ok(vec![Err(error)]),
            Err(_one_bad_write) => {
                connection
                    .transaction::<_, StoreError, _>(async |connection| {
                        let mut outcomes = Vec::with_capacity(writes.len());
                        for (write, seq) in numbered(writes, context.first_seq) {
                            let outcome = connection
                                .transaction::<_, StoreError, _>(async |connection| {
                                    Ok(one(connection, write, seq, context).await?)
                                })
                                .await;
                            match outcome {
                                Err(error) if error.class() == Class::Transient => return Err(error),
                                outcome => outcomes.push(outcome),
                            }
                        }
                        Ok(outcomes)
                    })
                    .await
            }
        }
    }

    async fn one(connection: &mut Conn, write: &Write, first_seq: i64, context: BatchContext) -> Result<Vec<Outcome>, DieselError> {
        let mut outcomes = Vec::with_capacity(write.len());
        let mut goes_on = true;
        for (record, seq) in write.iter().zip(first_seq..) {
            let outcome = if goes_on { single(connection, record, seq, context).await? } else { Outcome::Skipped };
            goes_on = outcome.goes_on();
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    async fn single(connection: &mut Conn, record: &Record, seq: i64, context: BatchContext) -> Result<Outcome, DieselError> {
        let now = context.now;
        Ok(match record {
            Record::Message(message) => {
                let mut message = message.as_ref().clone();
                message.seq = seq;
                match messages::insert(connection, &message).await? {
                    Stored::New(seq) => Outcome::Done(seq),
                    Stored::Existed(id) => Outcome::MessageExisted(id),
                }
            }
            Record::Settle { id, reason, detail, command_id, from } => {
                let why = (*reason, detail.as_deref());
                match messages::settle(connection, id, why, command_id.as_ref(), *from, now).await? {
                    true => Outcome::Done(seq),
                    false => Outcome::Missing,
                }
            }
            Record::Reopen { id, from, .. } => match messages::reopen(connection, id, *from).await? {
                true => Outcome::Done(seq),
                false => Outcome::Missing,
            },
            Record::Command(command) => match commands::insert(connection, command.as_ref().clone(), seq).await? {
                Some(row) => Outcome::Queued(Box::new(row)),
                None => Outcome::Existed,
            },
            Record::Claim { fence, .. } | Record::ClaimOnly { fence, .. } | Record::TakeUnconfirmed { fence, .. }
                if fence.is_stale() =>
            {
                Outcome::Stale
            }
            Record::Claim { robot, limit, .. } => {
                Outcome::Claimed(commands::claim(connection, *robot, *limit, context.timeouts, now).await?)
            }
            Record::ClaimOnly { robot, command_type, .. } => {
                let timeouts = context.timeouts;
                Outcome::Claimed(commands::claim_only(connection, *robot, *command_type, timeouts, now).await?)
            }
            Record::TakeUnconfirmed { robot, limit, .. } => {
                Outcome::Claimed(commands::take_unconfirmed(connection, *robot, *limit, context.timeouts, now).await?)
            }
            Record::CommandEvent { robot, id, event, callback } => {
                match moves::apply(connection, *robot, id, event, context.timeouts, now).await? {
                    None => Outcome::Missing,
                    Some(moved) => {
                        let mut made = None;
                        if let (true, true, Some(target), CommandEvent::Result(result)) =
                            (moved.is_won, moved.command.state.is_final(), callback, event.as_ref())
                        {
                            let delivery: Delivery = target.delivery(&moved.command, result, seq, now);
                            deliveries::insert(connection, &delivery).await?;
                            made = Some(Box::new(delivery));
                        }
                        Outcome::Moved(Box::new(moved), made)
                    }
                }
            }
            Record::CancelQueued { robot, except, detail } => {
                Outcome::Cancelled(commands::cancel_queued(connection, *robot, except, detail, now).await?)
            }
            Record::Delivery(delivery) => {
                let mut delivery = delivery.as_ref().clone();
                delivery.seq = seq;
                match deliveries::insert(connection, &delivery).await? {
                    true => Outcome::Delivery(Box::new(delivery)),
                    false => Outcome::Existed,
                }
            }
            Record::Attempt(attempt) => match deliveries::record(connection, attempt, seq, now).await? {
                Some(delivery) => Outcome::Delivery(Box::new(delivery)),
                None => Outcome::Missing,
            },
            Record::FinishDelivery { id, state, error } => {
                match deliveries::finish(connection, id, *state, error, now).await? {
                    Some(delivery) => Outcome::Delivery(Box::new(delivery)),
                    None => Outcome::Missing,
                }
            }
            Record::Idempotency { record, since } => match idempotency::remember(connection, record, *since).await? {
                None => Outcome::Done(seq),
                Some(known) => Outcome::Remembered(Box::new(known)),
            },
            Record::Robot(robot) => {
                robots::insert(connection, robot).await?;
                Outcome::Done(seq)
            }
            Record::UpdateRobot { id, changes, expected } => {
                let updated = robots::update(connection, *id, changes.as_ref().clone(), *expected, now).await?;
                Outcome::Robot(Box::new(updated))
            }
            Record::Members { robot, users } => {
                Outcome::Robot(Box::new(members::replace(connection, *robot, users, now).await?))
            }
            Record::Bind { robot, binding_type, url } => {
                Outcome::Robot(Box::new(
                    bindings::bind(connection, *robot, *binding_type, url.as_deref(), now).await?,
                ))
            }
            Record::Codes(codes) => {
                activation::insert_codes(connection, codes).await?;
                Outcome::Done(seq)
            }
            Record::Activate(request) => {
                Outcome::Activated(Box::new(activation::activate(connection, request, now).await?))
            }
            Record::Rotate(rotation) => Outcome::Rotated(Box::new(activation::rotate(connection, rotation, now).await?)),
            Record::RefreshToken(token) => {
                activation::insert_refresh(connection, token).await?;
                Outcome::Done(seq)
            }
            Record::Account(act) => Outcome::Account(Box::new(accounts::act(connection, act, now).await?)),
            Record::PlatformKey(key) => {
                platform_keys::insert(connection, key).await?;
                Outcome::Done(seq)
            }
            Record::PlatformKeyUsed(id) => {
                platform_keys::note_use(connection, id, now).await?;
                Outcome::Done(seq)
            }
            Record::ConnectionOpened(row) => {
                logs::open_connection(connection, row).await?;
                Outcome::Done(seq)
            }
            Record::ConnectionClosed { id, code, reason } => {
                logs::close_connection(connection, id, *code, reason, now).await?;
                Outcome::Done(seq)
            }
            Record::RobotLog(row) => {
                let mut row = row.clone();
                row.seq = seq;
                logs::insert_log(connection, &row).await?;
                Outcome::Done(seq)
            }
            Record::Audit(row) => {
                let mut row = row.clone();
                row.seq = seq;
                logs::insert_audit(connection, &row).await?;
                Outcome::Done(seq)
            }
            Record::Worktool { robot, fact } => {
                worktool::learn(connection, *robot, fact, now).await?;
                Outcome::Done(seq)
            }
            Record::Configure(_)
            | Record::TemplateUsed(_)
            | Record::StartRun(_)
            | Record::ResumeRun { .. }
            | Record::SaveRun(_)
            | Record::Session(_)
            | Record::Alert(_)
            | Record::AlertChange { .. }
            | Record::Notification(_)
            | Record::NotificationAttempt(_)
            | Record::AiCall(_)
            | Record::Health(_) => conversation::apply(connection, record, seq, now).await?,
        })
    }
}
