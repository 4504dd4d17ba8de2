//! What robots spent on models, by day.
use chrono::{FixedOffset, TimeZone};
use diesel::prelude::{Insertable, Queryable, Selectable};
use diesel::result::Error as DieselError;

use crate::fields::Ts;
use crate::flow_executions::Spend;
use crate::for_both;
use crate::ids::RobotUuid;
use crate::store::prelude::*;
use crate::tables::token_usage;

/// China has one time without summer time.
const SHANGHAI_SECS: i32 = 8 * 3_600;

/// The day of a moment in Asia/Shanghai, `yyyy-mm-dd`: budgets begin anew at its midnight.
pub fn day_of(moment: Ts) -> String {
    match FixedOffset::east_opt(SHANGHAI_SECS) {
        Some(offset) => offset.from_utc_datetime(&moment.utc().naive_utc()).format("%Y-%m-%d").to_string(),
        None => moment.utc().format("%Y-%m-%d").to_string(),
    }
}

/// What a robot spent on one day.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = token_usage)]
pub struct TokenUsage {
    /// Whose.
    pub robot_uuid: RobotUuid,
    /// `yyyy-mm-dd` in Asia/Shanghai.
    pub day: String,
    /// Tokens in and out.
    pub tokens: i64,
    /// ¥ × 10⁻⁶.
    pub cost_micros: i64,
}

crate::statement_names! { Add }

for_both! {
    /// Adds to a robot's day.
    pub async fn add(connection: &mut Conn, robot: RobotUuid, spent: &Spend) -> Result<(), DieselError> {
        diesel::insert_into(token_usage::table)
            .values((
                token_usage::robot_uuid.eq(robot),
                token_usage::day.eq(&spent.day),
                token_usage::tokens.eq(spent.tokens),
                token_usage::cost_micros.eq(spent.cost_micros),
            ))
            .on_conflict((token_usage::robot_uuid, token_usage::day))
            .do_update()
            .set((
                token_usage::tokens.eq(token_usage::tokens + spent.tokens),
                token_usage::cost_micros.eq(token_usage::cost_micros + spent.cost_micros),
            ))
            .cached::<name::Add>()
            .execute(connection)
            .await?;
        Ok(())
    }
}

/// Tokens a robot spent on the day of `now`.
pub async fn today(db: &Db, robot: RobotUuid, now: Ts) -> StoreResult<i64> {
    let day = day_of(now);
    db!(db, read, |connection| {
        let tokens: Option<i64> = token_usage::table
            .find((robot, &day))
            .select(token_usage::tokens)
            .first(connection)
            .await
            .optional()?;
        Ok(tokens.unwrap_or(0))
    })
}

/// What robots spent from one day to another (both included), the last day first. `None` = every robot.
pub async fn list(
    db: &Db,
    robots: Option<Vec<RobotUuid>>,
    (from, to): (String, String),
    limit: i64,
) -> StoreResult<Vec<TokenUsage>> {
    db!(db, read, |connection| {
        let mut query = token_usage::table
            .filter(token_usage::day.ge(&from))
            .filter(token_usage::day.le(&to))
            .into_boxed::<DB>();
        if let Some(robots) = robots.clone() {
            query = query.filter(token_usage::robot_uuid.eq_any(robots));
        }
        Ok(query
            .order((token_usage::day.desc(), token_usage::robot_uuid.asc()))
            .limit(limit)
            .select(TokenUsage::as_select())
            .load(connection)
            .await?)
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        for (utc, day) in [
            ("2025-12-31T15:59:59.999999Z", "2025-12-31"),
            ("2025-12-31T16:00:00Z", "2026-01-01"),
            ("2026-01-01T15:59:59Z", "2026-01-01"),
        ] {
            assert_eq!(day_of(Ts::new(DateTime::parse_from_rfc3339(utc).unwrap().to_utc())), day);
        }
    }
}
