//! The phones of the demo: activated with codes, named, bound to the platform, and never silent for long.
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use parking_lot::Mutex;
use serde_json::json;
use tokio::time::{Instant, sleep};
use workbot_robot_sim::random::Random;
use workbot_robot_sim::schedule::Backoff;
use workbot_robot_sim::{
    Behaviour, ChatMessage, Command, Delay, Device, Identity, Observer, Outcome, Phone, PhoneConfig, Rest,
    SimError,
};

use super::book::Book;
use super::script::{Line, ROBOTS};
use super::show;

/// Service time of the demo's robots.
const CODE_DAYS: u32 = 7;
/// For a phone to be online.
const ONLINE: Duration = Duration::from_secs(30);
/// From one message of a phone to its next: the reply and the look-up of each stay below 60 requests a minute.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1_600), Duration::from_millis(3_400));
/// Before the first one.
const FIRST: Duration = Duration::from_millis(1_200);

/// A robot with its phone.
pub struct Desk {
    /// Shown name.
    pub name: &'static str,
    phone: Phone,
}

/// Tells the book what phones do.
struct Notes(Arc<Mutex<Book>>);

impl Observer for Notes {
    fn on_doubled(&self, _robot: &str, command: &Command) {
        self.0.lock().pushed_again(&command.id);
    }

    fn on_executed(&self, _robot: &str, command: &Command, _outcome: &Outcome) {
        self.0.lock().executed(&command.id, Instant::now());
    }

    fn on_message_acked(&self, _robot: &str, message: &ChatMessage, server_message_id: &str) {
        self.0.lock().acked(&message.message_id, server_message_id);
    }
}

/// Makes codes, activates a phone with each and names the robots; all as the operator and the phones would.
pub async fn activate(admin: &Rest) -> Result<Vec<(&'static str, Identity)>, SimError> {
    let body = json!({"count": ROBOTS.len(), "validityPeriod": CODE_DAYS});
    let codes = admin.post("/api/admin/activation-codes", &body).await?.expect_ok()?;
    let mut robots = Vec::new();
    for (number, name) in ROBOTS.iter().enumerate() {
        let code = codes.text(&format!("/codes/{number}/code"))?;
        let public = Rest::new(admin.base())?;
        let identity = public.activated(&code, &Device::new(format!("demo-phone-{number}"))).await?;
        let path = format!("/api/robots/{}", identity.robot_id);
        admin.put(&path, &json!({"name": name})).await?.expect_ok()?;
        robots.push((*name, identity));
    }
    Ok(robots)
}

/// Lets the platform have a robot's messages and results, signed; the secret to check them with.
pub async fn bind(
    platform: &Rest,
    robot: &Identity,
    message_url: &str,
    result_url: &str,
) -> Result<String, SimError> {
    let fields =
        json!({"openCallback": 1, "replyAll": 1, "callbackUrl": message_url, "enableSignature": true});
    let info = platform.update_info(&robot.robot_id, &fields).await?.expect_ok()?;
    platform.bind_callback(&robot.robot_id, 1, result_url).await?.expect_ok()?;
    info.text("/signingSecret")
}

/// Starts the phones and waits until all are online.
pub async fn connect(
    url: &str,
    robots: Vec<(&'static str, Identity)>,
    book: &Arc<Mutex<Book>>,
) -> Result<Vec<Desk>, SimError> {
    let behaviour = Behaviour { delay: Delay::None, ..Behaviour::default() };
    let mut desks = Vec::new();
    for (name, identity) in robots {
        let notes: Arc<dyn Observer> = Arc::new(Notes(Arc::clone(book)));
        let phone = Phone::start(PhoneConfig {
            reconnect: Some(Backoff { max: Duration::from_secs(1), ..Backoff::default() }),
            observer: Some(notes),
            ..PhoneConfig::automatic(url, &identity.robot_id, &identity.token, behaviour)
        })?;
        desks.push(Desk { name, phone });
    }
    for online in join_all(desks.iter().map(|desk| desk.phone.wait_online(ONLINE))).await {
        online?;
    }
    Ok(desks)
}

/// Customers write to all robots at once, each this often.
pub async fn rush(desks: &[Desk], book: &Mutex<Book>, times: usize, seed: u64) {
    let mut random = Random::new(seed);
    for _ in 0..times {
        for desk in desks {
            desk.say(book, Line::draw(&mut random)).await;
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
            self.say(book, Line::draw(&mut random)).await;
            pause = random.between(PAUSE.0, PAUSE.1);
        }
    }

    async fn say(&self, book: &Mutex<Book>, line: Line) {
        let message = line.message(self.name);
        book.lock().said(&message.message_id, line.place(), line.text, Instant::now());
        if let Err(error) = self.phone.say(message).await {
            show::problem(&format!("the phone of {} does not take a message: {error}", self.name));
        }
    }
}

/// Ends the phones in good order.
pub async fn stop(desks: Vec<Desk>) -> Result<(), SimError> {
    join_all(desks.iter().map(|desk| desk.phone.stop())).await.into_iter().collect()
}
