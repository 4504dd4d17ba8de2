//! WorkTool's REST routes as third-party clients and the phone's own settings page use them.
mod commands;
mod limits;
mod lists;
mod settings;
mod uploads;
mod webhooks;

use serde_json::{Value, json};
use workbot_robot_sim::{Answer, Rest};

use crate::support::database::Backend;
use crate::support::server::{Builder, SOON, TestServer};

/// A server with one WorkTool robot.
pub struct Bench {
    pub server: TestServer,
    pub rest: Rest,
    pub robot_id: String,
    pub uuid: String,
    pub link: String,
    pub callback_key: String,
}

impl Bench {
    /// With limits that no scenario meets.
    pub async fn start(backend: Backend) -> Self {
        Self::of(TestServer::builder(backend).set("limits.robot_per_minute", 10_000)).await
    }

    /// As built.
    pub async fn of(builder: Builder) -> Self {
        let server = builder.start().await;
        let made = server.cli(&["robots", "create", "--name", "管家", "--worktool"]).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            rest: server.rest(),
            robot_id: text("robotId"),
            uuid: text("robotUuid"),
            link: text("linkId"),
            callback_key: text("callbackKey"),
            server,
        }
    }

    /// A path with the link id in its query.
    pub fn path(&self, path: &str) -> String {
        let separator = if path.contains('?') { '&' } else { '?' };
        format!("{path}{separator}robotId={}", self.link)
    }

    /// The data of a GET that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        done(self.rest.get(&self.path(path)).await.unwrap())
    }

    /// The data of a POST that must succeed.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        done(self.rest.post(&self.path(path), body).await.unwrap())
    }

    /// Code and message of a POST that must be refused.
    pub async fn refused(&self, path: &str, body: &Value) -> (i64, String) {
        refusal(self.rest.post(&self.path(path), body).await.unwrap())
    }

    /// Gives commands; the id of the call.
    pub async fn send(&self, list: Value) -> String {
        let data = self.post("/wework/sendRawMessage", &json!({"socketType": 2, "list": list})).await;
        data.as_str().unwrap().to_owned()
    }

    /// Pretends that a phone took every command that waits; their ids, oldest first.
    pub fn take_all(&self) -> Vec<String> {
        let database = self.server.database();
        database.sql("UPDATE robot_commands SET state = 'sent' WHERE state = 'queued' RETURNING id AS value");
        database.sql("SELECT id AS value FROM robot_commands WHERE state = 'sent' ORDER BY seq")
    }

    /// A webhook address of the robot.
    pub fn webhook(&self, name: &str) -> String {
        format!("/api/worktool/callback{name}?robotId={}&key={}", self.link, self.callback_key)
    }
}

/// A client for what the typed one does not send.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(SOON).build().unwrap()
}

/// The data of a success.
pub fn done(answer: Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (answer.envelope.code, answer.envelope.message.as_str()),
        (200, "操作成功"),
        "{}",
        answer.body
    );
    answer.envelope.data
}

/// Code and message of a refusal.
pub fn refusal(answer: Answer) -> (i64, String) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.envelope.data.is_null() && answer.envelope.code != 200, "{}", answer.body);
    (answer.envelope.code, answer.envelope.message)
}
