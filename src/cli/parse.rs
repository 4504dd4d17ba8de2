//! Readers of what is typed: phones, times, time spans. Each error is the end of the sentence "invalid value …:".

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use std::time::Duration;
use workbot_schema::users::is_phone;

/// Reads a phone number of 11 digits that starts with 1.
pub fn parse_phone(text: &str) -> Result<String, String> {
    if is_phone(text) { Ok(text.to_owned()) } else { Err("give 11 digits such as 13800138000".to_owned()) }
}

/// Reads a time with zone (RFC 3339) or a date, which means its last second in UTC.
pub fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    match text.parse::<NaiveDate>() {
        Ok(date) => Ok(date.and_time(end_of_day).and_utc()),
        Err(_) => Err("give a date such as 2027-01-31 or a time such as 2027-01-31T12:00:00Z".to_owned()),
    }
}

/// Reads a time span of 1 s to 365 d: a number and s, m, h or d.
pub fn parse_time_span(text: &str) -> Result<Duration, String> {
    let wrong = || "give a number and s, m, h or d, such as 1h, at most 365d".to_owned();
    let mut characters = text.chars();
    let unit_secs = match characters.next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number = characters.as_str().parse::<u64>().ok();
    let secs = number.and_then(|number| number.checked_mul(unit_secs));
    match secs {
        Some(secs @ 1..=31_536_000) => Ok(Duration::from_secs(secs)),
        _ => Err(wrong()),
    }
}

/// Reads a rate of 0 to 100,000 a second.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if (0.0..=100_000.0).contains(&rate) => Ok(rate),
        _ => Err("give a number from 0 to 100000, such as 50 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        for (text, rate) in [
            ("50", Some(50.0)),
            ("0.5", Some(0.5)),
            ("0", Some(0.0)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
        ] {
            assert_eq!(parse_rate(text).ok(), rate, "{text}");
        }
    }

    #[test]
    fn time_spans() {
        let cases = [("90s", 90), ("30m", 1_800), ("1h", 3_600), ("365d", 31_536_000)];
        for (text, secs) in cases {
            assert_eq!(parse_time_span(text), Ok(Duration::from_secs(secs)));
        }
        for wrong in ["", "h", "1", "0s", "-1h", "1.5h", "366d", "1w", "99999999999999999999d", "1时"] {
            assert!(parse_time_span(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times() {
        assert_eq!(parse_time("2027-01-31").unwrap().to_rfc3339(), "2027-01-31T23:59:59+00:00");
        assert_eq!(
            parse_time("2027-01-31T08:00:00+08:00").unwrap().to_rfc3339(),
            "2027-01-31T00:00:00+00:00"
        );
        assert!(parse_time("tomorrow").is_err());
    }

    #[test]
    fn phones() {
        assert_eq!(parse_phone("13800138000").as_deref(), Ok("13800138000"));
        for wrong in ["", "1380013800", "23800138000", "1380013800x", "１３800138000"] {
            assert!(parse_phone(wrong).is_err(), "{wrong}");
        }
    }
}
