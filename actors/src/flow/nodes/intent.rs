//! Pure: `intent`, what the message wants.
use serde_json::{Value, json};
use workbot_schema::wire::flow::{IntentConfig, StandardContext};

use super::super::context::excerpt;
use super::super::effects::{Effect, IntentAsk};
use super::super::event::IntentOutcome;
use super::super::state::{Asking, RunState};
use super::report::report;

/// What a message counts as when nobody is sure enough.
const UNSURE: &str = "chat";
/// Longest name of an intent, characters.
const INTENT_CHARS_MAX: usize = 64;

pub fn input(config: &IntentConfig, context: &StandardContext) -> Value {
    json!({
        "originalMessage": excerpt(&context.original_message), "modelId": config.model_id,
        "minConfidence": config.min_confidence,
    })
}

pub fn ask(config: &IntentConfig, asking: &Asking, state: &RunState) -> Effect {
    let mut excluded = state.failed_intent.clone();
    excluded.extend(asking.excluded.iter().filter(|model| !state.failed_intent.contains(model)).cloned());
    Effect::AskIntent(IntentAsk {
        at: asking.at.clone(),
        model_id: config.model_id.clone(),
        excluded,
        is_rules_only: asking.is_rules_only,
        deadline: asking.deadline,
    })
}

/// Takes the answer into the context; the output of the visit.
pub fn understood(config: &IntentConfig, outcome: &IntentOutcome, context: &mut StandardContext) -> Value {
    let confidence = if outcome.confidence.is_finite() { outcome.confidence.clamp(0.0, 1.0) } else { 0.0 };
    let recognized: String = outcome.intent.trim().chars().take(INTENT_CHARS_MAX).collect();
    let is_sure = confidence >= config.min_confidence && !recognized.is_empty();
    let intent = if is_sure { recognized.clone() } else { UNSURE.to_owned() };
    let mut output = report(&outcome.report);
    output.insert("intent".to_owned(), json!(intent));
    output.insert("confidence".to_owned(), json!(confidence));
    if !is_sure {
        output.insert("recognized".to_owned(), json!(recognized));
        output.insert("belowMinConfidence".to_owned(), json!(true));
    }
    context.intent = Some(intent);
    context.intent_confidence = Some(confidence);
    Value::Object(output)
}
