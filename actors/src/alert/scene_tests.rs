//! The actor with a real journal and store, a fake router, and a fake third party.
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use actix::{Context, Handler, Message};
use serde_json::json;
use tokio::sync::mpsc;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};
use workbot_schema::alert_notifications::{self, NotificationState};
use workbot_schema::alert_rules::{AlertMetric, AlertRule};
use workbot_schema::alerts::{Alert, AlertLevel, AlertStatus, queries};
use workbot_schema::batch::Record;
use workbot_schema::commands::operations::ResultTimeouts;
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Edit};
use workbot_schema::fields::sealed::Sealer;
use workbot_schema::fields::{Json, Ts};
use workbot_schema::ids::{ChannelId, MessageId, SessionId};
use workbot_schema::messages::{Direction, Entrance, MessageReason, SessionMessage};
use workbot_schema::notification_channels::{ChannelType, NotificationChannel};
use workbot_schema::robots::queries::RobotProfile;
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::store::{StoreOptions, migrate};

use super::*;
use crate::delivery::address_policy::AddressPolicy;
use crate::delivery::http_client::HttpClient;
use crate::journal::{JournalActor, JournalLimits, JournalParts};
use crate::kernel::{
    ActorRef, Arbiters, Backoff, ChildSpec, Ended, Kernel, Lane, Policy, Postbox, RestartLimit, post,
    supervise,
};
use crate::supervisor::directory::{self, DirectoryWriter, LimitRates, RobotEntry};

/// No event of a test takes so long.
const LONG: Duration = Duration::from_secs(20);

fn spec(kind: &'static str, mailbox_capacity: u32, max: u32) -> ChildSpec {
    ChildSpec {
        kind,
        policy: Policy::Permanent,
        restarts: RestartLimit { max, within: Duration::from_secs(60) },
        backoff: Backoff { min: Duration::ZERO, max: Duration::ZERO },
        mailbox_capacity,
        lane: Lane::Io,
    }
}

/// Breaks the actor.
#[derive(Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Posted<Break>> for AlertActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

/// Takes a place of the mailbox until it is released.
#[derive(Message)]
#[rtype(result = "()")]
struct Stall(tokio::sync::oneshot::Receiver<()>);

impl Handler<Posted<Stall>> for AlertActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Stall>, ctx: &mut Self::Context) {
        let (Stall(release), handling) = posted.open(0);
        let stalled = async move {
            drop(release.await);
            drop(handling);
        };
        ctx.spawn(stalled.into_actor(self));
    }
}

struct Scene {
    parts: AlertParts,
    writer: DirectoryWriter,
    entry: Arc<RobotEntry>,
    server: MockServer,
    channel: ChannelId,
    actor: ActorRef<AlertActor>,
    ended: mpsc::UnboundedReceiver<Ended>,
    _journal: ActorRef<JournalActor>,
    _kernel: Kernel,
    folder: PathBuf,
}

impl Drop for Scene {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl Scene {
    /// A scene with one robot, a webhook channel, and these rules told over it.
    async fn open(rules: Vec<AlertRule>, mailbox: u32) -> Self {
        let clock = Clock::system();
        let now = Ts::new(clock.now());
        let folder = std::env::temp_dir().join(format!("workbot-alert-{}", ChannelId::generate()));
        let url = format!("sqlite:{}", folder.join("workbot.db").display());
        let db =
            Db::open(&StoreOptions { is_synchronous_full: false, ..StoreOptions::new(url) }).await.unwrap();
        migrate::up(&db).await.unwrap();
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).mount(&server).await;

        let kernel = Kernel::new(clock.clone(), Arbiters::current());
        let (router, mut events) = Postbox::inbox("router", "router", 100_000, clock.now());
        actix_rt::spawn(async move {
            while let Some(delivery) = events.next().await {
                let (_published, _handling, reply) = delivery.open(0);
                if let Some(reply) = reply {
                    reply.send(()).unwrap();
                }
            }
        });
        let (loader, _loads) = Postbox::inbox("router", "router", 1, clock.now());
        let writer = DirectoryWriter::new(LimitRates::default());
        let directory = directory::open(loader, &writer);
        let robot = Robot::new(RobotKind::Native, "管家".to_owned(), None, now);
        let profile = RobotProfile { robot: robot.clone(), bindings: Vec::new(), members: Vec::new() };
        let entry = writer.admit(profile, 0, 0);
        let journal = JournalHandle::new(JournalLimits::default(), clock.clone());
        let tools = ChannelTools {
            clock: clock.clone(),
            http: HttpClient::new(AddressPolicy { allow_private: true }).unwrap(),
            directory,
            sealer: Arc::new(Sealer::new(&[7; 32]).unwrap()),
        };
        let parts = AlertParts::new(db.clone(), journal.clone(), RuleBook::default(), tools, Arc::default());
        let (end, ended) = mpsc::unbounded_channel();
        let alert = parts.clone();
        let factory = move |_ctx: &mut Context<AlertActor>, stats| AlertActor::new(alert.clone(), stats);
        let on_end = Box::new(move |ended| drop(end.send(ended)));
        let actor = supervise(&kernel, &spec("alert", mailbox, 2), "alert", None, factory, on_end);
        let journal_parts = JournalParts {
            db,
            handle: journal,
            timeouts: ResultTimeouts { plain_secs: 120, file_secs: 300 },
            router,
            listeners: Arc::from([Postbox::new(actor.clone())]),
        };
        let factory =
            move |_ctx: &mut Context<JournalActor>, stats| JournalActor::new(journal_parts.clone(), stats);
        let writing = supervise(&kernel, &spec("journal", 1, 0), "journal", None, factory, Box::new(drop));

