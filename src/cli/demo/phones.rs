//! The phones of the demo: activated with codes or made with a link id, named, bound, and never silent for long.
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::{Instant, sleep};
use workbot_robot_sim::dialect::worktool::{
    App, AppConfig, Chat, Executed, Witness, WorktoolPhone, WorktoolPhoneConfig,
};
use workbot_robot_sim::random::Random;
use workbot_robot_sim::schedule::Backoff;
use workbot_robot_sim::{
    Behaviour, ChatMessage, Command, Delay, Device, Identity, Observer, Outcome, Phone, PhoneConfig, Rest,
    SimError,
};

use super::book::{Book, Way};
use super::script::{FLOW_ROBOT, Line, ROBOTS, WORKTOOL_GROUP, WORKTOOL_ROBOT};
use super::show;

/// Service time of the demo's robots.
const CODE_DAYS: u32 = 7;
/// For a phone to be online.
const ONLINE: Duration = Duration::from_secs(30);
/// From one message of a phone to its next: the reply and the look-up of each stay below 60 requests a minute.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1_600), Duration::from_millis(3_400));
/// Before the first one.
const FIRST: Duration = Duration::from_millis(1_200);

/// A robot before its phone is connected.
pub struct Robot {
    name: &'static str,
    way: Way,
    identity: Identity,
    /// What a WorkTool phone is connected by.
    link_id: Option<String>,
}

/// A robot with its phone.
pub struct Desk {
    /// Shown name.
    pub name: &'static str,
    /// Who answers for it.
    pub way: Way,
    /// The robot.
    pub robot_id: String,
    phone: Handset,
}

enum Handset {
    Native(Phone),
    Worktool(WorktoolPhone),
}

/// Tells the book what phones do.
struct Notes(Arc<Mutex<Book>>);

impl Observer for Notes {
    fn on_doubled(&self, _robot: &str, command: &Command) {
        self.0.lock().pushed_again(&command.id);
    }

    fn on_executed(&self, _robot: &str, command: &Command, _outcome: &Outcome) {
        self.0.lock().executed(&command.id, command.content(), Instant::now());
    }

    fn on_message_acked(&self, _robot: &str, message: &ChatMessage, server_message_id: &str) {
        self.0.lock().acked(&message.message_id, server_message_id);
    }
}

/// On this dialect the id of a frame is the command's id.
impl Witness for Notes {
    fn on_executed(&self, _link_id: &str, executed: &Executed) {
        // What a new connection begins with has no id.
        if executed.message_id.is_empty() {
            return;
        }
        let content = executed.item.get("receivedContent").and_then(|content| content.as_str());
        self.0.lock().executed(&executed.message_id, content.unwrap_or_default(), Instant::now());
    }

    fn on_doubled(&self, _link_id: &str, message_id: &str) {
        self.0.lock().pushed_again(message_id);
    }
}

/// Makes codes, activates a phone with each and names the robots; all as the operator and the phones would.
pub async fn activate(admin: &Rest) -> Result<Vec<Robot>, SimError> {
    let names = ROBOTS.iter().map(|name| (*name, Way::Platform)).chain([(FLOW_ROBOT, Way::Flow)]);
    let body = json!({"count": names.clone().count(), "validityPeriod": CODE_DAYS});
    let codes = admin.post("/api/admin/activation-codes", &body).await?.expect_ok()?;
    let mut robots = Vec::new();
    for (number, (name, way)) in names.enumerate() {
        let code = codes.text(&format!("/codes/{number}/code"))?;
        let public = Rest::new(admin.base())?;
        let identity = public.activated(&code, &Device::new(format!("demo-phone-{number}"))).await?;
        let path = format!("/api/robots/{}", identity.robot_id);
        admin.put(&path, &json!({"name": name})).await?.expect_ok()?;
        robots.push(Robot { name, way, identity, link_id: None });
    }
    let body = json!({"name": WORKTOOL_ROBOT, "kind": "worktool"});
    let made = admin.post("/api/robots", &body).await?.expect_ok()?;
    let identity = Identity { robot_id: made.text("/robotId")?, ..Identity::default() };
    let link_id = Some(made.text("/linkId")?);
    robots.push(Robot { name: WORKTOOL_ROBOT, way: Way::Worktool, identity, link_id });
    Ok(robots)
}

/// Lets the platform have a robot's results, and its messages unless its flow answers them, signed; the secret to check them with.
pub async fn bind(
    platform: &Rest,
    robot: &Robot,
    message_url: &str,
    result_url: &str,
) -> Result<String, SimError> {
    let id = &robot.identity.robot_id;
    let mut fields = json!({"replyAll": 1, "enableSignature": true});
    if let Some(fields) = fields.as_object_mut().filter(|_fields| robot.way == Way::Platform) {
        fields.insert("openCallback".to_owned(), json!(1));
        fields.insert("callbackUrl".to_owned(), json!(message_url));
    }
    let info = platform.update_info(id, &fields).await?.expect_ok()?;
    platform.bind_callback(id, 1, result_url).await?.expect_ok()?;
    info.text("/signingSecret")
}

