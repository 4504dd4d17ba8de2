//! The shelf follows the store; actors follow the shelf.
use actix::{Handler, Message};
use workbot_schema::ai_models::ModelChanges;
use workbot_schema::ai_models::health::{self, HealthStatus};
use workbot_schema::wire::actor_snapshot::BreakerState;

use super::*;
use crate::kernel::{Posted, post};

/// Breaks the actor of a model.
#[derive(Message)]
#[rtype(result = "()")]
struct Break;

impl Handler<Posted<Break>> for ProviderActor {
    type Result = ();

    fn handle(&mut self, posted: Posted<Break>, _ctx: &mut Self::Context) {
        let (Break, _handling) = posted.open(0);
        panic!("meant");
    }
}

#[actix::test]
async fn changes_are_heard_of_and_removed_models_lose_their_actors() {
    let rig = Rig::open(settings(), |_models| Vec::new()).await;
    rig.configure(Edit::Create(Box::new(row(&rig.models, "a", 0)))).await;
    rig.until("it is there", async || rig.providers.has_models(None, &[], Need::Reply)).await;
    assert_eq!(rig.providers.reply(request("你好")).await.by, Some("a".into()));
    let off = ModelChanges { is_active: Some(false), ..ModelChanges::default() };
    rig.configure(Edit::Update { id: "a".into(), expected: None, changes: Box::new(off) }).await;
    rig.until("it is off", async || !rig.providers.has_models(None, &[], Need::Reply)).await;
    assert_eq!(rig.providers.reply(request("你好")).await.degraded, None);
    rig.configure(Edit::Delete { id: "a".into(), expected: None }).await;
    rig.until("it is gone", async || rig.providers.snapshot().is_empty()).await;
    rig.until("its actor is gone", async || rig.kernel.registry.find("a").is_none()).await;
}

#[actix::test]
async fn another_key_opens_the_gate_and_another_name_does_not() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    rig.models.set_mode("a", Mode::Status(401));
    rig.providers.reply(request("你好")).await;
    let change = async |changes: ModelChanges| {
        rig.configure(Edit::Update { id: "a".into(), expected: None, changes: Box::new(changes) }).await;
    };
    change(ModelChanges { name: Some("新名".into()), ..ModelChanges::default() }).await;
    rig.until("the name is known", async || rig.providers.find(&"a".into()).unwrap().name == "新名").await;
    assert_eq!(rig.breaker("a"), BreakerState::Open);
    let key = rig.sealer.seal(&AiModel::key_place(&"a".into()), "right").unwrap();
    change(ModelChanges { api_key_encrypted: Some(Some(key)), ..ModelChanges::default() }).await;
    rig.until("the gate is new", async || rig.breaker("a") == BreakerState::Closed).await;
}

#[actix::test]
async fn what_another_process_changed_is_seen_within_five_seconds() {
    let rig = Rig::open(settings(), |_models| Vec::new()).await;
    let rows = Presets { models: vec![row(&rig.models, "a", 0)], ..Presets::default() };
    presets::seed(&rig.db, &rows, Ts::new(rig.kernel.clock.now())).await.unwrap();
    rig.advance(Duration::from_secs(5));
    rig.until("it is there", async || rig.providers.has_models(None, &[], Need::Reply)).await;
}

#[actix::test]
async fn a_panic_ends_one_question_and_keeps_the_gate() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 9), row(models, "b", 0)]).await;
    rig.models.set_mode("a", Mode::Status(401));
    rig.providers.reply(request("你好")).await;
    let actor = rig.providers.shelf().models().by_id.get(&ModelId::from("a")).unwrap().actor.clone();
    post(&actor, Break).unwrap();
    rig.until("it is back", async || actor.stats().restarts() == 1 && actor.is_up()).await;
    assert_eq!(rig.breaker("a"), BreakerState::Open);
    assert_eq!(rig.providers.reply(request("你好")).await.by, Some("b".into()));
}

#[actix::test]
async fn a_model_that_cannot_be_kept_up_is_shut_off_and_gets_another_life() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 9), row(models, "b", 0)]).await;
    let actor = || rig.providers.shelf().models().by_id.get(&ModelId::from("a")).unwrap().actor.clone();
    let is_down = || rig.breaker("a") == BreakerState::Open;
    rig.until("it stays down", async || {
        let _posted = post(&actor(), Break);
        is_down()
    })
    .await;
    assert_eq!(rig.providers.reply(request("你好")).await.by, Some("b".into()));
    rig.advance(Duration::from_secs(300));
    rig.until("it is back", async || !is_down() && actor().is_up()).await;
    assert_eq!(rig.providers.reply(request("你好")).await.by, Some("a".into()));
}

#[actix::test]
async fn a_silent_model_is_asked_for_a_sign_of_life_and_health_is_written_down() {
    let every = Duration::from_secs(300);
    let settings = ProviderSettings { health_every: every, ..settings() };
    let rig = Rig::open(settings, |models| vec![row(models, "a", 0)]).await;
    assert_eq!(rig.providers.find(&"a".into()).unwrap().status, None);
    rig.advance(every);
    rig.models.wait_count("a", 1, LONG).await.unwrap();
    let status = || rig.providers.find(&"a".into()).unwrap().status;
    rig.until("it is healthy", async || status() == Some(HealthStatus::Healthy)).await;
    let checks = async || health::list(&rig.db, "a".into(), 10).await.unwrap();
    rig.until("it is written down", async || !checks().await.is_empty()).await;
    assert_eq!(checks().await[0].status, HealthStatus::Healthy);
    rig.models.set_mode("a", Mode::Status(401));
    rig.advance(every);
    rig.until("it is down", async || status() == Some(HealthStatus::Down)).await;
    rig.until("that is written, too", async || checks().await[0].status == HealthStatus::Down).await;
    let calls = rig.models.count("a");
    // An open breaker is probed by a check, not by a customer.
    rig.models.set_mode("a", Mode::Ok);
    rig.advance(Duration::from_secs(34));
    rig.models.wait_count("a", calls + 1, LONG).await.unwrap();
    rig.until("it is healthy again", async || status() == Some(HealthStatus::Healthy)).await;
}
