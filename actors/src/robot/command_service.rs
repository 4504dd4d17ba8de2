//! Commands in and out, whatever the entrance: every move is one write, and whoever loses gets the row that is there.
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use workbot_schema::batch::{Fence, Outcome, Record};
use workbot_schema::class::Class;
use workbot_schema::commands::operations::{ClaimLimit, Moved};
use workbot_schema::commands::state::SERVER_ATTEMPT;
use workbot_schema::commands::{
    CommandEvent, CommandState, ExecutionResult, NewCommand, RobotCommand, queries,
};
use workbot_schema::deliveries::endpoint_of;
use workbot_schema::fields::Ts;
use workbot_schema::idempotency::{self, IdempotencyRecord};
use workbot_schema::ids::{BatchId, CommandId, RobotUuid};
use workbot_schema::store::{Db, StoreError};
use workbot_schema::wire::callback::ResultTarget;

use super::pacing::WindowLimit;
use super::submission::{CLEAR_ONE, Submission, records, revocation, revoked_id, waiting};
use crate::journal::{JournalError, JournalHandle};
use crate::kernel::Clock;
use crate::supervisor::directory::{Presence, RobotEntry};

/// How long an answer is remembered for its idempotency key.
const REMEMBER: TimeDelta = TimeDelta::hours(24);
/// Longest id that can exist, bytes.
const ID_BYTES: usize = 64;
/// Binding type of results.
const RESULT_BINDING: i32 = 1;
/// Longest wait of a poll.
const POLL: Duration = Duration::from_secs(25);
/// A poll looks again this often, should a wake-up be lost.
const POLL_AGAIN: Duration = Duration::from_secs(5);
/// Wait advised to a caller when the queue of a robot is full, seconds.
const QUEUE_RETRY_SECS: u64 = 30;

/// Why a call about commands failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// As many commands wait for the robot as may.
    #[error("the queue of the robot is full")]
    QueueFull {
        /// Seconds.
        retry_after: u64,
    },
    /// The robot has no such command.
    #[error("command not found")]
    NotFound,
    /// The journal did not write it.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal answered something else.
    #[error("unexpected outcome: {0}")]
    Unexpected(&'static str),
}

impl CommandError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::QueueFull { .. } => Class::Transient,
            Self::NotFound => Class::Caller,
            Self::Journal(error) => error.class(),
            Self::Store(error) => error.class(),
            Self::Unexpected(_) => Class::Bug,
        }
    }
}

/// What a submission did.
#[derive(Debug, Clone, PartialEq)]
pub enum Submitted {
    /// The commands as stored, in the order given.
    Stored(Vec<RobotCommand>),
    /// The key was used before: the answer of then. The caller compares the hash of the body.
    Replayed(Box<IdempotencyRecord>),
}

/// The answer to a move, on its way.
pub trait Moving: Future<Output = Result<Moved, CommandError>> + Send {}

impl<F: Future<Output = Result<Moved, CommandError>> + Send> Moving for F {}

/// What a robot may have waiting and open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandLimits {
    /// Commands that may wait for one robot.
    pub queue_max: i64,
    /// What may be unconfirmed of one polling app.
    pub window: WindowLimit,
}

/// Moves commands; clone freely.
#[derive(Clone)]
pub struct CommandService {
    journal: JournalHandle,
    clock: Clock,
    db: Db,
    limits: CommandLimits,
}

impl CommandService {
    /// A service over its parts.
    pub fn new(journal: JournalHandle, clock: Clock, db: Db, limits: CommandLimits) -> Self {
        Self { journal, clock, db, limits }
    }

