//! Flows: drawn, refused, published, used by the next run, rolled back, carried to another server.
use serde_json::{Value, json};

use super::{LATE, builder, fields, get, post, put, refused, said};
use crate::on_both;
use crate::support::database::Backend;

on_both!(published_and_rolled_back, guards_and_problems, exported_and_imported, wrong_fields_and_owners);

/// Says a fixed text to everything.
fn saying(reply: &str) -> Value {
    let node = |kind: &str, config: Value| json!({"id": kind, "type": kind, "name": kind, "config": config});
    let path = ["message_receive", "ai_reply", "message_dispatch", "send_command", "end"];
    let edges: Vec<Value> = path.windows(2).map(|pair| json!({"from": pair[0], "to": pair[1]})).collect();
    json!({"name": "固定回复", "edges": edges, "nodes": [node("message_receive", json!({})),
        node("ai_reply", json!({"fixedReply": reply})), node("message_dispatch", json!({"target": "auto"})),
        node("send_command", json!({})), node("end", json!({}))]})
}

async fn published_and_rolled_back(backend: Backend) {
    let mut server = builder(backend).start().await;
    let admin = server.admin().await;
    let made = post(&admin, "/api/flows", saying("第一版")).await;
    assert_eq!((&made["publishedVersion"], &made["version"]), (&json!(null), &json!(1)));
    let one = format!("/api/flows/{}", made["id"].as_str().unwrap());
    let checked = post(&admin, &format!("{one}/validate"), json!({})).await;
    assert_eq!(checked, json!({"valid": true, "problems": []}));
    let publish = format!("{one}/publish");
    let published = post(&admin, &publish, json!({"note": "先上线", "version": 1})).await;
    assert_eq!((&published["publishedVersion"], &published["version"]), (&json!(1), &json!(2)));
    let (robot, rest) = server.robot().await;
    put(&admin, &format!("/api/robots/{}", robot.robot_id), json!({"flowId": made["id"]})).await;
    let phone = server.phone(&robot).await;
    said(&rest, &robot, "张三", "你好").await;
    assert_eq!(phone.serve_next(LATE).await.unwrap().content(), "第一版");

    // A draft changes nothing until it is published; from the answer on new runs take it.
    let nodes = saying("第二版")["nodes"].clone();
    let draft = put(&admin, &one, json!({"nodes": nodes, "version": 2})).await;
    assert_eq!((&draft["publishedVersion"], &draft["version"]), (&json!(1), &json!(3)));
    said(&rest, &robot, "张三", "你好").await;
    assert_eq!(phone.serve_next(LATE).await.unwrap().content(), "第一版");
    let stale = admin.post(&publish, &json!({"version": 2})).await.unwrap();
    assert_eq!(stale.expect_error(409, "version_conflict").unwrap().json()["data"]["currentVersion"], 3);
    assert_eq!(post(&admin, &publish, json!({})).await["publishedVersion"], 2);
    said(&rest, &robot, "张三", "你好").await;
    assert_eq!(phone.serve_next(LATE).await.unwrap().content(), "第二版");
    let back = post(&admin, &format!("{one}/rollback"), json!({"version": 1})).await;
    assert_eq!((&back["publishedVersion"], &back["latestVersion"]), (&json!(3), &json!(3)));
    said(&rest, &robot, "张三", "你好").await;
    assert_eq!(phone.serve_next(LATE).await.unwrap().content(), "第一版");
    let missing = admin.post(&format!("{one}/rollback"), &json!({"version": 7})).await.unwrap();
    missing.expect_error(404, "version_not_found").unwrap();
    let versions = get(&admin, &format!("{one}/versions")).await;
    assert_eq!((&versions["total"], &versions["list"][2]["note"]), (&json!(3), &json!("先上线")));

    phone.stop().await.unwrap();
    server.restart().await;
    assert_eq!(get(&admin, &one).await["publishedVersion"], 3);
    admin.delete(&one).await.unwrap().expect_error(409, "in_use").unwrap();
    put(&admin, &format!("/api/robots/{}", robot.robot_id), json!({"flowId": null})).await;
    admin.delete(&one).await.unwrap().expect_ok().unwrap();
    admin.get(&one).await.unwrap().expect_error(404, "flow_not_found").unwrap();
    admin.delete("/api/flows/flow_full").await.unwrap().expect_error(409, "preset_protected").unwrap();
    assert_eq!(post(&admin, "/api/flows/flow_full/validate", json!({})).await["valid"], true);
}

