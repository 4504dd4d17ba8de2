//! The WorkTool side of a socket: what [`Phone`] decides is carried out here, beside the core.
//!
//! ```text
//! open ─▶ start frame ─▶ facts of the store ─▶ frames ─▶ proof and device ─▶ Attach ─▶ core: unconfirmed, claims
//!                                                │
//!              before that acts are kept (at most EARLY); without a proof nothing is ever registered
//! ```
//! A screen is laid against its room while no further frame is read: one write holds its messages and the room's memory.
mod facts;
mod memory;
mod screen;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{ActorFutureExt, AsyncContext, SpawnHandle, WrapFuture};
use chrono::TimeDelta;
use parking_lot::Mutex;
use workbot_schema::commands::{CommandState, RobotCommand, queries};
use workbot_schema::fields::Ts;
use workbot_schema::ids::{CommandId, RobotUuid};
use workbot_schema::store::{Db, StoreResult};
use workbot_schema::wire::worktool::frame::UpFrame;
use workbot_schema::worktool::phones::{self, WorktoolPhone};
use workbot_schema::worktool::sent_items::{self, SentItem};

use super::core::Input;
use super::dialect::worktool::admission::Rival;
use super::dialect::worktool::{self, Act, Admission, Fact, Phone, PhoneSettings, Verdict};
use super::dialect::{BadFrame, Inbound};
use super::orders::CloseCause;
use super::socket::SocketParts;
use super::worktool_chat::RobotNames;
use super::{Context, DECODE, RobotActor};
use crate::kernel::INLINE_BYTES;

pub use self::memory::PhoneMemory;

use self::screen::Sight;

/// Acts kept before the robot belongs to the socket; more are dropped and counted.
const EARLY: usize = 64;
/// Commands of the last minutes explain bubbles of the robot, also those pushed on an earlier socket.
const EXPLAINED: TimeDelta = TimeDelta::minutes(10);
/// The store may take so long before frames are read without its facts.
const LOAD: Duration = Duration::from_secs(2);

/// What a WorkTool phone's socket has beside the core.
pub(super) struct WorktoolSide {
    phone: Phone,
    admission: Admission,
    /// The device of the last login, and what is known of the phone's names.
    known: Option<WorktoolPhone>,
    /// Shared with the task that looks at screens.
    sight: Arc<Mutex<Sight>>,
    /// A room is looked at, or waits for the limit.
    is_looking: bool,
    early: Vec<Act>,
    is_attaching: bool,
    timer: Option<(u64, SpawnHandle)>,
}

impl WorktoolSide {
    pub(super) fn new(parts: &SocketParts) -> Self {
        Self {
            phone: Phone::new(settings(parts), Vec::new(), 0),
            admission: Admission::default(),
            known: None,
            sight: Arc::default(),
            is_looking: false,
            early: Vec::new(),
            is_attaching: false,
            timer: None,
        }
    }

    fn learn_names(&mut self, my_name: Option<&str>, show_name: Option<&str>) {
        let known = |name: fn(&WorktoolPhone) -> Option<&String>| self.known.as_ref().and_then(name).cloned();
        let my_name = my_name.map(str::to_owned).or_else(|| known(|phone| phone.my_name.as_ref()));
        let show_name = show_name.map(str::to_owned).or_else(|| known(|phone| phone.show_name.as_ref()));
        let names = [my_name.as_deref(), show_name.as_deref()].into_iter().flatten();
        self.sight.lock().names = RobotNames::new(names);
        if let Some(phone) = &mut self.known {
            (phone.my_name, phone.show_name) = (my_name, show_name);
        }
    }
}

fn settings(parts: &SocketParts) -> PhoneSettings {
    PhoneSettings {
        confirm_timeout_ms: parts.settings.confirm_timeout_ms,
        plain_timeout_ms: parts.settings.plain_timeout_ms,
        file_timeout_ms: parts.settings.file_timeout_ms,
        ..PhoneSettings::default()
    }
}

/// What the store knows of a phone.
async fn load(db: Db, robot: RobotUuid, now: Ts) -> StoreResult<(Option<WorktoolPhone>, Vec<SentItem>)> {
    let phone = phones::find(&db, robot).await?;
    Ok((phone, sent_items::list(&db, robot, now.plus(-EXPLAINED)).await?))
}

