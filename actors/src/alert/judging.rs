//! Rules about numbers: what the directory shows now, what follows from it, and how many robots are told at once.
use std::collections::HashMap;
use std::sync::atomic::Ordering;

use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertRuleId, RobotUuid};

use super::board::{Scope, Sight, Verdict};
use super::writing::{ReadingTask, Task};
use super::{AlertActor, raising};
use crate::supervisor::directory::{Presence, PresenceReason};

/// So long after a start the presence of robots that are not in memory is unknown, milliseconds.
const EARLY_MS: u64 = 60_000;
/// Robots that are told one by one when a rule is broken for many at once; the others are told together.
const ONE_BY_ONE: usize = 10;

impl AlertActor {
    /// Judges every rule about numbers.
    pub(super) fn judge(&mut self, now_ms: u64) {
        let now = Ts::new(self.parts.clock.now());
        let sights = if self.board.needs_sights() { self.sights(now, now_ms) } else { Vec::new() };
        let is_early = now_ms.saturating_sub(self.started_ms) < EARLY_MS;
        let directory = self.parts.directory.clone();
        let is_unknown = move |robot: RobotUuid| {
            directory.find(robot).map_or(is_early, |entry| entry.presence() == Presence::Unknown)
        };
        let verdicts = self.board.judge(&sights, &is_unknown, now, now_ms);
        let mut fired: HashMap<AlertRuleId, Vec<ReadingTask>> = HashMap::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Fire(rule, scope, reading) => {
                    let robot = match scope {
                        Scope::Fleet => None,
                        Scope::Robot(uuid) => self.parts.directory.find(uuid).map(|entry| entry.profile()),
                    };
                    let robot = robot.as_ref().map(|profile| &profile.robot);
                    let task = ReadingTask {
                        raising: raising::of_reading(&rule, scope, reading, robot, now),
                        channel_ids: rule.row.channel_ids.0.clone(),
                        owner: robot.and_then(|robot| robot.owner_id.clone()),
                        rule: rule.row.id.clone(),
                        scope,
                    };
                    fired.entry(rule.row.id.clone()).or_default().push(task);
                }
                Verdict::Over(rule, scope) => {
                    if let Some(alert) = self.open.remove(&(rule.row.id.clone(), scope)) {
                        self.put(Task::Over(rule.row.id.clone(), scope, alert));
                    }
                }
            }
        }
        for tasks in fired.into_values() {
            for task in grouped(tasks) {
                self.put(Task::Reading(Box::new(task)));
            }
        }
    }

    /// Robots that are away or for which something waits.
    fn sights(&self, now: Ts, now_ms: u64) -> Vec<Sight> {
        let mut sights = Vec::new();
        self.parts.directory.visit(|entry| {
            let queued = u64::try_from(entry.queued.load(Ordering::Relaxed)).unwrap_or(0);
            let is_away = entry.presence() == Presence::Offline
                && entry.presence_reason() != PresenceReason::Refused
                && entry.last_seen_at().is_some();
            if !is_away && queued == 0 {
                return;
            }
            let profile = entry.profile();
            let robot = &profile.robot;
            if robot.refusal(now).is_none() {
                let away_ms = now_ms.saturating_sub(entry.presence_since_ms());
                sights.push(Sight { offline_secs: is_away.then_some(away_ms / 1_000), queued, profile });
            }
        });
        sights
    }
}

/// The first robots are told one by one, the last of them also tells how many others there are.
fn grouped(mut tasks: Vec<ReadingTask>) -> Vec<ReadingTask> {
    let others = tasks.len().saturating_sub(ONE_BY_ONE);
    if others > 0 {
        let line = ("其他".to_owned(), format!("另有 {others} 个机器人同时触发，详见告警列表"));
        if let Some(last) = tasks.get_mut(ONE_BY_ONE - 1) {
            last.raising.notice.lines.push(line);
        }
        for task in tasks.iter_mut().skip(ONE_BY_ONE) {
            task.channel_ids.clear();
        }
    }
    tasks
}
