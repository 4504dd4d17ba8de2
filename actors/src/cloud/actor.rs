//! The actor of one robot on a hosted platform.
//!
//! - *Owns:* whether the platform is there, one call at a time.
//! - *Started by:* the sweep, for every robot with an account. *Supervised:* temporary; the sweep starts it again.
//! - *Mailbox:* [`SPEC`]; what is dropped is found by the next probe, and work by the sweep's wake-up.
//! - *Lost on crash:* the call under way. *Recovered from:* rows that are `sent` become unknown at the next start.
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, SpawnHandle, WrapFuture};
use workbot_schema::batch::Record;
use workbot_schema::fields::Ts;
use workbot_schema::ids::CommandId;
use workbot_schema::logs::RobotLog;

use super::CloudParts;
use super::account::Account;
use super::answer::{Probed, judge_probe};
use super::turn::{self, Order, Turn};
use crate::kernel::{
    ActorRef, ActorStats, Backoff, ChildSpec, Lane, Policy, Postbox, Posted, RestartLimit, ask, post,
};
use crate::robot::login::{Attach, Detach, SocketDialect};
use crate::robot::orders::{CloseCause, RobotOrder};
use crate::supervisor::directory::RobotEntry;

/// How hosted robots are run.
pub const SPEC: ChildSpec = ChildSpec {
    kind: "cloud_robot",
    policy: Policy::Temporary,
    restarts: RestartLimit { max: 0, within: Duration::ZERO },
    backoff: Backoff { min: Duration::ZERO, max: Duration::ZERO },
    mailbox_capacity: 16,
    lane: Lane::Io,
};

/// The router waits up to 2 s for the login before.
const ATTACH: Duration = Duration::from_secs(4);
/// A platform that is not there is asked again, ever more seldom.
const ABSENT: Backoff = Backoff { min: Duration::from_secs(2), max: Duration::from_secs(60) };
/// Settings without an account: only a change of them can help, and that is told.
const NO_ACCOUNT: Duration = Duration::from_secs(600);

/// The robot belongs to this actor; given back when dropped.
struct Lease {
    detach: Postbox<Detach>,
    entry: Arc<RobotEntry>,
    generation: u64,
    end: Option<(Option<u16>, String)>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let (code, reason) = self.end.take().unwrap_or((None, "ended unexpectedly".to_owned()));
        let detach = Detach { uuid: self.entry.uuid, generation: self.generation, code, reason };
        if let Err(error) = post(&self.detach, detach) {
            log::debug!(error:% = error; "the sweep notices that a hosted robot is gone");
        }
    }
}

/// What a probe came to.
enum Found {
    There(Option<Lease>),
    Absent(String),
    Later(Duration),
}

/// The actor.
pub struct CloudActor {
    parts: CloudParts,
    entry: Arc<RobotEntry>,
    stats: Arc<ActorStats>,
    lease: Option<Lease>,
    is_busy: bool,
    is_stopped: bool,
    /// What was `sent` before this actor began is not looked at yet.
    must_give_up: bool,
    closing: Option<CloseCause>,
    has_work: bool,
    /// Tokens of the robot's own pace that were taken and not used.
    credit: u32,
    /// Commands that go one by one, because their batch was refused.
    singles: usize,
    strange: Option<CommandId>,
    failures: u32,
    last_reason: String,
    probe_ms: u64,
    pause_ms: u64,
    timer: Option<(u64, SpawnHandle)>,
}

impl CloudActor {
    /// An actor that asks the platform as soon as it is started.
    pub fn new(parts: CloudParts, entry: Arc<RobotEntry>, stats: Arc<ActorStats>) -> Self {
        Self {
            parts,
            entry,
            stats,
            lease: None,
            is_busy: false,
            is_stopped: false,
            must_give_up: true,
            closing: None,
            has_work: true,
            credit: 0,
            singles: 0,
            strange: None,
            failures: 0,
            last_reason: String::new(),
            probe_ms: 0,
            pause_ms: 0,
            timer: None,
        }
    }

    fn robot_id(&self) -> String {
        self.entry.profile().robot.robot_id.to_string()
    }

    fn now_ms(&self) -> u64 {
        self.parts.clock.monotonic_ms()
    }

