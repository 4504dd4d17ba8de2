//! Pure: what is made of a model's text. It is data: cleaned, cut, and read leniently; nothing in it is obeyed.
use serde_json::{Map, Value};

/// Most characters of a reply that are kept.
pub const REPLY_CHARS: usize = 4_000;
/// Most characters of a text that are looked at for an intent.
const INTENT_CHARS: usize = 8_000;
/// Most entities kept, and most characters of the name and the value of one.
const ENTITIES: usize = 20;
const ENTITY_CHARS: usize = 200;
/// The intent of everything that is none of the others.
pub const CHAT: &str = "chat";

/// What a message is about.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentResult {
    /// Name of the intent; `chat` when it is none of the others.
    pub intent: String,
    /// How sure that is, in 0..=1.
    pub confidence: f64,
    /// Names and values found in the message; texts only.
    pub entities: Map<String, Value>,
}

impl IntentResult {
    /// An intent without entities.
    pub fn new(intent: impl Into<String>, confidence: f64) -> Self {
        Self { intent: intent.into(), confidence, entities: Map::new() }
    }

    /// Nothing was understood.
    pub fn unknown() -> Self {
        Self::new(CHAT, 0.0)
    }
}

/// A reply without control characters, thoughts and surplus blank, cut to [`REPLY_CHARS`]; `None` when nothing is left.
pub fn reply_text(raw: &str) -> Option<String> {
    let text = clean(without_thoughts(raw), REPLY_CHARS);
    (!text.is_empty()).then_some(text)
}

/// The intent in a model's text. `known` are the names there are; another name, or no name, is chat with confidence 0.
pub fn intent(raw: &str, known: &[impl AsRef<str>]) -> IntentResult {
    let text = clean(without_thoughts(raw), INTENT_CHARS);
    let find = |name: &str| {
        let name = name.trim().to_lowercase();
        known.iter().map(AsRef::as_ref).find(|intent| *intent == name).map(str::to_owned)
    };
    let Some(object) = first_object(&text) else {
        // A model that does not keep to JSON still often says nothing but the name.
        let word = text.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
        return find(word).map_or_else(IntentResult::unknown, |intent| IntentResult::new(intent, 0.5));
    };
    let field = |names: &[&str]| names.iter().find_map(|name| object.get(*name));
    let Some(intent) = field(&["intent", "type", "label", "意图"]).and_then(Value::as_str).and_then(find)
    else {
        return IntentResult::unknown();
    };
    let confidence = field(&["confidence", "score", "probability", "置信度"]).map_or(0.5, confidence);
    let entities = field(&["entities", "slots"]).and_then(Value::as_object).map(entities).unwrap_or_default();
    IntentResult { intent, confidence, entities }
}

/// A number, a text that holds one, or a percentage; what is none is 0.
fn confidence(value: &Value) -> f64 {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => {
            let text = text.trim();
            text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>().ok()
        }
        _ => None,
    };
    let number = number.filter(|number| number.is_finite()).unwrap_or(0.0);
    // 95 means 95 %; 1.5 means a model that cannot count.
    let share = if number > 2.0 { number / 100.0 } else { number };
    share.clamp(0.0, 1.0)
}

