//! How everybody else writes: promises are answered, logs are not.
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};
use workbot_schema::batch::{Outcome, Record, Write};
use workbot_schema::class::Class;
use workbot_schema::store::StoreError;

use super::queue::{JournalLimits, JournalQueue, Waiting};
use crate::kernel::Clock;
use crate::supervisor::directory::Reservation;

/// How long a caller waits for its answer: in the line, and for the commit.
const ANSWER: Duration = Duration::from_secs(8);

/// Why a write was not made (or, for `NoAnswer`, may not have been).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Too many writes wait.
    #[error("too many writes wait for the database")]
    Full,
    /// The database is away, full or too slow; nothing was written.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// No answer in time: the write may have been made.
    #[error("the database did not answer in time")]
    NoAnswer,
    /// The database refused this write alone.
    #[error("the database refused the write: {0}")]
    Refused(String),
}

impl JournalError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Full | Self::Unavailable(_) | Self::NoAnswer => Class::Transient,
            Self::Refused(_) => Class::Bug,
        }
    }
}

impl From<&StoreError> for JournalError {
    fn from(error: &StoreError) -> Self {
        match error.class() {
            Class::Transient => Self::Unavailable(error.to_string()),
            Class::Permanent | Class::Caller | Class::Bug => Self::Refused(error.to_string()),
        }
    }
}

/// What the caller gets: the outcome of each record, in order.
pub type Written = Result<Vec<Outcome>, JournalError>;

/// Where an answer goes; nowhere for logs.
pub(super) type Reply = Option<oneshot::Sender<Written>>;

/// Who waits for a write.
#[derive(Debug)]
pub(super) struct Asker {
    pub(super) reply: Reply,
    /// Places in a queue, given back with a refusal.
    pub(super) places: Option<Arc<Reservation>>,
}

/// One write and who waits for it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) write: Write,
    pub(super) asker: Asker,
}

/// Counters of the journal; all only grow, but the two depths.
#[derive(Debug, Default)]
pub struct JournalCounters {
    /// Transactions.
    pub batches: AtomicU64,
    /// Transactions with a promise in them.
    pub promise_batches: AtomicU64,
    /// Writes committed.
    pub writes: AtomicU64,
    /// Records committed.
    pub records: AtomicU64,
    /// Microseconds spent in transactions.
    pub commit_us: AtomicU64,
    /// Batches that failed as a whole.
    pub failed_batches: AtomicU64,
    /// Writes that failed alone.
    pub failed_writes: AtomicU64,
    /// Promises refused because the line was full or the database away.
    pub refused: AtomicU64,
    /// Logs dropped because the line was full.
    pub dropped_logs: AtomicU64,
    /// Batches whose events the router did not take in time.
    pub unpublished: AtomicU64,
    /// Batches a full listener missed.
    pub unheard: AtomicU64,
}

/// How the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Health {
    /// It answers.
    Good,
    /// A batch takes longer than a promise may wait.
    Slow,
    /// A batch failed, or nobody knows what became of it.
    Away,
}

pub(super) struct Shared {
    pub(super) queue: Mutex<JournalQueue<Entry>>,
    pub(super) wake: Notify,
    pub(super) health: Mutex<Health>,
    /// The first number of this process; 0 while it has none.
    pub(super) began_at: AtomicI64,
    pub(super) counters: JournalCounters,
    pub(super) clock: Clock,
}

/// The way to the journal; clone freely.
#[derive(Clone)]
pub struct JournalHandle {
    pub(super) shared: Arc<Shared>,
}

impl JournalHandle {
    /// A handle whose line is emptied by the journal that is started with it.
    pub fn new(limits: JournalLimits, clock: Clock) -> Self {
        Self {
            shared: Arc::new(Shared {
                queue: Mutex::new(JournalQueue::new(limits)),
                wake: Notify::new(),
                health: Mutex::new(Health::Good),
                began_at: AtomicI64::new(0),
                counters: JournalCounters::default(),
                clock,
            }),
        }
    }

    /// Queues a promise at once; the future gives its outcome after the commit and after its events were handed on.
    pub fn write(&self, write: Write) -> impl Future<Output = Written> + Send + use<> {
        self.write_into(write, None)
    }

    /// As [`Self::write`]; `places` are kept until the router has counted the commands of the write.
    pub fn write_into(
        &self,
        write: Write,
        places: Option<Arc<Reservation>>,
    ) -> impl Future<Output = Written> + Send + use<> {
        let queued = self.enqueue(write, places);
        async move {
            match tokio::time::timeout(ANSWER, queued?).await {
                Ok(Ok(written)) => written,
                Ok(Err(_journal_restarted)) => Err(JournalError::NoAnswer),
                Err(_elapsed) => Err(JournalError::NoAnswer),
            }
        }
    }

    /// Queues records that may be lost under pressure.
    pub fn log(&self, record: Record) {
        let asker = Asker { reply: None, places: None };
        let waiting = weigh(Entry { write: vec![record], asker }, self.shared.clock.monotonic_ms());
        let refused = self.shared.queue.lock().push_log(waiting);
        match refused {
            Ok(()) => self.shared.wake.notify_one(),
            Err(_entry) => {
                self.shared.counters.dropped_logs.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// The first number of this process: every row and event of an earlier one has a lower number. 0 before there is one.
    pub fn began_at(&self) -> i64 {
        self.shared.began_at.load(Ordering::Acquire)
    }

    /// Whether writes are being made.
    pub fn is_available(&self) -> bool {
        *self.shared.health.lock() == Health::Good
    }

    /// Writes that wait: promises and logs.
    pub fn depth(&self) -> (usize, usize) {
        self.shared.queue.lock().len()
    }

    /// The counters.
    pub fn counters(&self) -> &JournalCounters {
        &self.shared.counters
    }

    fn enqueue(
        &self,
        write: Write,
        places: Option<Arc<Reservation>>,
    ) -> Result<oneshot::Receiver<Written>, JournalError> {
        if !self.is_available() {
            self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(JournalError::Unavailable("it does not answer at the moment".to_owned()));
        }
        let (reply, answer) = oneshot::channel();
        let asker = Asker { reply: Some(reply), places };
        let waiting = weigh(Entry { write, asker }, self.shared.clock.monotonic_ms());
        if self.shared.queue.lock().push_promise(waiting).is_err() {
            self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Err(JournalError::Full);
        }
        self.shared.wake.notify_one();
        Ok(answer)
    }
}

/// About how much a write weighs: texts of unbounded length count, fixed columns are a constant.
fn weigh(entry: Entry, since_ms: u64) -> Waiting<Entry> {
    let bytes = entry
        .write
        .iter()
        .map(|record| {
            256 + match record {
                Record::Message(message) => message.spoken.len() + message.raw_spoken.len(),
                Record::Command(command) => command.item.len(),
                Record::Delivery(delivery) => delivery.body.len(),
                Record::RobotLog(log) => log.text.len(),
                Record::Idempotency { record, .. } => record.response.len(),
                Record::Codes(codes) => codes.len() * 256,
                Record::StartRun(run) => {
                    run.execution.context.len() + run.execution.state.len() + run.execution.nodes.len()
                }
                Record::SaveRun(checkpoint) => {
                    checkpoint.context.len() + checkpoint.state.len() + checkpoint.nodes.len()
                }
                Record::Alert(alert) => alert.alert.data.len(),
                Record::Notification(notification) => notification.body.len(),
                Record::AiCall(call) => call.input.len() + call.output.len(),
                _ => 256,
            }
        })
        .sum();
    Waiting { rows: entry.write.len(), bytes, since_ms, item: entry }
}