/// Starts the phones and waits until all are online.
pub async fn connect(url: &str, robots: Vec<Robot>, book: &Arc<Mutex<Book>>) -> Result<Vec<Desk>, SimError> {
    let mut desks = Vec::new();
    for robot in robots {
        let phone = match &robot.link_id {
            None => Handset::Native(native(url, &robot.identity, book)?),
            Some(link_id) => Handset::Worktool(worktool(url, link_id, book)?),
        };
        desks.push(Desk { name: robot.name, way: robot.way, robot_id: robot.identity.robot_id, phone });
    }
    for online in join_all(desks.iter().map(Desk::wait_online)).await {
        online?;
    }
    Ok(desks)
}

fn native(url: &str, identity: &Identity, book: &Arc<Mutex<Book>>) -> Result<Phone, SimError> {
    let behaviour = Behaviour { delay: Delay::None, ..Behaviour::default() };
    let notes: Arc<dyn Observer> = Arc::new(Notes(Arc::clone(book)));
    Phone::start(PhoneConfig {
        reconnect: Some(Backoff { max: Duration::from_secs(1), ..Backoff::default() }),
        observer: Some(notes),
        ..PhoneConfig::automatic(url, &identity.robot_id, &identity.token, behaviour)
    })
}

/// An app as the real one, ten times as fast.
fn worktool(url: &str, link_id: &str, book: &Arc<Mutex<Book>>) -> Result<WorktoolPhone, SimError> {
    let app = AppConfig {
        beat_ms: 500,
        execution_ms: 200,
        read_ms: 100,
        reread_ms: 500,
        keeps_executed: false,
        ..AppConfig::new(link_id)
    };
    let witness: Arc<dyn Witness> = Arc::new(Notes(Arc::clone(book)));
    let phone = WorktoolPhone::start(WorktoolPhoneConfig {
        witness: Some(witness),
        ..WorktoolPhoneConfig::new(url, app)
    })?;
    phone.with(|app| app.add_chat(Chat::new(1, &[WORKTOOL_GROUP])));
    Ok(phone)
}

/// Customers write to all robots at once, each this often.
pub async fn rush(desks: &[Desk], book: &Mutex<Book>, times: usize, seed: u64) {
    let mut random = Random::new(seed);
    for _ in 0..times {
        for desk in desks {
            desk.say(book, desk.draw(&mut random)).await;
        }
    }
}

/// Customers write to all robots, for ever.
pub async fn chatter(desks: &[Desk], book: &Mutex<Book>, seed: u64) {
    let seeds = (seed..).zip(desks);
    join_all(seeds.map(|(seed, desk)| desk.chatter(book, Random::new(seed)))).await;
}

impl Desk {
    async fn chatter(&self, book: &Mutex<Book>, mut random: Random) {
        let mut pause = random.between(Duration::ZERO, FIRST);
        loop {
            sleep(pause).await;
            self.say(book, self.draw(&mut random)).await;
            pause = random.between(PAUSE.0, PAUSE.1);
        }
    }

    async fn wait_online(&self) -> Result<(), SimError> {
        match &self.phone {
            Handset::Native(phone) => phone.wait_online(ONLINE).await.map(drop),
            Handset::Worktool(phone) => phone.wait(ONLINE, "reading", App::is_reading).await,
        }
    }

    fn draw(&self, random: &mut Random) -> Line {
        match self.way {
            Way::Platform => Line::draw(random),
            Way::Flow | Way::Worktool => Line::draw_for_flow(random),
        }
    }

    async fn say(&self, book: &Mutex<Book>, line: Line) {
        match &self.phone {
            Handset::Native(phone) => {
                let message = line.message(self.name);
                let told = (line.place(), line.text);
                book.lock().said(self.way, &message.message_id, told, Instant::now());
                if let Err(error) = phone.say(message).await {
                    show::problem(&format!("the phone of {} does not take a message: {error}", self.name));
                }
            }
            // The app has no ids: a message is known again by its text.
            Handset::Worktool(phone) => {
                let line = Line { group: Some(WORKTOOL_GROUP), ..line };
                let text = book.lock().numbered(&line.text);
                let told = (line.place(), text.clone());
                book.lock().said(self.way, &text, told, Instant::now());
                phone.with(|app| app.say(WORKTOOL_GROUP, line.customer, &text));
            }
        }
    }
}

/// Ends the phones in good order.
pub async fn stop(desks: Vec<Desk>) -> Result<(), SimError> {
    let stops = desks.iter().map(|desk| async {
        match &desk.phone {
            Handset::Native(phone) => phone.stop().await,
            // It has no other way to end than with its connection.
            Handset::Worktool(_phone) => Ok(()),
        }
    });
    join_all(stops).await.into_iter().collect()
}
