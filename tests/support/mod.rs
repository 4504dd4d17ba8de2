//! What scenarios stand on: databases, the real program, typed clients.
pub mod app_socket;
pub mod database;
pub mod instance;
pub mod mail;
pub mod program;
pub mod proxy;
pub mod server;
pub mod socket;
pub mod wire;

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Asks again and again until there is an answer; for what the server does not tell by itself.
pub async fn until<T>(deadline: Duration, wanted: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_millis(5);
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "in vain for {deadline:?}: {wanted}");
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}
