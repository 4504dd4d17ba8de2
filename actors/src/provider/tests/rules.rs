//! The rules as they come with the program: no model, no network.
use std::collections::HashSet;

use serde_json::Value;
use workbot_schema::ai_message_templates::AiMessageTemplate;

use super::*;
use crate::preset;
use crate::template::ChatFacts;

fn rows() -> Vec<AiMessageTemplate> {
    preset::rows(Ts::new(DateTime::UNIX_EPOCH)).unwrap().templates
}

fn rules() -> Rules {
    preset_rules().with_templates(&rows())
}

fn input(text: &str) -> RulesInput {
    let facts = ChatFacts {
        user_name: "张三",
        robot_name: "小助手",
        persona_name: None,
        group_name: None,
        message: text,
        at: Ts::new(DateTime::UNIX_EPOCH),
    };
    RulesInput { text: text.to_owned(), variables: facts.variables(), ..RulesInput::default() }
}

#[test]
fn risk_words_are_risk_whatever_stands_beside_them() {
    for word in ["骗子", "诈骗", "报警", "举报", "起诉"] {
        for text in [word.to_owned(), format!("你们的退款服务真慢，{word}！怎么联系人工客服")]
        {
            let told = rules().intent(&input(&text));
            assert_eq!(told.intent, "risk", "{text}");
            assert!(told.confidence >= 0.5, "{text}: {}", told.confidence);
        }
    }
}

#[test]
fn the_seeds_sample_is_service() {
    let told = rules().intent(&input("如何退款？"));
    assert_eq!(told.intent, "service");
    assert!(told.confidence >= 0.5, "{}", told.confidence);
}

#[test]
fn every_template_and_category_of_the_intents_is_there() {
    let file: intents::IntentFile = toml::from_str(include_str!("../../../../config/intents.toml")).unwrap();
    let rows = rows();
    let ids: HashSet<_> = rows.iter().map(|row| row.id.as_str()).collect();
    let categories: HashSet<_> = rows.iter().map(|row| row.category.as_str()).collect();
    for rule in &file.intent {
        assert!(!rule.description.is_empty(), "{}", rule.name);
        let topics = rule.topic.iter();
        let named = rule.templates.iter().chain(topics.clone().flat_map(|topic| &topic.templates));
        for id in named {
            assert!(ids.contains(id.as_str()), "{}: {id}", rule.name);
        }
        let of_topics = topics.map(|topic| topic.category.as_str()).filter(|category| !category.is_empty());
        for category in of_topics.chain([rule.category.as_str()]) {
            assert!(categories.contains(category), "{}: {category}", rule.name);
        }
    }
}

#[test]
fn replies_fit_the_intent_and_leave_no_variable_open() {
    let rules = rules();
    for text in ["如何退款？", "你好", "你们是骗子", "物流到哪了", "随便说点什么", "", "{{userName}} {{x}}"]
    {
        for seed in 0..20 {
            let reply = rules.reply(&RulesInput { seed, ..input(text) });
            let said = reply.text.replace(text, "");
            assert!(!reply.text.trim().is_empty(), "{text}");
            assert!(!said.contains("{{"), "{text}: {}", reply.text);
        }
    }
    let refund = rules.reply(&input("怎么退款"));
    assert_eq!(refund.template_id.as_deref(), Some("template_107"));
}

#[test]
fn a_wanted_category_and_an_intent_of_a_model_count_more_than_words() {
    let rules = rules();
    let rows = rows();
    let category = |input: &RulesInput| {
        let id = rules.reply(input).template_id.unwrap();
        rows.iter().find(|row| row.id.as_str() == id).unwrap().category.clone()
    };
    let wanted = RulesInput { category: Some("转人工".into()), ..input("如何退款？") };
    assert_eq!(category(&wanted), "转人工");
    let told = RulesInput { intent: Some("complaint".into()), ..input("如何退款？") };
    assert_eq!(category(&told), "投诉处理");
}

#[test]
fn values_of_users_are_not_expanded() {
    let mut input = input("你好");
    input.variables.insert("userName".into(), Value::from("{{botName}}"));
    for seed in 0..50 {
        let text = rules().reply(&RulesInput { seed, ..input.clone() }).text;
        if text.contains("{{botName}}") {
            return;
        }
    }
    panic!("no greeting names the user");
}

#[test]
fn templates_of_an_owner_answer_that_owner_only() {
    let mut rows = rows();
    let own = AiMessageTemplate {
        owner_id: Some("me".into()),
        ..AiMessageTemplate::new("我的场景", "own", "我自己的话", Ts::new(DateTime::UNIX_EPOCH))
    };
    rows.push(own);
    let rules = preset_rules().with_templates(&rows);
    let ask = |owner: Option<&str>| {
        let owner = owner.map(Into::into);
        rules.reply(&RulesInput { owner, category: Some("我的场景".into()), ..input("x") }).text
    };
    assert_eq!(ask(Some("me")), "我自己的话");
    assert_ne!(ask(Some("you")), "我自己的话");
    assert_ne!(ask(None), "我自己的话");
}
