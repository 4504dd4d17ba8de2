//! When a connection gets its robot: not before the app proves to run, and not from a second phone.
use workbot_schema::wire::worktool::frame::UpFrame;
use workbot_schema::wire::worktool::log_line::DeviceInfo;

/// A connection that has its robot is alive when it sent a frame within this, milliseconds.
const ALIVE_MS: u64 = 10_000;
/// So long is waited for the line that names the device, milliseconds.
const LINE_MS: u64 = 2_000;

/// The connection that has the robot now.
#[derive(Debug, Clone, Copy)]
pub struct Rival<'a> {
    /// Its device, if it told.
    pub device: Option<&'a DeviceInfo>,
    /// Its last frame, monotonic milliseconds.
    pub last_frame_ms: u64,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Wait,
    /// It gets the robot.
    Admit,
    /// Another phone has it: toast 501013 and close. Otherwise the two would take it from each other every 5 s.
    Refuse,
}

/// A connection that has no robot yet.
#[derive(Debug, Clone, Default)]
pub struct Admission {
    proven_ms: Option<u64>,
    device: Option<DeviceInfo>,
}

impl Admission {
    /// Takes note of a frame. The connection that only tests a host sends none that is a proof.
    pub fn note(&mut self, frame: &UpFrame, now_ms: u64) {
        if frame.is_proof() {
            self.proven_ms.get_or_insert(now_ms);
        }
    }

    /// Takes note of the line that names the device.
    pub fn name(&mut self, device: DeviceInfo) {
        self.device.get_or_insert(device);
    }

    /// When to ask again, if nothing comes.
    pub fn next_tick_ms(&self) -> Option<u64> {
        self.proven_ms.filter(|_proven| self.device.is_none()).map(|at_ms| at_ms.saturating_add(LINE_MS))
    }

    /// What becomes of it now.
    pub fn verdict(&self, rival: Option<Rival<'_>>, now_ms: u64) -> Verdict {
        let Some(proven_ms) = self.proven_ms else { return Verdict::Wait };
        let Some(rival) = rival.filter(|rival| now_ms.saturating_sub(rival.last_frame_ms) <= ALIVE_MS) else {
            return Verdict::Admit;
        };
        match (&self.device, rival.device) {
            (Some(device), Some(other)) if device.is_other_than(other) => Verdict::Refuse,
            (None, Some(_)) if now_ms.saturating_sub(proven_ms) < LINE_MS => Verdict::Wait,
            _ => Verdict::Admit,
        }
    }
}
