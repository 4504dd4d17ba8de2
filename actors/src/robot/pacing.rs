//! Pure: how many commands to claim now, and when to look again.
use workbot_schema::commands::operations::ClaimLimit;

/// Bytes of unconfirmed commands a robot may have, unless told otherwise; one larger command goes alone.
pub const WINDOW_BYTES: i64 = 1_048_576;
/// Most commands of one claim.
const CLAIM: u32 = 10;
/// After a claim that failed, doubling up to the other, milliseconds.
const FAILURE_MS: (u64, u64) = (500, 8_000);

/// What may be unconfirmed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowLimit {
    /// Commands.
    pub commands: u32,
    /// Their bytes; one larger command goes alone.
    pub bytes: i64,
}

impl Default for WindowLimit {
    fn default() -> Self {
        Self { commands: 8, bytes: WINDOW_BYTES }
    }
}

/// Takes up to so many tokens from the pacing bucket; how many there were.
pub type Tokens<'a> = &'a mut dyn FnMut(u32) -> u32;

/// What stands between a robot and its next claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    /// So many, at once.
    Now(ClaimLimit),
    /// The window is full: a confirmation makes room.
    NoRoom,
    /// The bucket is empty: look again after so many milliseconds.
    Later(u64),
}

/// Tokens that were taken and not used, and failures in a row. A reconnect forgets them, which refills nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pacer {
    credit: u32,
    failures: u32,
}

impl Pacer {
    /// How many to claim with `count` commands of `bytes` unconfirmed; takes the tokens for them.
    pub fn allow(&mut self, window: WindowLimit, count: usize, bytes: i64, tokens: Tokens<'_>) -> Allowance {
        let room = window.commands.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
        let room_bytes = window.bytes.saturating_sub(bytes);
        if room == 0 || (count > 0 && room_bytes <= 0) {
            return Allowance::NoRoom;
        }
        let wanted = room.min(CLAIM);
        if self.credit < wanted {
            self.credit += tokens(wanted - self.credit).min(wanted - self.credit);
        }
        match self.credit.min(wanted) {
            0 => Allowance::Later(1_000),
            commands => Allowance::Now(ClaimLimit {
                commands: i64::from(commands),
                bytes: room_bytes.max(0),
                is_window_empty: count == 0,
            }),
        }
    }

    /// A claim brought so many.
    pub fn claimed(&mut self, count: usize) {
        self.failures = 0;
        self.credit = self.credit.saturating_sub(u32::try_from(count).unwrap_or(u32::MAX));
    }

    /// A claim failed, or nobody knows; wait so many milliseconds.
    pub fn failed(&mut self) -> u64 {
        let wait_ms = FAILURE_MS.0 << self.failures.min(8);
        self.failures = self.failures.saturating_add(1);
        wait_ms.min(FAILURE_MS.1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allow(pacer: &mut Pacer, count: usize, bytes: i64, available: &mut u32) -> Allowance {
        pacer.allow(WindowLimit::default(), count, bytes, &mut |wanted| {
            let taken = wanted.min(*available);
            *available -= taken;
            taken
        })
    }

    fn now(commands: i64, bytes: i64, is_window_empty: bool) -> Allowance {
        Allowance::Now(ClaimLimit { commands, bytes, is_window_empty })
    }

    #[test]
    fn table() {
        for (count, bytes, available, expected) in [
            (0, 0, 60, now(8, WINDOW_BYTES, true)),
            (5, 100, 60, now(3, WINDOW_BYTES - 100, false)),
            (0, 0, 2, now(2, WINDOW_BYTES, true)),
            (0, 0, 0, Allowance::Later(1_000)),
            (8, 0, 60, Allowance::NoRoom),
            (9, 0, 60, Allowance::NoRoom),
            (1, WINDOW_BYTES, 60, Allowance::NoRoom),
            (1, 3 * WINDOW_BYTES, 60, Allowance::NoRoom),
        ] {
            let mut left = available;
            assert_eq!(allow(&mut Pacer::default(), count, bytes, &mut left), expected, "{count} {bytes}");
        }
    }

    #[test]
    fn unused_tokens_are_kept_and_a_refusal_takes_none() {
        let (mut pacer, mut available) = (Pacer::default(), 10);
        assert_eq!(allow(&mut pacer, 0, 0, &mut available), now(8, WINDOW_BYTES, true));
        pacer.claimed(1);
        assert_eq!(allow(&mut pacer, 1, 10, &mut available), now(7, WINDOW_BYTES - 10, false));
        assert_eq!(available, 2);
        assert_eq!(allow(&mut pacer, 8, 10, &mut available), Allowance::NoRoom);
        assert_eq!(available, 2);
    }

    #[test]
    fn failures_wait_longer_each_time() {
        let mut pacer = Pacer::default();
        let waits: Vec<u64> = (0..7).map(|_try| pacer.failed()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        pacer.claimed(0);
        assert_eq!(pacer.failed(), 500);
    }

    proptest! {
        #[test]
        fn never_more_pushes_than_tokens(steps in proptest::collection::vec((0..12_usize, 0..2_000_000_i64, 0..9_usize), 1..60)) {
            let (mut pacer, mut available, mut pushed) = (Pacer::default(), 40_u32, 0);
            for (count, bytes, brought) in steps {
                if let Allowance::Now(limit) = allow(&mut pacer, count, bytes, &mut available) {
                    let limit = usize::try_from(limit.commands).unwrap();
                    prop_assert!(limit + count <= 8);
                    let brought = brought.min(limit);
                    pacer.claimed(brought);
                    pushed += brought;
                }
            }
            prop_assert!(pushed <= 40);
        }
    }
}
