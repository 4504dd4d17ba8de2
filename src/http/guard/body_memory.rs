//! All request bodies together: bounded, so that many large ones cannot exhaust the memory.
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workbot_actors::kernel::INLINE_BYTES;

use super::counters::EdgeCounters;
use crate::http::error::{ApiError, ApiResult};

const UNIT: usize = 1_024;

/// Memory for bodies; small ones (≤ 64 KiB) are bounded by the number of connections instead.
pub struct BodyMemory {
    units: Arc<Semaphore>,
    counters: Arc<EdgeCounters>,
}

impl BodyMemory {
    /// Room for `bytes`.
    pub fn new(bytes: usize, counters: Arc<EdgeCounters>) -> Self {
        Self { units: Arc::new(Semaphore::new((bytes / UNIT).min(Semaphore::MAX_PERMITS))), counters }
    }

    /// Reserves room for one body, or 503 when there is none.
    pub fn reserve(&self, bytes: usize) -> ApiResult<Option<OwnedSemaphorePermit>> {
        if bytes <= INLINE_BYTES {
            return Ok(None);
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        match Arc::clone(&self.units).try_acquire_many_owned(units) {
            Ok(permit) => Ok(Some(permit)),
            Err(_none_left) => {
                self.counters.refused_bodies.add(1);
                Err(ApiError::Unavailable("request bodies fill their memory".to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bodies_share_a_bound() {
        let counters = Arc::new(EdgeCounters::default());
        let memory = BodyMemory::new(1 << 20, Arc::clone(&counters));
        let first = memory.reserve(1 << 20).unwrap();
        assert!(memory.reserve(INLINE_BYTES).unwrap().is_none());
        assert!(memory.reserve(INLINE_BYTES + 1).is_err());
        drop(first);
        assert!(memory.reserve(INLINE_BYTES + 1).unwrap().is_some());
        assert_eq!(counters.refused_bodies.get(), 1);
    }
}
