//! Decides without a runtime: figures of models and nodes, minute by minute for a day.
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use workbot_schema::ai_calls::{AiCallLog, AiCallStatus, AiPurpose};
use workbot_schema::fields::Ts;
use workbot_schema::flow_executions::{NodeStatus, RunSaved};

use super::histogram::Histogram;
use crate::journal::Event;

/// Minutes kept.
const MINUTES: i64 = 24 * 60;
/// Models or node types of one minute; more are counted together.
const NAMES_MAX: usize = 64;
/// The name of those that are counted together.
const OTHERS: &str = "其他";

/// Calls or visits of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Those that went well.
    pub succeeded: u64,
    /// Those that did not.
    pub failed: u64,
    /// How long they took.
    pub durations: Histogram,
    /// Tokens sent.
    pub tokens_in: i64,
    /// Tokens received.
    pub tokens_out: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
}

impl Tally {
    fn merge(&mut self, other: &Self) {
        self.succeeded = self.succeeded.saturating_add(other.succeeded);
        self.failed = self.failed.saturating_add(other.failed);
        self.durations.merge(&other.durations);
        self.tokens_in = self.tokens_in.saturating_add(other.tokens_in);
        self.tokens_out = self.tokens_out.saturating_add(other.tokens_out);
        self.cost_micros = self.cost_micros.saturating_add(other.cost_micros);
    }

    fn count(&mut self, is_ok: bool, duration_ms: i64) {
        if is_ok {
            self.succeeded = self.succeeded.saturating_add(1);
        } else {
            self.failed = self.failed.saturating_add(1);
        }
        self.durations.add(u64::try_from(duration_ms).unwrap_or(0));
    }
}

/// The figures of a time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// All calls to models.
    pub calls: Tally,
    /// By model.
    pub models: BTreeMap<String, Tally>,
    /// By node type.
    pub nodes: BTreeMap<String, Tally>,
    /// Runs of flows.
    pub runs: Tally,
}

impl Figures {
    fn merge(&mut self, other: &Self) {
        self.calls.merge(&other.calls);
        self.runs.merge(&other.runs);
        for (name, tally) in &other.models {
            self.models.entry(name.clone()).or_default().merge(tally);
        }
        for (name, tally) in &other.nodes {
            self.nodes.entry(name.clone()).or_default().merge(tally);
        }
    }
}

fn named<'a>(tallies: &'a mut BTreeMap<String, Tally>, name: &str) -> &'a mut Tally {
    let is_full = tallies.len() >= NAMES_MAX && !tallies.contains_key(name);
    tallies.entry(if is_full { OTHERS.to_owned() } else { name.to_owned() }).or_default()
}

/// Whether an event changes the figures.
pub fn concerns(event: &Event) -> bool {
    matches!(event, Event::AiCalled(_) | Event::RunSaved(_))
}

/// The figures of the last day.
#[derive(Debug, Default)]
pub struct AiStats {
    minutes: VecDeque<(i64, Figures)>,
}

fn minute_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}

impl AiStats {
    /// Takes an event that happened at `now`.
    pub fn take(&mut self, event: &Event, now: Ts) {
        match event {
            Event::AiCalled(call) => self.call(call),
            Event::RunSaved(run) => self.run(run, now),
            _ => {}
        }
    }

    /// Counts a call to a model in the minute it was made; checks of health and trials do not count.
    pub fn call(&mut self, call: &AiCallLog) {
        if matches!(call.purpose, AiPurpose::Health | AiPurpose::Debug) {
            return;
        }
        let Some(figures) = self.minute(minute_of(call.created_at.utc())) else { return };
        let is_ok = call.status == AiCallStatus::Ok;
        for tally in [&mut figures.calls, named(&mut figures.models, &call.model_name)] {
            tally.count(is_ok, call.duration_ms);
            tally.tokens_in = tally.tokens_in.saturating_add(call.tokens_in);
            tally.tokens_out = tally.tokens_out.saturating_add(call.tokens_out);
            tally.cost_micros = tally.cost_micros.saturating_add(call.cost_micros);
        }
    }

    fn run(&mut self, run: &RunSaved, now: Ts) {
        let Some(figures) = self.minute(minute_of(now.utc())) else { return };
        for node in &run.new_nodes {
            if matches!(node.status, NodeStatus::Completed | NodeStatus::Failed) {
                let is_ok = node.status == NodeStatus::Completed;
                named(&mut figures.nodes, node.node_type.as_str()).count(is_ok, node.duration_ms);
            }
        }
        if run.status.is_final() {
            figures.runs.count(run.error_code.is_none(), run.duration_ms.unwrap_or(0));
        }
    }

