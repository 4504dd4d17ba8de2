//! The provider that is always there: intents by words, replies by templates. Asks nobody and answers at once.
use std::collections::HashMap;

use workbot_schema::ai_message_templates::AiMessageTemplate;
use workbot_schema::ids::UserId;

use super::super::answer::IntentResult;
use super::super::intents::{IntentMatcher, IntentRule, Topic};
use super::super::prompt::IntentChoice;
use super::super::turn::{ReplyText, RulesInput};
use crate::template::choice::GENERAL_CATEGORY;
use crate::template::{Template, TemplateBook, Wish};

/// Intents and templates as they are at one time.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    intents: std::sync::Arc<IntentMatcher>,
    /// What everybody may use.
    shared: TemplateBook,
    /// The same and what an owner wrote.
    owned: HashMap<UserId, TemplateBook>,
}

impl Rules {
    /// Rules over the templates that are switched on.
    pub fn new(intents: std::sync::Arc<IntentMatcher>, rows: &[AiMessageTemplate]) -> Self {
        let active: Vec<_> = rows.iter().filter(|row| row.is_active && row.deleted_at.is_none()).collect();
        let book = |owner: Option<&UserId>| {
            let visible =
                active.iter().filter(|row| row.owner_id.is_none() || row.owner_id.as_ref() == owner);
            TemplateBook::new(visible.map(|row| template(row)))
        };
        let owners = active.iter().filter_map(|row| row.owner_id.clone());
        let owned = owners.collect::<std::collections::HashSet<_>>();
        let owned = owned.into_iter().map(|owner| (owner.clone(), book(Some(&owner)))).collect();
        Self { intents, shared: book(None), owned }
    }

    /// The same intents over other templates.
    pub fn with_templates(&self, rows: &[AiMessageTemplate]) -> Self {
        Self::new(std::sync::Arc::clone(&self.intents), rows)
    }

    /// The intents a model may choose from.
    pub fn choices(&self) -> Vec<IntentChoice<'_>> {
        self.intents.choices()
    }

    /// What a message is about; `chat` with confidence 0 when no word says anything.
    pub fn intent(&self, input: &RulesInput) -> IntentResult {
        self.intents.tell(&input.text).into()
    }

    /// What is said to a message. There always is something.
    pub fn reply(&self, input: &RulesInput) -> ReplyText {
        let told = self.intents.tell(&input.text);
        let named = input.intent.as_deref().and_then(|name| self.intents.find(name));
        let rule: Option<&IntentRule> = named.or(told.as_ref().map(|told| told.rule));
        // A topic helps only when it belongs to the intent and the category that are answered.
        let topic: Option<&Topic> =
            told.as_ref().filter(|told| rule == Some(told.rule)).and_then(|told| told.topic);
        let of_topic = topic.map(|topic| topic.category.as_str()).filter(|category| !category.is_empty());
        let own =
            of_topic.or(rule.map(|rule| rule.category.as_str())).filter(|category| !category.is_empty());
        let category = input.category.as_deref().or(own).unwrap_or(GENERAL_CATEGORY);
        let fits = own == Some(category);
        let ids = |ids: Option<&Vec<String>>| ids.filter(|_ids| fits).cloned().unwrap_or_default();
        let wish = Wish {
            category,
            topic: &ids(topic.map(|topic| &topic.templates)),
            usual: &ids(rule.map(|rule| &rule.templates)),
            persona_type: input.persona_type.as_deref(),
            seed: input.seed,
        };
        let book = input.owner.as_ref().and_then(|owner| self.owned.get(owner)).unwrap_or(&self.shared);
        let answer = book.answer(&wish, &input.variables);
        ReplyText { text: answer.text, template_id: answer.template_id }
    }
}

fn template(row: &AiMessageTemplate) -> Template {
    Template {
        id: row.id.0.clone(),
        category: row.category.clone(),
        persona_type: row.persona_type.clone(),
        is_preset: row.is_preset,
        text: row.template.clone(),
    }
}
