//! What a session knows without asking anybody far away: rules, templates, alert rules.
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Map;
use workbot_schema::alert_notifications::AlertNotification;
use workbot_schema::alerts::AlertLevel;
use workbot_schema::fields::Ts;
use workbot_schema::ids::ModelId;
use workbot_schema::robots::Robot;
use workbot_schema::wire::flow::StandardContext;

use super::history::RESET_REPLY;
use super::library::{Design, Voice};
use super::live_run::Oracle;
use crate::alert::{Facts, RuleBook, Subject};
use crate::flow::{
    AskReport, IntentAsk, IntentOutcome, Notice, ReplyAsk, ReplyOutcome, RuleMatch, RulesAsk, Run,
    TemplateAsk, TemplateSource,
};
use crate::provider::{Need, Providers, RulesInput};
use crate::template::{ChatFacts, render};

/// What the rules call themselves.
const RULES: &str = "rules";
/// The intent of a reset: nothing.
const CHAT: &str = "chat";

/// The knowledge for one step of one run.
pub struct Knowledge<'a> {
    /// Rules and models.
    pub providers: &'a Providers,
    /// Personas and flows.
    pub design: &'a Design,
    /// Alert rules and channels.
    pub rules: &'a RuleBook,
    /// Whose chat.
    pub robot: &'a Robot,
    /// The persona chosen for the chat.
    pub chat_persona: Option<&'a str>,
    /// Everything is answered with these words.
    pub is_canned: bool,
    /// The time.
    pub now: Ts,
}

impl Knowledge<'_> {
    /// Who speaks; `node` = the persona the node names.
    pub fn voice(&self, node: Option<&str>) -> Option<Voice> {
        self.design.voice_of(self.robot, node.or(self.chat_persona))
    }

    /// The models asked first, the first one first.
    pub fn preferred(&self, node: Option<&ModelId>, voice: Option<&Voice>) -> Vec<ModelId> {
        let robot = self.robot.ai_model_id.as_deref().filter(|id| !id.is_empty()).map(Into::into);
        let named = voice.and_then(|voice| voice.preferred.as_deref());
        let named = named.and_then(|name| self.providers.find_named(name, self.robot.owner_id.as_ref()));
        let voice = voice.map(|voice| voice.models.clone()).unwrap_or_default();
        let mut models = Vec::new();
        for model in node.cloned().into_iter().chain(robot).chain(named).chain(voice) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }

    /// Whether a model could be asked anything in a turn.
    pub fn has_models(&self) -> bool {
        let voice = self.voice(None);
        let preferred = self.preferred(None, voice.as_ref());
        self.has_model(&preferred, Need::Intent) || self.has_model(&preferred, Need::Reply)
    }

    fn has_model(&self, preferred: &[ModelId], need: Need) -> bool {
        self.providers.has_models(self.robot.owner_id.as_ref(), preferred, need)
    }

    /// What rules answer with.
    pub fn rules_input(
        &self,
        context: &StandardContext,
        voice: Option<&Voice>,
        category: Option<&str>,
    ) -> RulesInput {
        RulesInput {
            text: context.original_message.clone(),
            owner: self.robot.owner_id.clone(),
            persona_type: voice.map(|voice| voice.persona.role_type.clone()),
            category: category.map(str::to_owned),
            intent: context.intent.clone(),
            variables: self.variables(context, voice),
            seed: seed(context.message_id.as_str()),
        }
    }

    fn variables(&self, context: &StandardContext, voice: Option<&Voice>) -> Map<String, serde_json::Value> {
        let facts = ChatFacts {
            user_name: &context.user_name,
            robot_name: &context.robot_name,
            persona_name: voice.map(|voice| voice.persona.name.as_str()),
            group_name: context.group_remark.as_deref().or(context.group_name.as_deref()),
            message: &context.original_message,
            at: self.now,
        };
        let mut variables = facts.variables();
        for (name, value) in &context.variables {
            variables.entry(name.clone()).or_insert_with(|| value.clone());
        }
        variables
    }
}

impl Oracle for Knowledge<'_> {
    fn intent(&self, run: &Run, ask: &IntentAsk) -> Option<IntentOutcome> {
        if self.is_canned {
            return Some(IntentOutcome { intent: CHAT.to_owned(), confidence: 1.0, report: report() });
        }
        let voice = self.voice(None);
        let preferred = self.preferred(ask.model_id.as_ref(), voice.as_ref());
        if !ask.is_rules_only && self.has_model(&preferred, Need::Intent) {
            return None;
        }
        let told = self.providers.rules().intent(&self.rules_input(&run.context, voice.as_ref(), None));
        Some(IntentOutcome { intent: told.intent, confidence: told.confidence, report: report() })
    }

    fn reply(&self, run: &Run, ask: &ReplyAsk) -> Option<ReplyOutcome> {
        let plain = |text: String| ReplyOutcome { text, report: report(), ..ReplyOutcome::default() };
        if self.is_canned {
            return Some(plain(RESET_REPLY.to_owned()));
        }
        let voice = self.voice(ask.persona_id.as_ref().map(|id| id.as_str()));
        let preferred = self.preferred(ask.model_id.as_ref(), voice.as_ref());
        if !ask.is_rules_only && self.has_model(&preferred, Need::Reply) {
            return None;
        }
        if let Some(refusal) = super::seed::refusal(&run.context) {
            return Some(plain(refusal.to_owned()));
        }
        let said = self.providers.reply_by_rules(&self.rules_input(&run.context, voice.as_ref(), None));
        Some(plain(said.text))
    }

    fn template(&self, run: &Run, ask: &TemplateAsk) -> Option<String> {
        let voice = self.voice(ask.persona_id.as_ref().map(|id| id.as_str()));
        match &ask.source {
            TemplateSource::Text(text) => {
                Some(render(text, &self.variables(&run.context, voice.as_ref())).text)
            }
            TemplateSource::Category(category) => {
                let input = self.rules_input(&run.context, voice.as_ref(), Some(category));
                Some(self.providers.reply_by_rules(&input).text)
            }
        }
    }

    fn rules(&self, run: &Run, ask: &RulesAsk) -> Vec<RuleMatch> {
        let context = &run.context;
        let facts = Facts {
            text: Some(&context.original_message),
            intent: context.intent.as_deref(),
            level: context.alert_level.as_deref().and_then(AlertLevel::parse),
        };
        let subject = Subject { robot_id: &self.robot.robot_id, owner: self.robot.owner_id.as_ref() };
        let matched = self.rules.evaluate(subject, &facts, &ask.rule_ids, self.now);
        matched
            .into_iter()
            .map(|rule| RuleMatch {
                rule_id: rule.rule_id,
                name: rule.name,
                level: rule.level.as_str().to_owned(),
                channel_ids: rule.channel_ids,
            })
            .collect()
    }

    fn notifications(&self, run: &Run, notice: &Notice) -> Vec<AlertNotification> {
        let told = super::notice::of_run(run, self.robot, self.now);
        self.rules.notifications(
            &notice.alert_id,
            &notice.channel_ids,
            self.robot.owner_id.as_ref(),
            &told,
            self.now,
        )
    }
}

/// The rules answered, at once and for nothing.
fn report() -> AskReport {
    AskReport { model_name: RULES.to_owned(), provider: RULES.to_owned(), ..AskReport::default() }
}

/// The same message always chooses the same among equals.
pub fn seed(message: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.hash(&mut hasher);
    hasher.finish()
}
