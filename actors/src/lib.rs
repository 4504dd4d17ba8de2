//! Everything that happens in WorkBot. Knows no HTTP server.
//!
//! The tree ([`supervisor::tree`]); what is not a permanent actor is born again by the next connect or delivery:
//!
//! ```text
//! root (Tree) ─ an actor that ends too often ends the process
//! ├─ journal   core   the single writer
//! ├─ router    core   events in, messages out; writes the directory
//! │  ├─ delivery …  work   one a callback endpoint, started by its first delivery
//! │  ├─ cloud_robot … io   one a robot on a hosted platform, kept by the sweep
//! │  ├─ session …   work   one a conversation, started by its first message
//! │  └─ robot …     HTTP   one a socket, started by its upgrade
//! ├─ sweep     core   once a second: due, silent, forgotten, changed elsewhere
//! ├─ janitor   io     checkpoints, retention
//! ├─ alert     io     rules over everything that happens, notifications
//! └─ providers io     models and rules as the store has them
//!    └─ provider …    io     one a model
//! ```
//!
//! The flow: everything is first a committed write; its events then go, in commit order, to the router and the listeners.
//!
//! ```text
//!  phone ⇄ robot ──────write──────▶ journal ═══events═══▶ router ──wake──▶ robot ──claim──▶ journal
//!  edge ─ services ────write──────▶    ║                    │ ▲
//!                                      ╚═══▶ listeners      │ └── LoadRobot, Attach, Detach, LookAfter
//!                                                           ├─Arrive─▶ session (flow) ──asks──▶ providers ─▶ models
//!                                                           │             └─ one write: run, reply, alert ─▶ journal
//!  directory ◀── read by everybody, written by the router ──┤
//!                                                           └─Deliver─▶ delivery ─▶ third party
//!  sweep ─ due rows ─▶ journal · late deliveries ─▶ delivery · silence ─▶ router · presence ─▶ journal
//! ```
//!
//! State is in the store and wake-ups are hints: whatever a mailbox loses, the sweep finds.
pub mod alert;
pub mod cloud;
pub mod debugger;
pub mod delivery;
mod ending;
pub mod flow;
pub mod janitor;
pub mod journal;
pub mod kernel;
pub mod monitor;
pub mod persona;
pub mod preset;
#[cfg(test)]
mod preset_tests;
pub mod provider;
pub mod robot;
pub mod session;
pub mod sms;
pub mod supervisor;
pub mod template;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use alert::channels::ChannelTools;
use alert::{AlertActor, AlertParts, Alerts, RuleBook};
use cloud::gate::Gate;
use cloud::{CloudCalls, CloudParts, CloudSettings};
use delivery::http_client::HttpClient;
use delivery::{DeliveryParts, DeliverySettings, EndpointBoard};
use janitor::{JanitorActor, JanitorCounters, JanitorParts, RetentionPolicy};
use journal::{JournalActor, JournalHandle, JournalLimits, JournalParts, Published};
use kernel::{ActorRef, Ended, Kernel, Offload, Postbox};
use monitor::{MonitorActor, MonitorFeed};
use provider::{DeskActor, ProviderSettings, Providers, ProvidersParts, Reread};
use robot::login::{Attach, Detach};
use session::{Library, SessionHandle, SessionParts, SessionSettings};
use supervisor::cloud::CloudRobots;
use supervisor::directory::{self, Directory, DirectoryWriter, LimitRates};
use supervisor::endpoints::Endpoints;
use supervisor::root::Root;
use supervisor::router::{ResumeCallbacks, RouterActor, RouterCounters, RouterParts};
use supervisor::sessions::Sessions;
use supervisor::sweep::{SweepActor, SweepCounters, SweepParts, SweepSettings};
use supervisor::tree;
use tokio::sync::watch;
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::store::Db;
use workbot_schema::store::files::FileStore;

/// Threads that parse large answers of models, and how many answers may wait for one.
const PARSERS: (usize, usize) = (2, 256);

/// How the tree behaves.
#[derive(Clone)]
pub struct TreeSettings {
    /// Bounds of the journal.
    pub journal: JournalLimits,
    /// Rates of robots.
    pub rates: LimitRates,
    /// Presence, debounce and result time-outs.
    pub sweep: SweepSettings,
    /// Callbacks.
    pub delivery: DeliverySettings,
    /// How models are called.
    pub providers: ProviderSettings,
    /// Hosted platforms.
    pub cloud: CloudSettings,
    /// Conversations.
    pub sessions: SessionSettings,
    /// How long things are kept.
    pub retention: RetentionPolicy,
}

