//! Codes by SMS: how many may be asked for, and what one is good for.
use std::time::Duration;

use chrono::TimeDelta;
use diesel::result::Error as DieselError;

use super::{AccountDone, CodeLimits, LoginCode, NewSession, WRONG_TRIES};
use crate::fields::Ts;
use crate::for_both;
use crate::store::prelude::*;
use crate::tables::{login_codes, users};
use crate::users::User;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long to wait at `now` when only `most` may lie within `window`; `times` are the latest ones, newest first.
fn wait(times: &[Ts], most: usize, window: Duration, now: Ts) -> Duration {
    let Some(oldest) = most.checked_sub(1).and_then(|place| times.get(place)) else { return Duration::ZERO };
    // A clock that was set back makes nobody wait longer than the window.
    let age = (now.utc() - oldest.utc()).to_std().unwrap_or_default();
    window.saturating_sub(age)
}

/// How long a phone and an address have to wait for the next code.
fn wait_for_code(of_phone: &[Ts], of_address: &[Ts], limits: CodeLimits, now: Ts) -> Duration {
    [
        wait(of_phone, 1, limits.pause, now),
        wait(of_phone, limits.per_hour, HOUR, now),
        wait(of_phone, limits.per_day, DAY, now),
        wait(of_address, limits.per_address, HOUR, now),
    ]
    .into_iter()
    .max()
    .unwrap_or_default()
}

/// Compares two hashes in a time that does not depend on where they differ.
fn is_same(stored: &str, given: &str) -> bool {
    let differences = stored.bytes().zip(given.bytes()).fold(0_u8, |all, (one, other)| all | (one ^ other));
    stored.len() == given.len() && differences == 0
}

fn rows(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

for_both! {
    use { crate::accounts::sessions => sessions }

    /// Stores a code unless the phone or the address had too many. It takes the place of the codes before it.
    pub async fn make(
        connection: &mut Conn,
        code: &LoginCode,
        limits: Option<CodeLimits>,
        now: Ts,
    ) -> Result<AccountDone, DieselError> {
        if let Some(limits) = limits {
            let of_phone: Vec<Ts> = login_codes::table
                .filter(login_codes::phone.eq(&code.phone))
                .order(login_codes::created_at.desc())
                .limit(rows(limits.per_day.max(limits.per_hour)))
                .select(login_codes::created_at)
                .load(connection)
                .await?;
            let of_address: Vec<Ts> = login_codes::table
                .filter(login_codes::address.eq(&code.address))
                .order(login_codes::created_at.desc())
                .limit(rows(limits.per_address))
                .select(login_codes::created_at)
                .load(connection)
                .await?;
            let wait = wait_for_code(&of_phone, &of_address, limits, now);
            if !wait.is_zero() {
                return Ok(AccountDone::TooMany(wait));
            }
        }
        diesel::insert_into(login_codes::table).values(code).execute(connection).await?;
        Ok(AccountDone::CodeMade)
    }

    /// Lets somebody in who gives the latest code of the phone; a wrong one is counted.
    pub async fn enter(
        connection: &mut Conn,
        (phone, code_hash): (&str, &str),
        newcomer: Option<&User>,
        session: &NewSession,
        now: Ts,
    ) -> Result<AccountDone, DieselError> {
        let found: Option<LoginCode> = login_codes::table
            .filter(login_codes::phone.eq(phone))
            .order(login_codes::created_at.desc())
            .select(LoginCode::as_select())
            .first(connection)
            .await
            .optional()?;
        // A clock that was set back does not make a code live longer.
        let is_young = |code: &LoginCode| {
            now < code.expires_at && code.created_at <= now.plus(TimeDelta::minutes(5))
        };
        let is_open = |code: &LoginCode| {
            code.used_at.is_none() && code.wrong_tries < WRONG_TRIES && is_young(code)
        };
        let Some(code) = found.filter(is_open) else { return Ok(AccountDone::Wrong) };
        let row = login_codes::table.find(&code.id);
        if !is_same(&code.code_hash, code_hash) {
            diesel::update(row)
                .set(login_codes::wrong_tries.eq(login_codes::wrong_tries + 1))
                .execute(connection)
                .await?;
            return Ok(AccountDone::Wrong);
        }
        diesel::update(row).set(login_codes::used_at.eq(Some(now))).execute(connection).await?;
        if let Some(newcomer) = newcomer {
            diesel::insert_into(users::table)
                .values(newcomer)
                .on_conflict_do_nothing()
                .execute(connection)
                .await?;
        }
        let user: Option<User> = users::table
            .filter(users::phone.eq(phone))
            .select(User::as_select())
            .first(connection)
            .await
            .optional()?;
        match user {
            None => Ok(AccountDone::Wrong),
            Some(user) => sessions::open(connection, user, session, now).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn at(secs: i64) -> Ts {
        Ts::new(DateTime::from_timestamp(1_800_000_000 + secs, 0).unwrap())
    }

    const LIMITS: CodeLimits =
        CodeLimits { pause: Duration::from_secs(60), per_hour: 5, per_day: 10, per_address: 20 };

    #[test]
    fn phones_and_addresses_wait() {
        let every_minute = |count: i64| (0..count).rev().map(|place| at(place * 60)).collect::<Vec<_>>();
        for (of_phone, of_address, now, secs) in [
            (vec![], vec![], 0, 0),
            (vec![at(0)], vec![], 0, 60),
            (vec![at(0)], vec![], 59, 1),
            (vec![at(0)], vec![], 60, 0),
            (every_minute(4), vec![], 240, 0),
            (every_minute(5), vec![], 300, 3_300),
            (every_minute(5), vec![], 3_600, 0),
            (every_minute(10), vec![], 4_140, 82_260),
            (vec![], every_minute(19), 1_140, 0),
            (vec![], every_minute(20), 1_200, 2_400),
            (vec![at(5_000)], vec![], 0, 60),
        ] {
            let wait = wait_for_code(&of_phone, &of_address, LIMITS, at(now));
            assert_eq!(wait.as_secs(), secs, "{} {} {now}", of_phone.len(), of_address.len());
        }
    }

    #[test]
    fn hashes_are_compared_whole() {
        assert!(is_same("abc", "abc"));
        for other in ["abd", "ab", "abcd", ""] {
            assert!(!is_same("abc", other), "{other}");
        }
    }
}
