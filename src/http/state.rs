//! What handlers share. The edge exists before everything else: it answers 503 until the state is there.
use std::future::{Ready, ready};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use workbot_actors::alert::Alerts;
use workbot_actors::cloud::CloudCalls;
use workbot_actors::delivery::address_policy::AddressPolicy;
use workbot_actors::delivery::http_client::HttpClient;
use workbot_actors::journal::JournalHandle;
use workbot_actors::kernel::{Clock, Offload, Postbox, Registry};
use workbot_actors::monitor::MonitorFeed;
use workbot_actors::provider::{Providers, Reread};
use workbot_actors::robot::command_service::CommandService;
use workbot_actors::robot::core::CoreSettings;
use workbot_actors::robot::frames::{FrameLimits, InboundBudget};
use workbot_actors::robot::login::{Attach, Detach};
use workbot_actors::robot::message_service::MessageService;
use workbot_actors::robot::pacing::WindowLimit;
use workbot_actors::robot::socket::{SocketCounters, SocketParts};
use workbot_actors::robot::worktool_socket::PhoneMemory;
use workbot_actors::session::{Library, SessionHandle};
use workbot_actors::supervisor::directory::Directory;
use workbot_actors::supervisor::endpoints::Endpoints;
use workbot_actors::supervisor::router::ResumeCallbacks;
use workbot_actors::supervisor::tree::ROUTER_ID;
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::store::Db;
use workbot_schema::store::files::FileStore;

use super::auth::{KeyCache, KeyUses, Tokens, UserCache};
use super::error::{ApiError, ApiResult};
use super::guard::body_memory::BodyMemory;
use super::guard::counters::EdgeCounters;
use super::guard::failure_limit::{FailureLimit, UNKNOWN_LINKS};
use super::guard::gate::Gate;
use super::guard::idempotency::Idempotency;
use super::guard::keyed_buckets::KeyedBuckets;
use super::guard::sockets::SocketLimits;
use super::ops::metrics::Collect;
use super::robots::rotation::Rotations;
use super::services::Services;
use super::users::logins::Logins;
use crate::settings::{Secret, Settings};

/// Most addresses, codes or users a limit remembers.
const KEYS_MAX: usize = 50_000;

/// What exists from the first moment on: settings, gate, counters, and the place where the state will be. Clone freely.
#[derive(Clone)]
pub struct Edge(Arc<EdgeParts>);

struct EdgeParts {
    settings: Arc<Settings>,
    clock: Clock,
    gate: Gate,
    counters: Arc<EdgeCounters>,
    sockets: SocketLimits,
    body_memory: BodyMemory,
    state: OnceLock<State>,
}

impl Edge {
    /// A closed edge.
    pub fn new(settings: Arc<Settings>, clock: Clock) -> Self {
        let counters = Arc::new(EdgeCounters::default());
        let limits = &settings.limits;
        Self(Arc::new(EdgeParts {
            clock,
            gate: Gate::default(),
            sockets: SocketLimits::new(limits.connections_per_ip, limits.unregistered_connections_per_ip),
            body_memory: BodyMemory::new(limits.inbound_bytes, Arc::clone(&counters)),
            counters,
            state: OnceLock::new(),
            settings,
        }))
    }

    /// The edge of a request.
    pub fn of(request: &HttpRequest) -> ApiResult<Self> {
        request
            .app_data::<Self>()
            .cloned()
            .ok_or_else(|| ApiError::Internal("the application was built without its edge".to_owned()))
    }

    /// All settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The clock of the process.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The gate.
    pub fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// The counters.
    pub fn counters(&self) -> &EdgeCounters {
        &self.0.counters
    }

    /// The limits on open sockets.
    pub fn sockets(&self) -> &SocketLimits {
        &self.0.sockets
    }

    /// The memory of large bodies.
    pub fn body_memory(&self) -> &BodyMemory {
        &self.0.body_memory
    }

    /// The state, or 503 while starting.
    pub fn state(&self) -> ApiResult<State> {
        self.0.state.get().cloned().ok_or_else(|| ApiError::Unavailable("starting".to_owned()))
    }

    /// Puts the state in place and opens the gate. A second state is ignored.
    pub fn open(&self, state: AppState) {
        if self.0.state.set(State(Arc::new(state))).is_err() {
            log::error!("the edge was opened twice; the second state is ignored");
        }
        self.0.gate.open();
    }
}

/// What handlers work with.
pub struct AppState {
    /// All settings.
    pub settings: Arc<Settings>,
    /// The clock of the process.
    pub clock: Clock,
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
    /// Signs and checks tokens.
    pub tokens: Tokens,
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
    /// What every robot socket is made with.
    pub robot_sockets: Arc<SocketParts>,
    /// Which addresses of users WorkBot calls.
    pub addresses: AddressPolicy,
    /// Platform keys, remembered for ≤ 5 s.
    pub keys: KeyCache,
    /// When their use was noted last.
    pub key_uses: KeyUses,
    /// Users, remembered for ≤ 5 s.
    pub users: UserCache,
    /// Logins of people.
    pub logins: Logins,
    /// What the edge counts.
    pub counters: Arc<EdgeCounters>,
    /// Requests of users.
    pub console_limit: KeyedBuckets,
    /// Exchanges of refresh tokens, by family.
    pub refresh_limit: KeyedBuckets,
    /// Failed activations and verifications by address.
    pub address_failures: FailureLimit<IpAddr>,
    /// Failed activations and verifications by code and address.
    pub code_failures: FailureLimit<(String, IpAddr)>,
    /// Unknown WorkTool link ids by address.
    pub link_failures: FailureLimit<IpAddr>,
    /// Creations under way.
    pub idempotency: Idempotency,
    /// Refresh tokens exchanged a moment ago.
    pub rotations: Rotations,
    /// Further sources of `/metrics`.
    pub metrics: Vec<Arc<dyn Collect>>,
}

