//! The wish to stop: the first SIGTERM or SIGINT, the end of standard input, or whatever the caller waits for.
use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Resolves at the first SIGTERM or SIGINT from now on; its name. The handlers are in place when this returns.
pub fn on_signal() -> io::Result<impl Future<Output = &'static str>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _signal = terminate.recv() => "SIGTERM",
            _signal = interrupt.recv() => "SIGINT",
        }
    })
}

/// Resolves when the other end of standard input is gone: the program that started this one has ended. What comes in is dropped.
/// A thread waits for it, because nothing can interrupt a read of standard input.
pub async fn on_input_end() -> &'static str {
    let (gone, is_gone) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        if let Err(error) = io::copy(&mut io::stdin(), &mut io::sink()) {
            log::warn!(error:% = error; "standard input cannot be read");
        }
        drop(gone);
    });
    is_gone.await.unwrap_or_default();
    "the end of standard input"
}
