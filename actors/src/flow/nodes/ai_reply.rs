//! Pure: `ai_reply`, the words of the reply: the alert's sentence, a fixed text, a template, or what a model writes.
use serde_json::{Map, Value, json};
use workbot_schema::wire::flow::{AiReplyConfig, StandardContext};

use super::super::context::excerpt;
use super::super::effects::{Effect, ReplyAsk, TemplateAsk, TemplateSource};
use super::super::event::ReplyOutcome;
use super::super::state::{Asking, Question, RunState};
use super::report::report;
use super::{Failure, Progress, Visiting};

/// Longest reply, characters; a longer one is cut.
const REPLY_CHARS_MAX: usize = 10_000;

pub fn input(config: &AiReplyConfig, context: &StandardContext) -> Value {
    json!({
        "originalMessage": excerpt(&context.original_message), "intent": context.intent,
        "personaId": config.persona_id.as_ref().map(|id| id.as_str()).or(context.persona_id.as_deref()),
        "modelId": config.model_id, "templateCategory": config.template_category, "isAlert": is_alert(context),
    })
}

pub fn enter(config: &AiReplyConfig, visiting: Visiting<'_>) -> Progress {
    match words(config, visiting.context) {
        Some((text, source)) if !has_variables(text) => match say(text, visiting.context) {
            Ok(mut output) => {
                output.insert("source".to_owned(), json!(source));
                Progress::Done(Value::Object(output))
            }
            Err(failure) => Progress::Failed(failure),
        },
        Some(_) => Progress::Ask(Question::Template),
        None if config.template_category.is_some() => Progress::Ask(Question::Template),
        None => Progress::Ask(Question::Reply),
    }
}

/// The words that are given, and from where.
fn words<'a>(config: &'a AiReplyConfig, context: &StandardContext) -> Option<(&'a str, &'static str)> {
    let alert = config.alert_reply.text().filter(|_| is_alert(context)).map(|text| (text, "alert"));
    alert.or_else(|| config.fixed_reply.as_deref().map(|text| (text, "fixed")))
}

fn has_variables(text: &str) -> bool {
    text.contains("{{")
}

fn is_alert(context: &StandardContext) -> bool {
    context.alert_id.is_some()
}

pub fn ask(config: &AiReplyConfig, asking: &Asking, context: &StandardContext, state: &RunState) -> Effect {
    let mut excluded = Vec::new();
    for model in state.failed_intent.iter().chain(&state.failed_reply).chain(&asking.excluded) {
        if !excluded.contains(model) {
            excluded.push(model.clone());
        }
    }
    Effect::AskReply(ReplyAsk {
        at: asking.at.clone(),
        model_id: config.model_id.clone(),
        persona_id: config.persona_id.clone(),
        excluded,
        is_rules_only: asking.is_rules_only,
        is_alert: is_alert(context),
        deadline: asking.deadline,
    })
}

pub fn ask_template(config: &AiReplyConfig, asking: &Asking, context: &StandardContext) -> Option<Effect> {
    let source = match words(config, context) {
        Some((text, _)) => TemplateSource::Text(text.to_owned()),
        None => TemplateSource::Category(config.template_category.clone()?),
    };
    Some(Effect::RenderTemplate(TemplateAsk {
        at: asking.at.clone(),
        source,
        persona_id: config.persona_id.clone(),
    }))
}

/// Takes a rendered template into the context. Without one a model is asked.
pub fn rendered(text: Option<&str>, context: &mut StandardContext) -> Progress {
    match text.map(|text| say(text, context)) {
        Some(Ok(mut output)) => {
            output.insert("source".to_owned(), json!("template"));
            Progress::Done(Value::Object(output))
        }
        Some(Err(_)) | None => Progress::Ask(Question::Reply),
    }
}

/// Takes what a model or the rules wrote into the context.
pub fn replied(outcome: &ReplyOutcome, context: &mut StandardContext) -> Result<Value, Failure> {
    let said = say(&outcome.text, context)?;
    if outcome.persona_id.is_some() {
        context.persona_id.clone_from(&outcome.persona_id);
        context.persona_type.clone_from(&outcome.persona_type);
    }
    let mut output = report(&outcome.report);
    output.extend(said);
    output.insert(
        "source".to_owned(),
        json!(if outcome.report.model_id.is_some() { "model" } else { "rules" }),
    );
    output.insert("personaId".to_owned(), json!(context.persona_id));
    Ok(Value::Object(output))
}

fn say(text: &str, context: &mut StandardContext) -> Result<Map<String, Value>, Failure> {
    let text: String = text.trim().chars().take(REPLY_CHARS_MAX).collect();
    if text.is_empty() {
        return Err(Failure::new("empty_reply", "回复内容为空"));
    }
    context.ai_response = Some(text.clone());
    Ok(Map::from_iter([("aiResponse".to_owned(), Value::String(text))]))
}
