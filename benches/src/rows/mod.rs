//! The rows of the table; each starts servers of its own.
pub mod answers;
pub mod disk;
pub mod flush;
pub mod growth;
pub mod memory;
pub mod push;
pub mod storm;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::cpu::cpu_us;
use crate::database::Databases;
use crate::program::Program;

/// How a run is made.
pub struct Plan {
    /// The server's binary.
    pub workbot: PathBuf,
    /// Where data folders are made.
    pub folders: PathBuf,
    /// Where databases are made.
    pub databases: Databases,
    /// How much is done.
    pub size: Size,
}

/// How much a run does.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Commands of one push figure.
    pub commands: usize,
    /// Robots whose memory is counted, ascending.
    pub idle: &'static [usize],
    /// Robots of the growth figures, ascending.
    pub growth: &'static [usize],
    /// Seconds of one growth figure.
    pub growth_secs: u64,
    /// Robots of the reconnect storm.
    pub storm: usize,
    /// Seconds of one figure of answered messages.
    pub answer_secs: u64,
}

impl Size {
    /// The sizes of the requirements, with up to 10,000 robots.
    pub const STANDARD: Self = Self {
        commands: 20_000,
        idle: &[1_000, 10_000],
        growth: &[100, 1_000, 9_000],
        growth_secs: 10,
        storm: 10_000,
        answer_secs: 20,
    };
    /// Up to 19,000 robots.
    pub const FULL: Self = Self { idle: &[1_000, 10_000, 19_000], commands: 50_000, ..Self::STANDARD };
    /// A look in half a minute.
    pub const QUICK: Self = Self {
        commands: 4_000,
        idle: &[1_000],
        growth: &[100, 1_000],
        growth_secs: 4,
        storm: 1_000,
        answer_secs: 5,
    };
}

/// Phones that connect may take so long together.
const CONNECT: Duration = Duration::from_secs(60);
/// A server is at rest when it used less than this in one look.
const REST_US: u64 = 4_000;
const LOOK: Duration = Duration::from_millis(200);
const LOOKS: u32 = 25;

/// CPU microseconds of a process once it has come to rest (or after 5 s).
async fn cpu_at_rest(pid: u32) -> Outcome<u64> {
    let mut before = cpu_us(pid)?;
    for _look in 0..LOOKS {
        tokio::time::sleep(LOOK).await;
        let now = cpu_us(pid)?;
        if now.saturating_sub(before) < REST_US {
            return Ok(now);
        }
        before = now;
    }
    Ok(before)
}

/// Waits until `is_done`, at most until the deadline.
async fn wait_until(deadline: Duration, is_done: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_done() && started.elapsed() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl Plan {
    async fn server(&self) -> Outcome<Program> {
        Program::workbot(&self.workbot, &self.folders, &self.databases).await
    }
}
