//! What is known of phones between their sockets.
use std::collections::HashMap;

use parking_lot::Mutex;
use workbot_schema::ids::RobotUuid;
use workbot_schema::store::{Db, StoreResult};
use workbot_schema::wire::worktool::log_line::DeviceInfo;
use workbot_schema::worktool::unfinished::{self, UnfinishedCommand};

use crate::robot::dialect::worktool::Unfinished;
use crate::robot::dialect::worktool::translation::awaits;

/// Commands read at the start; a phone holds two.
const RESTORED: i64 = 200_000;

/// What the next socket of a phone must know, by robot. After a restart it is read from the rows; the device of a login is in
/// the store.
#[derive(Debug, Default)]
pub struct PhoneMemory(Mutex<HashMap<RobotUuid, Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    /// Confirmed commands without a result: they stay on the phone when its socket ends. As many as a phone may hold.
    unfinished: Vec<Unfinished>,
    /// The same from before the start of the program; what ends them depends on the app that comes back.
    restored: Vec<UnfinishedCommand>,
    /// The phone that has the robot.
    device: Option<DeviceInfo>,
}

impl PhoneMemory {
    /// Reads what phones had when the program ended. To be done before the first of them comes back.
    pub async fn restore(&self, db: &Db) -> StoreResult<usize> {
        let rows = unfinished::list(db, RESTORED).await?;
        let count = rows.len();
        let mut known = self.0.lock();
        for row in rows {
            known.entry(row.robot_uuid).or_default().restored.push(row);
        }
        Ok(count)
    }

    pub(super) fn take_unfinished(&self, robot: RobotUuid, device: &DeviceInfo) -> Vec<Unfinished> {
        let (restored, unfinished) = match self.0.lock().get_mut(&robot) {
            Some(known) => (std::mem::take(&mut known.restored), std::mem::take(&mut known.unfinished)),
            None => return Vec::new(),
        };
        let of_row = |row: UnfinishedCommand| Unfinished {
            awaits: awaits(row.command_type, &row.item, device),
            id: row.id,
            attempt: row.attempt,
            command_type: row.command_type,
        };
        restored.into_iter().map(of_row).chain(unfinished).collect()
    }

    pub(super) fn keep_unfinished(&self, robot: RobotUuid, commands: Vec<Unfinished>) {
        self.0.lock().entry(robot).or_default().unfinished = commands;
    }

    pub(super) fn device(&self, robot: RobotUuid) -> Option<DeviceInfo> {
        self.0.lock().get(&robot).and_then(|known| known.device.clone())
    }

    pub(super) fn keep_device(&self, robot: RobotUuid, device: DeviceInfo) {
        self.0.lock().entry(robot).or_default().device = Some(device);
    }
}
