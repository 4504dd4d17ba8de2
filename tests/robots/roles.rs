//! Every role against its own, assigned and foreign robots: the permission table as seen from outside.
use serde_json::{Value, json};
use workbot_robot_sim::Rest;

use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;

on_both!(roles);

/// admin, assigned operator, other operator, assigned developer, other developer, viewer, owner, other user, nobody.
const COLUMNS: usize = 9;

async fn roles(backend: Backend) {
    let server = TestServer::builder(backend).set("limits.enabled", false).start().await;
    let mut users = Vec::new();
    for (number, role) in
        ["admin", "operator", "operator", "developer", "developer", "viewer", "user", "user"]
            .iter()
            .enumerate()
    {
        users.push(server.user(&format!("1390000000{number}"), role).await);
    }
    let made = users[6]
        .rest
        .post("/api/robots", &json!({"name": "管家", "kind": "native"}))
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let id = made.text("/robotId").unwrap();
    let members = json!({"userIds": [users[1].id, users[3].id]});
    users[6].rest.put(&format!("/api/robots/{id}/members"), &members).await.unwrap().expect_ok().unwrap();
    let text = json!({"robotId": id, "type": "text", "titleList": ["a"], "content": "x"});
    let sent = server
        .rest()
        .with_token(made.text("/token").unwrap())
        .send_message(&text)
        .await
        .unwrap()
        .expect_ok()
        .unwrap();
    let command = sent.text("/messageId").unwrap();

    let mut clients: Vec<Rest> = users.iter().map(|user| user.rest.clone()).collect();
    clients.push(server.rest());
    let read = [200, 200, 404, 200, 404, 200, 200, 404, 401];
    let operate = [200, 200, 404, 403, 403, 403, 200, 404, 401];
    let own = [200, 403, 403, 403, 403, 403, 200, 404, 401];
    let administer = [200, 403, 403, 403, 403, 403, 403, 403, 401];
    let robot = format!("/api/robots/{id}");
    let rows: Vec<(&str, String, Value, [u16; COLUMNS])> = vec![
        ("GET", robot.clone(), json!({}), read),
        ("GET", format!("{robot}/statistics"), json!({}), read),
        ("GET", format!("/api/commands?robotId={id}"), json!({}), read),
        ("GET", format!("/api/commands/{command}"), json!({}), read),
        ("GET", format!("/api/robot/commands/{command}"), json!({}), read),
        ("GET", format!("/api/robot/commands?robotId={id}"), json!({}), read),
        ("GET", format!("/api/callbacks/deliveries?robotId={id}"), json!({}), read),
        ("GET", format!("/api/offline-queue?robotId={id}"), json!({}), read),
        ("POST", "/api/robot/send-message".into(), text, operate),
        (
            "POST",
            "/api/robot/commands".into(),
            json!({"robotId": id, "list": [{"type": 203, "titleList": ["a"], "receivedContent": "x"}]}),
            operate,
        ),
        ("POST", format!("{robot}/kick"), json!({}), operate),
        ("POST", format!("/api/commands/{command}/priority"), json!({"priority": 3}), operate),
        ("POST", format!("/api/commands/{command}/resend"), json!({}), operate),
        ("PUT", robot.clone(), json!({"robotGroup": "一组"}), own),
        ("PUT", format!("{robot}/members"), members, own),
        ("GET", format!("{robot}/link"), json!({}), own),
        ("POST", format!("{robot}/enable"), json!({}), own),
        ("POST", "/api/robot/robotInfo/update".into(), json!({"robotId": id, "replyAll": 1}), own),
        ("GET", format!("/api/robot/robotInfo/callBack/get?robotId={id}"), json!({}), own),
        ("POST", "/api/robot/robotInfo/secret/rotate".into(), json!({"robotId": id}), own),
        ("GET", "/api/admin/activation-codes".into(), json!({}), administer),
        ("POST", "/api/admin/activation-codes".into(), json!({"count": 1, "validityPeriod": 1}), administer),
        ("GET", "/api/admin/audit-logs".into(), json!({}), administer),
        ("GET", "/api/admin/actors".into(), json!({}), [200, 200, 200, 200, 200, 200, 403, 403, 401]),
        (
            "POST",
            "/api/admin/actors/nobody/stop".into(),
            json!({}),
            [404, 403, 403, 403, 403, 403, 403, 403, 401],
        ),
        ("GET", "/api/platform-keys".into(), json!({}), [200, 403, 403, 403, 403, 403, 200, 200, 401]),
        ("GET", "/api/user/info".into(), json!({}), [200, 200, 200, 200, 200, 200, 200, 200, 401]),
        (
            "POST",
            "/api/robot/messages".into(),
            json!({"spoken": "x", "receivedName": "a", "roomType": 2}),
            [401; COLUMNS],
        ),
        ("POST", "/api/heartbeat".into(), json!({"timestamp": 1}), [401; COLUMNS]),
        ("DELETE", robot, json!({}), [200, 403, 403, 403, 403, 403, 404, 404, 401]),
    ];
    for (method, path, body, wanted) in rows {
        // From the least to the most powerful, so that a deletion comes last.
        for (column, client) in clients.iter().enumerate().rev() {
            if method == "DELETE" && column == 6 {
                continue;
            }
            let answer = match method {
                "GET" => client.get(&path).await,
                "PUT" => client.put(&path, &body).await,
                "DELETE" => client.delete(&path).await,
                _ => client.post(&path, &body).await,
            };
            let answer = answer.unwrap();
            assert_eq!(answer.status, wanted[column], "{method} {path} as number {column}: {}", answer.body);
        }
    }
    for (column, count) in [(0, 0), (1, 0), (2, 0), (5, 0), (7, 0)] {
        let list = clients[column].get("/api/robots").await.unwrap().expect_ok().unwrap();
        assert_eq!(list.envelope.data["total"], count, "number {column}");
    }
}
