//! What people configure: versions, owners, presets, and what is in use.
use serde_json::json;
use workbot_schema::ai_message_templates::{self, AiMessageTemplate, TemplateChanges};
use workbot_schema::ai_models::{self, AiModel, Capability, ModelChanges, Provider};
use workbot_schema::ai_personas::bindings::{self, Binding};
use workbot_schema::ai_personas::{self, AiPersona, PersonaChanges};
use workbot_schema::alert_rules::{self, AlertMetric, AlertRule, RuleChanges};
use workbot_schema::alerts::AlertLevel;
use workbot_schema::batch::{Outcome, Record};
use workbot_schema::configuration::{
    Audience, Configuration, ConfigurationEdit, ConfigurationFilter, Configured, Edit, Edited,
};
use workbot_schema::fields::{Json, Ts};
use workbot_schema::flow_configs::{self, FlowChanges, FlowConfig};
use workbot_schema::ids::{ChannelId, ModelId, UserId};
use workbot_schema::notification_channels::{self, ChannelChanges, ChannelType, NotificationChannel};
use workbot_schema::robots::RobotChanges;
use workbot_schema::store::Db;
use workbot_schema::users::{self, Role, User};

use super::rows::{at, robot, write};
use crate::on_both;
use crate::support::database::{Backend, TestDatabase};

/// Makes one change; what it did.
async fn change(db: &Db, edit: ConfigurationEdit, seq: i64, now: Ts) -> Edited<Configured> {
    let configuration = Configuration { edit, author: "u1".to_owned(), note: Some(format!("第 {seq} 次")) };
    let outcomes = write(db, vec![vec![Record::Configure(Box::new(configuration))]], seq, now).await;
    match outcomes.into_iter().next().unwrap().into_iter().next().unwrap() {
        Outcome::Configured(edited) => *edited,
        other => panic!("{other:?}"),
    }
}

fn model(name: &str) -> AiModel {
    let mut model = AiModel::new(Provider::Deepseek, name, "deepseek-chat", at(0));
    model.api_endpoint = Some("https://a.example/v1".to_owned());
    model.api_key_encrypted = Some("v1.sealed".to_owned());
    model.config = Json(json!({"priceInMicros": 1_000, "note": "中"}));
    model
}

fn done(edited: Edited<Configured>) -> Configured {
    match edited {
        Edited::Done(configured) => configured,
        other => panic!("{other:?}"),
    }
}

async fn a_model_changes_version_by_version(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let mut row = model("深度");
    (row.version, row.created_at) = (9, at(-5));
    let create = ConfigurationEdit::Model(Edit::Create(Box::new(row.clone())));
    let Configured::Model(created) = done(change(&db, create.clone(), 10, at(1)).await) else { panic!() };
    assert_eq!((created.version, created.created_at), (1, at(1)), "given by the store");
    assert_eq!(change(&db, create, 11, at(1)).await, Edited::Conflict(1));
    assert_eq!(ai_models::find(&db, row.id.clone()).await.unwrap(), Some(*created.clone()));

    let update = |expected, changes| {
        let changes = Box::new(changes);
        ConfigurationEdit::Model(Edit::Update { id: row.id.clone(), expected, changes })
    };
    let renamed = ModelChanges {
        name: Some("改名".to_owned()),
        capabilities: Some(vec![Capability::Report]),
        ..ModelChanges::default()
    };
    let Configured::Model(second) = done(change(&db, update(Some(1), renamed.clone()), 12, at(2)).await)
    else {
        panic!()
    };
    assert_eq!((second.version, second.name.as_str()), (2, "改名"));
    assert_eq!(second.api_key_encrypted.as_deref(), Some("v1.sealed"), "the same address keeps its key");
    assert_eq!(change(&db, update(Some(1), renamed), 13, at(3)).await, Edited::Conflict(2));
    let moved = ModelChanges {
        api_endpoint: Some(Some("https://b.example".to_owned())),
        is_active: Some(false),
        ..ModelChanges::default()
    };
    let Configured::Model(third) = done(change(&db, update(None, moved), 14, at(4)).await) else { panic!() };
    assert_eq!((third.api_key_encrypted, third.is_active), (None, false), "another address loses the key");

    let rollback =
        |to| ConfigurationEdit::Model(Edit::Rollback { id: row.id.clone(), expected: Some(3), to });
    assert_eq!(change(&db, rollback(7), 15, at(5)).await, Edited::Missing);
    let Configured::Model(fourth) = done(change(&db, rollback(1), 16, at(6)).await) else { panic!() };
    assert_eq!((fourth.version, fourth.name.as_str(), fourth.is_active), (4, "深度", false));
    assert_eq!((&fourth.config, &fourth.capabilities), (&row.config, &row.capabilities));
    let (total, versions) = ai_models::versions::list(&db, row.id.clone(), 0, 3).await.unwrap();
    let notes: Vec<(i64, Option<&str>)> =
        versions.iter().map(|version| (version.version, version.note.as_deref())).collect();
    assert_eq!(
        (total, notes),
        (4, vec![(4, Some("第 16 次")), (3, Some("第 14 次")), (2, Some("第 12 次"))])
    );
    assert_eq!((versions[0].author_id.as_str(), versions[0].created_at), ("u1", at(6)));
    let first = ai_models::versions::find(&db, row.id.clone(), 1).await.unwrap().unwrap();
    assert_eq!(versions[0].content, first.content);
    assert!(!first.content.to_string().contains("sealed"), "no key among the versions");

    let (count, before) = ai_models::mark(&db).await.unwrap();
    let delete = ConfigurationEdit::Model(Edit::Delete { id: row.id.clone(), expected: None });
    let Configured::Model(gone) = done(change(&db, delete.clone(), 17, at(7)).await) else { panic!() };
    assert_eq!(gone.deleted_at, Some(at(7)));
    assert_eq!(ai_models::find(&db, row.id.clone()).await.unwrap(), None);
    assert_eq!(change(&db, delete, 18, at(8)).await, Edited::Missing);
    assert_eq!(ai_models::mark(&db).await.unwrap(), (count, before + 1), "others notice");
    assert_eq!(ai_models::list_all(&db).await.unwrap(), []);
}

