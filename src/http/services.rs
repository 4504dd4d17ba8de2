//! What the running tree gives to the edge.
use std::sync::Arc;

use workbot_actors::Tree;
use workbot_actors::alert::Alerts;
use workbot_actors::cloud::CloudCalls;
use workbot_actors::delivery::http_client::HttpClient;
use workbot_actors::journal::JournalHandle;
use workbot_actors::kernel::{Offload, Postbox, Registry};
use workbot_actors::monitor::MonitorFeed;
use workbot_actors::provider::{Providers, Reread};
use workbot_actors::robot::command_service::{CommandLimits, CommandService};
use workbot_actors::robot::login::{Attach, Detach};
use workbot_actors::robot::message_service::MessageService;
use workbot_actors::session::{Library, SessionHandle};
use workbot_actors::sms::SmsSender;
use workbot_actors::supervisor::directory::Directory;
use workbot_actors::supervisor::endpoints::Endpoints;
use workbot_actors::supervisor::router::ResumeCallbacks;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::store::Db;
use workbot_schema::store::files::FileStore;

use super::ops::metrics::Collect;
use super::ops::tree_metrics::TreeMetrics;
use super::state::window;
use super::users::logins::sender;
use crate::settings::Settings;

/// What the services give to the edge.
pub struct Services {
    /// The store, for reads.
    pub db: Db,
    /// All writes.
    pub journal: JournalHandle,
    /// Robots in memory.
    pub directory: Directory,
    /// Living actors.
    pub registry: Registry,
    /// Bounded blocking work.
    pub offload: Offload,
    /// Seals and opens secrets.
    pub sealer: Arc<Sealer>,
    /// Pictures and other large contents.
    pub files: FileStore,
    /// Commands in and out.
    pub commands: CommandService,
    /// Messages in.
    pub messages: MessageService,
    /// Callback endpoints and their health.
    pub endpoints: Endpoints,
    /// Live events and figures.
    pub monitor: MonitorFeed,
    /// Calls to hosted platforms under way.
    pub cloud_calls: CloudCalls,
    /// The way to third parties.
    pub http: HttpClient,
    /// Alert rules and notification channels.
    pub alerts: Alerts,
    /// The way to conversations: takeovers, repeated runs.
    pub conversations: SessionHandle,
    /// The way to the models.
    pub providers: Providers,
    /// Where changed models and templates are read at once.
    pub reread_models: Postbox<Reread>,
    /// Personas and flows.
    pub library: Library,
    /// Where sockets ask for their robots.
    pub attach: Postbox<Attach>,
    /// Where sockets give their robots back.
    pub detach: Postbox<Detach>,
    /// Where paused endpoints are resumed.
    pub resume_callbacks: Postbox<ResumeCallbacks>,
    /// Who sends codes to people who log in.
    pub sms: SmsSender,
    /// Further sources of `/metrics`.
    pub metrics: Vec<Arc<dyn Collect>>,
}

impl Services {
    /// The services over a running tree.
    pub fn of_tree(
        tree: &Tree,
        settings: &Settings,
        db: Db,
        files: FileStore,
        sealer: Arc<Sealer>,
        offload: Offload,
    ) -> Self {
        let clock = tree.kernel.clock.clone();
        let limits = CommandLimits {
            queue_max: i64::try_from(settings.commands.queue_max).unwrap_or(i64::MAX),
            window: window(settings),
        };
        let journal = tree.journal.clone();
        let sms = sender(&settings.sms, &tree.http, &clock);
        Self {
            commands: CommandService::new(journal.clone(), clock.clone(), db.clone(), limits),
            messages: MessageService::new(journal.clone(), clock, files.clone(), offload.clone()),
            directory: tree.directory.clone(),
            registry: tree.kernel.registry.clone(),
            endpoints: tree.endpoints.clone(),
            monitor: tree.monitor.clone(),
            cloud_calls: tree.cloud_calls.clone(),
            http: tree.http.clone(),
            alerts: tree.alerts.clone(),
            conversations: tree.conversations(),
            providers: tree.providers.clone(),
            reread_models: tree.reread_models(),
            library: tree.library.clone(),
            attach: tree.attach(),
            detach: tree.detach(),
            resume_callbacks: tree.resume_callbacks(),
            metrics: vec![Arc::new(TreeMetrics::of(tree))],
            journal,
            sms,
            db,
            files,
            sealer,
            offload,
        }
    }
}
