//! Many phones and the senders that keep them busy, for a while, with a verdict at the end.
//!
//! ```text
//! connect ──► load (commands, chatter, herds) ──► drain ──► settle ──► look up states ──► report
//! ```
mod chaos;
mod config;
mod report;
mod sender;
pub mod worktool;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tokio::time::{Instant, sleep, sleep_until};

use crate::chat::ChatMessage;
use crate::dialect::Credentials;
use crate::error::SimError;
use crate::identity::{Device, Identity};
use crate::ledger::Ledger;
use crate::link::source_for;
use crate::observer::Observer;
use crate::phone::{Phone, PhoneConfig, PhoneCounters};
use crate::platform::{Hook, Platform};
use crate::random::Random;
use crate::rest::Rest;
use crate::tag::Tag;

pub use chaos::Chaos;
pub use config::{FleetConfig, Herd, Load, Way};
pub use report::{ConnectReport, Report};

use sender::{Sender, is_final};

/// REST calls under way at once while activating, binding and looking up.
const PARALLEL_CALLS: usize = 16;
/// Chat messages being handed to phones at once; beyond, the chatter falls behind.
const CHATTER_MAX: usize = 256;
/// For one try of a phone to connect.
const CONNECT_TRY: Duration = Duration::from_secs(15);
/// For one looked-up command to become what its phone reported.
const STATE_DEADLINE: Duration = Duration::from_secs(20);
/// Lost and doubled ones that are named in the log.
const BROKEN_MAX: usize = 50;
/// For one whose phone has reported nothing to become final; nothing is wrong when it does not.
const UNREPORTED_DEADLINE: Duration = Duration::from_secs(1);

/// A set of phones with their senders.
#[derive(Debug)]
pub struct Fleet {
    config: FleetConfig,
    sender: Arc<Sender>,
    phones: Vec<Phone>,
    connect: ConnectReport,
}

impl Fleet {
    /// Activates one robot a code; the device id is derived from the code. The first failure is the error.
    pub async fn activate(url: &str, codes: &[String]) -> Result<Vec<Identity>, SimError> {
        let rest = Rest::new(url)?;
        let calls = codes.iter().map(|code| {
            let rest = rest.clone();
            async move { rest.activated(code, &Device::new(format!("sim-{code}"))).await }
        });
        let answers: Vec<_> = stream::iter(calls).buffered(PARALLEL_CALLS).collect().await;
        answers.into_iter().collect()
    }

    /// A fleet whose phones are not connected yet.
    pub fn new(config: FleetConfig) -> Result<Self, SimError> {
        let sender = Sender::new(&config)?;
        Ok(Self { config, sender, phones: Vec::new(), connect: ConnectReport::default() })
    }

    /// The book of this run.
    pub fn ledger(&self) -> &Arc<Ledger> {
        &self.config.ledger
    }

    /// The connected phones, in the order of the identities.
    pub fn phones(&self) -> &[Phone] {
        &self.phones
    }

    /// Binds every robot's message and result callbacks to a platform and lets it reply with the robots' tokens.
    pub async fn bind(&self, platform: &Platform) -> Result<(), SimError> {
        let rest = Rest::new(&self.config.url)?;
        platform.set_rest(rest.clone());
        let (message_url, result_url) = (platform.url(Hook::Message), platform.url(Hook::Result));
        let calls = self.config.identities.iter().map(|identity| {
            platform.add_token(&identity.robot_id, &identity.token);
            let rest = rest.with_token(identity.token.as_str());
            let (message_url, result_url, robot_id) = (&message_url, &result_url, &identity.robot_id);
            async move {
                rest.bind_messages(robot_id, message_url).await?.expect_ok()?;
                rest.bind_callback(robot_id, 1, result_url).await?.expect_ok()
            }
        });
        let answers: Vec<_> = stream::iter(calls).buffer_unordered(PARALLEL_CALLS).collect().await;
        answers.into_iter().try_for_each(|answer| answer.map(drop))
    }

