//! What must be written: alerts that begin, alerts that are over. In order where order counts, again when the store was away.
use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::future::join_all;
use workbot_schema::alerts::{Alert, AlertAct, NewAlert};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertId, AlertRuleId, ChannelId, RobotUuid, UserId};
use workbot_schema::messages;
use workbot_schema::robots::Robot;

use super::AlertParts;
use super::board::Scope;
use super::held::Match;
use super::notice::quote;
use super::raising::{Raising, notice_of, of_message};
use super::rules::{Facts, RuleMatch};
use crate::journal::Written;

/// Most things that wait to be written.
const WAITING_MAX: usize = 2_000;
/// So many are written at a time.
const AT_ONCE: usize = 64;
/// Who ends alerts that end by themselves.
const SYSTEM: &str = "system";

/// One thing to write.
#[derive(Debug, Clone)]
pub(super) enum Task {
    /// A message met rules.
    Message(Match),
    /// A number broke a rule.
    Reading(Box<ReadingTask>),
    /// An alert about a number is over.
    Over(AlertRuleId, Scope, AlertId),
    /// The server raised an alert by itself: rules about levels say whom to tell.
    Level(Arc<Alert>),
}

/// An alert about a number.
#[derive(Debug, Clone)]
pub(super) struct ReadingTask {
    pub(super) rule: AlertRuleId,
    pub(super) scope: Scope,
    pub(super) raising: Raising,
    pub(super) channel_ids: Vec<ChannelId>,
    pub(super) owner: Option<UserId>,
}

/// How a task ended.
#[derive(Debug)]
pub(super) enum Ended {
    /// Written; the alert about a number that is open from now on.
    Done(Option<(AlertRuleId, Scope, AlertId)>),
    /// The store is away.
    Again(Box<Task>),
    /// It cannot be written.
    Lost(Box<Task>),
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    tasks: VecDeque<Task>,
}

impl Waiting {
    /// Adds a task; gives it back when too many wait.
    pub(super) fn push(&mut self, task: Task) -> Option<Task> {
        if self.tasks.len() >= WAITING_MAX {
            return Some(task);
        }
        self.tasks.push_back(task);
        None
    }

    /// Puts back what could not be written yet, in its order.
    pub(super) fn put_back(&mut self, tasks: Vec<Task>) {
        for task in tasks.into_iter().rev() {
            self.tasks.push_front(task);
        }
    }

    /// The next tasks that may be written beside each other: an end waits until its beginning is known.
    pub(super) fn take(&mut self) -> Vec<Task> {
        let is_end = |task: &Task| matches!(task, Task::Over(..));
        let Some(kind) = self.tasks.front().map(is_end) else { return Vec::new() };
        let fitting = self.tasks.iter().take(AT_ONCE).take_while(|task| is_end(task) == kind).count();
        self.tasks.drain(..fitting).collect()
    }
}

/// Writes tasks beside each other.
pub(super) async fn write(parts: AlertParts, tasks: Vec<Task>) -> Vec<Ended> {
    join_all(tasks.into_iter().map(|task| one(&parts, task))).await
}

async fn one(parts: &AlertParts, task: Task) -> Ended {
    let records = match &task {
        Task::Message(found) => match of_match(parts, found).await {
            Ok(records) => records,
            Err(()) => return Ended::Again(Box::new(task)),
        },
        Task::Reading(reading) => {
            vec![raised(parts, reading.raising.clone(), &reading.channel_ids, reading.owner.as_ref())]
        }
        Task::Over(_rule, _scope, alert) => vec![Record::AlertChange {
            id: alert.clone(),
            change: AlertAct::Resolve,
            by: SYSTEM.to_owned(),
            note: Some("已恢复正常".to_owned()),
        }],
        Task::Level(alert) => of_level(parts, alert),
    };
    if records.is_empty() {
        return Ended::Done(None);
    }
    let written = parts.journal.write(records).await;
    judge(parts, task, written)
}

