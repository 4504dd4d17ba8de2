//! Pure: what a message is about, told by words and patterns. One pass over the text; the work grows with its length alone.
//!
//! A keyword counts once however often it stands there. An intent's score is the sum of its words times its own weight; how sure
//! it is follows from the score and from how far it is ahead of the others.
use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use workbot_schema::class::Class;

use super::answer::IntentResult;
use super::prompt::IntentChoice;

/// Most characters of a message that are looked at.
const TEXT_CHARS: usize = 600;
/// Most characters between two parts of a pattern.
const GAP_CHARS: usize = 12;
/// A score of this much makes a lone intent half sure.
const HALF_SURE: f64 = 0.5;

/// Everything in `config/intents.toml`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntentFile {
    /// The intents, the more important first: the first of equals wins.
    pub intent: Vec<IntentRule>,
}

/// How one intent is told.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntentRule {
    /// Its name on the wire.
    pub name: String,
    /// What it means, for models.
    #[serde(default)]
    pub description: String,
    /// Multiplies its words.
    #[serde(default = "one")]
    pub weight: f64,
    /// Where its answers stand.
    #[serde(default)]
    pub category: String,
    /// Ids of templates that usually answer it.
    #[serde(default)]
    pub templates: Vec<String>,
    /// Its words.
    #[serde(default)]
    pub keywords: Vec<Keyword>,
    /// Words in this order, `*` for a few characters between them.
    #[serde(default)]
    pub patterns: Vec<Pattern>,
    /// What is asked more closely.
    #[serde(default)]
    pub topic: Vec<Topic>,
}

/// A narrower question within an intent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// Its words; they count for the intent, too.
    #[serde(default)]
    pub keywords: Vec<Keyword>,
    /// Its patterns; they count for the intent, too.
    #[serde(default)]
    pub patterns: Vec<Pattern>,
    /// Where its answers stand; empty = where those of the intent do.
    #[serde(default)]
    pub category: String,
    /// Ids of templates that answer it.
    #[serde(default)]
    pub templates: Vec<String>,
}

/// A word and how much it says.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "Weighted")]
pub struct Keyword {
    /// The word, in any case.
    pub text: String,
    /// How much it says; 1 is usual.
    pub weight: f64,
}

/// Words in order and how much they say.
pub type Pattern = Keyword;

#[derive(Deserialize)]
#[serde(untagged)]
enum Weighted {
    Plain(String),
    Full {
        text: String,
        #[serde(default = "one")]
        weight: f64,
    },
}

impl From<Weighted> for Keyword {
    fn from(weighted: Weighted) -> Self {
        match weighted {
            Weighted::Plain(text) => Self { text, weight: 1.0 },
            Weighted::Full { text, weight } => Self { text, weight },
        }
    }
}

fn one() -> f64 {
    1.0
}

/// The file of intents is of no use; the program was built wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("config/intents.toml: {0}")]
pub struct IntentFileError(String);

impl IntentFileError {
    /// How to treat the failure.
    pub fn class(&self) -> Class {
        Class::Bug
    }
}

/// A word or pattern ready for comparison.
#[derive(Debug, Clone)]
struct Needle {
    /// Its parts in order, each without blanks; the first begins with the letter it is filed under.
    parts: Vec<Vec<char>>,
    weight: f64,
    intent: usize,
    topic: Option<usize>,
}

/// Ready to tell intents.
#[derive(Debug, Clone, Default)]
pub struct IntentMatcher {
    rules: Vec<IntentRule>,
    /// Needles by their first letter.
    needles: HashMap<char, Vec<Needle>>,
}

/// What was told.
#[derive(Debug, Clone, PartialEq)]
pub struct IntentMatch<'a> {
    /// The intent.
    pub rule: &'a IntentRule,
    /// The narrower question, when there is one.
    pub topic: Option<&'a Topic>,
    /// How sure that is, in 0..=1.
    pub confidence: f64,
}

impl IntentMatcher {
    /// Reads the file.
    pub fn parse(text: &str) -> Result<Self, IntentFileError> {
        let file: IntentFile = toml::from_str(&text.replace("\r\n", "\n"))
            .map_err(|error| IntentFileError(error.to_string()))?;
        Self::new(file)
    }

    /// Prepares the intents; an empty name or word is a mistake in the file.
    pub fn new(file: IntentFile) -> Result<Self, IntentFileError> {
        let mut matcher = Self::default();
        for (intent, rule) in file.intent.iter().enumerate() {
            if rule.name.is_empty() || file.intent.iter().take(intent).any(|other| other.name == rule.name) {
                return Err(IntentFileError(format!(
                    "intent {:?} is empty or stands there twice",
                    rule.name
                )));
            }
            matcher.file(intent, None, &rule.keywords, &rule.patterns)?;
            for (index, topic) in rule.topic.iter().enumerate() {
                matcher.file(intent, Some(index), &topic.keywords, &topic.patterns)?;
            }
        }
        matcher.rules = file.intent;
        Ok(matcher)
    }