    /// Starts every phone and waits until each is online or the deadline has passed.
    pub async fn connect_all(&mut self) -> Result<ConnectReport, SimError> {
        let started = Instant::now();
        let deadline = self.config.connect_deadline;
        let mut starts = Vec::with_capacity(self.config.identities.len());
        for (index, identity) in self.config.identities.iter().enumerate() {
            starts.push(self.phone_config(u32::try_from(index).unwrap_or(u32::MAX), identity));
        }
        let starting = starts.into_iter().enumerate().map(|(index, config)| async move {
            let phone = Phone::start(config)?;
            let online = phone.wait_online(deadline).await;
            if let Err(error) = &online {
                log::debug!(robot = phone.robot(); "phone did not come online: {error}");
            }
            Ok::<_, SimError>((index, phone, online.is_ok()))
        });
        let parallel = self.config.parallel_connects.max(1);
        let answers: Vec<_> = stream::iter(starting).buffer_unordered(parallel).collect().await;
        let mut started_phones = answers.into_iter().collect::<Result<Vec<_>, _>>()?;
        started_phones.sort_unstable_by_key(|(index, _, _)| *index);
        let mut connect = ConnectReport::default();
        self.phones.clear();
        for (_, phone, is_online) in started_phones {
            connect.online += u64::from(is_online);
            connect.failed += u64::from(!is_online);
            self.phones.push(phone);
        }
        connect.took = started.elapsed();
        self.connect = connect;
        Ok(connect)
    }

    /// Drops all connections for at least `away`; the phones come back by themselves. Answers how many were told.
    pub async fn drop_all(&self, away: Duration) -> usize {
        let drops = self.phones.iter().map(|phone| phone.go_offline(away));
        let answers: Vec<_> = stream::iter(drops).buffer_unordered(self.phones.len().max(1)).collect().await;
        answers.iter().filter(|answer| answer.is_ok()).count()
    }

    /// Submits `count` commands to every robot, in certain order per robot, connected or not.
    pub async fn submit_each(&self, count: u64) {
        let rows = (0..self.config.identities.len()).map(|index| self.sender.submit_row(index, count));
        stream::iter(rows).buffer_unordered(64).collect::<Vec<()>>().await;
    }

    /// Connects (unless that was done), loads, drains, and reports.
    pub async fn run(&mut self) -> Result<Report, SimError> {
        self.run_until(std::future::pending()).await
    }

    /// The same; the load ends early when `stop` resolves, and everything accepted until then is still waited for.
    pub async fn run_until(&mut self, stop: impl Future<Output = ()>) -> Result<Report, SimError> {
        if self.phones.is_empty() {
            self.connect_all().await?;
        }
        let started = Instant::now();
        let until = started + Duration::from_secs(self.config.seconds);
        let load = async { tokio::join!(self.sender.run(until), self.chatter(until), self.herds(until)) };
        tokio::select! {
            ((), (), ()) = load => {}
            () = stop => {}
        }
        let load_took = started.elapsed();
        let mut report = self.drain().await;
        report.load_took = load_took;
        Ok(report)
    }

    /// Waits for everything open, watches for late repeats, looks up states, and counts.
    pub async fn drain(&self) -> Report {
        let started = Instant::now();
        let is_drained = self.config.ledger.wait_drained(self.config.drain_deadline).await;
        let drain_took = started.elapsed();
        sleep(self.config.settle).await;
        let states = self.look_up_states().await;
        for broken in self.config.ledger.broken(BROKEN_MAX) {
            log::warn!("{broken}");
        }
        let mut phones = PhoneCounters::default();
        for phone in &self.phones {
            phones.add(&phone.counters());
        }
        Report {
            robots: u64::try_from(self.config.identities.len()).unwrap_or(u64::MAX),
            connect: self.connect,
            load_took: Duration::ZERO,
            drain_took,
            is_drained,
            limited: self.sender.limited(),
            ledger: self.config.ledger.report(),
            phones,
            states,
        }
    }

    /// Ends all phones in good order.
    pub async fn stop(&mut self) -> Result<(), SimError> {
        let phones = std::mem::take(&mut self.phones);
        let stops = phones.iter().map(Phone::stop);
        let answers: Vec<_> = stream::iter(stops).buffer_unordered(256).collect().await;
        answers.into_iter().collect()
    }

    fn phone_config(&self, index: u32, identity: &Identity) -> PhoneConfig {
        let config = &self.config;
        let behaviour =
            config.chaos.as_ref().and_then(|chaos| chaos.behaviour(index)).unwrap_or(config.behaviour);
        let ledger = Arc::clone(&config.ledger);
        let observer: Arc<dyn Observer> = ledger;
        PhoneConfig {
            credentials: Credentials { token: identity.token.clone(), ..Credentials::default() },
            reconnect: Some(config.reconnect),
            connect_timeout: config.connect_deadline.min(CONNECT_TRY),
            source: config.spreads_sources.then(|| source_for(index)),
            seed: config.seed.wrapping_mul(0x0001_0000_01B3) ^ u64::from(index),
            observer: Some(observer),
            ..PhoneConfig::automatic(&config.url, &identity.robot_id, &identity.token, behaviour)
        }
    }