fn judge(parts: &AlertParts, task: Task, written: Written) -> Ended {
    let outcomes = match written {
        Ok(outcomes) => outcomes,
        Err(error) if error.class() == Class::Transient => return Ended::Again(Box::new(task)),
        Err(error) => {
            log::error!(error:% = error; "an alert cannot be written");
            return Ended::Lost(Box::new(task));
        }
    };
    let mut open = None;
    for outcome in outcomes {
        match outcome {
            Outcome::Alert(raised) => {
                let counter = if raised.is_new { &parts.counters.raised } else { &parts.counters.counted };
                super::counters::count(counter);
                if let Task::Reading(reading) = &task {
                    open = Some((reading.rule.clone(), reading.scope, raised.alert.id.clone()));
                }
            }
            Outcome::AlertMoved { is_won: true, .. } => super::counters::count(&parts.counters.ended),
            _ => {}
        }
    }
    Ended::Done(open)
}

/// The record of an alert, with whom to tell when it is new.
fn raised(parts: &AlertParts, raising: Raising, channel_ids: &[ChannelId], owner: Option<&UserId>) -> Record {
    let now = Ts::new(parts.clock.now());
    let Raising { alert, since, notice } = raising;
    let notifications = parts.book.notifications(&alert.id, channel_ids, owner, &notice, now);
    Record::Alert(Box::new(NewAlert { alert, since, notifications }))
}

/// The alerts of a message, one a rule; an error when the store could not be asked.
async fn of_match(parts: &AlertParts, found: &Match) -> Result<Vec<Record>, ()> {
    let message = match &found.message {
        Some(message) => Arc::clone(message),
        None => match messages::find(&parts.db, found.message_id.clone()).await {
            Ok(Some(message)) => Arc::new(message),
            Ok(None) => return Ok(Vec::new()),
            Err(error) => {
                log::debug!(error:% = error; "a message that met a rule cannot be read yet");
                return Err(());
            }
        },
    };
    let Some(robot) = robot(parts, message.robot_uuid) else { return Ok(Vec::new()) };
    let now = Ts::new(parts.clock.now());
    let record = |rule: &RuleMatch| {
        let raising = of_message(rule, &message, &robot, now);
        raised(parts, raising, &rule.channel_ids, robot.owner_id.as_ref())
    };
    Ok(found.rules.iter().map(record).collect())
}

/// Notifications of an alert that nobody's rule raised.
fn of_level(parts: &AlertParts, alert: &Alert) -> Vec<Record> {
    let Some(robot) = alert.robot_uuid.and_then(|uuid| robot(parts, uuid)) else { return Vec::new() };
    let now = Ts::new(parts.clock.now());
    let facts = Facts { level: Some(alert.level), ..Facts::default() };
    let subject = super::rules::Subject { robot_id: &robot.robot_id, owner: robot.owner_id.as_ref() };
    let matches = parts.book.evaluate(subject, &facts, &[], now);
    let mut channel_ids: Vec<ChannelId> = Vec::new();
    for channel in matches.iter().flat_map(|rule| &rule.channel_ids) {
        if !channel_ids.contains(channel) {
            channel_ids.push(channel.clone());
        }
    }
    let lines = vec![("机器人".to_owned(), quote(&robot.name)), ("代码".to_owned(), alert.code.clone())];
    let notice = notice_of(alert, "系统告警", lines, Some(&robot));
    let owner = robot.owner_id.as_ref();
    let told = parts.book.notifications(&alert.id, &channel_ids, owner, &notice, now);
    told.into_iter().map(|notification| Record::Notification(Box::new(notification))).collect()
}

fn robot(parts: &AlertParts, uuid: RobotUuid) -> Option<Robot> {
    let entry = parts.directory.find(uuid);
    if entry.is_none() {
        super::counters::count(&parts.counters.strangers);
    }
    entry.map(|entry| entry.profile().robot.clone())
}
