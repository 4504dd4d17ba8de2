//! The text of an activation code.
use uuid::Uuid;
use workbot_schema::activation::ActivationCode;
use workbot_schema::fields::Ts;
use workbot_schema::ids::UserId;

/// Letters and digits that nobody mistakes for another (no I, O, 0, 1).
const ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a code: 40 bits.
pub const LENGTH: usize = 8;

/// A code as people type it, in its stored form: no spaces or dashes, upper case.
pub fn normalise(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect::<String>().to_uppercase()
}

/// A new random code.
pub fn generate() -> String {
    let mut text = String::with_capacity(LENGTH);
    // The last eight bytes of a random UUID: one of them has two fixed bits at its top, and only the low five are used.
    for byte in Uuid::new_v4().as_bytes().iter().rev().take(LENGTH) {
        if let Some(letter) = ALPHABET.get(usize::from(byte & 31)) {
            text.push(char::from(*letter));
        }
    }
    text
}

/// What new codes have in common.
#[derive(Debug, Clone)]
pub struct CodeOrder {
    /// How many, 1..1000.
    pub count: usize,
    /// Service time of their robots, days.
    pub validity_days: i32,
    /// Who will own the robots.
    pub bound_user_id: Option<UserId>,
    /// Who makes them.
    pub created_by: Option<UserId>,
    /// Free text.
    pub note: Option<String>,
    /// An unused code works until then.
    pub expires_at: Ts,
}

/// New codes, all different.
pub fn make_codes(order: &CodeOrder, now: Ts) -> Vec<ActivationCode> {
    let batch = Uuid::now_v7().simple().to_string();
    let mut texts = std::collections::BTreeSet::new();
    while texts.len() < order.count {
        texts.insert(generate());
    }
    texts
        .into_iter()
        .map(|code| ActivationCode {
            code,
            batch: batch.clone(),
            validity_days: order.validity_days,
            bound_user_id: order.bound_user_id.clone(),
            created_by: order.created_by.clone(),
            robot_uuid: None,
            is_disabled: false,
            note: order.note.clone(),
            expires_at: order.expires_at,
            activated_at: None,
            created_at: now,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_of_the_alphabet_and_use_all_of_it() {
        let mut seen = HashSet::new();
        for _code in 0..1_000 {
            let code = generate();
            assert_eq!(code.len(), LENGTH);
            assert_eq!(normalise(&code), code);
            seen.extend(code.bytes());
        }
        assert_eq!(seen, ALPHABET.iter().copied().collect());
    }

    #[test]
    fn typed_codes_are_forgiven_their_form() {
        assert_eq!(normalise(" 3cq4-z9le "), "3CQ4Z9LE");
    }
}
