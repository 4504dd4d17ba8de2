//! Group commit without a timer: one thread writes everything that gathered while the last transaction was on its way.
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use tokio::sync::oneshot;

use crate::Outcome;

/// Rows of one transaction.
const ROWS: usize = 500;

diesel::table! {
    commands (id) {
        id -> Text,
        robot -> Text,
        item -> Text,
        state -> Integer,
    }
}

enum Job {
    Insert { id: String, robot: String, item: Arc<str>, stored: oneshot::Sender<()> },
    Confirm(String),
}

/// The way to the writing thread.
#[derive(Clone)]
pub struct Writer {
    jobs: Sender<Job>,
}

impl Writer {
    /// Opens the database at `path` and starts the thread.
    pub fn open(path: &str) -> Outcome<Self> {
        let mut connection = SqliteConnection::establish(path)?;
        connection.batch_execute(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
             CREATE TABLE commands (id TEXT PRIMARY KEY, robot TEXT NOT NULL, item TEXT NOT NULL, state INTEGER NOT NULL) WITHOUT ROWID;",
        )?;
        let (jobs, queue) = channel();
        std::thread::Builder::new().name("commit".to_owned()).spawn(move || run(connection, &queue))?;
        Ok(Self { jobs })
    }

    /// Resolves when the command is on the disk.
    pub async fn insert(&self, id: String, robot: String, item: Arc<str>) -> Result<(), &'static str> {
        let (stored, answer) = oneshot::channel();
        self.jobs.send(Job::Insert { id, robot, item, stored }).map_err(|_ended| "the writer ended")?;
        answer.await.map_err(|_failed| "the write failed")
    }

    /// Notes a confirmation; nobody waits for it.
    pub fn confirm(&self, id: String) {
        // Without the thread the process has no use any more and the insert says so.
        drop(self.jobs.send(Job::Confirm(id)));
    }
}

fn run(mut connection: SqliteConnection, queue: &Receiver<Job>) {
    while let Ok(first) = queue.recv() {
        let jobs: Vec<Job> = std::iter::once(first).chain(queue.try_iter().take(ROWS - 1)).collect();
        let written =
            connection.transaction(|connection| jobs.iter().try_for_each(|job| write(connection, job)));
        if written.is_ok() {
            for job in jobs {
                if let Job::Insert { stored, .. } = job {
                    stored.send(()).unwrap_or_default();
                }
            }
        }
    }
}

fn write(connection: &mut SqliteConnection, job: &Job) -> QueryResult<()> {
    match job {
        Job::Insert { id, robot, item, .. } => {
            let row = (
                commands::id.eq(id),
                commands::robot.eq(robot),
                commands::item.eq(&**item),
                commands::state.eq(0),
            );
            diesel::insert_into(commands::table).values(row).execute(connection).map(|_one| ())
        }
        Job::Confirm(id) => {
            let update = diesel::update(commands::table.find(id)).set(commands::state.eq(1));
            update.execute(connection).map(|_one| ())
        }
    }
}
