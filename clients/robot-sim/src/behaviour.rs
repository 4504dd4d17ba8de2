//! How an automatic phone treats commands: a plan for each, decided from given dice.
use std::time::Duration;

use crate::command::{Command, Outcome};
use crate::random::Random;

/// How receipt is confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acking {
    /// One `ack` at once.
    Once,
    /// The same `ack` twice: the server must take the second for nothing.
    Twice,
    /// No `ack`: the result confirms.
    Never,
    /// The `ack` comes after the result.
    AfterResult,
}

/// How results are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reporting {
    Once,
    /// The same result twice.
    Twice,
    /// Executed, but never reported: the server must end it as `unknown`.
    Never,
}

/// How long an execution takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    None,
    Fixed(Duration),
    /// Even between the two.
    Uniform(Duration, Duration),
    /// `usual`, but `slow` in `slow_permille` of 1,000 cases.
    LongTail {
        usual: Duration,
        slow: Duration,
        slow_permille: u16,
    },
}

impl Delay {
    /// One delay.
    pub fn roll(&self, random: &mut Random) -> Duration {
        match *self {
            Self::None => Duration::ZERO,
            Self::Fixed(delay) => delay,
            Self::Uniform(low, high) => random.between(low, high),
            Self::LongTail { slow, slow_permille, .. } if random.hits(slow_permille) => slow,
            Self::LongTail { usual, .. } => usual,
        }
    }
}

/// Where the phone drops its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    BeforeAck,
    AfterAck,
    BeforeResult,
    /// Right after writing the result, which may be lost on the way.
    AfterResult,
}

/// An automatic phone's way of working. All shares are of 1,000 commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behaviour {
    pub acking: Acking,
    pub ack_delay: Delay,
    pub reporting: Reporting,
    pub delay: Delay,
    /// Failed results with `failure_code` that precede the first success of every command.
    pub failures_first: u32,
    /// Commands whose first attempt fails with `failure_code`.
    pub fail_permille: u16,
    /// 201101 is retried by the server, 201102 is not.
    pub failure_code: i64,
    pub partial_permille: u16,
    pub cut_permille: u16,
    /// Where to cut; `None` draws one of the four each time.
    pub cut_at: Option<Cut>,
    /// Cuts by TCP reset instead of an ordinary end.
    pub cut_by_reset: bool,
    /// Commands after whose receipt the phone stops reading and writing for `stall`, then connects anew.
    pub stall_permille: u16,
    pub stall: Duration,
    /// Answers are held back and leave together at multiples of this time.
    pub burst: Option<Duration>,
    /// One command is executed at a time, as a real phone does.
    pub is_serial: bool,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            acking: Acking::Once,
            ack_delay: Delay::None,
            reporting: Reporting::Once,
            delay: Delay::None,
            failures_first: 0,
            fail_permille: 0,
            failure_code: 201_101,
            partial_permille: 0,
            cut_permille: 0,
            cut_at: None,
            cut_by_reset: false,
            stall_permille: 0,
            stall: Duration::from_secs(5),
            burst: None,
            is_serial: true,
        }
    }
}

/// What will be done with one command.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub acks: u8,
    pub ack_delay: Duration,
    pub ack_after_result: bool,
    pub delay: Duration,
    pub outcome: Outcome,
    pub reports: u8,
    pub cut: Option<Cut>,
    pub stall: Option<Duration>,
}

impl Behaviour {
    /// Decides everything about a freshly received command.
    pub fn plan(&self, command: &Command, random: &mut Random) -> Plan {
        let cut = random.hits(self.cut_permille).then(|| self.cut_at.unwrap_or_else(|| any_cut(random)));
        Plan {
            acks: match self.acking {
                Acking::Once => 1,
                Acking::Twice => 2,
                Acking::Never | Acking::AfterResult => 0,
            },
            ack_delay: self.ack_delay.roll(random),
            ack_after_result: self.acking == Acking::AfterResult,
            delay: self.delay.roll(random),
            outcome: self.outcome(command, random),
            reports: match self.reporting {
                Reporting::Once => 1,
                Reporting::Twice => 2,
                Reporting::Never => 0,
            },
            cut,
            stall: random.hits(self.stall_permille).then_some(self.stall),
        }
    }

    fn outcome(&self, command: &Command, random: &mut Random) -> Outcome {
        let fails = command.attempt <= self.failures_first
            || (command.attempt == 1 && random.hits(self.fail_permille));
        if fails {
            return Outcome::failed(command, self.failure_code, "查找聊天窗失败");
        }
        if command.titles().len() > 1 && random.hits(self.partial_permille) {
            return Outcome::partial(command);
        }
        Outcome::success(command)
    }
}

fn any_cut(random: &mut Random) -> Cut {
    match random.below(4) {
        0 => Cut::BeforeAck,
        1 => Cut::AfterAck,
        2 => Cut::BeforeResult,
        _ => Cut::AfterResult,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::command::Status;

    fn command(attempt: u32) -> Command {
        Command {
            id: "msg_1".into(),
            attempt,
            priority: 0,
            kind: "send_message".into(),
            number: 203,
            params: json!({"titleList": ["a", "b", "c"], "content": "x"}),
            redelivered: false,
            created_at: None,
        }
    }

    #[test]
    fn plans_follow_the_settings() {
        let mut random = Random::new(3);
        let normal = Behaviour::default().plan(&command(1), &mut random);
        assert_eq!((normal.acks, normal.reports, normal.cut, normal.stall), (1, 1, None, None));
        assert_eq!(normal.outcome.status, Status::Success);
        for (acking, acks, after) in
            [(Acking::Twice, 2, false), (Acking::Never, 0, false), (Acking::AfterResult, 0, true)]
        {
            let plan = Behaviour { acking, ..Behaviour::default() }.plan(&command(1), &mut random);
            assert_eq!((plan.acks, plan.ack_after_result), (acks, after), "{acking:?}");
        }
        let failing = Behaviour { failures_first: 2, ..Behaviour::default() };
        for (attempt, status) in [(1, Status::Failed), (2, Status::Failed), (3, Status::Success)] {
            let outcome = failing.plan(&command(attempt), &mut random).outcome;
            assert_eq!(outcome.status, status, "attempt {attempt}");
            assert_eq!(outcome.is_retryable(), status == Status::Failed);
        }
        let partial = Behaviour { partial_permille: 1_000, ..Behaviour::default() };
        let outcome = partial.plan(&command(1), &mut random).outcome;
        assert_eq!((outcome.success_list.len(), outcome.fail_list.len()), (2, 1));
        let cutting = Behaviour { cut_permille: 1_000, cut_at: Some(Cut::AfterAck), ..Behaviour::default() };
        assert_eq!(cutting.plan(&command(1), &mut random).cut, Some(Cut::AfterAck));
    }

    #[test]
    fn long_tail_is_slow_in_its_share() {
        let mut random = Random::new(5);
        let (usual, slow) = (Duration::from_millis(5), Duration::from_secs(1));
        let delay = Delay::LongTail { usual, slow, slow_permille: 100 };
        let slow_ones = (0..1_000).filter(|_| delay.roll(&mut random) == slow).count();
        assert!((50..200).contains(&slow_ones), "{slow_ones}");
    }
}
