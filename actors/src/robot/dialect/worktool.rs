//! The WorkTool dialect: what the unmodified app is told, and what its frames mean for its commands.
//!
//! ```text
//!            text ─▶ read ─▶ Phone::frame ─▶ Act … ─▶ Core (Ack, Result), store (snapshots, facts), log
//! Core effects ─▶ Phone::push, Phone::settle ─▶ Act::Send ─▶ text
//! ```
//! The app answers nothing but commands: replies of the core have no words here. It confirms by the envelope's id, reports by
//! the same id, forgets an id after 30 s when another new one comes, and loses whatever it says while it is not connected.
pub mod admission;
mod gather;
pub mod phone;
pub mod translation;
pub mod wire_id;

#[cfg(test)]
mod tests;

use workbot_schema::commands::RobotCommand;
use workbot_schema::wire::error_code;
use workbot_schema::wire::worktool::downstream;
use workbot_schema::wire::worktool::frame::{self, FrameProblem, UpFrame};

use super::BadFrame;
use crate::robot::orders::CloseCause;

pub use self::admission::{Admission, Verdict};
pub use self::phone::{Act, Fact, Phone, PhoneSettings, Unfinished};

/// An unknown phone is told so and closed after this, milliseconds.
pub const UNKNOWN_CLOSE_MS: u64 = 10_000;

/// What a text frame says.
pub fn read(text: &str) -> Result<UpFrame, BadFrame> {
    frame::read(text).map_err(|problem| BadFrame {
        reference: None,
        text: problem.to_string(),
        // The app has its faults; only what is no frame at all counts towards closing.
        is_garbage: matches!(problem, FrameProblem::NotJson | FrameProblem::NotObject),
    })
}

/// What a phone is told before it is closed, and the close code. No code stops the app from coming back after 5 s.
pub fn farewell(cause: CloseCause) -> (Option<String>, u16) {
    match cause {
        CloseCause::Replaced => (Some(downstream::toast(error_code::TOAST_OTHER_LOGIN)), 1000),
        CloseCause::Refused => (Some(downstream::toast(error_code::TOAST_OTHER)), 1000),
        CloseCause::Kicked | CloseCause::Silent | CloseCause::Flooding => (None, 1000),
        CloseCause::Restarting => (None, 1012),
    }
}

/// What an unknown link id is told.
pub fn unknown_toast() -> String {
    downstream::toast(error_code::TOAST_UNKNOWN_ROBOT)
}

/// Puts commands that were never confirmed into the order of their pushes. The app got a beginning of them; in another order
/// one it never got would stand before one it has, and make it forget that one and carry it out twice.
pub fn in_push_order(commands: &mut [RobotCommand]) {
    commands.sort_by(|one, other| {
        let pushed = one.sent_at.cmp(&other.sent_at);
        pushed.then(other.priority.cmp(&one.priority)).then(one.seq.cmp(&other.seq))
    });
}
