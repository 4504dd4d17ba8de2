//! Wall clock and deadlines in the units of the wire.
use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::error::SimError;

/// Milliseconds since the Unix epoch, as frame timestamps carry them.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, millis)
}

/// Whole milliseconds of a duration, saturating.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Whole microseconds of a duration, saturating.
pub fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Waits for `future` at most `deadline`; the error names what was wanted.
pub async fn within<T>(
    deadline: Duration,
    wanted: &str,
    future: impl Future<Output = T>,
) -> Result<T, SimError> {
    tokio::time::timeout(deadline, future).await.map_err(|elapsed| SimError::Deadline {
        wanted: format!("{wanted} ({elapsed})"),
        after_ms: millis(deadline),
    })
}
