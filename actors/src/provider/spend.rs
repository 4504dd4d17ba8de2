//! Tokens that robots with a daily budget spent today. Kept in memory, because it is looked at before every call; a robot that is
//! not known here is read from the store once.
use std::sync::Arc;

use chrono::{DateTime, Utc};
use dashmap::DashMap;
use workbot_schema::fields::Ts;
use workbot_schema::ids::RobotUuid;
use workbot_schema::store::Db;
use workbot_schema::token_usage;

use super::budget::DaySpend;

/// Robots remembered; beyond that everything is forgotten and read again.
const ROBOTS_MAX: usize = 50_000;

/// The spending of all robots; clones share it.
#[derive(Debug, Clone, Default)]
pub struct SpendBook {
    robots: Arc<DashMap<RobotUuid, DaySpend>>,
}

impl SpendBook {
    /// Tokens a robot spent today. A store that does not answer is taken for "nothing yet": better answers than silence.
    pub async fn today(&self, db: &Db, robot: RobotUuid, now: DateTime<Utc>) -> i64 {
        if let Some(spend) = self.robots.get(&robot) {
            return spend.today(now);
        }
        let stored = match token_usage::today(db, robot, Ts::new(now)).await {
            Ok(tokens) => tokens,
            Err(error) => {
                log::warn!(robot:% = robot, error:% = error; "the tokens a robot spent today are not known");
                return 0;
            }
        };
        if self.robots.len() >= ROBOTS_MAX {
            self.robots.clear();
        }
        self.robots.entry(robot).or_insert_with(|| DaySpend::new(now, stored)).today(now)
    }

    /// Counts a call that ended now, for a robot that was looked at before.
    pub fn add(&self, robot: RobotUuid, tokens: i64, now: DateTime<Utc>) {
        if let Some(mut spend) = self.robots.get_mut(&robot) {
            spend.add(now, tokens);
        }
    }
}
