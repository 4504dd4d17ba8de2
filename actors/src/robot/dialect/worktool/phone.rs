//! One phone on one socket: which commands it has, and what ends them.
//!
//! ```text
//! push ─▶ pushed ─10 s─▶ pushed again, same id ─▶ … confirm ─▶ Ack ─stored─▶ confirmed (holds a place)
//!                                                                      │
//!   result · group report · confirm alone · 60 s without a failure ◀───┘─▶ Result ─stored─▶ gone, place free
//! ```
//! A confirmed command is never pushed again. A place is freed by what the store answered, or by its time-out.
mod slot;

use std::sync::Arc;

use workbot_schema::commands::{CommandState, ExecutionResult, RobotCommand};
use workbot_schema::ids::CommandId;
use workbot_schema::wire::worktool::downstream::{self, CommandProblem};
use workbot_schema::wire::worktool::frame::{UpBody, UpFrame};
use workbot_schema::wire::worktool::item::{GroupInfo, MyInfo, UpItem};
use workbot_schema::wire::worktool::log_line::{self, DeviceInfo, LogLine};
use workbot_schema::wire::worktool::result::Report;
use workbot_schema::wire::worktool::snapshot::Snapshot;

use self::slot::{Slot, Stage};
use super::translation::{Awaits, translate};
use super::{gather, wire_id};
use crate::robot::dialect::Inbound;

pub use self::slot::Unfinished;

/// A command is looked at this long after its time-out, and then again, milliseconds.
const GRACE_MS: u64 = 5_000;
const CLEAR_QUEUE: i32 = 304;
const LIST_FRIENDS: i32 = 507;

/// Times of a phone, milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneSettings {
    /// Not confirmed within this: the same wire id once more (`commands.confirm_timeout_ms`).
    pub confirm_timeout_ms: u64,
    /// Result time-out.
    pub plain_timeout_ms: u64,
    /// Result time-out of files.
    pub file_timeout_ms: u64,
    /// A command of which only failures are reported has succeeded after this.
    pub silence_ms: u64,
    /// Results of one command are together when none came for this.
    pub quiet_ms: u64,
    /// Whether frames are encrypted with the app's published key.
    pub is_encrypted: bool,
}

impl Default for PhoneSettings {
    fn default() -> Self {
        Self {
            confirm_timeout_ms: 10_000,
            plain_timeout_ms: 120_000,
            file_timeout_ms: 300_000,
            silence_ms: 60_000,
            quiet_ms: 10_000,
            is_encrypted: false,
        }
    }
}

/// Something the phone let us know.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// It has connected, and this is its device.
    Login(DeviceInfo),
    /// Its own names.
    Me(MyInfo),
    /// The name others see.
    ShowName(String),
    /// A group.
    Group(GroupInfo),
    /// It is in this group now.
    Joined(String),
    /// The QR code of a group: name, remark, text.
    GroupQrcode(String, Option<String>, String),
    /// Somebody is a contact since just now.
    NewFriend(String),
    /// All contacts.
    Friends(Vec<String>),
    /// Enterprises it could switch to.
    Corporations(Vec<String>),
}

/// What is to be done, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Send this text.
    Send(Arc<str>),
    /// The phone speaks of a command: [`Inbound::Ack`] or [`Inbound::Result`].
    Core(Inbound),
    /// A place is free: there may be a command to claim.
    Wake,
    /// Read where this command is, and [`Phone::settle`] it.
    Check(CommandId),
    /// Find out what is new on its screen.
    Look {
        /// Id of the frame, if it had one.
        frame_id: String,
        /// The screen.
        snapshot: Box<Snapshot>,
    },
    /// Keep what it let us know.
    Learn(Box<Fact>),
    /// Keep a line of its log: `log` or `error`.
    Note(&'static str, String),
}

/// The phone of a socket.
#[derive(Debug, Default)]
pub struct Phone {
    settings: PhoneSettings,
    device: DeviceInfo,
    /// In the order of their pushes: the phone carries them out in this order, one at a time.
    slots: Vec<Slot>,
    last_result_ms: u64,
}

impl Phone {
    /// A phone that has just connected; `unfinished` are commands it confirmed on an earlier socket.
    pub fn new(settings: PhoneSettings, unfinished: Vec<Unfinished>, now_ms: u64) -> Self {
        let mut phone = Self { settings, ..Self::default() };
        phone.slots =
            unfinished.into_iter().map(|row| Slot::inherited(row, phone.settings, now_ms)).collect();
        phone
    }

    /// What the app said of itself at its login.
    pub fn device(&self) -> &DeviceInfo {
        &self.device
    }

    /// Whether commands are encrypted from now on, as the robot's settings say.
    pub fn set_encrypted(&mut self, is_encrypted: bool) {
        self.settings.is_encrypted = is_encrypted;
    }

