//! One process per database: a lock file in the data folder and, on PostgreSQL, a session advisory lock.
//!
//! Both are kept by the operating system or the database, so that a killed process leaves nothing behind. A task watches
//! them: when one is lost, [`ProcessLock::lost`] says so, and the process must end with an error.
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use workbot_schema::class::Class;
use workbot_schema::store::advisory::AdvisoryLock;
use workbot_schema::store::postgres::PostgresDb;
use workbot_schema::store::{Db, StoreError};

/// Name of the lock file.
pub const FILE: &str = "workbot.lock";
/// A process that waits tries again after this.
const AGAIN: Duration = Duration::from_millis(500);
/// A lock that is held is proved this often.
const PROVE: Duration = Duration::from_secs(2);
/// Another session may still be our own, cut off a moment ago; after this it is somebody else's.
const FOREIGN: Duration = Duration::from_secs(5);

/// Why the lock cannot be had at all.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// The lock file cannot be made.
    #[error("cannot open the lock file {path}: {error}")]
    File {
        /// Which.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// The database cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl LockError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::File { .. } => Class::Permanent,
            Self::Store(error) => error.class(),
        }
    }
}

/// The locks of this process; given up when dropped.
pub struct ProcessLock {
    _file: Arc<File>,
    watchers: Vec<JoinHandle<()>>,
    lost: watch::Sender<Option<String>>,
}

impl Drop for ProcessLock {
    fn drop(&mut self) {
        self.watchers.iter().for_each(JoinHandle::abort);
    }
}

impl ProcessLock {
    /// Waits until this process has the data folder for itself; `on_wait` is called once when another one has it.
    pub async fn folder(folder: &Path, on_wait: impl FnOnce()) -> Result<Self, LockError> {
        let path = folder.join(FILE);
        let mut on_wait = Some(on_wait);
        let file = loop {
            if let Some(file) = try_file(&path)? {
                break file;
            }
            if let Some(on_wait) = on_wait.take() {
                log::warn!(path:% = path.display(); "another process uses the data folder; waiting for it");
                on_wait();
            }
            tokio::time::sleep(AGAIN).await;
        };
        let (file, (lost, _nobody_yet)) = (Arc::new(file), watch::channel(None));
        let watcher = tokio::spawn(watch_file(path, Arc::clone(&file), lost.clone()));
        Ok(Self { _file: file, watchers: vec![watcher], lost })
    }

    /// Waits, too, until this process has the database for itself. SQLite is covered by its folder; on PostgreSQL another
    /// process may run elsewhere.
    pub async fn database(&mut self, db: &Db, on_wait: impl FnOnce()) -> Result<(), LockError> {
        let Db::Postgres(postgres) = db else { return Ok(()) };
        let mut on_wait = Some(on_wait);
        let lock = loop {
            if let Some(lock) = AdvisoryLock::try_acquire(postgres).await? {
                break lock;
            }
            if let Some(on_wait) = on_wait.take() {
                log::warn!("another process serves this database; waiting for it");
                on_wait();
            }
            tokio::time::sleep(AGAIN).await;
        };
        self.watchers.push(tokio::spawn(watch_database(postgres.clone(), lock, self.lost.clone())));
        Ok(())
    }

    /// Resolves with the reason when a lock is lost; the process must end then.
    pub fn lost(&self) -> impl Future<Output = String> + Send + use<> {
        let mut lost = self.lost.subscribe();
        async move {
            loop {
                if let Some(reason) = lost.borrow_and_update().clone() {
                    return reason;
                }
                if lost.changed().await.is_err() {
                    // The lock was given up on purpose.
                    return std::future::pending().await;
                }
            }
        }
    }
}

/// The locked file, or `None` when another process has it.
fn try_file(path: &Path) -> Result<Option<File>, LockError> {
    let failed = |error| LockError::File { path: path.display().to_string(), error };
    let file =
        File::options().create(true).truncate(false).read(true).write(true).open(path).map_err(failed)?;
    match file.try_lock() {
        // Between opening and locking the file may have been replaced.
        Ok(()) if is_same(path, &file) => Ok(Some(file)),
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

/// Whether the path still leads to the file that is locked.
#[cfg(unix)]
fn is_same(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (std::fs::metadata(path), file.metadata()) {
        (Ok(named), Ok(locked)) => named.ino() == locked.ino() && named.dev() == locked.dev(),
        (Err(error), _) => error.kind() != io::ErrorKind::NotFound,
        // Unreadable is not gone.
        (Ok(_), Err(_unreadable)) => true,
    }
}

/// Elsewhere a locked file cannot be removed.
#[cfg(not(unix))]
fn is_same(_path: &Path, _file: &File) -> bool {
    true
}

async fn watch_file(path: PathBuf, file: Arc<File>, lost: watch::Sender<Option<String>>) {
    while is_same(&path, &file) {
        tokio::time::sleep(PROVE).await;
    }
    let reason = format!("the lock file {} was removed or replaced", path.display());
    lost.send_replace(Some(reason));
}

async fn watch_database(db: PostgresDb, mut lock: AdvisoryLock, lost: watch::Sender<Option<String>>) {
    loop {
        tokio::time::sleep(PROVE).await;
        if let Err(error) = lock.prove().await {
            log::warn!(error:% = error; "the connection that holds the database lock is gone; taking the lock again");
            drop(lock);
            match take_again(&db).await {
                Some(again) => lock = again,
                None => break,
            }
        }
    }
    lost.send_replace(Some("another process has taken the database".to_owned()));
}

/// Takes the lock on a new connection, however long the database is away; `None` when somebody else has it.
async fn take_again(db: &PostgresDb) -> Option<AdvisoryLock> {
    let mut held_since = None;
    loop {
        match AdvisoryLock::try_acquire(db).await {
            Ok(Some(lock)) => {
                log::info!("the database lock is held again");
                return Some(lock);
            }
            Ok(None) => {
                let since = *held_since.get_or_insert_with(tokio::time::Instant::now);
                if since.elapsed() >= FOREIGN {
                    return None;
                }
            }
            // Nobody can take what is not there.
            Err(_away) => held_since = None,
        }
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("workbot-lock-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[tokio::test]
    async fn the_second_waits_until_the_first_is_gone() {
        let folder = folder();
        let first = ProcessLock::folder(&folder, || panic!("nobody is there")).await.unwrap();
        let (told, waits) = tokio::sync::oneshot::channel();
        let there = folder.clone();
        let second =
            tokio::spawn(async move { ProcessLock::folder(&there, move || told.send(()).unwrap()).await });
        tokio::time::timeout(LONG, waits).await.unwrap().unwrap();
        assert!(!second.is_finished());
        drop(first);
        let second = tokio::time::timeout(LONG, second).await.unwrap().unwrap().unwrap();
        assert!(try_file(&folder.join(FILE)).unwrap().is_none());
        drop(second);
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_removed_lock_file_is_a_lost_lock() {
        let folder = folder();
        let lock = ProcessLock::folder(&folder, || {}).await.unwrap();
        let lost = lock.lost();
        std::fs::remove_file(folder.join(FILE)).unwrap();
        let reason = tokio::time::timeout(LONG, lost).await.unwrap();
        assert!(reason.contains("removed"), "{reason}");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        let missing = std::env::temp_dir().join("workbot-lock-missing").join("deeper");
        assert!(matches!(ProcessLock::folder(&missing, || {}).await, Err(LockError::File { .. })));
    }
}