    /// Stores commands of one robot, all or none. 304 empties the queue in the same write; 305 takes its target back and
    /// is answered by the server itself. A command whose id exists is answered as it is, and none of the others is stored.
    pub async fn submit(
        &self,
        entry: &Arc<RobotEntry>,
        commands: Vec<NewCommand>,
        idempotency: Option<IdempotencyRecord>,
    ) -> Result<Submitted, CommandError> {
        let now = Ts::new(self.clock.now());
        let since = now.plus(-REMEMBER);
        let (count, is_emptied) = waiting(commands.iter().map(|command| command.command_type));
        let Some(places) = entry.reserve(count, is_emptied, self.limits.queue_max) else {
            return Err(CommandError::QueueFull { retry_after: QUEUE_RETRY_SECS });
        };
        let takes_back = commands.iter().any(|command| command.command_type == CLEAR_ONE);
        if let (true, Some(record)) = (takes_back, &idempotency) {
            // What a repeat would take back may be something newer: look before anything is done.
            let (token, key) = (record.token.clone(), record.idempotency_key.clone());
            if let Some(known) = idempotency::find(&self.db, token, key, since).await? {
                return Ok(Submitted::Replayed(Box::new(known)));
            }
        }
        let is_offline = !entry.is_connected() && entry.presence() != Presence::Online;
        let mut submissions = Vec::with_capacity(commands.len());
        let mut ids = Vec::with_capacity(commands.len());
        for mut command in commands {
            command.is_offline = is_offline;
            ids.push(command.id.clone());
            let answer = match command.command_type {
                CLEAR_ONE => Some(self.take_back(entry.uuid, &command).await?),
                _ => None,
            };
            submissions.push(Submission { command, answer });
        }
        let record = idempotency.map(|record| (record, since));
        let write = records(submissions, record, result_target(entry).as_ref());
        if write.is_empty() {
            return Ok(Submitted::Stored(Vec::new()));
        }
        let mut stored = Vec::with_capacity(ids.len());
        for outcome in self.journal.write_into(write, Some(places)).await? {
            match outcome {
                Outcome::Remembered(known) => return Ok(Submitted::Replayed(known)),
                Outcome::Queued(command) => stored.push(*command),
                Outcome::Moved(moved, _callback) => match stored.last_mut() {
                    Some(last) if last.id == moved.command.id => *last = moved.command,
                    _ => return Err(CommandError::Unexpected("a move before its command")),
                },
                Outcome::Existed => return self.known(ids).await,
                _ => {}
            }
        }
        Ok(Submitted::Stored(stored))
    }

    /// Takes a command back unless it was pushed; a lost one is answered as it is (see `Moved::is_won`). As with
    /// [`Self::confirm`] and [`Self::report`], the write stands in the journal's line when this returns.
    pub fn cancel(&self, entry: &RobotEntry, id: &CommandId, detail: &str) -> impl Moving + use<> {
        self.event(entry.uuid, id, CommandEvent::Cancel { detail: detail.to_owned() }, None)
    }

    /// The phone has a command; without `attempt` the latest one is meant.
    pub fn confirm(&self, entry: &RobotEntry, id: &CommandId, attempt: Option<i32>) -> impl Moving + use<> {
        self.event(entry.uuid, id, CommandEvent::Confirm { attempt }, None)
    }

    /// The phone reports an execution; a final state also makes the result callback (type 1), in the same write.
    pub fn report(
        &self,
        entry: &RobotEntry,
        id: &CommandId,
        mut result: ExecutionResult,
    ) -> impl Moving + use<> {
        // The server's own answers carry an attempt that no phone may name.
        result.attempt = result.attempt.filter(|attempt| *attempt > SERVER_ATTEMPT);
        entry.touch_result(self.clock.monotonic_ms());
        self.event(entry.uuid, id, CommandEvent::Result(result), result_target(entry))
    }

    /// What a polling app has to carry out: unconfirmed commands first, then as many more as its bucket and window allow,
    /// all of them `sent` from now on; waits up to `wait` (≤ 25 s) while there is none. Nothing new is taken while a
    /// socket is connected: that one serves the queue.
    pub async fn poll(&self, entry: &RobotEntry, wait: Duration) -> Result<Vec<RobotCommand>, CommandError> {
        let until = tokio::time::Instant::now() + wait.min(POLL);
        loop {
            let woken = entry.pollers.notified();
            tokio::pin!(woken);
            woken.as_mut().enable();
            let fence = entry.fence(entry.generation());
            let commands = self.take(entry, fence).await?;
            let now = tokio::time::Instant::now();
            if !commands.is_empty() || now >= until {
                return Ok(commands);
            }
            let pause = until.min(now + POLL_AGAIN);
            // Woken or not, the store says whether there is work.
            drop(tokio::time::timeout_at(pause, woken).await);
        }
    }

