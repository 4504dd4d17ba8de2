//! Pure: matches that wait for the flow that answers the message. When the flow raises an alert of its own, that alert is the one
//! (its own nodes judge the rules and tell people); else the match raises one as soon as the message is answered.
//!
//! ```text
//!  message stored ─ met by a rule ─ answered by nobody's flow ──────────▶ raised
//!                                 └ a flow will answer ─▶ held ─ flow alerts ─▶ dropped
//!                                                            ├ settled ───────▶ raised
//!                                                            └ 60 s ──────────▶ raised
//! ```
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use workbot_schema::ids::{MessageId, RunId};
use workbot_schema::messages::SessionMessage;

use super::rules::RuleMatch;

/// Most messages held; the oldest is raised when one more comes.
const HELD_MAX: usize = 5_000;
/// Longest time one is held, milliseconds.
const PATIENCE_MS: u64 = 60_000;

/// A message and the rules it met.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The message; none = it must be read from the store.
    pub message: Option<Arc<SessionMessage>>,
    /// Its id.
    pub message_id: MessageId,
    /// The rules.
    pub rules: Vec<RuleMatch>,
}

#[derive(Debug)]
struct Waiting {
    found: Match,
    run: Option<RunId>,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Held {
    waiting: HashMap<MessageId, Waiting>,
    order: VecDeque<(u64, MessageId)>,
}

impl Held {
    /// Holds a match; the one that must be raised now because there is no more room.
    pub fn hold(&mut self, found: Match, run: Option<RunId>, now_ms: u64) -> Option<Match> {
        if let Some(present) = self.waiting.get_mut(&found.message_id) {
            for rule in found.rules {
                if !present.found.rules.iter().any(|known| known.rule_id == rule.rule_id) {
                    present.found.rules.push(rule);
                }
            }
            present.run = run.or_else(|| present.run.take());
            return None;
        }
        let id = found.message_id.clone();
        self.order.push_back((now_ms, id.clone()));
        self.waiting.insert(id, Waiting { found, run });
        while self.waiting.len() > HELD_MAX {
            if let Some(oldest) = self.oldest() {
                return Some(oldest);
            }
        }
        None
    }

    /// A run answers these messages.
    pub fn begun(&mut self, run: &RunId, messages: &[MessageId]) {
        for message in messages {
            if let Some(waiting) = self.waiting.get_mut(message) {
                waiting.run = Some(run.clone());
            }
        }
    }

    /// A flow raised an alert for this run or message.
    pub fn alerted(&mut self, run: Option<&RunId>, message: Option<&MessageId>) {
        let by_message = message.and_then(|message| self.waiting.remove(message));
        let run = run.cloned().or_else(|| by_message.and_then(|waiting| waiting.run));
        if run.is_some() {
            self.waiting.retain(|_message, waiting| waiting.run != run);
        }
        self.tidy();
    }

    /// Why a message is answered or not is known; what was held because of it and because of those answered with it.
    pub fn settled(&mut self, message: &MessageId) -> Vec<Match> {
        let Some(first) = self.waiting.remove(message) else { return Vec::new() };
        let mut found = vec![first.found];
        if first.run.is_some() {
            let mut others: Vec<Match> = self
                .waiting
                .extract_if(|_message, waiting| waiting.run == first.run)
                .map(|(_message, waiting)| waiting.found)
                .collect();
            others.sort_by_key(|other| other.message.as_ref().map_or(0, |message| message.seq));
            found.extend(others);
        }
        self.tidy();
        found
    }

