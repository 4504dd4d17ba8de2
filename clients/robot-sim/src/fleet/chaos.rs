//! The mix of unruly phones.
use std::time::Duration;

use crate::behaviour::{Acking, Behaviour, Delay, Reporting};

/// Behaviours with weights, dealt to phones by their index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chaos {
    pub behaviours: Vec<(u32, Behaviour)>,
}

impl Chaos {
    /// Every fault the wire knows: about a third of the phones are normal. All of them execute what they receive.
    pub fn standard() -> Self {
        let normal = Behaviour {
            delay: Delay::Uniform(Duration::ZERO, Duration::from_millis(20)),
            ..Behaviour::default()
        };
        let slow = Delay::LongTail {
            usual: Duration::from_millis(30),
            slow: Duration::from_secs(2),
            slow_permille: 20,
        };
        Self {
            behaviours: vec![
                (6, normal),
                (1, Behaviour { acking: Acking::Twice, reporting: Reporting::Twice, ..normal }),
                (1, Behaviour { acking: Acking::Never, ..normal }),
                (1, Behaviour { acking: Acking::AfterResult, ..normal }),
                (1, Behaviour { reporting: Reporting::Never, ..normal }),
                (1, Behaviour { partial_permille: 500, ..normal }),
                (1, Behaviour { failures_first: 1, ..normal }),
                (1, Behaviour { fail_permille: 300, failure_code: 201_102, ..normal }),
                (2, Behaviour { delay: slow, ..normal }),
                (1, Behaviour { ack_delay: Delay::Fixed(Duration::from_millis(200)), ..normal }),
                (2, Behaviour { cut_permille: 100, ..normal }),
                (1, Behaviour { cut_permille: 50, cut_by_reset: true, delay: slow, ..normal }),
                (1, Behaviour { stall_permille: 20, stall: Duration::from_secs(3), ..normal }),
                (1, Behaviour { burst: Some(Duration::from_millis(250)), ..normal }),
            ],
        }
    }

    /// The behaviour of the phone with this index; `None` when the mix is empty.
    pub fn behaviour(&self, index: u32) -> Option<Behaviour> {
        let total: u32 = self.behaviours.iter().map(|(weight, _)| weight).sum();
        let mut place = index.checked_rem(total)?;
        for (weight, behaviour) in &self.behaviours {
            if place < *weight {
                return Some(*behaviour);
            }
            place -= weight;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_deal_every_behaviour() {
        let chaos = Chaos::standard();
        let total: u32 = chaos.behaviours.iter().map(|(weight, _)| weight).sum();
        for (weight, behaviour) in &chaos.behaviours {
            let dealt = (0..total).filter(|index| chaos.behaviour(*index) == Some(*behaviour)).count();
            assert_eq!(dealt, usize::try_from(*weight).unwrap(), "{behaviour:?}");
        }
        assert_eq!(Chaos { behaviours: Vec::new() }.behaviour(3), None);
    }
}
