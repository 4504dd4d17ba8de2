//! Pure: the templates that are switched on, by category and by id.
use std::collections::HashMap;

use super::variables::{Variables, value, variable_names};

/// A template that may answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// `template_001` and so on for those that came with the program.
    pub id: String,
    /// Its scene.
    pub category: String,
    /// The persona type it is written for; none = all.
    pub persona_type: Option<String>,
    /// Whether it came with the program.
    pub is_preset: bool,
    /// Its text.
    pub text: String,
}

/// All templates that may answer; built once after a change.
#[derive(Debug, Clone, Default)]
pub struct TemplateBook {
    entries: Vec<Entry>,
    by_category: HashMap<String, Vec<usize>>,
    by_id: HashMap<String, usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) template: Template,
    variables: Vec<String>,
}

impl Entry {
    /// Whether nothing is missing for its text.
    pub(super) fn is_complete(&self, variables: &Variables) -> bool {
        self.variables.iter().all(|name| value(variables, name).is_some())
    }

    /// Whether it is written for this persona type or for all.
    pub(super) fn suits(&self, persona_type: Option<&str>) -> bool {
        match (&self.template.persona_type, persona_type) {
            (Some(own), Some(wanted)) => own == wanted,
            (None, _) | (_, None) => true,
        }
    }
}

impl TemplateBook {
    /// A book of templates; of several with one id the last counts.
    pub fn new(templates: impl IntoIterator<Item = Template>) -> Self {
        let mut book = Self::default();
        for template in templates {
            let variables = variable_names(&template.text).into_iter().map(str::to_owned).collect();
            let entry = Entry { template, variables };
            match book.by_id.get(&entry.template.id).and_then(|index| book.entries.get_mut(*index)) {
                Some(known) => *known = entry,
                None => {
                    book.by_id.insert(entry.template.id.clone(), book.entries.len());
                    book.entries.push(entry);
                }
            }
        }
        for (index, entry) in book.entries.iter().enumerate() {
            book.by_category.entry(entry.template.category.clone()).or_default().push(index);
        }
        book
    }

    /// Number of templates.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The template of an id.
    pub fn find(&self, id: &str) -> Option<&Template> {
        self.entry(id).map(|entry| &entry.template)
    }

    pub(super) fn entry(&self, id: &str) -> Option<&Entry> {
        self.entries.get(*self.by_id.get(id)?)
    }

    pub(super) fn of_category(&self, category: &str) -> impl Iterator<Item = &Entry> {
        self.by_category
            .get(category)
            .map(Vec::as_slice)
            .unwrap_or_default()
            .iter()
            .filter_map(|index| self.entries.get(*index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(id: &str, category: &str, text: &str) -> Template {
        Template {
            id: id.into(),
            category: category.into(),
            persona_type: None,
            is_preset: true,
            text: text.into(),
        }
    }

    #[test]
    fn found_by_id_and_category() {
        let book = TemplateBook::new([
            template("a", "问候语", "您好"),
            template("b", "欢迎语", "欢迎"),
            template("c", "问候语", "在"),
        ]);
        assert_eq!((book.len(), book.is_empty()), (3, false));
        assert_eq!(book.find("b").map(|found| found.text.as_str()), Some("欢迎"));
        assert_eq!(book.find("x"), None);
        assert_eq!(book.of_category("问候语").count(), 2);
        assert_eq!(book.of_category("无").count(), 0);
    }

    #[test]
    fn the_last_of_one_id_counts() {
        let book = TemplateBook::new([template("a", "问候语", "旧"), template("a", "欢迎语", "新")]);
        assert_eq!(book.len(), 1);
        assert_eq!(book.of_category("问候语").count(), 0);
        assert_eq!(book.of_category("欢迎语").count(), 1);
    }
}
