use serde_json::{Value, json};
use workbot_schema::fields::Ts;
use workbot_schema::robots::RobotKind;

use super::*;
use crate::http::extract::json::fields_of;

fn robot() -> Robot {
    Robot::new(RobotKind::Worktool, "管家".to_owned(), None, Ts::new(chrono::DateTime::UNIX_EPOCH))
}

fn prepared(robot: &Robot, body: Value) -> ApiResult<Prepared> {
    let sealer = Sealer::new(&[7; 32]).unwrap();
    let tools = Tools { addresses: AddressPolicy::default(), sealer: &sealer, random: [9; 32] };
    prepare(serde_json::from_value(body).unwrap(), robot, &tools)
}

#[test]
fn what_is_absent_stays_and_null_clears() {
    let mut robot = robot();
    robot.settings.0.callback_url = Some("https://a.example/cb".to_owned());
    robot.robot_group = Some("a".to_owned());
    let nothing = prepared(&robot, json!({"unknown": 1, "robotId": "x", "status": "online"})).unwrap();
    assert_eq!(nothing.changes, RobotChanges::default());
    assert!(nothing.names.is_empty());
    let cleared =
        prepared(&robot, json!({"callbackUrl": null, "robotGroup": null, "openCallback": 1})).unwrap();
    let settings = cleared.changes.settings.unwrap();
    assert_eq!((settings.callback_url, settings.open_callback), (None, 1));
    assert_eq!(cleared.changes.robot_group, Some(None));
    assert_eq!(cleared.names, ["callbackUrl", "openCallback", "robotGroup"]);
}

#[test]
fn wrong_fields_are_named() {
    for (body, name) in [
        (json!({"name": " "}), "name"),
        (json!({"openCallback": 2}), "openCallback"),
        (json!({"replyAll": -2}), "replyAll"),
        (json!({"callBackRequestType": 3}), "callBackRequestType"),
        (json!({"dailyTokenBudget": -1}), "dailyTokenBudget"),
        (json!({"robotKeyCheck": 1}), "robotKeyCheck"),
        (json!({"flowId": "x".repeat(37)}), "flowId"),
    ] {
        let error = prepared(&robot(), body.clone()).unwrap_err();
        assert_eq!(error.failure().status.as_u16(), 400, "{body}");
        assert!(fields_of(&error).to_string().contains(name), "{body}");
    }
}

#[test]
fn addresses_are_judged_before_they_are_saved() {
    for field in ["callbackUrl", "pullUrl", "cloudBaseUrl"] {
        for url in ["http://127.0.0.1/x", "http://169.254.169.254/", "ftp://a.example", "nonsense"] {
            let failure = prepared(&robot(), json!({ field: url })).unwrap_err().failure();
            assert_eq!(
                (failure.status.as_u16(), failure.error),
                (422, "callback_address_forbidden"),
                "{url}"
            );
        }
        assert!(prepared(&robot(), json!({ field: "https://cb.example.com/x?y=1" })).is_ok());
    }
}

#[test]
fn switching_signing_on_tells_the_secret_once() {
    let mut robot = robot();
    let on = prepared(&robot, json!({"enableSignature": true})).unwrap();
    let secret = on.signing_secret.unwrap();
    assert!(secret.starts_with("whsec_"));
    put(&mut robot, on.changes);
    assert!(robot.settings.0.enable_signature);
    assert!(!robot.secrets.0.signing.as_deref().unwrap().contains(&secret));
    let again = prepared(&robot, json!({"enableSignature": true})).unwrap();
    assert_eq!((again.signing_secret, again.changes.secrets), (None, None));
    let off = prepared(&robot, json!({"enableSignature": false})).unwrap();
    assert_eq!(off.changes.secrets.unwrap().signing, None);
}

#[test]
fn keys_are_sealed() {
    let set = prepared(&robot(), json!({"robotKey": "geheim", "robotKeyCheck": 1})).unwrap();
    assert!(!set.changes.secrets.unwrap().robot_key.unwrap().contains("geheim"));
}
