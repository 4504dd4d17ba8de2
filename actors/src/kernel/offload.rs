//! Work that would hold up an arbiter, done on a bounded number of blocking threads.
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use workbot_schema::class::Class;

/// Input up to this size is dealt with where it arrived.
pub const INLINE_BYTES: usize = 64 * 1024;

/// Why there is no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OffloadError {
    #[error("too much offloaded work is waiting")]
    Full,
    #[error("offloaded work was not done in time")]
    Timeout,
    #[error("offloaded work panicked")]
    Panicked,
}

impl OffloadError {
    /// Overload passes; a panic is our own mistake.
    pub fn class(&self) -> Class {
        match self {
            Self::Full | Self::Timeout => Class::Transient,
            Self::Panicked => Class::Bug,
        }
    }
}

/// Bounded blocking work of a process. Clones share bound and counters.
#[derive(Clone)]
pub struct Offload {
    shared: Arc<Shared>,
}

struct Shared {
    permits: Arc<Semaphore>,
    waiting_max: usize,
    waiting: AtomicUsize,
    done: AtomicU64,
    refused: AtomicU64,
    late: AtomicU64,
}

/// Counters of an [`Offload`], since its making except `waiting`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffloadCounts {
    pub waiting: usize,
    pub done: u64,
    pub refused: u64,
    pub late: u64,
}

impl Offload {
    /// At most `threads` (at least one) pieces of work run and `waiting_max` wait; more are refused.
    pub fn new(threads: usize, waiting_max: usize) -> Self {
        let shared = Shared {
            permits: Arc::new(Semaphore::new(threads.clamp(1, Semaphore::MAX_PERMITS))),
            waiting_max,
            waiting: AtomicUsize::new(0),
            done: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            late: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Runs `work` at once when its input is small, else like [`Offload::run`].
    pub async fn run_sized<T, F>(
        &self,
        size_bytes: usize,
        deadline: Duration,
        work: F,
    ) -> Result<T, OffloadError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        if size_bytes <= INLINE_BYTES { Ok(work()) } else { self.run(deadline, work).await }
    }

    /// Runs `work` on a blocking thread. Past `deadline` a waiting piece never starts; a running one goes on, keeps its
    /// thread, and its result is dropped.
    pub async fn run<T, F>(&self, deadline: Duration, work: F) -> Result<T, OffloadError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let until = Instant::now() + deadline;
        let permit = self.admit(until).await?;
        let running = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        match tokio::time::timeout_at(until, running).await {
            Ok(Ok(result)) => {
                self.shared.done.fetch_add(1, Relaxed);
                Ok(result)
            }
            Ok(Err(_join)) => Err(OffloadError::Panicked),
            Err(_elapsed) => Err(self.late()),
        }
    }

    /// Counters for the metrics.
    pub fn counts(&self) -> OffloadCounts {
        OffloadCounts {
            waiting: self.shared.waiting.load(Relaxed),
            done: self.shared.done.load(Relaxed),
            refused: self.shared.refused.load(Relaxed),
            late: self.shared.late.load(Relaxed),
        }
    }

    async fn admit(&self, until: Instant) -> Result<OwnedSemaphorePermit, OffloadError> {
        let permits = Arc::clone(&self.shared.permits);
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _waiting = Waiting::begin(&self.shared)?;
        match tokio::time::timeout_at(until, permits.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(OffloadError::Full),
            Err(_elapsed) => Err(self.late()),
        }
    }

    fn late(&self) -> OffloadError {
        self.shared.late.fetch_add(1, Relaxed);
        OffloadError::Timeout
    }
}

/// One piece of work in the queue; gives its place back also when its caller goes away.
struct Waiting<'a> {
    shared: &'a Shared,
}

impl<'a> Waiting<'a> {
    fn begin(shared: &'a Shared) -> Result<Self, OffloadError> {
        let step = |waiting: usize| (waiting < shared.waiting_max).then(|| waiting.saturating_add(1));
        match shared.waiting.fetch_update(Relaxed, Relaxed, step) {
            Ok(_before) => Ok(Self { shared }),
            Err(_full) => {
                shared.refused.fetch_add(1, Relaxed);
                Err(OffloadError::Full)
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.shared.waiting.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    #[actix::test]
    async fn small_work_stays_on_its_thread() {
        let here = std::thread::current().id();
        let offload = Offload::new(1, 1);
        let small = offload.run_sized(INLINE_BYTES, LONG, || std::thread::current().id()).await;
        let large = offload.run_sized(INLINE_BYTES + 1, LONG, || std::thread::current().id()).await;
        assert_eq!(small, Ok(here));
        assert_ne!(large, Ok(here));
    }

    #[actix::test]
    async fn bounds_are_kept_and_counted() {
        let offload = Offload::new(1, 1);
        let (release, gate) = mpsc::channel::<()>();
        let (entered, running) = tokio::sync::oneshot::channel();
        let first = actix_rt::spawn({
            let offload = offload.clone();
            async move {
                offload
                    .run(LONG, move || {
                        entered.send(()).unwrap();
                        gate.recv().is_ok()
                    })
                    .await
            }
        });
        tokio::time::timeout(LONG, running).await.unwrap().unwrap();
        let mut second = Box::pin(offload.run(LONG, || true));
        assert!(futures_util::poll!(&mut second).is_pending());
        assert_eq!(offload.run(LONG, || true).await, Err(OffloadError::Full));
        assert_eq!((offload.counts().waiting, offload.counts().refused), (1, 1));
        release.send(()).unwrap();
        assert_eq!(first.await.unwrap(), Ok(true));
        assert_eq!(second.await, Ok(true));
        assert_eq!((offload.counts().waiting, offload.counts().done), (0, 2));
    }

    #[actix::test]
    async fn work_that_waited_too_long_never_runs() {
        let offload = Offload::new(1, 4);
        let (release, gate) = mpsc::channel::<()>();
        let mut first = Box::pin(offload.run(LONG, move || gate.recv().is_ok()));
        assert!(futures_util::poll!(&mut first).is_pending());
        let (ran, mut has_run) = tokio::sync::oneshot::channel();
        let late = offload.run(Duration::ZERO, move || ran.send(()).is_ok()).await;
        assert_eq!(late, Err(OffloadError::Timeout));
        release.send(()).unwrap();
        assert_eq!(first.await, Ok(true));
        assert!(has_run.try_recv().is_err());
        assert_eq!(offload.counts().late, 1);
    }

    #[actix::test]
    async fn panic_is_an_error_and_frees_the_thread() {
        let offload = Offload::new(1, 1);
        assert_eq!(offload.run(LONG, || -> u8 { panic!("meant") }).await, Err(OffloadError::Panicked));
        assert_eq!(offload.run(LONG, || 7).await, Ok(7));
    }
}