        let channel =
            NotificationChannel::new("钩子", ChannelType::Webhook, json!({"url": server.uri()}), now);
        let channel_id = channel.id.clone();
        let mut edits = vec![ConfigurationEdit::Channel(Edit::Create(Box::new(channel)))];
        for mut rule in rules {
            rule.channel_ids = Json(vec![channel_id.clone()]);
            edits.push(ConfigurationEdit::Rule(Edit::Create(Box::new(rule))));
        }
        let scene = Self {
            parts,
            writer,
            entry,
            server,
            channel: channel_id,
            actor,
            ended,
            _journal: writing,
            _kernel: kernel,
            folder,
        };
        scene.write(vec![Record::Robot(Box::new(robot))]).await;
        let count = edits.len() - 1;
        for edit in edits {
            let change = Configuration { edit, author: "system".to_owned(), note: None };
            scene.write(vec![Record::Configure(Box::new(change))]).await;
        }
        until("the rules are in the book", async || scene.parts.book.rules().len() == count).await;
        scene
    }

    async fn write(&self, write: Vec<Record>) {
        self.parts.journal.write(write).await.unwrap();
    }

    /// Somebody writes; settled at once when there is a reason.
    async fn say(&self, number: u32, chat: &str, text: &str, reason: Option<MessageReason>) -> MessageId {
        let id = MessageId(format!("msg_{number}"));
        let message = SessionMessage {
            id: id.clone(),
            seq: 0,
            robot_uuid: self.entry.uuid,
            session_id: SessionId(format!("ses_{chat}")),
            app_message_id: None,
            dedup_id: None,
            content_hash: format!("hash{number}"),
            direction: Direction::In,
            room_type: 2,
            sender_id: None,
            received_name: chat.to_owned(),
            group_name: String::new(),
            group_remark: String::new(),
            spoken: text.to_owned(),
            raw_spoken: text.to_owned(),
            text_type: 1,
            at_me: false,
            file_name: None,
            entrance: Entrance::Rest,
            reason,
            reason_detail: None,
            run_id: None,
            starts: 0,
            command_id: None,
            sent_at: None,
            settled_at: None,
            created_at: Ts::new(self.parts.clock.now()),
        };
        self.write(vec![Record::Message(Box::new(message))]).await;
        id
    }

    async fn settle(&self, id: &MessageId) {
        let settle = Record::Settle {
            id: id.clone(),
            reason: MessageReason::Answered,
            detail: None,
            command_id: None,
            from: None,
        };
        self.write(vec![settle]).await;
    }

    async fn alerts(&self) -> Vec<Alert> {
        queries::list(&self.parts.db, queries::AlertFilter::default(), 0, 100).await.unwrap().1
    }

    /// The alerts once they are so many.
    async fn so_many(&self, count: usize) -> Vec<Alert> {
        until("so many alerts", async || self.alerts().await.len() == count).await;
        self.alerts().await
    }

    async fn calls(&self) -> usize {
        self.server.received_requests().await.unwrap().len()
    }
}

async fn until(wanted: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_true().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.unwrap_or_else(|_elapsed| panic!("in vain: {wanted}"));
}

fn keyword(words: &str) -> AlertRule {
    let now = Ts::new(chrono::DateTime::UNIX_EPOCH);
    AlertRule::new("风险词", AlertMetric::Keyword, ("contains", json!(words)), AlertLevel::Critical, now)
}

fn offline() -> AlertRule {
    let now = Ts::new(chrono::DateTime::UNIX_EPOCH);
    AlertRule::new("离线", AlertMetric::RobotOffline, ("gte", json!(0)), AlertLevel::Warning, now)
}

