//! Checking the signatures of callbacks, with an implementation of our own.
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Seconds that `webhook-timestamp` may differ from now.
const TOLERANCE_SECS: u64 = 300;
const PREFIX: &str = "whsec_";

/// What one signature scheme says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The header is missing.
    Absent,
    /// There is a header but no secret to check it with.
    Unchecked,
    Valid,
    Invalid,
}

/// Both schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signatures {
    /// `X-Signature`: hex HMAC-SHA256 of the body under the secret's text.
    pub plain: Verdict,
    /// Standard Webhooks: base64 HMAC-SHA256 of `id.timestamp.body` under the secret's decoded bytes.
    pub standard: Verdict,
}

/// Checks a request's signature headers against every secret known (two while a rotation lasts).
pub fn check<'a>(
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    secrets: &[String],
    now_secs: u64,
) -> Signatures {
    let judge = |value: Option<&str>, valid: &dyn Fn(&str, &str) -> bool| match value {
        None => Verdict::Absent,
        Some(_) if secrets.is_empty() => Verdict::Unchecked,
        Some(value) if secrets.iter().any(|secret| valid(value, secret)) => Verdict::Valid,
        Some(_) => Verdict::Invalid,
    };
    let id = header("webhook-id").unwrap_or_default();
    let timestamp = header("webhook-timestamp").unwrap_or_default();
    let is_fresh = timestamp.parse::<u64>().is_ok_and(|at| at.abs_diff(now_secs) <= TOLERANCE_SECS);
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    Signatures {
        plain: judge(header("x-signature"), &|value, secret| is_plain_valid(value, secret, body)),
        standard: judge(header("webhook-signature"), &|value, secret| {
            !id.is_empty() && is_fresh && is_standard_valid(value, secret, &signed)
        }),
    }
}

/// `X-Signature` may list several signatures separated by commas or spaces while a rotation lasts.
fn is_plain_valid(value: &str, secret: &str, body: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mut offered = value.split([',', ' ']).filter(|part| !part.is_empty());
    offered.any(|part| hex::decode(part).is_ok_and(|tag| hmac::verify(&key, body, &tag).is_ok()))
}

fn is_standard_valid(value: &str, secret: &str, signed: &[u8]) -> bool {
    let encoded = secret.strip_prefix(PREFIX).unwrap_or(secret);
    let Ok(bytes) = STANDARD.decode(encoded) else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let mut offered = value.split(' ').filter_map(|part| part.strip_prefix("v1,"));
    offered.any(|part| STANDARD.decode(part).is_ok_and(|tag| hmac::verify(&key, signed, &tag).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification's libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const STANDARD_SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn checked(signature: &str, body: &[u8], secrets: &[&str], now_secs: u64) -> Signatures {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        let header = |name: &str| match name {
            "webhook-id" => Some(ID),
            "webhook-timestamp" => Some("1614265330"),
            "webhook-signature" if !signature.is_empty() => Some(signature),
            _ => None,
        };
        check(header, body, &secrets, now_secs)
    }

    #[test]
    fn the_published_vector_holds_and_changes_do_not() {
        let now = 1_614_265_330;
        let two = format!("v1,AAAA {STANDARD_SIGNATURE}");
        let cases = [
            (STANDARD_SIGNATURE, BODY, &[SECRET][..], now, Verdict::Valid),
            (&two, BODY, &["whsec_AAAA", SECRET], now + 299, Verdict::Valid),
            (STANDARD_SIGNATURE, BODY, &[SECRET], now + 301, Verdict::Invalid),
            (STANDARD_SIGNATURE, b"{}", &[SECRET], now, Verdict::Invalid),
            (STANDARD_SIGNATURE, BODY, &["whsec_AAAA"], now, Verdict::Invalid),
            (STANDARD_SIGNATURE, BODY, &[], now, Verdict::Unchecked),
            ("", BODY, &[SECRET], now, Verdict::Absent),
        ];
        for (signature, body, secrets, now, wanted) in cases {
            assert_eq!(
                checked(signature, body, secrets, now).standard,
                wanted,
                "{signature} {secrets:?} {now}"
            );
        }
    }

    #[test]
    fn the_plain_signature_uses_the_text_of_the_secret() {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), BODY);
        let value = hex::encode(tag);
        let secrets = [SECRET.to_owned()];
        let header = |name: &str| (name == "x-signature").then_some(value.as_str());
        assert_eq!(check(header, BODY, &secrets, 0).plain, Verdict::Valid);
        assert_eq!(check(header, b"x", &secrets, 0).plain, Verdict::Invalid);
    }
}
