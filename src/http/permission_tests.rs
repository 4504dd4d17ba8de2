//! Every route of the table × every role × one's own, assigned and foreign robots, against the one permission table.
//!
//! A route that is added without a line here fails the first test.
use std::time::Duration;

use actix_web::test::TestRequest;
use serde_json::{Value, json};
use workbot_schema::accounts::tickets::{LoginTicket, make};
use workbot_schema::alerts::{Alert, AlertLevel, NewAlert};
use workbot_schema::batch::Record;
use workbot_schema::ids::{RobotUuid, UserId};
use workbot_schema::robots::{Robot, RobotKind};
use workbot_schema::users::Role;

use super::auth::hash_of;
use super::auth::permission::{Action, Reach, reach};
use super::testing::{Answer, TestServer};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// Whoever knows the address, or a code, link id or key; people's credentials count for nothing.
    Open,
    /// Robots' own apps.
    Phone,
    /// Anybody who is logged in.
    Person,
    /// Roles that may do it at all.
    Can(Action),
    /// Roles that may do it, with the robots they reach.
    Robot(Action),
}

use Action as A;
use Rule::{Can, Open, Person, Phone, Robot as On};

/// `$…` in paths and bodies stand for things of the robot the request is about.
type Line = (&'static str, &'static str, Rule, &'static str, &'static str);

const NONE: &str = "{}";
const ROBOT: &str = r#"{"robotId":"$robot"}"#;