impl AppState {
    /// The state over running services; the secret that signs tokens is that of the settings or the data folder.
    pub fn new(edge: &Edge, services: Services, jwt_secret: &Secret) -> Self {
        let settings = Arc::clone(&edge.0.settings);
        let limits = &settings.limits;
        let limited = |most: u32| limits.enabled.then_some(most);
        Self {
            robot_sockets: Arc::new(robot_sockets(edge, &services)),
            clock: edge.clock().clone(),
            db: services.db,
            journal: services.journal,
            directory: services.directory,
            registry: services.registry,
            offload: services.offload,
            files: services.files,
            commands: services.commands,
            messages: services.messages,
            endpoints: services.endpoints,
            monitor: services.monitor,
            cloud_calls: services.cloud_calls,
            http: services.http,
            alerts: services.alerts,
            conversations: services.conversations,
            providers: services.providers,
            reread_models: services.reread_models,
            library: services.library,
            attach: services.attach,
            detach: services.detach,
            resume_callbacks: services.resume_callbacks,
            metrics: services.metrics,
            tokens: Tokens::new(jwt_secret, &settings.tokens),
            addresses: AddressPolicy { allow_private: settings.callbacks.allow_private },
            keys: KeyCache::default(),
            key_uses: KeyUses::default(),
            users: UserCache::default(),
            logins: Logins::new(&settings, jwt_secret, services.sms, KEYS_MAX),
            counters: Arc::clone(&edge.0.counters),
            console_limit: KeyedBuckets::new(limited(limits.console_per_minute), KEYS_MAX),
            refresh_limit: KeyedBuckets::new(limited(limits.robot_inbound_per_minute), KEYS_MAX),
            address_failures: FailureLimit::new(limited(limits.activation_per_ip), KEYS_MAX),
            code_failures: FailureLimit::new(limited(limits.activation_per_code), KEYS_MAX),
            link_failures: FailureLimit::with_rule(
                limited(limits.unknown_links_per_minute.saturating_add(1)),
                KEYS_MAX,
                UNKNOWN_LINKS,
            ),
            idempotency: Idempotency::default(),
            rotations: Rotations::new(Arc::clone(&services.sealer), settings.tokens.rotation_grace_secs),
            sealer: services.sealer,
            settings,
        }
    }

    /// Now, as rows have it.
    pub fn now(&self) -> Ts {
        Ts::new(self.clock.now())
    }
}

/// What may be unconfirmed of one robot.
pub fn window(settings: &Settings) -> WindowLimit {
    WindowLimit {
        commands: u32::try_from(settings.commands.in_flight).unwrap_or(u32::MAX),
        bytes: i64::try_from(settings.commands.in_flight_bytes).unwrap_or(i64::MAX),
    }
}

fn robot_sockets(edge: &Edge, services: &Services) -> SocketParts {
    let settings = edge.settings();
    let (limits, commands) = (&settings.limits, &settings.commands);
    SocketParts {
        journal: services.journal.clone(),
        db: services.db.clone(),
        files: services.files.clone(),
        offload: services.offload.clone(),
        clock: edge.clock().clone(),
        registry: services.registry.clone(),
        messages: services.messages.clone(),
        commands: services.commands.clone(),
        attach: services.attach.clone(),
        detach: services.detach.clone(),
        budget: Arc::new(InboundBudget::new(limits.inbound_bytes)),
        frame_limits: FrameLimits { max_message_bytes: limits.frame_bytes, ..FrameLimits::default() },
        settings: CoreSettings {
            is_forgetful: false,
            window: window(settings),
            bad_frames: usize::try_from(limits.bad_frames_per_minute).unwrap_or(usize::MAX),
            plain_timeout_ms: commands.result_timeout_secs.saturating_mul(1_000),
            file_timeout_ms: commands.file_result_timeout_secs.saturating_mul(1_000),
            heartbeat_interval_ms: settings.presence.heartbeat_interval_ms,
            confirm_timeout_ms: commands.confirm_timeout_ms,
            worktool_unfinished: u32::try_from(commands.worktool_unfinished).unwrap_or(u32::MAX),
        },
        parent: Some(Arc::from(ROUTER_ID)),
        counters: SocketCounters::default(),
        phones: PhoneMemory::default(),
    }
}

/// The state of the server; the extractor answers 503 while it is starting.
#[derive(Clone)]
pub struct State(Arc<AppState>);

impl State {
    /// The state of a request.
    pub fn of(request: &HttpRequest) -> ApiResult<Self> {
        Edge::of(request)?.state()
    }
}

impl Deref for State {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}

impl FromRequest for State {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

impl FromRequest for Edge {
    type Error = ApiError;
    type Future = Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
