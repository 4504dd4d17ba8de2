//! Calls under way: a result may come by webhook before the call that carried its command was answered and written down.
use std::sync::Arc;
use std::time::Duration;

use dashmap::DashMap;
use tokio::sync::Notify;
use tokio::time::timeout;
use workbot_schema::ids::RobotUuid;

/// One for the process; clone freely.
#[derive(Clone, Default)]
pub struct CloudCalls {
    under_way: Arc<DashMap<RobotUuid, Arc<Notify>>>,
}

/// A call; over when dropped.
pub struct CloudCall {
    calls: CloudCalls,
    robot: RobotUuid,
}

impl Drop for CloudCall {
    fn drop(&mut self) {
        if let Some((_robot, over)) = self.calls.under_way.remove(&self.robot) {
            over.notify_waiters();
        }
    }
}

impl CloudCalls {
    /// A robot's call begins; each has one at a time.
    pub fn begin(&self, robot: RobotUuid) -> CloudCall {
        self.under_way.insert(robot, Arc::default());
        CloudCall { calls: self.clone(), robot }
    }

    /// Waits until the robot's call, if one is under way, was written down; at most so long. Whether there was one.
    pub async fn settled(&self, robot: RobotUuid, deadline: Duration) -> bool {
        let Some(over) = self.under_way.get(&robot).map(|over| Arc::clone(over.value())) else {
            return false;
        };
        let told = over.notified();
        tokio::pin!(told);
        told.as_mut().enable();
        // It may have ended between the look and the wait.
        if self.under_way.contains_key(&robot) {
            // Late or not, the store says what is known.
            drop(timeout(deadline, told).await);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_result_waits_for_its_call() {
        let (calls, robot) = (CloudCalls::default(), RobotUuid::generate());
        assert!(!calls.settled(robot, Duration::from_secs(60)).await);
        let call = calls.begin(robot);
        let waiting = tokio::spawn({
            let calls = calls.clone();
            async move { calls.settled(robot, Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        drop(call);
        assert!(waiting.await.unwrap());
    }
}