    /// What waited too long.
    pub fn late(&mut self, now_ms: u64) -> Vec<Match> {
        let mut late = Vec::new();
        while self.order.front().is_some_and(|(since_ms, _)| now_ms.saturating_sub(*since_ms) >= PATIENCE_MS)
        {
            late.extend(self.oldest());
        }
        late
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the first place of the order, and what still waits there.
    fn oldest(&mut self) -> Option<Match> {
        let (_since_ms, id) = self.order.pop_front()?;
        self.waiting.remove(&id).map(|waiting| waiting.found)
    }

    /// Places in the order whose message is gone are taken away when they are the more.
    fn tidy(&mut self) {
        if self.order.len() > 2 * self.waiting.len() + 16 {
            let waiting = &self.waiting;
            self.order.retain(|(_since_ms, id)| waiting.contains_key(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use workbot_schema::alert_rules::AlertMetric;
    use workbot_schema::alerts::AlertLevel;

    use super::*;

    fn found(id: &str, rule: &str) -> Match {
        let rule = RuleMatch {
            rule_id: rule.into(),
            name: rule.to_owned(),
            metric: AlertMetric::Keyword,
            level: AlertLevel::Info,
            met: "x".to_owned(),
            channel_ids: Vec::new(),
            cooldown_secs: 0,
        };
        Match { message: None, message_id: id.into(), rules: vec![rule] }
    }

    fn ids(found: &[Match]) -> Vec<&str> {
        found.iter().map(|found| found.message_id.as_str()).collect()
    }

    #[test]
    fn a_flow_that_alerts_has_the_word() {
        let mut held = Held::default();
        for id in ["m1", "m2", "m3"] {
            assert_eq!(held.hold(found(id, "r"), None, 0), None);
        }
        held.begun(&"run_1".into(), &["m1".into(), "m2".into()]);
        held.alerted(Some(&"run_1".into()), Some(&"m1".into()));
        assert!(held.settled(&"m1".into()).is_empty() && held.settled(&"m2".into()).is_empty());
        assert_eq!(ids(&held.settled(&"m3".into())), ["m3"]);
        assert!(held.is_empty());
    }

    #[test]
    fn messages_answered_together_are_raised_together() {
        let mut held = Held::default();
        held.hold(found("m1", "a"), None, 0);
        held.hold(found("m1", "a"), None, 0);
        held.hold(found("m1", "b"), Some("run_1".into()), 0);
        held.hold(found("m2", "a"), None, 0);
        held.begun(&"run_1".into(), &["m1".into(), "m2".into()]);
        let raised = held.settled(&"m1".into());
        assert_eq!(ids(&raised), ["m1", "m2"]);
        assert_eq!(raised[0].rules.len(), 2, "a rule counts once, however often it is met");
    }

    #[test]
    fn nothing_waits_for_ever() {
        let mut held = Held::default();
        held.hold(found("m1", "a"), None, 0);
        held.hold(found("m2", "a"), None, 1);
        assert!(held.late(PATIENCE_MS - 1).is_empty());
        assert_eq!(ids(&held.late(PATIENCE_MS)), ["m1"]);
        assert_eq!(held.len(), 1);
    }

    proptest! {
        #[test]
        fn every_match_is_raised_once_or_dropped_for_a_flow(
            steps in prop::collection::vec((0_u8..5, 0_usize..12, 0_usize..4), 0..200),
        ) {
            let mut held = Held::default();
            let (mut put, mut raised, mut dropped) = (0_usize, 0_usize, 0_usize);
            for (now_ms, (kind, message, run)) in steps.into_iter().enumerate() {
                let (message, run) = (MessageId(format!("m{message}")), RunId(format!("run_{run}")));
                let before = held.len();
                match kind {
                    0 => {
                        raised += usize::from(held.hold(found(message.as_str(), "a"), None, 0).is_some());
                        put += held.len() - before;
                    }
                    1 => held.begun(&run, &[message]),
                    2 => {
                        held.alerted(Some(&run), None);
                        dropped += before - held.len();
                    }
                    3 => raised += held.settled(&message).len(),
                    _ => raised += held.late(u64::try_from(now_ms).unwrap() * 1_000).len(),
                }
                prop_assert!(held.order.len() <= 2 * held.len() + 17);
            }
            prop_assert_eq!(put, raised + dropped + held.len());
        }
    }
}
