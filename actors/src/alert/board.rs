//! Pure: the rules about numbers: what was measured, for which robots, how long it has been so, and what follows.
use std::collections::HashMap;
use std::sync::Arc;

use workbot_schema::alert_rules::AlertMetric;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{AlertRuleId, RobotUuid};
use workbot_schema::robots::queries::RobotProfile;

use super::hold::{Hold, Turn};
use super::rules::{Rule, Subject};
use super::window::{Samples, Shares};

/// Most robots that one rule keeps numbers of.
const SCOPES_MAX: usize = 5_000;

/// What an alert of a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// All robots of the rule together.
    Fleet,
    /// One robot.
    Robot(RobotUuid),
}

/// Something that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// A model was called.
    AiCall {
        /// It did not answer as it should.
        is_bad: bool,
    },
    /// A callback ended.
    Callback {
        /// It could not be made.
        is_bad: bool,
    },
    /// Something that was to be done ended: a run or a command.
    Ending {
        /// It failed.
        is_bad: bool,
    },
    /// A message was answered after so many milliseconds.
    Answer(u64),
}

impl Measured {
    fn metric(self) -> AlertMetric {
        match self {
            Self::AiCall { .. } => AlertMetric::AiFailureRate,
            Self::Callback { .. } => AlertMetric::CallbackFailureRate,
            Self::Ending { .. } => AlertMetric::ErrorRate,
            Self::Answer(_) => AlertMetric::ResponseMs,
        }
    }
}

/// A robot that is away, or for which something waits.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Which.
    pub profile: Arc<RobotProfile>,
    /// Away for so many seconds.
    pub offline_secs: Option<u64>,
    /// Commands that wait.
    pub queued: u64,
}

/// What a rule saw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// In the unit of its metric.
    pub value: f64,
    /// Out of so many events, for shares and times.
    pub total: Option<u64>,
}

/// What follows.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// An alert is raised.
    Fire(Arc<Rule>, Scope, Reading),
    /// The alert that was raised is over.
    Over(Arc<Rule>, Scope),
}

#[derive(Debug)]
enum Gauge {
    Shares(Shares),
    Samples(Samples),
    /// Read anew from the directory every time.
    Sight,
}

#[derive(Debug)]
struct Case {
    gauge: Gauge,
    hold: Hold,
}

#[derive(Debug)]
struct Chapter {
    rule: Arc<Rule>,
    cases: HashMap<Scope, Case>,
}

/// Every rule about numbers with what it saw.
#[derive(Debug, Default)]
pub struct Board {
    chapters: HashMap<AlertRuleId, Chapter>,
    refused: u64,
}

