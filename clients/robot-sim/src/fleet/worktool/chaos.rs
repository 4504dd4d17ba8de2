//! The faults the app really has: it loses what it says while disconnected, loses results, repeats screens, sends its queued
//! heartbeats in one burst, and comes back every 5 seconds for ever.
use std::time::Duration;

/// How often they happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppFaults {
    /// Connections dropped at each look, of 1,000 phones.
    pub cut_permille: u16,
    /// Of these, phones that stay away for a while.
    pub away_permille: u16,
    /// The longest absence.
    pub away: Duration,
    /// From one look to the next.
    pub every: Duration,
    /// The longest handshake.
    pub slow_handshake: Duration,
    pub lost_results_permille: u16,
    pub repeated_screens_permille: u16,
}

impl AppFaults {
    /// Every phone loses its connection about twice a minute.
    pub fn standard() -> Self {
        Self {
            cut_permille: 30,
            away_permille: 200,
            away: Duration::from_secs(12),
            every: Duration::from_secs(1),
            slow_handshake: Duration::from_secs(2),
            lost_results_permille: 10,
            repeated_screens_permille: 100,
        }
    }
}
