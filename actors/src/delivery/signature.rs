//! Pure: signatures of outgoing callbacks, `X-Signature` over the body and the Standard Webhooks headers.
use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use workbot_schema::class::Class;

/// How long a replaced secret signs beside its successor, in seconds (24 h).
pub const ROTATION_SECS: i64 = 86_400;
/// How far `webhook-timestamp` may be from the verifier's clock, in seconds.
pub const TOLERANCE_SECS: i64 = 300;
/// Header with the lower-case hexadecimal HMAC-SHA256 of the body.
pub const X_SIGNATURE: &str = "x-signature";
/// Header with the delivery id, equal on every attempt.
pub const WEBHOOK_ID: &str = "webhook-id";
/// Header with the time of the attempt in Unix seconds.
pub const WEBHOOK_TIMESTAMP: &str = "webhook-timestamp";
/// Header with the space-separated `v1,<base64>` signatures.
pub const WEBHOOK_SIGNATURE: &str = "webhook-signature";

const PREFIX: &str = "whsec_";
const VERSION: &str = "v1,";
/// Bounds of the key in bytes, as Standard Webhooks sets them.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Why a secret or a signature is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Not `whsec_` followed by the base64 of 24 to 64 bytes.
    #[error("signing secret is malformed")]
    Secret,
    /// Random bytes handed in are fewer than 24 or more than 64.
    #[error("signing secret needs 24 to 64 random bytes")]
    RandomLength,
    /// The timestamp is more than five minutes away, or no number.
    #[error("signature timestamp is outside the tolerance")]
    Timestamp,
    /// No signature given fits.
    #[error("signature does not fit")]
    Mismatch,
}

impl SignatureError {
    /// Class of the failure.
    pub fn class(&self) -> Class {
        match self {
            Self::Secret | Self::Timestamp | Self::Mismatch => Class::Caller,
            Self::RandomLength => Class::Bug,
        }
    }
}

/// A signing secret: its text keys `X-Signature`, its decoded bytes key Standard Webhooks. Never printed.
#[derive(Clone)]
pub struct SigningSecret {
    text: String,
    key: Vec<u8>,
}

impl SigningSecret {
    /// Makes the secret of 24 to 64 random bytes.
    pub fn from_random(bytes: &[u8]) -> Result<Self, SignatureError> {
        if !KEY_BYTES.contains(&bytes.len()) {
            return Err(SignatureError::RandomLength);
        }
        Ok(Self { text: format!("{PREFIX}{}", STANDARD.encode(bytes)), key: bytes.to_vec() })
    }

    /// Reads a stored secret, `whsec_` and padded base64.
    pub fn parse(text: &str) -> Result<Self, SignatureError> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SignatureError::Secret)?;
        let key = STANDARD.decode(encoded).ok().filter(|key| KEY_BYTES.contains(&key.len()));
        Ok(Self { text: text.to_owned(), key: key.ok_or(SignatureError::Secret)? })
    }

    /// The text to show once and to store sealed.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// Value of `X-Signature` for these exact body bytes.
    pub fn sign_body(&self, body: &[u8]) -> String {
        hex::encode(hmac_sha256(self.text.as_bytes(), &[body]))
    }

    /// One entry of `webhook-signature`: `v1,<base64>` over `id.timestamp.body`.
    pub fn sign_webhook(&self, delivery_id: &str, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let parts: [&[u8]; 5] = [delivery_id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("{VERSION}{}", STANDARD.encode(hmac_sha256(&self.key, &parts)))
    }

    /// Checks `X-Signature` in constant time.
    pub fn verify_body(&self, signature: &str, body: &[u8]) -> Result<(), SignatureError> {
        if is_equal(signature, &self.sign_body(body)) { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    /// Checks the three Standard Webhooks headers at `now` (Unix seconds), each entry in constant time; entries of
    /// other versions are ignored.
    pub fn verify_webhook(
        &self,
        delivery_id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: i64,
    ) -> Result<(), SignatureError> {
        let sent_at = timestamp.parse::<i64>().ok().ok_or(SignatureError::Timestamp)?;
        if now.abs_diff(sent_at) > TOLERANCE_SECS.unsigned_abs() {
            return Err(SignatureError::Timestamp);
        }
        let expected = self.sign_webhook(delivery_id, sent_at, body);
        if signatures.split(' ').any(|entry| is_equal(entry, &expected)) {
            return Ok(());
        }
        Err(SignatureError::Mismatch)
    }
}

impl fmt::Debug for SigningSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SigningSecret(redacted)")
    }
}

