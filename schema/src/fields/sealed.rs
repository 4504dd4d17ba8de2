//! Sealed columns: AES-256-GCM, `v1.<key id>.<base64 of nonce and ciphertext>`, bound to table, column and row.
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::class::Class;

const NONCE_BYTES: usize = 12;

/// Why a sealed value could not be made or opened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// The key is not 32 bytes.
    #[error("the sealing key must have 32 bytes")]
    KeyLength,
    /// The text is not of our form.
    #[error("the sealed value is damaged")]
    Malformed,
    /// Sealed with another key.
    #[error("the value was sealed with key {0}, which is not the present one")]
    OtherKey(String),
    /// Changed, or moved from another row.
    #[error("the sealed value does not belong here or was changed")]
    Refused,
}

impl SealError {
    /// Always permanent: the same key and text fail again.
    pub fn class(&self) -> Class {
        Class::Permanent
    }
}

/// The key of the sealed columns; clone freely, never shown.
pub struct Sealer {
    key: RandomizedNonceKey,
    key_id: String,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Sealer({})", self.key_id)
    }
}

impl Sealer {
    /// A sealer over 32 secret bytes.
    pub fn new(secret: &[u8]) -> Result<Self, SealError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, secret).map_err(|_length| SealError::KeyLength)?;
        let digest = digest::digest(&digest::SHA256, secret);
        let key_id = hex::encode(digest.as_ref().iter().take(4).copied().collect::<Vec<u8>>());
        Ok(Self { key, key_id })
    }

    /// Seals `plain` for one place, e.g. `robots.signing_secret/<id>`.
    pub fn seal(&self, place: &str, plain: &str) -> Result<String, SealError> {
        let mut buffer = plain.as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(place.as_bytes()), &mut buffer)
            .map_err(|_unspecified| SealError::Refused)?;
        let mut bytes = nonce.as_ref().to_vec();
        bytes.extend_from_slice(&buffer);
        Ok(format!("v1.{}.{}", self.key_id, STANDARD_NO_PAD.encode(bytes)))
    }

    /// Opens what [`Self::seal`] made for the same place.
    pub fn open(&self, place: &str, sealed: &str) -> Result<String, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some("v1"), Some(key_id), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(SealError::Malformed);
        };
        if key_id != self.key_id {
            return Err(SealError::OtherKey(key_id.to_owned()));
        }
        let mut bytes = STANDARD_NO_PAD.decode(text).map_err(|_format| SealError::Malformed)?;
        let (Some(nonce), Some(_rest)) = (bytes.get(..NONCE_BYTES), bytes.get(NONCE_BYTES..)) else {
            return Err(SealError::Malformed);
        };
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_length| SealError::Malformed)?;
        let mut buffer = bytes.split_off(NONCE_BYTES);
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(place.as_bytes()), &mut buffer)
            .map_err(|_unspecified| SealError::Refused)?;
        String::from_utf8(plain.to_vec()).map_err(|_utf8| SealError::Malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_only_there() {
        let sealer = Sealer::new(&[7; 32]).unwrap();
        let sealed = sealer.seal("robots.secret/1", "whsec_abc").unwrap();
        assert!(!sealed.contains("whsec"));
        assert_eq!(sealer.open("robots.secret/1", &sealed).unwrap(), "whsec_abc");
        assert_eq!(sealer.open("robots.secret/2", &sealed), Err(SealError::Refused));
        assert_eq!(sealer.open("robots.secret/1", "v1.x"), Err(SealError::Malformed));
        let other = Sealer::new(&[8; 32]).unwrap();
        assert!(matches!(other.open("robots.secret/1", &sealed), Err(SealError::OtherKey(_))));
    }

    #[test]
    fn two_seals_of_one_text_differ() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        assert_ne!(sealer.seal("a", "x").unwrap(), sealer.seal("a", "x").unwrap());
        assert_eq!(Sealer::new(&[1; 31]).err(), Some(SealError::KeyLength));
    }
}
