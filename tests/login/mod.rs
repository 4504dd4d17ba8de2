//! People come in with a code or a link, stay in over a restart, and are out when they or an administrator say so.
mod codes;
mod links;
mod people;
mod sockets;

use serde_json::{Value, json};
use workbot_robot_sim::{Answer, Rest};
use workbot_schema::users::masked;

use crate::support::server::{SOON, TestServer};
use crate::support::until;

/// The phone of the administrator of these scenarios.
pub const ADMIN: &str = "13812341234";

/// A browser that is logged in.
pub struct Browser {
    /// What it shows as its cookies.
    pub cookie: String,
    /// Its CSRF token.
    pub csrf: String,
    /// The id of its session.
    pub session: String,
    /// Requests with the cookie alone.
    pub bare: Rest,
    /// Requests with cookie and CSRF token.
    pub rest: Rest,
}

impl Browser {
    /// What a browser keeps of an answer that logs in.
    pub fn of(server: &TestServer, answer: &Answer) -> Self {
        let set = |name: &str| {
            let start = format!("{name}=");
            let cookies = answer.headers.iter().filter(|(known, _value)| known == "set-cookie");
            let mut own = cookies.filter(|(_name, value)| value.starts_with(&start));
            let cookie = own.next().unwrap_or_else(|| panic!("no cookie {name}: {answer:?}")).1.clone();
            assert!(own.next().is_none(), "{name} is set twice");
            cookie
        };
        let (session, csrf) = (set("workbot_session"), set("workbot_csrf"));
        for part in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"] {
            assert!(session.contains(part), "{session}");
        }
        assert!(!csrf.contains("HttpOnly") && csrf.contains("SameSite=Strict"), "{csrf}");
        let value = |cookie: &str| cookie.split(';').next().unwrap().to_owned();
        let (session, csrf) = (value(&session), value(&csrf));
        let token = csrf.split_once('=').unwrap().1.to_owned();
        assert_eq!(answer.envelope.data["csrfToken"], json!(token));
        let cookie = format!("{session}; {csrf}");
        let bare = server.rest().with_header("Cookie", &cookie);
        Self {
            rest: bare.with_header("X-CSRF-Token", &token),
            bare,
            cookie,
            csrf: token,
            session: answer.text("/sessionId").unwrap(),
        }
    }

    /// Whether the session still goes on.
    pub async fn is_in(&self) -> bool {
        let answer = self.bare.get("/api/user/info").await.unwrap();
        match answer.status {
            200 => true,
            _ => {
                answer.expect_error(401, "session_expired").unwrap();
                false
            }
        }
    }
}

/// Asks for a code.
pub async fn ask(server: &TestServer, phone: &str) -> Answer {
    server.rest().post("/api/user/send-sms", &json!({"phone": phone})).await.unwrap()
}

/// Shows a code.
pub async fn enter(server: &TestServer, phone: &str, code: &str) -> Answer {
    server.rest().post("/api/user/login", &json!({"phone": phone, "code": code})).await.unwrap()
}

/// The codes in the server's log for a phone, oldest first.
pub fn codes(server: &TestServer, phone: &str) -> Vec<String> {
    let end = format!(" for {}", masked(phone));
    let log = server.log();
    let told = log.iter().filter_map(|line| line.split_once("sms code ")).map(|(_before, rest)| rest);
    told.filter_map(|rest| {
        let (code, of) = rest.split_at_checked(6)?;
        of.starts_with(&end).then(|| code.to_owned())
    })
    .collect()
}

/// The code that comes after the first `known`.
pub async fn next_code(server: &TestServer, phone: &str, known: usize) -> String {
    until(SOON, "a code in the log", async || codes(server, phone).get(known).cloned()).await
}

/// Logs in by code.
pub async fn log_in(server: &TestServer, phone: &str) -> Browser {
    let known = codes(server, phone).len();
    ask(server, phone).await.expect_ok().unwrap();
    let code = next_code(server, phone, known).await;
    Browser::of(server, &enter(server, phone, &code).await.expect_ok().unwrap())
}

/// Logs in by a link of the command line.
pub async fn follow(server: &TestServer, phone: &str) -> Browser {
    let ticket = link(server, phone).await;
    let answer = server.rest().post("/api/user/ticket", &json!({"ticket": ticket})).await.unwrap();
    Browser::of(server, &answer.expect_ok().unwrap())
}

/// The secret of a login link of the command line.
pub async fn link(server: &TestServer, phone: &str) -> String {
    let made = server.cli(&["users", "link", "--phone", phone]).await;
    made["path"].as_str().unwrap().strip_prefix("/login?ticket=").unwrap().to_owned()
}

/// The verbs of the audit log, oldest first.
pub async fn audited(admin: &Rest) -> Vec<String> {
    let page = admin.get("/api/admin/audit-logs?pageSize=200").await.unwrap().expect_ok().unwrap();
    let verb = |row: &Value| row["action"].as_str().unwrap().to_owned();
    page.envelope.data["list"].as_array().unwrap().iter().rev().map(verb).collect()
}
