//! Pure: which template answers.
//!
//! Only what can be filled in completely is said to a user. Asked in this order, the first that has one decides:
//!
//! ```text
//! 1  those named for the topic of the message
//! 2  those named for its intent, and what the operators wrote themselves for the category
//! 3  the whole category
//! 4  the category 通用回复
//! ```
//!
//! Among equals those of the persona (or of no persona) go first, and a seed chooses one: the same message always gets the same
//! answer, different ones vary.
use super::book::{Entry, TemplateBook};
use super::rendering::{Rendered, render};
use super::variables::Variables;

/// The category that answers when the wished one cannot.
pub const GENERAL_CATEGORY: &str = "通用回复";
/// What is said when no template is left.
pub const LAST_WORDS: &str = "您好，您的消息我们已经收到，会尽快为您处理，感谢您的耐心等待！";

/// What kind of template is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// Its scene.
    pub category: &'a str,
    /// Ids of those that answer this very topic.
    pub topic: &'a [String],
    /// Ids of those that usually answer the intent.
    pub usual: &'a [String],
    /// The persona that speaks.
    pub persona_type: Option<&'a str>,
    /// Chooses among equals; made of the message's id.
    pub seed: u64,
}

/// The template that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its scene; [`GENERAL_CATEGORY`] when the wished one had none.
    pub category: &'a str,
    /// Its text, not filled in.
    pub text: &'a str,
}

/// What is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The template; none for [`LAST_WORDS`].
    pub template_id: Option<String>,
    /// The text without open variables.
    pub text: String,
}

