use std::time::Duration;

use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};
use workbot_schema::deliveries::DeliveryState::{Delivered, Failed};
use workbot_schema::messages;
use workbot_schema::messages::MessageReason::{Answered, CallbackFailed};
use workbot_schema::robots::Robot;

use crate::delivery::DeliverySettings;
use crate::delivery::scene::{LONG, Scene, Setup, answers, ok, reply};

fn quick_pulls() -> DeliverySettings {
    DeliverySettings {
        pull_interval: Duration::from_millis(5),
        pull_timeout: Duration::from_millis(200),
        ..DeliverySettings::default()
    }
}

#[actix::test]
async fn a_reply_is_pulled_after_a_silent_callback() {
    let change = |robot: &mut Robot, server: &MockServer| {
        robot.settings.0.callback_url = Some(format!("{}/callback", server.uri()));
        robot.settings.0.pull_url = Some(format!("{}/pull", server.uri()));
    };
    let settings = DeliverySettings { pull_timeout: LONG, ..quick_pulls() };
    let mut scene = Scene::open(Setup { settings, change: Box::new(change), ..Setup::default() }).await;
    answers(&scene, ok()).await;
    let not_yet = [ResponseTemplate::new(204), ok(), ResponseTemplate::new(500)];
    for template in not_yet {
        let once = Mock::given(path("/pull")).respond_with(template).up_to_n_times(1);
        once.mount(&scene.server).await;
    }
    Mock::given(path("/pull")).respond_with(reply()).mount(&scene.server).await;
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    assert_eq!(scene.command().await.command_type, 203);
    let requests = scene.server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 5);
    let query = format!("robotId={}&messageId={}", scene.robot.robot_id, row.message_id.clone().unwrap());
    assert_eq!(requests[4].url.query(), Some(query.as_str()));
}

#[actix::test]
async fn a_pull_alone_ends_with_a_reply_or_in_time() {
    for (template, expected) in
        [(reply(), (Delivered, Answered)), (ResponseTemplate::new(204), (Failed, CallbackFailed))]
    {
        let change = |robot: &mut Robot, server: &MockServer| {
            robot.settings.0.pull_url = Some(format!("{}/callback", server.uri()));
        };
        let settings = quick_pulls();
        let mut scene = Scene::open(Setup { settings, change: Box::new(change), ..Setup::default() }).await;
        Mock::given(method("GET")).respond_with(template).mount(&scene.server).await;
        let row = scene.deliver("a").await;
        assert_eq!(scene.settled(&row).await, expected);
        // An endpoint that answers "not yet" works.
        assert_eq!(scene.snapshot().unwrap().consecutive_failures, 0);
        let message =
            messages::find(&scene.parts.db, row.message_id.clone().unwrap()).await.unwrap().unwrap();
        assert_eq!(message.reason, Some(expected.1));
    }
}
