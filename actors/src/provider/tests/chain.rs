//! Which models are asked, what is logged, and who answers in the end.
use bytes::Bytes;
use workbot_schema::ai_calls::AiCallStatus;
use workbot_schema::ai_models::Capability;

use super::*;

fn three(models: &Models) -> Vec<AiModel> {
    ["a", "b", "c", "d"]
        .into_iter()
        .zip([9, 5, 1, 0])
        .map(|(id, priority)| row(models, id, priority))
        .collect()
}

#[actix::test]
async fn the_next_one_is_asked_after_a_failure_that_may_pass_and_three_are_enough() {
    let rig = Rig::open(settings(), three).await;
    for id in ["a", "b", "c"] {
        rig.models.set_mode(id, Mode::Status(500));
    }
    let reply = rig.providers.reply(request("你好")).await;
    let tried: Vec<_> = reply.failed().map(ModelId::as_str).collect();
    assert_eq!(
        (tried, reply.by.as_ref(), reply.degraded),
        (vec!["a", "b", "c"], None, Some(Degraded::ModelFailed))
    );
    assert_eq!(rig.models.count("d"), 0);
    let calls = rig.calls(3).await;
    let logged: Vec<_> =
        calls.iter().map(|call| (call.model_name.as_str(), call.tries, call.status)).collect();
    let failed = AiCallStatus::Failed;
    assert_eq!(logged, [("a", 1, failed), ("b", 2, failed), ("c", 3, failed)]);
    assert!(calls.iter().all(|call| call.error_class.as_deref() == Some("server_error")));
}

#[actix::test]
async fn a_failure_that_would_repeat_itself_ends_in_rules() {
    let rig = Rig::open(settings(), three).await;
    rig.models.set_mode("a", Mode::Status(400));
    let reply = rig.providers.reply(request("你好")).await;
    assert_eq!((reply.by, rig.models.count("b")), (None, 0));
}

#[actix::test]
async fn preferred_models_go_first_and_those_that_failed_before_are_left_out() {
    let rig = Rig::open(settings(), three).await;
    let reply = rig.providers.reply(TurnRequest { preferred: vec!["c".into()], ..request("你好") }).await;
    assert_eq!(reply.by, Some("c".into()));
    rig.models.set_mode("c", Mode::Status(500));
    let wish = TurnRequest { preferred: vec!["c".into()], ..request("退款") };
    let intent = rig.providers.intent(wish.clone()).await;
    assert_eq!((intent.by.clone(), intent.degraded), (Some("a".into()), None));
    let asked = intent.failed().cloned().collect();
    let reply = rig.providers.reply(TurnRequest { asked, ..wish }).await;
    assert_eq!((reply.by, rig.models.count("c")), (Some("a".into()), 2));
}

