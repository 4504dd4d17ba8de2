use std::sync::atomic::Ordering;
use std::time::Duration;

use wiremock::ResponseTemplate;
use workbot_schema::deliveries::DeliveryState::{Delivered, Failed};
use workbot_schema::messages::MessageReason::{Answered, CallbackFailed};

use crate::delivery::ResumeEndpoint;
use crate::delivery::scene::{Scene, Setup, answers, manual, ok};
use crate::kernel::post;

#[actix::test]
async fn a_failing_endpoint_is_paused_probed_and_resumed() {
    let mut scene = Scene::open(Setup { clock: manual(), ..Setup::default() }).await;
    answers(&scene, ResponseTemplate::new(500)).await;
    let minute = Duration::from_secs(60);
    let (clock, board) = (scene.parts.clock.clone(), scene.parts.board.clone());
    // Advance before the message, then: how it ends, calls so far, paused after it.
    let table = [
        (Duration::ZERO, 500, Failed, 1, false),
        (minute * 10, 500, Failed, 2, true),
        (Duration::ZERO, 500, Failed, 2, true),
        (minute, 500, Failed, 3, true),
        (Duration::ZERO, 200, Failed, 3, true),
        (minute, 200, Delivered, 4, false),
        (Duration::ZERO, 200, Delivered, 5, false),
        (Duration::ZERO, 500, Failed, 6, false),
        (minute * 10, 500, Failed, 7, true),
    ];
    let mut made = 0;
    for (number, (advance, status, state, calls, is_paused)) in table.into_iter().enumerate() {
        made += scene.calls().await;
        scene.server.reset().await;
        answers(&scene, ResponseTemplate::new(status)).await;
        clock.advance(advance);
        let row = scene.deliver("a").await;
        let reason = if state == Delivered { Answered } else { CallbackFailed };
        assert_eq!(scene.settled(&row).await, (state, reason), "{number}");
        assert_eq!(made + scene.calls().await, calls, "{number}");
        assert_eq!(scene.snapshot().unwrap().paused_since.is_some(), is_paused, "{number}");
        assert_eq!(board.count_paused(), usize::from(is_paused));
    }
    scene.server.reset().await;
    answers(&scene, ok()).await;
    post(&scene.actor, ResumeEndpoint).unwrap();
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Delivered, Answered));
    assert_eq!(board.counters().pauses.load(Ordering::Relaxed), 2);
}

#[actix::test]
async fn a_pause_outlives_the_actor() {
    let mut scene = Scene::open(Setup { clock: manual(), ..Setup::default() }).await;
    answers(&scene, ResponseTemplate::new(500)).await;
    for advance in [0, 600] {
        scene.parts.clock.advance(Duration::from_secs(advance));
        let row = scene.deliver("a").await;
        assert_eq!(scene.settled(&row).await, (Failed, CallbackFailed));
    }
    scene.start_again();
    let row = scene.deliver("a").await;
    assert_eq!(scene.settled(&row).await, (Failed, CallbackFailed));
    assert_eq!(scene.calls().await, 2);
}