/// A condition that breaks a guard is refused when it is saved; everything else when it is published.
async fn guards_and_problems(backend: Backend) {
    let server = builder(backend).start().await;
    let admin = server.admin().await;
    let mut broken = saying("x");
    broken["edges"][0]["condition"] = json!("nobody == 'x'");
    let refused = admin.post("/api/flows", &broken).await.unwrap().expect_error(422, "flow_invalid").unwrap();
    let problem = refused.json()["data"]["problems"][0].clone();
    assert_eq!((&problem["code"], &problem["edge"]["index"]), (&json!("expression_unknown_name"), &json!(0)));
    assert!(problem["message"].is_string());
    let flow = json!({"name": "空", "nodes": [{"id": "message_receive", "type": "message_receive"}, {"id": "x", "type": "teleport"}]});
    let made = post(&admin, "/api/flows", flow).await;
    let one = format!("/api/flows/{}", made["id"].as_str().unwrap());
    let checked = post(&admin, &format!("{one}/validate"), json!({})).await;
    assert_eq!(checked["valid"], false);
    let codes: Vec<&Value> =
        checked["problems"].as_array().unwrap().iter().map(|problem| &problem["code"]).collect();
    assert!(codes.contains(&&json!("unknown_type")), "{codes:?}");
    let answer = admin.post(&format!("{one}/publish"), &json!({})).await.unwrap();
    let answer = answer.expect_error(422, "flow_invalid").unwrap();
    assert_eq!(answer.json()["data"]["problems"], checked["problems"]);
    assert_eq!(get(&admin, &one).await["publishedVersion"], json!(null));
    let put_broken =
        admin.put(&one, &json!({"edges": broken["edges"], "nodes": broken["nodes"]})).await.unwrap();
    put_broken.expect_error(422, "flow_invalid").unwrap();
    assert_eq!(get(&admin, &one).await["version"], 1, "nothing was saved");
}

async fn exported_and_imported(backend: Backend) {
    let server = builder(backend).start().await;
    let admin = server.admin().await;
    let made = post(&admin, "/api/flows", saying("带走")).await;
    let one = format!("/api/flows/{}", made["id"].as_str().unwrap());
    post(&admin, &format!("{one}/publish"), json!({})).await;
    let file = get(&admin, &format!("{one}/export?version=1")).await;
    assert_eq!(
        (&file["name"], &file["version"], &file["nodes"]),
        (&json!("固定回复"), &json!(1), &made["nodes"])
    );
    assert_eq!(get(&admin, &format!("{one}/export")).await["version"], 2, "the draft is the next version");
    admin
        .get(&format!("{one}/export?version=9"))
        .await
        .unwrap()
        .expect_error(404, "version_not_found")
        .unwrap();
    let copy = post(&admin, "/api/flows/import", file.clone()).await;
    assert_ne!(copy["id"], made["id"]);
    assert_eq!(
        (&copy["nodes"], &copy["edges"], &copy["publishedVersion"]),
        (&made["nodes"], &made["edges"], &json!(null))
    );
    let wrong = admin.post("/api/flows/import", &json!({"name": "x"})).await.unwrap();
    assert!(fields(wrong, 400, "invalid_request")["nodes"].is_string());
    assert_eq!(get(&admin, "/api/flows?q=固定").await["total"], 2);
}

async fn wrong_fields_and_owners(backend: Backend) {
    let server = builder(backend).start().await;
    let (developer, other) =
        (server.user("13900000001", "developer").await, server.user("13900000002", "developer").await);
    refused(
        &developer.rest,
        "/api/flows",
        &[
            (json!({"nodes": []}), "name"),
            (json!({"name": ""}), "name"),
            (json!({"name": "a", "nodes": 5}), "nodes"),
            (json!({"name": "a", "edges": [{"from": 1}]}), "edges[0].from"),
            (json!({"name": "a", "description": "x".repeat(501)}), "description"),
            (json!({"name": "a", "ownerId": other.id}), "ownerId"),
        ],
    )
    .await;
    let own = post(&developer.rest, "/api/flows", json!({"name": "私", "ownerId": developer.id})).await;
    let one = format!("/api/flows/{}", own["id"].as_str().unwrap());
    for path in [one.clone(), format!("{one}/versions"), format!("{one}/export")] {
        other.rest.get(&path).await.unwrap().expect_error(404, "flow_not_found").unwrap();
    }
    for path in [format!("{one}/publish"), format!("{one}/validate")] {
        other.rest.post(&path, &json!({})).await.unwrap().expect_error(404, "flow_not_found").unwrap();
    }
    other.rest.put(&one, &json!({"name": "x"})).await.unwrap().expect_status(404).unwrap();
}