    /// Does what is next, if anything, and sets the timer.
    fn go(&mut self, ctx: &mut Context<Self>) {
        if self.is_busy {
            return;
        }
        if let Some(cause) = self.closing {
            self.leave(Some(cause.code()), cause.reason());
            return ctx.stop();
        }
        if self.entry.profile().robot.refusal(Ts::new(self.parts.clock.now())).is_some() {
            self.leave(None, CloseCause::Refused.reason());
            return ctx.stop();
        }
        let now_ms = self.now_ms();
        match Account::of(&self.entry.profile().robot, &self.parts.sealer) {
            Err(error) => {
                self.absent(&error.to_string());
                self.probe_ms = after(now_ms, NO_ACCOUNT);
            }
            Ok(account) if now_ms >= self.probe_ms => return self.probe(account, ctx),
            Ok(account) if self.wants_turn() && now_ms >= self.pause_ms => return self.turn(account, ctx),
            Ok(_later) => {}
        }
        let turn_ms = self.wants_turn().then_some(self.pause_ms);
        self.arm(turn_ms.into_iter().chain([self.probe_ms]).min().unwrap_or(self.probe_ms), ctx);
    }

    fn wants_turn(&self) -> bool {
        self.lease.is_some() && self.has_work && !self.is_stopped
    }

    fn arm(&mut self, at_ms: u64, ctx: &mut Context<Self>) {
        if self.timer.as_ref().is_some_and(|(armed_ms, _handle)| *armed_ms == at_ms) {
            return;
        }
        if let Some((_other, handle)) = self.timer.take() {
            ctx.cancel_future(handle);
        }
        let wait = Duration::from_millis(at_ms.saturating_sub(self.now_ms()).max(1));
        let handle = ctx.run_later(wait, |actor, ctx| {
            let _handling = actor.stats.handling("Tick", actor.now_ms());
            actor.timer = None;
            actor.go(ctx);
        });
        self.timer = Some((at_ms, handle));
    }

    /// Asks whether the platform is there; what was handed over when the actor before ended is given up first.
    fn probe(&mut self, account: Account, ctx: &mut Context<Self>) {
        self.is_busy = true;
        let (parts, entry) = (self.parts.clone(), Arc::clone(&self.entry));
        let orders = Postbox::new(ActorRef::new(ctx.address(), Arc::clone(&self.stats)));
        let (is_attached, must_give_up) = (self.lease.is_some(), self.must_give_up);
        let work = async move {
            if must_give_up && let Err(error) = turn::give_up_sent(&parts, &entry).await {
                return (false, Found::Absent(error.to_string()));
            }
            (true, ask_platform(&parts, &entry, &account, orders, is_attached).await)
        };
        ctx.spawn(work.into_actor(self).map(|(has_given_up, found), actor, ctx| {
            actor.is_busy = false;
            actor.must_give_up &= !has_given_up;
            actor.found(found);
            actor.go(ctx);
        }));
    }

    fn found(&mut self, found: Found) {
        let now_ms = self.now_ms();
        match found {
            Found::There(lease) => {
                self.entry.touch(now_ms, Ts::new(self.parts.clock.now()));
                if let Some(lease) = lease {
                    self.lease = Some(lease);
                    self.has_work = true;
                    self.note("the platform answers");
                }
                self.failures = 0;
                self.last_reason.clear();
                self.probe_ms = after(now_ms, self.parts.settings.probe);
            }
            Found::Later(wait) => self.probe_ms = after(now_ms, wait),
            Found::Absent(reason) => {
                self.absent(&reason);
                self.failures = self.failures.saturating_add(1);
                self.probe_ms = after(now_ms, ABSENT.delay(self.failures, rand::random()));
            }
        }
    }

    /// The platform is not there, or not for this robot: its commands wait as those of a phone that is away.
    fn absent(&mut self, reason: &str) {
        self.leave(None, reason);
        if self.last_reason != reason {
            reason.clone_into(&mut self.last_reason);
            log::warn!(robot = self.robot_id().as_str(), reason = reason; "a hosted robot is offline");
            self.note(&format!("offline: {reason}"));
        }
    }

    /// Gives the robot back.
    fn leave(&mut self, code: Option<u16>, reason: &str) {
        if let Some(mut lease) = self.lease.take() {
            lease.end = Some((code, reason.to_owned()));
        }
    }

    /// Keeps a line in the robot's log.
    fn note(&self, text: &str) {
        self.parts.journal.log(Record::RobotLog(RobotLog {
            seq: 0,
            robot_uuid: self.entry.uuid,
            kind: "cloud".to_owned(),
            code: None,
            text: text.to_owned(),
            created_at: Ts::new(self.parts.clock.now()),
        }));
    }

