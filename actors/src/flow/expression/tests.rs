use cel::parser::PrattParser;
use serde_json::json;
use workbot_schema::wire::flow::{ProblemCode, StandardContext};

use super::cost::{STEPS_MAX, steps};
use super::*;

fn context() -> StandardContext {
    serde_json::from_value(json!({
        "robotId": "robot_1", "robotName": "小助手", "sessionId": "s", "messageId": "m", "userId": "u", "userName": "张三",
        "roomType": 1, "isGroup": true, "originalMessage": "请帮我退款", "rawMessage": "请帮我退款", "textType": 1, "atMe": false,
        "groupName": "客服群", "intent": "order", "intentConfidence": 0.8, "executionPath": ["a", "b"], "startTime": 5,
        "variables": {"tags": ["a", "vip"], "battery": 0.1, "big": 9_223_372_036_854_775_807_i64, "x": {"y": 1}, "many": vec![0; 101]},
    }))
    .unwrap()
}

fn refused(source: &str) -> Option<ProblemCode> {
    Language::default().compile(source).err().map(|fault| fault.code)
}

fn holds(source: &str) -> Result<bool, String> {
    let expression =
        Language::default().compile(source).unwrap_or_else(|fault| panic!("{source}: {fault:?}"));
    expression.is_true(&context())
}

/// Row by row the table of measured expression engines: what it says of the engine, the guards make safe.
mod rows {
    use super::*;

