//! The life of a breaker around real calls, on a clock that the test moves.
use workbot_schema::wire::actor_snapshot::BreakerState;

use super::*;

async fn one(rig: &Rig) -> Reply {
    rig.providers.reply(request("你好")).await
}

#[actix::test]
async fn a_dead_model_is_called_five_times_and_then_once_a_probe() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    rig.models.set_mode("a", Mode::Status(500));
    for number in 0..20 {
        let reply = one(&rig).await;
        assert_eq!((reply.by, reply.degraded), (None, Some(Degraded::ModelFailed)), "{number}");
        assert!(!reply.value.text.is_empty());
    }
    assert_eq!((rig.models.count("a"), rig.breaker("a")), (5, BreakerState::Open));
    rig.advance(Duration::from_millis(29_999));
    one(&rig).await;
    assert_eq!(rig.models.count("a"), 5);
    rig.advance(Duration::from_secs(4));
    assert_eq!(rig.breaker("a"), BreakerState::HalfOpen);
    for _ in 0..5 {
        one(&rig).await;
    }
    assert_eq!((rig.models.count("a"), rig.breaker("a")), (6, BreakerState::Open));
    rig.advance(Duration::from_secs(59));
    one(&rig).await;
    assert_eq!(rig.models.count("a"), 6, "twice as long");
    rig.models.set_mode("a", Mode::Ok);
    rig.advance(Duration::from_secs(10));
    let reply = one(&rig).await;
    assert_eq!((reply.by, reply.degraded), (Some("a".into()), None));
    assert_eq!(rig.breaker("a"), BreakerState::Closed);
}

#[actix::test]
async fn many_at_once_call_a_dead_model_at_most_its_places_more() {
    let config = |models: &Models| {
        let row = row(models, "a", 0);
        vec![AiModel { config: Json(json!({"concurrency": 3})), ..row }]
    };
    let rig = Rig::open(settings(), config).await;
    rig.models.set_mode("a", Mode::Status(503));
    let asked = (0..40).map(|_number| one(&rig));
    futures_util::future::join_all(asked).await;
    let calls = rig.models.count("a");
    assert!((5..=7).contains(&calls), "{calls}");
}

#[actix::test]
async fn a_refused_key_and_no_credit_shut_the_gate_at_once() {
    for mode in [Mode::Status(401), Mode::Status(403), Mode::NoCredit] {
        let rig = Rig::open(settings(), |models| vec![row(models, "a", 9), row(models, "b", 0)]).await;
        rig.models.set_mode("a", mode.clone());
        let first = one(&rig).await;
        assert_eq!(first.by, None, "another key would not mend this request: {mode:?}");
        let second = one(&rig).await;
        assert_eq!((second.by, rig.models.count("a")), (Some("b".into()), 1), "{mode:?}");
        assert_eq!(rig.breaker("a"), BreakerState::Open);
    }
}

#[actix::test]
async fn retry_after_keeps_the_gate_shut_until_then() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    rig.models.set_mode("a", Mode::TooMany(7));
    one(&rig).await;
    rig.models.set_mode("a", Mode::Ok);
    rig.advance(Duration::from_millis(6_999));
    assert_eq!((one(&rig).await.by, rig.breaker("a")), (None, BreakerState::Open));
    rig.advance(Duration::from_millis(1));
    assert_eq!((one(&rig).await.by, rig.models.count("a")), (Some("a".into()), 2));
}

#[actix::test]
async fn the_rate_of_a_model_is_kept() {
    let config = |models: &Models| {
        let row = row(models, "a", 0);
        vec![AiModel { config: Json(json!({"requestsPerMinute": 2})), ..row }]
    };
    let rig = Rig::open(settings(), config).await;
    for by in [Some("a"), Some("a"), None] {
        assert_eq!(one(&rig).await.by, by.map(ModelId::from));
    }
    assert_eq!((rig.models.count("a"), rig.breaker("a")), (2, BreakerState::Closed));
}

#[actix::test]
async fn the_rows_of_actors_show_the_gate() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    rig.models.set_mode("a", Mode::Status(401));
    let shown = || rig.kernel.registry.find("a").unwrap();
    assert_eq!(shown().parent.as_deref(), Some("providers"));
    rig.until("the gate is shown", async || shown().breaker == Some(BreakerState::Closed)).await;
    one(&rig).await;
    assert_eq!(shown().breaker, Some(BreakerState::Open));
}

#[actix::test]
async fn an_operator_gets_a_sign_of_life_through_a_shut_gate() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    rig.models.set_mode("a", Mode::Status(401));
    one(&rig).await;
    let report = rig.providers.health(&"a".into()).await.unwrap();
    assert_eq!((report.is_healthy, report.model.breaker), (false, BreakerState::Open));
    rig.models.set_mode("a", Mode::Ok);
    let report = rig.providers.health(&"a".into()).await.unwrap();
    assert_eq!((report.is_healthy, report.model.breaker), (true, BreakerState::Closed));
    assert_eq!(rig.providers.health(&"gone".into()).await, None);
}