/// The secrets of one robot: the current one, and its predecessor while that still signs.
#[derive(Debug, Clone)]
pub struct SigningKeys {
    current: SigningSecret,
    previous: Option<PreviousSecret>,
}

#[derive(Debug, Clone)]
struct PreviousSecret {
    secret: SigningSecret,
    rotated_at: i64,
}

impl SigningKeys {
    /// Keys with one secret.
    pub fn new(current: SigningSecret) -> Self {
        Self { current, previous: None }
    }

    /// Keys with the secret replaced at `rotated_at` (Unix seconds), as they are stored.
    pub fn with_previous(current: SigningSecret, previous: SigningSecret, rotated_at: i64) -> Self {
        Self { current, previous: Some(PreviousSecret { secret: previous, rotated_at }) }
    }

    /// Keys after a rotation at `now`: the secret replaced signs for 24 h more, an older one no longer.
    pub fn rotate(self, successor: SigningSecret, now: i64) -> Self {
        Self::with_previous(successor, self.current, now)
    }

    /// Headers of one attempt at `now` (Unix seconds) over the exact body bytes sent.
    pub fn headers(&self, delivery_id: &str, now: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let mut signatures = self.current.sign_webhook(delivery_id, now, body);
        if let Some(previous) = self.previous.as_ref().filter(|previous| previous.is_valid(now)) {
            signatures.push(' ');
            signatures.push_str(&previous.secret.sign_webhook(delivery_id, now, body));
        }
        vec![
            (X_SIGNATURE, self.current.sign_body(body)),
            (WEBHOOK_ID, delivery_id.to_owned()),
            (WEBHOOK_TIMESTAMP, now.to_string()),
            (WEBHOOK_SIGNATURE, signatures),
        ]
    }
}

impl PreviousSecret {
    fn is_valid(&self, now: i64) -> bool {
        now.saturating_sub(self.rotated_at) < ROTATION_SECS
    }
}

fn hmac_sha256(key: &[u8], parts: &[&[u8]]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    context.sign()
}

