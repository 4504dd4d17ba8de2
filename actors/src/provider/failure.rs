//! Pure: why a call to a model brought nothing, and what that means for the model and for the turn.
use std::time::Duration;

use chrono::{DateTime, Utc};
use workbot_schema::class::Class;

use super::breaker::Verdict;
use super::budget::Usage;

/// Longest error text kept, in characters.
const TEXT_CHARS: usize = 300;

/// Words in the body of a refusal that say "no credit left", whatever status stands over it.
const NO_CREDIT: &[&str] = &[
    "insufficient_quota",
    "insufficient_balance",
    "insufficient balance",
    "insufficient_user_quota",
    "exceeded_current_quota",
    "credit balance is too low",
    "provider_quota_exceeded",
    "account_overdue",
    "accountoverdue",
    "arrearage",
    "billing_not_active",
    "billing_hard_limit",
    "余额不足",
    "欠费",
];

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The gate is shut; no call was made.
    Shut,
    /// Too many calls are under way or the rate is used up; no call was made.
    Busy,
    /// The model's actor is down; no call was made, or its end is not known.
    Down,
    /// The address may not be called.
    Address,
    /// No connection.
    Connect,
    /// No complete answer in time.
    TimedOut,
    /// The connection broke, or what came is not HTTP.
    Transport,
    /// 401, 403: the key is refused.
    Key,
    /// 402, or a body that says so: no credit left.
    Credit,
    /// 429.
    TooMany,
    /// 5xx, and the few 4xx that pass by themselves.
    Server,
    /// Any other 4xx or 3xx: this request is refused.
    Refused,
    /// The answer is longer than may be.
    Huge,
    /// The answer is not what its service documents.
    Garbage,
    /// The answer has no text.
    Empty,
}

impl FailureKind {
    /// The word in rows and in the console.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shut => "breaker_open",
            Self::Busy => "busy",
            Self::Down => "down",
            Self::Address => "address",
            Self::Connect => "connect",
            Self::TimedOut => "timeout",
            Self::Transport => "transport",
            Self::Key => "key_refused",
            Self::Credit => "no_credit",
            Self::TooMany => "rate_limited",
            Self::Server => "server_error",
            Self::Refused => "refused",
            Self::Huge => "answer_too_long",
            Self::Garbage => "answer_unreadable",
            Self::Empty => "answer_empty",
        }
    }

    /// How the turn treats it: another model is asked only after `Transient`.
    pub fn class(self) -> Class {
        match self {
            Self::Key | Self::Credit | Self::Refused | Self::Address => Class::Permanent,
            _ => Class::Transient,
        }
    }

    /// What it says about the model.
    pub fn verdict(self) -> Verdict {
        match self {
            Self::Key | Self::Credit => Verdict::Fatal,
            Self::Refused => Verdict::Refusal,
            Self::Shut | Self::Busy => Verdict::Unknown,
            _ => Verdict::Failure,
        }
    }

    /// Whether the model was called at all.
    pub fn was_called(self) -> bool {
        !matches!(self, Self::Shut | Self::Busy | Self::Down)
    }
}

/// A call in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// One line about it, without secrets.
    pub text: String,
    /// The model asks to be left alone for so long.
    pub retry_after: Option<Duration>,
    /// What the service answered, as far as it is text; for the log of calls.
    pub output: String,
    /// What the call cost all the same.
    pub usage: Usage,
}

impl Failure {
    /// A failure without an answer of the service.
    pub fn new(kind: FailureKind, text: impl Into<String>) -> Self {
        let text: String = text.into();
        let text = text.chars().filter(|letter| !letter.is_control()).take(TEXT_CHARS).collect();
        Self { kind, text, retry_after: None, output: String::new(), usage: Usage::default() }
    }

    /// The same with what the service answered.
    pub fn with_output(self, output: impl Into<String>) -> Self {
        Self { output: output.into(), ..self }
    }

    /// The same; it was paid for all the same.
    pub fn with_usage(self, usage: Usage) -> Self {
        Self { usage, ..self }
    }

