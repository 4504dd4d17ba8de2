use proptest::prelude::*;
use serde_json::{Value, json};
use workbot_schema::alert_rules::AlertRule;
use workbot_schema::fields::{Json, Ts};

use super::*;

fn now() -> Ts {
    Ts::new(chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap())
}

fn rule(metric: AlertMetric, operator: &str, value: Value) -> Result<Rule, RuleProblem> {
    Rule::read(AlertRule::new("规则", metric, (operator, value), AlertLevel::Warning, now()))
}

fn met(metric: AlertMetric, operator: &str, value: Value, facts: Facts<'_>) -> Option<String> {
    rule(metric, operator, value).unwrap().meets(&facts)
}

#[test]
fn words_are_found_in_texts() {
    let text = |text| Facts { text: Some(text), ..Facts::default() };
    let table = [
        ("contains", json!("骗子"), "你们是骗子吧", Some("骗子")),
        ("contains", json!("骗子，报警"), "我要报警了", Some("报警")),
        ("contains", json!(["骗子", "起诉"]), "我要起诉", Some("起诉")),
        ("in", json!(["Refund"]), "I want a REFUND", Some("refund")),
        ("contains", json!("骗子"), "你好", None),
        ("contains", json!("a|b"), "b", Some("b")),
        ("eq", json!("退款"), " 退款 ", Some("退款")),
        ("eq", json!("退款"), "我要退款", None),
    ];
    for (operator, value, written, expected) in table {
        let found = met(AlertMetric::Keyword, operator, value.clone(), text(written));
        assert_eq!(found.as_deref(), expected, "{operator} {value} {written}");
    }
    assert_eq!(met(AlertMetric::Keyword, "contains", json!("x"), Facts::default()), None, "no text, no word");
}

#[test]
fn intents_and_levels_are_compared() {
    let intent = |intent| Facts { intent: Some(intent), ..Facts::default() };
    let level = |level| Facts { level: Some(level), ..Facts::default() };
    let table = [
        (AlertMetric::Intent, "eq", json!("risk"), intent("risk"), Some("risk")),
        (AlertMetric::Intent, "in", json!(["risk", "complaint"]), intent("complaint"), Some("complaint")),
        (AlertMetric::Intent, "eq", json!("risk"), intent("chat"), None),
        (AlertMetric::Intent, "ne", json!("chat"), intent("risk"), Some("risk")),
        (AlertMetric::Intent, "not_in", json!("chat, ask"), intent("ask"), None),
        (AlertMetric::Level, "eq", json!("critical"), level(AlertLevel::Critical), Some("critical")),
        (AlertMetric::Level, ">=", json!("warning"), level(AlertLevel::Critical), Some("critical")),
        (AlertMetric::Level, "gte", json!("warning"), level(AlertLevel::Info), None),
        (AlertMetric::Level, "in", json!(["info"]), level(AlertLevel::Info), Some("info")),
        (AlertMetric::Level, "not_in", json!("info"), level(AlertLevel::Info), None),
    ];
    for (metric, operator, value, facts, expected) in table {
        let found = met(metric, operator, value.clone(), facts);
        assert_eq!(found.as_deref(), expected, "{metric} {operator} {value}");
    }
}

#[test]
fn numbers_are_compared() {
    let table: [(&str, f64, bool); 8] = [
        (">", 10.0, false),
        ("gt", 10.5, true),
        ("gte", 10.0, true),
        ("<", 9.0, true),
        ("lte", 10.5, false),
        ("==", 10.0, true),
        ("!=", 10.0, false),
        ("ne", 11.0, true),
    ];
    for (operator, value, expected) in table {
        let rule = rule(AlertMetric::ErrorRate, operator, json!(10)).unwrap();
        assert_eq!(rule.exceeds(value), expected, "{value} {operator} 10");
        assert_eq!(rule.meets(&Facts { text: Some("10"), ..Facts::default() }), None);
    }
    assert!(rule(AlertMetric::Backlog, "gt", json!("20")).unwrap().exceeds(21.0));
}

