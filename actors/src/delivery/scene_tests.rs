//! A real store and journal around one endpoint, a fake router and a fake third party.
use std::collections::VecDeque;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use actix::{Context, Handler};
use chrono::DateTime;
use serde_json::json;
use tokio::sync::mpsc;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::commands::RobotCommand;
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::deliveries::{DeliveryKind, DeliveryState, endpoint_of};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{DeliveryId, MessageId, SessionId};
use workbot_schema::messages::{Direction, Entrance, MessageReason, SessionMessage};
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::{StoreOptions, migrate};

use super::address_policy::AddressPolicy;
use super::*;
use crate::journal::{Event, JournalActor, JournalLimits, JournalParts, Published};
use crate::kernel::{
    ActorRef, Arbiters, Backoff, ChildSpec, Ended, Inbox, Kernel, Lane, Policy, Posted, RestartLimit, post,
    supervise,
};
use crate::supervisor::directory::{self, DirectoryWriter, LimitRates};

/// No event of a test takes so long.
pub const LONG: Duration = Duration::from_secs(20);
const JOURNAL: ChildSpec = ChildSpec {
    kind: "journal",
    policy: Policy::Permanent,
    restarts: RestartLimit { max: 0, within: LONG },
    backoff: Backoff { min: Duration::ZERO, max: Duration::ZERO },
    mailbox_capacity: 1,
    lane: Lane::Core,
};

/// Breaks the actor.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Break;

impl Handler<Posted<Break>> for DeliveryActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

/// Sets a robot up before it is stored.
type Change = Box<dyn FnOnce(&mut Robot, &MockServer)>;

/// What a test may choose.
pub struct Setup {
    pub clock: Clock,
    pub kind: RobotKind,
    pub settings: DeliverySettings,
    pub change: Change,
    pub sealer: Sealer,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            kind: RobotKind::Native,
            settings: DeliverySettings::default(),
            change: Box::new(|_robot, _server| {}),
            sealer: Sealer::new(&[7; 32]).unwrap(),
        }
    }
}