    async fn chatter(&self, until: Instant) {
        let (rate, count) = (self.config.messages_per_second, self.phones.len());
        if rate == 0 || count == 0 {
            return;
        }
        let period_nanos = 1_000_000_000 / u64::from(rate);
        let started = Instant::now();
        let due =
            move |sequence: u64| started + Duration::from_nanos(period_nanos.saturating_mul(sequence - 1));
        stream::iter(1_u64..)
            .take_while(|sequence| std::future::ready(due(*sequence) < until))
            .then(|sequence| async move {
                sleep_until(due(sequence)).await;
                sequence
            })
            .for_each_concurrent(CHATTER_MAX, |sequence| async move {
                let index = usize::try_from(sequence).unwrap_or(usize::MAX) % count;
                if let Some(phone) = self.phones.get(index) {
                    self.say(phone, u32::try_from(index).unwrap_or(u32::MAX), sequence).await;
                }
            })
            .await;
    }

    async fn say(&self, phone: &Phone, stream: u32, sequence: u64) {
        let tag = Tag::message(self.config.run, stream, sequence);
        let text = tag.padded(self.config.payload_bytes);
        let message = if sequence.is_multiple_of(3) {
            ChatMessage::text(&format!("客户{}", sequence % 11), &text)
        } else {
            ChatMessage::group_text(&format!("群{}", sequence % 7), &format!("客户{}", sequence % 11), &text)
        };
        let message = message.with_id(format!("app-{}-{stream}-{sequence}", self.config.run));
        self.config.ledger.begin_message(tag, self.config.wants_callback, self.config.wants_reply);
        if let Err(error) = phone.say(message).await {
            self.config.ledger.withdraw_message(tag);
            log::debug!(robot = phone.robot(); "message was not said: {error}");
        }
    }

    async fn herds(&self, until: Instant) {
        let Some(herd) = self.config.herd else { return };
        let mut random = Random::new(self.config.seed ^ 0x4845_5244);
        loop {
            let next = Instant::now() + herd.every;
            if next >= until {
                return;
            }
            sleep_until(next).await;
            let members: Vec<_> = self.phones.iter().filter(|_| random.hits(herd.share_permille)).collect();
            let drops = members.iter().map(|phone| phone.go_offline(herd.away));
            let answers: Vec<_> = stream::iter(drops).buffer_unordered(members.len().max(1)).collect().await;
            log::debug!("herd of {} phones dropped", answers.iter().filter(|answer| answer.is_ok()).count());
        }
    }

    async fn look_up_states(&self) -> BTreeMap<String, u64> {
        let mut states = BTreeMap::new();
        let Ok(rest) = Rest::new(&self.config.url) else { return states };
        let unseen = self.config.ledger.unseen_results();
        // Look-ups take from the robots' own buckets: under limits each robot can be asked little more than once.
        let robots = self.config.identities.len();
        let is_limited = self.sender.limited() > 0;
        let count = if is_limited { self.config.state_checks.min(robots) } else { self.config.state_checks };
        let calls = unseen.into_iter().take(count).map(|(tag, id, robot_id)| {
            let known = usize::try_from(tag.stream).ok().and_then(|index| self.config.identities.get(index));
            let token = known.map(|identity| identity.token.clone()).unwrap_or_default();
            self.look_up_state(rest.with_token(token), tag, id, robot_id)
        });
        let mut found = stream::iter(calls).buffer_unordered(PARALLEL_CALLS);
        while let Some(state) = found.next().await {
            *states.entry(state).or_insert(0) += 1;
        }
        states
    }

    /// The state of one command once it is what the phone reported, or, when it reported nothing, once it is final.
    async fn look_up_state(&self, rest: Rest, tag: Tag, id: String, robot_id: String) -> String {
        let ledger = &self.config.ledger;
        let is_there = |state: &str| match ledger.reported_state(tag) {
            Some(reported) => state == reported,
            None => is_final(state),
        };
        let deadline =
            if ledger.reported_state(tag).is_some() { STATE_DEADLINE } else { UNREPORTED_DEADLINE };
        match rest.wait_state(&id, deadline, is_there).await {
            Ok(record) => {
                ledger.state_looked_up(tag, true);
                record.get("state").and_then(|state| state.as_str()).unwrap_or_default().to_owned()
            }
            Err(error) if error.is_for_limits() => {
                log::debug!(robot = robot_id.as_str(), command = id.as_str(); "state of {tag} not looked up: {error}");
                "not looked up".to_owned()
            }
            Err(error) => {
                let reported = ledger.reported_state(tag);
                if let Some(reported) = reported {
                    ledger.state_looked_up(tag, false);
                    log::warn!(robot = robot_id.as_str(), command = id.as_str();
                        "{tag} was reported as {reported}, but: {error}");
                }
                if reported.is_some() { "not as reported" } else { "not final" }.to_owned()
            }
        }
    }
}

#[cfg(test)]
mod tests;