fn is_equal(given: &str, expected: &str) -> bool {
    constant_time::verify_slices_are_equal(given.as_bytes(), expected.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::digest;
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SENT_AT: i64 = 1_614_265_330;

    fn secret() -> SigningSecret {
        SigningSecret::parse(SECRET).unwrap()
    }

    /// HMAC by its definition (RFC 2104), from the hash alone.
    fn hmac_by_definition(key: &[u8], message: &[u8]) -> Vec<u8> {
        let hash = |bytes: &[u8]| digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
        let mut block = if key.len() > 64 { hash(key) } else { key.to_vec() };
        block.resize(64, 0);
        let pad = |byte: u8| block.iter().map(|b| b ^ byte).collect::<Vec<u8>>();
        let inner = hash(&[pad(0x36), message.to_vec()].concat());
        hash(&[pad(0x5c), inner].concat())
    }

    #[test]
    fn hmac_agrees_with_rfc_4231() {
        let table: &[(&[u8], &[u8], &str)] = &[
            (&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, message, expected) in table {
            assert_eq!(hex::encode(hmac_sha256(key, &[message])), *expected);
        }
    }

    #[test]
    fn signatures_agree_with_other_implementations() {
        assert_eq!(
            secret().sign_webhook("msg_p5jXN8AQM9LWM0D4loKWxJek", SENT_AT, BODY),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        assert_eq!(
            secret().sign_body(BODY),
            "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
        );
        assert_eq!(
            secret().sign_body(r#"{"spoken":"你好啊","roomType":1}"#.as_bytes()),
            "1d16d805e7a9ffca0f0ea1ce408ae5726c7fd9f2c5685b9dfa1969a7efb4a948"
        );
    }

    #[test]
    fn secrets_are_read_strictly_and_never_printed() {
        let made = SigningSecret::from_random(&[7; 32]).unwrap();
        assert_eq!(SigningSecret::parse(made.reveal()).unwrap().key, vec![7; 32]);
        assert!(!format!("{:?}", SigningKeys::new(made.clone())).contains(made.reveal()));
        for length in [0, 23, 65] {
            assert_eq!(
                SigningSecret::from_random(&vec![1; length]).unwrap_err(),
                SignatureError::RandomLength
            );
        }
        for text in
            ["", "whsec_", "whsec_abc", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_****", "whsec_AAAAAAAA"]
        {
            assert_eq!(SigningSecret::parse(text).unwrap_err(), SignatureError::Secret, "{text}");
        }
    }

    #[test]
    fn both_secrets_sign_for_a_day_after_a_rotation() {
        let successor = SigningSecret::from_random(&[9; 24]).unwrap();
        let keys = SigningKeys::new(secret()).rotate(successor.clone(), SENT_AT);
        let signatures = |now: i64| -> Vec<String> {
            let headers = keys.headers("dlv_1", now, BODY);
            assert_eq!(
                headers.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
                [X_SIGNATURE, WEBHOOK_ID, WEBHOOK_TIMESTAMP, WEBHOOK_SIGNATURE]
            );
            assert_eq!(headers[0].1, successor.sign_body(BODY));
            assert_eq!(headers[1].1, "dlv_1");
            assert_eq!(headers[2].1, now.to_string());
            headers[3].1.split(' ').map(str::to_owned).collect()
        };
        let last = SENT_AT + ROTATION_SECS - 1;
        assert_eq!(
            signatures(last),
            [successor.sign_webhook("dlv_1", last, BODY), secret().sign_webhook("dlv_1", last, BODY)]
        );
        assert_eq!(signatures(last + 1), [successor.sign_webhook("dlv_1", last + 1, BODY)]);
    }

    #[test]
    fn verification_refuses_what_does_not_fit() {
        let other = SigningSecret::from_random(&[3; 24]).unwrap();
        let timestamp = SENT_AT.to_string();
        let good = secret().sign_webhook("id", SENT_AT, BODY);
        let both = format!("v1a,AAAA {} {good}", other.sign_webhook("id", SENT_AT, BODY));
        let check = |id: &str, timestamp: &str, signatures: &str, body: &[u8], now: i64| {
            secret().verify_webhook(id, timestamp, signatures, body, now)
        };
        assert_eq!(check("id", &timestamp, &good, BODY, SENT_AT + 300), Ok(()));
        assert_eq!(check("id", &timestamp, &both, BODY, SENT_AT - 300), Ok(()));
        type Row<'a> = (&'a str, &'a str, &'a str, &'a [u8], i64, SignatureError);
        let table: &[Row<'_>] = &[
            ("id", &timestamp, &good, BODY, SENT_AT + 301, SignatureError::Timestamp),
            ("id", &timestamp, &good, BODY, SENT_AT - 301, SignatureError::Timestamp),
            ("id", "soon", &good, BODY, SENT_AT, SignatureError::Timestamp),
            ("other", &timestamp, &good, BODY, SENT_AT, SignatureError::Mismatch),
            ("id", &timestamp, &good, b"{}", SENT_AT, SignatureError::Mismatch),
            ("id", &timestamp, "", BODY, SENT_AT, SignatureError::Mismatch),
            ("id", &timestamp, good.trim_start_matches("v1,"), BODY, SENT_AT, SignatureError::Mismatch),
        ];
        for (id, timestamp, signatures, body, now, expected) in table {
            assert_eq!(check(id, timestamp, signatures, body, *now), Err(*expected));
        }
        assert_eq!(secret().verify_body(&secret().sign_body(BODY), BODY), Ok(()));
        assert_eq!(secret().verify_body(&other.sign_body(BODY), BODY), Err(SignatureError::Mismatch));
    }

    proptest! {
        #[test]
        fn every_body_signs_as_hmac_is_defined(
            random in prop::collection::vec(any::<u8>(), 24..=64),
            id in "[a-z0-9_]{1,40}",
            now in 0_i64..4_000_000_000,
            body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let secret = SigningSecret::from_random(&random).unwrap();
            let mut message = format!("{id}.{now}.").into_bytes();
            message.extend_from_slice(&body);
            let expected = STANDARD.encode(hmac_by_definition(&random, &message));
            let signature = secret.sign_webhook(&id, now, &body);
            prop_assert_eq!(&signature, &format!("v1,{expected}"));
            prop_assert_eq!(
                secret.sign_body(&body),
                hex::encode(hmac_by_definition(secret.reveal().as_bytes(), &body))
            );
            prop_assert_eq!(secret.verify_webhook(&id, &now.to_string(), &signature, &body, now), Ok(()));
        }
    }
}