    /// Takes over what the phone confirmed on an earlier socket. What its confirmation ends has ended.
    pub fn inherit(&mut self, unfinished: Vec<Unfinished>, now_ms: u64) -> Vec<Act> {
        let mut slots: Vec<Slot> = unfinished
            .into_iter()
            .filter(|row| row.awaits != Awaits::Nothing)
            .map(|row| Slot::inherited(row, self.settings, now_ms))
            .collect();
        let ended = slots.iter_mut().filter(|slot| slot.awaits == Awaits::Confirm);
        let acts = ended.map(|slot| slot.finish(ExecutionResult::default())).collect();
        self.slots.splice(..0, slots);
        acts
    }

    /// The first frames, before anything that has an id.
    pub fn open(&self) -> Vec<Act> {
        vec![Act::Send(downstream::START.into())]
    }

    /// Confirmed commands without a result: they hold places on the phone (`commands.worktool_unfinished`).
    pub fn held(&self) -> usize {
        self.slots.iter().filter(|slot| slot.stage == Stage::Confirmed).count()
    }

    /// What the next socket must know.
    pub fn unfinished(&self) -> Vec<Unfinished> {
        self.slots.iter().filter_map(Slot::unfinished).collect()
    }

    /// When [`Self::tick`] is due.
    pub fn next_tick_ms(&self) -> Option<u64> {
        let first = self.slots.iter().position(|slot| slot.stage == Stage::Confirmed);
        let times =
            self.slots.iter().enumerate().flat_map(|(place, slot)| {
                [slot.next_ms(), slot.silence_ms().filter(|_at| first == Some(place))]
            });
        times.flatten().min()
    }

    /// Pushes a command. What has no words in this dialect is not pushed and stays `sent` until its time-out.
    pub fn push(
        &mut self,
        command: &RobotCommand,
        file_base64: Option<&str>,
        now_ms: u64,
    ) -> Result<Vec<Act>, CommandProblem> {
        let Some(translation) = translate(command, &self.device) else { return Ok(Vec::new()) };
        let wire_id = wire_id::of(&command.id, command.attempt);
        let frame: Arc<str> =
            downstream::command(&wire_id, &translation.item, file_base64, self.settings.is_encrypted)?.into();
        self.slots.retain(|slot| slot.id != command.id);
        self.slots.push(Slot::pushed(command, translation.awaits, Arc::clone(&frame), self.settings, now_ms));
        Ok(vec![Act::Send(frame)])
    }

    /// Takes note of where a row is; none = there is no such command.
    pub fn settle(&mut self, id: &CommandId, row: Option<(CommandState, i32)>, now_ms: u64) -> Vec<Act> {
        let Some(place) = self.slots.iter().position(|slot| slot.id == *id) else { return Vec::new() };
        let Some(slot) = self.slots.get_mut(place) else { return Vec::new() };
        let attempt = slot.attempt;
        match row {
            Some((CommandState::Sent, of)) if of == attempt => Vec::new(),
            Some((CommandState::Confirmed, of)) if of == attempt && slot.awaits != Awaits::Nothing => {
                slot.confirm(now_ms);
                Vec::new()
            }
            _ => {
                self.slots.remove(place);
                vec![Act::Wake]
            }
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now_ms: u64) -> Vec<Act> {
        let mut acts = Vec::new();
        for slot in &mut self.slots {
            if let Some(frame) = slot.take_resend(now_ms) {
                acts.push(Act::Send(frame));
            }
            if let Some(result) = slot.take_gathered(now_ms) {
                acts.push(slot.finish(result));
            }
            if slot.check_ms <= now_ms {
                slot.check_ms = now_ms.saturating_add(GRACE_MS);
                acts.push(Act::Check(slot.id.clone()));
            }
        }
        let first = self.slots.iter_mut().find(|slot| slot.stage == Stage::Confirmed);
        if let Some(slot) = first.filter(|slot| slot.silence_ms().is_some_and(|at_ms| at_ms <= now_ms)) {
            acts.push(slot.finish(ExecutionResult::default()));
        }
        acts
    }

    /// What a frame brings.
    pub fn frame(&mut self, frame: UpFrame, now_ms: u64) -> Vec<Act> {
        match (frame.body, frame.message_id) {
            (UpBody::Confirm, Some(id)) => self.confirmed(&id),
            (UpBody::Results(reports), Some(id)) => self.reported(&id, reports, now_ms),
            (UpBody::Items(items), id) => {
                let id = id.unwrap_or_default();
                items.into_iter().flat_map(|item| self.item(item, &id)).collect()
            }
            (UpBody::Confirm | UpBody::Results(_), None)
            | (UpBody::Heartbeat | UpBody::Clock | UpBody::Unknown, _) => Vec::new(),
        }
    }

    fn confirmed(&mut self, wire_id: &str) -> Vec<Act> {
        let (id, attempt) = wire_id::read(wire_id);
        let ack = Act::Core(Inbound::Ack { id: id.clone(), attempt: Some(attempt) });
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == id && slot.attempt == attempt) else {
            // It may be one of an earlier socket: the row knows.
            return vec![ack];
        };
        if slot.stage != Stage::Pushed {
            return Vec::new();
        }
        slot.receive();
        let (awaits, is_clear) = (slot.awaits.clone(), slot.command_type == CLEAR_QUEUE);
        let mut acts = vec![ack];
        if awaits == Awaits::Confirm {
            acts.push(slot.finish(ExecutionResult::default()));
        }
        if is_clear && self.forget_dropped(&id) {
            acts.push(Act::Wake);
        }
        acts
    }