/// What the tree is made of.
pub struct TreeParts {
    /// Clock, registry and threads.
    pub kernel: Kernel,
    /// The open, migrated database.
    pub db: Db,
    /// Pictures.
    pub files: FileStore,
    /// Their folder, for the janitor.
    pub files_folder: Option<PathBuf>,
    /// Opens secrets of robots.
    pub sealer: Arc<Sealer>,
    /// The way to third parties.
    pub http: HttpClient,
    /// Alert rules and channels, loaded.
    pub rules: RuleBook,
    /// Personas and flows, as far as they are read.
    pub library: Library,
    /// Who else hears of committed writes; one that is full misses them.
    pub listeners: Vec<Postbox<Published>>,
    /// How it behaves.
    pub settings: TreeSettings,
}

/// The running tree: the handles others need, and the way to stop it.
pub struct Tree {
    /// Clock, registry and threads.
    pub kernel: Kernel,
    /// The only way to write.
    pub journal: JournalHandle,
    /// Every robot in memory.
    pub directory: Directory,
    /// Callback endpoints and their health.
    pub endpoints: Endpoints,
    /// Live events and figures.
    pub monitor: MonitorFeed,
    /// Calls to hosted platforms under way.
    pub cloud_calls: CloudCalls,
    /// The way to third parties.
    pub http: HttpClient,
    /// The way to the models.
    pub providers: Providers,
    /// Conversations.
    pub sessions: Sessions,
    /// Personas and flows.
    pub library: Library,
    /// Counters of the router.
    pub router_counters: Arc<RouterCounters>,
    /// Counters of the sweep.
    pub sweep_counters: Arc<SweepCounters>,
    /// Counters of the janitor.
    pub janitor_counters: Arc<JanitorCounters>,
    /// Alert rules, notification channels and their counters.
    pub alerts: Alerts,
    cloud: CloudRobots,
    db: Db,
    router: ActorRef<RouterActor>,
    sweep: ActorRef<SweepActor>,
    janitor: ActorRef<JanitorActor>,
    alert: ActorRef<AlertActor>,
    desk: ActorRef<DeskActor>,
    writer: ActorRef<JournalActor>,
    watcher: ActorRef<MonitorActor>,
    is_stopping: Arc<AtomicBool>,
    fatal: watch::Sender<Option<Ended>>,
}

