//! Tokens and the two master secrets.

use super::problem::Problems;
use super::secret::Secret;
use super::section::{Rules, section};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Bytes a signing secret has at least (HS256, RFC 7518 §3.2).
pub const JWT_SECRET_MIN_BYTES: usize = 32;

section! {
    /// Tokens and the two master secrets.
    pub struct TokensSettings in "tokens" {
        /// Secret that signs tokens, at least 32 bytes; empty takes the one kept in the data folder, made at the first start.
        /// Changing it signs out every robot and user.
        pub jwt_secret: Secret = Secret::default();
        /// Key that seals stored secrets: 32 bytes as 64 hexadecimal digits or base64; empty takes the one in the data folder.
        /// Losing it loses every stored model key and callback secret.
        pub sealing_key: Secret = Secret::default();
        /// Life of a robot's access token, in seconds (7 d).
        pub access_secs: u64 = 604_800 => 60..=31_536_000;
        /// Life of a robot's refresh token, in seconds (30 d).
        pub refresh_secs: u64 = 2_592_000 => 60..=31_536_000;
        /// Difference of clocks that is forgiven, in seconds.
        pub clock_skew_secs: u64 = 5 => 0..=300;
        /// Time in which a rotated refresh token gets the same answer again, in seconds.
        pub rotation_grace_secs: u64 = 10 => 0..=300;
    }
}

/// Reads a sealing key: 64 hexadecimal digits or base64, 32 bytes either way.
pub fn parse_sealing_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bytes = hex::decode(text).ok().or_else(|| STANDARD.decode(text).ok())?;
    bytes.try_into().ok()
}

impl Rules for TokensSettings {
    fn rules(&self, problems: &mut Problems) {
        if self.jwt_secret.is_set() && self.jwt_secret.expose().len() < JWT_SECRET_MIN_BYTES {
            problems.add(
                "tokens.jwt_secret",
                format!("is shorter than {JWT_SECRET_MIN_BYTES} bytes"),
                "give a longer one, for example from `openssl rand -hex 32`, or leave it empty",
            );
        }
        if self.sealing_key.is_set() && parse_sealing_key(self.sealing_key.expose()).is_none() {
            problems.add(
                "tokens.sealing_key",
                "is not 32 bytes as hexadecimal or base64",
                "give one, for example from `openssl rand -hex 32`, or leave it empty",
            );
        }
        if self.refresh_secs < self.access_secs {
            problems.add(
                "tokens.refresh_secs",
                format!("{} is less than tokens.access_secs ({})", self.refresh_secs, self.access_secs),
                "raise it, or lower tokens.access_secs",
            );
        }
    }
}