    /// 304 empties the phone's queue: of what it had confirmed before, only the one it is carrying out is still reported.
    fn forget_dropped(&mut self, clear: &CommandId) -> bool {
        let before = self.slots.len();
        let end = self.slots.iter().position(|slot| slot.id == *clear).unwrap_or_default();
        let running = self.slots.iter().position(|slot| slot.stage == Stage::Confirmed);
        let mut place = 0..;
        self.slots.retain(|slot| {
            let place = place.next().unwrap_or(usize::MAX);
            place >= end || Some(place) == running || slot.stage != Stage::Confirmed
        });
        self.slots.len() < before
    }

    fn reported(&mut self, wire_id: &str, reports: Vec<Report>, now_ms: u64) -> Vec<Act> {
        let (id, attempt) = wire_id::read(wire_id);
        let mut acts: Vec<Act> = Vec::new();
        for report in &reports {
            if report.command_type == Some(LIST_FRIENDS) && !report.names.is_empty() {
                acts.push(Act::Learn(Box::new(Fact::Friends(report.names.clone()))));
            }
        }
        let Some(mut result) = gather::one(reports.into_iter().map(|report| report.result)) else {
            return acts;
        };
        result.attempt = Some(attempt);
        self.last_result_ms = now_ms;
        let place = self.slots.iter().position(|slot| slot.id == id && slot.attempt == attempt);
        for slot in &mut self.slots {
            slot.postpone(now_ms);
        }
        // What was carried out before it and is silent about success has succeeded.
        for slot in self.slots.iter_mut().take(place.unwrap_or_default()) {
            if slot.awaits == Awaits::Failure && slot.stage == Stage::Confirmed {
                acts.push(slot.finish(ExecutionResult::default()));
            }
        }
        match place.and_then(|place| self.slots.get_mut(place)) {
            Some(slot) => {
                if slot.stage == Stage::Pushed {
                    slot.receive();
                }
                match slot.awaits.clone() {
                    Awaits::Results(targets) => {
                        acts.extend(slot.gather(result, &targets, now_ms));
                    }
                    _ => acts.push(slot.finish(result)),
                }
            }
            None => acts.push(Act::Core(Inbound::Result { id, result: Box::new(result) })),
        }
        acts
    }

    fn item(&mut self, item: UpItem, frame_id: &str) -> Vec<Act> {
        let learn = |fact| vec![Act::Learn(Box::new(fact))];
        match item {
            UpItem::Snapshot(snapshot) => vec![Act::Look { frame_id: frame_id.to_owned(), snapshot }],
            UpItem::Log(line) => match log_line::read(&line) {
                LogLine::Login(_link_id, device) => {
                    self.device = device.clone();
                    learn(Fact::Login(device))
                }
                LogLine::ShowName(name) => learn(Fact::ShowName(name)),
                LogLine::JoinedGroup(name) => learn(Fact::Joined(name)),
                LogLine::JoinFailed(_) | LogLine::Other(_) => vec![Act::Note("log", line)],
            },
            UpItem::ErrorLog(line) => vec![Act::Note("error", line)],
            UpItem::Group(group) => self.group(*group),
            UpItem::NewFriend(name) => learn(Fact::NewFriend(name)),
            UpItem::MyInfo(info) => learn(Fact::Me(*info)),
            UpItem::GroupQrcode { group, remark, qrcode } => learn(Fact::GroupQrcode(group, remark, qrcode)),
            UpItem::Corporations(names) => learn(Fact::Corporations(names)),
            UpItem::RecentChats(_) | UpItem::Other(_) => Vec::new(),
        }
    }

    /// A group; the command that asked for its members ends with it.
    fn group(&mut self, group: GroupInfo) -> Vec<Act> {
        let is_meant = |slot: &&mut Slot| match &slot.awaits {
            Awaits::Group(name) => *name == group.name || Some(name) == group.remark.as_ref(),
            _ => false,
        };
        let mut acts = Vec::new();
        let asked = self.slots.iter_mut().filter(|slot| slot.stage != Stage::Reported);
        for slot in asked.filter(is_meant) {
            if slot.stage == Stage::Pushed {
                slot.receive();
            }
            let raw = serde_json::json!({"groupName": group.name, "nameList": group.members, "groupNumber": group.member_count});
            acts.push(slot.finish(ExecutionResult {
                success_list: vec![group.name.clone()],
                raw: Some(raw.to_string()),
                ..ExecutionResult::default()
            }));
        }
        acts.push(Act::Learn(Box::new(Fact::Group(group))));
        acts
    }
}
