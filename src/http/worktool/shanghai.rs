//! Times as WorkTool writes and reads them: texts of Asia/Shanghai without an offset. There is no summer time there.
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use workbot_schema::fields::Ts;

use super::parameters::Parameters;
use super::refused::Refused;

const OFFSET_SECS: i32 = 8 * 3_600;
const WRITTEN: &str = "%Y-%m-%dT%H:%M:%S";
const READ: [&str; 4] =
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S"];
const DATE: &str = "%Y-%m-%d";
/// Years that one of the databases could not store are nonsense anyway.
const LAST_MS: i64 = 253_402_300_799_999;

fn local(moment: Ts) -> NaiveDateTime {
    FixedOffset::east_opt(OFFSET_SECS)
        .map_or_else(|| moment.utc().naive_utc(), |offset| moment.utc().with_timezone(&offset).naive_local())
}

fn moment(local: NaiveDateTime) -> Option<Ts> {
    let utc = local.checked_sub_signed(TimeDelta::seconds(i64::from(OFFSET_SECS)))?.and_utc();
    plausible(utc)
}

fn plausible(utc: DateTime<Utc>) -> Option<Ts> {
    (0..=LAST_MS).contains(&utc.timestamp_millis()).then(|| Ts::new(utc))
}

/// `2024-04-28T11:00:00`.
pub fn text(moment: Ts) -> String {
    local(moment).format(WRITTEN).to_string()
}

/// A time, a day (its first moment), or milliseconds since 1970.
pub fn read(text: &str) -> Option<Ts> {
    let text = text.trim();
    let written = READ.iter().find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    let day = || NaiveDate::parse_from_str(text, DATE).ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    if let Some(local) = written.or_else(day) {
        return moment(local);
    }
    if let Ok(with_offset) = DateTime::parse_from_rfc3339(text) {
        return plausible(with_offset.to_utc());
    }
    text.parse().ok().and_then(DateTime::from_timestamp_millis).and_then(plausible)
}

/// The first moment of a day and that of the next; the day of `now` when none is named.
pub fn day(named: Option<&str>, now: Ts) -> Option<(Ts, Ts)> {
    let day = match named {
        Some(text) => NaiveDate::parse_from_str(text, DATE).ok()?,
        None => local(now).date(),
    };
    let begin = moment(day.and_hms_opt(0, 0, 0)?)?;
    Some((begin, begin.plus(TimeDelta::days(1))))
}

/// `startTime` and `endTime`; the end is included, to the second.
pub fn range(parameters: &Parameters) -> Result<(Option<Ts>, Option<Ts>), Refused> {
    let read = |name: &str| match parameters.get(name) {
        None => Ok(None),
        Some(text) => read(text)
            .map(Some)
            .ok_or_else(|| Refused::because(format!("{name} 格式有误，应为 yyyy-MM-dd HH:mm:ss"))),
    };
    let (from, to) = (read("startTime")?, read("endTime")?);
    Ok((from, to.map(|end| end.plus(TimeDelta::seconds(1)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Ts {
        Ts::new(DateTime::from_timestamp_millis(millis).unwrap())
    }

    #[test]
    fn times_are_those_of_shanghai() {
        let noon = at(1_714_273_200_000);
        assert_eq!(text(noon), "2024-04-28T11:00:00");
        for written in [
            "2024-04-28T11:00:00",
            "2024-04-28 11:00:00",
            "2024-04-28 11:00:00.000",
            "2024-04-28 11:00",
            " 2024/04/28 11:00:00 ",
            "2024-04-28T03:00:00Z",
            "1714273200000",
        ] {
            assert_eq!(read(written), Some(noon), "{written}");
        }
        assert_eq!(read("2024-04-28").map(text).as_deref(), Some("2024-04-28T00:00:00"));
        for wrong in ["", "gestern", "2024-13-01", "-1", "99999999999999999", "1969-12-31 00:00:00"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn days_begin_at_their_midnight() {
        let evening = at(1_714_320_000_000);
        assert_eq!(text(evening), "2024-04-29T00:00:00");
        let (begin, end) = day(None, evening).unwrap();
        assert_eq!((begin, text(end).as_str()), (evening, "2024-04-30T00:00:00"));
        assert_eq!(day(Some("2024-04-29"), at(0)).unwrap(), (begin, end));
        assert_eq!(day(Some("29.4.2024"), at(0)), None);
    }

    #[test]
    fn a_range_includes_its_last_second() {
        let parameters = Parameters::read("startTime=2024-04-28&endTime=2024-04-28%2011:00:00");
        let (from, to) = range(&parameters).unwrap();
        assert_eq!(from.map(text).as_deref(), Some("2024-04-28T00:00:00"));
        assert_eq!(to.map(text).as_deref(), Some("2024-04-28T11:00:01"));
        assert!(range(&Parameters::read("startTime=x")).is_err());
        assert_eq!(range(&Parameters::default()).unwrap(), (None, None));
    }
}
