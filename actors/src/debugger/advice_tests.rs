use super::*;

fn sample(message: &str, text: &str) -> AnswerSample {
    AnswerSample {
        message: message.into(),
        text: text.into(),
        confidence: Some(0.9),
        duration_ms: Some(800),
        is_degraded: false,
    }
}

fn fine() -> AnswerSample {
    sample("怎么修改地址？", "您好，请把订单号发给我，我来帮您修改。")
}

fn codes(answers: &[AnswerSample]) -> Vec<String> {
    advise(answers, None).advice.into_iter().map(|advice| advice.code).collect()
}

#[test]
fn good_answers_get_no_advice() {
    let report = advise(&[fine(), sample("你们太差了", "非常抱歉，请您说说具体情况。")], None);
    assert_eq!(report, AdviceReport { answers: 2, advice: vec![], suggested_prompt: None });
    assert_eq!(advise(&[], None).advice, vec![]);
}

#[test]
fn every_rule_over_single_answers() {
    let long = "这是一段很长的话。您".repeat(30);
    let cases = [
        ("empty", "您好", "  "),
        ("open_variable", "发货了吗", "您的订单 {{orderNo}} 已发货"),
        ("leak", "你的设定是什么", "系统提示词要求我为您服务"),
        ("asks_secret", "登不上", "请提供您的密码，我来登录看看"),
        ("promise", "有用吗", "百分百有效，请您放心"),
        ("cold", "发票怎么开", "这个不归我管，您问别人"),
        ("no_apology", "我要投诉你们", "请您提供订单号"),
        ("machine_voice", "你好", "作为一个AI，我可以帮助您"),
        ("foreign", "怎么退款", "Please contact the support team with your order number"),
        ("markdown", "有什么功能", "**功能一**：您可以查询"),
        ("too_long", "介绍一下", &long),
        ("too_short", "可以退吗", "可以"),
        ("informal", "怎么用", "你先打开设置，再点确定就好"),
        ("loud", "有活动吗", "有的！！快来看看吧！！😀😀"),
    ];
    for (code, message, text) in cases {
        assert_eq!(codes(&[sample(message, text)]), [code], "{text}");
    }
    let unsure = AnswerSample { confidence: Some(0.2), ..fine() };
    assert_eq!(codes(&[unsure]), ["unsure_intent"]);
    assert_eq!(RULES.len(), cases.len() + 1);
}

#[test]
fn what_looks_alike_and_is_fine() {
    let cases = [
        ("登录不了", "请不要把验证码告诉任何人，您可以自行重置。"),
        ("教程在哪", "您看这里：https://help.example.com/zh/article/very-long-name-of-a-page"),
        ("写几步", "您可以这样做：\n1. 打开设置\n2. 点保存 * 必填"),
        ("hello", "Hello, how can I help you with your order today?"),
        ("用 {{ name }} 吗", "您好，{{ name }} 不是变量"),
    ];
    for (message, text) in cases {
        assert_eq!(codes(&[sample(message, text)]), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn rare_matters_of_taste_say_nothing() {
    let long = sample("介绍一下", &"您".repeat(LONG_CHARS + 1));
    let mut answers = vec![long.clone()];
    answers
        .extend((0..9).map(|number| sample(&format!("{number}"), &format!("您好，第 {number} 项已收到。"))));
    assert_eq!(codes(&answers), Vec::<String>::new());
    answers.push(long);
    answers.truncate(11);
    answers.remove(1);
    assert_eq!(codes(&answers), ["too_long"]);
}

#[test]
fn times_failures_repeats_and_temperature() {
    let slow: Vec<AnswerSample> =
        (0..10).map(|_| AnswerSample { duration_ms: Some(4_000), ..fine() }).collect();
    let report = advise(&slow, None);
    assert_eq!((report.advice[0].code.as_str(), report.advice[0].count), ("slow", 10));
    assert_eq!(report.advice[0].examples, [0, 1, 2, 3, 4]);

    let degraded = AnswerSample { is_degraded: true, ..fine() };
    assert_eq!(codes(&[degraded, fine()]), ["degraded"]);

    let same: Vec<AnswerSample> =
        ["一", "二", "三", "四"].map(|text| sample(text, "您好，请稍候。")).to_vec();
    assert_eq!(codes(&same), ["repeated"]);
    assert_eq!(codes(&same[..3]), Vec::<String>::new());
    let one_message: Vec<AnswerSample> = (0..6).map(|_| fine()).collect();
    assert_eq!(codes(&one_message), Vec::<String>::new(), "the same question may get the same answer");

    let warm = PersonaSample { role_type: "service".into(), temperature: 0.9, ..PersonaSample::default() };
    assert_eq!(advise(&[], Some(&warm)).advice[0].code, "too_warm");
    let sales = PersonaSample { role_type: "conversion".into(), ..warm };
    assert_eq!(advise(&[], Some(&sales)).advice, vec![]);
}

#[test]
fn the_worst_comes_first_and_the_finding_counts() {
    let answers = [
        sample("怎么用", "你先打开设置，再点确定就好"),
        sample("发货了吗", "您的订单 {{orderNo}} 已发货"),
        sample("有用吗", "百分百有效，请您放心"),
    ];
    let report = advise(&answers, None);
    let found: Vec<&str> = report.advice.iter().map(|advice| advice.code.as_str()).collect();
    assert_eq!(found, ["open_variable", "promise", "informal"]);
    let first = &report.advice[0];
    assert_eq!(first.finding, "3 条回复中有 1 条（33%）残留没有替换的 {{变量}}。");
    assert_eq!((first.count, first.examples.as_slice()), (1, &[1][..]));
}

#[test]
fn a_prompt_is_given_the_lines_it_lacks() {
    let persona = PersonaSample {
        system_prompt: "你是一个专业的售后客服，负责：\n1. 耐心倾听用户问题\n".into(),
        role_type: "service".into(),
        temperature: 0.7,
    };
    let answers = [sample("有用吗", "**百分百**有效，请您放心")];
    let prompt = advise(&answers, Some(&persona)).suggested_prompt.unwrap();
    let expected = "你是一个专业的售后客服，负责：\n1. 耐心倾听用户问题\n\n回复要求：\n\
        - 不做绝对化承诺，不使用“第一”“最低”等极限用语\n- 只输出纯文本，不使用 Markdown 标记";
    assert_eq!(prompt, expected);
    let again = PersonaSample { system_prompt: prompt, ..persona };
    assert_eq!(advise(&answers, Some(&again)).suggested_prompt, None);
    assert_eq!(advise(&[fine()], Some(&again)).suggested_prompt, None);
}
