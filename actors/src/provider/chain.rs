//! Pure: which models are asked, and in which order.
//!
//! ```text
//!  robot's model ─▶ persona's model ─▶ default chain (priority, then age) ─▶ rules
//!       └─ each: active, with a key, capable, shared or its owner's, not asked in vain before in this turn
//! ```
//! The next one is asked only after a failure that another try may mend, while tries, time and tokens are left.
use std::collections::VecDeque;
use std::time::Duration;

use workbot_schema::ai_models::Capability;
use workbot_schema::class::Class;
use workbot_schema::fields::Ts;
use workbot_schema::ids::{ModelId, UserId};

use super::capability::Need;

/// Models asked in a turn, those of its earlier purposes that failed included.
pub const TRIES: usize = 3;
/// A try starts only with so much of the turn left.
pub const LEAST_LEFT: Duration = Duration::from_secs(2);

/// A model as far as the choice needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Which.
    pub id: ModelId,
    /// Whose; `None` = everybody's.
    pub owner: Option<UserId>,
    /// Switched on, and nothing is missing to call it.
    pub is_usable: bool,
    /// Asked when no robot or persona names it.
    pub in_default_chain: bool,
    /// Higher first.
    pub priority: i32,
    /// The older one goes first among equals.
    pub created_at: Ts,
    /// What it can do.
    pub capabilities: Vec<Capability>,
}

/// What is wanted of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// Owner of the robot.
    pub owner: Option<UserId>,
    /// Models named by node, robot and persona, the first first.
    pub preferred: Vec<ModelId>,
    /// Models that failed earlier in the turn.
    pub asked: Vec<ModelId>,
    /// What they must be able to do.
    pub needs: Vec<Need>,
    /// Nobody but the preferred ones.
    pub is_exclusive: bool,
}

impl Wish {
    fn allows(&self, candidate: &Candidate) -> bool {
        let is_visible = candidate.owner.is_none() || candidate.owner == self.owner;
        candidate.is_usable && is_visible && !self.asked.contains(&candidate.id) && {
            self.needs.iter().all(|need| need.is_met_by(&candidate.capabilities))
        }
    }
}

/// The models to ask, the first first, each once.
pub fn order(candidates: &[Candidate], wish: &Wish) -> Vec<ModelId> {
    let mut order: Vec<ModelId> = Vec::new();
    for id in &wish.preferred {
        let is_known = candidates.iter().any(|candidate| candidate.id == *id && wish.allows(candidate));
        if is_known && !order.contains(id) {
            order.push(id.clone());
        }
    }
    if wish.is_exclusive {
        return order;
    }
    let mut chain: Vec<&Candidate> =
        candidates.iter().filter(|candidate| candidate.in_default_chain && wish.allows(candidate)).collect();
    chain.sort_by(|one, other| {
        let by_priority = other.priority.cmp(&one.priority);
        by_priority.then(one.created_at.cmp(&other.created_at)).then_with(|| one.id.0.cmp(&other.id.0))
    });
    for candidate in chain {
        if !order.contains(&candidate.id) {
            order.push(candidate.id.clone());
        }
    }
    order
}

/// Why no further model is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Every model was asked or passed over.
    Exhausted,
    /// Three were asked.
    Tries,
    /// Less than two seconds of the turn are left.
    Time,
    /// The robot's tokens of today are used up.
    Budget,
    /// The last failure would repeat itself elsewhere.
    Final,
}

/// What is done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// This model is asked.
    Ask(ModelId),
    /// Rules answer.
    Stop(Stop),
}

/// The way of one question through its models.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    waiting: VecDeque<ModelId>,
    tries_left: usize,
    is_final: bool,
}

impl Course {
    /// A course over `order`; `asked` models have failed earlier in the turn.
    pub fn new(order: Vec<ModelId>, asked: usize) -> Self {
        Self { waiting: order.into(), tries_left: TRIES.saturating_sub(asked), is_final: false }
    }

    /// The next model, given what is left of the turn and whether the robot's tokens are used up.
    pub fn next(&mut self, left: Duration, is_budget_spent: bool) -> Next {
        if self.is_final {
            return Next::Stop(Stop::Final);
        }
        if self.waiting.is_empty() {
            return Next::Stop(Stop::Exhausted);
        }
        if is_budget_spent {
            return Next::Stop(Stop::Budget);
        }
        if self.tries_left == 0 {
            return Next::Stop(Stop::Tries);
        }
        if left < LEAST_LEFT {
            return Next::Stop(Stop::Time);
        }
        self.waiting.pop_front().map_or(Next::Stop(Stop::Exhausted), Next::Ask)
    }

    /// The model was called in vain.
    pub fn failed(&mut self, class: Class) {
        self.tries_left = self.tries_left.saturating_sub(1);
        self.is_final = class != Class::Transient;
    }