#[test]
fn what_makes_no_sense_is_named() {
    let table = [
        (AlertMetric::Keyword, "gt", json!("x"), "operator"),
        (AlertMetric::Keyword, "contains", json!(5), "value"),
        (AlertMetric::Keyword, "contains", json!(" ， "), "value"),
        (AlertMetric::Keyword, "contains", json!([""]), "value"),
        (AlertMetric::Keyword, "contains", json!(["x".repeat(65)]), "value"),
        (
            AlertMetric::Keyword,
            "contains",
            json!((0..201).map(|n| n.to_string()).collect::<Vec<_>>()),
            "value",
        ),
        (AlertMetric::Intent, "contains", json!("risk"), "operator"),
        (AlertMetric::Level, "eq", json!("bad"), "value"),
        (AlertMetric::Level, "gt", json!(["info", "warning"]), "value"),
        (AlertMetric::Level, "contains", json!("info"), "operator"),
        (AlertMetric::Backlog, "contains", json!(5), "operator"),
        (AlertMetric::Backlog, "gt", json!("many"), "value"),
        (AlertMetric::ErrorRate, "gt", json!(-1), "value"),
        (AlertMetric::ErrorRate, "gt", Value::Null, "value"),
        (AlertMetric::ErrorRate, "like", json!(1), "operator"),
    ];
    for (metric, operator, value, field) in table {
        assert_eq!(
            rule(metric, operator, value.clone()).unwrap_err().field,
            field,
            "{metric} {operator} {value}"
        );
    }
}

#[test]
fn a_rule_is_about_its_owners_robots_and_sleeps_when_told() {
    let (mine, other) = (UserId::from("u1"), UserId::from("u2"));
    let (first, second) = (RobotId::from("robot_1"), RobotId::from("robot_2"));
    let subject = |robot_id, owner| Subject { robot_id, owner };
    let mut rule = rule(AlertMetric::Backlog, "gt", json!(5)).unwrap();
    assert!(rule.covers(subject(&first, None)) && rule.covers(subject(&second, Some(&mine))));
    rule.row.owner_id = Some(mine.clone());
    assert!(rule.covers(subject(&first, Some(&mine))));
    assert!(!rule.covers(subject(&first, Some(&other))) && !rule.covers(subject(&first, None)));
    rule.row.robot_ids = Json(vec!["robot_2".to_owned()]);
    assert!(!rule.covers(subject(&first, Some(&mine))) && rule.covers(subject(&second, Some(&mine))));

    assert!(rule.is_awake(now()));
    rule.row.silenced_until = Some(now().plus(chrono::TimeDelta::seconds(1)));
    assert!(!rule.is_awake(now()) && rule.is_awake(now().plus(chrono::TimeDelta::seconds(1))));
    rule.row.is_active = false;
    assert!(!rule.is_awake(now().plus(chrono::TimeDelta::days(1))));
}

proptest! {
    #[test]
    fn a_word_is_met_exactly_when_the_text_holds_it(text in "\\PC{0,40}", word in "[a-z骗诈]{1,3}") {
        let found = met(AlertMetric::Keyword, "contains", json!([word]), Facts { text: Some(&text), ..Facts::default() });
        prop_assert_eq!(found.is_some(), text.to_lowercase().contains(&word));
    }

    #[test]
    fn a_comparison_and_its_opposite_never_agree(value in -1e6..1e6_f64, bound in 0.0..1e6_f64) {
        for (one, opposite) in [("gt", "lte"), ("lt", "gte"), ("eq", "ne")] {
            let holds = |operator| rule(AlertMetric::Backlog, operator, json!(bound)).unwrap().exceeds(value);
            prop_assert_ne!(holds(one), holds(opposite));
        }
    }

    #[test]
    fn any_value_is_answered(operator in "[a-z_><=!]{0,8}", text in "\\PC{0,30}", number in any::<f64>()) {
        for metric in AlertMetric::ALL {
            for value in [json!(text), json!(number), json!([text]), Value::Null, json!({})] {
                let _answer = rule(*metric, &operator, value);
            }
        }
    }
}
