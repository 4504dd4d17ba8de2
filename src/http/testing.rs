//! A whole server in the process of a test: a real database in a temporary folder, a real tree, the real routes.
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::test;
use serde_json::Value;
use workbot_actors::alert::RuleBook;
use workbot_actors::delivery::DeliverySettings;
use workbot_actors::delivery::address_policy::AddressPolicy;
use workbot_actors::delivery::http_client::HttpClient;
use workbot_actors::janitor::RetentionPolicy;
use workbot_actors::journal::JournalLimits;
use workbot_actors::kernel::{Arbiters, Clock, Kernel, Offload};
use workbot_actors::provider::ProviderSettings;
use workbot_actors::session::{Library, SessionSettings};
use workbot_actors::supervisor::directory::LimitRates;
use workbot_actors::supervisor::sweep::SweepSettings;
use workbot_actors::{Tree, TreeParts, TreeSettings};
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::UserId;
use workbot_schema::store::files::FileStore;
use workbot_schema::store::{Db, StoreOptions, migrate};
use workbot_schema::users::{self, Role, User};

use super::services::Services;
use super::state::{AppState, Edge, State};
use crate::settings::tests::TemporaryFolder;
use crate::settings::{Secret, Settings};

/// A running server without a socket.
pub(crate) struct TestServer {
    pub(crate) edge: Edge,
    pub(crate) state: State,
    tree: Tree,
    _folder: TemporaryFolder,
}

/// An answer, read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    pub(crate) fn data(&self) -> &Value {
        &self.body["data"]
    }
}

impl TestServer {
    /// Starts with the settings as they are by default, changed by `change`.
    pub(crate) async fn start(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = TemporaryFolder::new();
        let mut settings = Settings::default();
        change(&mut settings);
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        let db = Db::open(&StoreOptions::new(url)).await.unwrap();
        migrate::up(&db).await.unwrap();
        let kernel = Kernel::new(Clock::system(), Arbiters::current());
        let sealer = Arc::new(Sealer::new(&[7; 32]).unwrap());
        let files = FileStore::new(folder.path().join("files"));
        let secs = Duration::from_secs;
        let tree = Tree::start(TreeParts {
            kernel: kernel.clone(),
            db: db.clone(),
            files: files.clone(),
            files_folder: None,
            sealer: Arc::clone(&sealer),
            http: HttpClient::new(AddressPolicy { allow_private: true }).unwrap(),
            rules: RuleBook::load(&db).await.unwrap(),
            library: Library::new().unwrap(),
            listeners: Vec::new(),
            settings: TreeSettings {
                journal: JournalLimits::default(),
                rates: LimitRates {
                    is_enabled: settings.limits.enabled,
                    requests_per_minute: settings.limits.robot_per_minute,
                    inbound_per_minute: settings.limits.robot_inbound_per_minute,
                    connects_per_minute: settings.limits.connects_per_minute,
                },
                sweep: SweepSettings {
                    native_offline: secs(30),
                    worktool_offline: secs(15),
                    cloud_offline: secs(300),
                    event_debounce: secs(10),
                    timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
                },
                delivery: DeliverySettings::default(),
                providers: ProviderSettings::default(),
                cloud: workbot_actors::cloud::CloudSettings::default(),
                sessions: SessionSettings::default(),
                retention: RetentionPolicy {
                    message_days: 30,
                    command_days: 30,
                    delivery_days: 30,
                    log_days: 30,
                    ai_days: 30,
                    alert_days: 30,
                    audit_days: 30,
                    deleted_robot_days: 30,
                    interval: secs(3_600),
                },
            },
        });
        let settings = Arc::new(settings);
        let edge = Edge::new(Arc::clone(&settings), kernel.clock.clone());
        let services = Services::of_tree(&tree, &settings, db, files, sealer, Offload::new(2, 16));
        edge.open(AppState::new(&edge, services, &Secret::new("s".repeat(32))));
        let state = edge.state().unwrap();
        Self { edge, state, tree, _folder: folder }
    }

    /// Ends all actors.
    pub(crate) async fn stop(self) {
        let Self { edge, state, tree, _folder } = self;
        drop((edge, state));
        tree.stop().await;
    }

    /// A person with a role, and a token of theirs.
    pub(crate) async fn user(&self, phone: &str, role: Role) -> (UserId, String) {
        let now = self.state.now();
        let user = User::new(phone.to_owned(), role, now);
        let (user, _is_new) = users::ensure(&self.state.db, user).await.unwrap();
        let token = self.state.tokens.user(&user.id, user.token_epoch, 3_600, now).unwrap().token;
        (user.id, token)
    }

    /// Sends a request through the whole application.
    pub(crate) async fn send(&self, request: test::TestRequest) -> Answer {
        let service = test::init_service(super::app(self.edge.clone())).await;
        let response: ServiceResponse<BoxBody> = service.call(request.to_request()).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = test::read_body(response).await;
        Answer { status, headers, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
    }

    /// POST of JSON, with a bearer credential when there is one.
    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: Value) -> Answer {
        let mut request = test::TestRequest::post().uri(path).set_json(body);
        if let Some(token) = token {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        self.send(request).await
    }

    /// GET, with a bearer credential when there is one.
    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        let mut request = test::TestRequest::get().uri(path);
        if let Some(token) = token {
            request = request.insert_header(("Authorization", format!("Bearer {token}")));
        }
        self.send(request).await
    }
}
