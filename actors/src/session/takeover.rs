//! Pure: whether a person has a conversation, so that the robot is silent.
//!
//! Somebody takes it in the console, types on the robot's phone, or the customer asks for a person; it is given back, or ends by
//! itself some time after the last thing a person did.
use chrono::TimeDelta;
use workbot_schema::fields::Ts;

/// Who has a conversation because somebody typed on the robot's phone.
pub const PHONE: &str = "phone";
/// Who has a conversation because its customer asked for a person.
pub const CUSTOMER: &str = "customer";

/// What a customer who wants a person means, as rules and models name it.
const PERSON_INTENTS: [&str; 1] = ["human"];

/// Whether an intent asks for a person.
pub fn wants_person(intent: Option<&str>) -> bool {
    intent.is_some_and(|intent| PERSON_INTENTS.contains(&intent))
}

/// A person has the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Takeover {
    /// The user, [`PHONE`] or [`CUSTOMER`].
    pub by: String,
    /// Since when.
    pub at: Ts,
    /// When a person did something in it last.
    pub last_human_at: Ts,
}

impl Takeover {
    /// A takeover that begins now.
    pub fn begin(by: &str, now: Ts) -> Self {
        Self { by: by.to_owned(), at: now, last_human_at: now }
    }

    /// From the columns of a row; `None` when nobody has it.
    pub fn of(by: Option<&str>, at: Option<Ts>, last_human_at: Option<Ts>) -> Option<Self> {
        let (by, at) = (by?, at?);
        Some(Self { by: by.to_owned(), at, last_human_at: last_human_at.unwrap_or(at).max(at) })
    }

    /// Whether it still holds when nobody was heard for `idle`.
    pub fn holds(&self, now: Ts, idle: TimeDelta) -> bool {
        now < self.last_human_at.plus(idle)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(secs: i64) -> Ts {
        Ts::new(DateTime::from_timestamp(1_700_000_000 + secs, 0).unwrap())
    }

    #[test]
    fn it_ends_after_the_last_thing_a_person_did() {
        let idle = TimeDelta::seconds(1_800);
        for (by, taken, human, now, holds) in [
            (None, None, None, 0, None),
            (None, Some(0), None, 0, None),
            (Some("u"), None, Some(0), 0, None),
            (Some("u"), Some(0), None, 1_799, Some(true)),
            (Some("u"), Some(0), None, 1_800, Some(false)),
            (Some("u"), Some(0), Some(600), 2_399, Some(true)),
            (Some("u"), Some(0), Some(600), 2_400, Some(false)),
            // What a person did before has nothing to do with this takeover.
            (Some("u"), Some(600), Some(0), 2_399, Some(true)),
        ] {
            let takeover = Takeover::of(by, taken.map(at), human.map(at));
            assert_eq!(
                takeover.map(|takeover| takeover.holds(at(now), idle)),
                holds,
                "{taken:?} {human:?} {now}"
            );
        }
        assert!(Takeover::begin(PHONE, at(0)).holds(at(0), idle));
    }
}