fn exact(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

fn ms(secs: i32) -> u64 {
    u64::try_from(secs).unwrap_or(0).saturating_mul(1_000)
}

/// Whether a rule looks at each robot by itself. Callbacks, presence and queues are a robot's own; models are everybody's, so they are
/// looked at together unless the rule names robots or belongs to somebody.
fn is_per_robot(rule: &Rule) -> bool {
    match rule.row.metric {
        AlertMetric::RobotOffline | AlertMetric::CallbackFailureRate | AlertMetric::Backlog => true,
        _ => !rule.row.robot_ids.0.is_empty() || rule.row.owner_id.is_some(),
    }
}

fn gauge(rule: &Rule) -> Gauge {
    let window_ms = ms(rule.row.window_secs).max(1_000);
    match rule.row.metric {
        AlertMetric::ResponseMs => Gauge::Samples(Samples::new(window_ms)),
        AlertMetric::AiFailureRate | AlertMetric::CallbackFailureRate | AlertMetric::ErrorRate => {
            Gauge::Shares(Shares::new(window_ms))
        }
        _ => Gauge::Sight,
    }
}

/// Whether a change of the rule leaves what it saw as it is.
fn is_alike(before: &Rule, now: &Rule) -> bool {
    let (before, now) = (&before.row, &now.row);
    before.metric == now.metric
        && before.window_secs == now.window_secs
        && before.owner_id == now.owner_id
        && before.robot_ids == now.robot_ids
}

impl Chapter {
    /// The case of a scope; none when there is no more room. What is idle makes room at the next judgement.
    fn case(&mut self, scope: Scope) -> Option<&mut Case> {
        if self.cases.len() >= SCOPES_MAX && !self.cases.contains_key(&scope) {
            return None;
        }
        let rule = &self.rule;
        Some(self.cases.entry(scope).or_insert_with(|| Case { gauge: gauge(rule), hold: Hold::default() }))
    }

    fn judge(
        &mut self,
        now_ms: u64,
        seen: &HashMap<Scope, f64>,
        is_unknown: &dyn Fn(RobotUuid) -> bool,
        verdicts: &mut Vec<Verdict>,
    ) {
        let rule = &self.rule;
        let (for_ms, cooldown_ms) = (ms(rule.row.for_secs), ms(rule.row.cooldown_secs));
        let mut scopes: Vec<Scope> = self.cases.keys().copied().collect();
        scopes.sort_unstable_by_key(|scope| match scope {
            Scope::Fleet => None,
            Scope::Robot(robot) => Some(robot.0),
        });
        for scope in scopes {
            let Some(case) = self.cases.get_mut(&scope) else { continue };
            let reading = case.reading(seen.get(&scope).copied(), now_ms);
            let is_true = match (reading, &case.gauge, scope) {
                (Some(reading), _, _) => Some(rule.exceeds(reading.value)),
                (None, Gauge::Sight, Scope::Robot(robot)) => (!is_unknown(robot)).then_some(false),
                // Without events nobody can tell whether it is over.
                (None, _, _) => None,
            };
            match (case.hold.judge(is_true, for_ms, cooldown_ms, now_ms), reading) {
                (Turn::Fire, Some(reading)) => verdicts.push(Verdict::Fire(Arc::clone(rule), scope, reading)),
                (Turn::Over, _) => verdicts.push(Verdict::Over(Arc::clone(rule), scope)),
                (Turn::Fire | Turn::Stay, _) => {}
            }
        }
        self.cases.retain(|_scope, case| !case.is_idle(cooldown_ms, now_ms));
    }
}

impl Case {
    fn reading(&mut self, seen: Option<f64>, now_ms: u64) -> Option<Reading> {
        match &mut self.gauge {
            Gauge::Sight => seen.map(|value| Reading { value, total: None }),
            Gauge::Shares(shares) => {
                let count = shares.count(now_ms);
                count.percent().map(|value| Reading { value, total: Some(count.total) })
            }
            Gauge::Samples(samples) => {
                samples.p95(now_ms).map(|(value, total)| Reading { value: exact(value), total: Some(total) })
            }
        }
    }

    fn is_idle(&self, cooldown_ms: u64, now_ms: u64) -> bool {
        let is_empty = match &self.gauge {
            Gauge::Sight => true,
            Gauge::Shares(shares) => shares.is_empty(),
            Gauge::Samples(samples) => samples.is_empty(),
        };
        is_empty && self.hold.is_idle(cooldown_ms, now_ms)
    }
}

impl Board {
    /// Takes the rules as they are now; what was seen stays with those that look at the same.
    pub fn set_rules(&mut self, rules: &[Arc<Rule>]) {
        let mut before = std::mem::take(&mut self.chapters);
        for rule in rules.iter().filter(|rule| is_number(rule.row.metric)) {
            let known = before.remove(&rule.row.id).filter(|known| is_alike(&known.rule, rule));
            let cases = known.map(|known| known.cases).unwrap_or_default();
            self.chapters.insert(rule.row.id.clone(), Chapter { rule: Arc::clone(rule), cases });
        }
    }

    /// An alert that was raised before this process was started, and is not over.
    pub fn adopt(&mut self, rule: &AlertRuleId, scope: Scope, now_ms: u64) {
        if let Some(chapter) = self.chapters.get_mut(rule)
            && let Some(case) = chapter.case(scope)
        {
            case.hold = Hold::firing(now_ms);
        }
    }

    /// An alert could not be written: it is raised again.
    pub fn unfire(&mut self, rule: &AlertRuleId, scope: Scope) {
        if let Some(case) = self.chapters.get_mut(rule).and_then(|chapter| chapter.cases.get_mut(&scope)) {
            case.hold.unfire();
        }
    }

    /// Counts something that happened to a robot.
    pub fn note(&mut self, profile: &RobotProfile, what: Measured, now_ms: u64) {
        let subject = subject_of(profile);
        for chapter in self.chapters.values_mut() {
            if chapter.rule.row.metric != what.metric() || !chapter.rule.covers(subject) {
                continue;
            }
            let scope =
                if is_per_robot(&chapter.rule) { Scope::Robot(profile.robot.id) } else { Scope::Fleet };
            let Some(case) = chapter.case(scope) else {
                self.refused += 1;
                continue;
            };
            match (&mut case.gauge, what) {
                (Gauge::Samples(samples), Measured::Answer(millis)) => samples.add(millis, now_ms),
                (
                    Gauge::Shares(shares),
                    Measured::AiCall { is_bad } | Measured::Callback { is_bad } | Measured::Ending { is_bad },
                ) => shares.add(is_bad, now_ms),
                _ => {}
            }
        }
    }

    /// Judges everything. `sights` are the robots that are away or have a queue; the others are there and have none, but those of
    /// which nothing `is_unknown`.
    pub fn judge(
        &mut self,
        sights: &[Sight],
        is_unknown: &dyn Fn(RobotUuid) -> bool,
        now: Ts,
        now_ms: u64,
    ) -> Vec<Verdict> {
        let mut verdicts = Vec::new();
        let mut ids: Vec<AlertRuleId> = self.chapters.keys().cloned().collect();
        ids.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        for id in ids {
            let Some(chapter) = self.chapters.get_mut(&id) else { continue };
            if !chapter.rule.is_awake(now) {
                continue;
            }
            let mut seen = HashMap::new();
            for sight in sights {
                let Some(value) = sight.value(chapter.rule.row.metric) else { continue };
                if !chapter.rule.covers(subject_of(&sight.profile)) || !chapter.rule.exceeds(value) {
                    continue;
                }
                let scope = Scope::Robot(sight.profile.robot.id);
                match chapter.case(scope) {
                    Some(_case) => drop(seen.insert(scope, value)),
                    None => self.refused += 1,
                }
            }
            chapter.judge(now_ms, &seen, is_unknown, &mut verdicts);
        }
        verdicts
    }

    /// Whether a rule looks at robots that are away or have a queue.
    pub fn needs_sights(&self) -> bool {
        let is_sight = |chapter: &Chapter| {
            matches!(chapter.rule.row.metric, AlertMetric::RobotOffline | AlertMetric::Backlog)
        };
        self.chapters.values().any(is_sight)
    }

    /// Times a robot was not looked at because a rule keeps too many.
    pub fn refused(&self) -> u64 {
        self.refused
    }
}

impl Sight {
    fn value(&self, metric: AlertMetric) -> Option<f64> {
        match metric {
            AlertMetric::RobotOffline => self.offline_secs.map(exact),
            AlertMetric::Backlog => (self.queued > 0).then(|| exact(self.queued)),
            _ => None,
        }
    }
}

/// A robot as rules know it.
pub fn subject_of(profile: &RobotProfile) -> Subject<'_> {
    Subject { robot_id: &profile.robot.robot_id, owner: profile.robot.owner_id.as_ref() }
}

fn is_number(metric: AlertMetric) -> bool {
    !matches!(metric, AlertMetric::Keyword | AlertMetric::Intent | AlertMetric::Level)
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