#[actix_rt::test]
async fn a_word_raises_one_alert_a_conversation_and_tells_once() {
    let scene = Scene::open(vec![keyword("骗子")], MAILBOX).await;
    let pending = Some(MessageReason::CallbackPending);
    scene.say(1, "张三", "你们是骗子", pending).await;
    let alerts = scene.so_many(1).await;
    assert_eq!(
        (alerts[0].level, alerts[0].code.as_str(), alerts[0].count),
        (AlertLevel::Critical, "keyword", 1)
    );
    scene.say(2, "张三", "骗子！", pending).await;
    scene.say(3, "李四", "你好", pending).await;
    until("counted once more", async || scene.alerts().await[0].count == 2).await;
    scene.say(4, "李四", "骗子", pending).await;
    scene.so_many(2).await;
    until("both were told", async || scene.calls().await == 2).await;
    let told = alert_notifications::list(&scene.parts.db, alerts[0].id.clone()).await.unwrap();
    assert_eq!((told.len(), &told[0].channel_id), (1, &scene.channel));
    until("the outcome is written", async || {
        let told = alert_notifications::list(&scene.parts.db, alerts[0].id.clone()).await.unwrap();
        told[0].state == NotificationState::Sent && told[0].attempts == 1
    })
    .await;
}

#[actix_rt::test]
async fn a_message_of_a_flow_waits_for_its_answer() {
    let scene = Scene::open(vec![keyword("骗子")], MAILBOX).await;
    let held = scene.say(1, "张三", "你们是骗子", None).await;
    scene.say(2, "李四", "骗子", Some(MessageReason::ReadOnly)).await;
    let alerts = scene.so_many(1).await;
    assert_eq!(alerts[0].message_id, Some("msg_2".into()), "the first one is still the flow's");
    scene.settle(&held).await;
    scene.so_many(2).await;
}

#[actix_rt::test]
async fn a_robot_that_is_away_is_told_until_it_is_back() {
    let scene = Scene::open(vec![offline()], MAILBOX).await;
    let set = |presence, reason| {
        scene.writer.set_presence(&scene.entry, presence, reason, scene.parts.clock.monotonic_ms())
    };
    use crate::supervisor::directory::{Presence, PresenceReason};
    scene.entry.touch(0, Ts::new(scene.parts.clock.now()));
    set(Presence::Offline, PresenceReason::Silent);
    let alert = scene.so_many(1).await.remove(0);
    assert_eq!((alert.status, alert.robot_uuid), (AlertStatus::Active, Some(scene.entry.uuid)));
    until("it was told", async || scene.calls().await == 1).await;
    // A restart of the actor finds the alert open and raises no other.
    post(&scene.actor, Break).unwrap();
    until("it is back", async || scene.actor.stats().restarts() == 1 && scene.actor.is_up()).await;
    set(Presence::Online, PresenceReason::Connected);
    until("it is over", async || scene.alerts().await[0].status == AlertStatus::Resolved).await;
    let alerts = scene.so_many(1).await;
    assert_eq!((alerts[0].resolved_by.as_deref(), alerts[0].count), (Some("system"), 1));
}

#[actix_rt::test]
async fn it_comes_back_and_gives_up_when_that_happens_too_often() {
    let mut scene = Scene::open(vec![keyword("骗子")], MAILBOX).await;
    post(&scene.actor, Break).unwrap();
    until("it is back", async || scene.actor.stats().restarts() == 1 && scene.actor.is_up()).await;
    scene.say(1, "张三", "骗子", Some(MessageReason::ReadOnly)).await;
    scene.so_many(1).await;
    for restarts in 2..4 {
        until("it is up", async || scene.actor.is_up()).await;
        post(&scene.actor, Break).unwrap();
        if restarts == 2 {
            until("again", async || scene.actor.stats().restarts() == 2).await;
        }
    }
    let ended = tokio::time::timeout(LONG, scene.ended.recv()).await.unwrap().unwrap();
    assert_eq!(ended.kind, "alert");
}

#[actix_rt::test]
async fn a_full_mailbox_misses_events_and_the_journal_counts_them() {
    let scene = Scene::open(vec![keyword("骗子")], 1).await;
    until("room", async || scene.actor.stats().depth() == 0).await;
    let (release, stalled) = tokio::sync::oneshot::channel();
    post(&scene.actor, Stall(stalled)).unwrap();
    let unheard = || scene.parts.journal.counters().unheard.load(Ordering::Relaxed);
    let before = unheard();
    scene.say(1, "张三", "骗子", Some(MessageReason::ReadOnly)).await;
    until("the batch was missed", async || unheard() > before).await;
    release.send(()).unwrap();
    until("room again", async || scene.actor.stats().depth() == 0).await;
    scene.say(2, "李四", "骗子", Some(MessageReason::ReadOnly)).await;
    let alerts = scene.so_many(1).await;
    assert_eq!(alerts[0].message_id, Some("msg_2".into()), "what was missed is judged by nobody");
}
