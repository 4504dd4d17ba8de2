//! Checkpoints of SQLite's write-ahead log. PostgreSQL looks after itself.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;
use workbot_schema::store::checkpoint::{CheckpointMode, CheckpointOutcome, Checkpointer};
use workbot_schema::store::{Db, StoreError, StoreResult};

use super::JanitorCounters;

/// A checkpoint is due after this time.
const EVERY_MS: u64 = 1_000;
/// … or after so many records: about 1,000 pages.
const RECORDS: u64 = 350;
/// A log that has grown beyond this is started again, although writers wait meanwhile.
const RESTART_BYTES: u64 = 256 << 20;

/// When the next checkpoint is due.
#[derive(Debug, Default)]
pub(super) struct Pressure {
    records: u64,
    at_ms: u64,
}

impl Pressure {
    /// Whether one is due; counts it as made then.
    pub(super) fn is_due(&mut self, records: u64, now_ms: u64) -> bool {
        let is_due =
            now_ms.saturating_sub(self.at_ms) >= EVERY_MS || records.saturating_sub(self.records) >= RECORDS;
        if is_due {
            *self = Self { records, at_ms: now_ms };
        }
        is_due
    }
}

/// The connection, opened at the first need; clones share it.
#[derive(Clone)]
pub(super) struct Checkpoints {
    path: Option<Arc<str>>,
    open: Arc<Mutex<Option<Open>>>,
    counters: Arc<JanitorCounters>,
}

struct Open {
    checkpointer: Checkpointer,
    page_bytes: u64,
    is_failing: bool,
}

impl Checkpoints {
    /// For the file of `db`, if it has one.
    pub(super) fn new(db: &Db, counters: Arc<JanitorCounters>) -> Self {
        let path = match db {
            Db::Sqlite(sqlite) => Some(Arc::from(sqlite.path())),
            Db::Postgres(_) => None,
        };
        Self { path, open: Arc::default(), counters }
    }

    /// Moves what can be moved without holding anybody up, or everything when the log is too long.
    pub(super) async fn run(self) {
        let Some(path) = self.path.clone() else { return };
        let counters = Arc::clone(&self.counters);
        let made = self.on_thread(move |open| open.gradual(&counters), path).await;
        if made.is_err() {
            self.counters.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Moves everything and empties the log; whether that worked.
    pub(super) async fn finish(self) -> bool {
        let Some(path) = self.path.clone() else { return true };
        let last = self.on_thread(|open| open.checkpointer.run(CheckpointMode::Truncate), path).await;
        matches!(last, Ok(outcome) if outcome.busy == 0)
    }

    async fn on_thread(
        &self,
        work: impl FnOnce(&mut Open) -> StoreResult<CheckpointOutcome> + Send + 'static,
        path: Arc<str>,
    ) -> StoreResult<CheckpointOutcome> {
        let shared = Arc::clone(&self.open);
        let done = tokio::task::spawn_blocking(move || {
            let mut slot = shared.lock();
            let open = match slot.as_mut() {
                Some(open) => open,
                None => slot.insert(Open::new(&path)?),
            };
            let outcome = work(open);
            open.note(&outcome);
            outcome
        });
        done.await.map_err(StoreError::pool)?
    }
}

impl Open {
    fn new(path: &str) -> StoreResult<Self> {
        let mut checkpointer = Checkpointer::open(path)?;
        let page_bytes = checkpointer.page_bytes()?;
        Ok(Self { checkpointer, page_bytes, is_failing: false })
    }

    fn gradual(&mut self, counters: &JanitorCounters) -> StoreResult<CheckpointOutcome> {
        let mut outcome = self.checkpointer.run(CheckpointMode::Passive)?;
        if self.bytes(&outcome) > RESTART_BYTES {
            counters.restarts.fetch_add(1, Ordering::Relaxed);
            outcome = self.checkpointer.run(CheckpointMode::Restart)?;
        }
        counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        counters.wal_bytes.store(self.bytes(&outcome), Ordering::Relaxed);
        Ok(outcome)
    }

    fn bytes(&self, outcome: &CheckpointOutcome) -> u64 {
        u64::try_from(outcome.log).unwrap_or(0).saturating_mul(self.page_bytes)
    }

    fn note(&mut self, outcome: &StoreResult<CheckpointOutcome>) {
        match outcome {
            Ok(_) => self.is_failing = false,
            Err(error) => {
                if !std::mem::replace(&mut self.is_failing, true) {
                    log::warn!(error:% = error; "the database's log cannot be moved into its file; it grows until that works");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_by_time_or_by_records() {
        let mut pressure = Pressure::default();
        for (records, now_ms, expected) in [
            (0, 999, false),
            (0, 1_000, true),
            (349, 1_999, false),
            (350, 1_999, true),
            (350, 2_998, false),
            (350, 2_999, true),
        ] {
            assert_eq!(pressure.is_due(records, now_ms), expected, "{records} at {now_ms}");
        }
    }
}
