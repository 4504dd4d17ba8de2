//! What is known of phones between their sockets.
use std::collections::HashMap;

use parking_lot::Mutex;
use workbot_schema::ids::RobotUuid;
use workbot_schema::wire::worktool::log_line::DeviceInfo;

use crate::robot::dialect::worktool::Unfinished;

/// What the next socket of a phone must know, by robot. A restart forgets it: time-outs end the commands, and the store has
/// the device.
#[derive(Debug, Default)]
pub struct PhoneMemory(Mutex<HashMap<RobotUuid, Remembered>>);

#[derive(Debug, Default)]
struct Remembered {
    /// Confirmed commands without a result: they stay on the phone when its socket ends. As many as a phone may hold.
    unfinished: Vec<Unfinished>,
    /// The phone that has the robot.
    device: Option<DeviceInfo>,
}

impl PhoneMemory {
    pub(super) fn take_unfinished(&self, robot: RobotUuid) -> Vec<Unfinished> {
        self.0.lock().get_mut(&robot).map(|known| std::mem::take(&mut known.unfinished)).unwrap_or_default()
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