    fn minute(&mut self, minute: i64) -> Option<&mut Figures> {
        let newest = self.minutes.back().map_or(minute, |(newest, _figures)| *newest);
        if minute <= newest.saturating_sub(MINUTES) {
            return None;
        }
        let place = self.minutes.partition_point(|(known, _figures)| *known < minute);
        if self.minutes.get(place).is_none_or(|(known, _figures)| *known != minute) {
            self.minutes.insert(place, (minute, Figures::default()));
            let oldest = newest.max(minute).saturating_sub(MINUTES);
            while self.minutes.front().is_some_and(|(known, _figures)| *known <= oldest) {
                self.minutes.pop_front();
            }
        }
        let place = self.minutes.partition_point(|(known, _figures)| *known < minute);
        self.minutes.get_mut(place).map(|(_minute, figures)| figures)
    }

    /// The sum over the last `window`, in whole minutes, the present one included.
    pub fn figures(&self, now: DateTime<Utc>, window: Duration) -> Figures {
        let minutes = i64::try_from(window.as_secs() / 60).unwrap_or(MINUTES).clamp(1, MINUTES);
        let after = minute_of(now).saturating_sub(minutes);
        let mut sum = Figures::default();
        self.minutes
            .iter()
            .filter(|(minute, _figures)| *minute > after)
            .for_each(|(_minute, figures)| sum.merge(figures));
        sum
    }
}

#[cfg(test)]
mod tests {
    use workbot_schema::ids::AiCallId;

    use super::*;

    fn call(minute: i64, model: &str, status: AiCallStatus, duration_ms: i64) -> AiCallLog {
        AiCallLog {
            seq: 0,
            id: AiCallId::from("call"),
            run_id: None,
            robot_uuid: None,
            session_id: None,
            message_id: None,
            model_id: None,
            provider: "openai".to_owned(),
            model_name: model.to_owned(),
            purpose: AiPurpose::Reply,
            status,
            error_class: None,
            error: None,
            tries: 1,
            duration_ms,
            tokens_in: 10,
            tokens_out: 5,
            cost_micros: 3,
            created_at: Ts::new(DateTime::from_timestamp(minute * 60 + 7, 0).unwrap()),
            persona_id: None,
        }
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60 + 30, 0).unwrap()
    }

    #[test]
    fn windows_hold_what_fell_into_them() {
        let mut stats = AiStats::default();
        for minute in [1_000, 1_003, 1_004] {
            stats.call(&call(minute, "甲", AiCallStatus::Ok, 100));
        }
        stats.call(&call(1_004, "乙", AiCallStatus::Failed, 900));
        let five = stats.figures(at(1_004), Duration::from_secs(300));
        assert_eq!((five.calls.succeeded, five.calls.failed), (3, 1));
        assert_eq!((five.calls.tokens_in, five.calls.tokens_out, five.calls.cost_micros), (40, 20, 12));
        assert_eq!(five.models.keys().collect::<Vec<_>>(), ["乙", "甲"]);
        let one = stats.figures(at(1_004), Duration::from_secs(60));
        assert_eq!((one.calls.succeeded, one.calls.failed), (1, 1));
        let later = stats.figures(at(1_006), Duration::from_secs(300));
        assert_eq!((later.calls.succeeded, later.calls.failed), (2, 1));
    }

    #[test]
    fn a_day_is_kept_and_names_are_bounded() {
        let mut stats = AiStats::default();
        for minute in 0..MINUTES * 2 {
            stats.call(&call(minute, "甲", AiCallStatus::Ok, 1));
        }
        assert_eq!(i64::try_from(stats.minutes.len()).unwrap(), MINUTES);
        stats.call(&call(3, "甲", AiCallStatus::Ok, 1));
        assert_eq!(i64::try_from(stats.minutes.len()).unwrap(), MINUTES);
        let day = stats.figures(at(MINUTES * 2 - 1), Duration::from_secs(86_400));
        assert_eq!(i64::try_from(day.calls.succeeded).unwrap(), MINUTES);
        for model in 0..200 {
            stats.call(&call(MINUTES * 2, &format!("模型{model}"), AiCallStatus::Ok, 1));
        }
        let minute = stats.figures(at(MINUTES * 2), Duration::from_secs(60));
        assert!(minute.models.len() <= NAMES_MAX + 1);
        assert_eq!(minute.calls.succeeded, 200);
    }

    #[test]
    fn trials_and_checks_do_not_count() {
        let mut stats = AiStats::default();
        for purpose in [AiPurpose::Health, AiPurpose::Debug] {
            stats.call(&AiCallLog { purpose, ..call(9, "甲", AiCallStatus::Failed, 1) });
        }
        assert_eq!(stats.figures(at(9), Duration::from_secs(60)), Figures::default());
    }
}
