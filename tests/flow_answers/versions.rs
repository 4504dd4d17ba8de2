//! Which flow answers: a robot's own, in the version that was published when its run began.
use serde_json::{Value, json};
use workbot_robot_sim::{Mode, ModelScript};

use super::{LATE, MODEL, Scene, builder};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::server::TestServer;
use crate::support::until;

on_both!(a_run_keeps_its_version);

/// Publishes a version of a flow, as another process would. The intent is asked of a model, then a fixed text is said.
fn publish(server: &TestServer, version: i64, reply: &str) {
    let nodes = |types: &[&str]| -> Vec<Value> {
        let config = |kind: &str| match kind {
            "ai_reply" => json!({"fixedReply": reply}),
            "message_dispatch" => json!({"target": "auto"}),
            _ => json!({}),
        };
        types
            .iter()
            .map(|kind| json!({"id": kind, "type": kind, "name": kind, "config": config(kind)}))
            .collect()
    };
    let path = ["message_receive", "intent", "ai_reply", "message_dispatch", "send_command", "end"];
    let edges: Vec<Value> = path.windows(2).map(|pair| json!({"from": pair[0], "to": pair[1]})).collect();
    let flow =
        json!({"id": "flow_own", "name": "own", "version": version, "nodes": nodes(&path), "edges": edges});
    let json = if server.database().backend == Backend::Postgres { "::jsonb" } else { "" };
    if version == 1 {
        server.database().sql(&format!(
            "INSERT INTO flow_configs (id, name, description, draft, published_version, latest_version, is_active, is_preset, \
             version, created_at, updated_at) SELECT 'flow_own', 'own', '', '{flow}'{json}, NULL, 0, TRUE, FALSE, 1, \
             created_at, created_at FROM robots LIMIT 1 RETURNING id AS value"
        ));
    }
    server.database().sql(&format!(
        "INSERT INTO flow_versions (flow_id, version, content, author_id, created_at) SELECT 'flow_own', {version}, \
         '{flow}'{json}, 'test', created_at FROM robots LIMIT 1 RETURNING flow_id AS value"
    ));
    server.database().sql(&format!(
        "UPDATE flow_configs SET published_version = {version}, latest_version = {version}, version = version + 1 \
         WHERE id = 'flow_own' RETURNING id AS value"
    ));
}

async fn a_run_keeps_its_version(backend: Backend) {
    let (scene, models) = Scene::with_model(builder(backend), ModelScript::always(Mode::Ok)).await;
    publish(&scene.server, 1, "第一版");
    let admin = scene.server.admin().await;
    let path = format!("/api/robots/{}", scene.robot.robot_id);
    admin.put(&path, &json!({"flowId": "flow_own"})).await.unwrap().expect_ok().unwrap();
    until(LATE, "the robot has its own flow", async || {
        scene.said("系统", "你好").await;
        (scene.reply().await.content() == "第一版").then_some(())
    })
    .await;
    // The model thinks while the second version is published.
    models.set_default(ModelScript::list([Mode::Hang], Mode::Ok));
    let calls = models.count(MODEL);
    let old = scene.said("张三", "你好").await;
    models.wait_count(MODEL, calls + 1, LATE).await.unwrap();
    publish(&scene.server, 2, "第二版");
    until(LATE, "new runs take the second version", async || {
        scene.said("李四", "你好").await;
        (scene.reply().await.content() == "第二版").then_some(())
    })
    .await;
    // Its time is over, the rules tell the intent, and it goes on as it began.
    let reply = scene.reply().await;
    assert_eq!((reply.content(), reply.titles()), ("第一版", vec!["张三".to_owned()]));
    scene.wait_run(&old, "completed").await;
    assert_eq!(scene.run(&old, "flow_version"), "1");
}
