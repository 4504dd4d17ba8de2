//! UTC time: `TIMESTAMPTZ` on PostgreSQL, fixed-width text on SQLite (sorts as text), microseconds on both.
use std::fmt;

use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::query_builder::QueryId;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::SqlType;
use diesel::sqlite::{Sqlite, SqliteValue};
use serde::{Deserialize, Serialize};

/// The SQL type behind [`Ts`].
#[derive(Debug, SqlType, QueryId, Clone, Copy)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Text"))]
pub struct UtcTime;

impl diesel::sql_types::SqlOrd for UtcTime {}

/// A moment in UTC, rounded down to microseconds so that both databases give back what was stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow, Serialize, Deserialize,
)]
#[diesel(sql_type = UtcTime)]
#[serde(transparent)]
pub struct Ts(DateTime<Utc>);

impl Ts {
    /// The moment, cut to microseconds.
    pub fn new(moment: DateTime<Utc>) -> Self {
        Self(moment.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(moment))
    }

    /// The moment as chrono knows it.
    pub fn utc(self) -> DateTime<Utc> {
        self.0
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// The moment `delta` later (earlier when negative); stays where it is when out of range.
    pub fn plus(self, delta: TimeDelta) -> Self {
        Self(self.0.checked_add_signed(delta).unwrap_or(self.0))
    }

    /// ISO 8601 in UTC with milliseconds, as every REST answer writes times.
    pub fn iso(self) -> String {
        self.0.to_rfc3339_opts(SecondsFormat::Millis, true)
    }
}

impl From<DateTime<Utc>> for Ts {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::new(moment)
    }
}

impl fmt::Display for Ts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.iso())
    }
}

impl ToSql<UtcTime, Sqlite> for Ts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.0.to_rfc3339_opts(SecondsFormat::Micros, true));
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTime, Sqlite> for Ts {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let moment = DateTime::parse_from_rfc3339(value.read_text())?;
        Ok(Self(moment.with_timezone(&Utc)))
    }
}

impl ToSql<UtcTime, Pg> for Ts {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <DateTime<Utc> as ToSql<diesel::sql_types::Timestamptz, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<UtcTime, Pg> for Ts {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <DateTime<Utc> as FromSql<diesel::sql_types::Timestamptz, Pg>>::from_sql(value).map(Self)
    }
}
