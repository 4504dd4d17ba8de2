//! An app with a real socket.
use std::fmt;
use std::net::Ipv4Addr;
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
use super::witness::{Proofs, Witness};
use crate::dialect::Upgrade;
use crate::error::SimError;
use crate::link::{self, Socket, Target};
use crate::random::Random;
use crate::time::{millis, now_ms};

/// The app's own limit for connecting, reading the answer and writing.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The reason with which a host test ends.
const HOST_TEST: &str = "接口测试成功";

/// Where an app connects to.
#[derive(Clone)]
pub struct WorktoolPhoneConfig {
    /// `http://host:port` of the server, with an optional prefix.
    pub url: String,
    pub app: AppConfig,
    /// Local address to connect from.
    pub source: Option<Ipv4Addr>,
    /// Handshakes take up to so long; beats queue up meanwhile and arrive in one burst.
    pub slow_handshake: Option<Duration>,
    /// Who keeps the books.
    pub witness: Option<Arc<dyn Witness>>,
}

impl WorktoolPhoneConfig {
    /// An app that connects at once and that nobody watches.
    pub fn new(url: impl Into<String>, app: AppConfig) -> Self {
        Self { url: url.into(), app, source: None, slow_handshake: None, witness: None }
    }
}

impl fmt::Debug for WorktoolPhoneConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("WorktoolPhoneConfig").field("url", &self.url).finish_non_exhaustive()
    }
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
        let target = Target { base: link::parse_base(&config.url)?, source: config.source };
        let upgrade = upgrade(&config.app.link_id);
        let start = Instant::now();
        let (link_id, random) = (config.app.link_id.clone(), Random::new(config.app.seed));
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
            link_id,
            random,
            slow_handshake: config.slow_handshake,
            proofs: Proofs::default(),
            witness: config.witness,
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
    link_id: String,
    random: Random,
    slow_handshake: Option<Duration>,
    proofs: Proofs,
    witness: Option<Arc<dyn Witness>>,
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
                    self.dawdle().await;
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
                self.proofs.lose();
                self.app.lock().closed();
                continue;
            }
            tokio::select! {
                () = tokio::time::sleep_until(wake) => {}
                () = self.changed.notified() => {}
            }
        }
    }

    /// The beats go on meanwhile.
    async fn dawdle(&mut self) {
        let Some(longest) = self.slow_handshake else { return };
        let until = Instant::now() + self.random.between(Duration::ZERO, longest);
        while Instant::now() < until {
            let wake = self.tick();
            tokio::time::sleep_until(wake.min(until)).await;
        }
    }

    /// Lets the app do what is due; when it wants to be asked again.
    fn tick(&self) -> Instant {
        let mut app = self.app.lock();
        // Its clock begins at 0; only the clock frame shows wall time.
        app.tick(millis(self.start.elapsed()));
        if let Some(witness) = &self.witness {
            for event in app.take_events() {
                self.proofs.happened(&event, &self.link_id, witness.as_ref());
            }
        }
        self.progress.notify_waiters();
        self.start + Duration::from_millis(app.next_tick_ms())
    }

    async fn converse(&mut self, socket: Socket) -> Result<(), SimError> {
        let lost = |error: tokio_tungstenite::tungstenite::Error| SimError::Lost(error.to_string());
        let (mut sink, mut stream) = socket.split();
        loop {
            let mut wake = self.tick();
            while let Some(frame) = { self.app.lock().take_frame() } {
                sink.send(Message::text(frame.text)).await.map_err(lost)?;
                if self.witness.is_some() {
                    self.proofs.wrote(frame.about, Instant::now());
                }
            }
            if let Some(witness) = &self.witness {
                self.proofs.live(Instant::now(), &self.link_id, witness.as_ref());
                wake = self.proofs.next_at().map_or(wake, |at| at.min(wake));
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
