//! An app with a real socket.
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::app::{App, AppConfig, Link};
use crate::dialect::Upgrade;
use crate::error::SimError;
use crate::link::{self, Socket, Target};
use crate::time::{millis, now_ms};

/// The app's own limit for connecting, reading the answer and writing.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The reason with which a host test ends.
const HOST_TEST: &str = "接口测试成功";

/// Where an app connects to.
#[derive(Debug, Clone)]
pub struct WorktoolPhoneConfig {
    /// `http://host:port` of the server, with an optional prefix.
    pub url: String,
    pub app: AppConfig,
}

/// A running app; dropping it ends it without a close frame.
#[derive(Debug)]
pub struct WorktoolPhone {
    app: Arc<Mutex<App>>,
    /// Somebody did something on the phone.
    changed: Arc<Notify>,
    /// The app did something.
    progress: Arc<Notify>,
    /// Raised to have the connection dropped.
    cuts: watch::Sender<u64>,
    is_away: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl WorktoolPhone {
    /// Starts the app's service.
    pub fn start(config: WorktoolPhoneConfig) -> Result<Self, SimError> {
        let target = Target { base: link::parse_base(&config.url)?, source: None };
        let upgrade = upgrade(&config.app.link_id);
        let start = Instant::now();
        let app = Arc::new(Mutex::new(App::new(config.app, 0)));
        let (changed, progress) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (cuts, cut) = watch::channel(0);
        let (is_away, away) = watch::channel(false);
        let task = Task {
            app: Arc::clone(&app),
            changed: Arc::clone(&changed),
            progress: Arc::clone(&progress),
            target,
            upgrade,
            start,
            cut,
            away,
        };
        Ok(Self { app, changed, progress, cuts, is_away, task: tokio::spawn(task.run()) })
    }

    /// Looks at the app or does something on the phone.
    pub fn with<T>(&self, work: impl FnOnce(&mut App) -> T) -> T {
        let done = work(&mut self.app.lock());
        self.changed.notify_one();
        done
    }

    /// Waits until something is true of the app.
    pub async fn wait(
        &self,
        deadline: Duration,
        wanted: &str,
        is_so: impl Fn(&App) -> bool,
    ) -> Result<(), SimError> {
        let until = Instant::now() + deadline;
        loop {
            let progress = self.progress.notified();
            tokio::pin!(progress);
            progress.as_mut().enable();
            if is_so(&self.app.lock()) {
                return Ok(());
            }
            if timeout_at(until, progress).await.is_err() {
                return Err(SimError::Deadline { wanted: wanted.to_owned(), after_ms: millis(deadline) });
            }
        }
    }

    /// Drops the connection; the app comes back with its next beat.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Keeps it from connecting, or lets it.
    pub fn stay_away(&self, is_away: bool) {
        self.is_away.send_replace(is_away);
        if is_away {
            self.cut();
        }
    }
}

impl Drop for WorktoolPhone {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The short connection of the app's settings: waits for the first frame and closes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostTest {
    /// What the server sent first.
    pub first: String,
}

impl HostTest {
    /// Opens it; the link id may be empty.
    pub async fn run(url: &str, link_id: &str) -> Result<Self, SimError> {
        let target = Target { base: link::parse_base(url)?, source: None };
        let mut socket = link::open(&target, &upgrade(link_id), HANDSHAKE).await?;
        let first = timeout(HANDSHAKE, socket.next()).await;
        let first = match first {
            Ok(Some(Ok(Message::Text(text)))) => text.to_string(),
            other => {
                return Err(SimError::Unexpected { wanted: "first frame".into(), got: format!("{other:?}") });
            }
        };
        let close = CloseFrame { code: 1000.into(), reason: HOST_TEST.into() };
        socket.close(Some(close)).await.map_err(|error| SimError::Lost(error.to_string()))?;
        Ok(Self { first })
    }
}

fn upgrade(link_id: &str) -> Upgrade {
    Upgrade {
        target: format!("/webserver/wework/{link_id}"),
        headers: vec![("User-Agent".into(), "okhttp/3.14.9".into())],
    }
}

struct Task {
    app: Arc<Mutex<App>>,
    changed: Arc<Notify>,
    progress: Arc<Notify>,
    target: Target,
    upgrade: Upgrade,
    start: Instant,
    cut: watch::Receiver<u64>,
    away: watch::Receiver<bool>,
}

impl Task {
    async fn run(mut self) {
        loop {
            let wake = self.tick();
            if self.app.lock().link() == Link::Connecting {
                self.cut.mark_unchanged();
                let opened = if *self.away.borrow() {
                    Err(SimError::Lost("stays away".into()))
                } else {
                    link::open(&self.target, &self.upgrade, HANDSHAKE).await
                };
                match opened {
                    Ok(socket) => {
                        self.app.lock().opened();
                        if let Err(error) = self.converse(socket).await {
                            log::debug!("the app's connection ended: {error}");
                        }
                    }
                    Err(error) => log::debug!("the app could not connect: {error}"),
                }
                self.app.lock().closed();
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// Lets the app do what is due; when it wants to be asked again.
    fn tick(&self) -> Instant {
        let mut app = self.app.lock();
        // Its clock begins at 0; only the clock frame shows wall time.
        app.tick(millis(self.start.elapsed()));
        self.progress.notify_waiters();
        self.start + Duration::from_millis(app.next_tick_ms())
    }

    async fn converse(&mut self, socket: Socket) -> Result<(), SimError> {
        let lost = |error: tokio_tungstenite::tungstenite::Error| SimError::Lost(error.to_string());
        let (mut sink, mut stream) = socket.split();
        loop {
            let wake = self.tick();
            while let Some(frame) = { self.app.lock().take_frame() } {
                sink.send(Message::text(frame)).await.map_err(lost)?;
            }
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.changed.notified() => {}
                _ = self.cut.changed() => return Ok(()),
                read = stream.next() => match read {
                    Some(Ok(Message::Text(text))) => {
                        log::trace!(at_ms = now_ms(); "frame for the app");
                        self.app.lock().frame(text.as_str(), millis(self.start.elapsed()));
                    }
                    // A close is echoed by the library; then the stream ends.
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Err(lost(error)),
                    None => return Ok(()),
                },
            }
        }
    }
}
