//! What comes with the program, held against its promises and against the code that reads it.
use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use workbot_schema::fields::Ts;

use crate::preset::templates::CATEGORIES;
use crate::preset::{PresetTemplate, personas, templates};
use crate::template::choice::GENERAL_CATEGORY;
use crate::template::known::{ALWAYS_KNOWN, KNOWN_IN_GROUPS};
use crate::template::scanner::{Piece, pieces};
use crate::template::{ChatFacts, Template, TemplateBook, Variables, Wish, variable_names};

/// Id, category, name, description, persona type, text, variables.
type Given = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [&'static str],
);

/// The four that were given, as they were given.
const GIVEN: [Given; 4] = [
    (
        "template_001",
        "欢迎语",
        "新用户欢迎",
        "新用户加入时的欢迎语",
        "community",
        "欢迎 {{userName}} 加入我们的社群！🎉\n\n我是{{botName}}，很高兴认识你。\n\n这里是{{groupName}}，我们的宗旨是{{groupPurpose}}。\n\n请先阅读群规，遵守社群礼仪，共同维护良好的交流环境。",
        &["userName", "botName", "groupName", "groupPurpose"],
    ),
    (
        "template_008",
        "产品介绍",
        "产品优势介绍",
        "介绍产品核心优势",
        "product_info",
        "{{productName}} 是我们的核心产品，具有以下优势：\n\n1. {{feature1}}：{{description1}}\n2. {{feature2}}：{{description2}}\n3. {{feature3}}：{{description3}}\n\n如果您有任何疑问，欢迎随时咨询！",
        &["productName", "feature1", "description1", "feature2", "description2", "feature3", "description3"],
    ),
    (
        "template_030",
        "转化引导",
        "引导下单",
        "引导用户下单购买",
        "conversion",
        "根据您的需求，我推荐您购买 {{productName}}。\n\n🎁 限时优惠：原价 {{originalPrice}}，现价仅 {{discountPrice}}！\n\n👉 立即下单：{{orderUrl}}\n\n如有疑问，随时咨询我！",
        &["productName", "originalPrice", "discountPrice", "orderUrl"],
    ),
    (
        "template_050",
        "转人工",
        "转人工说明",
        "转给人工客服的说明",
        "service",
        "您的需求已转交给人工客服处理。\n\n预计等待时间：{{waitTime}}\n\n客服将尽快回复您，感谢您的耐心等待！",
        &["waitTime"],
    ),
];

/// What the alert path answers, word for word.
const RISK_SENTENCE: &str = "您的消息已被标记为风险，客服稍后会处理";

fn presets() -> Vec<PresetTemplate> {
    templates().unwrap()
}

fn book() -> TemplateBook {
    TemplateBook::new(presets().into_iter().map(|preset| Template {
        id: preset.id,
        category: preset.category,
        persona_type: preset.persona_type,
        is_preset: true,
        text: preset.template,
    }))
}

/// A first message in a private chat: nothing but what is always known.
fn first_message() -> Variables {
    let facts = ChatFacts {
        user_name: "张三",
        robot_name: "小助手",
        persona_name: None,
        group_name: None,
        message: "您好",
        at: Ts::new(DateTime::parse_from_rfc3339("2025-01-04T02:30:00Z").unwrap().to_utc()),
    };
    facts.variables()
}

fn is_open(text: &str) -> bool {
    pieces(text).any(|piece| matches!(piece, Piece::Variable { .. }))
}

/// Every answer that many seeds give.
fn answers(wish: Wish<'_>) -> BTreeMap<String, String> {
    let (book, variables) = (book(), first_message());
    let answer = |seed| {
        let answer = book.answer(&Wish { seed, ..wish }, &variables);
        (answer.template_id.unwrap_or_default(), answer.text)
    };
    (0..300).map(answer).collect()
}

#[test]
fn the_counts_of_the_24_categories() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for preset in presets() {
        *counts.entry(preset.category).or_default() += 1;
    }
    let expected: BTreeMap<String, usize> =
        CATEGORIES.iter().map(|(category, count)| ((*category).to_owned(), *count)).collect();
    assert_eq!(counts, expected);
    assert_eq!((CATEGORIES.len(), counts.values().sum::<usize>()), (24, 153));
}