/// Method, path, who, query, body. Walked in this order for each robot, so that what ends a robot comes last.
#[rustfmt::skip]
const LINES: &[Line] = &[
    ("POST", "/api/robot-ids/verify", Open, "", NONE),
    ("POST", "/api/robot-ids/activate", Open, "", NONE),
    ("POST", "/api/robot/refresh-token", Open, "", NONE),
    ("POST", "/api/heartbeat", Phone, "", r#"{"timestamp":1}"#),
    ("GET", "/ws/connect", Phone, "", NONE),
    ("POST", "/api/robot/messages", Phone, "", r#"{"spoken":"x","receivedName":"a","roomType":2}"#),
    ("POST", "/api/robot/send-message", On(A::Send), "", r#"{"robotId":"$robot","type":"text","titleList":["a"],"content":"x"}"#),
    ("GET", "/api/robot/commands", On(A::ReadCommands), "?robotId=$robot", NONE),
    ("POST", "/api/robot/commands", On(A::Command), "", r#"{"robotId":"$robot","list":[{"type":203,"titleList":["a"],"receivedContent":"x"}]}"#),
    ("GET", "/api/robot/commands/{messageId}", On(A::ReadCommands), "", NONE),
    ("POST", "/api/robot/commands/{messageId}/ack", Phone, "", NONE),
    ("POST", "/api/robot/command-result", Phone, "", NONE),
    ("POST", "/api/result", Phone, "", NONE),
    ("POST", "/api/robot/robotInfo/update", On(A::Configure), "", r#"{"robotId":"$robot","replyAll":1}"#),
    ("POST", "/api/robot/robotInfo/callBack/bind", On(A::Configure), "", r#"{"robotId":"$robot","type":1,"callBackUrl":"http://127.0.0.1:9/r"}"#),
    ("GET", "/api/robot/robotInfo/callBack/get", On(A::Configure), "?robotId=$robot", NONE),
    ("POST", "/api/robot/robotInfo/callBack/deleteByType", On(A::Configure), "", r#"{"robotId":"$robot","type":1}"#),
    ("POST", "/api/robot/robotInfo/secret/rotate", On(A::Configure), "", ROBOT),
    ("GET", "/api/robots", Can(A::ReadRobot), "", NONE),
    ("POST", "/api/robots", Can(A::CreateRobot), "", NONE),
    ("GET", "/api/robots/{robotId}", On(A::ReadRobot), "", NONE),
    ("PUT", "/api/robots/{robotId}", On(A::WriteRobot), "", r#"{"robotGroup":"一组"}"#),
    ("GET", "/api/robots/{robotId}/statistics", On(A::ReadRobot), "", NONE),
    ("GET", "/api/robots/{robotId}/link", On(A::ManageRobot), "", NONE),
    ("PUT", "/api/robots/{robotId}/members", On(A::WriteRobot), "", r#"{"userIds":["$user"]}"#),
    ("POST", "/api/robots/{robotId}/kick", On(A::KickRobot), "", NONE),
    ("GET", "/api/commands", On(A::ReadCommands), "?robotId=$robot", NONE),
    ("GET", "/api/commands/{id}", On(A::ReadCommands), "", NONE),
    ("POST", "/api/commands/{id}/priority", On(A::CancelCommand), "", r#"{"priority":1}"#),
    ("POST", "/api/commands/{id}/resend", On(A::ResendCommand), "", NONE),
    ("POST", "/api/commands/{id}/cancel", On(A::CancelCommand), "", NONE),
    ("DELETE", "/api/robot/commands/{messageId}", On(A::CancelCommand), "", NONE),
    ("GET", "/api/offline-queue", On(A::ReadCommands), "?robotId=$robot", NONE),
    ("GET", "/api/callbacks/deliveries", On(A::ReadDeliveries), "?robotId=$robot", NONE),
    ("GET", "/api/callbacks/deliveries/{id}", On(A::ReadDeliveries), "", NONE),
    ("POST", "/api/callbacks/deliveries/{id}/replay", On(A::ReplayDelivery), "", NONE),
    ("POST", "/api/callbacks/test", On(A::ReplayDelivery), "", r#"{"robotId":"$robot","url":"http://127.0.0.1:9/m"}"#),
    ("GET", "/api/callbacks/endpoints", On(A::ReadDeliveries), "?robotId=$robot", NONE),
    ("POST", "/api/callbacks/endpoints/{id}/resume", On(A::ReplayDelivery), "", NONE),
    ("GET", "/api/alerts", On(A::ReadAlerts), "?robotId=$robot", NONE),
    ("GET", "/api/alerts/{id}", On(A::ReadAlerts), "", NONE),
    ("POST", "/api/alerts/{id}/ack", On(A::HandleAlerts), "", NONE),
    ("POST", "/api/alerts/{id}/resolve", On(A::HandleAlerts), "", NONE),
    ("GET", "/api/monitor/messages", On(A::ReadMessages), "?robotId=$robot", NONE),
    ("GET", "/api/messages/{id}/why", On(A::ReadMessages), "", NONE),
    ("POST", "/api/robots/{robotId}/disable", On(A::ManageRobot), "", NONE),
    ("POST", "/api/robots/{robotId}/enable", On(A::ManageRobot), "", NONE),
    ("DELETE", "/api/robots/{robotId}", On(A::WriteRobot), "", NONE),
    ("GET", "/api/admin/activation-codes", Can(A::ActivationCodes), "", NONE),
    ("POST", "/api/admin/activation-codes", Can(A::ActivationCodes), "", r#"{"count":1,"validityPeriod":1}"#),
    ("POST", "/api/admin/activation-codes/{code}/disable", Can(A::ActivationCodes), "", NONE),
    ("POST", "/api/admin/unbind-device", Can(A::ActivationCodes), "", r#"{"code":"AAAAAAAA","reason":"x"}"#),
    ("GET", "/api/alert-rules", Can(A::ReadDesign), "", NONE),
    ("POST", "/api/alert-rules", Can(A::WriteDesign), "", NONE),
    ("GET", "/api/alert-rules/{id}", Can(A::ReadDesign), "", NONE),
    ("PUT", "/api/alert-rules/{id}", Can(A::WriteDesign), "", NONE),
    ("DELETE", "/api/alert-rules/{id}", Can(A::WriteDesign), "", NONE),
    ("GET", "/api/notification-channels", Can(A::ReadDesign), "", NONE),
    ("POST", "/api/notification-channels", Can(A::WriteDesign), "", NONE),
    ("GET", "/api/notification-channels/{id}", Can(A::ReadDesign), "", NONE),
    ("PUT", "/api/notification-channels/{id}", Can(A::WriteDesign), "", NONE),
    ("DELETE", "/api/notification-channels/{id}", Can(A::WriteDesign), "", NONE),
    ("POST", "/api/notification-channels/{id}/test", Can(A::WriteDesign), "", NONE),
    ("GET", "/api/platform-keys", Can(A::PlatformKeys), "", NONE),
    ("POST", "/api/platform-keys", Can(A::PlatformKeys), "", r#"{"name":"x","scopes":["send"]}"#),
    ("DELETE", "/api/platform-keys/{id}", Can(A::PlatformKeys), "", NONE),
    ("POST", "/api/user/send-sms", Open, "", NONE),
    ("POST", "/api/user/login", Open, "", NONE),
    ("POST", "/api/user/ticket", Open, "", NONE),
    // With a token there is no session to end: 403, which says nothing of the role.
    ("POST", "/api/user/logout", Person, "", NONE),
    ("GET", "/api/user/info", Person, "", NONE),
    ("GET", "/api/user/sessions", Person, "", NONE),
    ("DELETE", "/api/user/sessions/{id}", Person, "", NONE),
    ("GET", "/api/admin/users", Can(A::Users), "", NONE),
    ("POST", "/api/admin/users", Can(A::Users), "", r#"{"phone":"13900009999","role":"user"}"#),
    ("GET", "/api/admin/users/{id}", Can(A::Users), "", NONE),
    ("PUT", "/api/admin/users/{id}", Can(A::Users), "", NONE),
    ("POST", "/api/admin/users/{id}/sign-out", Can(A::Users), "", NONE),
    ("GET", "/api/admin/audit-logs", Can(A::ReadAudit), "", NONE),
    ("GET", "/api/admin/actors", Can(A::ReadActors), "", NONE),
    ("POST", "/api/admin/actors/{id}/stop", Can(A::ControlActors), "", NONE),
    ("POST", "/api/admin/actors/{id}/restart", Can(A::ControlActors), "", NONE),
    ("GET", "/ws/monitor", Can(A::ReadMessages), "?channels=panel1", NONE),
    ("GET", "/api/monitor/ai/stats", Can(A::ReadRuns), "", NONE),
    ("GET", "/healthz", Open, "", NONE),
    ("GET", "/readyz", Open, "", NONE),
    ("GET", "/metrics", Open, "", NONE),
    ("GET", "/api/openapi.json", Open, "", NONE),
    ("GET", "/api/docs", Open, "", NONE),
];

/// The WorkTool routes know link ids and callback keys, never people.
fn is_worktool(path: &str) -> bool {
    let starts = ["/webserver/", "/wework/", "/robot/", "/appUpdate/", "/fileUpload/", "/api/worktool/"];
    starts.iter().any(|start| path.starts_with(start)) || ["/test", "/thirdQa2", "/thirdQa3"].contains(&path)
}

/// A robot and one of everything that hangs on it.
struct Things {
    robot: String,
    command: String,
    delivery: String,
    endpoint: String,
    alert: String,
    message: String,
    user: UserId,
}

impl Things {
    fn fill(&self, text: &str) -> String {
        text.replace("$robot", &self.robot).replace("$user", self.user.as_str())
    }

    fn path(&self, path: &str, query: &str) -> String {
        let id = [
            ("/api/commands", &self.command),
            ("/api/callbacks/deliveries", &self.delivery),
            ("/api/callbacks/endpoints", &self.endpoint),
            ("/api/alerts/", &self.alert),
            ("/api/messages", &self.message),
        ];
        let id = id.into_iter().find(|(start, _id)| path.starts_with(start)).map_or("nobody", |(_, id)| id);
        let path = path.replace("{robotId}", &self.robot).replace("{messageId}", &self.command);
        self.fill(&format!("{}{query}", path.replace("{id}", id).replace("{code}", "AAAAAAAA")))
    }
}

async fn things(server: &TestServer, admin: &str, owner: &UserId, user: &UserId) -> Things {
    let state = &server.state;
    let mut robot = Robot::new(RobotKind::Native, "测试".to_owned(), Some(owner.clone()), state.now());
    (robot.token_family, robot.device_id) = (Some("family".to_owned()), Some("device".to_owned()));
    let mut alert = Alert::new(AlertLevel::Warning, format!("test_{}", robot.id), state.now());
    alert.robot_uuid = Some(robot.id);
    let raised = NewAlert { alert: alert.clone(), since: state.now(), notifications: Vec::new() };
    let write = vec![Record::Robot(Box::new(robot.clone())), Record::Alert(Box::new(raised))];
    state.journal.write(write).await.unwrap();
    let id = robot.robot_id.to_string();
    let text = json!({"robotId": id, "type": "text", "titleList": ["a"], "content": "x"});
    let sent = ok(server.post("/api/robot/send-message", Some(admin), text).await);
    let test = json!({"robotId": id, "url": "http://127.0.0.1:9/m"});
    let made = ok(server.post("/api/callbacks/test", Some(admin), test).await);
    let token = state.tokens.robot(&robot, state.now()).unwrap().token;
    let said = json!({"spoken": "x", "receivedName": "a", "roomType": 2});
    let said = ok(server.post("/api/robot/messages", Some(&token), said).await);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Things {
        robot: id,
        command: text(&sent["messageId"]),
        delivery: text(&made["id"]),
        endpoint: endpoint(server, robot.id).await,
        alert: alert.id.to_string(),
        message: text(&said["messageId"]),
        user: user.clone(),
    }
}

/// The endpoint of a robot's callbacks, which its first delivery makes.
async fn endpoint(server: &TestServer, robot: RobotUuid) -> String {
    let found = async {
        loop {
            let known = server.state.endpoints.board().list();
            if let Some(found) = known.into_iter().find(|known| known.robot_uuid == robot) {
                return found.endpoint;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("an endpoint in time")
}

fn ok(answer: Answer) -> Value {
    assert!(answer.status.is_success(), "{answer:?}");
    answer.data().clone()
}

fn request(method: &str, path: &str, body: &str) -> TestRequest {
    let request = match method {
        "GET" => return TestRequest::get().uri(path),
        "PUT" => TestRequest::put(),
        "DELETE" => TestRequest::delete(),
        _ => TestRequest::post(),
    };
    request.uri(path).insert_header(("Content-Type", "application/json")).set_payload(body.to_owned())
}

async fn call(server: &TestServer, line: &Line, things: &Things, token: Option<&str>) -> Answer {
    let (method, path, _rule, query, body) = line;
    let mut request = request(method, &things.path(path, query), &things.fill(body));
    if let Some(token) = token {
        request = request.insert_header(("Authorization", format!("Bearer {token}")));
    }
    server.send(request).await
}

fn is_within(reach: Reach, is_own: bool, is_assigned: bool) -> bool {
    match reach {
        Reach::None => false,
        Reach::Own => is_own,
        Reach::Assigned => is_own || is_assigned,
        Reach::All => true,
    }
}

#[test]
fn every_route_has_its_line() {
    for at in super::routes() {
        let (path, methods) = at.describe();
        for method in methods {
            let lines = LINES.iter().filter(|line| line.0 == method && line.1 == path).count();
            assert_eq!(lines, usize::from(!is_worktool(path)), "{method} {path}");
        }
    }
    let routed: usize = super::routes().iter().map(|at| at.describe().1.len()).sum();
    let worktool: usize = super::routes()
        .iter()
        .filter(|at| is_worktool(at.describe().0))
        .map(|at| at.describe().1.len())
        .sum();
    assert_eq!(LINES.len() + worktool, routed, "a line without its route");
}

#[actix_web::test]
async fn roles_reach_what_the_table_says() {
    let server = TestServer::start(|settings| {
        settings.limits.enabled = false;
        settings.callbacks.allow_private = true;
    })
    .await;
    let (_id, admin) = server.user("13800000000", Role::Admin).await;
    let (stranger, _token) = server.user("13800000009", Role::User).await;
    for (role, number) in Role::ALL.iter().zip(1..) {
        let (user, token) = server.user(&format!("1390000000{number}"), *role).await;
        let own = things(&server, &admin, &user, &user).await;
        let assigned = things(&server, &admin, &stranger, &user).await;
        let members = json!({"userIds": [user]});
        let path = format!("/api/robots/{}/members", assigned.robot);
        let put = TestRequest::put().uri(&path).set_json(members);
        ok(server.send(put.insert_header(("Authorization", format!("Bearer {admin}")))).await);
        let foreign = things(&server, &admin, &stranger, &user).await;
        for line in LINES {
            let told = |answer: &Answer| format!("{} {} as {role}: {answer:?}", line.0, line.1);
            match line.2 {
                Rule::Open => {}
                Rule::Phone => {
                    let answer = call(&server, line, &own, Some(&token)).await;
                    assert!(matches!(answer.status.as_u16(), 400 | 401), "{}", told(&answer));
                }
                Rule::Person => {
                    let answer = call(&server, line, &own, Some(&token)).await;
                    let is_logout = line.1 == "/api/user/logout";
                    assert_ne!(answer.status, 401, "{}", told(&answer));
                    assert_eq!(answer.status == 403, is_logout, "{}", told(&answer));
                }
                Rule::Can(action) => {
                    let answer = call(&server, line, &own, Some(&token)).await;
                    let may = reach(*role, action) != Reach::None;
                    assert_ne!(answer.status, 401, "{}", told(&answer));
                    assert_eq!(answer.status != 403, may, "{}", told(&answer));
                }
                Rule::Robot(action) => {
                    for (things, is_own, is_assigned) in
                        [(&foreign, false, false), (&assigned, false, true), (&own, true, false)]
                    {
                        let answer = call(&server, line, things, Some(&token)).await;
                        let reach = reach(*role, action);
                        let told = format!("own {is_own}, assigned {is_assigned}: {}", told(&answer));
                        match answer.status.as_u16() {
                            403 => assert_eq!(reach, Reach::None, "{told}"),
                            404 => {
                                assert!(
                                    reach != Reach::None && !is_within(reach, is_own, is_assigned),
                                    "{told}"
                                );
                            }
                            status => {
                                assert!(is_within(reach, is_own, is_assigned) && status != 401, "{told}");
                            }
                        }
                    }
                }
            }
        }
    }
    server.stop().await;
}

#[actix_web::test]
async fn strangers_stay_out_and_cookies_need_their_token() {
    let server = TestServer::start(|settings| settings.limits.enabled = false).await;
    let (user, _token) = server.user("13800000000", Role::Admin).await;
    let now = server.state.now();
    let ticket_hash = hash_of(b"secret");
    let expires_at = now.plus(chrono::TimeDelta::minutes(1));
    let ticket = LoginTicket { ticket_hash, user_id: Some(user.clone()), expires_at, created_at: now };
    make(&server.state.db, ticket).await.unwrap();
    let answer = server.post("/api/user/ticket", None, json!({"ticket": "secret"})).await;
    assert!(answer.status.is_success(), "{answer:?}");
    let csrf = answer.data()["csrfToken"].as_str().unwrap().to_owned();
    let cookies: Vec<&str> =
        answer.headers.get_all("set-cookie").filter_map(|value| value.to_str().ok()).collect();
    let session = cookies.iter().find(|cookie| cookie.starts_with("workbot_session=")).unwrap();
    let session = session.split(';').next().unwrap().to_owned();
    let nothing = Things {
        robot: "nobody".to_owned(),
        command: "nobody".to_owned(),
        delivery: "nobody".to_owned(),
        endpoint: "nobody".to_owned(),
        alert: "nobody".to_owned(),
        message: "nobody".to_owned(),
        user,
    };
    for line in LINES {
        let (method, path, rule, query, body) = line;
        if matches!(rule, Rule::Open | Rule::Phone) {
            continue;
        }
        let answer = call(&server, line, &nothing, None).await;
        assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
        if *path == "/api/user/logout" {
            continue;
        }
        for (token, is_right) in [("", false), ("0123", false), (csrf.as_str(), true)] {
            let request = request(method, &nothing.path(path, query), &nothing.fill(body))
                .insert_header(("Cookie", session.clone()))
                .insert_header(("Origin", "http://localhost:8080"))
                .insert_header(("Host", "localhost:8080"))
                .insert_header(("X-CSRF-Token", token));
            let answer = server.send(request).await;
            let is_refused = answer.error() == "csrf_failed";
            assert_eq!(is_refused, *method != "GET" && !is_right, "{method} {path}: {answer:?}");
            assert!(
                answer.status != 401 && (is_refused || answer.status != 403),
                "{method} {path}: {answer:?}"
            );
        }
    }
    server.stop().await;
}
