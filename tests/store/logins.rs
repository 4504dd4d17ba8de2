//! Codes, links and sessions of people in the store, and when they go.
use chrono::TimeDelta;
use workbot_schema::accounts::queries::find_session;
use workbot_schema::accounts::tickets::{LoginTicket, make};
use workbot_schema::accounts::{AccountAct, AccountDone, LoginCode, NewSession};
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::fields::Ts;
use workbot_schema::ids::UserSessionId;
use workbot_schema::retention::{self, Kept};
use workbot_schema::store::Db;
use workbot_schema::users::{Role, User, ensure};

use super::rows::{at, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

on_both!(codes_are_for_one_phone_and_one_time, rows_of_logins_go_after_their_time);

const PHONE: &str = "13800000001";

async fn act(db: &Db, act: AccountAct, now: Ts) -> AccountDone {
    let outcomes = write(db, vec![vec![Record::Account(Box::new(act))]], 1, now).await;
    match outcomes.into_iter().flatten().next() {
        Some(Outcome::Account(done)) => *done,
        other => panic!("{other:?}"),
    }
}

fn code(hash: &str, now: Ts) -> AccountAct {
    let code = LoginCode {
        id: uuid::Uuid::new_v4().to_string(),
        phone: PHONE.to_owned(),
        code_hash: hash.to_owned(),
        address: "127.0.0.1".to_owned(),
        wrong_tries: 0,
        expires_at: now.plus(TimeDelta::seconds(300)),
        used_at: None,
        created_at: now,
    };
    AccountAct::MakeCode { code, limits: None }
}

fn session(cookie: &str, expires_at: Ts) -> NewSession {
    NewSession {
        id: UserSessionId::generate(),
        token_hash: cookie.to_owned(),
        address: "127.0.0.1".to_owned(),
        user_agent: String::new(),
        expires_at,
    }
}

fn enter(phone: &str, hash: &str, cookie: &str) -> AccountAct {
    let session = session(cookie, at(86_400));
    AccountAct::EnterCode { phone: phone.to_owned(), code_hash: hash.to_owned(), newcomer: None, session }
}

async fn codes_are_for_one_phone_and_one_time(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    ensure(&db, User::new(PHONE.to_owned(), Role::User, at(0))).await.unwrap();
    assert_eq!(act(&db, code("first", at(0)), at(0)).await, AccountDone::CodeMade);
    assert_eq!(act(&db, code("second", at(60)), at(60)).await, AccountDone::CodeMade);
    for (phone, hash, now, is_in) in [
        (PHONE, "first", 61, false),
        ("13800000002", "second", 61, false),
        (PHONE, "second", 360, false),
        (PHONE, "second", 359, true),
        (PHONE, "second", 359, false),
    ] {
        let done = act(&db, enter(phone, hash, &format!("{hash} {now} {is_in}")), at(now)).await;
        assert_eq!(matches!(done, AccountDone::Entered(_)), is_in, "{phone} {hash} {now}: {done:?}");
        assert!(is_in || done == AccountDone::Wrong, "{done:?}");
    }
    assert!(find_session(&db, "second 359 true".to_owned()).await.unwrap().is_some());
}

async fn rows_of_logins_go_after_their_time(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let (user, _is_new) = ensure(&db, User::new(PHONE.to_owned(), Role::User, at(0))).await.unwrap();
    for secs in [0, 100] {
        act(&db, code("hash", at(secs)), at(secs)).await;
        let ticket_hash = format!("ticket {secs}");
        let (user_id, expires_at) = (Some(user.id.clone()), at(secs + 50));
        make(&db, LoginTicket { ticket_hash, user_id: user_id.clone(), expires_at, created_at: at(secs) })
            .await
            .unwrap();
        let ticket_hash = format!("used {secs}");
        make(
            &db,
            LoginTicket { ticket_hash: ticket_hash.clone(), user_id, expires_at, created_at: at(secs) },
        )
        .await
        .unwrap();
        let session = session(&format!("cookie {secs}"), expires_at);
        let done =
            act(&db, AccountAct::EnterTicket { ticket_hash, first_admin: None, session }, at(secs)).await;
        assert!(matches!(done, AccountDone::Entered(_)), "{done:?}");
    }
    for (kept, before, count) in [
        (Kept::LoginCodes, 0, 0),
        (Kept::LoginCodes, 100, 1),
        (Kept::LoginTickets, 50, 0),
        (Kept::LoginTickets, 51, 1),
        (Kept::UserSessions, 50, 0),
        (Kept::UserSessions, 51, 1),
    ] {
        assert_eq!(retention::purge(&db, kept, at(before)).await.unwrap(), count, "{kept:?} {before}");
    }
    assert!(find_session(&db, "cookie 0".to_owned()).await.unwrap().is_none());
    assert!(find_session(&db, "cookie 100".to_owned()).await.unwrap().is_some());
}