impl RobotActor {
    /// Says hello, learns what is known of the phone, then reads its frames.
    pub(super) fn greet(&mut self, ctx: &mut Context) {
        let Some(side) = &self.worktool else { return };
        for act in side.phone.open() {
            if let Act::Send(frame) = act {
                ctx.text(frame.as_ref());
            }
        }
        let now = Ts::new(self.parts.clock.now());
        let loading = tokio::time::timeout(LOAD, load(self.parts.db.clone(), self.login.entry.uuid, now));
        ctx.wait(loading.into_actor(self).map(|loaded, actor, ctx| {
            let now_ms = actor.parts.clock.monotonic_ms();
            let now = Ts::new(actor.parts.clock.now());
            match (loaded, &mut actor.worktool) {
                (Ok(Ok((known, items))), Some(side)) => {
                    side.known = known;
                    side.learn_names(None, None);
                    let mut sight = side.sight.lock();
                    for item in items {
                        let age = now.millis().saturating_sub(item.sent_at.millis());
                        let age_ms = u64::try_from(age).unwrap_or_default();
                        sight.sent.note(item.command_type, &item.item, now_ms.saturating_sub(age_ms));
                    }
                }
                (Ok(Err(error)), _) => {
                    log::warn!(robot = actor.robot_id().as_str(), error:% = error; "a phone is served without what is known of it");
                }
                (Err(_elapsed), _) => {
                    log::warn!(robot = actor.robot_id().as_str(); "a phone is served without what is known of it: no answer in time");
                }
                (_, None) => {}
            }
            if let Some(frames) = actor.frames.take() {
                ctx.add_stream(frames);
            }
        }));
    }

    /// A text frame of the app.
    pub(super) fn worktool_text(&mut self, text: String, ctx: &mut Context) {
        if text.len() <= INLINE_BYTES {
            return self.worktool_frame(worktool::read(&text), ctx);
        }
        let offload = self.parts.offload.clone();
        // Nothing is read meanwhile: frames keep their order.
        let read = async move { offload.run(DECODE, move || worktool::read(&text)).await };
        ctx.wait(read.into_actor(self).map(|read, actor, ctx| match read {
            Ok(frame) => actor.worktool_frame(frame, ctx),
            Err(error) => {
                log::warn!(robot = actor.robot_id().as_str(), error:% = error; "a large frame is not read");
                actor.part(CloseCause::Silent, ctx);
            }
        }));
    }

    fn worktool_frame(&mut self, frame: Result<UpFrame, BadFrame>, ctx: &mut Context) {
        let now_ms = self.parts.clock.monotonic_ms();
        let frame = match frame {
            Ok(frame) => frame,
            Err(bad) => {
                if self.login.entry.limits.inbound.take().is_ok() {
                    self.note("frame", None, bad.text.clone());
                }
                return self.step(Input::Frame(Err(bad), None), ctx);
            }
        };
        let Some(side) = &mut self.worktool else { return };
        side.admission.note(&frame, now_ms);
        let acts = side.phone.frame(frame, now_ms);
        for act in &acts {
            if let Act::Learn(fact) = act
                && let Fact::Login(device) = fact.as_ref()
            {
                side.admission.name(device.clone());
            }
        }
        if self.lease.is_some() {
            return self.perform(acts, ctx);
        }
        let room = EARLY.saturating_sub(side.early.len());
        if acts.len() > room {
            self.parts.counters.lost_reports.fetch_add(1, Ordering::Relaxed);
        }
        side.early.extend(acts.into_iter().take(room));
        self.admit(ctx);
    }

    /// Takes the robot as soon as the phone has proven to run, unless another phone has it.
    fn admit(&mut self, ctx: &mut Context) {
        let now_ms = self.parts.clock.monotonic_ms();
        let entry = &self.login.entry;
        let Some(side) = self.worktool.as_mut().filter(|side| !side.is_attaching) else { return };
        let stored = || side.known.as_ref()?.device.as_ref().map(|device| device.0.clone());
        let device = self.parts.phones.device(entry.uuid).or_else(stored);
        let rival = entry
            .is_connected()
            .then(|| Rival { device: device.as_ref(), last_frame_ms: entry.last_frame_ms() });
        match side.admission.verdict(rival, now_ms) {
            Verdict::Wait => {
                if let Some(at_ms) = side.admission.next_tick_ms() {
                    let wait = Duration::from_millis(at_ms.saturating_sub(now_ms));
                    ctx.run_later(wait, |actor, ctx| actor.admit(ctx));
                }
            }
            Verdict::Admit => {
                side.is_attaching = true;
                self.attach(ctx);
            }
            Verdict::Refuse => {
                log::warn!(robot = self.robot_id().as_str(); "a second phone with the same link id is refused");
                self.part(CloseCause::Replaced, ctx);
            }
        }
    }

    /// The robot is ours: what the phone has of earlier sockets, and what it said meanwhile.
    pub(super) fn worktool_attached(&mut self, ctx: &mut Context) {
        let now_ms = self.parts.clock.monotonic_ms();
        let Some(side) = &mut self.worktool else { return };
        let unfinished = self.parts.phones.take_unfinished(self.login.entry.uuid, side.phone.device());
        let mut acts = side.phone.inherit(unfinished, now_ms);
        if side.phone.held() > 0 {
            // It may be a 304 that waits since before the start: looked at once.
            self.login.entry.has_clear.store(true, Ordering::Release);
        }
        acts.append(&mut side.early);
        self.login.entry.touch(now_ms, Ts::new(self.parts.clock.now()));
        self.perform(acts, ctx);
    }

