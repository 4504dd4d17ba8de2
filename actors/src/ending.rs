//! The ordered end of the tree: first nobody begins anything, then everything is closed.
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use workbot_schema::due;
use workbot_schema::fields::Ts;

use super::Tree;
use super::janitor::LastCheckpoint;
use super::kernel::ask;
use super::kernel::clock::millis;
use super::supervisor::router::{CloseRobots, StopClaims};

/// Answers of the router at a stop.
const ORDER: Duration = Duration::from_secs(3);
/// Last frames of closed sockets.
const LAST_FRAMES: Duration = Duration::from_secs(1);
/// The journal's last writes.
const LAST_WRITES: Duration = Duration::from_secs(9);
/// The last checkpoint.
const LAST_CHECKPOINT: Duration = Duration::from_secs(16);
/// Threads have so long to end.
const THREADS: Duration = Duration::from_secs(5);
/// A wait for something that has no event of its own looks this often.
const LOOK: Duration = Duration::from_millis(50);
/// Callbacks under way are waited for so long at a stop; what is cut off is made again, with the same id.
const CALLBACKS: Duration = Duration::from_secs(4);
/// Commands pushed longer ago are not waited for at a stop.
const STILL_DUE: TimeDelta = TimeDelta::seconds(30);

impl Tree {
    /// First half of a stop, after the gate was closed: no robot claims and no turn begins any more; waits until no turn runs, no
    /// confirmation is due and no callback is under way, `deadline` at most. Whether everything was quiet then.
    pub async fn drain(&self, deadline: Duration) -> bool {
        self.is_stopping.store(true, Ordering::Release);
        match ask(&self.router, StopClaims, ORDER).await {
            Ok(robots) => log::info!(robots = robots; "robots claim no more; waiting for what is under way"),
            Err(error) => log::warn!(error:% = error; "the router does not answer; stopping without it"),
        }
        tokio::time::timeout(deadline, self.quiet()).await.is_ok()
    }

    /// Second half: sockets are closed with 1012, the journal is emptied, the database's log is moved into its file, and all
    /// actors and threads end. Whether nothing had to be cut off.
    pub async fn stop(self) -> bool {
        self.is_stopping.store(true, Ordering::Release);
        self.sweep.retire();
        self.alert.retire();
        if let Err(error) = ask(&self.router, CloseRobots, ORDER).await {
            log::warn!(error:% = error; "the router does not answer; sockets are cut off");
        }
        // Cut off or not, nothing that was promised depends on it.
        drop(tokio::time::timeout(LAST_FRAMES, self.no_sockets()).await);
        self.sessions.retire_all();
        self.endpoints.retire_all();
        self.desk.retire();
        self.cloud.retire_all();
        let is_written = self.journal.write(Vec::new());
        let is_written = matches!(tokio::time::timeout(LAST_WRITES, is_written).await, Ok(Ok(_outcomes)));
        if !is_written {
            log::warn!("the journal could not be emptied in time; nothing that was answered is lost");
        }
        let is_checkpointed = matches!(ask(&self.janitor, LastCheckpoint, LAST_CHECKPOINT).await, Ok(true));
        self.janitor.retire();
        self.router.retire();
        self.writer.retire();
        self.watcher.retire();
        let are_threads_over = self.kernel.arbiters.stop(THREADS).await;
        is_written && is_checkpointed && are_threads_over
    }

    async fn quiet(&self) {
        let begun_ms = self.kernel.clock.monotonic_ms();
        loop {
            let since = Ts::new(self.kernel.clock.now()).plus(-STILL_DUE);
            // Without an answer nothing is known: the deadline decides.
            let is_confirmed = due::list_unconfirmed(&self.db, since).await.is_ok_and(|unconfirmed| {
                unconfirmed.iter().all(|(robot, _count)| {
                    self.directory.find(*robot).is_none_or(|entry| !entry.is_connected())
                })
            });
            let waited_ms = self.kernel.clock.monotonic_ms().saturating_sub(begun_ms);
            let is_called = waited_ms >= millis(CALLBACKS) || self.endpoints.in_flight() == 0;
            if is_confirmed && is_called && self.sessions.turning() == 0 {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn no_sockets(&self) {
        while self.directory.count().0 > 0 {
            tokio::time::sleep(LOOK).await;
        }
    }
}
