//! Pure: what a platform's answer to a call means for the commands in it.
//!
//! | what came | then |
//! |---|---|
//! | `code` 200 or 0 with an id | taken |
//! | no connection; 429; 503; `code` 429 | certainly not taken: later |
//! | 401, 403, 404, a redirect; robot or key unknown | certainly not taken: it does not know us |
//! | another `code`, another 4xx | certainly not taken: it does not want this |
//! | time-out, a broken connection, another 5xx, no JSON | nobody knows |
use std::time::Duration;

use serde_json::{Map, Value};
use workbot_schema::wire::error_code;

/// Wait after a 429 that names none; longer ones than the other are not believed.
const LIMITED: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(3_600));
/// Wait after a failure that passes.
const SOON: Duration = Duration::from_secs(5);
/// Longest text kept, characters.
const TEXT_CHARS: usize = 300;
/// "Other" in WorkTool's list of error codes.
const OTHER: i32 = 501_000;
/// Words with which a platform says that it does not know the robot or its key.
const STRANGER_WORDS: [&str; 4] = ["机器人编号", "机器人不存在", "密钥", "robotId"];

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came<'a> {
    /// An answer, whatever its status.
    Answer {
        /// HTTP status.
        status: u16,
        /// `Retry-After`.
        retry_after: Option<&'a str>,
        /// The body.
        body: &'a [u8],
    },
    /// The address may not be called; why.
    Forbidden(String),
    /// No connection was made; why.
    NoConnection(String),
    /// There was a connection and no whole answer; why.
    Broken(String),
}

/// What it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has them, under this id (empty when it told none).
    Taken(String),
    /// It has not, and may take them later.
    Later {
        /// Not before.
        wait: Duration,
        /// For people.
        reason: String,
    },
    /// It has not: it does not know the robot or its key, or it is not there.
    Stranger(String),
    /// It has not, and will not.
    Refused {
        /// WorkTool's code.
        code: i32,
        /// Its words.
        message: String,
    },
    /// Nobody knows.
    Uncertain(String),
}

/// Judges a call that carries commands.
pub fn judge(came: &Came<'_>) -> Verdict {
    let (status, retry_after, body) = match came {
        Came::Answer { status, retry_after, body } => (*status, *retry_after, *body),
        Came::Forbidden(reason) => return Verdict::Stranger(reason.clone()),
        Came::NoConnection(reason) => return Verdict::Later { wait: SOON, reason: reason.clone() },
        Came::Broken(reason) => return Verdict::Uncertain(reason.clone()),
    };
    let advised = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let named = format!("HTTP {status}");
    let body: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
    match (status, body) {
        (200..=299, Some(body)) => of_body(&body, advised),
        (200..=299, None) => Verdict::Uncertain(format!("{named}, and no JSON")),
        (429, _) => limited(advised),
        (503, _) => Verdict::Later { wait: advised.unwrap_or(SOON).min(LIMITED.1), reason: named },
        (300..=399 | 401 | 403 | 404, _) => Verdict::Stranger(named),
        (400..=499, body) => {
            let message = body.as_ref().and_then(words).unwrap_or(named);
            Verdict::Refused { code: OTHER, message }
        }
        _ => Verdict::Uncertain(named),
    }
}

fn limited(advised: Option<Duration>) -> Verdict {
    let wait = advised.unwrap_or(LIMITED.0).min(LIMITED.1);
    Verdict::Later { wait, reason: "the platform's limit (429)".to_owned() }
}

fn of_body(body: &Map<String, Value>, advised: Option<Duration>) -> Verdict {
    let message = words(body).unwrap_or_default();
    match code_of(body) {
        Some(200 | 0) => Verdict::Taken(id_of(body)),
        None => match id_of(body) {
            id if id.is_empty() => Verdict::Uncertain("an answer without a code".to_owned()),
            id => Verdict::Taken(id),
        },
        Some(429) => limited(advised),
        Some(401 | 403 | 501_011 | 501_012) => Verdict::Stranger(message),
        Some(_) if STRANGER_WORDS.iter().any(|word| message.contains(word)) => Verdict::Stranger(message),
        Some(code) => {
            let known = i32::try_from(code).ok().filter(|code| error_code::find(*code).is_some());
            Verdict::Refused { code: known.unwrap_or(OTHER), message }
        }
    }
}

fn code_of(body: &Map<String, Value>) -> Option<i64> {
    match body.get("code")? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn id_of(body: &Map<String, Value>) -> String {
    match body.get("data") {
        Some(Value::String(id)) => id.trim().to_owned(),
        Some(Value::Number(id)) => id.to_string(),
        Some(Value::Object(data)) => {
            data.get("messageId").and_then(Value::as_str).unwrap_or_default().to_owned()
        }
        _ => String::new(),
    }
}

fn words(body: &Map<String, Value>) -> Option<String> {
    let text = body.get("message")?.as_str()?.trim();
    Some(text.chars().take(TEXT_CHARS).collect::<String>().replace('\0', "\u{fffd}"))
        .filter(|text| !text.is_empty())
}

/// What a platform says of a robot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Probed {
    /// It is there.
    Online,
    /// It is not, or the platform is not; why.
    Offline(String),
    /// The platform's limit is reached: ask again then.
    Later(Duration),
}

