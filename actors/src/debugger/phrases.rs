//! Pure: words that an answer to a user should not hold, and words that belong in it.

/// Promises nobody can keep, and superlatives that advertising law forbids.
pub const PROMISES: [&str; 18] = [
    "百分百",
    "100%",
    "百分之百",
    "绝对保证",
    "绝对没问题",
    "包您满意",
    "保证有效",
    "保证赚",
    "稳赚",
    "零风险",
    "无任何风险",
    "永久免费",
    "全网最低",
    "史上最低",
    "全国第一",
    "行业第一",
    "国家级",
    "最高级",
];

/// What sends a user away.
pub const COLD: [&str; 14] = [
    "不归我管",
    "不关我",
    "跟我们无关",
    "与我们无关",
    "爱买不买",
    "自己看",
    "自己查",
    "你自己的问题",
    "我也没办法",
    "我不知道",
    "不清楚，",
    "说过了",
    "听不懂吗",
    "随便你",
];

/// What tells that a machine reads from its manual.
pub const MACHINE: [&str; 8] = [
    "作为一个AI",
    "作为一个人工智能",
    "作为人工智能",
    "作为AI",
    "语言模型",
    "as an ai",
    "language model",
    "我的训练数据",
];

/// Secrets that are never asked for.
pub const SECRETS: [&str; 7] =
    ["您的密码", "你的密码", "验证码发给", "验证码告诉", "银行卡号发", "提供银行卡密码", "提供支付密码"];

/// A sentence with one of these warns of giving secrets away instead of asking for them.
pub const WARNINGS: [&str; 8] = ["不要", "请勿", "切勿", "不会", "无需", "不需要", "修改", "重置"];

/// What belongs to the inside and stands in no answer.
pub const INSIDE: [&str; 7] =
    ["<chat_message", "</chat_message", "系统提示词", "system prompt", "我的提示词", "sk-", "api_key"];

/// A user is angry or hurt.
pub const UPSET: [&str; 12] =
    ["投诉", "差评", "骗", "生气", "气死", "太差", "失望", "垃圾", "坏了", "一直没", "没人管", "态度"];

/// An answer that takes it seriously.
pub const SORRY: [&str; 8] = ["抱歉", "对不起", "不好意思", "理解您", "理解你", "道歉", "歉意", "感受"];

/// The first of the phrases that a text holds, whatever its case.
pub fn find(text: &str, phrases: &[&'static str]) -> Option<&'static str> {
    let lower = text.to_lowercase();
    phrases.iter().find(|phrase| lower.contains(&phrase.to_lowercase())).copied()
}

/// Whether a text asks for a secret: a sentence names one and does not warn.
pub fn asks_secret(text: &str) -> Option<&'static str> {
    text.split(['。', '！', '？', '\n', '!', '?', ';', '；'])
        .filter(|sentence| find(sentence, &WARNINGS).is_none())
        .find_map(|sentence| find(sentence, &SECRETS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_asked_for_or_warned_of() {
        let cases = [
            ("请把验证码发给我", true),
            ("请提供您的密码。", true),
            ("请不要把您的密码告诉任何人", false),
            ("请勿把验证码告诉他人。请问还有什么可以帮您？", false),
            ("建议修改您的密码", false),
            ("您好", false),
        ];
        for (text, expected) in cases {
            assert_eq!(asks_secret(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn case_does_not_matter() {
        assert_eq!(find("As an AI language model", &MACHINE), Some("as an ai"));
        assert_eq!(find("", &MACHINE), None);
    }
}