    /// Remembers for the next socket what the phone still has.
    pub(super) fn worktool_ended(&self) {
        self.look_at_rest();
        if let (Some(side), Some(_lease)) = (&self.worktool, &self.lease) {
            self.parts.phones.keep_unfinished(self.login.entry.uuid, side.phone.unfinished());
        }
    }

    /// Pushes a command in the app's words.
    pub(super) fn worktool_push(&mut self, command: &RobotCommand, file: Option<&str>, ctx: &mut Context) {
        let now_ms = self.parts.clock.monotonic_ms();
        let is_encrypted = self.login.entry.profile().robot.settings.0.encrypt_type == 1;
        let Some(side) = &mut self.worktool else { return };
        side.phone.set_encrypted(is_encrypted);
        match side.phone.push(command, file, now_ms) {
            Ok(acts) => {
                side.sight.lock().sent.note(command.command_type, &command.item, now_ms);
                self.parts.counters.pushed.fetch_add(1, Ordering::Relaxed);
                self.perform(acts, ctx);
            }
            Err(error) => {
                log::error!(message = command.id.as_str(), error:% = error; "a command cannot be written for the phone");
            }
        }
    }

    /// Takes note of where the row of a command is.
    pub(super) fn worktool_settle(
        &mut self,
        id: &CommandId,
        row: Option<(CommandState, i32)>,
        ctx: &mut Context,
    ) {
        let now_ms = self.parts.clock.monotonic_ms();
        let Some(side) = &mut self.worktool else { return };
        let acts = side.phone.settle(id, row, now_ms);
        self.perform(acts, ctx);
    }

    /// Says why, as far as the app can show it, and ends.
    pub(super) fn part(&mut self, cause: CloseCause, ctx: &mut Context) {
        if self.worktool.is_none() {
            return self.close(cause.code(), cause.reason(), ctx);
        }
        let (toast, code) = worktool::farewell(cause);
        if let Some(toast) = toast {
            ctx.text(toast);
        }
        self.close(code, cause.reason(), ctx);
    }

    fn perform(&mut self, acts: Vec<Act>, ctx: &mut Context) {
        for act in acts {
            match act {
                Act::Send(frame) => ctx.text(frame.as_ref()),
                Act::Core(inbound) => self.forward(inbound, ctx),
                Act::Wake => {
                    self.hold();
                    self.step(Input::Wake, ctx);
                }
                Act::Check(id) => {
                    let db = self.parts.db.clone();
                    let read = async move { (queries::find(&db, id.clone()).await, id) };
                    ctx.spawn(read.into_actor(self).map(|(found, id), actor, ctx| {
                        // What could not be read is looked at again.
                        if let Ok(row) = found {
                            let row = row.map(|row| (row.state, row.attempt));
                            actor.worktool_settle(&id, row, ctx);
                        }
                    }));
                }
                Act::Look { frame_id, snapshot } => self.look(frame_id, *snapshot, ctx),
                Act::Learn(fact) => self.learn(*fact, ctx),
                Act::Note(kind, text) => self.note(kind, None, text),
            }
        }
        self.hold();
        self.arm(ctx);
    }

    /// What the phone says of commands costs like everything it says, and is never lost for it when it is waited for.
    fn forward(&mut self, inbound: Inbound, ctx: &mut Context) {
        self.decoded(Ok(inbound), ctx);
    }

    fn hold(&mut self) {
        if let Some(side) = &self.worktool {
            self.core.hold(side.phone.held());
        }
    }

    fn arm(&mut self, ctx: &mut Context) {
        let now_ms = self.parts.clock.monotonic_ms();
        let Some(side) = &mut self.worktool else { return };
        let Some(at_ms) = side.phone.next_tick_ms() else { return };
        if side.timer.as_ref().is_some_and(|(armed_ms, _handle)| *armed_ms <= at_ms) {
            return;
        }
        if let Some((_later, handle)) = side.timer.take() {
            ctx.cancel_future(handle);
        }
        let handle = ctx.run_later(Duration::from_millis(at_ms.saturating_sub(now_ms)), |actor, ctx| {
            let now_ms = actor.parts.clock.monotonic_ms();
            let Some(side) = &mut actor.worktool else { return };
            side.timer = None;
            let acts = side.phone.tick(now_ms);
            actor.perform(acts, ctx);
        });
        side.timer = Some((at_ms, handle));
    }
}
