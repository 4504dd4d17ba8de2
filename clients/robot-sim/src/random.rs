//! A small seeded generator, so that a run with the same seed decides the same.
use std::time::Duration;

use crate::time::micros;

/// SplitMix64: good enough for delays and dice, cheap enough for one a phone. Not for secrets.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator that always yields the same sequence for the same seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed ^ 0x5851_F42D_4C95_7F2D }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number in `0..bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.bits().checked_rem(bound).unwrap_or(0)
    }

    /// True in `permille` of 1,000 cases.
    pub fn hits(&mut self, permille: u16) -> bool {
        permille > 0 && self.below(1_000) < u64::from(permille)
    }

    /// A duration in `low..=high`, in whole microseconds.
    pub fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let span = micros(high.saturating_sub(low));
        low + Duration::from_micros(self.below(span.saturating_add(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_seed_same_sequence_and_bounds_hold() {
        let (mut one, mut two) = (Random::new(7), Random::new(7));
        for _ in 0..1_000 {
            let value = one.below(10);
            assert_eq!(value, two.below(10));
            assert!(value < 10);
        }
        assert_eq!(one.below(0), 0);
        assert!((0..100).all(|_| !one.hits(0)) && (0..100).all(|_| one.hits(1_000)));
        let hits = (0..10_000).filter(|_| one.hits(250)).count();
        assert!((2_000..3_000).contains(&hits), "{hits}");
    }
}