/// Judges the question whether the robot is online. A platform that answers and does not say no is taken at its word.
pub fn judge_probe(came: &Came<'_>) -> Probed {
    let (is_answer, is_limit, said_no) = match came {
        Came::Answer { status, body, .. } => {
            let body: Option<Map<String, Value>> = serde_json::from_slice(body).ok();
            let data = body.as_ref().and_then(|body| body.get("data"));
            let said_no = data == Some(&Value::Bool(false));
            (body.is_some() && (200..300).contains(status), *status == 429, said_no)
        }
        Came::Forbidden(_) | Came::NoConnection(_) | Came::Broken(_) => (false, false, false),
    };
    match judge(came) {
        Verdict::Taken(_) | Verdict::Uncertain(_) if is_answer && said_no => {
            Probed::Offline("the platform says that the robot is offline".to_owned())
        }
        Verdict::Uncertain(_) if is_answer => Probed::Online,
        Verdict::Taken(_) | Verdict::Refused { .. } => Probed::Online,
        Verdict::Later { wait, .. } if is_limit || is_answer => Probed::Later(wait),
        Verdict::Later { reason, .. } | Verdict::Stranger(reason) | Verdict::Uncertain(reason) => {
            Probed::Offline(reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome<'a>(status: u16, retry_after: Option<&'a str>, body: &'a str) -> Came<'a> {
        Came::Answer { status, retry_after, body: body.as_bytes() }
    }

    #[test]
    fn calls() {
        let later = |secs, reason: &str| Verdict::Later {
            wait: Duration::from_secs(secs),
            reason: reason.to_owned(),
        };
        let limit = "the platform's limit (429)";
        let refused = |code, message: &str| Verdict::Refused { code, message: message.to_owned() };
        for (status, retry_after, body, expected) in [
            (
                200,
                None,
                r#"{"code":200,"message":"操作成功","data":"17844"}"#,
                Verdict::Taken("17844".into()),
            ),
            (200, None, r#"{"code":0,"data":17844}"#, Verdict::Taken("17844".into())),
            (200, None, r#"{"code":"200","data":{"messageId":"m"}}"#, Verdict::Taken("m".into())),
            (200, None, r#"{"code":200,"data":null}"#, Verdict::Taken(String::new())),
            (200, None, r#"{"data":"m"}"#, Verdict::Taken("m".into())),
            (200, None, r#"{"data":null}"#, Verdict::Uncertain("an answer without a code".into())),
            (200, None, r#"{"code":429,"message":"太快"}"#, later(60, limit)),
            (429, Some("7"), "", later(7, limit)),
            (429, Some("99999"), "", later(3_600, limit)),
            (503, Some("2"), "", later(2, "HTTP 503")),
            (503, None, "", later(5, "HTTP 503")),
            (
                200,
                None,
                r#"{"code":500,"message":"机器人编号不存在"}"#,
                Verdict::Stranger("机器人编号不存在".into()),
            ),
            (200, None, r#"{"code":501012,"message":""}"#, Verdict::Stranger(String::new())),
            (403, None, "", Verdict::Stranger("HTTP 403".into())),
            (302, None, "", Verdict::Stranger("HTTP 302".into())),
            (200, None, r#"{"code":101011,"message":"数据格式错误"}"#, refused(101_011, "数据格式错误")),
            (200, None, r#"{"code":500,"message":"系统繁忙"}"#, refused(501_000, "系统繁忙")),
            (400, None, r#"{"message":"bad"}"#, refused(501_000, "bad")),
            (413, None, "", refused(501_000, "HTTP 413")),
            (500, None, r#"{"code":200,"data":"x"}"#, Verdict::Uncertain("HTTP 500".into())),
            (502, None, "", Verdict::Uncertain("HTTP 502".into())),
            (200, None, "<html>", Verdict::Uncertain("HTTP 200, and no JSON".into())),
        ] {
            assert_eq!(judge(&outcome(status, retry_after, body)), expected, "{status} {body}");
        }
        assert!(matches!(judge(&Came::NoConnection(String::new())), Verdict::Later { .. }));
        assert!(matches!(judge(&Came::Broken(String::new())), Verdict::Uncertain(_)));
        assert!(matches!(judge(&Came::Forbidden(String::new())), Verdict::Stranger(_)));
    }

    #[test]
    fn probes() {
        let is = |status, body: &str, expected: fn(&Probed) -> bool| {
            let probed = judge_probe(&outcome(status, Some("9"), body));
            assert!(expected(&probed), "{status} {body}: {probed:?}");
        };
        is(200, r#"{"code":200,"data":true}"#, |probed| *probed == Probed::Online);
        is(200, r#"{"code":0}"#, |probed| *probed == Probed::Online);
        is(200, r#"{"data":true}"#, |probed| *probed == Probed::Online);
        is(200, r#"{"code":404,"message":"没有这个接口"}"#, |probed| *probed == Probed::Online);
        is(200, r#"{"code":200,"data":false}"#, |probed| matches!(probed, Probed::Offline(_)));
        is(200, r#"{"code":500,"message":"机器人编号不存在"}"#, |probed| {
            matches!(probed, Probed::Offline(_))
        });
        is(500, "", |probed| matches!(probed, Probed::Offline(_)));
        is(429, "", |probed| *probed == Probed::Later(Duration::from_secs(9)));
    }
}