    #[test]
    fn comparisons_and_membership() {
        assert_eq!(holds(r#"variables.battery < 0.2 && intent in ["order", "query"]"#), Ok(true));
        assert_eq!(holds(r#"variables.battery < 0.2 && intent in ["query"]"#), Ok(false));
    }

    #[test]
    fn exists_and_has() {
        assert_eq!(holds(r#"variables.tags.exists(tag, tag == "a")"#), Ok(true));
        assert_eq!(holds("has(variables.x.y) && !has(variables.x.z)"), Ok(true));
    }

    #[test]
    fn a_number_and_a_text_do_not_add() {
        assert!(holds(r#"0.15 + "x" == "0.15x""#).is_err());
    }

    #[test]
    fn division_by_zero_and_overflow_are_errors() {
        assert!(holds("1 / 0 == 1").is_err());
        assert!(holds("variables.big + 1 > 0").is_err());
    }

    #[test]
    fn twenty_thousand_brackets() {
        let nested = |count: usize| format!("{}true{}", "(".repeat(count), ")".repeat(count));
        assert_eq!(refused(&nested(20_000)), Some(ProblemCode::ExpressionTooLong));
        assert_eq!(refused(&nested(500)), Some(ProblemCode::ExpressionTooDeep));
        assert_eq!(refused(&nested(51)), Some(ProblemCode::ExpressionTooDeep));
        assert_eq!(holds(&nested(50)), Ok(true));
    }

    #[test]
    fn one_plus_one_fifty_thousand_times() {
        let sum = |count: usize| format!("{} > 0", vec!["1"; count].join("+"));
        assert_eq!(refused(&sum(50_000)), Some(ProblemCode::ExpressionTooLong));
        assert_eq!(refused(&sum(500)), Some(ProblemCode::ExpressionTooDeep));
        assert_eq!(holds(&sum(40)), Ok(true));
    }

    #[test]
    fn three_nested_maps() {
        let three =
            "variables.tags.map(a, variables.tags.map(b, variables.tags.map(c, a + b + c))).size() > 0";
        assert_eq!(refused(three), Some(ProblemCode::ExpressionTooManyComprehensions));
        let five = "[1].all(a, [1].all(b, [1].all(c, [1].all(d, [1].all(e, a + b + c + d + e > 0)))))";
        assert_eq!(refused(five), Some(ProblemCode::ExpressionTooManyComprehensions));
        let two = "variables.tags.exists(a, variables.tags.exists(b, a != b))";
        assert_eq!(holds(two), Ok(true));
    }

    #[test]
    fn a_text_doubled_eighteen_times() {
        let doubled =
            (0..18).fold("[\"aaaaaaaaaaaaaaaa\"]".to_owned(), |list, _| format!("{list}.map(t, t + t)"));
        assert_eq!(
            refused(&format!("size({doubled}[0]) > 0")),
            Some(ProblemCode::ExpressionTooManyComprehensions)
        );
        let copied = "variables.tags.map(t, originalMessage + originalMessage).size() > 0";
        assert_eq!(refused(copied), Some(ProblemCode::ExpressionTooCostly));
    }

    #[test]
    fn patterns_that_run_wild_elsewhere() {
        assert_eq!(holds("originalMessage.matches('(a+)+$')"), Ok(false));
        let mut context = context();
        context.original_message = format!("{}b", "a".repeat(16_000));
        let wild = Language::default().compile("originalMessage.matches('^(a+)+$')").unwrap();
        assert_eq!(wild.is_true(&context), Ok(false));
        assert_eq!(
            refused("originalMessage.matches('((a{100}){100}){100}')"),
            Some(ProblemCode::ExpressionBadPattern)
        );
        assert_eq!(refused("originalMessage.matches('(')"), Some(ProblemCode::ExpressionBadPattern));
        assert_eq!(refused("originalMessage.matches(rawMessage)"), Some(ProblemCode::ExpressionBadPattern));
    }
}

#[test]
fn what_does_not_belong_is_refused() {
    let list = |count: usize| format!("roomType in [{}]", vec!["1"; count].join(","));
    let table = [
        ("".to_owned(), ProblemCode::ExpressionEmpty),
        (" \n".to_owned(), ProblemCode::ExpressionEmpty),
        ("intent ==".to_owned(), ProblemCode::ExpressionSyntax),
        ("intent = 'x'".to_owned(), ProblemCode::ExpressionSyntax),
        ("意图 == 'x'".to_owned(), ProblemCode::ExpressionSyntax),
        ("intent == 'x".to_owned(), ProblemCode::ExpressionSyntax),
        ("intents == 'x'".to_owned(), ProblemCode::ExpressionUnknownName),
        (".intent == 'x'".to_owned(), ProblemCode::ExpressionUnknownName),
        ("Foo{a: 1} == 1".to_owned(), ProblemCode::ExpressionUnknownName),
        ("[1].all(x, x > 0) && x > 0".to_owned(), ProblemCode::ExpressionUnknownName),
        ("type(intent) == string".to_owned(), ProblemCode::ExpressionUnknownFunction),
        ("optional.of(1).hasValue()".to_owned(), ProblemCode::ExpressionUnknownFunction),
        ("intent.lowerAscii() == 'x'".to_owned(), ProblemCode::ExpressionUnknownFunction),
        (list(101), ProblemCode::ExpressionListTooLong),
        (format!("intent == '{}'", "x".repeat(1_024)), ProblemCode::ExpressionTooLong),
        (format!("variables{}", ".a".repeat(60)), ProblemCode::ExpressionTooDeep),
        (
            "variables.tags.map(a, variables.tags.map(b, a*b+a*b+a*b+a*b+a*b)).size() > 1".to_owned(),
            ProblemCode::ExpressionTooCostly,
        ),
    ];
    for (source, code) in table {
        assert_eq!(refused(&source), Some(code), "{source}");
    }
    assert_eq!(refused(&list(100)), None);
    assert_eq!(refused("true ? intent == 'x' : false"), None);
    assert_eq!(refused("'((((((((' == '[[[[[' || \"\\\"(((((((\" == ''"), None);
}

#[test]
fn many_terms_side_by_side_are_not_nested() {
    let terms: Vec<String> = (0..40).map(|number| format!("intent == 'i{number}'")).collect();
    assert_eq!(holds(&terms.join(" || ")), Ok(false));
}

#[test]
fn every_field_can_be_spoken_of_and_is_null_when_absent() {
    let full = serde_json::to_value(context()).unwrap();
    for (name, _) in crate::flow::context::FIELDS {
        let is_absent = full.get(name).is_none();
        assert_eq!(
            holds(&format!("{name} == null")),
            if *name == "variables" {
                Err("variables：列表超过 100 项".to_owned())
            } else {
                Ok(is_absent)
            }
        );
    }
    let mut names: Vec<&str> = crate::flow::context::FIELDS.iter().map(|(name, _)| *name).collect();
    let mut every = context();
    every.group_id = Some(String::new());
    every.group_remark = Some(String::new());
    every.file_base64 = Some(String::new());
    every.file_url = Some(String::new());
    every.ai_response = Some(String::new());
    every.persona_id = Some(String::new());
    every.persona_type = Some(String::new());
    every.target_name = Some(String::new());
    every.send_id = Some(String::new());
    every.command_status = Some(String::new());
    every.alert_id = Some(String::new());
    every.alert_level = Some(String::new());
    every.alert_code = Some(String::new());
    every.alert_data = Some(json!(1));
    let every = serde_json::to_value(every).unwrap();
    let mut keys: Vec<&str> = every.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    keys.sort_unstable();
    assert_eq!(names, keys);
}

#[test]
fn only_truth_is_a_result() {
    for source in
        ["intent", "1", "[true]", "null", "variables.tags", "aiResponse > 1", "aiResponse.contains('x')"]
    {
        assert!(holds(source).is_err(), "{source}");
    }
    for source in [
        "aiResponse == null",
        "aiResponse != 'x'",
        "!(aiResponse == 'x')",
        "intentConfidence >= 0.8 && roomType == 1",
    ] {
        assert_eq!(holds(source), Ok(true), "{source}");
    }
}

#[test]
fn what_is_as_deep_as_allowed_runs_on_a_small_stack() {
    let around = |open: &str, inner: &str, close: &str, count: usize| {
        format!("{}{inner}{}", open.repeat(count), close.repeat(count))
    };
    let table = [
        around("size([", "1", "])", 23) + " == 1",
        format!("size({}) == 1", around("[", "1", "]", 46)),
        around("true ? (", "true", ") : false", 46),
        format!("{} == 1", around("int(", "1", ")", 46)),
        format!("variables{} == 1", ".x".repeat(46)),
        format!("{} > 0", around("1 + (", "1", ")", 46)),
        format!("{}true", "!".repeat(1_000)),
        format!("[1].all(a, [1].all(b, {} > 0))", around("1 + (", "1", ")", 30)),
    ];
    for source in table {
        let small = std::thread::Builder::new().stack_size(1_048_576);
        let told = small.spawn(move || (holds(&source), source)).unwrap().join().unwrap();
        match told {
            (Ok(holds), source) => assert!(holds || source.starts_with("size(["), "{source}"),
            (Err(_), source) => {
                assert!(source.starts_with("variables.") || source.starts_with("size(["), "{source}")
            }
        }
    }
}

#[test]
fn a_users_text_is_data() {
    let mut context = context();
    context.original_message = "true || intent == 'risk' {{x}} ') ; (".to_owned();
    let expression = Language::default().compile("originalMessage == 'x'").unwrap();
    assert_eq!(expression.is_true(&context), Ok(false));
}

#[test]
fn long_texts_are_cut_and_large_data_is_an_error() {
    let mut context = context();
    context.original_message = "长".repeat(100_000);
    let size = Language::default().compile("size(originalMessage) == 5461").unwrap();
    assert_eq!(size.is_true(&context), Ok(true));
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    for data in [json!(vec![1; 101]), json!("x".repeat(40_000)), deep, json!(vec![vec![1; 90]; 90])] {
        context.alert_data = Some(data);
        let expression = Language::default().compile("alertData != null").unwrap();
        assert!(expression.is_true(&context).is_err());
    }
}

#[test]
fn only_what_is_spoken_of_must_be_small() {
    assert_eq!(holds("variables.battery < 1.0 && variables.tags.size() == 2"), Ok(true));
    assert!(holds("variables.many.size() == 101").is_err());
    assert!(holds("variables.battery < 1.0 && variables['tags'].size() == 2").is_err());
    assert_eq!(holds("[variables.x].all(x, x.y == 1)"), Ok(true));
}

#[test]
fn the_worst_case_is_known_before_it_runs() {
    let weigh = |source: &str| steps(&PrattParser::new().parse(source).unwrap());
    assert!(weigh("intent == 'risk'") < 200);
    assert!(weigh("originalMessage.contains('退款')") < 200);
    let one = weigh("variables.tags.exists(t, t == intent)");
    let two = weigh("variables.tags.exists(a, variables.tags.exists(b, a == b))");
    assert!(one < 20_000 && two > 50 * 100 && two <= STEPS_MAX, "{one} {two}");
    assert!(weigh("variables.tags.all(a, variables.tags.all(b, variables.tags.all(c, a == b)))") > 5_000_000);
}
