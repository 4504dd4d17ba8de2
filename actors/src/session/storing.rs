//! Writing until it is written: an answer that was lost would be asked for again.
use std::sync::Arc;
use std::time::Duration;

use workbot_schema::batch::{Outcome, Record, Write};
use workbot_schema::class::Class;
use workbot_schema::flow_executions;
use workbot_schema::ids::RunId;
use workbot_schema::store::Db;

use crate::journal::{JournalError, JournalHandle};
use crate::kernel::Backoff;
use crate::supervisor::directory::Reservation;

/// Between two tries.
const AGAIN: Backoff = Backoff { min: Duration::from_millis(50), max: Duration::from_secs(5) };
/// After this the actor lets go: the store has the work, and the sweep brings it again.
const GIVE_UP: Duration = Duration::from_secs(600);

/// What became of a write.
#[derive(Debug)]
pub enum Stored {
    /// It was made, with these outcomes; none when they were lost on the way.
    Done(Vec<Outcome>),
    /// Its first record changed nothing: somebody else was first.
    Lost,
    /// The database refuses it.
    Refused(String),
    /// Not made in all the time.
    GaveUp,
}

/// The way to the journal, for writes that must be made.
#[derive(Clone)]
pub struct Storage {
    /// Where it is written.
    pub journal: JournalHandle,
    /// Where a write without an answer is looked up.
    pub db: Db,
}

impl Storage {
    /// Writes again and again while the store is away. `places` are kept in the robot's queue meanwhile.
    pub async fn store(self, write: Write, places: Option<Arc<Reservation>>) -> Stored {
        let until = tokio::time::Instant::now() + GIVE_UP;
        let (mut attempt, mut is_doubtful) = (0_u32, false);
        loop {
            let error = match self.journal.write_into(write.clone(), places.clone()).await {
                Ok(outcomes) if outcomes.first().is_some_and(|first| !first.goes_on()) => {
                    // Lost to nobody but an earlier try of this write, when that was made after all.
                    let was_mine = is_doubtful && self.is_made(&write).await;
                    return if was_mine { Stored::Done(Vec::new()) } else { Stored::Lost };
                }
                Ok(outcomes) => return Stored::Done(outcomes),
                Err(error) => error,
            };
            if error.class() != Class::Transient {
                return Stored::Refused(error.to_string());
            }
            if attempt == 0 {
                log::warn!(error:% = error; "a conversation waits for the store");
            }
            is_doubtful |= error == JournalError::NoAnswer;
            attempt = attempt.saturating_add(1);
            tokio::time::sleep(AGAIN.delay(attempt, rand::random())).await;
            if tokio::time::Instant::now() >= until {
                return Stored::GaveUp;
            }
        }
    }

    /// Whether the run of a write stands where the write puts it. Only one actor writes a run, so it was that one.
    async fn is_made(&self, write: &Write) -> bool {
        let (id, step) = match write.first() {
            Some(Record::StartRun(run)) => (run.execution.id.clone(), 0),
            Some(Record::SaveRun(checkpoint)) => {
                (checkpoint.id.clone(), checkpoint.step_before.saturating_add(1))
            }
            _ => return false,
        };
        self.step_of(id).await == Some(step)
    }

    async fn step_of(&self, id: RunId) -> Option<i32> {
        match flow_executions::queries::find(&self.db, id).await {
            Ok(run) => run.map(|run| run.step),
            Err(error) => {
                log::warn!(error:% = error; "a run cannot be looked up");
                None
            }
        }
    }
}
