//! The threads of the tree, by name.
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_rt::{Arbiter, ArbiterHandle};
use parking_lot::Mutex;

/// A named group of arbiters, each one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// One arbiter: what must see everything in one order.
    Core,
    /// One arbiter a processor core: what can be spread by hash.
    Work,
    /// One arbiter: what mostly waits for the network.
    Io,
}

impl Lane {
    /// Name shown in the console.
    pub fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Work => "work",
            Self::Io => "io",
        }
    }
}

/// The running arbiters of a process. Clones share them.
#[derive(Clone)]
pub struct Arbiters {
    core: ArbiterHandle,
    work: Arc<[ArbiterHandle]>,
    io: ArbiterHandle,
    owned: Arc<Mutex<Vec<Arbiter>>>,
}

impl Arbiters {
    /// Starts one `core`, `work` (at least one) work and one `io` arbiter. Panics outside an actix system.
    pub fn start(work: usize) -> io::Result<Self> {
        let mut owned = Vec::new();
        let mut begin = || -> io::Result<ArbiterHandle> {
            let arbiter = Arbiter::try_new()?;
            let handle = arbiter.handle();
            owned.push(arbiter);
            Ok(handle)
        };
        let core = begin()?;
        let work = (0..work.max(1)).map(|_number| begin()).collect::<io::Result<_>>()?;
        let io = begin()?;
        Ok(Self { core, work, io, owned: Arc::new(Mutex::new(owned)) })
    }

    /// Every lane is the thread of the caller, so that paused time reaches all actors. Panics outside an actix system.
    pub fn current() -> Self {
        let here = Arbiter::current();
        Self { core: here.clone(), work: Arc::from([here.clone()]), io: here, owned: Arc::default() }
    }

    /// The arbiter for `key`: within a lane the same key always gives the same one.
    pub fn pick(&self, lane: Lane, key: &str) -> &ArbiterHandle {
        match lane {
            Lane::Core => &self.core,
            Lane::Io => &self.io,
            Lane::Work => self.work.get(bucket(key, self.work.len())).unwrap_or(&self.core),
        }
    }

    /// Stops the arbiters that [`Arbiters::start`] started, with the actors on them, and waits up to `deadline` for
    /// their threads; tells whether all have ended.
    pub async fn stop(&self, deadline: Duration) -> bool {
        let owned = std::mem::take(&mut *self.owned.lock());
        for arbiter in &owned {
            arbiter.stop();
        }
        let join =
            tokio::task::spawn_blocking(move || owned.into_iter().all(|arbiter| arbiter.join().is_ok()));
        matches!(tokio::time::timeout(deadline, join).await, Ok(Ok(true)))
    }
}

fn bucket(key: &str, buckets: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    let buckets = u64::try_from(buckets).unwrap_or(1).max(1);
    usize::try_from(hasher.finish() % buckets).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    async fn thread_of(arbiters: &Arbiters, lane: Lane, key: &str) -> std::thread::ThreadId {
        let (sender, receiver) = oneshot::channel();
        assert!(arbiters.pick(lane, key).spawn_fn(move || sender.send(std::thread::current().id()).unwrap()));
        tokio::time::timeout(Duration::from_secs(10), receiver).await.unwrap().unwrap()
    }

    #[test]
    fn buckets_are_stable_and_all_used() {
        let used: std::collections::HashSet<_> =
            (0..100).map(|number| bucket(&number.to_string(), 4)).collect();
        assert_eq!(used.len(), 4);
        assert_eq!(bucket("key", 4), bucket("key", 4));
        assert_eq!(bucket("key", 0), 0);
    }

    #[actix::test]
    async fn lanes_are_threads_of_their_own_and_stop() {
        let arbiters = Arbiters::start(2).unwrap();
        let core = thread_of(&arbiters, Lane::Core, "a").await;
        let io = thread_of(&arbiters, Lane::Io, "a").await;
        let work = thread_of(&arbiters, Lane::Work, "a").await;
        assert!(core != io && io != work && work != core);
        assert_eq!(work, thread_of(&arbiters, Lane::Work, "a").await);
        assert!(arbiters.stop(Duration::from_secs(10)).await);
        assert!(!arbiters.pick(Lane::Core, "a").spawn_fn(|| {}));
    }
}