#[actix::test]
async fn intents_are_read_from_json_and_what_is_none_is_chat() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    rig.models.set_mode("a", Mode::Text(r#"```json {"intent":"chat","confidence":"80%"}```"#.into()));
    let rules =
        Rules::new(Arc::new(intents::IntentMatcher::parse("[[intent]]\nname = \"chat\"").unwrap()), &[]);
    rig.providers.shelf().set_rules(rules);
    let intent = rig.providers.intent(request("嗯")).await;
    assert_eq!((intent.value.intent.as_str(), intent.value.confidence), ("chat", 0.8));
    for mode in [Mode::NotJson, Mode::Text("{\"intent\":\"drop table\"}".into())] {
        rig.models.set_mode("a", mode);
        let intent = rig.providers.intent(request("嗯")).await;
        assert_eq!((intent.value, intent.by), (IntentResult::unknown(), Some("a".into())));
    }
}

#[actix::test]
async fn no_model_at_all_is_no_degradation() {
    let rig = Rig::open(settings(), |_models| Vec::new()).await;
    assert!(!rig.providers.has_models(None, &[], Need::Reply));
    let reply = rig.providers.reply(request("你好")).await;
    assert_eq!((reply.by, reply.degraded, reply.provider), (None, None, Provider::Rules));
    assert!(!reply.value.text.is_empty());
}

#[actix::test]
async fn models_that_cannot_are_not_asked() {
    let rows = |models: &Models| {
        let row = row(models, "mute", 9);
        vec![AiModel { capabilities: Json(vec![Capability::Chat]), ..row }, super::row(models, "b", 0)]
    };
    let rig = Rig::open(settings(), rows).await;
    assert_eq!(rig.providers.intent(request("退款")).await.by, Some("b".into()));
    assert_eq!(rig.providers.reply(request("退款")).await.by, Some("mute".into()));
}

#[actix::test]
async fn pictures_go_to_those_who_see_and_are_politely_refused_otherwise() {
    let picture = Attachment::Image(Bytes::from_static(b"\x89PNG\r\n\x1a\nx"));
    let rows = |models: &Models| {
        let sees = Json(vec![Capability::Chat, Capability::ImageAnalysis]);
        vec![row(models, "blind", 9), AiModel { capabilities: sees, ..row(models, "sees", 0) }]
    };
    let rig = Rig::open(settings(), rows).await;
    let ask = TurnRequest { attachment: picture.clone(), ..request("") };
    assert_eq!(rig.providers.reply(ask.clone()).await.by, Some("sees".into()));

    let rig = Rig::open(settings(), |models| vec![row(models, "blind", 9)]).await;
    for attachment in [picture, Attachment::Voice, Attachment::Image(Bytes::from_static(b"RIFFxxxxWEBP"))] {
        let reply = rig.providers.reply(TurnRequest { attachment, ..ask.clone() }).await;
        assert_eq!((reply.by, reply.degraded), (None, None));
        assert!(reply.value.text.starts_with("抱歉"), "{}", reply.value.text);
    }
    assert_eq!(rig.models.count("blind"), 0);
}

#[actix::test]
async fn no_try_starts_with_less_than_two_seconds_left() {
    let rig = Rig::open(settings(), three).await;
    let late = TurnRequest { left: Duration::from_millis(1_999), ..request("你好") };
    let reply = rig.providers.reply(late).await;
    assert_eq!(
        (reply.by, reply.degraded, rig.models.counters().calls),
        (None, Some(Degraded::ModelFailed), 0)
    );
}

#[actix::test]
async fn a_hanging_model_is_left_after_its_time() {
    let fast = ProviderSettings { total: Duration::from_millis(500), ..settings() };
    let rig = Rig::open(fast, three).await;
    rig.models.set_mode("a", Mode::Hang);
    rig.models.set_mode("b", Mode::Endless(Duration::from_millis(20)));
    let reply = rig.providers.reply(request("你好")).await;
    let kinds: Vec<_> = reply.tried.iter().map(|tried| tried.kind).collect();
    assert_eq!((kinds, reply.by), (vec![FailureKind::TimedOut; 2], Some("c".into())));
}

#[actix::test]
async fn calls_are_logged_with_what_was_said_and_without_keys() {
    let rig = Rig::open(settings(), |models| vec![row(models, "a", 0)]).await;
    let key = rig.sealer.seal(&AiModel::key_place(&"a".into()), "my-own-key").unwrap();
    let changes =
        workbot_schema::ai_models::ModelChanges { api_key_encrypted: Some(Some(key)), ..Default::default() };
    rig.configure(Edit::Update { id: "a".into(), expected: None, changes: Box::new(changes) }).await;
    rig.until("the key is known", async || {
        rig.providers.shelf().models().by_id.get(&ModelId::from("a")).unwrap().spec.key == "my-own-key"
    })
    .await;
    rig.models.set_mode("a", Mode::Text("回答 my-own-key sk-abcdefghijklmnopqrst".into()));
    let reply = rig.providers.reply(request("我的订单")).await;
    assert_eq!((reply.tokens_in, reply.cost_micros > 0), (100, true));
    let [call] = rig.calls(1).await.try_into().unwrap();
    assert_eq!((call.purpose, call.status, call.tokens_in), (AiPurpose::Reply, AiCallStatus::Ok, 100));
    assert_eq!(call.cost_micros, reply.cost_micros);
    let said = queries::find_io(&rig.db, call.id).await.unwrap().unwrap();
    assert!(said.input.contains("我的订单"));
    assert_eq!(said.output, "回答 *** sk-***");
}
