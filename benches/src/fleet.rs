//! Many lean phones on one thread.
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::Outcome;
use crate::ledger::Ledger;
use crate::phone::{self, Shared, upgrade_request};
use crate::program::Identity;

/// Phones that stay connected until this is dropped.
pub struct Fleet {
    shared: Rc<Shared>,
    phones: Vec<JoinHandle<()>>,
}

impl Fleet {
    /// No phones yet.
    pub fn new(server: SocketAddr) -> Self {
        Self { shared: Rc::new(Shared::new(server)), phones: Vec::new() }
    }

    /// What the phones share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// From now on commands are counted in a new ledger.
    pub fn new_ledger(&self) -> Rc<Ledger> {
        let ledger = Rc::new(Ledger::default());
        *self.shared.ledger.borrow_mut() = Rc::clone(&ledger);
        ledger
    }

    /// Starts the phones of a range of identities, on the local task set.
    pub fn start(&mut self, identities: &[Identity], range: Range<usize>) {
        for (index, identity) in identities.iter().enumerate().skip(range.start).take(range.len()) {
            let upgrade =
                upgrade_request(&format!("/ws/connect?robot={}", identity.robot_id), &identity.token);
            let run = phone::run(Rc::clone(&self.shared), index, upgrade);
            self.phones.push(tokio::task::spawn_local(run));
        }
    }

    /// Waits until all that were started are connected; how long that took.
    pub async fn connected(&self, deadline: Duration) -> Outcome<Duration> {
        let started = Instant::now();
        let wanted = self.phones.len();
        loop {
            let changed = self.shared.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if self.shared.connected.get() >= wanted {
                return Ok(started.elapsed());
            }
            let left = deadline.saturating_sub(started.elapsed());
            if tokio::time::timeout(left, changed).await.is_err() {
                let (count, failures) = (self.shared.connected.get(), self.shared.failures.get());
                return Err(
                    format!("{count} of {wanted} phones connected in time, {failures} failures").into()
                );
            }
        }
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.phones.iter().for_each(JoinHandle::abort);
    }
}
