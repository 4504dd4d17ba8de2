//! Pure: when the latest messages arrived, so that the time until their answer can be told.
use std::collections::{HashMap, VecDeque};

use workbot_schema::fields::Ts;
use workbot_schema::ids::MessageId;

/// Most messages remembered; the oldest give way, and their answers are not measured.
const MESSAGES_MAX: usize = 20_000;

/// Messages that have no answer yet.
#[derive(Debug, Default)]
pub struct Arrivals {
    at: HashMap<MessageId, Ts>,
    order: VecDeque<MessageId>,
}

impl Arrivals {
    /// A message arrived.
    pub fn note(&mut self, message: &MessageId, at: Ts) {
        if self.at.insert(message.clone(), at).is_none() {
            self.order.push_back(message.clone());
        }
        while self.order.len() > MESSAGES_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.at.remove(&oldest);
            }
        }
    }

    /// A message is answered: how long that took, milliseconds; none for a second answer and for what is not remembered.
    pub fn answered(&mut self, message: &MessageId, at: Ts) -> Option<u64> {
        let arrived = self.at.remove(message)?;
        u64::try_from(at.millis().saturating_sub(arrived.millis())).ok()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    #[test]
    fn the_first_answer_counts_and_memory_is_bounded() {
        let start = Ts::new(DateTime::from_timestamp(1_800_000_000, 0).unwrap());
        let mut arrivals = Arrivals::default();
        arrivals.note(&"m".into(), start);
        let later = start.plus(TimeDelta::milliseconds(1_234));
        assert_eq!(arrivals.answered(&"m".into(), later), Some(1_234));
        assert_eq!(arrivals.answered(&"m".into(), later), None);
        arrivals.note(&"m".into(), later);
        assert_eq!(arrivals.answered(&"m".into(), start), None, "clocks that go back tell nothing");
        for number in 0..MESSAGES_MAX + 10 {
            arrivals.note(&MessageId(number.to_string()), start);
        }
        assert!(arrivals.order.len() <= MESSAGES_MAX && arrivals.at.len() <= MESSAGES_MAX);
        assert_eq!(arrivals.answered(&"0".into(), later), None);
    }
}
