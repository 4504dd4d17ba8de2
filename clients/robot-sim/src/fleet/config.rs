//! What a fleet run is made of.
use std::sync::Arc;
use std::time::Duration;

use super::chaos::Chaos;
use crate::behaviour::Behaviour;
use crate::identity::Identity;
use crate::ledger::Ledger;
use crate::schedule::Backoff;
use crate::time::now_ms;

/// How commands are submitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// None.
    Idle,
    /// At a fixed rate, whatever the server does; latencies count from the intended time.
    Open { per_second: u32 },
    /// The same with this time from one to the next, for rates that are no whole number.
    Paced { period: Duration },
    /// Always `in_flight` submitted and not yet executed.
    Closed { in_flight: u32 },
}

/// How commands are submitted, and in which dialect the phones get them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// `POST /api/robot/send-message` with the robot's token.
    #[default]
    Native,
    /// `POST /wework/sendRawMessage` with the link id; the identities' robot ids are link ids.
    Worktool,
}

/// Many phones dropping their connection at once, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Herd {
    pub every: Duration,
    pub share_permille: u16,
    /// The shortest absence.
    pub away: Duration,
}

/// A whole run. `FleetConfig::new` gives quiet defaults.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    pub url: String,
    pub way: Way,
    /// One phone each.
    pub identities: Vec<Identity>,
    /// In every tag, so that runs against one server do not mix.
    pub run: u32,
    /// Of every phone, unless `chaos` is set.
    pub behaviour: Behaviour,
    pub chaos: Option<Chaos>,
    pub reconnect: Backoff,
    pub load: Load,
    pub seconds: u64,
    /// Content length of commands and messages.
    pub payload_bytes: usize,
    /// Commands that go with priority 50 instead of 0, of 1,000.
    pub urgent_permille: u16,
    /// Submissions carry an idempotency key and are repeated after transport failures.
    pub is_idempotent: bool,
    /// Submissions refused with 429 or 503 are repeated (without: counted as refused).
    pub is_persistent: bool,
    /// Accepted submissions that are made once more with the same idempotency key, of 1,000: the answer must be the same id.
    pub repeat_permille: u16,
    /// For one submission with all its repetitions.
    pub submit_deadline: Duration,
    /// Every how many accepted commands one is asked for by REST until it is final; 0 = none.
    pub result_sample: u64,
    /// Accepted commands whose final state is looked up after the drain, at most; 0 = none.
    pub state_checks: usize,
    /// Chat messages per second over all phones.
    pub messages_per_second: u32,
    pub wants_callback: bool,
    pub wants_reply: bool,
    pub herd: Option<Herd>,
    /// Connects from many loopback addresses when the server is on one.
    pub spreads_sources: bool,
    pub parallel_connects: usize,
    pub connect_deadline: Duration,
    /// After the load: until everything accepted is executed.
    pub drain_deadline: Duration,
    /// After the drain: how long late repeats are watched for.
    pub settle: Duration,
    pub seed: u64,
    /// Shared with a platform where callbacks count.
    pub ledger: Arc<Ledger>,
}

impl FleetConfig {
    /// Normal phones, no load, 10 s.
    pub fn new(url: impl Into<String>, identities: Vec<Identity>) -> Self {
        let spreads_sources = identities.len() > 64;
        Self {
            url: url.into(),
            way: Way::Native,
            identities,
            run: u32::try_from(now_ms() / 1_000 % 1_000_000_000).unwrap_or(0),
            behaviour: Behaviour::default(),
            chaos: None,
            reconnect: Backoff { stubborn: false, ..Backoff::default() },
            load: Load::Idle,
            seconds: 10,
            payload_bytes: 200,
            urgent_permille: 0,
            is_idempotent: false,
            is_persistent: false,
            repeat_permille: 0,
            submit_deadline: Duration::from_secs(60),
            result_sample: 0,
            state_checks: 0,
            messages_per_second: 0,
            wants_callback: false,
            wants_reply: false,
            herd: None,
            spreads_sources,
            parallel_connects: 256,
            connect_deadline: Duration::from_secs(60),
            drain_deadline: Duration::from_secs(60),
            settle: Duration::from_secs(1),
            seed: 1,
            ledger: Arc::new(Ledger::new()),
        }
    }

    /// The same run with the standard mix of unruly phones, herds and repeated submissions.
    #[must_use]
    pub fn with_chaos(mut self) -> Self {
        self.chaos = Some(Chaos::standard());
        self.is_idempotent = true;
        self.is_persistent = true;
        self.repeat_permille = 50;
        // A phone that came back too often is told to wait a minute; what is queued for it is not lost.
        self.drain_deadline = self.drain_deadline.max(Duration::from_secs(180));
        self.herd = Some(Herd {
            every: Duration::from_secs(5),
            share_permille: 300,
            away: Duration::from_millis(500),
        });
        self
    }
}
