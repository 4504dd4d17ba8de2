//! The robot's own flow answers: every message at most once, in its order, whatever is killed, repeated or typed meanwhile.
//!
//! The models are scripted servers, the phones are driven by the test; what the server thinks of a message is read from its rows.
mod bursts;
mod crashes;
mod endings;
mod orders;
mod paths;
mod takeovers;
mod versions;

use std::time::Duration;

use workbot_robot_sim::{
    ChatMessage, Command, Identity, ModelScript, ModelWire, Models, ModelsConfig, Phone, Rest,
};

use crate::support::database::Backend;
use crate::support::server::{Builder, SOON, TestServer};
use crate::support::until;

/// For what waits for a sweep, a restart or a slow machine.
const LATE: Duration = Duration::from_secs(40);
/// Nothing comes: longer than a turn without models takes.
const QUIET: Duration = Duration::from_millis(1_500);

/// A server that answers every message at once, without limits.
fn builder(backend: Backend) -> Builder {
    TestServer::builder(backend).set("limits.enabled", false).set("session.burst_quiet_ms", 0)
}

/// A server, a robot of it and its phone.
struct Scene {
    server: TestServer,
    robot: Identity,
    rest: Rest,
    phone: Phone,
}

impl Scene {
    async fn of(server: TestServer) -> Self {
        let (robot, rest) = server.robot().await;
        let phone = server.phone(&robot).await;
        Self { server, robot, rest, phone }
    }

    async fn start(backend: Backend) -> Self {
        Self::of(builder(backend).start().await).await
    }

    /// A server whose only model is scripted.
    async fn with_model(builder: Builder, script: ModelScript) -> (Self, Models) {
        let models = Models::start(ModelsConfig { script, ..ModelsConfig::default() }).await.unwrap();
        let mut server = builder.start().await;
        let (robot, rest) = server.robot().await;
        add_model(&server, &models);
        // A model that another process wrote is read again within seconds; a start reads it at once.
        server.restart().await;
        let phone = server.phone(&robot).await;
        let scene = Self { server, robot, rest, phone };
        until(SOON, "the model is known", async || {
            let asked = scene.said("系统", "你好").await;
            scene.phone.serve_next(SOON).await.unwrap();
            scene.wait_reason(&asked, "answered").await;
            (models.count(MODEL) > 0).then_some(())
        })
        .await;
        (scene, models)
    }

    /// Somebody writes to the robot; the server's id of the message.
    async fn said(&self, sender: &str, text: &str) -> String {
        self.say(ChatMessage::text(sender, text)).await
    }

    async fn say(&self, message: ChatMessage) -> String {
        let answer = self.rest.post_message(&self.robot.robot_id, &message).await.unwrap();
        answer.expect_ok().unwrap().text("/messageId").unwrap()
    }

    /// The next reply, confirmed and carried out.
    async fn reply(&self) -> Command {
        self.phone.serve_next(LATE).await.unwrap()
    }

    /// What the server thinks of a message: the reason and more about it.
    fn reason(&self, message: &str) -> (String, String) {
        let of = |column: &str| {
            let sql = format!(
                "SELECT COALESCE({column}, '') AS value FROM session_messages WHERE id = '{message}'"
            );
            self.server.database().sql(&sql).remove(0)
        };
        (of("reason"), of("reason_detail"))
    }

    async fn wait_reason(&self, message: &str, wanted: &str) {
        until(LATE, &format!("{message} is {wanted}"), async || {
            (self.reason(message).0 == wanted).then_some(())
        })
        .await;
    }

    /// One column of the run that answers a message.
    fn run(&self, message: &str, column: &str) -> String {
        let sql = format!(
            "SELECT COALESCE(CAST({column} AS TEXT), '') AS value FROM flow_executions WHERE message_id = '{message}' ORDER BY seq DESC"
        );
        self.server.database().sql(&sql).first().cloned().unwrap_or_default()
    }

    async fn wait_run(&self, message: &str, status: &str) {
        until(LATE, &format!("the run of {message} is {status}"), async || {
            (self.run(message, "status") == status).then_some(())
        })
        .await;
    }

    /// How many commands the flow made for a message.
    fn replies_to(&self, message: &str) -> usize {
        let sql = format!(
            "SELECT id AS value FROM robot_commands WHERE source = 'flow' AND message_id = '{message}'"
        );
        self.server.database().sql(&sql).len()
    }
}

/// The name of the scripted model.
const MODEL: &str = "scripted";

/// Writes a model into the database, as another process would.
fn add_model(server: &TestServer, models: &Models) {
    let json = if server.database().backend == Backend::Postgres { "::jsonb" } else { "" };
    let base = models.base(ModelWire::OpenaiChat);
    let sql = format!(
        "INSERT INTO ai_models (id, name, provider, model_id, model_type, capabilities, is_active, api_endpoint, config, priority, \
         in_default_chain, is_preset, version, created_at, updated_at) \
         SELECT 'model_1', 'Scripted', 'custom', '{MODEL}', 'chat', \
         '[\"intent_recognition\",\"service_reply\",\"chat\"]'{json}, TRUE, '{base}', '{{}}'{json}, 100, TRUE, FALSE, 1, \
         created_at, created_at FROM robots LIMIT 1 RETURNING id AS value"
    );
    assert_eq!(server.database().sql(&sql), ["model_1"]);
}