impl Tree {
    /// Starts every permanent actor: router (it takes events from the first one on), journal, sweep, janitor. Panics outside
    /// an actix system.
    pub fn start(parts: TreeParts) -> Self {
        let TreeParts {
            kernel,
            db,
            files,
            files_folder,
            sealer,
            http,
            library,
            rules,
            mut listeners,
            settings,
        } = parts;
        let journal = JournalHandle::new(settings.journal, kernel.clock.clone());
        let writer = DirectoryWriter::new(settings.rates);
        let board = EndpointBoard::new();
        let endpoints = Endpoints::new(kernel.clone(), board.clone());
        let is_stopping = Arc::new(AtomicBool::new(false));
        let root = Root::new(kernel.clone());

        let sessions = Sessions::new(kernel.clone(), settings.sessions.max_resident);
        let router_counters = Arc::new(RouterCounters::default());
        let router_parts = RouterParts {
            clock: kernel.clock.clone(),
            db: db.clone(),
            journal: journal.clone(),
            directory: writer.clone(),
            endpoints: endpoints.clone(),
            sessions: sessions.clone(),
            library: library.clone(),
            takeover_idle: settings.sessions.core.takeover_idle,
            is_stopping: Arc::clone(&is_stopping),
            counters: Arc::clone(&router_counters),
        };
        let router = root.start(&tree::ROUTER, move |stats| RouterActor::new(router_parts.clone(), stats));
        let directory = directory::open(Postbox::new(router.clone()), &writer);
        let cloud_calls = CloudCalls::default();
        let cloud = CloudRobots::new(kernel.clone());
        cloud.equip(CloudParts {
            clock: kernel.clock.clone(),
            journal: journal.clone(),
            db: db.clone(),
            files: files.clone(),
            http: http.clone(),
            sealer: Arc::clone(&sealer),
            attach: Postbox::new(router.clone()),
            detach: Postbox::new(router.clone()),
            gate: Arc::new(Gate::new(settings.cloud.per_minute)),
            calls: cloud_calls.clone(),
            settings: settings.cloud,
        });
        endpoints.equip(DeliveryParts {
            clock: kernel.clock.clone(),
            journal: journal.clone(),
            db: db.clone(),
            directory: directory.clone(),
            http: http.clone(),
            files: files.clone(),
            sealer: Arc::clone(&sealer),
            board,
            router: Postbox::new(router.clone()),
            settings: Arc::new(settings.delivery),
        });

        let clock = kernel.clock.clone();
        let opener = Arc::clone(&sealer);
        let tools = ChannelTools { clock, http: http.clone(), directory: directory.clone(), sealer: opener };
        let alert_parts =
            AlertParts::new(db.clone(), journal.clone(), rules.clone(), tools, Arc::clone(&is_stopping));
        let alerts = alert_parts.handle();
        let alert = root.start(&tree::ALERT, move |stats| AlertActor::new(alert_parts.clone(), stats));
        listeners.push(Postbox::new(alert.clone()));
        // Before the journal, so that it hears of every change.
        let (providers, desk_parts) = provider::open(ProvidersParts {
            kernel: kernel.clone(),
            db: db.clone(),
            journal: journal.clone(),
            http: http.clone(),
            offload: Offload::new(PARSERS.0, PARSERS.1),
            sealer,
            rules: provider::preset_rules(),
            settings: settings.providers,
        });
        let desk = root.start(&tree::PROVIDERS, move |stats| DeskActor::new(desk_parts.clone(), stats));
        listeners.push(Postbox::new(desk.clone()));
        sessions.equip(SessionParts {
            clock: kernel.clock.clone(),
            db: db.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            files,
            providers: providers.clone(),
            library: library.clone(),
            rules: rules.clone(),
            router: Postbox::new(router.clone()),
            settings: Arc::new(settings.sessions),
            is_stopping: Arc::clone(&is_stopping),
            counters: Arc::clone(sessions.counters()),
        });

        let feed = MonitorFeed::new(journal.clone(), kernel.clock.clone());
        let monitor_feed = feed.clone();
        let monitor = root.start(&monitor::SPEC, move |_stats| MonitorActor::new(monitor_feed.clone()));
        listeners.push(Postbox::new(monitor.clone()));
        let journal_parts = JournalParts {
            db: db.clone(),
            handle: journal.clone(),
            timeouts: settings.sweep.timeouts,
            router: Postbox::new(router.clone()),
            listeners: Arc::from(listeners),
        };
        let writer = root.start(&tree::JOURNAL, move |stats| JournalActor::new(journal_parts.clone(), stats));

        let sweep_counters = Arc::new(SweepCounters::default());
        let sweep_parts = SweepParts {
            clock: kernel.clock.clone(),
            db: db.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            router: router.clone(),
            endpoints: endpoints.clone(),
            cloud: cloud.clone(),
            library: library.clone(),
            takeover_idle: settings.sessions.core.takeover_idle,
            settings: settings.sweep,
            is_stopping: Arc::clone(&is_stopping),
            started_at: Ts::new(kernel.clock.now()),
            counters: Arc::clone(&sweep_counters),
        };
        let sweep = root.start(&tree::SWEEP, move |stats| SweepActor::new(sweep_parts.clone(), stats));

        let janitor_counters = Arc::new(JanitorCounters::default());
        let janitor_parts = JanitorParts {
            clock: kernel.clock.clone(),
            db: db.clone(),
            journal: journal.clone(),
            files: files_folder,
            policy: settings.retention,
            counters: Arc::clone(&janitor_counters),
        };
        let janitor =
            root.start(&tree::JANITOR, move |stats| JanitorActor::new(janitor_parts.clone(), stats));

        Self {
            kernel,
            journal,
            directory,
            endpoints,
            monitor: feed,
            cloud,
            cloud_calls,
            http,
            providers,
            sessions,
            library,
            router_counters,
            sweep_counters,
            janitor_counters,
            alerts,
            db,
            router,
            sweep,
            janitor,
            alert,
            watcher: monitor,
            desk,
            writer,
            is_stopping,
            fatal: root.fatal,
        }
    }

    /// Where sockets ask for their robots; an answer takes ≤ 2 s.
    pub fn attach(&self) -> Postbox<Attach> {
        Postbox::new(self.router.clone())
    }

    /// Where sockets give their robots back.
    pub fn detach(&self) -> Postbox<Detach> {
        Postbox::new(self.router.clone())
    }

    /// The way to conversations, for people.
    pub fn conversations(&self) -> SessionHandle {
        SessionHandle::new(Postbox::new(self.router.clone()), Postbox::new(self.router.clone()))
    }

    /// Where changed models and templates are read at once; an answer takes ≤ 2 s.
    pub fn reread_models(&self) -> Postbox<Reread> {
        Postbox::new(self.desk.clone())
    }

    /// Where paused endpoints are resumed.
    pub fn resume_callbacks(&self) -> Postbox<ResumeCallbacks> {
        Postbox::new(self.router.clone())
    }

    /// Whether the server is about to stop.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Acquire)
    }

    /// Resolves when a permanent actor has ended too often: the process must end with an error.
    pub fn fatal(&self) -> impl Future<Output = Ended> + Send + use<> {
        let mut fatal = self.fatal.subscribe();
        async move {
            loop {
                if let Some(ended) = fatal.borrow_and_update().clone() {
                    return ended;
                }
                if fatal.changed().await.is_err() {
                    // The tree was dropped on purpose.
                    return std::future::pending().await;
                }
            }
        }
    }
}
