use proptest::prelude::*;

use super::*;

const FILE: &str = r#"
[[intent]]
name = "risk"
description = "风险"
weight = 2.0
category = "风险提示"
keywords = ["骗子", { text = "投诉", weight = 0.4 }]

[[intent]]
name = "service"
category = "售后咨询"
templates = ["t1"]
keywords = [{ text = "售后", weight = 1.0 }, "退款"]
patterns = ["怎么*退", { text = "what*price", weight = 2.0 }]

[[intent.topic]]
keywords = ["退货"]
templates = ["t2"]

[[intent.topic]]
keywords = [{ text = "退款", weight = 1.0 }]
category = "支付问题"
templates = ["t3"]

[[intent]]
name = "chat"
"#;

fn matcher() -> IntentMatcher {
    IntentMatcher::parse(FILE).unwrap()
}

fn told(text: &str) -> Option<(String, Option<Vec<String>>)> {
    let matcher = matcher();
    let told = matcher.tell(text)?;
    Some((told.rule.name.clone(), told.topic.map(|topic| topic.templates.clone())))
}

#[test]
fn words_and_patterns_tell_intent_and_topic() {
    type Told = Option<(&'static str, Option<&'static str>)>;
    let table: [(&str, Told); 10] = [
        ("你们是骗子吧", Some(("risk", None))),
        ("我要投诉", Some(("risk", None))),
        ("我要退款", Some(("service", Some("t3")))),
        ("我要退货 退款 退款", Some(("service", Some("t2")))),
        ("退货", Some(("service", Some("t2")))),
        ("怎么才能退？", Some(("service", None))),
        ("怎么这么久一直都没有人来给我们退", None),
        ("ＷＨＡＴ is the  Price", Some(("service", None))),
        ("你好", None),
        ("", None),
    ];
    for (text, expected) in table {
        let expected = expected.map(|(name, id)| (name.to_owned(), id.map(|id| vec![id.to_owned()])));
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn a_lone_word_is_sure_enough_and_rivals_make_it_less_sure() {
    let matcher = matcher();
    let sure = |text: &str| matcher.tell(text).unwrap().confidence;
    assert!(sure("售后") > 0.6, "{}", sure("售后"));
    assert!(sure("骗子") > sure("售后"));
    assert!(sure("售后 骗子") < sure("骗子"));
    assert!(sure("售后 退货") > sure("售后"));
    assert!((sure("售后") - sure("售后售后售后")).abs() < 1e-9, "a word counts once");
    assert_eq!(IntentResult::from(matcher.tell("天气不错")), IntentResult::unknown());
}

#[test]
fn broken_files_are_refused() {
    for text in [
        "intent = 1",
        "[[intent]]\nname = \"\"",
        "[[intent]]\nname = \"a\"\n[[intent]]\nname = \"a\"",
        "[[intent]]\nname = \"a\"\nkeywords = [\" \"]",
        "[[intent]]\nname = \"a\"\npatterns = [\"*\"]",
        "[[intent]]\nname = \"a\"\nkeywords = [{ text = \"x\", weight = 0.0 }]",
        "[[intent]]\nname = \"a\"\nunknown = 1",
    ] {
        assert!(IntentMatcher::parse(text).is_err(), "{text}");
    }
}

#[test]
fn work_grows_with_the_length_alone() {
    // 400 words in 20 intents, many of which begin alike.
    let begins = ["退", "怎么", "订单", "你们", "产品", "支付", "会员", "物流"];
    let keywords = |intent: usize| {
        let word =
            |n: usize| Keyword { text: format!("{}{intent}号{n}", begins[n % begins.len()]), weight: 1.0 };
        (0..20).map(word).collect()
    };
    let patterns = vec![Pattern { text: "怎么*退*款".into(), weight: 1.0 }];
    let rule = |intent: usize| IntentRule {
        name: format!("intent{intent}"),
        weight: 1.0,
        keywords: keywords(intent),
        patterns: patterns.clone(),
        ..IntentRule::default()
    };
    let matcher = IntentMatcher::new(IntentFile { intent: (0..20).map(rule).collect() }).unwrap();
    let work = |text: &str| {
        let mut work = 0;
        let _told = matcher.tell_counting(text, &mut work);
        work
    };
    let message = "你好，我上周在你们店里买的衣服，收到以后发现颜色不对，想问一下怎么退款退货，大概要多久？";
    // At a few nanoseconds each this is far below a millisecond.
    assert!(work(message) < 10_000, "{}", work(message));
    let letters = u64::try_from(message.chars().count()).unwrap();
    let longest = message.repeat(1_000);
    let most = u64::try_from(TEXT_CHARS).unwrap();
    assert!(work(&longest) <= work(message).div_ceil(letters) * most * 2, "{}", work(&longest));
    for text in ["退".repeat(100_000), "怎么".repeat(50_000), "骗".repeat(1_000_000)] {
        assert!(work(&text) < 200_000, "{}", work(&text));
    }
}

proptest! {
    #[test]
    fn any_text_is_told_within_bounds(text in "\\PC{0,60}|[退款货怎么骗子售后 ]{0,40}") {
        if let Some(told) = matcher().tell(&text) {
            prop_assert!(told.confidence > 0.0 && told.confidence <= 1.0);
        }
    }
}