    /// The model's gate was shut; it was not called, so that is no try.
    pub fn passed_over(&mut self) {}
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn model(id: &str, priority: i32, created: i64) -> Candidate {
        Candidate {
            id: id.into(),
            owner: None,
            is_usable: true,
            in_default_chain: true,
            priority,
            created_at: Ts::new(DateTime::from_timestamp(created, 0).unwrap()),
            capabilities: vec![Capability::Chat, Capability::IntentRecognition],
        }
    }

    fn ids(texts: &[&str]) -> Vec<ModelId> {
        texts.iter().map(|text| ModelId::from(*text)).collect()
    }

    fn wish(preferred: &[&str], asked: &[&str]) -> Wish {
        Wish { preferred: ids(preferred), asked: ids(asked), needs: vec![Need::Intent], ..Wish::default() }
    }

    #[test]
    fn robots_model_then_personas_then_the_chain_by_priority_and_age() {
        let models = [model("new", 5, 30), model("old", 5, 10), model("low", 0, 1), model("high", 9, 40), {
            Candidate { in_default_chain: false, ..model("robot", -9, 50) }
        }];
        let table: [(&[&str], &[&str], &[&str]); 5] = [
            (&["robot", "low"], &[], &["robot", "low", "high", "old", "new"]),
            (&[], &[], &["high", "old", "new", "low"]),
            (&["high", "high"], &[], &["high", "old", "new", "low"]),
            (&["gone", "robot"], &["high"], &["robot", "old", "new", "low"]),
            (&["robot"], &["robot"], &["high", "old", "new", "low"]),
        ];
        for (preferred, asked, expected) in table {
            assert_eq!(order(&models, &wish(preferred, asked)), ids(expected), "{preferred:?} {asked:?}");
        }
        let only = Wish { is_exclusive: true, ..wish(&["low", "robot"], &[]) };
        assert_eq!(order(&models, &only), ids(&["low", "robot"]));
    }

    #[test]
    fn unusable_incapable_and_foreign_models_are_left_out() {
        let mine = Some(UserId::from("me"));
        let models = [
            Candidate { is_usable: false, ..model("off", 9, 0) },
            Candidate { capabilities: vec![Capability::Chat], ..model("mute", 8, 0) },
            Candidate { owner: Some("you".into()), ..model("yours", 7, 0) },
            Candidate { owner: mine.clone(), ..model("mine", 6, 0) },
            model("shared", 5, 0),
        ];
        let all = ["off", "mute", "yours", "mine", "shared"];
        let wish = Wish { owner: mine, ..wish(&all, &[]) };
        assert_eq!(order(&models, &wish), ids(&["mine", "shared"]));
        let reply = Wish { needs: vec![Need::Reply], owner: None, ..wish };
        assert_eq!(order(&models, &reply), ids(&["mute", "shared"]));
    }

    #[test]
    fn at_most_three_are_asked_and_shut_gates_are_no_tries() {
        let mut course = Course::new(ids(&["a", "b", "c", "d", "e"]), 0);
        let left = Duration::from_secs(20);
        for id in ["a", "b"] {
            assert_eq!(course.next(left, false), Next::Ask(id.into()));
            course.failed(Class::Transient);
        }
        assert_eq!(course.next(left, false), Next::Ask("c".into()));
        course.passed_over();
        assert_eq!(course.next(left, false), Next::Ask("d".into()));
        course.failed(Class::Transient);
        assert_eq!(course.next(left, false), Next::Stop(Stop::Tries));

        let mut course = Course::new(ids(&["a", "b"]), 2);
        assert_eq!(course.next(left, false), Next::Ask("a".into()));
        course.failed(Class::Transient);
        assert_eq!(course.next(left, false), Next::Stop(Stop::Tries));
        assert_eq!(Course::new(ids(&["a"]), 3).next(left, false), Next::Stop(Stop::Tries));
    }

    #[test]
    fn it_stops_for_class_time_and_tokens() {
        let left = Duration::from_secs(20);
        for class in [Class::Permanent, Class::Caller, Class::Bug] {
            let mut course = Course::new(ids(&["a", "b"]), 0);
            course.next(left, false);
            course.failed(class);
            assert_eq!(course.next(left, false), Next::Stop(Stop::Final), "{class:?}");
        }
        let mut course = Course::new(ids(&["a", "b"]), 0);
        assert_eq!(course.next(Duration::from_millis(1_999), false), Next::Stop(Stop::Time));
        assert_eq!(course.next(left, true), Next::Stop(Stop::Budget));
        assert_eq!(course.next(LEAST_LEFT, false), Next::Ask("a".into()));
        course.failed(Class::Transient);
        assert_eq!(course.next(left, true), Next::Stop(Stop::Budget), "looked at again for each");
        assert_eq!(Course::new(Vec::new(), 0).next(left, true), Next::Stop(Stop::Exhausted));
    }
}