async fn everybody_sees_what_is_shared_and_their_own(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let mut owners = Vec::new();
    for phone in ["13800000001", "13800000002"] {
        let user = User::new(phone.to_owned(), Role::Developer, at(0));
        owners.push(users::ensure(&db, user).await.unwrap().0.id);
    }
    let rows = [("共享", None), ("甲的", Some(&owners[0])), ("乙的", Some(&owners[1]))];
    for ((name, owner), seq) in rows.into_iter().zip(10..) {
        let mut row = AiMessageTemplate::new("欢迎语", name, "你好 {{userName}}", at(seq));
        row.owner_id = owner.cloned();
        row.variables = Json(vec!["userName".to_owned()]);
        let create = ConfigurationEdit::Template(Edit::Create(Box::new(row)));
        done(change(&db, create, seq, at(seq)).await);
    }
    let names = async |audience: Audience| {
        let filter = ConfigurationFilter { audience, ..ConfigurationFilter::default() };
        let (total, list) = ai_message_templates::list(&db, filter, 0, 9).await.unwrap();
        assert_eq!(usize::try_from(total).unwrap(), list.len());
        list.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(names(Audience::All).await, ["共享", "甲的", "乙的"]);
    assert_eq!(names(Audience::Shared).await, ["共享"]);
    assert_eq!(names(Audience::Of(owners[0].clone())).await, ["共享", "甲的"]);
    assert!(!Audience::Of(owners[0].clone()).includes(Some(&owners[1])));
    assert!(Audience::Shared.includes(None) && !Audience::Shared.includes(Some(&owners[0])));
    let count = ai_message_templates::count_by_category(&db, Audience::Of(UserId::from("x"))).await.unwrap();
    assert_eq!(count, [("欢迎语".to_owned(), 1)]);

    let (_, list) = ai_message_templates::list(&db, ConfigurationFilter::default(), 1, 1).await.unwrap();
    let id = list[0].id.clone();
    let changes = TemplateChanges {
        template: Some("您好".to_owned()),
        variables: Some(Vec::new()),
        is_active: Some(false),
        ..TemplateChanges::default()
    };
    let update = Edit::Update { id: id.clone(), expected: Some(1), changes: Box::new(changes) };
    write(&db, vec![vec![Record::TemplateUsed(id.clone())]], 30, at(30)).await;
    done(change(&db, ConfigurationEdit::Template(update), 31, at(31)).await);
    let row = ai_message_templates::find(&db, id).await.unwrap().unwrap();
    assert_eq!((row.use_count, row.version, row.variables.0.len()), (1, 2, 0));
    let filter = |is_active, group: &str, name: &str| ConfigurationFilter {
        is_active: Some(is_active),
        group: Some(group.to_owned()),
        name: Some(name.to_owned()),
        ..ConfigurationFilter::default()
    };
    let count = async |filter| ai_message_templates::list(&db, filter, 0, 9).await.unwrap().0;
    assert_eq!(count(filter(true, "欢迎语", "的")).await, 1);
    assert_eq!(count(filter(false, "欢迎语", "甲")).await, 1);
    assert_eq!(count(filter(true, "问候语", "")).await, 0);
}

async fn what_is_used_is_not_deleted(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let robot = robot(&db).await.id;
    let used = model("用着");
    let mut persona = AiPersona::new("售后", "service", "你是售后客服", at(0));
    persona.model_id = Some(used.id.clone());
    let channel = NotificationChannel::new("群", ChannelType::WecomGroup, json!({}), at(0));
    let mut rule =
        AlertRule::new("掉线", AlertMetric::RobotOffline, (">", json!(300)), AlertLevel::Warning, at(0));
    rule.channel_ids = Json(vec![channel.id.clone(), ChannelId::from("other")]);
    for (seq, edit) in [
        ConfigurationEdit::Model(Edit::Create(Box::new(used.clone()))),
        ConfigurationEdit::Persona(Edit::Create(Box::new(persona.clone()))),
        ConfigurationEdit::Channel(Edit::Create(Box::new(channel.clone()))),
        ConfigurationEdit::Rule(Edit::Create(Box::new(rule.clone()))),
    ]
    .into_iter()
    .enumerate()
    {
        done(change(&db, edit, 10 + i64::try_from(seq).unwrap(), at(1)).await);
    }
    let taken = RobotChanges {
        ai_model_id: Some(Some(used.id.0.clone())),
        persona_id: Some(Some(persona.id.0.clone())),
        ..RobotChanges::default()
    };
    let update = Record::UpdateRobot { id: robot, changes: Box::new(taken), expected: None };
    write(&db, vec![vec![update]], 20, at(2)).await;
    let delete_model = || ConfigurationEdit::Model(Edit::Delete { id: used.id.clone(), expected: None });
    let delete_persona =
        || ConfigurationEdit::Persona(Edit::Delete { id: persona.id.clone(), expected: None });
    let delete_channel =
        || ConfigurationEdit::Channel(Edit::Delete { id: channel.id.clone(), expected: None });
    assert_eq!(change(&db, delete_model(), 30, at(3)).await, Edited::InUse(2));
    assert_eq!(change(&db, delete_persona(), 31, at(3)).await, Edited::InUse(1));
    assert_eq!(change(&db, delete_channel(), 32, at(3)).await, Edited::InUse(1));

    let free = RobotChanges { ai_model_id: Some(None), persona_id: Some(None), ..RobotChanges::default() };
    let update = Record::UpdateRobot { id: robot, changes: Box::new(free), expected: None };
    write(&db, vec![vec![update]], 40, at(4)).await;
    let silent = RuleChanges {
        channel_ids: Some(Vec::new()),
        silenced_until: Some(Some(at(99))),
        is_active: Some(false),
        ..RuleChanges::default()
    };
    let edit = Edit::Update { id: rule.id.clone(), expected: Some(1), changes: Box::new(silent) };
    done(change(&db, ConfigurationEdit::Rule(edit), 41, at(4)).await);
    let row = alert_rules::find(&db, rule.id.clone()).await.unwrap().unwrap();
    assert_eq!((row.version, row.silenced_until, row.metric), (2, Some(at(99)), AlertMetric::RobotOffline));
    for (seq, edit) in [(50, delete_persona()), (51, delete_model()), (52, delete_channel())] {
        done(change(&db, edit, seq, at(5)).await);
    }
    assert_eq!(ai_personas::find(&db, persona.id).await.unwrap(), None);
}

async fn a_persona_asks_its_models_in_order(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let (first, second) = (model("一"), model("二"));
    let persona = AiPersona::new("售后", "service", "你是售后客服", at(0));
    for (seq, edit) in [
        (10, ConfigurationEdit::Model(Edit::Create(Box::new(first.clone())))),
        (11, ConfigurationEdit::Model(Edit::Create(Box::new(second.clone())))),
        (12, ConfigurationEdit::Persona(Edit::Create(Box::new(persona.clone())))),
    ] {
        done(change(&db, edit, seq, at(1)).await);
    }
    let bind = |models: &[(&ModelId, i32)]| ConfigurationEdit::Bindings {
        persona: persona.id.clone(),
        models: models
            .iter()
            .map(|(model, priority)| Binding { model_id: (*model).clone(), priority: *priority })
            .collect(),
    };
    done(change(&db, bind(&[(&first.id, 1), (&second.id, 5)]), 20, at(2)).await);
    let unknown = ModelId::from("none");
    assert_eq!(change(&db, bind(&[(&unknown, 1)]), 21, at(2)).await, Edited::Missing);
    let order = async || {
        let all = bindings::list_all(&db).await.unwrap();
        all.into_iter().map(|binding| binding.model_id).collect::<Vec<_>>()
    };
    assert_eq!(order().await, [second.id.clone(), first.id.clone()], "an unknown model changes nothing");
    done(change(&db, bind(&[(&first.id, 1)]), 22, at(3)).await);
    assert_eq!(order().await, [first.id]);
    let changes = PersonaChanges {
        temperature: Some(1.25),
        max_tokens: Some(Some(2_000)),
        preferred_model: Some(Some("doubao-pro-32k".to_owned())),
        ..PersonaChanges::default()
    };
    let edit = Edit::Update { id: persona.id.clone(), expected: None, changes: Box::new(changes) };
    done(change(&db, ConfigurationEdit::Persona(edit), 23, at(4)).await);
    let back = Edit::Rollback { id: persona.id.clone(), expected: Some(2), to: 1 };
    let Configured::Persona(row) = done(change(&db, ConfigurationEdit::Persona(back), 24, at(5)).await)
    else {
        panic!()
    };
    assert_eq!((row.temperature, row.max_tokens, row.version), (0.7, None, 3));
    let second = ai_personas::versions::find(&db, persona.id, 2).await.unwrap().unwrap();
    assert_eq!(second.content["temperature"], json!(1.25));
}

async fn a_flow_is_published_version_by_version(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let flow = FlowConfig::new("标准", json!({"nodes": []}), at(0));
    let id = flow.id.clone();
    done(change(&db, ConfigurationEdit::Flow(Edit::Create(Box::new(flow))), 10, at(0)).await);
    let publish = |expected, content| ConfigurationEdit::Publish { id: id.clone(), expected, content };
    let Configured::Flow(first) = done(change(&db, publish(Some(1), json!({"v": 1.5})), 11, at(1)).await)
    else {
        panic!()
    };
    assert_eq!((first.published_version, first.latest_version, first.version), (Some(1), 1, 2));
    let draft = FlowChanges { draft: Some(json!({"v": "草稿"})), ..FlowChanges::default() };
    let save = Edit::Update { id: id.clone(), expected: Some(2), changes: Box::new(draft) };
    done(change(&db, ConfigurationEdit::Flow(save), 12, at(2)).await);
    assert_eq!(
        flow_configs::versions::list(&db, id.clone(), 0, 9).await.unwrap().0,
        1,
        "a draft is no version"
    );
    assert_eq!(change(&db, publish(Some(2), json!({})), 13, at(2)).await, Edited::Conflict(3));
    done(change(&db, publish(None, json!({"v": 2})), 14, at(3)).await);
    let back = |to| ConfigurationEdit::Flow(Edit::Rollback { id: id.clone(), expected: None, to });
    assert_eq!(change(&db, back(9), 15, at(4)).await, Edited::Missing);
    let Configured::Flow(third) = done(change(&db, back(1), 16, at(5)).await) else { panic!() };
    assert_eq!((third.published_version, third.latest_version), (Some(3), 3));
    assert_eq!(third.draft.0, json!({"v": 1.5}));
    let version = flow_configs::versions::find(&db, id, 3).await.unwrap().unwrap();
    assert_eq!((version.content, version.note.as_deref()), (json!({"v": 1.5}), Some("第 16 次")));
}

async fn a_channel_keeps_its_secrets_apart(backend: Backend) {
    let database = TestDatabase::empty(backend);
    let db = database.open().await;
    let mut channel =
        NotificationChannel::new("邮件", ChannelType::Email, json!({"to": ["a@b.example"]}), at(0));
    channel.secrets = Json([("password".to_owned(), "v1.sealed".to_owned())].into());
    done(change(&db, ConfigurationEdit::Channel(Edit::Create(Box::new(channel.clone()))), 10, at(0)).await);
    let changes = ChannelChanges { name: Some("值班".to_owned()), ..ChannelChanges::default() };
    let edit = Edit::Update { id: channel.id.clone(), expected: None, changes: Box::new(changes) };
    done(change(&db, ConfigurationEdit::Channel(edit), 11, at(1)).await);
    let row = notification_channels::find(&db, channel.id).await.unwrap().unwrap();
    assert_eq!((row.name.as_str(), &row.secrets, &row.config), ("值班", &channel.secrets, &channel.config));
    let filter = ConfigurationFilter { group: Some("email".to_owned()), ..ConfigurationFilter::default() };
    assert_eq!(notification_channels::list(&db, filter, 0, 9).await.unwrap().0, 1);
}

on_both!(
    a_model_changes_version_by_version,
    everybody_sees_what_is_shared_and_their_own,
    what_is_used_is_not_deleted,
    a_persona_asks_its_models_in_order,
    a_flow_is_published_version_by_version,
    a_channel_keeps_its_secrets_apart,
);