    fn turn(&mut self, account: Account, ctx: &mut Context<Self>) {
        let Some(generation) = self.lease.as_ref().map(|lease| lease.generation) else { return };
        let batch = if self.singles > 0 { 1 } else { self.parts.settings.batch.max(1) };
        if self.credit < batch {
            self.credit += self.entry.limits.pacing.take_up_to(batch - self.credit);
        }
        if self.credit == 0 {
            self.pause_ms = after(self.now_ms(), Duration::from_secs(1));
            return self.go(ctx);
        }
        self.is_busy = true;
        // What is queued from now on wakes this robot again.
        self.has_work = false;
        let order =
            Order { account, generation, most: self.credit.min(batch), strange: self.strange.clone() };
        let work = turn::make(self.parts.clone(), Arc::clone(&self.entry), order);
        ctx.spawn(work.into_actor(self).map(|turn, actor, ctx| {
            actor.is_busy = false;
            actor.turned(turn);
            actor.go(ctx);
        }));
    }

    fn turned(&mut self, turn: (Turn, usize)) {
        let (turn, claimed) = turn;
        let now_ms = self.now_ms();
        self.credit = self.credit.saturating_sub(u32::try_from(claimed).unwrap_or(u32::MAX));
        self.has_work |= !matches!(turn, Turn::Idle | Turn::Stale);
        match turn {
            Turn::Done => {
                self.entry.touch(now_ms, Ts::new(self.parts.clock.now()));
                self.probe_ms = after(now_ms, self.parts.settings.probe);
                self.singles = self.singles.saturating_sub(claimed);
                self.strange = None;
            }
            Turn::Idle => self.singles = 0,
            Turn::Wait(wait) => self.pause_ms = after(now_ms, wait),
            Turn::OneByOne(count) => self.singles = count,
            Turn::Away(reason, first) => {
                self.strange = first;
                self.absent(&reason);
                self.failures = self.failures.saturating_add(1);
                self.probe_ms = after(now_ms, ABSENT.delay(self.failures, rand::random()));
            }
            Turn::Stale => self.leave(None, "replaced by a newer login"),
        }
    }
}

fn after(now_ms: u64, wait: Duration) -> u64 {
    now_ms.saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

async fn ask_platform(
    parts: &CloudParts,
    entry: &Arc<RobotEntry>,
    account: &Account,
    orders: Postbox<RobotOrder>,
    is_attached: bool,
) -> Found {
    if let Err(wait) = parts.gate.take(&account.origin(), parts.clock.monotonic_ms()) {
        return Found::Later(wait);
    }
    let url = account.url("/robot/robotInfo/online");
    let outcome = parts.http.get(&url, &[], parts.settings.budget).await;
    match judge_probe(&turn::came(&outcome)) {
        Probed::Online if is_attached => Found::There(None),
        Probed::Online => attach(parts, entry, account, orders).await,
        Probed::Offline(reason) => Found::Absent(reason),
        Probed::Later(wait) => {
            parts.gate.close(&account.origin(), wait, parts.clock.monotonic_ms());
            Found::Later(wait)
        }
    }
}

async fn attach(
    parts: &CloudParts,
    entry: &Arc<RobotEntry>,
    account: &Account,
    orders: Postbox<RobotOrder>,
) -> Found {
    let attach = Attach {
        uuid: entry.uuid,
        orders,
        dialect: SocketDialect::Cloud,
        address: Some(Arc::from(account.host())),
        connection_id: Arc::from(uuid::Uuid::now_v7().simple().to_string()),
        since: Ts::new(parts.clock.now()),
    };
    match ask(&parts.attach, attach, ATTACH).await {
        Ok(Ok(attached)) => Found::There(Some(Lease {
            detach: parts.detach.clone(),
            entry: Arc::clone(entry),
            generation: attached.generation,
            end: None,
        })),
        Ok(Err(error)) => Found::Absent(error.to_string()),
        Err(error) => Found::Absent(error.to_string()),
    }
}

impl Actor for CloudActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.go(ctx);
    }

    fn stopped(&mut self, _ctx: &mut Self::Context) {
        self.leave(None, "stopped");
    }
}

impl Handler<Posted<RobotOrder>> for CloudActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<RobotOrder>, ctx: &mut Self::Context) {
        let (order, _handling) = posted.open(self.now_ms());
        match order {
            RobotOrder::Wake => self.has_work = true,
            // Another address or key may have been set: asked at once.
            RobotOrder::Configure | RobotOrder::Probe => {
                self.probe_ms = 0;
                self.failures = 0;
            }
            RobotOrder::StopClaiming => self.is_stopped = true,
            RobotOrder::Close(cause) => self.closing = Some(cause),
        }
        self.go(ctx);
    }
}
