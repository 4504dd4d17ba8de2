//! Pure: what frames of the phone do to a connection.
use workbot_schema::ids::CommandId;

use super::{Core, Effect};
use crate::robot::dialect::{BadFrame, Inbound, Reply};
use crate::robot::orders::CloseCause;

/// Messages of one socket that are being stored; more are refused.
pub(super) const RECEIVING: u32 = 32;
/// Confirmations and results of one socket that are being stored; beyond, no frame is read until one is. A phone that was away
/// reports everything it has done meanwhile in one go, and none of it may get lost.
pub(super) const REPORTING: u32 = 64;
/// Bad frames are counted over so many milliseconds.
const FLOOD_MS: u64 = 60_000;
/// Error code of a frame that was not understood.
const BAD_FRAME: i32 = 400;

impl Core {
    pub(super) fn frame(
        &mut self,
        frame: Result<Inbound, BadFrame>,
        over_limit: Option<u64>,
        now_ms: u64,
        effects: &mut Vec<Effect>,
    ) {
        let inbound = match frame {
            Ok(inbound) => inbound,
            Err(bad) => return self.bad_frame(bad, now_ms, effects),
        };
        match inbound {
            Inbound::Ping => effects.push(Effect::Send(Reply::Pong)),
            Inbound::Heartbeat(timestamp) => {
                effects.push(Effect::Send(Reply::HeartbeatResponse(timestamp)));
            }
            Inbound::Message { reference, message } => {
                let retry_after = over_limit.or((self.receiving >= RECEIVING).then_some(1));
                if let Some(retry_after) = retry_after {
                    effects.push(Effect::Send(Reply::MessageNack { reference, retry_after }));
                } else {
                    self.receiving += 1;
                    effects.push(Effect::Receive { reference, message });
                }
            }
            Inbound::Ack { id, attempt } => self.ack(id, attempt, over_limit, effects),
            Inbound::Result { id, result } => {
                // There is no nack for a result, so none is dropped: over the bound of `reporting` the socket stops reading, and
                // a flood waits in the phone.
                self.reporting += 1;
                effects.push(Effect::Report { id, result });
            }
            Inbound::Error { code, text } => {
                if over_limit.is_none() {
                    effects.push(Effect::Note { kind: "error", code, text });
                }
            }
            Inbound::ConfigAck { version } => self.acked_version = version,
            Inbound::ConfigNack { version, reason } => {
                if over_limit.is_none() {
                    let text = format!("config {} refused: {reason}", version.unwrap_or_default());
                    effects.push(Effect::Note { kind: "config", code: None, text });
                }
            }
            Inbound::Unknown => {}
        }
    }

    fn ack(
        &mut self,
        id: CommandId,
        attempt: Option<i32>,
        over_limit: Option<u64>,
        effects: &mut Vec<Effect>,
    ) {
        match self.window.find(&id, attempt) {
            Some(slot) if slot.is_confirming => return,
            Some(slot) => slot.is_confirming = true,
            None if over_limit.is_none() => {}
            None => {
                effects.push(Effect::Drop { id, what: "ack" });
                return;
            }
        }
        self.reporting += 1;
        effects.push(Effect::Confirm { id, attempt });
    }

    fn bad_frame(&mut self, bad: BadFrame, now_ms: u64, effects: &mut Vec<Effect>) {
        effects.push(Effect::Send(Reply::Error {
            code: BAD_FRAME,
            text: bad.text,
            reference: bad.reference,
        }));
        if !bad.is_garbage {
            return;
        }
        self.bad_frames_ms.retain(|at_ms| now_ms.saturating_sub(*at_ms) < FLOOD_MS);
        self.bad_frames_ms.push(now_ms);
        if self.bad_frames_ms.len() >= self.settings.bad_frames {
            self.close(CloseCause::Flooding, now_ms);
        }
    }
}
