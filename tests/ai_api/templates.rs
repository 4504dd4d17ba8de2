//! Templates: made, filled in, counted, rolled back.
use serde_json::{Value, json};

use super::{LATE, builder, fields, get, post, put, refused, said};
use crate::on_both;
use crate::support::database::Backend;
use crate::support::until;

on_both!(made_tested_and_rolled_back, uses_are_counted, wrong_fields_and_owners);

async fn made_tested_and_rolled_back(backend: Backend) {
    let mut server = builder(backend).start().await;
    let admin = server.admin().await;
    let body = json!({"category": "欢迎语", "name": "新人", "template": "欢迎 {{userName}}，{{group}}！{{userName}}"});
    let made = post(&admin, "/api/ai/templates", body).await;
    assert_eq!((&made["variables"], &made["useCount"]), (&json!(["userName", "group"]), &json!(0)));
    let one = format!("/api/ai/templates/{}", made["id"].as_str().unwrap());
    let test = format!("{one}/test");
    let filled = post(&admin, &test, json!({"variables": {"userName": "{{group}}", "group": ""}})).await;
    assert_eq!(filled, json!({"text": "欢迎 {{group}}，！{{group}}", "isValid": true, "missing": []}));
    let missing = post(&admin, &test, json!({"variables": {"userName": null}})).await;
    assert_eq!(missing["missing"], json!(["userName", "group"]));
    assert_eq!((&missing["isValid"], &missing["text"]), (&json!(false), &made["template"]));
    let changed = put(&admin, &one, json!({"template": "您好 {{a}}", "version": 1, "isActive": false})).await;
    assert_eq!((&changed["variables"], &changed["isActive"]), (&json!(["a"]), &json!(false)));
    let stale = admin.put(&one, &json!({"name": "x", "version": 1})).await.unwrap();
    stale.expect_error(409, "version_conflict").unwrap();
    let back = post(&admin, &format!("{one}/rollback"), json!({"version": 1})).await;
    assert_eq!(
        (&back["version"], &back["variables"], &back["isActive"]),
        (&json!(3), &made["variables"], &json!(false))
    );
    assert_eq!(get(&admin, &format!("{one}/versions")).await["total"], 3);

    let own = json!({"category": "我的", "name": "x", "template": "y"});
    post(&admin, "/api/ai/templates", own).await;
    let categories = get(&admin, "/api/ai/templates/categories").await;
    let list = categories.as_array().unwrap();
    assert_eq!(
        (list.len(), &list[0]["category"], &list[1]["category"]),
        (25, &json!("欢迎语"), &json!("问候语"))
    );
    assert_eq!((&list[0]["count"], &list[24]), (&json!(6), &json!({"category": "我的", "count": 1})));
    let of_one = get(&admin, "/api/ai/templates?category=问候语").await;
    assert_eq!(of_one["total"], 3);
    let preset = format!("/api/ai/templates/{}", of_one["list"][0]["id"].as_str().unwrap());
    admin.delete(&preset).await.unwrap().expect_error(409, "preset_protected").unwrap();
    put(&admin, &preset, json!({"isActive": false})).await;
    server.restart().await;
    assert_eq!(get(&admin, &preset).await["isActive"], false);
    assert_eq!(get(&admin, &one).await["template"], made["template"]);
    admin.delete(&one).await.unwrap().expect_ok().unwrap();
    admin.get(&one).await.unwrap().expect_error(404, "template_not_found").unwrap();
}

/// Rules answer with a template that somebody changed a moment ago, and its use is counted.
async fn uses_are_counted(backend: Backend) {
    let server = builder(backend).start().await;
    let admin = server.admin().await;
    let greetings = get(&admin, "/api/ai/templates?pageSize=200").await;
    for template in greetings["list"].as_array().unwrap() {
        let path = format!("/api/ai/templates/{}", template["id"].as_str().unwrap());
        put(&admin, &path, json!({"template": "统一的回答"})).await;
    }
    let (robot, rest) = server.robot().await;
    let phone = server.phone(&robot).await;
    said(&rest, &robot, "张三", "你好").await;
    assert_eq!(phone.serve_next(LATE).await.unwrap().content(), "统一的回答");
    until(LATE, "the use is counted", async || {
        let list = get(&admin, "/api/ai/templates?pageSize=200").await;
        let uses: i64 =
            list["list"].as_array().unwrap().iter().filter_map(|row| row["useCount"].as_i64()).sum();
        (uses == 1).then_some(())
    })
    .await;
}

async fn wrong_fields_and_owners(backend: Backend) {
    let server = builder(backend).start().await;
    let (developer, other) =
        (server.user("13900000001", "developer").await, server.user("13900000002", "developer").await);
    let with = |field: &str, value: Value| {
        let mut body = json!({"category": "a", "name": "b", "template": "c"});
        body[field] = value;
        body
    };
    let many: String = (0..51).map(|number| format!("{{{{v{number}}}}}")).collect();
    refused(
        &developer.rest,
        "/api/ai/templates",
        &[
            (json!({"name": "b", "template": "c"}), "category"),
            (json!({"category": "a", "template": "c"}), "name"),
            (json!({"category": "a", "name": "b"}), "template"),
            (with("category", json!("长".repeat(31))), "category"),
            (with("template", json!("")), "template"),
            (with("template", json!(many)), "template"),
            (with("personaType", json!("x".repeat(51))), "personaType"),
            (with("ownerId", json!(other.id)), "ownerId"),
        ],
    )
    .await;
    let own = post(&developer.rest, "/api/ai/templates", with("ownerId", json!(developer.id))).await;
    let one = format!("/api/ai/templates/{}", own["id"].as_str().unwrap());
    other.rest.get(&one).await.unwrap().expect_error(404, "template_not_found").unwrap();
    let test = other.rest.post(&format!("{one}/test"), &json!({"variables": {}})).await.unwrap();
    test.expect_error(404, "template_not_found").unwrap();
    let wrong = developer.rest.post(&format!("{one}/test"), &json!({"variables": 3})).await.unwrap();
    assert!(fields(wrong, 400, "invalid_request")["variables"].is_string());
    assert_eq!(get(&other.rest, "/api/ai/templates/categories").await.as_array().unwrap().len(), 24);
}
