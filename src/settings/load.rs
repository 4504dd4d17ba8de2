//! From sources to settings: the strongest source wins, and every problem is told.

use super::problem::{Origin, Problem, Problems};
use super::source::{self, Entry, Sources};
use super::{Settings, variable};
use std::collections::BTreeMap;

/// Settings as loaded: usable only when there is no problem.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The values; a key with a problem has its default.
    pub settings: Settings,
    /// Where each key that is not at its default came from, by `section.key`.
    pub origins: BTreeMap<String, Origin>,
    /// All that is wrong.
    pub problems: Problems,
}

impl Loaded {
    /// Reads and checks all sources: defaults < `config/workbot.toml` < `--config` < environment < flags.
    pub fn from_sources(sources: &Sources) -> Self {
        let mut loaded = Self::default();
        let catalogue = Catalogue::new(&loaded.settings);
        let mut winners: BTreeMap<String, Entry> = BTreeMap::new();
        for entry in source::entries(sources, &mut loaded.problems) {
            if catalogue.has(&entry.key) {
                winners.insert(entry.key.clone(), entry);
            } else if !catalogue.is_empty_section(&entry) {
                loaded.problems.push(catalogue.unknown(&entry));
            }
        }
        for (key, entry) in winners {
            if !loaded.settings.set(&key, &entry.raw) {
                loaded.problems.push(catalogue.wrong_type(&entry));
            }
            loaded.origins.insert(key, entry.origin);
        }
        let Self { settings, origins, problems } = &mut loaded;
        if let Err(broken) = settings.validate() {
            problems.absorb(broken, |key| origins.get(key).cloned().unwrap_or(Origin::Default));
        }
        loaded
    }

    /// The settings, or everything that is wrong with them.
    pub fn into_settings(self) -> Result<Settings, Problems> {
        if self.problems.is_empty() { Ok(self.settings) } else { Err(self.problems) }
    }
}

/// All keys there are, with what each expects.
struct Catalogue {
    sections: Vec<&'static str>,
    keys: BTreeMap<String, (String, bool)>,
}

impl Catalogue {
    fn new(settings: &Settings) -> Self {
        let mut keys = BTreeMap::new();
        let sections = settings.sections();
        for section in sections {
            for key in section.keys() {
                keys.insert(format!("{}.{}", section.name(), key.name), (key.expected, key.is_secret));
            }
        }
        Self { sections: sections.iter().map(|section| section.name()).collect(), keys }
    }

    fn has(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// A header without keys under it, which is no mistake.
    fn is_empty_section(&self, entry: &Entry) -> bool {
        matches!(&entry.raw, super::value::Raw::Toml(toml::Value::Table(table)) if table.is_empty())
            && self.sections.contains(&entry.key.as_str())
    }

    fn unknown(&self, entry: &Entry) -> Problem {
        let nearest = self.nearest(&entry.key);
        let way_out = match (&entry.origin, nearest.and_then(|key| key.split_once('.'))) {
            (Origin::Variable(_), Some((section, key))) => {
                format!("did you mean {}?", variable::variable_name(section, key))
            }
            (_, Some((section, key))) => format!("did you mean {section}.{key}?"),
            (_, None) => "`workbot config print` lists all keys".to_owned(),
        };
        Problem {
            key: entry.key.clone(),
            origin: entry.origin.clone(),
            problem: "unknown key".to_owned(),
            way_out,
        }
    }

    fn wrong_type(&self, entry: &Entry) -> Problem {
        let (expected, is_secret) =
            self.keys.get(&entry.key).map_or(("another value", false), |(text, secret)| (text, *secret));
        let problem = if is_secret {
            "the value is of the wrong type".to_owned()
        } else {
            format!("{} is of the wrong type or out of range", entry.raw.excerpt())
        };
        Problem {
            key: entry.key.clone(),
            origin: entry.origin.clone(),
            problem,
            way_out: format!("give {expected}"),
        }
    }

    /// The key most likely meant. The name counts more than the section; without a section both are compared as one.
    fn nearest(&self, unknown: &str) -> Option<&str> {
        self.keys
            .keys()
            .map(|key| (similarity(key, unknown), key))
            .filter(|(similarity, _)| *similarity >= 0.6)
            .max_by(|(left, _), (right, _)| left.total_cmp(right))
            .map(|(_, key)| key.as_str())
    }
}

fn similarity(key: &str, unknown: &str) -> f64 {
    let alike = strsim::normalized_damerau_levenshtein;
    let (own_section, own_name) = key.split_once('.').unwrap_or(("", key));
    match unknown.split_once('.') {
        Some((_, name)) if alike(own_name, name) < 0.6 => 0.0,
        Some((section, name)) => 0.8 * alike(own_name, name) + 0.2 * alike(own_section, section),
        None => alike(&key.replace('.', "_"), unknown).max(0.9 * alike(own_name, unknown)),
    }
}