    /// The intents a model may choose from.
    pub fn choices(&self) -> Vec<IntentChoice<'_>> {
        self.rules
            .iter()
            .map(|rule| IntentChoice { name: &rule.name, description: &rule.description })
            .collect()
    }

    /// The intent of a name.
    pub fn find(&self, name: &str) -> Option<&IntentRule> {
        self.rules.iter().find(|rule| rule.name == name)
    }

    /// What a message is about; `None` when no word of any intent stands in it.
    pub fn tell(&self, text: &str) -> Option<IntentMatch<'_>> {
        self.tell_counting(text, &mut 0)
    }

    /// The same; `work` counts the letters compared.
    fn tell_counting(&self, text: &str, work: &mut u64) -> Option<IntentMatch<'_>> {
        let letters: Vec<char> = letters(text).take(TEXT_CHARS).collect();
        let mut scores = vec![0.0_f64; self.rules.len()];
        let mut topics: HashMap<(usize, usize), f64> = HashMap::new();
        let mut seen: HashSet<(char, usize)> = HashSet::new();
        for at in 0..letters.len() {
            *work += 1;
            let rest = letters.get(at..).unwrap_or_default();
            let Some((letter, needles)) =
                rest.first().and_then(|letter| self.needles.get(letter).map(|needles| (*letter, needles)))
            else {
                continue;
            };
            for (index, needle) in needles.iter().enumerate() {
                if seen.contains(&(letter, index)) || !needle.stands_in(rest, work) {
                    continue;
                }
                seen.insert((letter, index));
                if let Some(score) = scores.get_mut(needle.intent) {
                    *score += needle.weight;
                }
                if let Some(topic) = needle.topic {
                    *topics.entry((needle.intent, topic)).or_default() += needle.weight;
                }
            }
        }
        self.choose(&scores, &topics)
    }

    fn choose(&self, scores: &[f64], topics: &HashMap<(usize, usize), f64>) -> Option<IntentMatch<'_>> {
        let weighted: Vec<f64> =
            self.rules.iter().zip(scores).map(|(rule, score)| (score * rule.weight).max(0.0)).collect();
        let total: f64 = weighted.iter().sum();
        let mut best: Option<(usize, f64)> = None;
        for (index, score) in weighted.iter().enumerate() {
            if *score > best.map_or(0.0, |(_index, score)| score) {
                best = Some((index, *score));
            }
        }
        let (index, score) = best?;
        let rule = self.rules.get(index)?;
        let strength = score / (score + HALF_SURE);
        let confidence = strength * (0.5 + 0.5 * score / total);
        let topic = rule
            .topic
            .iter()
            .enumerate()
            .filter_map(|(number, topic)| topics.get(&(index, number)).map(|score| (topic, *score)));
        let topic = topic.fold(None, |best: Option<(&Topic, f64)>, (topic, score)| match best {
            Some((_topic, known)) if known >= score => best,
            _ => Some((topic, score)),
        });
        Some(IntentMatch { rule, topic: topic.map(|(topic, _score)| topic), confidence })
    }

    fn file(
        &mut self,
        intent: usize,
        topic: Option<usize>,
        keywords: &[Keyword],
        patterns: &[Pattern],
    ) -> Result<(), IntentFileError> {
        let words = keywords.iter().map(|word| (word, vec![letters(&word.text).collect::<Vec<char>>()]));
        let patterns = patterns.iter().map(|pattern| {
            let parts = pattern.text.split('*').map(|part| letters(part).collect::<Vec<char>>());
            (pattern, parts.filter(|part| !part.is_empty()).collect())
        });
        for (source, parts) in words.chain(patterns) {
            let parts: Vec<Vec<char>> = parts;
            let first = parts.first().and_then(|part| part.first()).copied();
            let Some(first) = first.filter(|_letter| source.weight > 0.0 && source.weight.is_finite()) else {
                return Err(IntentFileError(format!("{source:?} is empty or has no weight")));
            };
            self.needles.entry(first).or_default().push(Needle {
                parts,
                weight: source.weight,
                intent,
                topic,
            });
        }
        Ok(())
    }
}

impl Needle {
    /// Whether the text begins with the first part and the others follow, each after a few characters at most.
    fn stands_in(&self, text: &[char], work: &mut u64) -> bool {
        let mut rest = text;
        for (index, part) in self.parts.iter().enumerate() {
            let gaps = if index == 0 { 0 } else { GAP_CHARS };
            let Some(gap) = (0..=gaps).find(|gap| {
                *work += 1;
                rest.get(*gap..).is_some_and(|rest| rest.starts_with(part))
            }) else {
                return false;
            };
            rest = rest.get(gap.saturating_add(part.len())..).unwrap_or_default();
        }
        true
    }
}

/// The letters that are compared: lower case, half width, without blanks.
fn letters(text: &str) -> impl Iterator<Item = char> {
    let half = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter).saturating_sub(0xfee0)).unwrap_or(letter),
        letter => letter,
    };
    let shown = |letter: &char| !letter.is_whitespace() && !letter.is_control();
    text.chars().filter(shown).map(half).flat_map(char::to_lowercase)
}

impl From<Option<IntentMatch<'_>>> for IntentResult {
    fn from(told: Option<IntentMatch<'_>>) -> Self {
        told.map_or_else(Self::unknown, |told| Self::new(told.rule.name.clone(), told.confidence))
    }
}

#[cfg(test)]
#[path = "intents_tests.rs"]
mod tests;