fn entities(object: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(clean(text, ENTITY_CHARS)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(is.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    let pairs = object.iter().filter_map(|(name, value)| Some((clean(name, ENTITY_CHARS), text(value)?)));
    pairs.take(ENTITIES).map(|(name, text)| (name, Value::String(text))).collect()
}

/// The first JSON object in a text that may say more around it.
fn first_object(text: &str) -> Option<Map<String, Value>> {
    // Each try begins at a brace; a handful is enough, and a text of braces must not cost its square.
    for (at, _brace) in text.match_indices('{').take(8) {
        let rest = text.get(at..)?;
        if let Some(Ok(Value::Object(object))) = serde_json::Deserializer::from_str(rest).into_iter().next() {
            return Some(object);
        }
    }
    None
}

/// What stands after a block in which some models think aloud.
fn without_thoughts(text: &str) -> &str {
    let rest = text.trim_start();
    match rest.strip_prefix("<think>") {
        Some(thoughts) => thoughts.split_once("</think>").map_or("", |(_thoughts, answer)| answer),
        None => rest,
    }
}

/// Without control characters but line ends and tabs, without what turns the direction of text around, trimmed and cut.
pub fn clean(text: &str, chars: usize) -> String {
    let is_kept = |letter: &char| match letter {
        '\n' | '\t' => true,
        '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => false,
        letter => !letter.is_control(),
    };
    let text: String = text.trim().chars().filter(is_kept).take(chars).collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: [&str; 4] = ["service", "risk", "chat", "consult"];

    #[test]
    fn intents_are_read_from_whatever_stands_around_them() {
        let table = [
            (r#"{"intent":"service","confidence":0.95}"#, "service", 0.95),
            ("```json\n{\"intent\": \"risk\", \"confidence\": \"0.8\"}\n```", "risk", 0.8),
            ("好的，结果如下：{\"intent\":\"Service \",\"confidence\":\"95%\"} 希望有帮助", "service", 0.95),
            ("{oops} {\"type\":\"consult\",\"score\":80}", "consult", 0.8),
            ("<think>it is {\"intent\":\"risk\"}</think>{\"intent\":\"chat\",\"confidence\":1}", "chat", 1.0),
            (r#"{"intent":"service"}"#, "service", 0.5),
            (r#"{"intent":"service","confidence":-3}"#, "service", 0.0),
            (r#"{"intent":"service","confidence":1.2}"#, "service", 1.0),
            (r#"{"intent":"service","confidence":null}"#, "service", 0.0),
            ("service", "service", 0.5),
            ("**risk**。", "risk", 0.5),
            (r#"{"intent":"rm -rf","confidence":1}"#, "chat", 0.0),
            (r#"{"intent":7,"confidence":1}"#, "chat", 0.0),
            (r#"["service"]"#, "service", 0.5),
            ("no idea", "chat", 0.0),
            ("", "chat", 0.0),
            ("<think>for ever", "chat", 0.0),
            ("{", "chat", 0.0),
        ];
        for (raw, name, sure) in table {
            let found = intent(raw, &KNOWN);
            assert_eq!((found.intent.as_str(), found.confidence), (name, sure), "{raw}");
        }
    }

    #[test]
    fn entities_are_short_texts() {
        let raw = r#"{"intent":"service","confidence":1,"entities":{"order":"A1\u0000","n":3,"deep":{"x":1},"no":null}}"#;
        let found = intent(raw, &KNOWN);
        assert_eq!(Value::Object(found.entities), serde_json::json!({"order": "A1", "n": "3"}));
    }

    #[test]
    fn replies_are_cleaned_and_cut() {
        let table = [
            ("  您好\u{0}！\r\n第二行\t好 ", Some("您好！\n第二行\t好")),
            ("<think>他想要退款</think>\n好的", Some("好的")),
            ("\u{202e}abc\u{feff}", Some("abc")),
            (" \u{7}\n ", None),
            ("", None),
        ];
        for (raw, expected) in table {
            assert_eq!(reply_text(raw).as_deref(), expected, "{raw:?}");
        }
        assert_eq!(reply_text(&"长".repeat(100_000)).unwrap().chars().count(), REPLY_CHARS);
    }

    #[test]
    fn a_text_of_braces_is_read_at_eight_places() {
        assert_eq!(intent(&"{".repeat(INTENT_CHARS), &KNOWN), IntentResult::unknown());
        assert_eq!(intent(&format!("{}[]", "{\"a\":".repeat(500)), &KNOWN), IntentResult::unknown());
    }

    proptest! {
        #[test]
        fn any_text_gives_a_known_intent(raw in "\\PC{0,200}|[{}\":a-z0-9, ]{0,60}") {
            let found = intent(&raw, &KNOWN);
            prop_assert!(KNOWN.contains(&found.intent.as_str()));
            prop_assert!((0.0..=1.0).contains(&found.confidence));
        }

        #[test]
        fn any_reply_is_bounded_and_clean(raw in any::<String>()) {
            if let Some(text) = reply_text(&raw) {
                prop_assert!(!text.is_empty() && text.chars().count() <= REPLY_CHARS);
                prop_assert!(text.chars().all(|letter| !letter.is_control() || letter == '\n' || letter == '\t'));
            }
        }
    }
}
