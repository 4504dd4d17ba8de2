//! Refresh tokens exchanged a moment ago: the same answer again, sealed, in memory only.
use std::sync::Arc;

use dashmap::DashMap;
use workbot_schema::fields::sealed::{SealError, Sealer};

use crate::http::guard::in_flight::InFlight;

/// More answers are not kept; a repeat of one of those is reuse.
const KEPT_MAX: usize = 20_000;

struct Kept {
    sealed: String,
    until_ms: u64,
}

/// Answers by the hash of the token that was presented.
pub struct Rotations {
    sealer: Arc<Sealer>,
    grace_ms: u64,
    kept: DashMap<String, Kept>,
    /// One exchange of a token at a time.
    pub turns: InFlight<String, ()>,
}

impl Rotations {
    /// Answers are kept for `grace_secs`.
    pub fn new(sealer: Arc<Sealer>, grace_secs: u64) -> Self {
        Self {
            sealer,
            grace_ms: grace_secs.saturating_mul(1_000),
            kept: DashMap::new(),
            turns: InFlight::default(),
        }
    }

    /// The answer that was given for a token, within the grace.
    pub fn find(&self, hash: &str, now_ms: u64) -> Result<Option<String>, SealError> {
        match self.kept.get(hash) {
            Some(kept) if now_ms < kept.until_ms => self.sealer.open(hash, &kept.sealed).map(Some),
            _ => Ok(None),
        }
    }

    /// Keeps an answer.
    pub fn keep(&self, hash: String, answer: &str, now_ms: u64) -> Result<(), SealError> {
        if self.kept.len() >= KEPT_MAX {
            self.kept.retain(|_hash, kept| now_ms < kept.until_ms);
        }
        if self.grace_ms > 0 && self.kept.len() < KEPT_MAX {
            let sealed = self.sealer.seal(&hash, answer)?;
            self.kept.insert(hash, Kept { sealed, until_ms: now_ms.saturating_add(self.grace_ms) });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_sealed_and_end_with_the_grace() {
        let rotations = Rotations::new(Arc::new(Sealer::new(&[1; 32]).unwrap()), 10);
        rotations.keep("hash".to_owned(), "{\"token\":1}", 5_000).unwrap();
        assert!(!rotations.kept.get("hash").unwrap().sealed.contains("token"));
        assert_eq!(rotations.find("hash", 14_999).unwrap().as_deref(), Some("{\"token\":1}"));
        assert_eq!(rotations.find("hash", 15_000).unwrap(), None);
        assert_eq!(rotations.find("other", 5_000).unwrap(), None);
    }
}