#[test]
fn ids_run_from_1_to_153_each_once() {
    let ids: BTreeSet<String> = presets().into_iter().map(|preset| preset.id).collect();
    let expected: BTreeSet<String> = (1..=153).map(|number| format!("template_{number:03}")).collect();
    assert_eq!(ids, expected);
    assert_eq!(presets().len(), 153);
}

#[test]
fn names_are_unique_and_nothing_is_empty() {
    let presets = presets();
    let names: BTreeSet<&str> = presets.iter().map(|preset| preset.name.as_str()).collect();
    assert_eq!(names.len(), presets.len());
    let texts: BTreeSet<&str> = presets.iter().map(|preset| preset.template.as_str()).collect();
    assert_eq!(texts.len(), presets.len());
    for preset in &presets {
        assert!(!preset.name.trim().is_empty() && !preset.description.trim().is_empty(), "{}", preset.id);
        let text = &preset.template;
        assert!(text.chars().count() > 20 && text.chars().count() < 400, "{}", preset.id);
        assert_eq!(text.trim(), text, "{}", preset.id);
    }
}

#[test]
fn the_four_given_templates_are_word_for_word() {
    let presets = presets();
    for (id, category, name, description, persona_type, template, variables) in GIVEN {
        let expected = PresetTemplate {
            id: id.into(),
            category: category.into(),
            name: name.into(),
            description: description.into(),
            template: template.into(),
            variables: variables.iter().map(|name| (*name).to_owned()).collect(),
            persona_type: Some(persona_type.into()),
        };
        assert_eq!(presets.iter().find(|preset| preset.id == id), Some(&expected));
    }
}

#[test]
fn variables_are_those_of_the_text_in_order() {
    for preset in presets() {
        assert_eq!(preset.variables, variable_names(&preset.template), "{}", preset.id);
        let braces = preset.template.matches("{{").count();
        let variables =
            pieces(&preset.template).filter(|piece| matches!(piece, Piece::Variable { .. })).count();
        assert_eq!(braces, variables, "{}: a variable is written wrong", preset.id);
    }
}

#[test]
fn persona_types_are_those_of_the_personas() {
    let roles: BTreeSet<String> = personas().unwrap().into_iter().map(|persona| persona.role_type).collect();
    for preset in presets() {
        let known = preset.persona_type.as_ref().is_none_or(|role| roles.contains(role));
        assert!(known, "{}: {:?}", preset.id, preset.persona_type);
    }
}

#[test]
fn every_category_answers_a_first_message_without_open_variables() {
    for (category, _) in CATEGORIES {
        let answers = answers(Wish { category, ..Wish::default() });
        let book = book();
        assert!(!answers.is_empty());
        for (id, text) in answers {
            assert_eq!(book.find(&id).map(|found| found.category.as_str()), Some(category), "{id}");
            assert!(!is_open(&text) && !text.contains("{{"), "{id}: {text}");
        }
    }
}

#[test]
fn texts_with_and_without_details_are_mixed() {
    let known =
        |name: &String| ALWAYS_KNOWN.contains(&name.as_str()) || KNOWN_IN_GROUPS.contains(&name.as_str());
    let presets = presets();
    let ready = presets.iter().filter(|preset| preset.variables.iter().all(known)).count();
    assert!((50..=90).contains(&ready), "{ready} of 153 need no details");
}

#[test]
fn whoever_is_answered_about_a_risk_reads_the_sentence() {
    let answers = answers(Wish { category: "风险提示", ..Wish::default() });
    assert!(answers.len() >= 2);
    for (id, text) in answers {
        assert!(text.contains(RISK_SENTENCE), "{id}: {text}");
    }
}

#[test]
fn the_last_resort_is_the_general_category() {
    let answers = answers(Wish { category: "没有这一类", ..Wish::default() });
    assert!(answers.len() >= 3);
    let book = book();
    for id in answers.keys() {
        assert_eq!(book.find(id).map(|found| found.category.as_str()), Some(GENERAL_CATEGORY), "{id}");
    }
}