    /// The same; the model is to be left alone for a while.
    pub fn with_retry_after(self, retry_after: Option<Duration>) -> Self {
        Self { retry_after, ..self }
    }

    /// How the turn treats it.
    pub fn class(&self) -> Class {
        self.kind.class()
    }
}

/// The failure behind a status that is not 2xx. `detail` is the service's own word for it.
pub fn of_status(status: u16, body: &str, detail: &str) -> Failure {
    let kind = if status < 500 && says_no_credit(body) {
        FailureKind::Credit
    } else {
        match status {
            401 | 403 => FailureKind::Key,
            402 => FailureKind::Credit,
            429 => FailureKind::TooMany,
            408 | 409 | 425 | 500..=599 => FailureKind::Server,
            _ => FailureKind::Refused,
        }
    };
    let text = if detail.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {detail}") };
    Failure::new(kind, text)
}

/// Whether the words of a refusal mean that nobody pays for the calls any more.
pub fn says_no_credit(body: &str) -> bool {
    let body = body.to_lowercase();
    NO_CREDIT.iter().any(|word| body.contains(word))
}

/// The time of a `Retry-After` header: whole seconds or a date.
pub fn retry_after(header: Option<&str>, now: DateTime<Utc>) -> Option<Duration> {
    let text = header?.trim();
    if let Ok(secs) = text.parse::<u64>() {
        return Some(Duration::from_secs(secs));
    }
    let until = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc);
    (until - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_have_kinds() {
        let table = [
            (400, "{}", FailureKind::Refused),
            (301, "", FailureKind::Refused),
            (404, "{}", FailureKind::Refused),
            (422, "{}", FailureKind::Refused),
            (401, "{}", FailureKind::Key),
            (403, "{}", FailureKind::Key),
            (402, "{}", FailureKind::Credit),
            (429, "{}", FailureKind::TooMany),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, FailureKind::Credit),
            (403, r#"{"error":{"code":"AccountOverdueError"}}"#, FailureKind::Credit),
            (400, r#"{"error":{"message":"Your credit balance is too low"}}"#, FailureKind::Credit),
            (400, r#"{"code":"Arrearage"}"#, FailureKind::Credit),
            (408, "", FailureKind::Server),
            (500, "insufficient_quota", FailureKind::Server),
            (529, "", FailureKind::Server),
        ];
        for (status, body, kind) in table {
            assert_eq!(of_status(status, body, "").kind, kind, "{status} {body}");
        }
    }

    #[test]
    fn only_what_may_pass_leads_to_the_next_model_and_only_calls_are_tries() {
        for kind in [FailureKind::Key, FailureKind::Credit] {
            assert_eq!((kind.class(), kind.verdict()), (Class::Permanent, Verdict::Fatal));
        }
        for kind in [FailureKind::TooMany, FailureKind::TimedOut, FailureKind::Garbage, FailureKind::Empty] {
            assert_eq!((kind.class(), kind.verdict()), (Class::Transient, Verdict::Failure));
            assert!(kind.was_called());
        }
        assert!(!FailureKind::Shut.was_called() && FailureKind::Shut.class() == Class::Transient);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let table = [
            (Some("7"), Some(7)),
            (Some(" 0 "), Some(0)),
            (Some("Thu, 01 Jan 2026 00:01:30 GMT"), Some(90)),
            (Some("Wed, 31 Dec 2025 00:00:00 GMT"), None),
            (Some("soon"), None),
            (Some("-1"), None),
            (None, None),
        ];
        for (header, secs) in table {
            assert_eq!(retry_after(header, now), secs.map(Duration::from_secs), "{header:?}");
        }
    }

    #[test]
    fn texts_are_one_short_line() {
        let failure = Failure::new(FailureKind::Server, format!("a\nb{}", "x".repeat(1_000)));
        assert_eq!((failure.text.chars().count(), failure.text.starts_with("abx")), (TEXT_CHARS, true));
    }
}
