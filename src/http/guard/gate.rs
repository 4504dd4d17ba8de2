//! The gate: closed while starting and while draining; then only `/healthz` is answered.
use std::sync::atomic::{AtomicU8, Ordering};

use crate::http::error::{ApiError, ApiResult};

/// Where the server is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateState {
    /// Opening the store, migrating, starting actors.
    Starting,
    /// Serving.
    Open,
    /// About to stop.
    Draining,
}

/// One for a process. `Starting` → `Open` → `Draining`, never back.
#[derive(Debug, Default)]
pub struct Gate(AtomicU8);

impl Gate {
    /// Serves from now on, unless draining has begun.
    pub fn open(&self) {
        if self.0.compare_exchange(0, 1, Ordering::AcqRel, Ordering::Acquire).is_err() {
            log::info!("the gate stays as it is: it was opened before, or draining has begun");
        }
    }

    /// Serves no more.
    pub fn drain(&self) {
        self.0.store(2, Ordering::Release);
    }

    /// Where it is.
    pub fn state(&self) -> GateState {
        match self.0.load(Ordering::Acquire) {
            0 => GateState::Starting,
            1 => GateState::Open,
            _ => GateState::Draining,
        }
    }

    /// 503 unless open.
    pub fn pass(&self) -> ApiResult<()> {
        match self.state() {
            GateState::Open => Ok(()),
            GateState::Starting => Err(ApiError::Unavailable("starting".to_owned())),
            GateState::Draining => Err(ApiError::Unavailable("draining".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn never_opens_again() {
        let gate = Gate::default();
        assert!(gate.pass().is_err());
        gate.open();
        assert!(gate.pass().is_ok());
        gate.drain();
        gate.open();
        assert_eq!(gate.state(), GateState::Draining);
    }
}