    async fn take(&self, entry: &RobotEntry, fence: Fence) -> Result<Vec<RobotCommand>, CommandError> {
        let robot = entry.uuid;
        let limit = i64::from(self.limits.window.commands);
        // Read, not taken: asking again does not put off the time in which an answer must come.
        let mut commands = queries::list_sent(&self.db, robot, Ts::new(self.clock.now()), limit).await?;
        let room = usize::try_from(limit).unwrap_or(0).saturating_sub(commands.len());
        if room == 0 || entry.is_connected() {
            return Ok(commands);
        }
        let waiting = usize::try_from(entry.queued.load(Ordering::Relaxed)).unwrap_or(0);
        // The depth is kept by events and may be late; a look is cheaper than a claim that finds nothing.
        if waiting == 0 && !queries::has_queued(&self.db, robot).await? {
            return Ok(commands);
        }
        let wanted = u32::try_from(room.min(waiting.max(1))).unwrap_or(u32::MAX);
        let allowed = entry.limits.pacing.take_up_to(wanted);
        if allowed == 0 {
            return Ok(commands);
        }
        let used: i64 = commands.iter().map(|command| i64::from(command.size_bytes)).sum();
        let limit = ClaimLimit {
            commands: i64::from(allowed),
            bytes: self.limits.window.bytes.saturating_sub(used).max(0),
            is_window_empty: commands.is_empty(),
        };
        entry.has_work.store(false, Ordering::Release);
        commands.extend(self.claimed(Record::Claim { robot, limit, fence }).await?);
        commands.sort_by_key(|command| (std::cmp::Reverse(command.priority), command.seq));
        Ok(commands)
    }

    async fn claimed(&self, record: Record) -> Result<Vec<RobotCommand>, CommandError> {
        match self.journal.write(vec![record]).await?.into_iter().next() {
            Some(Outcome::Claimed(commands)) => Ok(commands),
            Some(Outcome::Stale) => Ok(Vec::new()),
            _ => Err(CommandError::Unexpected("a claim")),
        }
    }

    fn event(
        &self,
        robot: RobotUuid,
        id: &CommandId,
        event: CommandEvent,
        callback: Option<ResultTarget>,
    ) -> impl Moving + use<> {
        let written = is_possible(id).then(|| {
            self.journal.write(vec![Record::CommandEvent {
                robot: Some(robot),
                id: id.clone(),
                event: Box::new(event),
                callback: callback.map(Box::new),
            }])
        });
        async move {
            let Some(written) = written else { return Err(CommandError::NotFound) };
            match written.await?.into_iter().next() {
                Some(Outcome::Moved(moved, _callback)) => Ok(*moved),
                Some(Outcome::Missing) => Err(CommandError::NotFound),
                _ => Err(CommandError::Unexpected("an event")),
            }
        }
    }

    /// Takes back what a 305 names (a command or a batch), and says how that went.
    async fn take_back(&self, robot: RobotUuid, by: &NewCommand) -> Result<ExecutionResult, CommandError> {
        let Some(id) = revoked_id(&by.item).map(CommandId).filter(is_possible) else {
            return Ok(revocation(&[]));
        };
        let mut ids: Vec<CommandId> = queries::list_batch(&self.db, BatchId(id.0.clone()))
            .await?
            .into_iter()
            .map(|command| command.id)
            .collect();
        if ids.is_empty() {
            ids.push(id);
        }
        let mut targets: Vec<(CommandId, CommandState)> = Vec::with_capacity(ids.len());
        for id in ids {
            let detail = CommandEvent::Cancel { detail: format!("305 {}", by.id) };
            match self.event(robot, &id, detail, None).await {
                Ok(moved) => targets.push((id, moved.command.state)),
                Err(CommandError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(revocation(&targets))
    }

    /// The rows of ids that were submitted before.
    async fn known(&self, ids: Vec<CommandId>) -> Result<Submitted, CommandError> {
        let mut stored = Vec::with_capacity(ids.len());
        for id in ids {
            stored.extend(queries::find(&self.db, id).await?);
        }
        Ok(Submitted::Stored(stored))
    }
}

/// Whether a command of this id can exist; text that a database refuses never reaches it.
fn is_possible(id: &CommandId) -> bool {
    !id.0.is_empty() && id.0.len() <= ID_BYTES && !id.0.contains('\0')
}

/// Whom to tell of the results of a robot.
pub fn result_target(entry: &RobotEntry) -> Option<ResultTarget> {
    let profile = entry.profile();
    let (_type, url) = profile.bindings.iter().find(|(binding, _url)| *binding == RESULT_BINDING)?;
    Some(ResultTarget {
        robot_id: profile.robot.robot_id.clone(),
        endpoint: endpoint_of(entry.uuid, url),
        url: url.clone(),
        can_retry: profile.robot.settings.0.callback_retry,
    })
}
