//! Presets are written once: a restart leaves alone what somebody changed.
use serde_json::json;
use workbot_schema::ai_message_templates::{self, AiMessageTemplate};
use workbot_schema::ai_models::{self, AiModel, ModelChanges, Provider};
use workbot_schema::ai_personas::{self, AiPersona};
use workbot_schema::alert_rules::{self, AlertMetric, AlertRule};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::{Configuration, ConfigurationEdit, Edit, Edited};
use workbot_schema::flow_configs::{self, FlowConfig};
use workbot_schema::ids::{AlertRuleId, ChannelId, FlowId, ModelId, PersonaId, TemplateId};
use workbot_schema::notification_channels::{self, ChannelType, NotificationChannel};
use workbot_schema::presets::{Presets, seed};

use super::rows::{at, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

fn presets(name: &str) -> Presets {
    let mut model = AiModel::new(Provider::Doubao, name, "doubao-pro-32k", at(0));
    model.id = ModelId::from("model_doubao");
    let mut persona = AiPersona::new("社群运营机器人", "community", "你是一个专业的社群运营助手", at(0));
    persona.id = PersonaId::from("persona_001");
    let mut template = AiMessageTemplate::new("欢迎语", "新用户欢迎", "欢迎 {{userName}}", at(0));
    template.id = TemplateId::from("template_001");
    let mut flow = FlowConfig::new("完整流程", json!({"nodes": [{"id": "end"}]}), at(0));
    flow.id = FlowId::from("full");
    let mut channel = NotificationChannel::new("控制台", ChannelType::Console, json!({}), at(0));
    channel.id = ChannelId::from("console");
    let mut rule = AlertRule::new(
        "机器人离线",
        AlertMetric::RobotOffline,
        (">", json!(300)),
        AlertLevel::Warning,
        at(0),
    );
    rule.id = AlertRuleId::from("rule_offline");
    Presets {
        models: vec![model],
        personas: vec![persona],
        templates: vec![template],
        flows: vec![flow],
        channels: vec![channel],
        rules: vec![rule],
    }
}

async fn presets_are_written_once_and_protected(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    assert_eq!(seed(&db, &presets("豆包"), at(0)).await.unwrap(), 6);
    let model = ai_models::find(&db, ModelId::from("model_doubao")).await.unwrap().unwrap();
    assert!(model.is_preset && model.version == 1);
    let flow = flow_configs::find(&db, FlowId::from("full")).await.unwrap().unwrap();
    assert_eq!((flow.published_version, flow.latest_version), (Some(1), 1));
    let content = flow_configs::versions::find(&db, flow.id.clone(), 1).await.unwrap().unwrap();
    assert_eq!((content.content, content.author_id.as_str()), (flow.draft.0, "system"));

    let configure =
        |edit| vec![Record::Configure(Box::new(Configuration { edit, author: "u1".to_owned(), note: None }))];
    let off = ModelChanges { is_active: Some(false), ..ModelChanges::default() };
    let edits = vec![
        configure(ConfigurationEdit::Model(Edit::Update {
            id: model.id.clone(),
            expected: Some(1),
            changes: Box::new(off),
        })),
        configure(ConfigurationEdit::Model(Edit::Delete { id: model.id.clone(), expected: None })),
        configure(ConfigurationEdit::Flow(Edit::Delete { id: flow.id, expected: None })),
        configure(ConfigurationEdit::Rule(Edit::Delete { id: "rule_offline".into(), expected: None })),
    ];
    let outcomes = write(&db, edits, 10, at(1)).await;
    for write in &outcomes[1..] {
        assert_eq!(write[0], Outcome::Configured(Box::new(Edited::Protected)));
    }

    let mut newer = presets("豆包二");
    let mut more = AiModel::new(Provider::Kimi, "Kimi", "moonshot-v1-8k", at(0));
    more.id = ModelId::from("model_kimi");
    newer.models.push(more);
    assert_eq!(seed(&db, &newer, at(2)).await.unwrap(), 1, "only what is new");
    let model = ai_models::find(&db, model.id).await.unwrap().unwrap();
    assert_eq!((model.name.as_str(), model.is_active, model.version), ("豆包", false, 2));
    let counts = (
        ai_models::list_all(&db).await.unwrap().len(),
        ai_personas::list_all(&db).await.unwrap().len(),
        ai_message_templates::list_all(&db).await.unwrap().len(),
        alert_rules::list_all(&db).await.unwrap().len(),
        notification_channels::list_all(&db).await.unwrap().len(),
    );
    assert_eq!(counts, (2, 1, 1, 1, 1));
    let versions = ai_personas::versions::list(&db, PersonaId::from("persona_001"), 0, 9).await.unwrap();
    assert_eq!(versions.0, 1);
}

on_both!(presets_are_written_once_and_protected);