impl TemplateBook {
    /// The template for a wish; none when no template can be filled in with these variables.
    pub fn choose(&self, wish: &Wish<'_>, variables: &Variables) -> Option<Choice<'_>> {
        let found = one_of(self.named(wish.topic), wish, variables)
            .or_else(|| one_of(self.usual(wish), wish, variables))
            .or_else(|| one_of(self.of_category(wish.category).collect(), wish, variables))
            .or_else(|| one_of(self.of_category(GENERAL_CATEGORY).collect(), wish, variables))?;
        let template = &found.template;
        Some(Choice { id: &template.id, category: &template.category, text: &template.text })
    }

    /// The answer to a wish. There always is one.
    pub fn answer(&self, wish: &Wish<'_>, variables: &Variables) -> Answer {
        match self.choose(wish, variables) {
            Some(choice) => {
                let Rendered { text, .. } = render(choice.text, variables);
                Answer { template_id: Some(choice.id.to_owned()), text }
            }
            None => Answer { template_id: None, text: LAST_WORDS.to_owned() },
        }
    }

    fn named(&self, ids: &[String]) -> Vec<&Entry> {
        ids.iter().filter_map(|id| self.entry(id)).collect()
    }

    /// Those named for the intent with the operators' own beside them; nothing when none is named.
    fn usual(&self, wish: &Wish<'_>) -> Vec<&Entry> {
        let mut usual = self.named(wish.usual);
        if !usual.is_empty() {
            usual.extend(self.of_category(wish.category).filter(|entry| !entry.template.is_preset));
        }
        usual
    }
}

/// One of those that can be filled in, of the persona if there are such.
fn one_of<'a>(candidates: Vec<&'a Entry>, wish: &Wish<'_>, variables: &Variables) -> Option<&'a Entry> {
    let complete = |entry: &&&Entry| entry.is_complete(variables) && !entry.template.text.trim().is_empty();
    let complete: Vec<&Entry> = candidates.iter().filter(complete).copied().collect();
    let suiting: Vec<&Entry> =
        complete.iter().filter(|entry| entry.suits(wish.persona_type)).copied().collect();
    let equals = if suiting.is_empty() { complete } else { suiting };
    let count = u64::try_from(equals.len()).ok().filter(|count| *count > 0)?;
    let index = usize::try_from(stir(wish.seed) % count).unwrap_or_default();
    equals.get(index).copied()
}

/// Spreads neighbouring seeds over all 64 bits (the finishing step of SplitMix64).
fn stir(seed: u64) -> u64 {
    let mut word = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::super::book::Template;
    use super::*;

    fn template(id: &str, persona_type: Option<&str>, text: &str) -> Template {
        let category = if id.starts_with("general") { GENERAL_CATEGORY } else { "售后咨询" };
        Template {
            id: id.into(),
            category: category.into(),
            persona_type: persona_type.map(str::to_owned),
            is_preset: !id.starts_with("own"),
            text: text.into(),
        }
    }

    fn book() -> TemplateBook {
        TemplateBook::new([
            template("general", None, "收到"),
            template("all", None, "您好，{{userName}}"),
            template("service", Some("service"), "售后"),
            template("sales", Some("conversion"), "转化"),
            template("open", None, "订单 {{orderNo}}"),
            template("own", None, "自己写的"),
            template("own-open", None, "{{orderNo}}"),
        ])
    }

    fn variables() -> Variables {
        json!({"userName": "张三"}).as_object().cloned().unwrap()
    }

    /// Everything that answers over many seeds.
    fn answers(wish: Wish<'_>) -> BTreeSet<String> {
        let book = book();
        let of_seed =
            |seed| book.choose(&Wish { seed, ..wish }, &variables()).map(|found| found.id.to_owned());
        (0..200).filter_map(of_seed).collect()
    }

    fn ids(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn who_may_answer() {
        let service = Wish { category: "售后咨询", ..Wish::default() };
        let cases: [(&str, Wish<'_>, &[&str]); 8] = [
            ("no persona: everything that is complete", service, &["all", "own", "sales", "service"]),
            ("a persona", Wish { persona_type: Some("service"), ..service }, &["all", "own", "service"]),
            ("an unknown persona", Wish { persona_type: Some("x"), ..service }, &["all", "own"]),
            ("usual ones and own ones", Wish { usual: &ids(&["all", "open"]), ..service }, &["all", "own"]),
            ("a topic", Wish { topic: &ids(&["service"]), usual: &ids(&["all"]), ..service }, &["service"]),
            (
                "a topic of another persona is better than none",
                Wish { topic: &ids(&["sales"]), persona_type: Some("service"), ..service },
                &["sales"],
            ),
            (
                "a topic that lacks a value",
                Wish { topic: &ids(&["open", "gone"]), usual: &ids(&["all"]), ..service },
                &["all", "own"],
            ),
            ("an empty category", Wish { category: "无", ..service }, &["general"]),
        ];
        for (name, wish, expected) in cases {
            let expected: BTreeSet<String> = ids(expected).into_iter().collect();
            assert_eq!(answers(wish), expected, "{name}");
        }
    }

    #[test]
    fn one_seed_one_answer() {
        let wish = Wish { category: "售后咨询", seed: 42, ..Wish::default() };
        let (book, variables) = (book(), variables());
        assert_eq!(book.answer(&wish, &variables), book.answer(&wish, &variables));
    }

    #[test]
    fn neighbouring_seeds_spread() {
        let book = book();
        let mut counts = std::collections::BTreeMap::new();
        for seed in 0..4_000 {
            let wish = Wish { category: "售后咨询", seed, ..Wish::default() };
            *counts.entry(book.answer(&wish, &variables()).template_id).or_insert(0_u32) += 1;
        }
        assert_eq!(counts.len(), 4);
        assert!(counts.values().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }

    #[test]
    fn answers_are_filled_in_and_never_missing() {
        let wish = Wish { category: "售后咨询", topic: &ids(&["all"]), ..Wish::default() };
        assert_eq!(book().answer(&wish, &variables()).text, "您好，张三");
        let alone = TemplateBook::new([template("open", None, "{{orderNo}}"), template("empty", None, " ")]);
        let answer = alone.answer(&wish, &variables());
        assert_eq!(answer, Answer { template_id: None, text: LAST_WORDS.to_owned() });
    }
}
