//! A router and a journal over a real SQLite file, a clock that stands still, and phones that only listen.
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use workbot_schema::batch::{self, BatchContext, Outcome, Record};
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::commands::{CommandSource, NewCommand, RobotCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::ids::{CommandId, RobotUuid, SessionId};
use workbot_schema::messages::{Direction, Entrance, SessionMessage};
use workbot_schema::robots::queries::RobotKey;
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::files::FileStore;
use workbot_schema::store::{Db, StoreOptions, migrate};

use super::cloud::CloudRobots;
use super::directory::{self, Directory, DirectoryWriter, LimitRates, RobotEntry};
use super::endpoints::Endpoints;
use super::router::{RouterActor, RouterCounters, RouterParts};
use super::sessions::Sessions;
use super::sweep::{SweepCounters, SweepParts, SweepSettings};
use super::tree;
use crate::alert::RuleBook;
use crate::delivery::address_policy::AddressPolicy;
use crate::delivery::http_client::HttpClient;
use crate::delivery::{DeliveryParts, DeliverySettings, EndpointBoard};
use crate::journal::{JournalActor, JournalHandle, JournalLimits, JournalParts};
use crate::kernel::{ActorRef, Arbiters, Clock, Inbox, Kernel, Offload, Postbox, ask, supervise};
use crate::provider::{self, ProviderSettings, ProvidersParts, Rules};
use crate::robot::login::{Attach, AttachError, Attached, SocketDialect};
use crate::robot::orders::RobotOrder;
use crate::session::burst::BurstRule;
use crate::session::core::CoreRules;
use crate::session::{Library, SessionParts, SessionSettings};

/// Longest wait for anything.
pub const LONG: Duration = Duration::from_secs(30);
/// Result time-outs of the scene.
pub const TIMEOUTS: ResultTimeouts = ResultTimeouts { plain_secs: 120, file_secs: 300 };

/// What the tests stand on.
pub struct Scene {
    pub kernel: Kernel,
    pub db: Db,
    pub journal: JournalHandle,
    pub directory: Directory,
    pub endpoints: Endpoints,
    pub sessions: Sessions,
    pub session_parts: SessionParts,
    pub router: ActorRef<RouterActor>,
    pub counters: Arc<RouterCounters>,
    pub sweep: SweepParts,
    pub folder: PathBuf,
    _journal: ActorRef<JournalActor>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

/// A fresh, migrated database in a folder of its own.
pub async fn database() -> (Db, PathBuf) {
    let folder = std::env::temp_dir().join(format!("workbot-scene-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}", folder.join("workbot.db").display());
    let db = Db::open(&StoreOptions { is_synchronous_full: false, ..StoreOptions::new(url) }).await.unwrap();
    migrate::up(&db).await.unwrap();
    (db, folder)
}

/// Settings as they are in production.
pub fn settings() -> SweepSettings {
    SweepSettings {
        native_offline: Duration::from_secs(30),
        worktool_offline: Duration::from_secs(15),
        cloud_offline: Duration::from_secs(300),
        event_debounce: Duration::from_secs(10),
        timeouts: TIMEOUTS,
    }
}

/// What endpoints are made of; they reach nobody.
pub fn http() -> HttpClient {
    HttpClient::new(AddressPolicy { allow_private: false }).unwrap()
}

impl Scene {
    pub async fn open() -> Self {
        let (db, folder) = database().await;
        let clock = Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let kernel = Kernel::new(clock.clone(), Arbiters::current());
        let journal = JournalHandle::new(JournalLimits::default(), clock.clone());
        let writer = DirectoryWriter::new(LimitRates::default());
        let board = EndpointBoard::new();
        let endpoints = Endpoints::new(kernel.clone(), board.clone());
        let counters = Arc::new(RouterCounters::default());
        let sessions = Sessions::new(kernel.clone(), 100);
        let library = Library::new().unwrap();
        let parts = RouterParts {
            clock: clock.clone(),
            db: db.clone(),
            journal: journal.clone(),
            directory: writer.clone(),
            endpoints: endpoints.clone(),
            sessions: sessions.clone(),
            library: library.clone(),
            takeover_idle: TimeDelta::minutes(30),
            is_stopping: Arc::new(AtomicBool::new(false)),
            counters: Arc::clone(&counters),
        };
        let is_stopping = Arc::clone(&parts.is_stopping);
        let router = supervise(
            &kernel,
            &tree::ROUTER,
            tree::ROUTER_ID,
            None,
            move |_ctx, stats| RouterActor::new(parts.clone(), stats),
            Box::new(drop),
        );
        let directory = directory::open(Postbox::new(router.clone()), &writer);
        endpoints.equip(DeliveryParts {
            clock: clock.clone(),
            journal: journal.clone(),
            db: db.clone(),
            directory: directory.clone(),
            http: http(),
            files: FileStore::new(folder.join("files")),
            sealer: Arc::new(Sealer::new(&[7; 32]).unwrap()),
            board,
            router: Postbox::new(router.clone()),
            settings: Arc::new(DeliverySettings::default()),
        });
        let (providers, _desk) = provider::open(ProvidersParts {
            kernel: kernel.clone(),
            db: db.clone(),
            journal: journal.clone(),
            http: http(),
            offload: Offload::new(1, 16),
            sealer: Arc::new(Sealer::new(&[7; 32]).unwrap()),
            rules: Rules::default(),
            settings: ProviderSettings::default(),
        });
        let settings = SessionSettings::default();
        let burst = BurstRule { quiet: TimeDelta::zero(), max: TimeDelta::zero() };
        let session_parts = SessionParts {
            clock: clock.clone(),
            db: db.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            files: FileStore::new(folder.join("files")),
            providers,
            library: library.clone(),
            rules: RuleBook::default(),
            router: Postbox::new(router.clone()),
            settings: Arc::new(SessionSettings { core: CoreRules { burst, ..settings.core }, ..settings }),
            is_stopping: Arc::clone(&is_stopping),
            counters: Arc::clone(sessions.counters()),
        };
        sessions.equip(session_parts.clone());
        let parts = JournalParts {
            db: db.clone(),
            handle: journal.clone(),
            timeouts: TIMEOUTS,
            router: Postbox::new(router.clone()),
            listeners: Arc::from([]),
        };
        let writer_actor = supervise(
            &kernel,
            &tree::JOURNAL,
            "journal",
            None,
            move |_ctx, stats| JournalActor::new(parts.clone(), stats),
            Box::new(drop),
        );
        let sweep = SweepParts {
            started_at: Ts::new(clock.now()),
            clock,
            db: db.clone(),
            journal: journal.clone(),
            directory: directory.clone(),
            router: router.clone(),
            endpoints: endpoints.clone(),
            cloud: CloudRobots::new(kernel.clone()),
            library,
            takeover_idle: TimeDelta::minutes(30),
            settings: self::settings(),
            is_stopping,
            counters: Arc::new(SweepCounters::default()),
        };
        Self {
            kernel,
            db,
            journal,
            directory,
            endpoints,
            sessions,
            session_parts,
            router,
            counters,
            sweep,
            folder,
            _journal: writer_actor,
        }
    }

    pub fn now(&self) -> Ts {
        Ts::new(self.kernel.clock.now())
    }

    pub fn now_ms(&self) -> u64 {
        self.kernel.clock.monotonic_ms()
    }

    pub fn advance(&self, secs: u64) {
        self.kernel.clock.advance(Duration::from_secs(secs));
    }

    pub async fn write(&self, write: Vec<Record>) -> Vec<Outcome> {
        self.journal.write(write).await.unwrap()
    }

    /// Writes as another process does: nobody here is told.
    pub async fn write_elsewhere(&self, write: Vec<Record>) {
        let first_seq = 500_000_000 + i64::try_from(self.now_ms()).unwrap();
        let context = BatchContext { first_seq, now: self.now(), timeouts: TIMEOUTS };
        for outcome in batch::apply(&self.db, vec![write], context).await.unwrap() {
            outcome.unwrap();
        }
    }

    /// A native robot in the store, as `change` makes it.
    pub async fn stored(&self, change: impl FnOnce(&mut Robot)) -> RobotUuid {
        let mut robot = Robot::new(RobotKind::Native, "甲".to_owned(), None, self.now());
        robot.token_family = Some("family".to_owned());
        change(&mut robot);
        let id = robot.id;
        self.write(vec![Record::Robot(Box::new(robot))]).await;
        id
    }

    /// The same, in memory.
    pub async fn robot(&self, change: impl FnOnce(&mut Robot)) -> Arc<RobotEntry> {
        let id = self.stored(change).await;
        self.directory.get(RobotKey::Uuid(id)).await.unwrap().unwrap()
    }

    pub fn new_command(&self, robot: RobotUuid, id: &str, expires_secs: i64) -> Record {
        Record::Command(Box::new(NewCommand {
            id: CommandId::from(id),
            robot_uuid: robot,
            batch_id: None,
            command_type: 203,
            item: "{}".to_owned(),
            file_name: None,
            size_bytes: 2,
            priority: 0,
            can_retry: true,
            source: CommandSource::Commands,
            request_id: None,
            message_id: None,
            session_id: None,
            resend_of: None,
            expires_at: self.now().plus(TimeDelta::seconds(expires_secs)),
            created_at: self.now(),
            is_offline: false,
        }))
    }

    /// A message to a robot that nobody has decided about.
    pub fn new_message(&self, robot: RobotUuid, id: &str, sender: &str, text: &str) -> SessionMessage {
        SessionMessage {
            id: id.into(),
            seq: 0,
            robot_uuid: robot,
            session_id: SessionId::of(robot, "", sender),
            app_message_id: Some(id.to_owned()),
            dedup_id: Some(id.to_owned()),
            content_hash: id.to_owned(),
            direction: Direction::In,
            room_type: 2,
            sender_id: None,
            received_name: sender.to_owned(),
            group_name: String::new(),
            group_remark: String::new(),
            spoken: text.to_owned(),
            raw_spoken: text.to_owned(),
            text_type: 1,
            at_me: false,
            file_name: None,
            entrance: Entrance::Rest,
            reason: None,
            reason_detail: None,
            run_id: None,
            starts: 0,
            command_id: None,
            sent_at: None,
            settled_at: None,
            created_at: self.now(),
        }
    }

    pub async fn command(&self, id: &str) -> RobotCommand {
        queries::find(&self.db, CommandId::from(id)).await.unwrap().unwrap()
    }

    /// Asks for a robot with a phone that only listens.
    pub fn attach(
        &self,
        robot: RobotUuid,
    ) -> (impl Future<Output = Result<Attached, AttachError>> + use<>, Inbox<RobotOrder>) {
        let now = self.kernel.clock.now();
        let (orders, inbox) = Postbox::inbox("robot", "phone", 64, now);
        let attach = Attach {
            uuid: robot,
            orders,
            dialect: SocketDialect::Native,
            address: Some(Arc::from("127.0.0.1")),
            connection_id: Arc::from(uuid::Uuid::new_v4().to_string()),
            since: Ts::new(now),
        };
        let answer = ask(&self.router, attach, LONG);
        (async move { answer.await.unwrap() }, inbox)
    }

    /// Waits until the router has done all it was told so far.
    pub async fn settle(&self) {
        until(|| self.router.stats().depth() == 0).await;
    }
}

/// The next order a phone gets.
pub async fn order(inbox: &mut Inbox<RobotOrder>) -> RobotOrder {
    let delivery = tokio::time::timeout(LONG, inbox.next()).await.unwrap().unwrap();
    delivery.open(0).0
}

/// Everything a phone was told so far.
pub fn orders(inbox: &mut Inbox<RobotOrder>) -> Vec<RobotOrder> {
    std::iter::from_fn(|| inbox.try_next()).map(|delivery| delivery.open(0).0).collect()
}

/// Waits for something that has no event of its own.
pub async fn until(mut is_so: impl FnMut() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, wait).await.unwrap();
}