pub struct Scene {
    pub parts: DeliveryParts,
    pub robot: Robot,
    pub server: MockServer,
    pub url: String,
    pub actor: ActorRef<DeliveryActor>,
    pub ended: mpsc::UnboundedReceiver<Ended>,
    pub idle: Inbox<EndpointIdle>,
    kernel: Kernel,
    journals: Vec<ActorRef<JournalActor>>,
    router: Postbox<Published>,
    inbox: Inbox<Published>,
    events: VecDeque<Event>,
    folder: PathBuf,
    count: AtomicU32,
    end: mpsc::UnboundedSender<Ended>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Scene {
    pub async fn open(setup: Setup) -> Self {
        let Setup { clock, kind, settings, change, sealer } = setup;
        let name = format!("workbot-delivery-{}", DeliveryId::generate());
        let folder = std::env::temp_dir().join(name);
        let url = format!("sqlite:{}", folder.join("workbot.db").display());
        let db =
            Db::open(&StoreOptions { is_synchronous_full: false, ..StoreOptions::new(url) }).await.unwrap();
        migrate::up(&db).await.unwrap();
        let kernel = Kernel::new(clock.clone(), Arbiters::current());
        let (router, inbox) = Postbox::inbox("router", "router", 100_000, clock.now());
        let (idle_box, idle) = Postbox::inbox("router", "router", 10, clock.now());
        let (loader, _loads) = Postbox::inbox("router", "router", 1, clock.now());
        let parts = DeliveryParts {
            journal: JournalHandle::new(JournalLimits::default(), clock.clone()),
            db,
            directory: directory::open(loader, &DirectoryWriter::new(LimitRates::default())),
            http: HttpClient::new(AddressPolicy { allow_private: true }).unwrap(),
            files: FileStore::new(folder.join("files")),
            sealer: Arc::new(sealer),
            board: EndpointBoard::new(),
            router: idle_box,
            settings: Arc::new(settings),
            clock,
        };
        let server = MockServer::start().await;
        let mut robot = Robot::new(kind, "r".to_owned(), None, Ts::new(parts.clock.now()));
        change(&mut robot, &server);
        let url = format!("{}/callback", server.uri());
        let (end, ended) = mpsc::unbounded_channel();
        let actor = endpoint(&kernel, &parts, &endpoint_of(robot.id, &url), end.clone());
        let mut scene = Self {
            parts,
            robot,
            server,
            url,
            actor,
            ended,
            idle,
            kernel,
            journals: Vec::new(),
            router,
            inbox,
            events: VecDeque::new(),
            folder,
            count: AtomicU32::new(0),
            end,
        };
        let handle = scene.parts.journal.clone();
        scene.start_journal(handle);
        let robot = Record::Robot(Box::new(scene.robot.clone()));
        // The router is asked for what changes the directory.
        let router = async {
            let (_robot, _handling, reply) = scene.inbox.next().await.unwrap().open(0);
            reply.unwrap().send(()).unwrap();
        };
        tokio::join!(scene.parts.journal.write(vec![robot]), router).0.unwrap();
        scene
    }

    /// Starts the writer of a journal.
    pub fn start_journal(&mut self, handle: JournalHandle) {
        let parts = JournalParts {
            db: self.parts.db.clone(),
            handle,
            timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
            router: self.router.clone(),
            listeners: Arc::from([]),
        };
        let factory = move |_ctx: &mut Context<JournalActor>, stats| JournalActor::new(parts.clone(), stats);
        self.journals.push(supervise(&self.kernel, &JOURNAL, "journal", None, factory, Box::new(drop)));
    }

    /// A fresh actor for the same endpoint.
    pub fn start_again(&mut self) {
        self.actor = self.start(&self.parts, &self.url);
    }

    /// An actor for another URL, or with other parts.
    pub fn start(&self, parts: &DeliveryParts, url: &str) -> ActorRef<DeliveryActor> {
        endpoint(&self.kernel, parts, &endpoint_of(self.robot.id, url), self.end.clone())
    }

    /// Stores a message and its callback, as an entrance does; the row.
    pub async fn message(&self, chat: &str, change: impl FnOnce(&mut Delivery)) -> Arc<Delivery> {
        let now = Ts::new(self.parts.clock.now());
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let id = MessageId(format!("msg_{number}"));
        let message = SessionMessage {
            id: id.clone(),
            seq: 0,
            robot_uuid: self.robot.id,
            session_id: SessionId(format!("ses_{chat}")),
            app_message_id: None,
            dedup_id: None,
            content_hash: format!("hash{number}"),
            direction: Direction::In,
            room_type: 1,
            sender_id: None,
            received_name: "仑哥".to_owned(),
            group_name: "群".to_owned(),
            group_remark: String::new(),
            spoken: "你好".to_owned(),
            raw_spoken: "@管家 你好".to_owned(),
            text_type: 1,
            at_me: true,
            file_name: None,
            entrance: Entrance::Rest,
            reason: Some(MessageReason::CallbackPending),
            reason_detail: None,
            run_id: None,
            starts: 0,
            command_id: None,
            sent_at: None,
            settled_at: None,
            created_at: now,
        };
        let mut delivery = replay::test_event(&self.robot, &self.url, DeliveryId::generate(), now);
        delivery.kind = DeliveryKind::Message;
        delivery.chat = chat.to_owned();
        delivery.body = format!(
            r#"{{"spoken":"你好","receivedName":"仑哥","groupName":"群","groupRemark":"","textType":1,"messageId":"{id}"}}"#
        );
        delivery.message_id = Some(id);
        change(&mut delivery);
        delivery.endpoint = endpoint_of(self.robot.id, &delivery.url);
        let write = vec![Record::Message(Box::new(message)), Record::Delivery(Box::new(delivery))];
        let mut outcomes = self.parts.journal.write(write).await.unwrap();
        let Some(Outcome::Delivery(row)) = outcomes.pop() else { panic!("stored: {outcomes:?}") };
        Arc::from(row)
    }

    /// Stores a message and sends its callback to the actor.
    pub async fn deliver(&self, chat: &str) -> Arc<Delivery> {
        let row = self.message(chat, |_row| {}).await;
        post(&self.actor, Deliver(Arc::clone(&row))).unwrap();
        row
    }

    /// The next thing that is true.
    pub async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let published = tokio::time::timeout(LONG, self.inbox.next()).await.expect("an event in time");
            let (Published { events, .. }, _handling, _reply) = published.unwrap().open(0);
            self.events.extend(events.iter().cloned());
        }
    }

    /// The row of a delivery after its next move.
    pub async fn moved(&mut self, id: &DeliveryId) -> Arc<Delivery> {
        loop {
            if let Event::DeliveryMoved(row) = self.event().await
                && row.id == *id
            {
                return row;
            }
        }
    }

    /// How a delivery ended, and why its message was or was not answered.
    pub async fn settled(&mut self, row: &Delivery) -> (DeliveryState, MessageReason) {
        let mut state = None;
        loop {
            match self.event().await {
                Event::DeliveryMoved(moved) if moved.id == row.id => state = Some(moved.state),
                Event::MessageSettled { id, reason } if Some(&id) == row.message_id.as_ref() => {
                    return (state.expect("the delivery moves first"), reason);
                }
                _ => {}
            }
        }
    }

    /// The next command that waits for the robot.
    pub async fn command(&mut self) -> Arc<RobotCommand> {
        loop {
            if let Event::CommandQueued(command) = self.event().await {
                return command;
            }
        }
    }

    /// How often the third party was called.
    pub async fn calls(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }

    /// The endpoint as the console shows it, once a delivery came.
    pub fn snapshot(&self) -> Option<EndpointSnapshot> {
        self.parts.board.find(&endpoint_of(self.robot.id, &self.url))
    }
}

fn endpoint(
    kernel: &Kernel,
    parts: &DeliveryParts,
    id: &str,
    end: mpsc::UnboundedSender<Ended>,
) -> ActorRef<DeliveryActor> {
    let (parts, endpoint) = (parts.clone(), Arc::<str>::from(id));
    let factory = move |_ctx: &mut Context<DeliveryActor>, stats| {
        DeliveryActor::new(parts.clone(), Arc::clone(&endpoint), stats)
    };
    supervise(kernel, &endpoint::SPEC, id, None, factory, Box::new(move |ended| drop(end.send(ended))))
}

/// A clock that stands at some day.
pub fn manual() -> Clock {
    Clock::manual(DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

/// Waits until something outside the journal is true.
pub async fn until(mut is_true: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_true().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.expect("true in time");
}

/// An answer with a reply.
pub fn reply() -> ResponseTemplate {
    ok().set_body_json(json!({"code": 0, "data": {"type": 5000, "info": {"text": "答"}}}))
}

/// An answer that says that all is well.
pub fn ok() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"code": 0, "message": "success"}))
}

/// What the third party answers.
pub async fn answers(scene: &Scene, template: ResponseTemplate) {
    Mock::given(method("POST")).and(path("/callback")).respond_with(template).mount(&scene.server).await;
}

/// Makes the scene's endpoint one that takes connections and never says a word.
pub fn hang(scene: &mut Scene) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    scene.url = format!("http://{}/callback", listener.local_addr().unwrap());
    scene.start_again();
    listener
}
